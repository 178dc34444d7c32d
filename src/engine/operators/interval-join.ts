import { assert } from '../../base/assert.js';
import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';
import { Heap } from '../state/heap.js';
import { type HeldRow, holdRow, loadRow, RowsBuilder, saveRow } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type JoinInputs, type JoinParts, JoinRows, joinPorts, type Side } from './join-rows.js';
import type { Operator } from './operator.js';
import type { Ports } from './ports.js';

/** A row that may still find partners. */
interface Candidate {
  readonly side: Side;
  readonly row: HeldRow;
  /** From this watermark on no partner can come. */
  readonly until: number;
  matched: boolean;
}

/**
 * Pairs of rows with equal keys whose times are near each other: `left + lower <= right <= left + upper`.
 *
 * State: rows of both sides for which a partner may still come. A pair leaves when the second of its rows comes, at the later
 * of their times; a row without a partner (of a left or full join) when the watermark says that none can come, at its own
 * time, and the watermark that is handed on is held back by so much. A row behind the watermark is late: partners that could
 * have met it may be gone.
 */
export class IntervalJoin implements Operator, JoinInputs {
  readonly #rows: JoinRows;
  readonly #next: Receiver;
  readonly #ports: Ports;
  readonly #out: RowsBuilder;
  readonly #lowerMs: number;
  readonly #upperMs: number;
  readonly #index: readonly [KeyIndex<Candidate[]>, KeyIndex<Candidate[]>];
  readonly #leaving = new Heap<Candidate>((a, b) => a.until - b.until || a.row.time - b.row.time || a.side - b.side);
  #watermark = Number.NEGATIVE_INFINITY;
  #passed = Number.NEGATIVE_INFINITY;
  readonly #heldBackMs: number;

  constructor(parts: JoinParts) {
    const { when, keys } = parts.node;
    assert(when.kind === 'interval', 'the join is one over an interval');
    this.#lowerMs = when.lowerMs;
    this.#upperMs = when.upperMs;
    this.#rows = new JoinRows(parts);
    this.#next = parts.next;
    this.#out = new RowsBuilder(parts.output, false);
    this.#index = [new KeyIndex(keys.length), new KeyIndex(keys.length)];
    this.#heldBackMs = Math.max(0, this.#rows.outer(0) ? this.#upperMs : 0, this.#rows.outer(1) ? -this.#lowerMs : 0);
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
    this.#rows.each(rows, (row) => {
      this.#watermark = Math.max(this.#watermark, rows.watermarks[row]!);
      if (rows.times[row]! <= this.#watermark) return false;
      this.#meet(side, holdRow(rows, row));
      return true;
    });
    this.#rows.handOn(this.#out.take('update'));
  }

  #meet(side: Side, row: HeldRow): void {
    const until = side === 0 ? row.time + this.#upperMs : row.time - this.#lowerMs;
    const candidate: Candidate = { side, row, until, matched: false };
    const key = this.#rows.keyOf(side, row);
    for (const other of (key && this.#index[side === 0 ? 1 : 0].get(key)) ?? []) {
      const [left, right] = side === 0 ? [row, other.row] : [other.row, row];
      const distance = right.time - left.time;
      if (distance < this.#lowerMs || distance > this.#upperMs) continue;
      candidate.matched = true;
      other.matched = true;
      const time = Math.max(left.time, right.time);
      this.#out.add({ time, values: this.#rows.joined(left, right) }, this.#passed);
    }
    this.#hold(candidate);
  }

  #hold(candidate: Candidate): void {
    this.#rows.hold(1);
    this.#leaving.push(candidate);
    const key = this.#rows.keyOf(candidate.side, candidate.row);
    if (key === undefined) return;
    const known = this.#index[candidate.side].get(key);
    if (known) known.push(candidate);
    else this.#index[candidate.side].set(key, [candidate]);
  }

  /** Lets go of rows for which no partner can come at watermark `ms`. */
  #leave(ms: number): void {
    for (let first = this.#leaving.peek(); first && first.until <= ms; first = this.#leaving.peek()) {
      this.#leaving.pop();
      this.#rows.hold(-1);
      const { side, row, matched } = first;
      const key = this.#rows.keyOf(side, row);
      const known = key && this.#index[side].get(key);
      known?.splice(known.indexOf(first), 1);
      if (key && known?.length === 0) this.#index[side].delete(key);
      if (matched) continue;
      if (!this.#rows.outer(side)) this.counts.dropped++;
      else {
        const values = side === 0 ? this.#rows.joined(row, undefined) : this.#rows.joined(undefined, row);
        this.#out.add({ time: row.time, values }, this.#passed);
      }
    }
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#watermark = Math.max(this.#watermark, ms);
    this.#leave(ms);
    this.#rows.handOn(this.#out.take(reason));
    this.#passed = Math.max(this.#passed, ms - this.#heldBackMs);
    this.#next.watermark(this.#passed, reason);
  }

  flush(reason: CloseReason): void {
    let newest = this.#watermark;
    for (const { row } of this.#leaving) newest = Math.max(newest, row.time);
    // Rows that come later could have met those that leave now.
    this.#watermark = newest;
    this.#leave(Number.POSITIVE_INFINITY);
    this.#rows.handOn(this.#out.take(reason));
    this.#next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#rows.held, windows: 0 };
  }

  save(writer: StateWriter): void {
    this.#ports.save(writer);
    writer.number(this.#watermark);
    writer.number(this.#passed);
    writer.count(this.#leaving.size);
    for (const { side, row, matched } of this.#leaving) {
      writer.byte(side + (matched ? 2 : 0));
      saveRow(row, writer);
    }
  }

  load(reader: StateReader): void {
    this.#ports.load(reader);
    this.#watermark = reader.number();
    this.#passed = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const flags = reader.byte();
      const side = (flags & 1) as Side;
      const row = loadRow(reader);
      const until = side === 0 ? row.time + this.#upperMs : row.time - this.#lowerMs;
      this.#hold({ side, row, until, matched: (flags & 2) !== 0 });
    }
  }
}
