import { columnIndex, type Schema } from '../../base/row-batch.js';
import type { CloseReason } from '../job.js';
import { noCounts } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { NOTHING_HELD, type Operator } from './operator.js';
import { Ports } from './ports.js';

/**
 * All rows of several inputs. It keeps no rows, only the watermark of each input: the smallest is its own, so rows that were
 * not late in their input are not late after it.
 */
export class UnionStep implements Operator {
  readonly counts = noCounts();
  readonly #schema: Schema;
  readonly #next: Receiver;
  readonly #changing: boolean;
  readonly #ports: Ports;

  /** @param changing whether rows of any input are taken back. */
  constructor(inputs: number, schema: Schema, next: Receiver, changing: boolean) {
    this.#schema = schema;
    this.#next = next;
    this.#changing = changing;
    this.#ports = new Ports(inputs, {
      portRows: (_, rows) => this.rows(rows),
      merged: (ms, reason) => this.watermark(ms, reason),
      flushed: (reason) => this.flush(reason),
    });
  }

  /** What input number `at` gives its rows to. */
  port(at: number): Receiver {
    return this.#ports.receiver(at);
  }

  rows(rows: Rows): void {
    this.counts.rowsIn += rows.selected;
    this.counts.rowsOut += rows.selected;
    const vectors = this.#schema.map((column) => rows.vectors[columnIndex(rows.schema, column.name)]!);
    const changes = this.#changing ? (rows.changes ?? new Int8Array(rows.times.length).fill(1)) : undefined;
    this.#next.rows({ ...rows, schema: this.#schema, vectors, changes });
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    this.#next.flush(reason);
  }

  held(): typeof NOTHING_HELD {
    return NOTHING_HELD;
  }

  save(writer: StateWriter): void {
    this.#ports.save(writer);
  }

  load(reader: StateReader): void {
    this.#ports.load(reader);
  }
}
