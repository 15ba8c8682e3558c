import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Params, View } from './data/route.ts';
import { session } from './data/session.ts';
import { Frame, TITLES } from './shell/frame.tsx';
import { useRoute } from './shell/navigation.ts';
import { HealthView } from './views/health.tsx';
import { LiveView } from './views/live.tsx';
import { MapView } from './views/map.tsx';
import { ScansView } from './views/scans.tsx';
import { SocketsView } from './views/sockets.tsx';
import { TcpView } from './views/tcp.tsx';

export function App() {
  const route = useRoute();
  const filter = route.view === 'live' ? (route.params['filter'] ?? '') : session.filter;
  useEffect(() => session.open(filter), [filter]);
  useEffect(() => {
    document.title = `${TITLES[route.view]} · Packetwatch`;
  }, [route.view]);
  const Shown = BY_NAME[route.view];
  return (
    <Frame view={route.view}>
      <Shown params={route.params} />
    </Frame>
  );
}

const BY_NAME: Readonly<Record<View, (props: { params: Params }) => ComponentChild>> = {
  live: LiveView,
  map: MapView,
  scans: ScansView,
  tcp: TcpView,
  sockets: SocketsView,
  health: HealthView,
};
