import { defineConfig } from 'vite';

/**
 * The page as files that the program serves under a policy without inline scripts and styles: nothing becomes a data
 * URL, and no polyfill is put in line.
 */
export default defineConfig({
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // light-dark() and popovers
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // How long a build took is nobody's question
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  logLevel: 'warn',
});
