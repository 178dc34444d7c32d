import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';
import { compareHeld, type HeldRow, holdRow, loadRow, RowsBuilder, saveRow } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { InOrder } from './in-order.js';
import { type JoinInputs, type JoinParts, JoinRows, joinPorts, type Side } from './join-rows.js';
import type { Operator } from './operator.js';
import type { Ports } from './ports.js';

/** The rows of one key of the right side, oldest first. */
interface Versions {
  rows: HeldRow[];
}

/**
 * Each row of the left with the row of the right that was in force at its time: the newest of its key that is not younger.
 *
 * State: left rows ahead of the watermark, and per key the right row in force at the watermark with all younger ones. A row
 * leaves when the watermark passes it: every row of the right that could be in force at its time is there by then. A left row
 * behind the watermark is late: what was in force then may be gone. A right row behind it counts for what comes later.
 */
export class TemporalJoin implements Operator, JoinInputs {
  readonly #rows: JoinRows;
  readonly #next: Receiver;
  readonly #ports: Ports;
  readonly #out: RowsBuilder;
  readonly #order: InOrder;
  readonly #index: KeyIndex<Versions>;
  readonly #all = new Set<Versions>();
  /** Those with more rows than the one in force. */
  readonly #crowded = new Set<Versions>();

  constructor(parts: JoinParts) {
    this.#rows = new JoinRows(parts);
    this.#next = parts.next;
    this.#out = new RowsBuilder(parts.output, false);
    this.#index = new KeyIndex(parts.node.keys.length);
    this.#order = new InOrder(parts.node.name, parts.maxRows, (row, watermark) => this.#join(row, watermark));
    this.#ports = joinPorts(this);
  }

  get counts(): JoinRows['counts'] {
    return this.#rows.counts;
  }

  /** What input number `at` gives its rows to. */
  port(at: number): Receiver {
    return this.#ports.receiver(at);
  }

  rows(rows: Rows): void {
    this.take(0, rows);
  }

  take(side: Side, rows: Rows): void {
    this.counts.rowsIn += rows.selected;
    if (side === 1) {
      for (let k = 0; k < rows.selected; k++) {
        const row = rows.selection[k]!;
        this.#order.advance(rows.watermarks[row]!);
        this.#version(holdRow(rows, row));
      }
    } else {
      const late = new Int32Array(rows.selected);
      let lateCount = 0;
      this.#order.accept(rows, (_, row) => {
        late[lateCount++] = row;
      });
      this.#rows.late(rows, late, lateCount);
    }
    this.#rows.handOn(this.#out.take('update'));
  }

  /** A row of the right takes its place among those of its key; of equal times the larger values are in force. */
  #version(row: HeldRow): void {
    const key = this.#rows.keyOf(1, row);
    if (key === undefined) {
      this.counts.dropped++;
      return;
    }
    let versions = this.#index.get(key);
    if (versions === undefined) {
      versions = { rows: [] };
      this.#index.set(key, versions);
      this.#all.add(versions);
    }
    const { rows } = versions;
    this.#rows.hold(1);
    let at = rows.length;
    while (
      at > 0 &&
      (rows[at - 1]!.time > row.time || (rows[at - 1]!.time === row.time && compareHeld(row, rows[at - 1]!) > 0))
    )
      at--;
    rows.splice(at, 0, row);
    this.#forget(versions);
  }

  /** Forgets versions that were replaced before the watermark. */
  #forget(versions: Versions): void {
    const { rows } = versions;
    let from = 0;
    while (from + 1 < rows.length && rows[from + 1]!.time <= this.#order.taken) from++;
    if (from + 1 >= rows.length) this.#crowded.delete(versions);
    else this.#crowded.add(versions);
    if (from === 0) return;
    versions.rows = rows.slice(from);
    for (let gone = 0; gone < from; gone++) this.#rows.hold(-1);
  }

  #join(row: HeldRow, watermark: number): void {
    const key = this.#rows.keyOf(0, row);
    const versions = key && this.#index.get(key);
    const right = versions?.rows.findLast((version) => version.time <= row.time);
    if (right === undefined && !this.#rows.outer(0)) this.counts.dropped++;
    else this.#out.add({ time: row.time, values: this.#rows.joined(row, right) }, watermark);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#order.advance(ms);
    for (const versions of this.#crowded) this.#forget(versions);
    this.#rows.handOn(this.#out.take('update'));
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    this.#order.finish();
    this.#rows.handOn(this.#out.take('update'));
    this.#next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#rows.held + this.#order.size, windows: 0 };
  }

  save(writer: StateWriter): void {
    this.#ports.save(writer);
    this.#order.save(writer);
    const rows = [...this.#all].flatMap((versions) => versions.rows);
    writer.count(rows.length);
    for (const row of rows) saveRow(row, writer);
  }

  load(reader: StateReader): void {
    this.#ports.load(reader);
    this.#order.load(reader);
    for (let left = reader.length(); left > 0; left--) this.#version(loadRow(reader));
  }
}
