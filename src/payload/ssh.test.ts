import { expect, it } from 'vitest';
import { inspect } from '../../test/payload/inspect.ts';

const told = (client: string, server: string) =>
  inspect(Buffer.from(client, 'latin1'), Buffer.from(server, 'latin1'))?.ssh;

it.each<[string, string, object | undefined]>([
  [
    'SSH-2.0-PuTTY_Release_0.79\r\n\0\0\x05',
    'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
    { client: 'SSH-2.0-PuTTY_Release_0.79', server: 'SSH-2.0-OpenSSH_9.2p1 Debian-2' },
  ],
  ['', 'SSH-1.99-old\n', { server: 'SSH-1.99-old' }],
  ['', 'SSH-2.0-\x1b]0;title\x07\xff\n', { server: 'SSH-2.0-\x1b]0;title\x07\xff' }],
  ['SSH-2.0-cut', '', { client: 'SSH-2.0-cut' }],
  [`SSH-${'a'.repeat(1000)}`, '', { client: `SSH-${'a'.repeat(251)}` }],
  ['SSH', '', undefined],
  ['SSX-2.0-a\r\n', '', undefined],
])('%j and %j', (client, server, ssh) => {
  expect(told(client, server)).toEqual(ssh);
});
