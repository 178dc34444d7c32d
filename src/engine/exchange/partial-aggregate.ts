import { assert } from '../../base/assert.js';
import type { Vector } from '../../base/row-batch.js';
import { AggregateBase, type AggregateParts, Assignment } from '../operators/aggregate-base.js';
import type { Operator } from '../operators/operator.js';
import type { Rows } from '../rows.js';
import { KeyIndex } from '../state/key-index.js';
import { floorTo, type Slicing, slicingOf } from '../windows.js';
import type { BlockWriter } from './block-writer.js';
import type { RowSender } from './row-sender.js';
import { shareOf } from './share.js';

/** The groups of one slice of time since they were sent last. */
interface Slice {
  readonly start: number;
  /** From this watermark of the partition on, a result that holds the slice may have left. */
  readonly dueFrom: number;
  readonly index: KeyIndex<number>;
  readonly slots: number[];
}

/**
 * The first phase of a windowed aggregate: the rows of one partition are aggregated before they are sent.
 *
 * State: per slice of event time the groups seen in it since the last sending; nothing stays afterwards. Why no result lacks
 * a row: a group is sent with everything that came until then, before the watermark of its partition is. A row of which a
 * result may have left, by its own partition's watermark, is not merged but sent as it is: the second phase decides, by the
 * watermark of all partitions, for which results it is late.
 */
export class PartialAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #slicing: Slicing;
  readonly #slices = new Map<number, Slice>();
  readonly #rowsOf: number[] = [];
  #newest = Number.NEGATIVE_INFINITY;
  readonly #late: RowSender;
  readonly #out: BlockWriter;

  constructor(parts: AggregateParts, late: RowSender, out: BlockWriter) {
    const { window, emit } = parts.node;
    assert(window === null || 'offsetMs' in window, 'rows of windows that go by the rows are sent one by one');
    this.#base = new AggregateBase(parts);
    this.#slicing = slicingOf(window, emit);
    this.#late = late;
    this.#out = out;
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const assignment = new Assignment(rows.selected);
    this.#assign(rows, assignment);
    const { late, lateCount } = assignment;
    this.#base.take(rows, values, assignment);
    for (let k = 0; k < lateCount; k++) this.#late.send(rows, late[k]!);
  }

  #assign(rows: Rows, assignment: Assignment): void {
    const { selection, selected, times, watermarks } = rows;
    const { sliceMs, offsetMs } = this.#slicing;
    const endless = sliceMs === Number.POSITIVE_INFINITY;
    const keys = this.#base.keyVectors(rows);
    const { rows: numbers, slots, late } = assignment;
    let slice: Slice | undefined;
    let count = 0;
    let lateCount = 0;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const time = times[row]!;
      if (slice === undefined || (!endless && !(time >= slice.start && time < slice.start + sliceMs))) {
        slice = this.#sliceAt(endless ? Number.NEGATIVE_INFINITY : floorTo(time, sliceMs, offsetMs));
      }
      if (slice.dueFrom <= watermarks[row]!) {
        late[lateCount++] = row;
        continue;
      }
      const slot = slice.index.find(keys, row) ?? this.#newGroup(slice, keys, row);
      this.#rowsOf[slot]!++;
      if (time > this.#newest) this.#newest = time;
      numbers[count] = row;
      slots[count++] = slot;
    }
    assignment.count = count;
    assignment.lateCount = lateCount;
  }

  #sliceAt(start: number): Slice {
    let slice = this.#slices.get(start);
    if (slice === undefined) {
      const dueFrom = Math.min(...this.#slicing.firingsOf(start).map(({ until }) => until - 1));
      slice = { start, dueFrom, index: new KeyIndex(this.#base.keyColumns), slots: [] };
      this.#slices.set(start, slice);
    }
    return slice;
  }

  #newGroup(slice: Slice, keys: readonly Vector[], row: number): number {
    const slot = this.#base.store.add(keys, row);
    slice.index.set(this.#base.store.key(slot), slot);
    slice.slots.push(slot);
    this.#rowsOf[slot] = 0;
    return slot;
  }

  /** Hands all groups to the writer and forgets them. */
  send(): void {
    const { store } = this.#base;
    for (const { start, slots } of this.#slices.values()) {
      for (const slot of slots) {
        const sent = { start, rows: this.#rowsOf[slot]!, newest: this.#newest };
        this.#out.group(shareOf(store.key(slot), this.#out.shares), sent, store, slot);
        store.release(slot);
      }
    }
    this.#slices.clear();
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  watermark(): void {}

  flush(): void {}

  held(): { groups: number; windows: number } {
    return { groups: this.#base.store.size, windows: this.#slices.size };
  }

  /** Between two sendings it has no state that would have to last. */
  save(): void {}

  load(): void {}
}
