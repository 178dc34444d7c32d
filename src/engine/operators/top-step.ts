import { columnIndex, type Schema, type Value } from '../../base/row-batch.js';
import type { TopNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import {
  compareAny,
  compareHeld,
  type HeldRow,
  holdRow,
  loadRow,
  RowsBuilder,
  rowText,
  saveRow,
} from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import { SortedRows } from '../state/sorted-rows.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import type { Operator } from './operator.js';

/** The rows of one key (and window), in order. */
interface List {
  readonly key: readonly Value[];
  readonly start: number;
  readonly end: number;
  readonly rows: SortedRows;
}

/** What a top step is made from. */
export interface TopParts {
  readonly node: TopNode;
  readonly input: Schema;
  readonly output: Schema;
  readonly outputs: Outputs;
  readonly next: Receiver;
  /** Whether rows of the input are taken back. */
  readonly changing: boolean;
  /** Bound of the rows that it holds. */
  readonly maxRows: number;
}

/**
 * The first rows of each key by an order.
 *
 * State: per key (and window) its first rows; all of them where rows are taken back, because those behind may move up. Of
 * windows they leave when the watermark reaches the end - 1 ms, and rows for a window that has left are late. Without windows the
 * list is a table: each batch gives what left it and what came in; no row is late.
 */
export class TopStep implements Operator {
  readonly counts = noCounts();
  readonly #parts: TopParts;
  readonly #keys: readonly number[];
  readonly #order: readonly { readonly position: number; readonly sign: number }[];
  readonly #index: KeyIndex<List>;
  readonly #lists = new Set<List>();
  readonly #out: RowsBuilder;
  #held = 0;
  #fired = Number.NEGATIVE_INFINITY;

  constructor(parts: TopParts) {
    const { node, input, output } = parts;
    this.#parts = parts;
    this.#keys = node.keys.map((key) => columnIndex(input, key));
    this.#order = node.order.map(({ column, descending }) => {
      return { position: columnIndex(input, column), sign: descending ? -1 : 1 };
    });
    this.#index = new KeyIndex(this.#keys.length + (node.perWindow ? 2 : 0));
    this.#out = new RowsBuilder(output, !node.perWindow);
  }

  rows(rows: Rows): void {
    const { selection, selected, changes, windowStarts, windowEnds } = rows;
    const { node, outputs } = this.#parts;
    this.counts.rowsIn += selected;
    const before = new Map<List, readonly HeldRow[]>();
    const late = new Int32Array(selected);
    let lateCount = 0;
    let watermark = this.#fired;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const start = node.perWindow ? windowStarts![row]! : 0;
      const end = node.perWindow ? windowEnds![row]! : 0;
      watermark = Math.max(watermark, rows.watermarks[row]!);
      if (node.perWindow && end - 1 <= this.#fired) {
        late[lateCount++] = row;
        continue;
      }
      const held = holdRow(rows, row);
      const list = this.#listOf(held, start, end);
      if (!before.has(list)) before.set(list, this.#shown(list));
      if (changes?.[row] === -1) this.#remove(list, held);
      else this.#insert(list, held);
    }
    if (lateCount > 0) {
      this.counts.late += lateCount;
      outputs.late(node.name, rows, late, lateCount);
    }
    if (!node.perWindow) this.#tellChanges(before, watermark);
  }

  #listOf({ values }: HeldRow, start: number, end: number): List {
    const own = this.#keys.map((position) => values[position]!);
    const key = this.#parts.node.perWindow ? [...own, start, end] : own;
    let list = this.#index.get(key);
    if (list === undefined) {
      list = { key, start, end, rows: new SortedRows((a, b) => this.#compare(a, b)) };
      this.#index.set(key, list);
      this.#lists.add(list);
    }
    return list;
  }

  #compare(a: HeldRow, b: HeldRow): number {
    for (const { position, sign } of this.#order) {
      const order = sign * compareAny(a.values[position]!, b.values[position]!);
      if (order !== 0) return order;
    }
    return compareHeld(a, b);
  }

  #insert(list: List, row: HeldRow): void {
    const { node, changing, maxRows } = this.#parts;
    list.rows.add(row);
    this.#held++;
    if (!changing && list.rows.size > node.limit) {
      list.rows.removeLast();
      this.#held--;
    }
    if (this.#held > maxRows) {
      const hint = 'use keys with fewer values, or a smaller limit';
      throw stateFull({ step: node.name, what: 'rows', max: maxRows, hint });
    }
  }

  #remove(list: List, row: HeldRow): void {
    list.rows.remove(row);
    this.#held--;
  }

  /** The rows of a list that count, with their place when it is asked for. */
  #shown({ rows }: List): readonly HeldRow[] {
    const { limit, rank } = this.#parts.node;
    const first = rows.first(limit);
    if (rank === null) return first;
    return first.map(({ time, values }, at) => ({ time, values: [...values, at + 1] }));
  }

  #tellChanges(before: ReadonlyMap<List, readonly HeldRow[]>, watermark: number): void {
    this.#fired = watermark;
    const changed = [...before].map(([list, old]) => ({ list, old, now: this.#shown(list) }));
    // First what is gone from all lists: a row that went from one to another stands under its record key, whichever is told first.
    for (const { old, now } of changed) for (const row of without(old, now)) this.#out.add(row, watermark, -1);
    for (const { list, old, now } of changed) {
      for (const row of without(now, old)) this.#out.add(row, watermark);
      if (list.rows.size === 0) this.#drop(list);
    }
    const rows = this.#out.take('update');
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    this.#parts.next.rows(rows);
  }

  #drop(list: List): void {
    this.#lists.delete(list);
    this.#index.delete(list.key);
    this.#held -= list.rows.size;
  }

  #fire(ms: number, reason: CloseReason): void {
    if (!this.#parts.node.perWindow) return;
    const due = [...this.#lists]
      .filter((list) => list.end - 1 <= ms)
      .sort((a, b) => a.end - b.end || a.start - b.start);
    const bounds: List[] = [];
    for (const list of due) {
      for (const row of this.#shown(list)) {
        this.#out.add(row, Math.max(this.#fired, list.end - 2));
        bounds.push(list);
      }
      this.#drop(list);
    }
    this.#fired = Math.max(this.#fired, ms);
    const rows = this.#out.take(reason);
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    const windowStarts = Float64Array.from(bounds, (list) => list.start);
    const windowEnds = Float64Array.from(bounds, (list) => list.end);
    this.#parts.next.rows({ ...rows, windowStarts, windowEnds });
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, reason);
    this.#parts.next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    let latest = this.#fired;
    for (const { end } of this.#lists) latest = Math.max(latest, end - 1);
    this.#fire(latest, reason);
    this.#parts.next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#held, windows: this.#parts.node.perWindow ? this.#lists.size : 0 };
  }

  save(writer: StateWriter): void {
    writer.number(this.#fired);
    writer.count(this.#lists.size);
    for (const { start, end, rows } of this.#lists) {
      writer.number(start);
      writer.number(end);
      writer.count(rows.size);
      for (const row of rows) saveRow(row, writer);
    }
  }

  load(reader: StateReader): void {
    this.#fired = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const start = reader.number();
      const end = reader.number();
      for (let rows = reader.length(); rows > 0; rows--) {
        const row = loadRow(reader);
        this.#listOf(row, start, end).rows.append(row);
        this.#held++;
      }
    }
  }
}

/** The rows of `some` that are not among `others`, each as often as it is more. */
function without(some: readonly HeldRow[], others: readonly HeldRow[]): HeldRow[] {
  const nameOf = ({ time, values }: HeldRow): string => `${time} ${rowText(values)}`;
  const counts = new Map<string, number>();
  for (const row of others) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return some.filter((row) => {
    const count = counts.get(nameOf(row)) ?? 0;
    counts.set(nameOf(row), count - 1);
    return count <= 0;
  });
}
