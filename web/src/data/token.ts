import { takeToken } from './route.ts';

const KEY = 'packetwatch-token';

/** Takes the token out of the address of the link that the program printed, so that it is in no history or copy. */
export function adoptToken(): void {
  const taken = takeToken(location.hash);
  if (!taken) return;
  sessionStorage.setItem(KEY, taken.token);
  history.replaceState(null, '', taken.hash);
}

/** Of this tab, until it is closed. */
export function currentToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function setToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}
