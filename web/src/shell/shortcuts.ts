import { useEffect } from 'preact/hooks';
import { VIEWS } from '../data/route.ts';
import { goTo } from './navigation.ts';

/** Keys alone, as the help lists them. They can be switched off (WCAG 2.1.4). */
export const SHORTCUTS: readonly (readonly [key: string, does: string])[] = [
  ['?', 'this list'],
  ['1 – 6', 'Live, Map, Scans, TCP, Sockets, Health'],
  ['/', 'to the filter'],
  ['p', 'pause or go on'],
  ['↑ ↓ PgUp PgDn Home End', 'in the table, from row to row'],
  ['Enter', "the row's story"],
  ['Esc', 'close what is open'],
  ['d', 'drawing or table'],
  ['t', 'light, dark, or as the system has it'],
];

const KEY = 'packetwatch-shortcuts';

export function shortcutsOn(): boolean {
  return localStorage.getItem(KEY) !== 'off';
}

export function switchShortcuts(on: boolean): void {
  localStorage.setItem(KEY, on ? 'on' : 'off');
}

/** Calls what a key stands for, unless it is typed into a field. */
export function useShortcuts(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target instanceof HTMLElement && target.matches('input, textarea, select, dialog *'))
        return;
      const found = keys[event.key];
      if (!found || !shortcutsOn()) return;
      event.preventDefault();
      found();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [keys]);
}

/** `1` to `6`: the views. */
export const VIEW_KEYS: Readonly<Record<string, () => void>> = Object.fromEntries(
  VIEWS.map((view, i) => [String(i + 1), () => goTo(view)]),
);
