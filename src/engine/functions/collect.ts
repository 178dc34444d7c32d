import { assert } from '../../base/assert.js';
import type { JsonValue, Value, ValueType } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { compareValues } from './aggregate-state.js';
import { jsonValue } from './frequency.js';
import { GroupStates, type Taken } from './group-states.js';

/** A value and when it was. */
interface Dated {
  readonly time: number;
  readonly value: Value;
}

function compareDated(a: Dated, b: Dated): number {
  return a.time - b.time || compareValues(a.value, b.value);
}

/** How the earliest values of a group come out. */
export interface Collecting {
  readonly name: string;
  readonly limit: number;
  /** What stands between texts; null: an array comes out. */
  readonly between: string | null;
  /** Whether rows are taken back: then later values are kept too, because they may move up. */
  readonly changing: boolean;
}

/** ARRAY_AGG and LISTAGG: the earliest values by event time, of equal times the smaller first. State: the values in order. */
export class CollectState extends GroupStates<Dated[]> {
  readonly #how: Collecting;
  readonly #json: (value: Value) => JsonValue;

  constructor(type: ValueType, how: Collecting) {
    super(how.name, type);
    this.#how = how;
    this.#json = jsonValue(type);
  }

  protected override fresh(): Dated[] {
    return [];
  }

  protected override take(state: Dated[], { value, time, sign }: Taken): number {
    const dated = { time, value };
    if (sign > 0) return this.#insert(state, dated);
    const at = placeOf(state, dated);
    assert(state[at] && compareDated(state[at], dated) === 0, 'a value that is taken back was there');
    state.splice(at, 1);
    return -1;
  }

  #insert(state: Dated[], dated: Dated): number {
    const at = placeOf(state, dated);
    const full = !this.#how.changing && state.length >= this.#how.limit;
    if (full && at >= state.length) return 0;
    state.splice(at, 0, dated);
    if (!full) return 1;
    state.pop();
    return 0;
  }

  protected override join(state: Dated[], other: Dated[]): number {
    let more = 0;
    for (const dated of other) more += this.#insert(state, dated);
    return more;
  }

  protected override resultOf(state: Dated[]): Value {
    if (state.length === 0) return null;
    const values = state.slice(0, this.#how.limit).map(({ value }) => value);
    return this.#how.between === null ? values.map(this.#json) : values.join(this.#how.between);
  }

  protected override write(state: Dated[], writer: StateWriter): void {
    writer.count(state.length);
    for (const { time, value } of state) {
      writer.number(time);
      writer.value(value);
    }
  }

  protected override read(state: Dated[], reader: StateReader): number {
    for (let left = reader.length(); left > 0; left--) state.push({ time: reader.number(), value: reader.value() });
    return state.length;
  }

  protected override sizeOf(state: Dated[]): number {
    return state.length;
  }
}

/** Place of the first value that does not come before `dated`. */
function placeOf(state: readonly Dated[], dated: Dated): number {
  let low = 0;
  let high = state.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareDated(state[middle]!, dated) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
