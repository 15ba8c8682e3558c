const KEY = 'packetwatch-theme';

export type Theme = 'system' | 'light' | 'dark';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };

export function currentTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Style sheets have both; the attribute chooses, and without it the system does. */
export function applyTheme(theme: Theme = currentTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function nextTheme(): Theme {
  const theme = NEXT[currentTheme()];
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
  return theme;
}
