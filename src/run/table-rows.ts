import { StreamctlError } from '../base/errors.js';
import { makeVector, type RowBatch, type Schema, setValue, type Value } from '../base/row-batch.js';
import { JsonObjectReader } from '../connect/codecs/json-object-reader.js';
import { castFor } from '../engine/functions/casts.js';
import type { Table } from '../plan/plan.js';

/** Bound of the rows of one reference table. */
export const MAX_TABLE_ROWS = 2_000_000;

/** `1,5` or `-1234,5`: a number with a decimal comma. */
const DECIMAL_COMMA = /^\s*[+-]?\d*,\d+\s*$/;

/** JSON objects that are to become the rows of a table. */
export interface TableTexts {
  readonly texts: readonly Uint8Array[];
  /** The values are all texts or null, and are cast to the types of the columns. */
  readonly asText: boolean;
  /** Numbers may be written with a comma: where fields are not cut by commas. */
  readonly decimalComma?: boolean;
  /** Says where a text stands: `stations.csv, row 3`. */
  readonly place: (at: number) => string;
}

/** The rows of a table in its columns. @throws `bad-data` with the row that does not fit, `limit-exceeded` */
export function tableRows(table: Table, { texts, asText, decimalComma = false, place }: TableTexts): RowBatch {
  if (texts.length > MAX_TABLE_ROWS) throw tableTooLarge(table, `${MAX_TABLE_ROWS} rows`);
  const schema: Schema = asText ? table.columns.map(({ name }) => ({ name, type: 'string' })) : table.columns;
  const read = new JsonObjectReader(schema);
  const vectors = schema.map(({ type }) => makeVector(type, texts.length));
  read.into(vectors);
  texts.forEach((text, at) => {
    if (!read.read(text, 0, text.length, at)) throw badTableRow(table, place(at), read.reason);
  });
  const batch = { schema: table.columns, length: texts.length, partition: 0 };
  if (!asText) return { ...batch, vectors };
  const cast = table.columns.map(({ name, type }, column) => {
    const vector = makeVector(type, texts.length);
    const convert = castFor('string', type);
    for (let row = 0; row < texts.length; row++) {
      const text = (vectors[column]!.data[row] ?? null) as string | null;
      const known = decimalComma && type === 'double' && text !== null && DECIMAL_COMMA.test(text);
      const value: Value | undefined = text === null ? null : convert(known ? text.replace(',', '.') : text);
      if (value === undefined) throw badTableRow(table, place(row), `${name}: "${text}" is no ${type}`);
      setValue(vector, row, value);
    }
    return vector;
  });
  return { ...batch, vectors: cast };
}

/** A row that does not fit, and where it stands. */
export function badTableRow(table: Table, place: string, reason: string): StreamctlError {
  return new StreamctlError('bad-data', `table "${table.name}": ${place}: ${reason}`);
}

/** @param bound `2000000 rows` */
export function tableTooLarge(table: Table, bound: string): StreamctlError {
  return new StreamctlError('limit-exceeded', `table "${table.name}" has more than ${bound}`, {
    hint: 'reference tables are held in memory: leave out what is not looked up',
  });
}
