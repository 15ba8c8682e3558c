import { describe, expect, test } from 'vitest';
import { Decoder } from '../packet/decoder.ts';
import { readNotes } from './read-notes.ts';

/** The notes where each thing has happened so often. */
function notesOf(count: number): string[] {
  const decoder = new Decoder(true);
  decoder.malformed = decoder.cut = decoder.corrupt = decoder.offloaded = count;
  decoder.fragments.begun = count;
  decoder.tunnels.tooDeep = count;
  decoder.unknown.set(127, count);
  return readNotes({
    decoder,
    scans: count,
    sources_evicted: count,
    connections_evicted: count,
    untold: count,
    unopened: count,
    unwritten: count,
    strange: count,
    stopped: false,
  });
}

describe('what is told behind the records', () => {
  test('is nothing when nothing happened', () => {
    expect(readNotes({ ...NOTHING, decoder: new Decoder(false) })).toEqual([]);
  });

  test('is one line for each thing, of one as of many', () => {
    expect(notesOf(1)).toEqual([
      '1 more file is not read, for the same reason',
      '1 packet is of link type 127 (IEEE802_11_RADIOTAP): not decoded',
      '1 packet is malformed: it tells no attempt',
      '1 packet is cut off within the headers: capture with a longer snapshot length',
      '1 packet is left out: a checksum is wrong',
      '1 packet is taken without a checksum: the network card was to make it',
      '1 header in fragments without all of them: what they tell is not known',
      '1 packet is in more than 8 tunnels: the rest was not looked into',
      '1 source was forgotten within the window, because there were too many: a scan may be missing',
      '1 connection was told before its end, because there were too many at once',
      'what connections said was let go once, because there was too much at once',
      '1 port scan found: --records scans tells of them',
      '1 line left out: neither a socket nor an event',
      '1 line is not written: standard output took no more',
    ]);
    expect(notesOf(2)).toEqual([
      '2 more files are not read, for the same reason',
      '2 packets are of link type 127 (IEEE802_11_RADIOTAP): not decoded',
      '2 packets are malformed: they tell no attempt',
      '2 packets are cut off within the headers: capture with a longer snapshot length',
      '2 packets are left out: a checksum is wrong',
      '2 packets are taken without a checksum: the network card was to make it',
      '2 headers in fragments without all of them: what they tell is not known',
      '2 packets are in more than 8 tunnels: the rest was not looked into',
      '2 sources were forgotten within the window, because there were too many: a scan may be missing',
      '2 connections were told before their end, because there were too many at once',
      'what connections said was let go 2 times, because there was too much at once',
      '2 port scans found: --records scans tells of them',
      '2 lines left out: neither a socket nor an event',
      '2 lines are not written: standard output took no more',
    ]);
  });
});

const NOTHING = {
  scans: 0,
  sources_evicted: 0,
  connections_evicted: 0,
  untold: 0,
  unopened: 0,
  unwritten: 0,
  strange: 0,
  stopped: false,
};
