import { utf8 } from '../../../base/bytes.js';
import { type Value, type ValueType, type Vector, valueAt } from '../../../base/row-batch.js';
import { isoText } from '../../../base/time.js';
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
  #leadBytes: Uint8Array | undefined;

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
    const { vectors, schema, length } = batch;
    for (let row = 0; row < length; row++) {
      if (row === 0 || changes(windowStarts, row) || changes(windowEnds, row)) {
        const common: Common = { sink, reason, ...bounds(windowStarts?.[row], windowEnds?.[row]) };
        this.#labelsOf(columns, common);
        this.#leadBytes = utf8(this.#leadOf(common));
      }
      writer.bytes(this.#leadBytes!);
      const labels = this.#labels!.bytes;
      for (let at = 0; at < columns.length; at++) {
        const name = labels[at];
        if (name === undefined) continue;
        writer.bytes(name);
        writeValue(writer, vectors[at]!, schema[at]!.type, columns[at]!.type, row);
      }
      writer.bytes(END);
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

/** @param type of the values. @param shown type of the column. */
function writeValue(writer: ByteWriter, vector: Vector, type: ValueType, shown: ValueType, row: number): void {
  if (vector.kind === 'number' && (type === 'double' || type === 'bigint') && shown === type) {
    if (vector.nulls[row] === 0 && !vector.wide?.has(row)) {
      writer.jsonNumber(vector.data[row]!);
      return;
    }
  } else if (vector.kind === 'object' && shown === 'string') {
    const value = vector.data[row];
    if (typeof value === 'string') {
      writer.jsonText(value);
      return;
    }
  }
  const value = valueAt(vector, type, row);
  if (value === null) writer.bytes(NULL);
  else writer.text(valueText(value, shown));
}

function valueText(value: Value | undefined, type: ValueType): string {
  if (value === undefined || value === null) return 'null';
  if (type === 'timestamp') return `"${isoText(Number(value))}"`;
  return stringifyJson(value);
}
