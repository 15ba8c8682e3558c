/** Signs of 16 by 16, drawn in the colour of the text. */
const PATHS: Readonly<Record<string, string>> = {
  ring: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z',
  dot: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z',
  check: 'm3.5 8.5 3 3 6-7',
  bolt: 'M9 2 4.5 9H8l-1 5 4.5-7H8Z',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3l2 1.5',
  void: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3ZM4.5 11.5l7-7',
  cross: 'm4 4 8 8m0-8-8 8',
  gap: 'M2 8h3m6 0h3M7 4 5.5 12M10.5 4 9 12',
  in: 'M13 3 4 12m0-6v6h6',
  out: 'M3 13l9-9m-6 0h6v6',
  both: 'M3 8h10M6 5 3 8l3 3m4-6 3 3-3 3',
  live: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  map: 'M4 5.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM12 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM4 14.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6 4l4 3m0 2-4 3',
  scans: 'M8 1.5 2.5 3.5v4c0 3.5 2.5 6 5.5 7 3-1 5.5-3.5 5.5-7v-4ZM8 5v3.5M8 11v.2',
  tcp: 'M3 2.5h4v3H3Zm6 8h4v3H9ZM3 10.5h4v3H3ZM5 5.5v5M7 12h2M7 4h4v6.5',
  sockets: 'M2 5h12v6H2Zm3 0v6m3-6v6m3-6v6',
  health: 'M8 13.5S2 10 2 6.2A3.2 3.2 0 0 1 8 4.5a3.2 3.2 0 0 1 6 1.7c0 3.8-6 7.3-6 7.3Z',
  pause: 'M5.5 3.5v9m5-9v9',
  play: 'M5 3v10l8-5Z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5m0 11V15M1 8h1.5m11 0H15M3 3l1 1m8 8 1 1M3 13l1-1m8-8 1-1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  system: 'M2 3h12v8H2Zm4 10.5h4',
  help: 'M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .7-1 1.4M8 12v.2',
  filter: 'M2 3h12L9.5 8.5V13l-3-1.5v-3Z',
  warn: 'M8 2 1.5 13.5h13ZM8 6.5v3M8 11.3v.2',
  table: 'M2 3h12v10H2Zm0 3.5h12M2 10h12M6 3v10',
  up: 'M8 13V3M4 7l4-4 4 4',
  fold: 'm4 6 4 4 4-4',
  unfold: 'm6 4 4 4-4 4',
  link: 'M6.5 9.5l3-3M7 4.5 8.5 3A3.2 3.2 0 0 1 13 7.5L11.5 9M9 11.5 7.5 13A3.2 3.2 0 0 1 3 8.5L4.5 7',
  block: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM3.8 3.8l8.4 8.4',
};

/** The outline of a sign; of one that there isn't, nothing. */
export function iconPath(name: string): string {
  return PATHS[name] ?? '';
}

/** @param title said where the sign stands alone */
export function Icon({ name, title }: { name: string; title?: string }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 16 16"
      {...(title === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': title })}
    >
      <path d={iconPath(name)} />
    </svg>
  );
}
