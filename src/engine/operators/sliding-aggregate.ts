import { assert } from '../../base/assert.js';
import type { Vector } from '../../base/row-batch.js';
import { GroupResults } from '../aggregation.js';
import { WHOLE } from '../exchange/share.js';
import type { CloseReason } from '../job.js';
import type { Rows } from '../rows.js';
import { Heap } from '../state/heap.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { AggregateBase, type AggregateParts, Assignment } from './aggregate-base.js';
import type { Operator } from './operator.js';

/** The rows of one key by their time, each time once. */
interface KeyTimes {
  readonly times: number[];
  /** Group with the rows of each time. */
  readonly slots: number[];
}

/** A time at which a window of a key ends: with a row (`leaves` is null), or before that row leaves. */
interface End {
  readonly end: number;
  readonly rows: KeyTimes;
  /** Time of the row that no window behind this end holds; it may be forgotten then. */
  readonly leaves: number | null;
}

/** Windows that are merged before their results are handed on. */
const MAX_AT_ONCE = 1000;

/**
 * Sliding windows: per key one window for each different set of rows whose times are at most the size apart. While a span
 * [end - size, end] moves along the time of a key, its set changes when a row enters, at its end, and when a row leaves, just
 * after its beginning. So the windows are those that end with a row, and those that begin 1 ms after a row and are not empty.
 *
 * State: per key and time a group with mergeable aggregate states, for as long as a window to come may hold it or begin after
 * it; a result is the merge of the groups of its window. It leaves when the watermark reaches its end (both ends belong to
 * the window, so no row for it can come then). A row is late exactly when every window that could hold it has left; one that
 * is late for some still counts in the later ones.
 * @see KIP-450
 */
export class SlidingAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #sizeMs: number;
  readonly #index: KeyIndex<KeyTimes>;
  /** Ends of windows that have not left. Every group has one with its time in `leaves`. */
  readonly #ends = new Heap<End>((a, b) => a.end - b.end);
  #fired = Number.NEGATIVE_INFINITY;

  constructor(parts: AggregateParts) {
    const { window } = parts.node;
    assert(window?.kind === 'sliding', 'the window slides');
    this.#sizeMs = window.sizeMs;
    this.#base = new AggregateBase(parts);
    this.#index = new KeyIndex(this.#base.keyColumns);
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const { selection, selected, times, watermarks } = rows;
    const keys = this.#base.keyVectors(rows);
    const assignment = new Assignment(selected);
    const take = (): void => {
      this.#base.take(rows, values, assignment);
      assignment.count = 0;
    };
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const watermark = watermarks[row]!;
      const next = this.#ends.peek();
      if (next !== undefined && next.end <= watermark) {
        // What ended before this row came must not hold it.
        take();
        this.watermark(watermark, 'watermark');
      }
      if (watermark > this.#fired) this.#fired = watermark;
      if (times[row]! + this.#sizeMs <= this.#fired) {
        assignment.late[assignment.lateCount++] = row;
        continue;
      }
      assignment.rows[assignment.count] = row;
      assignment.slots[assignment.count++] = this.#slotOf(keys, row, times[row]!);
    }
    take();
    this.#base.reportLate(rows, assignment);
  }

  #slotOf(keys: readonly Vector[], row: number, time: number): number {
    const known = this.#index.find(keys, row);
    const at = known === undefined ? 0 : placeOf(known.times, time);
    if (known?.times[at] === time) return known.slots[at]!;
    const slot = this.#base.store.add(keys, row);
    this.#put(known, at, time, slot);
    return slot;
  }

  #put(known: KeyTimes | undefined, at: number, time: number, slot: number): void {
    const rows: KeyTimes = known ?? { times: [], slots: [] };
    if (known === undefined) this.#index.set(this.#base.store.key(slot), rows);
    rows.times.splice(at, 0, time);
    rows.slots.splice(at, 0, slot);
    if (time > this.#fired) this.#ends.push({ end: time, rows, leaves: null });
    this.#ends.push({ end: time + 1 + this.#sizeMs, rows, leaves: time });
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, reason);
    this.#base.passWatermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    let latest = Number.NEGATIVE_INFINITY;
    for (const { end } of this.#ends) latest = Math.max(latest, end);
    this.#fire(latest, reason);
    this.#base.passFlush(reason);
  }

  /** Gives out the windows that end up to `ms`, in the order of their ends. */
  #fire(ms: number, reason: CloseReason): void {
    let groups = new GroupResults(this.#base.makeStore());
    const handOn = (): void => {
      this.#base.emit(groups, reason);
      groups = new GroupResults(this.#base.makeStore());
    };
    for (let next = this.#ends.peek(); next !== undefined && next.end <= ms; next = this.#ends.peek()) {
      const { end } = next;
      // A row may enter at the same time as another one leaves: that is one window.
      const done = new Set<KeyTimes>();
      for (; next !== undefined && next.end === end; next = this.#ends.peek()) {
        this.#ends.pop();
        if (next.leaves !== null) this.#forget(next.rows, next.leaves);
        if (done.has(next.rows)) continue;
        done.add(next.rows);
        this.#window(next.rows, end, groups);
      }
      if (groups.length >= MAX_AT_ONCE) handOn();
    }
    if (groups.length > 0) handOn();
    if (ms > this.#fired) this.#fired = ms;
  }

  /** Merges the rows of a window of a key, where there are any, into a group of its own. */
  #window({ times, slots }: KeyTimes, end: number, groups: GroupResults): void {
    const { store } = this.#base;
    const start = end - this.#sizeMs;
    let into: number | undefined;
    for (let at = placeOf(times, start); at < times.length && times[at]! <= end; at++) {
      into ??= groups.store.addKey(store.key(slots[at]!));
      groups.store.merge(into, store, slots[at]!);
    }
    if (into !== undefined) groups.add([into], start, end, end);
  }

  /** Forgets the rows of a time; those before it are gone. */
  #forget(rows: KeyTimes, time: number): void {
    assert(rows.times[0] === time, 'rows leave in the order of their times');
    const { store } = this.#base;
    const slot = rows.slots.shift()!;
    rows.times.shift();
    if (rows.times.length === 0) this.#index.delete(store.key(slot));
    store.release(slot);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#base.store.size, windows: this.#ends.size };
  }

  save(writer: StateWriter): void {
    writer.number(this.#base.passed);
    writer.number(this.#fired);
    writer.count(this.#base.store.size);
    for (const { rows, leaves } of this.#ends) {
      if (leaves === null) continue;
      writer.number(leaves);
      this.#base.store.save(rows.slots[placeOf(rows.times, leaves)]!, writer);
    }
  }

  load(reader: StateReader, share = WHOLE): void {
    this.#base.passed = Math.max(this.#base.passed, reader.number());
    this.#fired = Math.max(this.#fired, reader.number());
    for (let groups = reader.length(); groups > 0; groups--) {
      const time = reader.number();
      const slot = this.#base.store.loadOf(share, reader);
      if (slot < 0) continue;
      const known = this.#index.get(this.#base.store.key(slot));
      this.#put(known, known === undefined ? 0 : placeOf(known.times, time), time, slot);
    }
  }
}

/** Place of the first time that is not before `time`. */
function placeOf(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  // Rows come mostly in order.
  if (high > 0 && times[high - 1]! < time) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
