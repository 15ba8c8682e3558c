/** What the address bar says: the view and all that restores it, after the `#`, so that no server sees it. */

export const VIEWS = ['live', 'map', 'scans', 'tcp', 'sockets', 'health'] as const;

export type View = (typeof VIEWS)[number];

/** Names of what a view's link keeps; unset when empty. */
export type Params = Readonly<Record<string, string | undefined>>;

export interface Route {
  readonly view: View;
  readonly params: Params;
}

/** Reads `#/live?filter=port+443`; whatever isn't understood is the live view. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2);
  const view = VIEWS.find((name) => name === path) ?? 'live';
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) if (value !== '') params[name] = value;
  return { view, params };
}

export function formatRoute({ view, params }: Route): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(params).sort()) {
    const value = params[name];
    if (value !== undefined && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? `#/${view}` : `#/${view}?${text}`;
}

/** The token of a link as the program prints it, and the address without it. */
export function takeToken(hash: string): { token: string; hash: string } | undefined {
  const match = /^#token=(?<token>[^&]+)&?(?<rest>.*)$/s.exec(hash);
  if (!match) return undefined;
  const { token = '', rest = '' } = match.groups!;
  return { token: decoded(token), hash: rest === '' ? '#/live' : `#${rest}` };
}

/** What is no escape is taken as it stands: a link cut short must not keep the page from opening. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
