import type { ObjectVector, RowBatch, Schema, Vector } from '../base/row-batch.js';
import type { CloseReason } from './job.js';

/**
 * Rows on their way through the steps. Steps that drop rows do not copy: they hand on a smaller selection, so
 * that a row keeps its number in `origin` until an aggregate makes new rows.
 */
export interface Rows {
  readonly schema: Schema;
  readonly vectors: readonly Vector[];
  /** Numbers of the rows that are still on their way, ascending; only the first `selected` count. */
  readonly selection: Int32Array;
  readonly selected: number;
  /** Event time of each row, epoch ms. */
  readonly times: Float64Array;
  /** Watermark in force before each row came; never falls. */
  readonly watermarks: Float64Array;
  /** 1 for each row that is added, -1 for each that is taken back; undefined where rows are only added. */
  readonly changes: Int8Array | undefined;
  readonly reason: CloseReason;
  /** Bounds of the window each row is the result of; undefined for other rows. */
  readonly windowStarts: Float64Array | undefined;
  readonly windowEnds: Float64Array | undefined;
  /** What rejected and late rows are reported as. */
  readonly origin: Origin;
}

/** Where rows came from: the batch that was fed, or the results of a step. */
export interface Origin {
  readonly source: string | null;
  readonly batch: RowBatch;
}

/** What comes after a step. */
export interface Receiver {
  /** Takes rows; they do not change afterwards, but `selection` is only good during the call. */
  rows(rows: Rows): void;
  /** No row that comes later, in order, is older than `ms`; Infinity: no more rows come. */
  watermark(ms: number, reason: CloseReason): void;
  /** Give out everything that is held back, although the watermark has not passed it. */
  flush(reason: CloseReason): void;
}

/** 0, 1, 2 ... `length` - 1. */
export function everyRow(length: number): Int32Array {
  const all = new Int32Array(length);
  for (let row = 0; row < length; row++) all[row] = row;
  return all;
}

/** The values of `vector` at `rows`, in that order. */
export function gatherVector(vector: Vector, rows: Int32Array, count: number): Vector {
  if (vector.kind === 'object') {
    const data: unknown[] = new Array(count).fill(null);
    for (let k = 0; k < count; k++) data[k] = vector.data[rows[k]!] ?? null;
    return { kind: 'object', data } satisfies ObjectVector;
  }
  const data = gatherNumbers(vector.data, rows, count);
  const nulls = new Uint8Array(count);
  for (let k = 0; k < count; k++) nulls[k] = vector.nulls[rows[k]!]!;
  if (!vector.wide) return { kind: 'number', data, nulls };
  const wide = new Map<number, bigint>();
  for (let k = 0; k < count; k++) {
    const value = vector.wide.get(rows[k]!);
    if (value !== undefined) wide.set(k, value);
  }
  return { kind: 'number', data, nulls, wide };
}

/** The numbers at `rows`, in that order. */
export function gatherNumbers(data: Float64Array, rows: Int32Array, count: number): Float64Array {
  const gathered = new Float64Array(count);
  for (let k = 0; k < count; k++) gathered[k] = data[rows[k]!]!;
  return gathered;
}

/** `rows` as other rows: the one at place k comes of row `numbers[k]`, with the columns of `made`. */
export function spreadRows(rows: Rows, numbers: Int32Array, made: Pick<Rows, 'schema' | 'vectors'>): Rows {
  const count = numbers.length;
  const picked = (data: Float64Array): Float64Array => gatherNumbers(data, numbers, count);
  const { changes } = rows;
  return {
    ...rows,
    ...made,
    selection: everyRow(count),
    selected: count,
    times: picked(rows.times),
    watermarks: picked(rows.watermarks),
    changes: changes && Int8Array.from(numbers, (row) => changes[row]!),
    windowStarts: rows.windowStarts && picked(rows.windowStarts),
    windowEnds: rows.windowEnds && picked(rows.windowEnds),
    origin: { source: rows.origin.source, batch: gatherBatch(rows.origin.batch, numbers, count) },
  };
}

/** A batch with only the rows numbered in `rows`, with their partition, offsets and timestamps. */
export function gatherBatch(batch: RowBatch, rows: Int32Array, count: number): RowBatch {
  return {
    schema: batch.schema,
    length: count,
    vectors: batch.vectors.map((vector) => gatherVector(vector, rows, count)),
    partition: batch.partition,
    ...(batch.offsets ? { offsets: gatherNumbers(batch.offsets, rows, count) } : {}),
    ...(batch.timestamps ? { timestamps: gatherNumbers(batch.timestamps, rows, count) } : {}),
  };
}
