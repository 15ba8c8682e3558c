import { spawn, spawnSync } from 'node:child_process';
import { OperatorError } from '../model/errors.ts';
import { parseAddress } from '../wire/address.ts';
import { type BlockSet, type NftBlock, TABLE } from './nft-script.ts';

const SETS: ReadonlySet<string> = new Set<BlockSet>(['blocked4', 'blocked6', 'blocked_nets6']);
const LIST = ['-j', 'list', 'table', ...TABLE.split(' ')];
/** A child that takes longer is ended. */
const PATIENCE_MS = 10_000;
/** Of a listing: 32,768 elements of about 150 bytes, twice. */
const MAX_BYTES = 16 << 20;

/** What a child said. */
export interface NftDone {
  readonly output: string;
  /** One line; undefined: it succeeded. */
  readonly error: string | undefined;
}

/** Runs `nft -f -` with a script, not waiting for it. @param args others, for a listing */
export function runNft(script: string, args: readonly string[] = ['-f', '-']): Promise<NftDone> {
  return new Promise((resolve) => {
    const child = spawn('nft', args, { stdio: 'pipe', timeout: PATIENCE_MS });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MAX_BYTES) output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (errors.length < 4096) errors += text;
    });
    child.stdin.on('error', () => {}).end(script); // it may end without reading
    child.once('error', (error) => resolve({ output, error: missing(error) }));
    child.once('close', (code, signal) => {
      const failed = code === 0 ? undefined : firstLine(errors) || `ended by ${signal ?? code}`;
      resolve({ output, error: failed });
    });
  });
}

/** The listing of our table, not waiting for it; an error when there is none. */
export function listNft(): Promise<NftDone> {
  return runNft('', LIST);
}

/** The same as runNft() and waiting for its end: before and after the watching, and for commands. */
export function runNftNow(script: string, args: readonly string[] = ['-f', '-']): NftDone {
  const options = { input: script, encoding: 'utf8', timeout: PATIENCE_MS } as const;
  const { status, signal, stdout, stderr, error } = spawnSync('nft', args, {
    ...options,
    maxBuffer: MAX_BYTES,
  });
  if (error) return { output: '', error: missing(error) };
  const failed = status === 0 ? undefined : firstLine(stderr) || `ended by ${signal ?? status}`;
  return { output: stdout, error: failed };
}

/** Runs a script that must succeed; throws OperatorError. */
export async function mustNft(script: string): Promise<void> {
  mustSucceed(await runNft(script));
}

/** The same, waiting for its end. */
export function mustNftNow(script: string): void {
  mustSucceed(runNftNow(script));
}

/** What our table blocks, not waiting for it; undefined when there is no such table, or no nft. */
export async function listBlocks(): Promise<NftBlock[] | undefined> {
  const { output, error } = await listNft();
  return error === undefined ? blocksOf(output) : undefined;
}

/** What our table blocks now; undefined when there is no such table, or no nft. */
export function nftBlocks(): NftBlock[] | undefined {
  const { output, error } = runNftNow('', LIST);
  return error === undefined ? blocksOf(output) : undefined;
}

/** Deletes the table, and with it all blocks. @returns false when there was none */
export function releaseNft(): boolean {
  return runNftNow(`delete table ${TABLE}\n`).error === undefined;
}

/** The blocked sources in the output of `nft -j list table` (libnftables-json(5)); what is none is passed over. */
export function blocksOf(output: string): NftBlock[] {
  const listing = JSON.parse(output) as { nftables?: { set?: ListedSet }[] };
  return (listing.nftables ?? []).flatMap(({ set }) => {
    if (set?.name === undefined || !SETS.has(set.name)) return [];
    return (set.elem ?? []).flatMap((listed) => {
      const elem = listed.elem;
      const address = typeof elem?.val === 'string' ? parseAddress(elem.val) : undefined;
      if (address === undefined) return [];
      const leftMs = (elem?.expires ?? 0) * 1000;
      return [{ set: set.name as BlockSet, address, leftMs, drops: elem?.counter?.packets ?? 0 }];
    });
  });
}

interface ListedSet {
  readonly name?: string;
  readonly elem?: readonly {
    readonly elem?: {
      readonly val?: unknown;
      /** Seconds. */
      readonly expires?: number;
      readonly counter?: { readonly packets?: number };
    };
  }[];
}

function mustSucceed({ error }: NftDone): void {
  if (error !== undefined)
    throw new OperatorError(
      `can't change the firewall: ${error}`,
      '--block=nft needs nft (nftables), root and a kernel with nf_tables and conntrack; plain --block needs none',
    );
}

function missing(error: Error): string {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? 'nft is not installed'
    : error.message;
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!;
}
