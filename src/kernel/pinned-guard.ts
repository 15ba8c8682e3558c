import { OperatorError } from '../model/errors.ts';
import { CounterReader, type Counters } from './counters.ts';
import { isNever } from './locals.ts';
import { Maps } from './maps.ts';
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
      this.#counters = new CounterReader(this.#maps, guard);
    } catch (error) {
      throw explained(error);
    }
  }

  counters(): Counters {
    return this.#counters.read();
  }

  /** Is the address on the list that the running program keeps? */
  isNeverBlocked(address: Uint8Array): boolean {
    return isNever(this.#maps, address);
  }
}
