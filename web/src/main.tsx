import { render } from 'preact';
import { App } from './app.tsx';
import { adoptToken } from './data/token.ts';
import { applyTheme } from './shell/theme.ts';

adoptToken();
applyTheme();
render(<App />, document.querySelector('#app')!);
