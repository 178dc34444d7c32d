import { makeVector, type NumberVector } from '../../../base/row-batch.js';
import { JsonObjectReader } from '../../../connect/codecs/json-object-reader.js';
import { RowBlock } from '../../../connect/codecs/row-block.js';
import type { FileShape, RowReader } from '../../../connect/sources/replay/row-reader.js';
import { type CompileScope, compileExpression, type Evaluator } from '../../../engine/compile.js';
import { everyRow } from '../../../engine/rows.js';
import { columnsOf, type Expression } from '../../../plan/expression.js';
import type { Source } from '../../../plan/plan.js';

/** Rows that tell whether a file comes newest first. */
const HEAD_ROWS = 1000;

/**
 * Rows with the event times that a pipeline finds in them, whatever columns it takes them from. A row without one has
 * that of the row before it: it is for the pipeline to reject.
 */
export class EventTimeReader implements RowReader {
  readonly shape: FileShape;
  readonly #reader: RowReader;
  readonly #columns: Source['columns'];
  readonly #decoder: JsonObjectReader;
  readonly #time: Evaluator;
  /** Time of the first row that has one, and of the last one so far. */
  #first = Number.NaN;
  #before = Number.NaN;
  /** Rows that were looked at and not given out yet, from `#taken` on. */
  #head: RowBlock | undefined;
  #taken = 0;
  #row = 0;

  constructor(reader: RowReader, source: Source, expression: Expression, scope: Omit<CompileScope, 'schema'>) {
    const read = columnsOf(expression);
    this.#reader = reader;
    this.shape = reader.shape;
    this.#columns = source.columns.filter(({ name, header }) => header === undefined && read.has(name));
    this.#decoder = new JsonObjectReader(this.#columns);
    this.#time = compileExpression(expression, { ...scope, schema: this.#columns });
  }

  get row(): number {
    return this.#head ? this.#row : this.#reader.row;
  }

  get share(): number | undefined {
    return this.#reader.share;
  }

  get sources(): readonly string[] | undefined {
    return this.#reader.sources;
  }

  /**
   * Looks at the first rows, which are given out all the same: whether any of them has a time, and whether the earlier
   * ones have the later times, as in archives.
   */
  async look(): Promise<{ readonly hasTimes: boolean; readonly isNewestFirst: boolean }> {
    const head = new RowBlock();
    while (head.count < HEAD_ROWS && (await this.#readTimed(head, HEAD_ROWS))) {
      // On to the next rows.
    }
    this.#head = head;
    this.#taken = 0;
    const times = head.times.subarray(0, head.count);
    // Rows before the first time have that one.
    this.#first = times.find((time) => !Number.isNaN(time)) ?? Number.NaN;
    for (let row = 0; Number.isNaN(times[row]!) && row < head.count; row++) times[row] = this.#first;
    const half = times.length >> 1;
    const isNewestFirst = half > 0 && mean(times.subarray(half)) < mean(times.subarray(0, half));
    return { hasTimes: !Number.isNaN(this.#first), isNewestFirst };
  }

  async read(block: RowBlock, maxRows: number): Promise<boolean> {
    const head = this.#head;
    if (!head) return this.#readTimed(block, maxRows);
    for (; this.#taken < head.count && block.count < maxRows; this.#taken++) {
      const row = head.hold(this.#taken);
      this.#row = row.row;
      block.add(row);
    }
    if (this.#taken < head.count) return true;
    this.#head = undefined;
    return block.count >= maxRows || this.#readTimed(block, maxRows);
  }

  async rewind(): Promise<boolean> {
    this.#head = undefined;
    this.#before = this.#first;
    return this.#reader.rewind();
  }

  remarks(): readonly string[] {
    return this.#reader.remarks();
  }

  close(): void {
    this.#reader.close?.();
  }

  async #readTimed(block: RowBlock, maxRows: number): Promise<boolean> {
    const first = block.count;
    const isMore = await this.#reader.read(block, maxRows);
    this.#setTimes(block, first);
    return isMore;
  }

  #setTimes(block: RowBlock, first: number): void {
    const length = block.count - first;
    if (length === 0) return;
    const vectors = this.#columns.map(({ type }) => makeVector(type, length));
    this.#decoder.into(vectors);
    const isRow = new Uint8Array(length);
    for (let row = 0; row < length; row++) {
      const at = first + row;
      isRow[row] = this.#decoder.read(block.bytes, block.start(at), block.ends[at]!, row) ? 1 : 0;
    }
    const input = { vectors, selection: everyRow(length), selected: length, length };
    const failed = new Set<number>();
    const { data, nulls } = this.#time.evaluate(input, (row) => void failed.add(row)) as NumberVector;
    for (let row = 0; row < length; row++) {
      const time = data[row]!;
      // Pipelines say 1970 of rows in which they find no time.
      const isTime = isRow[row] === 1 && nulls[row] === 0 && !failed.has(row) && time > 0;
      if (isTime) this.#before = time;
      block.times[first + row] = this.#before;
    }
  }
}

function mean(times: Float64Array): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}
