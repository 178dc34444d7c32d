import { expect } from 'vitest';
import { batchOf, type RowBatch, type Schema, type Value, valueAt } from '../../src/base/row-batch.js';
import type { Job, Output } from '../../src/engine/job.js';
import type { AlignedWindow } from '../../src/plan/plan.js';

/** A row of the tests: where it is read, when it happened, its key and value. */
export interface TestRow {
  readonly partition: number;
  readonly ts: number;
  readonly key: string | null;
  readonly value: number | null;
}

/** Columns of a {@link TestRow} as a source sees them. */
export const testSchema: Schema = [
  { name: 'ts', type: 'timestamp' },
  { name: 'key', type: 'string' },
  { name: 'value', type: 'double' },
];

/** One row as a batch. */
export function batchOfRows(rows: readonly TestRow[], offset = 0): RowBatch {
  const offsets = Float64Array.from(rows, (_, index) => offset + index);
  return batchOf(testSchema, rows as unknown as Record<string, Value>[], {
    partition: rows[0]?.partition ?? 0,
    offsets,
  });
}

/** Feeds rows in their order, neighbours of one partition together in batches of at most `most`. */
export function feedRows(job: Job, rows: readonly TestRow[], most = 3): void {
  for (let at = 0; at < rows.length; ) {
    let end = at + 1;
    while (end < rows.length && end - at < most && rows[end]!.partition === rows[at]!.partition) end++;
    job.feed('rows', batchOfRows(rows.slice(at, end), at));
    at = end;
  }
}

/** Results as objects with the reason. */
export function resultRows(outputs: readonly Output[]): Record<string, Value>[] {
  return outputs.flatMap((output) => {
    if (output.kind !== 'result') return [];
    const { batch, reason } = output;
    return Array.from({ length: batch.length }, (_, row) => {
      const entries = batch.schema.map(({ name, type }, at): [string, Value] => [
        name,
        valueAt(batch.vectors[at]!, type, row),
      ]);
      return Object.fromEntries([...entries, ['reason', reason]]);
    });
  });
}

/** Rows that came too late, by offset. */
export function lateOffsets(outputs: readonly Output[]): number[] {
  return outputs.flatMap((output) => (output.kind === 'late' ? [...output.batch.offsets!] : []));
}

/** Windows that hold `ts`, by the definition: found by trying every start. */
export function naiveWindows(window: AlignedWindow, ts: number): [start: number, end: number][] {
  const { sizeMs, offsetMs } = window;
  const found: [number, number][] = [];
  const hop = window.kind === 'hop' ? window.hopMs : sizeMs;
  for (let start = ts - sizeMs; start <= ts; start++) {
    const aligned = (((start - offsetMs) % hop) + hop) % hop === 0;
    if (!aligned || ts < start || ts >= start + sizeMs) continue;
    if (window.kind !== 'cumulate') found.push([start, start + sizeMs]);
    else
      for (let end = start + window.stepMs; end <= start + sizeMs; end += window.stepMs)
        if (ts < end) found.push([start, end]);
  }
  return found;
}

/** Contents of every window and group, and which rows are late: recomputed row by row from the definitions. */
export function naiveFixed(
  rows: readonly TestRow[],
  window: AlignedWindow,
  latenessMs: number,
  partitions: readonly number[],
): { groups: Map<string, TestRow[]>; late: number[] } {
  const newest = new Map(partitions.map((partition) => [partition, Number.NEGATIVE_INFINITY]));
  let watermark = Number.NEGATIVE_INFINITY;
  const groups = new Map<string, TestRow[]>();
  const late: number[] = [];
  rows.forEach((row, offset) => {
    const open = naiveWindows(window, row.ts).filter(([, end]) => end - 1 > watermark);
    if (open.length === 0) late.push(offset);
    for (const [start, end] of open) {
      const name = JSON.stringify([start, end, row.key]);
      groups.set(name, [...(groups.get(name) ?? []), row]);
    }
    newest.set(row.partition, Math.max(newest.get(row.partition)!, row.ts));
    watermark = Math.max(watermark, Math.min(...newest.values()) - latenessMs);
  });
  return { groups, late };
}

/** Sessions by the definition, for rows none of which is late: sort by time, cut where the gap is exceeded. */
export function naiveSessions(rows: readonly TestRow[], gapMs: number): Map<string, TestRow[]> {
  const groups = new Map<string, TestRow[]>();
  for (const key of new Set(rows.map((row) => row.key))) {
    const sorted = rows.filter((row) => row.key === key).sort((a, b) => a.ts - b.ts);
    let session: TestRow[] = [];
    const close = (): void => {
      if (session.length > 0) groups.set(JSON.stringify([session[0]!.ts, session.at(-1)!.ts + gapMs, key]), session);
      session = [];
    };
    for (const row of sorted) {
      if (session.length > 0 && row.ts - session.at(-1)!.ts > gapMs) close();
      session.push(row);
    }
    close();
  }
  return groups;
}

/** Aggregates of the rows of one group, by the definitions. */
export function naiveAggregates(rows: readonly TestRow[]): Record<string, number | null> {
  const values = rows.flatMap((row) => (row.value === null ? [] : [row.value]));
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const dated = rows.filter((row) => row.value !== null).sort((a, b) => a.ts - b.ts || a.value! - b.value!);
  const some = values.length > 0;
  return {
    n: rows.length,
    known: values.length,
    total: some ? sum : null,
    mean: some ? mean : null,
    low: some ? Math.min(...values) : null,
    high: some ? Math.max(...values) : null,
    spread: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null,
    variance: some ? squares / values.length : null,
    first: dated[0]?.value ?? null,
    last: dated.at(-1)?.value ?? null,
    different: new Set(values).size,
  };
}

/** The aggregates that {@link naiveAggregates} knows, as text. */
export const ALL_AGGREGATES = `COUNT(*) AS n, COUNT(value) AS known, SUM(value) AS total, AVG(value) AS mean,
  MIN(value) AS low, MAX(value) AS high, STDDEV(value) AS spread, VAR_POP(value) AS variance,
  FIRST(value) AS first, LAST(value) AS last, COUNT(DISTINCT value) AS different`;

/** Equality of results: doubles within 1e-9 relative. */
export function expectClose(actual: Value | undefined, expected: number | null, what: string): void {
  if (expected === null) expect(actual, what).toBe(null);
  else expect(Math.abs(Number(actual) - expected), what).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

/** Compares result rows with groups by name `[start, end, key]`, one by one. */
export function expectGroups(results: readonly Record<string, Value>[], groups: ReadonlyMap<string, TestRow[]>): void {
  const names = results.map((row) => JSON.stringify([row.window_start, row.window_end, row.key]));
  expect(names.toSorted()).toEqual([...groups.keys()].toSorted());
  results.forEach((row, index) => {
    for (const [column, value] of Object.entries(naiveAggregates(groups.get(names[index]!)!))) {
      expectClose(row[column], value, `${column} of ${names[index]}`);
    }
  });
}
