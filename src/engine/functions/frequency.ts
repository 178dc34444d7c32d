import type { JsonValue, Value, ValueType } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { compareValues } from './aggregate-state.js';
import { castFor } from './casts.js';
import { GroupStates, type Taken, ValueCounts } from './group-states.js';

/** A value inside JSON: times as text. */
export function jsonValue(type: ValueType): (value: Value) => JsonValue {
  const asText = castFor('timestamp', 'string');
  return (value) => (type === 'timestamp' ? (asText(value) as string) : (value as JsonValue));
}

/** Values by falling count; of equal counts the smaller first. */
function byCount(state: ReadonlyMap<Value, number>): [value: Value, count: number][] {
  return [...state].sort(([a, countA], [b, countB]) => countB - countA || compareValues(a, b));
}

/** TOP_K: exact counts of all values; the most frequent ones come out. */
export class TopState extends ValueCounts {
  readonly #limit: number;
  readonly #json: (value: Value) => JsonValue;

  constructor(type: ValueType, limit: number) {
    super('TOP_K', type);
    this.#limit = limit;
    this.#json = jsonValue(type);
  }

  protected override resultOf(state: Map<Value, number>): Value {
    if (state.size === 0) return null;
    const first = byCount(state).slice(0, this.#limit);
    return first.map(([value, count]) => ({ value: this.#json(value), count }));
  }
}

/** MODE: exact counts of all values; the most frequent one comes out. */
export class ModeState extends ValueCounts {
  constructor(type: ValueType) {
    super('MODE', type);
  }

  protected override resultOf(state: Map<Value, number>): Value {
    return byCount(state)[0]?.[0] ?? null;
  }
}

/** HISTOGRAM. State: a count per interval; NaN is in the last one, as the largest number. */
export class HistogramState extends GroupStates<number[]> {
  readonly #edges: readonly number[];

  constructor(type: ValueType, edges: readonly number[]) {
    super('HISTOGRAM', type);
    this.#edges = edges;
  }

  protected override fresh(): number[] {
    return Array.from({ length: this.#edges.length + 1 }, () => 0);
  }

  protected override take(state: number[], { value, sign }: Taken): number {
    const number = Number(value);
    const at = this.#edges.findIndex((edge) => number < edge);
    state[at < 0 ? this.#edges.length : at]! += sign;
    return 0;
  }

  protected override join(state: number[], other: number[]): number {
    for (let at = 0; at < state.length; at++) state[at]! += other[at]!;
    return 0;
  }

  protected override resultOf(state: number[]): Value {
    return [...state];
  }

  protected override write(state: number[], writer: StateWriter): void {
    for (const count of state) writer.count(count);
  }

  protected override read(state: number[], reader: StateReader): number {
    for (let at = 0; at < state.length; at++) state[at] = reader.count();
    return 0;
  }

  protected override sizeOf(): number {
    return 0;
  }
}
