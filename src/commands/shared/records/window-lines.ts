import { utf8 } from '../../../base/bytes.js';
import { type NumberVector, type Value, type ValueType, type Vector, valueAt } from '../../../base/row-batch.js';
import { isoText } from '../../../base/time.js';
import { MAX_NUMBER_BYTES, writeNull, writeNumber } from '../../../connect/codecs/json-bytes.js';
import { WORD_BYTES } from '../../../connect/codecs/json-words.js';
import { WINDOW_END, WINDOW_START } from '../../../plan/plan.js';
import type { ResultColumn } from '../../../plan/snapshot.js';
import type { ResultRows, WindowResult } from '../../../run/interfaces.js';
import { stringifyJson } from '../../../ui/output/json.js';
import type { ByteWriter } from '../frame/byte-writer.js';

/** What the lines of one sink have in common. */
interface Labels {
  readonly columns: readonly ResultColumn[];
  readonly windowed: boolean;
  /** `"name":` per column with the comma before it, undefined for the bounds of a window, which stand before the row. */
  readonly names: readonly (string | undefined)[];
  /** The names as bytes. */
  readonly bytes: readonly (Uint8Array | undefined)[];
}

/** A column of results as it is written. */
interface Cell {
  /** Its name and what stands around it, and how many bytes that is. */
  readonly words: Int32Array;
  readonly size: number;
  readonly vector: Vector;
  readonly type: ValueType;
  /** Type of the column, where the values are of another one. */
  readonly shown: ValueType;
  /** The vector, where numbers of it are written as they are. */
  readonly numbers: NumberVector | undefined;
}

/** The window and the reason that lines have in common. */
type Common = Pick<WindowResult, 'sink' | 'reason' | 'windowStartMs' | 'windowEndMs'>;

const END = utf8('}}\n');
const NULL = utf8('null');

/** Whether a column repeats a bound of the result's window. */
export function isBound(name: string, result: Pick<WindowResult, 'windowStartMs'>): boolean {
  return result.windowStartMs !== undefined && (name === WINDOW_START || name === WINDOW_END);
}

/**
 * Lines of NDJSON for results: what `stringifyJson` makes of `windowRecord`, without the objects between. Results come by the
 * hundred thousand, and those of one window have all but the row in common.
 */
export class WindowLines {
  #labels: Labels | undefined;
  #last: Common | undefined;
  #lead = '';

  /** The line of a result, with its end. */
  text(result: WindowResult): string {
    const { columns, values } = result;
    const { names } = this.#labelsOf(columns, result);
    let text = this.#leadOf(result);
    for (let at = 0; at < columns.length; at++) {
      const name = names[at];
      if (name !== undefined) text += name + valueText(values[at], columns[at]!.type);
    }
    return `${text}}}\n`;
  }

  /** Writes the lines of results that left together. */
  write(rows: ResultRows, writer: ByteWriter): void {
    const { sink, columns, batch, windowStarts, windowEnds, reason } = rows;
    const { length } = batch;
    let cells: readonly Cell[] = [];
    let lead = END;
    let most = 0;
    for (let row = 0; row < length; row++) {
      if (row === 0 || changes(windowStarts, row) || changes(windowEnds, row)) {
        const common: Common = { sink, reason, ...bounds(windowStarts?.[row], windowEnds?.[row]) };
        cells = cellsOf(rows, this.#labelsOf(columns, common));
        lead = utf8(this.#leadOf(common));
        most = lead.length + mostBytes(cells);
      }
      const chunk = writer.room(most);
      chunk.set(lead, writer.collected);
      writer.filled(writer.collected + lead.length);
      writeCells(writer, cells, row, most);
    }
  }

  /** Everything before the first column. */
  #leadOf(common: Common): string {
    const { sink, windowStartMs, windowEndMs, reason } = common;
    const last = this.#last;
    const same =
      last?.sink === sink &&
      last.reason === reason &&
      last.windowStartMs === windowStartMs &&
      last.windowEndMs === windowEndMs;
    if (!same) {
      const start = windowStartMs === undefined ? {} : { window_start: isoText(windowStartMs) };
      const end = windowEndMs === undefined ? {} : { window_end: isoText(windowEndMs) };
      this.#lead = `${stringifyJson({ type: 'window', sink, ...start, ...end, reason }).slice(0, -1)},"row":{`;
      this.#last = common;
    }
    return this.#lead;
  }

  #labelsOf(columns: readonly ResultColumn[], common: Common): Labels {
    const windowed = common.windowStartMs !== undefined;
    if (this.#labels?.columns !== columns || this.#labels.windowed !== windowed) {
      const names: (string | undefined)[] = [];
      for (const { name } of columns) {
        const comma = names.some((other) => other !== undefined) ? ',' : '';
        names.push(isBound(name, common) ? undefined : `${comma}${JSON.stringify(name)}:`);
      }
      const bytes = names.map((name) => (name === undefined ? undefined : utf8(name)));
      this.#labels = { columns, windowed, names, bytes };
    }
    return this.#labels;
  }
}

/** Whether the row has another bound than the one before it. */
function changes(bound: Float64Array | undefined, row: number): boolean {
  return bound !== undefined && bound[row] !== bound[row - 1];
}

function bounds(windowStartMs: number | undefined, windowEndMs: number | undefined): Partial<Common> {
  return windowStartMs === undefined || windowEndMs === undefined ? {} : { windowStartMs, windowEndMs };
}

function cellsOf({ columns, batch }: ResultRows, { bytes }: Labels): Cell[] {
  return columns.flatMap(({ type: shown }, at) => {
    const label = bytes[at];
    if (label === undefined) return [];
    const vector = batch.vectors[at]!;
    const { type } = batch.schema[at]!;
    const isPlain =
      vector.kind === 'number' && !vector.wide && shown === type && (type === 'double' || type === 'bigint');
    const numbers = isPlain ? vector : undefined;
    return [{ words: wordsOf(label), size: label.length, vector, type, shown, numbers }];
  });
}

/** Most bytes of a line's cells and end, without texts. */
function mostBytes(cells: readonly Cell[]): number {
  return cells.reduce((sum, { words }) => sum + WORD_BYTES * words.length + MAX_NUMBER_BYTES, END.length);
}

/** Writes the columns of a row, and the end of its line. @param most bytes that it takes at most, without texts. */
function writeCells(writer: ByteWriter, cells: readonly Cell[], row: number, most: number): void {
  let chunk = writer.room(most);
  let { view, collected: at } = writer;
  // The last number and where it stands: of a group of one row the mean, the smallest and the largest are one.
  let last = Number.NaN;
  let start = 0;
  let end = 0;
  for (const { words, size, numbers, vector, type, shown } of cells) {
    // What a word has too much, the next one overwrites.
    for (let word = 0, to = at; word < words.length; word++, to += WORD_BYTES) view.setInt32(to, words[word]!, true);
    at += size;
    if (numbers === undefined) {
      writer.filled(at);
      writeValue(writer, vector, type, shown, row);
      chunk = writer.room(most);
      ({ view, collected: at } = writer);
      last = Number.NaN;
    } else if (numbers.nulls[row] !== 0) at = writeNull(chunk, at);
    else if (numbers.data[row] === last) for (let from = start; from < end; from++) chunk[at++] = chunk[from]!;
    else {
      last = numbers.data[row]!;
      start = at;
      at = writeNumber(chunk, at, last);
      end = at;
    }
  }
  for (let from = 0; from < END.length; from++) chunk[at++] = END[from]!;
  writer.filled(at);
}

function writeValue(writer: ByteWriter, vector: Vector, type: ValueType, shown: ValueType, row: number): void {
  const value = valueAt(vector, type, row);
  if (value === null) writer.bytes(NULL);
  else if (shown === 'string' && typeof value === 'string') writer.jsonText(value);
  else writer.text(valueText(value, shown));
}

/** Bytes as little-endian numbers of 32 bits, the last one filled up with zeros. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
  whole.set(bytes);
  const view = new DataView(whole.buffer);
  return Int32Array.from({ length: whole.length / WORD_BYTES }, (_, word) => view.getInt32(word * WORD_BYTES, true));
}

function valueText(value: Value | undefined, type: ValueType): string {
  if (value === undefined || value === null) return 'null';
  if (type === 'timestamp') return `"${isoText(Number(value))}"`;
  return stringifyJson(value);
}
