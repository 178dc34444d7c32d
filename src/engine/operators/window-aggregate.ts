import { assert } from '../../base/assert.js';
import type { Vector } from '../../base/row-batch.js';
import type { AggregateStep } from '../../plan/plan.js';
import { GroupResults } from '../aggregation.js';
import { WHOLE } from '../exchange/share.js';
import type { CloseReason } from '../job.js';
import type { Rows } from '../rows.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { TextIndex } from '../state/text-index.js';
import { type Firing, floorTo, type Slicing, slicingOf } from '../windows.js';
import { AggregateBase, type AggregateParts, Assignment } from './aggregate-base.js';
import type { Operator } from './operator.js';

/** The groups of one slice of time. */
interface Slice {
  readonly start: number;
  /** From this watermark on, rows for it are late. */
  readonly lateFrom: number;
  readonly index: TextIndex | KeyIndex<number>;
  readonly slots: number[];
}

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = Number.NEGATIVE_INFINITY;

/**
 * Tumbling, hopping and cumulative windows, and aggregates over all time.
 *
 * State: per slice of event time the groups seen in it, each with mergeable aggregate states. A result is the
 * merge of the slices of its window, and leaves when the watermark reaches the window's end - 1 ms; before that
 * with every change or period when the step says so, and after it, as long as lateness is allowed, when a late row
 * changes it. A slice goes when nothing can change a result that holds it. A row is late exactly when that has
 * happened before it came: no result that is still to leave lacks it. A hopping row that is late for one window
 * still counts in later ones.
 */
export class WindowAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #node: AggregateStep;
  readonly #slicing: Slicing;
  readonly #slices = new Map<number, Slice>();
  /** Slice of each slot in use, where groups that have changed are given out. */
  readonly #sliceOf: Slice[] = [];
  readonly #givesChanges: boolean;
  /** Groups of the slice that was opened last: the next one will hold about as many. */
  #newestSlots: readonly number[] = [];
  /** Every result that was due at this watermark has left. */
  #fired = ALWAYS;
  /** Smallest watermark at which something is to be done. */
  #nextAt = NEVER;
  /** Largest event time seen, for results over all time. */
  #newest = ALWAYS;

  constructor(parts: AggregateParts) {
    const { window, emit } = parts.node;
    assert(window === null || 'offsetMs' in window, 'windows that go by the rows have steps of their own');
    this.#node = parts.node;
    this.#base = new AggregateBase(parts);
    this.#slicing = slicingOf(window, emit);
    this.#givesChanges = emit.kind === 'update' || parts.node.allowedLatenessMs > 0;
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const { selection, selected, times, watermarks } = rows;
    const assignment = new Assignment(selected);
    for (let from = 0; from < selected; ) {
      from = this.#assign(rows, from, assignment);
      const { rows: numbers, slots, count } = assignment;
      this.#base.take(rows, values, assignment);
      this.#base.reportLate(rows, assignment);
      if (this.#node.window === null)
        for (let k = 0; k < count; k++) this.#newest = Math.max(this.#newest, times[numbers[k]!]!);
      if (this.#givesChanges) this.#emitChanged(slots.subarray(0, count));
      if (from < selected) this.watermark(watermarks[selection[from]!]!, 'watermark');
    }
  }

  /**
   * Finds the group of every row from the `from`-th on; the hot loop. Stops at a row before which a result has to
   * leave, where that matters: a slice that is shared by results must not take rows that one of them missed.
   * @returns where it stopped.
   */
  #assign(rows: Rows, from: number, assignment: Assignment): number {
    const { selection, selected, times, watermarks } = rows;
    const { sliceMs, offsetMs } = this.#slicing;
    const endless = sliceMs === NEVER;
    const keys = this.#base.keyVectors(rows);
    // One text column is the usual key: its index is asked directly.
    const texts = this.#base.hasTextKey ? keys[0]!.data : undefined;
    const { rows: numbers, slots, late } = assignment;
    const stops = !this.#slicing.single || this.#node.allowedLatenessMs > 0;
    let count = 0;
    let lateCount = 0;
    let start = Number.NaN;
    let end = Number.NaN;
    let lateFrom = 0;
    let slice: Slice | undefined;
    let k = from;
    for (; k < selected; k++) {
      const row = selection[k]!;
      if (stops && watermarks[row]! >= this.#nextAt) break;
      const time = times[row]!;
      if (!(time >= start && time < end)) {
        start = endless ? ALWAYS : floorTo(time, sliceMs, offsetMs);
        end = endless ? NEVER : start + sliceMs;
        lateFrom = this.#lateFrom(start);
        slice = this.#slices.get(start);
      }
      if (lateFrom <= watermarks[row]! || lateFrom <= this.#fired) {
        late[lateCount++] = row;
        continue;
      }
      if (slice === undefined) {
        // Nothing was due up to this watermark (or the loop had stopped), so a new slice must not bring it back.
        if (stops && watermarks[row]! > this.#fired) this.#fired = watermarks[row]!;
        slice = this.#open(start);
      }
      const known = knownSlot(slice.index, texts, keys, row);
      numbers[count] = row;
      slots[count++] = known >= 0 ? known : this.#newGroup(slice, keys, row);
    }
    assignment.count = count;
    assignment.lateCount = lateCount;
    return k;
  }

  #lateFrom(start: number): number {
    return this.#slicing.lastEnd(start) - 1 + this.#node.allowedLatenessMs;
  }

  #open(start: number): Slice {
    const { store, keyColumns, hasTextKey } = this.#base;
    const index = hasTextKey
      ? new TextIndex(store.keys(0), this.#newestSlots.length)
      : new KeyIndex<number>(keyColumns);
    const slice: Slice = { start, lateFrom: this.#lateFrom(start), index, slots: [] };
    this.#newestSlots = slice.slots;
    this.#slices.set(start, slice);
    this.#noteNext(slice);
    return slice;
  }

  #noteNext(slice: Slice): void {
    if (slice.lateFrom < this.#nextAt) this.#nextAt = slice.lateFrom;
    for (const { until } of this.#slicing.firingsOf(slice.start)) {
      if (until - 1 > this.#fired && until - 1 < this.#nextAt) this.#nextAt = until - 1;
    }
  }

  #newGroup(slice: Slice, keys: readonly Vector[], row: number): number {
    const slot = this.#base.store.add(keys, row);
    slice.index.put(keys, row, slot);
    slice.slots.push(slot);
    if (this.#givesChanges) this.#sliceOf[slot] = slice;
    return slot;
  }

  #put(slice: Slice, slot: number): void {
    slice.index.set(this.#base.store.key(slot), slot);
    slice.slots.push(slot);
    if (this.#givesChanges) this.#sliceOf[slot] = slice;
  }

  /** Gives out results that rows have just changed: all with emit update, else corrections of those that had left. */
  #emitChanged(slots: Int32Array): void {
    const { emit, allowedLatenessMs } = this.#node;
    const { store } = this.#base;
    const changed = new Map<string, { firing: Firing; slots: number[] }>();
    for (const slot of new Set(slots)) {
      for (const firing of this.#slicing.windowsOf(this.#sliceOf[slot]!.start)) {
        const gone = firing.end - 1 + allowedLatenessMs <= this.#fired;
        if (gone || (emit.kind !== 'update' && firing.end - 1 > this.#fired)) continue;
        const name = nameOf(firing);
        const known = changed.get(name);
        if (known) known.slots.push(slot);
        else changed.set(name, { firing, slots: [slot] });
      }
    }
    const ordered = [...changed.values()].sort((a, b) => order(a.firing, b.firing));
    const { single } = this.#slicing;
    const groups = new GroupResults(single ? store : this.#base.makeStore());
    for (const { firing, slots: own } of ordered) {
      if (single) this.#addGroups(groups, own, firing);
      else this.#mergeGroups(groups, firing, own);
    }
    this.#base.emit(groups, 'update');
  }

  /** Merges groups that were aggregated elsewhere; what is due at `watermark` has left. */
  partials(reader: StateReader, count: number, watermark: number): void {
    const changed = new Int32Array(count);
    const late: { slot: number; time: number }[] = [];
    let taken = 0;
    for (let left = count; left > 0; left--) {
      const start = reader.number();
      const rows = reader.count();
      const newest = reader.number();
      const slot = this.#base.store.load(reader);
      const lateFrom = this.#lateFrom(start);
      if (lateFrom <= watermark || lateFrom <= this.#fired) {
        late.push({ slot, time: newest });
        this.counts.late += rows;
        continue;
      }
      this.counts.rowsIn += rows;
      this.#newest = Math.max(this.#newest, newest);
      const slice = this.#slices.get(start) ?? this.#open(start);
      changed[taken++] = this.#merge(slice, slot);
    }
    this.#base.reportLateGroups(late);
    for (const { slot } of late) this.#base.store.release(slot);
    if (this.#givesChanges) this.#emitChanged(changed.subarray(0, taken));
  }

  /** Adds a group to the one of its key, if there is one. */
  #merge(slice: Slice, slot: number): number {
    const { store } = this.#base;
    const known = slice.index.get(store.key(slot));
    if (known === undefined) {
      this.#put(slice, slot);
      return slot;
    }
    store.merge(known, store, slot);
    store.release(slot);
    return known;
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, reason);
    this.#base.passWatermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    let latest = ALWAYS;
    for (const { start } of this.#slices.values()) {
      for (const { until } of this.#slicing.firingsOf(start)) {
        // What is open over all time stays open while rows may still come.
        if (until !== NEVER || reason !== 'idle') latest = Math.max(latest, until - 1);
      }
    }
    this.#fire(latest, reason);
    this.#base.passFlush(reason);
  }

  /** Gives out every result that is due at watermark `ms`. */
  #fire(ms: number, reason: CloseReason): void {
    if (this.#nextAt <= ms) {
      const due = new Map<string, Firing>();
      for (const { start } of this.#slices.values()) {
        for (const firing of this.#slicing.firingsOf(start)) {
          if (firing.until - 1 <= ms && firing.until - 1 > this.#fired) due.set(nameOf(firing), firing);
        }
      }
      this.#emitDue([...due.values()].sort(order), reason);
      this.#fired = Math.max(this.#fired, ms);
      this.#forget();
    }
    this.#fired = Math.max(this.#fired, ms);
  }

  /** Neighbouring results with the same reason leave together. */
  #emitDue(firings: readonly Firing[], reason: CloseReason): void {
    const { single } = this.#slicing;
    const fresh = (): GroupResults => new GroupResults(single ? this.#base.store : this.#base.makeStore());
    const isLast = (one: Firing): boolean => one.until === one.end;
    let groups = fresh();
    firings.forEach((firing, at) => {
      if (single) {
        const slice = this.#slices.get(this.#node.window === null ? ALWAYS : firing.start)!;
        this.#addGroups(groups, slice.slots, firing);
      } else this.#mergeGroups(groups, firing);
      const next = firings[at + 1];
      if (next && isLast(next) === isLast(firing)) return;
      this.#base.emit(groups, isLast(firing) ? reason : 'update');
      groups = fresh();
    });
  }

  #addGroups(groups: GroupResults, slots: readonly number[], { start, end, until }: Firing): void {
    const time = until === NEVER ? this.#newest : until - 1;
    groups.add(slots, start, end, time);
  }

  /** Adds the groups of a result, merged from its slices: every group of them, or those with the keys of `only`. */
  #mergeGroups(groups: GroupResults, firing: Firing, only?: readonly number[]): void {
    const { store } = this.#base;
    const index = new KeyIndex<number>(this.#base.keyColumns);
    const merged: number[] = [];
    const scratch = groups.store;
    const merge = (slot: number): void => {
      const key = store.key(slot);
      let into = index.get(key);
      if (into === undefined) {
        into = scratch.addKey(key);
        index.set(key, into);
        merged.push(into);
      }
      scratch.merge(into, store, slot);
    };
    const within = [...this.#slices.values()].filter(
      (slice) => slice.start >= firing.start && slice.start < firing.until,
    );
    for (const slice of within.sort((a, b) => a.start - b.start)) {
      if (only === undefined) for (const slot of slice.slots) merge(slot);
      else {
        const found = new Set(only.map((slot) => slice.index.get(store.key(slot))));
        for (const slot of found) if (slot !== undefined) merge(slot);
      }
    }
    this.#addGroups(groups, merged, firing);
  }

  /** Drops the slices that no result needs any more. */
  #forget(): void {
    this.#nextAt = NEVER;
    for (const slice of this.#slices.values()) {
      if (slice.lateFrom <= this.#fired) {
        this.#slices.delete(slice.start);
        this.#base.store.releaseAll(slice.slots);
      } else if (this.#node.window === null && slice.start !== ALWAYS) this.#intoAllTime(slice);
      else this.#noteNext(slice);
    }
  }

  /** Over all time a slice whose period has passed becomes part of the one slice that stays. */
  #intoAllTime(slice: Slice): void {
    if (slice.start + this.#slicing.sliceMs - 1 > this.#fired) {
      this.#noteNext(slice);
      return;
    }
    const { store } = this.#base;
    this.#slices.delete(slice.start);
    const all = this.#slices.get(ALWAYS) ?? this.#open(ALWAYS);
    for (const slot of slice.slots) {
      const into = all.index.get(store.key(slot));
      if (into === undefined) this.#put(all, slot);
      else {
        store.merge(into, store, slot);
        store.release(slot);
      }
    }
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#base.store.size, windows: this.#slices.size };
  }

  save(writer: StateWriter): void {
    for (const number of [this.#base.passed, this.#fired, this.#newest]) writer.number(number);
    writer.count(this.#slices.size);
    for (const slice of this.#slices.values()) {
      writer.number(slice.start);
      writer.count(slice.slots.length);
      for (const slot of slice.slots) this.#base.store.save(slot, writer);
    }
  }

  load(reader: StateReader, share = WHOLE): void {
    this.#base.passed = Math.max(this.#base.passed, reader.number());
    this.#fired = Math.max(this.#fired, reader.number());
    this.#newest = Math.max(this.#newest, reader.number());
    for (let slices = reader.length(); slices > 0; slices--) {
      const start = reader.number();
      for (let groups = reader.count(); groups > 0; groups--) {
        const slot = this.#base.store.loadOf(share, reader);
        if (slot >= 0) this.#put(this.#slices.get(start) ?? this.#open(start), slot);
      }
    }
  }
}

/** The slot of the key at `row`, -1 where it has none. @param texts the keys, where they are one text each. */
function knownSlot(
  index: Slice['index'],
  texts: ArrayLike<unknown> | undefined,
  keys: readonly Vector[],
  row: number,
): number {
  if (texts === undefined || !(index instanceof TextIndex)) return index.find(keys, row) ?? -1;
  return index.slotOf((texts[row] ?? null) as string | null);
}

function nameOf({ start, end, until }: Firing): string {
  return `${start} ${end} ${until}`;
}

function order(a: Firing, b: Firing): number {
  return a.until - b.until || a.end - b.end || a.start - b.start;
}
