import type { StreamctlError } from '../../base/errors.js';
import { columnIndex, type Schema, type Value } from '../../base/row-batch.js';
import type { OverColumn, OverNode } from '../../plan/plan.js';
import { overValues, type Smoothed, smooth } from '../functions/over.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import { type HeldRow, loadRow, RowsBuilder, saveRow } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { InOrder } from './in-order.js';
import type { Operator } from './operator.js';

/** The rows of one key that others still look at, oldest first. */
interface Series {
  readonly key: readonly Value[];
  history: HeldRow[];
  /** Rows at the end of the history that wait for rows after them, with what is known of them. */
  readonly waiting: Waiting[];
  readonly smoothed: (Smoothed | null)[];
}

interface Waiting {
  readonly row: HeldRow;
  /** Values of the added columns. */
  readonly added: Value[];
  /** Rows of the key that came after it. */
  after: number;
}

/** What a step over neighbouring rows is made from. */
export interface OverParts {
  readonly node: OverNode;
  readonly input: Schema;
  readonly output: Schema;
  readonly outputs: Outputs;
  readonly next: Receiver;
  /** Bound of the rows that it holds, over all keys. */
  readonly maxRows: number;
}

/**
 * Columns computed from neighbouring rows of the same key: values before and after, moving and exponential averages.
 *
 * State: the rows ahead of the watermark; of each key the last rows that a column reaches, the exponential averages, and rows
 * that wait for later ones. A row leaves when the watermark has passed it (and the rows after it that it looks at are there,
 * or the stream ends); the watermark is held back behind rows that wait. A row behind the watermark is late: rows that left
 * were its neighbours.
 */
export class OverStep implements Operator {
  readonly counts = noCounts();
  readonly #parts: OverParts;
  readonly #keys: readonly number[];
  readonly #positions: readonly number[];
  readonly #order: InOrder;
  readonly #out: RowsBuilder;
  readonly #index: KeyIndex<Series>;
  readonly #all = new Set<Series>();
  /** Rows that wait for later ones, oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #ahead: number;
  readonly #reachRows: number;
  readonly #reachMs: number;
  #held = 0;
  #passed = Number.NEGATIVE_INFINITY;

  constructor(parts: OverParts) {
    const { node, input, output, maxRows } = parts;
    this.#parts = parts;
    this.#keys = node.keys.map((key) => columnIndex(input, key));
    this.#positions = node.columns.map(({ column }) => columnIndex(input, column));
    this.#index = new KeyIndex(this.#keys.length);
    this.#out = new RowsBuilder(output, false);
    this.#order = new InOrder(node.name, maxRows, (row, watermark) => this.#take(row, watermark));
    const looking = node.columns.filter((column) => column.function !== 'exponential');
    const rowsOf = (column: OverColumn): number => (column.function === 'lag' ? column.rows! + 1 : (column.rows ?? 1));
    this.#ahead = Math.max(0, ...looking.filter(isLead).map((column) => column.rows!));
    this.#reachRows = Math.max(0, ...looking.filter((column) => !isLead(column)).map(rowsOf));
    this.#reachMs = Math.max(0, ...looking.map((column) => column.withinMs ?? 0));
  }

  rows(rows: Rows): void {
    this.counts.rowsIn += rows.selected;
    const late = new Int32Array(rows.selected);
    let lateCount = 0;
    this.#order.accept(rows, (_, row) => {
      late[lateCount++] = row;
    });
    if (lateCount > 0) {
      this.counts.late += lateCount;
      this.#parts.outputs.late(this.#parts.node.name, rows, late, lateCount);
    }
    this.#handOn();
  }

  #take(row: HeldRow, watermark: number): void {
    const series = this.#seriesOf(this.#keys.map((position) => row.values[position]!));
    series.history.push(row);
    this.#held++;
    this.#trim(series, row.time);
    if (this.#held > this.#parts.maxRows) throw this.#full();
    const waiting: Waiting = { row, added: this.#added(series, row), after: 0 };
    if (this.#ahead === 0) {
      this.#give(waiting, watermark);
      return;
    }
    this.#fillLeads(series, row);
    series.waiting.push(waiting);
    this.#waiting.add(waiting);
    while (series.waiting.length > 0 && series.waiting[0]!.after >= this.#ahead) {
      const ready = series.waiting.shift()!;
      this.#give(ready, this.#bound(watermark));
      this.#waiting.delete(ready);
    }
  }

  /** Rows that wait learn the value of the row that just came. */
  #fillLeads(series: Series, row: HeldRow): void {
    for (const waiting of series.waiting) {
      waiting.after++;
      this.#parts.node.columns.forEach((column, at) => {
        if (isLead(column) && column.rows === waiting.after) waiting.added[at] = row.values[this.#positions[at]!]!;
      });
    }
  }

  #added({ history, smoothed }: Series, row: HeldRow): Value[] {
    return this.#parts.node.columns.map((column, at) => {
      const position = this.#positions[at]!;
      const value = row.values[position]!;
      switch (column.function) {
        case 'lead':
          return null;
        case 'lag':
          return history.at(-1 - column.rows!)?.values[position] ?? null;
        case 'exponential':
          smoothed[at] = smooth(column, smoothed[at] ?? null, value, row.time);
          return smoothed[at]?.value ?? null;
        default: {
          const { rows, withinMs } = column;
          const seen = rows === null ? history.filter((one) => row.time - one.time <= withinMs!) : history.slice(-rows);
          return overValues(
            column.function,
            seen.map((one) => one.values[position]!).filter((one) => one !== null),
          );
        }
      }
    });
  }

  /** Forgets rows that no later row looks at. */
  #trim(series: Series, now: number): void {
    const { history } = series;
    let from = 0;
    while (history.length - from > this.#reachRows && now - history[from]!.time > this.#reachMs) from++;
    if (from === 0) return;
    series.history = history.slice(from);
    this.#held -= from;
  }

  #seriesOf(key: readonly Value[]): Series {
    let series = this.#index.get(key);
    if (series === undefined) {
      if (this.#all.size >= this.#parts.maxRows) throw this.#full();
      series = { key, history: [], waiting: [], smoothed: [] };
      this.#index.set(key, series);
      this.#all.add(series);
    }
    return series;
  }

  #full(): StreamctlError {
    const { node, maxRows } = this.#parts;
    const hint = 'use keys with fewer values, or reach over fewer rows';
    return stateFull({ step: node.name, what: 'rows', max: maxRows, hint });
  }

  #give({ row, added }: Waiting, watermark: number): void {
    this.#passed = Math.max(this.#passed, watermark);
    this.#out.add({ time: row.time, values: [...row.values, ...added] }, this.#passed);
  }

  /** `ms`, or less as long as an older row waits. */
  #bound(ms: number): number {
    const [oldest] = this.#waiting;
    return oldest === undefined ? ms : Math.min(ms, oldest.row.time - 1);
  }

  #handOn(): void {
    const rows = this.#out.take('update');
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    this.#parts.next.rows(rows);
  }

  /** Rows that wait leave without what they waited for. */
  #giveUp(): void {
    for (const waiting of this.#waiting) this.#give(waiting, this.#bound(waiting.row.time - 1));
    this.#waiting.clear();
    for (const series of this.#all) series.waiting.length = 0;
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#order.advance(ms);
    if (ms === Number.POSITIVE_INFINITY) this.#giveUp();
    this.#handOn();
    this.#passed = Math.max(this.#passed, this.#bound(ms));
    this.#parts.next.watermark(this.#passed, reason);
  }

  flush(reason: CloseReason): void {
    this.#order.finish();
    if (reason !== 'idle') this.#giveUp();
    this.#handOn();
    this.#parts.next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#all.size, windows: 0 };
  }

  save(writer: StateWriter): void {
    this.#order.save(writer);
    writer.number(this.#passed);
    writer.count(this.#all.size);
    for (const { key, history, smoothed } of this.#all) {
      for (const value of key) writer.value(value);
      writer.count(history.length);
      for (const row of history) saveRow(row, writer);
      this.#parts.node.columns.forEach((_, at) => {
        writer.value(smoothed[at]?.value ?? null);
        writer.number(smoothed[at]?.time ?? 0);
      });
    }
    const places = new Map([...this.#all].map((series, at) => [series, at]));
    writer.count(this.#waiting.size);
    for (const { row, added, after } of this.#waiting) {
      writer.count(places.get(this.#index.get(this.#keys.map((position) => row.values[position]!))!)!);
      saveRow(row, writer);
      for (const value of added) writer.value(value);
      writer.count(after);
    }
  }

  load(reader: StateReader): void {
    this.#order.load(reader);
    this.#passed = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const series = this.#seriesOf(this.#keys.map(() => reader.value()));
      series.history = Array.from({ length: reader.length() }, () => loadRow(reader));
      this.#held += series.history.length;
      this.#parts.node.columns.forEach((_, at) => {
        const value = reader.value() as number | null;
        const time = reader.number();
        series.smoothed[at] = value === null ? null : { value, time };
      });
    }
    const all = [...this.#all];
    for (let left = reader.length(); left > 0; left--) {
      const series = all[reader.count()]!;
      const row = loadRow(reader);
      const added = this.#parts.node.columns.map(() => reader.value());
      const waiting: Waiting = { row, added, after: reader.count() };
      series.waiting.push(waiting);
      this.#waiting.add(waiting);
    }
  }
}

function isLead(column: OverColumn): boolean {
  return column.function === 'lead';
}
