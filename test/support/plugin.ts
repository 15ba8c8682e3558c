/** Plugins of the tests, written and compiled where they are needed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './command.ts';

const HEADERS = fileURLToPath(new URL('../../bpf', import.meta.url));
const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

export interface PluginSource {
  /** C, after the header. */
  readonly source: string;
  /** Of the manifest, beside what every test's has. */
  readonly manifest?: object;
  readonly decoder?: string;
}

/** Compiles a BPF source against the header that ships. */
export async function compile(source: string, object: string): Promise<void> {
  const path = object.replace(/\.o$/, '.c');
  const license = 'char _license[] SEC("license") = "GPL";';
  writeFileSync(path, `#include "packetwatch_plugin.h"\n${source}\n${license}\n`);
  const includes = [`-I/usr/include/${MACHINE}-linux-gnu`, `-I${HEADERS}`];
  await must([
    'clang',
    '-O2',
    '-g',
    '-target',
    'bpf',
    '-mcpu=v3',
    ...includes,
    '-Wall',
    '-Werror',
    '-c',
    path,
    '-o',
    object,
  ]);
}

/** A plugin's folder below `base`; returns its path. */
export async function makePlugin(
  base: string,
  name: string,
  plugin: PluginSource,
): Promise<string> {
  const folder = join(base, name);
  mkdirSync(folder);
  await compile(plugin.source, join(folder, 'plugin.bpf.o'));
  const manifest = {
    name,
    version: '1.0.0',
    description: 'Of a test.',
    object: 'plugin.bpf.o',
    module: 'decoder.js',
    hooks: ['ingress'],
    ...plugin.manifest,
  };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'decoder.js'), plugin.decoder ?? 'export default () => ({});\n');
  return folder;
}

/** Emits the time and EtherType of each packet. */
export const SEES = `
struct seen { __u64 ts_ns; __be16 protocol; __u8 pad[6]; };
PACKETWATCH_EVENTS(4096);
PACKETWATCH_INGRESS(packet)
{
	struct seen seen = { .ts_ns = bpf_ktime_get_ns(), .protocol = packet->protocol };

	pw_emit(&seen);
}`;
