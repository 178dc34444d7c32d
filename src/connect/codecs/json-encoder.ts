import { Utf8Room } from '../../base/bytes.js';
import type { JsonValue, RowBatch, Value, ValueType, Vector } from '../../base/row-batch.js';
import { columnIndex, type Schema, valueAt } from '../../base/row-batch.js';
import { isoText } from '../../base/time.js';

/**
 * Writes rows as JSON objects, one per row, keys in the order of `columns`. Numbers keep all their digits, what JSON has
 * no number for (NaN, infinities) becomes null, timestamps are ISO 8601 in UTC.
 */
export class JsonRowEncoder {
  readonly #columns: Schema;
  /** `"name":` of each column, with the comma or brace that goes before it. */
  readonly #labels: readonly string[];

  constructor(columns: Schema) {
    this.#columns = columns;
    this.#labels = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  }

  /** The bytes of each row of `batch`, which has at least the encoder's columns, by name. */
  encode(batch: RowBatch): Uint8Array[] {
    const vectors = this.#columns.map(({ name }) => batch.vectors[columnIndex(batch.schema, name)]);
    const rows: Uint8Array[] = [];
    const room = new Utf8Room();
    for (let row = 0; row < batch.length; row++) rows.push(room.put(this.#text(vectors, row)));
    return rows;
  }

  #text(vectors: readonly (Vector | undefined)[], row: number): string {
    let text = '';
    for (let index = 0; index < vectors.length; index++) {
      const vector = vectors[index];
      const type = this.#columns[index]!.type;
      text += this.#labels[index]! + (vector ? valueText(valueAt(vector, type, row), type) : 'null');
    }
    return text === '' ? '{}' : `${text}}`;
  }
}

/** Writes the record key of rows: the text of the one key column, a JSON array where there are several or it is null. */
export class RowKeyEncoder {
  readonly #keys: readonly string[];

  /** @param keys names of the key columns; none gives records without a key. */
  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** The key of each row of `batch`. */
  encode(batch: RowBatch): (Uint8Array | null)[] {
    const positions = this.#keys.map((key) => columnIndex(batch.schema, key));
    const keys: (Uint8Array | null)[] = [];
    const room = new Utf8Room();
    for (let row = 0; row < batch.length; row++) {
      const text = this.#key(batch, positions, row);
      keys.push(text === null ? null : room.put(text));
    }
    return keys;
  }

  #key(batch: RowBatch, positions: readonly number[], row: number): string | null {
    if (positions.length === 0) return null;
    const texts: string[] = [];
    let single: string | undefined;
    for (const position of positions) {
      const type = batch.schema[position]!.type;
      const value = valueAt(batch.vectors[position]!, type, row);
      if (value !== null) single = typeof value === 'string' ? value : unquoted(valueText(value, type));
      texts.push(valueText(value, type));
    }
    return texts.length === 1 && single !== undefined ? single : `[${texts.join(',')}]`;
  }
}

/** JSON text of a value of `type`; see {@link JsonRowEncoder} for what JSON has no form for. */
export function valueText(value: Value, type: ValueType): string {
  if (value === null) return 'null';
  if (type === 'timestamp') return timeText(Number(value));
  return jsonText(value as JsonValue);
}

function timeText(timeMs: number): string {
  // Beyond the years that a Date can hold there is only the number.
  return Math.abs(timeMs) <= 8.64e15 ? `"${isoText(timeMs)}"` : jsonText(timeMs);
}

function jsonText(value: JsonValue): string {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    default:
      if (value === null || value === undefined) return 'null';
      if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
      return `{${Object.entries(value)
        .map(([key, part]) => `${JSON.stringify(key)}:${jsonText(part as JsonValue)}`)
        .join(',')}}`;
  }
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1) : text;
}
