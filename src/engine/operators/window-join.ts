import { assert } from '../../base/assert.js';
import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';
import { type HeldRow, holdRow, loadRow, RowsBuilder, saveRow } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { floorTo, type Slicing, slicingOf } from '../windows.js';
import { type JoinInputs, type JoinParts, JoinRows, joinPorts, type Side } from './join-rows.js';
import type { Operator } from './operator.js';
import type { Ports } from './ports.js';

/** The rows of one window. */
interface Open {
  readonly start: number;
  readonly end: number;
  readonly sides: readonly [HeldRow[], HeldRow[]];
}

/**
 * Pairs of rows with equal keys in the same window.
 *
 * State: the rows of both sides per open window. Its pairs, and rows without a partner (of a left or full join), leave when
 * the watermark reaches its end - 1 ms. A row whose last window has left is late; one that is late for some of its windows
 * still counts in the others.
 */
export class WindowJoin implements Operator, JoinInputs {
  readonly #rows: JoinRows;
  readonly #next: Receiver;
  readonly #ports: Ports;
  readonly #out: RowsBuilder;
  readonly #slicing: Slicing;
  readonly #keyColumns: number;
  readonly #windows = new Map<string, Open>();
  #fired = Number.NEGATIVE_INFINITY;

  constructor(parts: JoinParts) {
    const { when, keys } = parts.node;
    assert(when.kind === 'window', 'the join is one of windows');
    this.#rows = new JoinRows(parts);
    this.#next = parts.next;
    this.#out = new RowsBuilder(parts.output, false);
    this.#slicing = slicingOf(when.window, { kind: 'final' });
    this.#keyColumns = keys.length;
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
      // Windows that end before the row came have left, or will without it.
      this.#fire(rows.watermarks[row]!, 'watermark');
      const slice = floorTo(rows.times[row]!, this.#slicing.sliceMs, this.#slicing.offsetMs);
      const open = this.#slicing.windowsOf(slice).filter(({ end }) => end - 1 > this.#fired);
      const held = holdRow(rows, row);
      for (const { start, end } of open) this.#put(side, held, start, end);
      return open.length > 0;
    });
  }

  #put(side: Side, row: HeldRow, start: number, end: number): void {
    const name = `${start} ${end}`;
    let open = this.#windows.get(name);
    if (open === undefined) {
      open = { start, end, sides: [[], []] };
      this.#windows.set(name, open);
    }
    this.#rows.hold(1);
    open.sides[side].push(row);
  }

  #fire(ms: number, reason: CloseReason): void {
    if (ms <= this.#fired) return;
    const due = [...this.#windows.values()].filter(({ end }) => end - 1 <= ms);
    due.sort((a, b) => a.end - b.end || a.start - b.start);
    const starts: number[] = [];
    const ends: number[] = [];
    for (const open of due) {
      const { start, end, sides } = open;
      this.#windows.delete(`${start} ${end}`);
      for (const _ of [...sides[0], ...sides[1]]) this.#rows.hold(-1);
      for (const values of this.#pairs(open)) {
        this.#out.add({ time: end - 1, values: [start, end, ...values] }, Math.max(this.#fired, end - 2));
        starts.push(start);
        ends.push(end);
      }
    }
    this.#fired = ms;
    const rows = this.#out.take(reason);
    if (rows === undefined) return;
    const bounds = { windowStarts: Float64Array.from(starts), windowEnds: Float64Array.from(ends) };
    this.#rows.handOn({ ...rows, ...bounds });
  }

  *#pairs({ sides: [left, right] }: Open): Generator<HeldRow['values']> {
    const index = new KeyIndex<HeldRow[]>(this.#keyColumns);
    for (const row of right) {
      const key = this.#rows.keyOf(1, row);
      const known = key && index.get(key);
      if (known) known.push(row);
      else if (key) index.set(key, [row]);
    }
    const matched = new Set<HeldRow>();
    for (const row of left) {
      const key = this.#rows.keyOf(0, row);
      const found = (key && index.get(key)) ?? [];
      for (const other of found) {
        matched.add(other);
        yield this.#rows.joined(row, other);
      }
      if (found.length === 0 && this.#rows.outer(0)) yield this.#rows.joined(row, undefined);
    }
    if (!this.#rows.outer(1)) return;
    for (const row of right) if (!matched.has(row)) yield this.#rows.joined(undefined, row);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, reason);
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    let latest = this.#fired;
    for (const { end } of this.#windows.values()) latest = Math.max(latest, end - 1);
    this.#fire(latest, reason);
    this.#next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#rows.held, windows: this.#windows.size };
  }

  save(writer: StateWriter): void {
    this.#ports.save(writer);
    writer.number(this.#fired);
    writer.count(this.#windows.size);
    for (const { start, end, sides } of this.#windows.values()) {
      writer.number(start);
      writer.number(end);
      for (const rows of sides) {
        writer.count(rows.length);
        for (const row of rows) saveRow(row, writer);
      }
    }
  }

  load(reader: StateReader): void {
    this.#ports.load(reader);
    this.#fired = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const start = reader.number();
      const end = reader.number();
      for (const side of [0, 1] as const) {
        for (let rows = reader.length(); rows > 0; rows--) this.#put(side, loadRow(reader), start, end);
      }
    }
  }
}
