import { OperatorError } from '../model/errors.ts';
import { readAbout } from './about.ts';
import { CounterReader, type Counters } from './counters.ts';
import { Generation } from './generation.ts';
import { Layout } from './layout.ts';
import { Nets } from './nets.ts';
import { NeverList } from './never.ts';
import { BpfObject } from './object.ts';
import { explained, objectPath, requireObjects } from './objects.ts';
import { Pins } from './pins.ts';
import { Requests } from './requests.ts';
import { TableView } from './table.ts';

/** No program: whoever only reads asks for nothing. */
const NONE = -1;
const TO_CHANGE: readonly string[] = ['pw_nets', 'pw_never', 'pw_request'];

/** The tables that a guard left or uses, without loading or attaching anything: for commands. */
export class PinnedGuard {
  readonly pins: Pins;
  readonly table: TableView;
  readonly requests: Requests;
  readonly nets: Nets;
  readonly never: NeverList;
  readonly #maps: Generation;
  readonly #counters: CounterReader;

  /**
   * Throws OperatorError when nothing is pinned here, or nothing that this version understands.
   * @param use `read` is possible whatever version has pinned it, as far as it has what is read
   */
  constructor(use: 'read' | 'change', pins: Pins = new Pins()) {
    this.pins = pins;
    const numbers = pins.exists() ? pins.generations() : [];
    if (numbers.length === 0)
      throw new OperatorError(
        'no guard is attached in this network namespace',
        'start `packetwatch watch`',
      );
    if (use === 'change' && numbers.length > 1)
      throw new OperatorError(
        'the tables are being replaced',
        'try again; when no program runs, `packetwatch watch` ends it',
      );
    try {
      this.#maps = openedOf(pins, numbers[0]!);
      const requests = pins.open(`maps-${numbers[0]}/requests`);
      if (use === 'change') mustBeOurs(this.#maps, requests, pins);
      this.requests = new Requests(requests ?? NONE);
      this.table = new TableView(this.#maps);
      this.nets = new Nets(this.#maps, this.requests);
      this.never = new NeverList(this.#maps.fd('pw_never'));
      this.#counters = new CounterReader(this.#maps);
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      throw error instanceof Error && error.name === 'Error'
        ? halfMade(error.message, error)
        : explained(error);
    }
  }

  counters(): Counters {
    return this.#counters.read();
  }
}

function openedOf(pins: Pins, number: number): Generation {
  const maps = Generation.open(pins, number);
  if (!maps) throw halfMade('nothing says what lies where in its tables');
  if (!maps.layout.understood) throw ofAnother(pins, number);
  return maps;
}

/** What this version writes must be what the programs of the guard read. */
function mustBeOurs(maps: Generation, requests: number | undefined, pins: Pins): void {
  requireObjects();
  const ours = Layout.of([new BpfObject(objectPath('guard'))]);
  if (!TO_CHANGE.every((name) => ours.shares(maps.layout, name)))
    throw ofAnother(pins, maps.number);
  if (requests === undefined) throw halfMade('its program for requests is not there');
}

function halfMade(why: string, cause?: unknown): OperatorError {
  return new OperatorError(
    `the guard here was left half-made (${why})`,
    '`packetwatch watch` takes over what there is, `packetwatch release` cleans up',
    { cause },
  );
}

function ofAnother(pins: Pins, number: number): OperatorError {
  const version = readAbout(pins, number)?.owner.version ?? 'another version';
  return new OperatorError(
    `the guard here is of packetwatch ${version}, whose tables this one can't change`,
    'use that version, or `packetwatch watch` takes it over',
  );
}
