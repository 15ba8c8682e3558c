import { describe, expect, it } from 'vitest';
import { parseManifest, sectionsOf } from './manifest.ts';

const GOOD = {
  name: 'ttl-count',
  version: '1.0.0',
  description: 'Counts packets by their TTL.',
  object: 'ttl.bpf.o',
  module: 'decoder.js',
  hooks: ['ingress', 'egress', 'tp_btf/tcp_probe', 'iter/tcp'],
  events: { 'ttl.odd': { help: 'A TTL that was not seen before.', alert: true } },
  metrics: [
    {
      name: 'packetwatch_plugin_ttl_count_packets_total',
      type: 'counter',
      help: 'Packets.',
      labels: { ttl: ['64', '128'] },
    },
  ],
};

const [metric] = GOOD.metrics;
const parse = (changes: object) => parseManifest(JSON.stringify({ ...GOOD, ...changes }));

describe('a manifest', () => {
  it('is read', () => {
    const { manifest, problems } = parse({});
    expect(problems).toEqual([]);
    expect(manifest).toEqual(GOOD);
    expect(sectionsOf(manifest!)).toEqual([
      'tcx/ingress',
      'xdp',
      'tcx/egress',
      'tp_btf/tcp_probe',
      'iter/tcp',
    ]);
  });

  it('needs neither events nor metrics', () => {
    const { manifest } = parse({ events: undefined, metrics: undefined });
    expect(manifest).toMatchObject({ events: {}, metrics: [] });
  });

  it.each<[string, object, RegExp]>([
    ['a name that is a path', { name: '../x' }, /`name` is to be lower-case words/],
    ['an object elsewhere', { object: '../../tmp/x.o' }, /`object` is to be a file in the folder/],
    ['a hidden module', { module: '.x' }, /`module` is to be a file in the folder/],
    ['no version', { version: '1' }, /`version` is to be of the form/],
    ['two lines of text', { description: 'a\nb' }, /`description` is to be a line/],
    ['a member too many', { licence: 'x' }, /no member named 'licence'/],
    ['no hooks', { hooks: [] }, /at least one/],
    ['an unknown hook', { hooks: ['xdp'] }, /no hook "xdp": they are ingress/],
    ['a hook twice', { hooks: ['ingress', 'ingress'] }, /ingress is there twice/],
    ['events as a list', { events: ['a.b'] }, /`events` is to be an object/],
    ['an event of ours', { events: { 'connection.x': { help: 'x' } } }, /packetwatch's own/],
    ['an event of our group', { events: { 'scan.x': { help: 'x' } } }, /packetwatch's own/],
    ['an event without group', { events: { odd: { help: 'x' } } }, /named like `group.what`/],
    ['an event without help', { events: { 'a.b': {} } }, /`help` of 'a.b'/],
    ['an alert that is none', { events: { 'a.b': { help: 'x', alert: 1 } } }, /true or false/],
    ['a metric of another', { metrics: [{ ...metric, name: 'packetwatch_x_total' }] }, /be named/],
    ['a counter', { metrics: [{ ...metric, type: 'gauge' }] }, /a counter's name ends in `_total`/],
    ['a histogram', { metrics: [{ ...metric, type: 'histogram' }] }, /to be counter or gauge/],
    ['a metric twice', { metrics: [metric, metric] }, /is there twice/],
    ['an open label', { metrics: [{ ...metric, labels: { port: [] } }] }, /all its values/],
    [
      'too many series',
      {
        metrics: [
          {
            ...metric,
            labels: {
              a: 'x'
                .repeat(65)
                .split('')
                .map((_, i) => `${i}`),
            },
          },
        ],
      },
      /65 series .* more than 64/,
    ],
  ])('with %s is refused', (_, changes, why) => {
    const { manifest, problems } = parse(changes);
    expect(manifest).toBeUndefined();
    expect(problems.join('\n')).toMatch(why);
  });

  it('tells everything that is wrong at once', () => {
    expect(parse({ name: '', version: '', hooks: 1 }).problems.length).toBeGreaterThanOrEqual(3);
  });

  it.each(['', '[]', '{', 'null', '"x"'])('that is %j is one problem', (text) => {
    expect(parseManifest(text).problems).toHaveLength(1);
  });
});
