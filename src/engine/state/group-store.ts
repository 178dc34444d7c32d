import { setValue, type Value, type Vector } from '../../base/row-batch.js';
import { type Share, shareOf } from '../exchange/share.js';
import type { AggregateRows, AggregateState } from '../functions/aggregate-state.js';
import { keyAt } from './key-index.js';
import { stateFull } from './state-full.js';
import type { StateReader } from './state-reader.js';
import type { StateWriter } from './state-writer.js';

/** What a {@link GroupStore} is made of. */
export interface GroupStoreOptions {
  /** Named in errors. */
  readonly step: string;
  readonly keyColumns: number;
  /** One per aggregate call; the store resizes them. */
  readonly states: readonly AggregateState[];
  readonly maxGroups: number;
}

const FIRST_CAPACITY = 64;

/**
 * Groups of one step by slot: key values and one aggregate state per call. Slots of groups that are gone are
 * used again. All state of aggregates lives here, a group at a time in and out, so that it can be saved whole,
 * group by group, or merged with that of another worker.
 */
export class GroupStore {
  readonly #options: GroupStoreOptions;
  /** Key values per column, by slot. */
  readonly #keys: Value[][];
  readonly #free: number[] = [];
  #capacity = 0;
  #next = 0;

  constructor(options: GroupStoreOptions) {
    this.#options = options;
    this.#keys = Array.from({ length: options.keyColumns }, () => []);
  }

  /** Groups that are held. */
  get size(): number {
    return this.#next - this.#free.length;
  }

  /** A slot for the key at `row` of the key columns. @throws `limit-exceeded` when there is no room. */
  add(columns: readonly Vector[], row: number): number {
    const slot = this.#slot();
    for (let at = 0; at < this.#keys.length; at++) this.#keys[at]![slot] = keyAt(columns[at]!, row);
    return slot;
  }

  /** A slot for a key given by its values. @throws `limit-exceeded` when there is no room. */
  addKey(key: readonly Value[]): number {
    const slot = this.#slot();
    for (let at = 0; at < this.#keys.length; at++) this.#keys[at]![slot] = key[at]!;
    return slot;
  }

  #slot(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const { maxGroups, step, states } = this.#options;
    if (this.#next >= maxGroups) {
      const detail = 'a group is one key in one open window; they are kept until the watermark passes the window';
      const hint = 'use shorter windows, less lateness or keys with fewer values';
      throw stateFull({ step, what: 'groups', max: maxGroups, detail, hint });
    }
    const slot = this.#next++;
    if (slot >= this.#capacity) {
      this.#capacity = Math.min(maxGroups, Math.max(FIRST_CAPACITY, this.#capacity * 2));
      for (const state of states) state.resize(this.#capacity);
    }
    return slot;
  }

  /** Values of a group's key. */
  key(slot: number): Value[] {
    return this.#keys.map((column) => column[slot]!);
  }

  /** A column of the keys, by slot. */
  keys(column: number): readonly Value[] {
    return this.#keys[column]!;
  }

  /** One key value of a group. */
  keyValue(column: number, slot: number): Value {
    return this.#keys[column]![slot]!;
  }

  /** Takes rows into groups. @param arguments_ the argument vectors of each aggregate call. */
  take(rows: AggregateRows, arguments_: readonly (readonly Vector[])[]): void {
    const { states } = this.#options;
    for (let at = 0; at < states.length; at++) states[at]!.add(rows, arguments_[at]![0], arguments_[at]![1]);
  }

  /** Adds group `from` of `other` to group `into`. */
  merge(into: number, other: GroupStore, from: number): void {
    this.#options.states.forEach((state, at) => {
      state.merge(into, other.#options.states[at]!, from);
    });
  }

  /** Stores one key value of each of the groups. */
  keyValues(column: number, slots: Int32Array, out: Vector): void {
    const values = this.#keys[column]!;
    for (let row = 0; row < slots.length; row++) setValue(out, row, values[slots[row]!]!);
  }

  /** Stores the results of aggregate call `call` for groups. */
  results(call: number, slots: Int32Array, out: Vector): void {
    const state = this.#options.states[call]!;
    for (let row = 0; row < slots.length; row++) state.result(slots[row]!, out, row);
  }

  /** Forgets a group. */
  release(slot: number): void {
    for (const state of this.#options.states) state.clear(slot);
    for (const column of this.#keys) column[slot] = null;
    this.#free.push(slot);
  }

  /** Forgets groups. */
  releaseAll(slots: readonly number[]): void {
    for (const state of this.#options.states) for (const slot of slots) state.clear(slot);
    for (const column of this.#keys) for (const slot of slots) column[slot] = null;
    for (const slot of slots) this.#free.push(slot);
  }

  /** Writes one group. */
  save(slot: number, writer: StateWriter): void {
    for (const column of this.#keys) writer.value(column[slot]!);
    for (const state of this.#options.states) state.save(slot, writer);
  }

  /** Reads one group into a new slot; -1 when its key is not of the share. @throws `limit-exceeded`, `bad-data` */
  loadOf({ number, count }: Share, reader: StateReader): number {
    const slot = this.load(reader);
    if (shareOf(this.key(slot), count) === number) return slot;
    this.release(slot);
    return -1;
  }

  /** Reads one group into a new slot. @throws `limit-exceeded`, `bad-data` */
  load(reader: StateReader): number {
    const slot = this.addKey(this.#keys.map(() => reader.value()));
    for (const state of this.#options.states) state.load(slot, reader);
    return slot;
  }
}
