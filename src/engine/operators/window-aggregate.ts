import { assert } from '../../base/assert.js';
import type { Value, Vector } from '../../base/row-batch.js';
import type { GroupResult } from '../aggregation.js';
import type { CloseReason } from '../job.js';
import type { Rows } from '../rows.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type Bounds, floorTo, type Slicing, slicingOf } from '../windows.js';
import { AggregateBase, type AggregateParts, Assignment } from './aggregate-base.js';
import type { Operator } from './operator.js';

/** The groups of one slice of time. */
interface Slice {
  readonly start: number;
  readonly lastEnd: number;
  readonly index: KeyIndex<number>;
  readonly slots: number[];
}

/**
 * Tumbling, hopping and cumulative windows, and aggregates over all time.
 *
 * State: per slice of event time the groups seen in it, each with mergeable aggregate states. A window is the
 * merge of its slices, and gives its result once, when the watermark reaches its end - 1 ms. A slice goes when
 * the last window that holds it has fired. A row is late exactly when that has happened before it came; it then
 * belongs to no window that is still to fire, so leaving it out changes no later result. A hopping row that is
 * late for one window still counts in later ones.
 */
export class WindowAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #slicing: Slicing;
  readonly #slices = new Map<number, Slice>();
  /** Every window that ends at most 1 ms after this has fired. */
  #fired = Number.NEGATIVE_INFINITY;
  /** Earliest end of a window that is open; a watermark before it fires nothing. */
  #nextEnd = Number.POSITIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(parts: AggregateParts) {
    const { window } = parts.node;
    assert(window?.kind !== 'session', 'sessions have a step of their own');
    this.#base = new AggregateBase(parts);
    this.#slicing = slicingOf(window);
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const assignment = this.#assign(rows);
    const { rows: numbers, slots, count } = assignment;
    this.#base.store.take({ rows: numbers, slots, count, times: rows.times }, values);
    this.#base.reportLate(rows, assignment);
  }

  /** Finds the group of every row; the hot loop. */
  #assign(rows: Rows): Assignment {
    const { selection, selected, times, watermarks } = rows;
    const { sliceMs, offsetMs } = this.#slicing;
    const keys = this.#base.keyVectors(rows);
    // One text column is the usual key: its map is asked directly.
    const texts = keys.length === 1 && keys[0]!.kind === 'object' ? keys[0]!.data : undefined;
    const assignment = new Assignment(selected);
    const { rows: numbers, slots, late } = assignment;
    let count = 0;
    let start = Number.NaN;
    let end = Number.NaN;
    let lastEnd = 0;
    let slice: Slice | undefined;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const time = times[row]!;
      if (!(time >= start && time < end)) {
        start = sliceMs === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : floorTo(time, sliceMs, offsetMs);
        end = start === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : start + sliceMs;
        lastEnd = this.#slicing.lastEnd(start);
        slice = this.#slices.get(start);
      }
      if (lastEnd - 1 <= watermarks[row]! || lastEnd - 1 <= this.#fired) {
        late[assignment.lateCount++] = row;
        continue;
      }
      slice ??= this.#open(start, lastEnd);
      const known: number | undefined =
        texts !== undefined ? slice.index.single.get((texts[row] ?? null) as Value) : slice.index.find(keys, row);
      numbers[count] = row;
      slots[count++] = known ?? this.#newGroup(slice, keys, row);
    }
    assignment.count = count;
    if (sliceMs === Number.POSITIVE_INFINITY)
      for (let k = 0; k < count; k++) this.#newest = Math.max(this.#newest, times[numbers[k]!]!);
    return assignment;
  }

  #open(start: number, lastEnd: number): Slice {
    const slice = { start, lastEnd, index: new KeyIndex<number>(this.#base.keyColumns), slots: [] };
    this.#slices.set(start, slice);
    for (const window of this.#slicing.windowsOf(start)) {
      if (window.end - 1 > this.#fired && window.end < this.#nextEnd) this.#nextEnd = window.end;
    }
    return slice;
  }

  #newGroup(slice: Slice, keys: readonly Vector[], row: number): number {
    const { store } = this.#base;
    const slot = store.add(keys, row);
    slice.index.set(store.key(slot), slot);
    slice.slots.push(slot);
    return slot;
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, reason);
    this.#base.passWatermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    // What is open over all time stays open while rows may still come.
    if (this.#slicing.sliceMs !== Number.POSITIVE_INFINITY || reason !== 'idle') {
      const ends = [...this.#slices.values()].map((slice) => slice.lastEnd);
      this.#fire(ends.reduce((latest, end) => Math.max(latest, end), Number.NEGATIVE_INFINITY) - 1, reason);
    }
    this.#base.passFlush(reason);
  }

  /** Gives out every window that ends at most 1 ms after `ms`. */
  #fire(ms: number, reason: CloseReason): void {
    if (this.#nextEnd - 1 <= ms) {
      const due = new Map<string, Bounds>();
      for (const { start } of this.#slices.values()) {
        for (const window of this.#slicing.windowsOf(start)) {
          if (window.end - 1 <= ms && window.end - 1 > this.#fired) due.set(`${window.start} ${window.end}`, window);
        }
      }
      const ordered = [...due.values()].sort((a, b) => a.end - b.end || a.start - b.start);
      const forAll = this.#slicing.sliceMs === Number.POSITIVE_INFINITY;
      this.#base.emit(this.#slicing.single ? this.#direct(ordered) : this.#merged(ordered), reason, (group) =>
        forAll ? this.#newest : group.end - 1,
      );
      this.#forget(ms);
    }
    this.#fired = Math.max(this.#fired, ms);
  }

  #direct(windows: readonly Bounds[]): GroupResult[] {
    const { store } = this.#base;
    return windows.flatMap(({ start, end }) =>
      this.#slices.get(start)!.slots.map((slot) => ({ store, slot, start, end })),
    );
  }

  /** Merges the slices of each window in a store of their own. */
  #merged(windows: readonly Bounds[]): GroupResult[] {
    const { store } = this.#base;
    const scratch = this.#base.makeStore();
    const groups: GroupResult[] = [];
    const slices = [...this.#slices.values()].sort((a, b) => a.start - b.start);
    for (const { start, end } of windows) {
      const index = new KeyIndex<number>(this.#base.keyColumns);
      for (const slice of slices) {
        if (slice.start < start || slice.start >= end) continue;
        for (const slot of slice.slots) {
          const key = store.key(slot);
          let into = index.get(key);
          if (into === undefined) {
            into = scratch.addKey(key);
            index.set(key, into);
            groups.push({ store: scratch, slot: into, start, end });
          }
          scratch.merge(into, store, slot);
        }
      }
    }
    return groups;
  }

  #forget(ms: number): void {
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const slice of this.#slices.values()) {
      if (slice.lastEnd - 1 <= ms) {
        this.#slices.delete(slice.start);
        for (const slot of slice.slots) this.#base.store.release(slot);
        continue;
      }
      for (const { end } of this.#slicing.windowsOf(slice.start))
        if (end - 1 > ms && end < this.#nextEnd) this.#nextEnd = end;
    }
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#base.store.size, windows: this.#slices.size };
  }

  save(writer: StateWriter): void {
    writer.number(this.#base.passed);
    writer.number(this.#fired);
    writer.number(this.#newest);
    writer.count(this.#slices.size);
    for (const slice of this.#slices.values()) {
      writer.number(slice.start);
      writer.count(slice.slots.length);
      for (const slot of slice.slots) this.#base.store.save(slot, writer);
    }
  }

  load(reader: StateReader): void {
    const { store } = this.#base;
    this.#base.passed = reader.number();
    this.#fired = reader.number();
    this.#newest = reader.number();
    const slices = reader.length();
    for (let at = 0; at < slices; at++) {
      const start = reader.number();
      const slice = this.#open(start, this.#slicing.lastEnd(start));
      const groups = reader.count();
      for (let group = 0; group < groups; group++) {
        const slot = store.load(reader);
        slice.index.set(store.key(slot), slot);
        slice.slots.push(slot);
      }
    }
  }
}
