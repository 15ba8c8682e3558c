import { useEffect, useState } from 'preact/hooks';
import { formatRoute, type Params, parseRoute, type Route, type View } from '../data/route.ts';

/** The route, and again whenever it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  return route;
}

export function goTo(view: View, params: Params = {}): void {
  location.hash = formatRoute({ view, params });
}

/** Changes what the link of this view keeps, without a step back in the history for each. */
export function keep(params: Params): void {
  const { view, params: old } = parseRoute(location.hash);
  const hash = formatRoute({ view, params: { ...old, ...params } });
  if (hash === location.hash) return;
  history.replaceState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
