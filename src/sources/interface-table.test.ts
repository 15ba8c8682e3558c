import { describe, expect, it } from 'vitest';
import type { AddressMessage, LinkMessage } from '../kernel/rtnetlink.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { Choice } from './choice.ts';
import { InterfaceTable } from './interface-table.ts';

function link(index: number, name: string, more: Partial<LinkMessage> = {}): LinkMessage {
  return {
    what: 'link',
    gone: false,
    index,
    name,
    otherNames: [],
    up: true,
    type: 1,
    xdp: undefined,
    ...more,
  };
}

function address(index: number, text: string, gone = false): AddressMessage {
  return { what: 'address', gone, index, address: parseAddress(text)! };
}

function tableOf(...messages: (LinkMessage | AddressMessage)[]): InterfaceTable {
  const table = new InterfaceTable();
  for (const message of messages) table.apply(message);
  return table;
}

const brief = (table: InterfaceTable) =>
  [...table.all.values()].map(
    (one) => `${one.index} ${one.name} ${one.addresses.map((a) => formatAddress(a)).join(' ')}`,
  );

describe('InterfaceTable', () => {
  it('keeps addresses through renames, and each once', () => {
    const table = tableOf(link(2, 'eth0'), address(2, '10.0.0.5'), address(2, '10.0.0.5'));
    table.apply(link(2, 'wan0'));
    table.apply(address(2, 'fd00::5'));
    expect(brief(table)).toEqual(['2 wan0 10.0.0.5 fd00::5']);
    table.apply(address(2, '10.0.0.5', true));
    expect(brief(table)).toEqual(['2 wan0 fd00::5']);
  });

  it('counts how often an interface goes down or up', () => {
    const table = tableOf(link(2, 'eth0'));
    for (const up of [false, false, true, true, false]) table.apply(link(2, 'eth0', { up }));
    expect(table.all.get(2)).toMatchObject({ up: false, flips: 3 });
  });

  it('remembers that one went, also where another one has its index', () => {
    const table = tableOf(link(2, 'eth0'), address(2, '10.0.0.5'));
    table.apply(link(2, 'eth0', { gone: true }));
    table.apply(link(2, 'eth0'));
    expect([...table.takeGone()]).toEqual([2]);
    expect([...table.takeGone()]).toEqual([]);
    expect(brief(table)).toEqual(['2 eth0 ']);
  });

  it('is as a dump says, whatever was known', () => {
    const table = tableOf(link(2, 'eth0'), link(3, 'eth1'), address(2, '10.0.0.5'));
    table.replace([link(2, 'eth0', { up: false }), link(4, 'eth2'), address(4, '10.0.0.6')]);
    expect([...table.takeGone()]).toEqual([3]);
    expect(brief(table)).toEqual(['2 eth0 ', '4 eth2 10.0.0.6']);
    expect(table.all.get(2)).toMatchObject({ flips: 1 });
  });

  it('tells what is other than before, and nothing of what is only told again', () => {
    const table = tableOf(link(2, 'eth0'), address(2, '10.0.0.5'), address(2, 'fd00::5'));
    const again = [link(2, 'eth0'), address(2, 'fd00::5'), address(2, '10.0.0.5')];
    const { addresses } = table.all.get(2)!;
    expect(again.map((message) => table.apply(message))).toEqual([false, false, false]);
    expect(table.replace(again)).toBe(false);
    expect(table.all.get(2)!.addresses).toBe(addresses); // in their order
    const others = [
      link(2, 'wan0'),
      link(2, 'wan0', { otherNames: ['uplink'] }),
      link(2, 'wan0', { up: false }),
      link(2, 'wan0', { type: 65534 }),
      link(2, 'wan0', { xdp: [] }),
      link(2, 'wan0', { xdp: [7] }),
      address(2, '10.0.0.6'),
      address(2, '10.0.0.6', true),
      link(3, 'eth1'),
      link(3, 'eth1', { gone: true }),
    ];
    for (const message of others) expect(table.apply(message)).toBe(true);
    for (const nothing of [address(2, '10.0.0.6', true), link(3, 'eth1', { gone: true })])
      expect(table.apply(nothing)).toBe(false);
    expect(table.replace([])).toBe(true);
    expect(table.replace([])).toBe(false);
    expect(table.replace([link(4, 'eth2')])).toBe(true);
  });

  it('has no address without its interface', () => {
    expect(brief(tableOf(address(2, '10.0.0.5')))).toEqual([]);
  });
});

describe('Choice', () => {
  const chosen = (choice: Choice, table: InterfaceTable) =>
    choice.of(table.all, table.takeGone()).map(({ index, name }) => `${index} ${name}`);

  it('is each interface in use, until it goes', () => {
    const choice = new Choice([]);
    const table = tableOf(
      link(1, 'lo'),
      link(2, 'eth0'),
      link(3, 'eth1'),
      link(4, 'down0', { up: false }),
    );
    table.apply(address(1, '127.0.0.1'));
    table.apply(address(2, 'fe80::1'));
    table.apply(address(3, '169.254.3.3'));
    table.apply(address(4, '10.0.0.4'));
    expect(chosen(choice, table)).toEqual(['1 lo']);
    table.apply(address(2, '10.0.0.2'));
    table.apply(link(4, 'down0'));
    expect(chosen(choice, table)).toEqual(['1 lo', '2 eth0', '4 down0']);
    table.apply(address(2, '10.0.0.2', true));
    table.apply(link(4, 'down0', { up: false }));
    expect(chosen(choice, table)).toEqual(['1 lo', '2 eth0', '4 down0']);
    table.apply(link(2, 'eth0', { gone: true }));
    expect(chosen(choice, table)).toEqual(['1 lo', '4 down0']);
  });

  it('by name means the interface at the start, under whatever name', () => {
    const choice = new Choice(['eth0']);
    const table = tableOf(link(2, 'eth0'));
    expect(chosen(choice, table)).toEqual(['2 eth0']);
    table.apply(link(2, 'wan0'));
    table.apply(link(3, 'eth0'));
    expect(chosen(choice, table)).toEqual(['2 wan0']);
    table.apply(link(2, 'wan0', { gone: true }));
    expect(chosen(choice, table)).toEqual(['3 eth0']);
  });

  it.each(['eth0', 'wan0'])('by name waits for it to come back, as %s', (name) => {
    const choice = new Choice(['eth0']);
    const table = tableOf(link(2, 'eth0'));
    chosen(choice, table);
    table.apply(link(2, 'wan0'));
    chosen(choice, table);
    table.apply(link(2, 'wan0', { gone: true }));
    expect(chosen(choice, table)).toEqual([]);
    table.apply(link(9, name));
    expect(chosen(choice, table)).toEqual([`9 ${name}`]);
  });

  it('by a further name; one of two names that is not there is missing at the start', () => {
    const choice = new Choice(['uplink', 'eth7']);
    const table = tableOf(link(2, 'eth0', { otherNames: ['uplink'] }));
    expect(chosen(choice, table)).toEqual(['2 eth0']);
    expect(() => choice.atStart(table.all)).toThrow('there is no interface eth7 here');
  });
});
