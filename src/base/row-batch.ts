import { assert } from './assert.js';

/** Types of a column, in Flink's words: BOOLEAN, BIGINT, DOUBLE, STRING, TIMESTAMP_LTZ(3), and any JSON value. */
export type ValueType = 'boolean' | 'bigint' | 'double' | 'string' | 'timestamp' | 'json';

/** One value outside a batch. A bigint column gives a number when it is a safe integer, else a bigint. Timestamps are epoch ms. */
export type Value = boolean | number | bigint | string | null | JsonValue;
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export interface Column {
  readonly name: string;
  readonly type: ValueType;
}

/** Columns in order; names are unique. */
export type Schema = readonly Column[];

/** Values of a boolean (0 and 1), bigint, double or timestamp (epoch ms) column. */
export interface NumberVector {
  readonly kind: 'number';
  readonly data: Float64Array;
  /** 1 where the value is null. */
  readonly nulls: Uint8Array;
  /** Exact values of the rows of a bigint column that are no safe integers; `data` has their rounded form. */
  wide?: Map<number, bigint>;
}

/** Values of a string or json column. */
export interface ObjectVector<T = unknown> {
  readonly kind: 'object';
  readonly data: (T | null)[];
}

export type Vector = NumberVector | ObjectVector;

/** Rows of one source partition as columns. What a layer hands on is not changed afterwards. */
export interface RowBatch {
  readonly schema: Schema;
  /** Number of rows. */
  readonly length: number;
  /** One per column of `schema`; each may be longer than `length`. */
  readonly vectors: readonly Vector[];
  /** Source partition, 0 where there is none. */
  readonly partition: number;
  /** Source offset per row, where the source has offsets. */
  readonly offsets?: Float64Array;
  /** Record timestamp (epoch ms) per row, where the source has one. */
  readonly timestamps?: Float64Array;
}

/** An empty vector of the right kind with room for `capacity` rows. */
export function makeVector(type: ValueType, capacity: number): Vector {
  if (type === 'string' || type === 'json') return { kind: 'object', data: [] };
  return { kind: 'number', data: new Float64Array(capacity), nulls: new Uint8Array(capacity) };
}

/** The value at `row`, in the form {@link Value} describes. */
export function valueAt(vector: Vector, type: ValueType, row: number): Value {
  if (vector.kind === 'object') return (vector.data[row] ?? null) as Value;
  if (vector.nulls[row]) return null;
  if (type === 'boolean') return vector.data[row] !== 0;
  return vector.wide?.get(row) ?? vector.data[row]!;
}

/** Stores `value` at `row` of a vector that has room for it. */
export function setValue(vector: Vector, row: number, value: Value): void {
  if (vector.kind === 'object') {
    vector.data[row] = value;
    return;
  }
  if (value === null || value === undefined) {
    vector.nulls[row] = 1;
    return;
  }
  vector.nulls[row] = 0;
  vector.data[row] = Number(value);
  if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) {
    vector.wide ??= new Map();
    vector.wide.set(row, value);
  }
}

/** Stores a number that fits the vector; as {@link setValue}, without making a value of it. */
export function setNumber(vector: Vector, row: number, value: number): void {
  if (vector.kind === 'object') vector.data[row] = value;
  else {
    vector.nulls[row] = 0;
    vector.data[row] = value;
  }
}

/** Position of column `name` in `schema`, -1 when absent. */
export function columnIndex(schema: Schema, name: string): number {
  return schema.findIndex((column) => column.name === name);
}

/** A row as an object, for tests and user interfaces; not for the hot path. */
export function rowAt(batch: RowBatch, row: number): Record<string, Value> {
  const object: Record<string, Value> = {};
  batch.schema.forEach((column, index) => {
    object[column.name] = valueAt(batch.vectors[index]!, column.type, row);
  });
  return object;
}

/** Builds a batch from row objects; missing keys are null. For tests, tables and small inputs. */
export function batchOf(
  schema: Schema,
  rows: readonly Readonly<Record<string, Value>>[],
  extra: Partial<Pick<RowBatch, 'partition' | 'offsets' | 'timestamps'>> = {},
): RowBatch {
  const vectors = schema.map((column) => makeVector(column.type, rows.length));
  rows.forEach((row, index) => {
    schema.forEach((column, position) => {
      setValue(vectors[position]!, index, row[column.name] ?? null);
    });
  });
  assert(new Set(schema.map((column) => column.name)).size === schema.length, 'column names are unique');
  return { schema, length: rows.length, vectors, partition: 0, ...extra };
}
