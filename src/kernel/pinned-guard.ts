import { OperatorError } from '../model/errors.ts';
import { CounterReader, type Counters } from './counters.ts';
import { Maps } from './maps.ts';
import { Nets } from './nets.ts';
import { NeverList } from './never.ts';
import { BpfObject } from './object.ts';
import { explained, objectPath, requireObjects } from './objects.ts';
import { Pins } from './pins.ts';
import { Requests } from './requests.ts';
import { TableView } from './table.ts';

/** The tables that a guard left or uses, without loading or attaching anything: for commands. */
export class PinnedGuard {
  readonly pins: Pins;
  readonly table: TableView;
  readonly requests: Requests;
  readonly nets: Nets;
  readonly never: NeverList;
  readonly #maps: Maps;
  readonly #counters: CounterReader;

  /** Throws OperatorError when nothing is pinned here. */
  constructor(pins: Pins = new Pins()) {
    this.pins = pins;
    if (!pins.exists())
      throw new OperatorError(
        'no guard is attached in this network namespace',
        'start `packetwatch watch`',
      );
    requireObjects();
    const guard = new BpfObject(objectPath('guard'));
    try {
      this.#maps = new Maps([guard], pins, true);
      const requests = pins.open('requests');
      if (requests === undefined)
        throw new OperatorError(
          'the guard here was left half-made',
          '`packetwatch release` cleans up',
        );
      this.requests = new Requests(requests);
      this.table = new TableView(this.#maps, guard);
      this.nets = new Nets(this.#maps, this.requests);
      this.never = new NeverList(this.#maps.fd('pw_never'));
      this.#counters = new CounterReader(this.#maps, guard);
    } catch (error) {
      throw explained(error);
    }
  }

  counters(): Counters {
    return this.#counters.read();
  }
}
