import { columnIndex, type Schema, type Value } from '../../base/row-batch.js';
import type { DeduplicateNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import { Heap } from '../state/heap.js';
import { type HeldRow, RowsBuilder } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { InOrder } from './in-order.js';
import type { Operator } from './operator.js';

/** A key of which a row was kept. */
interface Kept {
  readonly key: readonly Value[];
  readonly time: number;
}

/**
 * The first row of each key by event time.
 *
 * State: the rows ahead of the watermark, and the keys of rows that were kept: for ever, or until the watermark is so far past
 * them that no row can be their repeat. A row leaves when the watermark passes it, so that the first in event time is known
 * to be the first. A row behind the watermark is a repeat where its key is remembered; otherwise it passes when keys are
 * remembered for ever, and is late when they are not, because its first could be forgotten.
 */
export class Deduplicate implements Operator {
  readonly counts = noCounts();
  readonly #node: DeduplicateNode;
  readonly #outputs: Outputs;
  readonly #next: Receiver;
  readonly #maxKeys: number;
  readonly #keys: readonly number[];
  readonly #order: InOrder;
  readonly #out: RowsBuilder;
  readonly #index: KeyIndex<Kept>;
  readonly #kept = new Heap<Kept>((a, b) => a.time - b.time);
  #left = Number.NEGATIVE_INFINITY;

  /** @param maxKeys bound of the keys, and of the rows that wait. */
  constructor(node: DeduplicateNode, schema: Schema, outputs: Outputs, next: Receiver, maxKeys: number) {
    this.#node = node;
    this.#outputs = outputs;
    this.#next = next;
    this.#maxKeys = maxKeys;
    this.#keys = node.keys.map((key) => columnIndex(schema, key));
    this.#index = new KeyIndex(this.#keys.length);
    this.#out = new RowsBuilder(schema, false);
    this.#order = new InOrder(node.name, maxKeys, (row, watermark) => this.#take(row, watermark));
  }

  rows(rows: Rows): void {
    this.counts.rowsIn += rows.selected;
    const late = new Int32Array(rows.selected);
    let lateCount = 0;
    this.#order.accept(rows, (held, row) => {
      const known = this.#index.get(this.#keyOf(held)) !== undefined;
      if (!known && this.#node.withinMs !== null) late[lateCount++] = row;
      else this.#take(held, this.#order.taken);
    });
    if (lateCount > 0) {
      this.counts.late += lateCount;
      this.#outputs.late(this.#node.name, rows, late, lateCount);
    }
    this.#handOn();
  }

  #keyOf({ values }: HeldRow): readonly Value[] {
    return this.#keys.map((position) => values[position]!);
  }

  #take(row: HeldRow, watermark: number): void {
    this.#forget(row.time);
    const key = this.#keyOf(row);
    if (this.#index.get(key) !== undefined) {
      this.counts.dropped++;
      return;
    }
    if (this.#kept.size >= this.#maxKeys) {
      const hint = 'remember them for a shorter time: { within }';
      throw stateFull({ step: this.#node.name, what: 'keys', max: this.#maxKeys, hint });
    }
    this.#remember({ key, time: row.time });
    this.#left = Math.max(this.#left, watermark);
    this.#out.add(row, this.#left);
  }

  #remember(kept: Kept): void {
    this.#index.set(kept.key, kept);
    this.#kept.push(kept);
  }

  /** Forgets keys of which a row at `now` would be no repeat. */
  #forget(now: number): void {
    const { withinMs } = this.#node;
    if (withinMs === null) return;
    for (let first = this.#kept.peek(); first && now - first.time >= withinMs; first = this.#kept.peek()) {
      this.#kept.pop();
      this.#index.delete(first.key);
    }
  }

  #handOn(): void {
    const rows = this.#out.take('update');
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    this.#next.rows(rows);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#order.advance(ms);
    this.#forget(ms + 1);
    this.#handOn();
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    this.#order.finish();
    this.#handOn();
    this.#next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#kept.size, windows: 0 };
  }

  save(writer: StateWriter): void {
    this.#order.save(writer);
    writer.number(this.#left);
    writer.count(this.#kept.size);
    for (const { key, time } of this.#kept) {
      writer.number(time);
      for (const value of key) writer.value(value);
    }
  }

  load(reader: StateReader): void {
    this.#order.load(reader);
    this.#left = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const time = reader.number();
      this.#remember({ time, key: this.#keys.map(() => reader.value()) });
    }
  }
}
