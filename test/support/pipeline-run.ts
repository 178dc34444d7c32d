import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { systemCompression } from '../../src/base/compression.js';
import { batchOf, type RowBatch, rowAt, type Value, type ValueType } from '../../src/base/row-batch.js';
import { CsvJson } from '../../src/connect/codecs/csv-json.js';
import { detectCsv } from '../../src/connect/codecs/csv-shape.js';
import { JsonDecoder } from '../../src/connect/codecs/json-decoder.js';
import { RowBlock } from '../../src/connect/codecs/row-block.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Job, JobOptions, Output } from '../../src/engine/job.js';
import { neededColumns } from '../../src/plan/needed-columns.js';
import type { Plan } from '../../src/plan/plan.js';
import { encodeHeaders, RecordBatchBuilder } from '../../src/wire/record-batch-builder.js';
import { PhasedRun } from '../engine/phased.js';
import { builtInParameters } from './built-in.js';

/** A record of a source topic. */
export interface TestRecord {
  /** JSON text. */
  readonly text: string;
  readonly partition: number;
  readonly timestampMs: number;
  /** Record headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A row of a result, by column. */
export type ResultRow = Readonly<Record<string, Value>>;

/** What came of a run. */
export interface PlanRun {
  readonly outputs: readonly Output[];
  /** Every result row of a sink, in order. */
  rows(sink: string): readonly ResultRow[];
  /** The newest row per window and record key of a sink, by its identity: what is true at the end. */
  finals(sink: string): ReadonlyMap<string, ResultRow>;
  /** Rows that came too late. */
  readonly late: number;
  /** Reasons of rejected rows, those that are no rows among them. */
  readonly rejected: readonly string[];
}

/** The rows of a CSV file as replay makes records of them, with constants added to each. */
export function csvTexts(
  path: string,
  plan: Plan,
  constants: Readonly<Record<string, string>> = {},
): readonly string[] {
  const bytes = readFileSync(path);
  const start = bytes[0] === 0xef ? 3 : 0;
  const content = bytes.subarray(start);
  const shape = detectCsv(content, true);
  const isNumber = (name: string): boolean =>
    plan.sources[0]!.columns.some(
      (column) => column.name === name && (column.type === 'bigint' || column.type === 'double'),
    );
  const layout = {
    ...shape.marks,
    columns: shape.columns.map(({ name }) => ({ name, kind: isNumber(name) ? 'number' : 'text' }) as const),
    constants: Object.entries(constants).map(([name, value]) => ({ name, json: JSON.stringify(value) })),
    keyColumn: -1,
    timeColumn: -1,
  };
  const block = new RowBlock();
  const input = new Uint8Array(content.length + 1);
  input.set(content);
  const bad: string[] = [];
  const converter = new CsvJson(layout, shape.firstLine, (row) => bad.push(JSON.stringify(row)));
  converter.convert(input, shape.headerBytes, content.length, true, block, Number.POSITIVE_INFINITY);
  if (bad.length > 0) throw new Error(`${path}: ${bad[0]}`);
  const decoder = new TextDecoder();
  return Array.from({ length: block.count }, (_, at) =>
    decoder.decode(block.bytes.slice(block.start(at), block.ends[at]!)),
  );
}

/** Records of texts as replay makes them: lots of `lotRows` in turn over the partitions, a second apart. */
export function recordsOf(texts: readonly string[], partitions = 1, lotRows = 100): readonly TestRecord[] {
  return texts.map((text, at) => {
    const lot = Math.floor(at / lotRows);
    return {
      text,
      partition: lot % partitions,
      timestampMs: Date.UTC(2020, 0, 1) + at * 1000,
      headers: { 'streamctl-lot': String(lot + 1), 'streamctl-source': 'test.csv' },
    };
  });
}

/** The fixture of a built-in pipeline as records: a CSV file of its name. */
export function fixtureRecords(plan: Plan, partitions = 1): readonly TestRecord[] {
  return recordsOf(csvTexts(`fixtures/${plan.name}.csv`, plan), partitions);
}

function cellValue(text: string, type: ValueType): Value {
  if (text === '') return null;
  return type === 'string' ? text : Number(text.replaceAll(' ', '').replace(',', '.'));
}

/** What a run of the fixture is given: its reference tables, all stations. */
export function fixtureSettings(plan: Plan): Pick<JobOptions, 'parameters' | 'tables'> {
  const tables = plan.tables.flatMap(({ name, columns, from }) => {
    if (from.kind !== 'file') return [];
    const content = readFileSync(`fixtures/${from.path}`, 'utf8');
    const delimiter = content.split('\n', 1)[0]!.includes(';') ? ';' : ',';
    const rows = parse(content, { columns: true, bom: true, delimiter }) as Record<string, string>[];
    const values = rows.map((row) =>
      Object.fromEntries(columns.map((column) => [column.name, cellValue(row[column.name]!, column.type)])),
    );
    return [[name, { rows: batchOf(columns, values), version: from.path }] as const];
  });
  const stations = plan.name === 'velib' ? { stations: 'all' } : {};
  return { parameters: { ...builtInParameters(plan), ...stations }, tables: Object.fromEntries(tables) };
}

interface Decoded {
  readonly batch: RowBatch;
  readonly rejected: readonly string[];
}

/** What the first source of `plan` reads from records of one partition. */
function decode(plan: Plan, records: readonly TestRecord[], firstOffset: number): Decoded {
  const source = plan.sources[0]!;
  const builder = new RecordBatchBuilder(1024);
  const encoder = new TextEncoder();
  for (const { text, timestampMs, headers = {} } of records) {
    const pairs = Object.entries(headers).map(([key, value]) => ({ key, value: encoder.encode(value) }));
    builder.append(timestampMs, null, encoder.encode(text), encodeHeaders(pairs));
  }
  const decoder = new JsonDecoder(neededColumns(plan, source.name), systemCompression);
  const end = firstOffset + records.length;
  const bytes = builder.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(0, BigInt(firstOffset));
  const { rows, rejected } = decoder.decode({
    topic: source.topic,
    partition: records[0]!.partition,
    records: bytes,
    fromOffset: firstOffset,
    nextOffset: end,
    highWatermark: end,
    lastStableOffset: end,
    logStartOffset: 0,
    aborted: [],
  });
  return { batch: rows, rejected: rejected.map(({ reason }) => reason) };
}

/** How a run goes. */
export interface RunSettings extends JobOptions {
  /** Records after which the job is saved, thrown away and restored. */
  readonly restoreAfter?: number;
  /** Called with each new job before rows come. */
  readonly prepare?: (job: Job) => void;
  /** Most records of a batch. */
  readonly batchRows?: number;
}

/** Runs a plan with one source over records to their end. */
export function runPipeline(plan: Plan, records: readonly TestRecord[], settings: RunSettings = {}): PlanRun {
  const { restoreAfter = -1, prepare, batchRows = 100, ...options } = settings;
  const source = plan.sources[0]!.name;
  const count = records.reduce((most, { partition }) => Math.max(most, partition), 0) + 1;
  const partitions = Array.from({ length: count }, (_, partition) => partition);
  const make = (): Job => {
    const made = compileJob(plan, {
      parameters: builtInParameters(plan),
      partitions: { [source]: partitions },
      ...options,
    });
    prepare?.(made);
    return made;
  };
  let job = make();
  const outputs: Output[] = [];
  const rejected: string[] = [];
  const offsets = partitions.map(() => 0);
  for (let at = 0; at < records.length; ) {
    const { partition } = records[at]!;
    let end = at + 1;
    const limit = at < restoreAfter ? Math.min(at + batchRows, restoreAfter) : at + batchRows;
    while (end < limit && records[end]?.partition === partition) end++;
    const decoded = decode(plan, records.slice(at, end), offsets[partition]!);
    offsets[partition]! += end - at;
    rejected.push(...decoded.rejected);
    if (decoded.batch.length > 0) job.feed(source, decoded.batch);
    at = end;
    if (at === restoreAfter) {
      outputs.push(...job.drain());
      const saved = job.snapshot();
      job = make();
      job.restore(saved);
    }
  }
  for (const partition of partitions) job.end(source, partition);
  outputs.push(...job.drain());
  return summary(plan, outputs, rejected);
}

/** The same by several workers, see PhasedRun. @param turns numbers that decide what is flushed, delivered and moved when. */
export function runShared(
  plan: Plan,
  records: readonly TestRecord[],
  settings: JobOptions & { readonly shares: number; readonly turns: readonly number[]; readonly batchRows?: number },
): PlanRun {
  const { shares, turns, batchRows = 20, ...given } = settings;
  const source = plan.sources[0]!.name;
  const partitions = records.reduce((most, { partition }) => Math.max(most, partition), 0) + 1;
  const options = { parameters: builtInParameters(plan), ...given };
  const run = new PhasedRun(plan, { partitions, shares, turns, options });
  const rejected: string[] = [];
  const offsets = Array.from({ length: partitions }, () => 0);
  for (let at = 0; at < records.length; ) {
    const { partition } = records[at]!;
    let end = at + 1;
    while (end < at + batchRows && records[end]?.partition === partition) end++;
    const decoded = decode(plan, records.slice(at, end), offsets[partition]!);
    offsets[partition]! += end - at;
    rejected.push(...decoded.rejected);
    if (decoded.batch.length > 0) run.feed(source, decoded.batch);
    at = end;
  }
  return summary(plan, run.end(), rejected);
}

/** What tells one result of a sink from another: its window and its record key. */
export function resultIdentity(plan: Plan, sink: string, row: ResultRow): string {
  const keys = plan.sinks.find(({ name }) => name === sink)?.keys ?? [];
  return JSON.stringify(['window_start', 'window_end', ...keys].filter((name) => name in row).map((name) => row[name]));
}

function summary(plan: Plan, outputs: readonly Output[], undecoded: readonly string[]): PlanRun {
  const each = (sink: string, visit: (row: ResultRow, deleted: boolean) => void): void => {
    for (const output of outputs) {
      if (output.kind !== 'result' || output.sink !== sink) continue;
      for (let at = 0; at < output.batch.length; at++) visit(rowAt(output.batch, at), output.deleted?.[at] === 1);
    }
  };
  return {
    outputs,
    rows: (sink) => {
      const rows: ResultRow[] = [];
      each(sink, (row, deleted) => deleted || rows.push(row));
      return rows;
    },
    finals: (sink) => {
      const finals = new Map<string, ResultRow>();
      each(sink, (row, deleted) => {
        const identity = resultIdentity(plan, sink, row);
        finals.delete(identity);
        if (!deleted) finals.set(identity, row);
      });
      return finals;
    },
    late: outputs.reduce((sum, output) => sum + (output.kind === 'late' ? output.batch.length : 0), 0),
    rejected: [...undecoded, ...outputs.flatMap((output) => (output.kind === 'rejected' ? output.reasons : []))],
  };
}

/** Whether two values are the same as DESIGN has it: whole numbers and all else exactly, others within 1e-9 relative. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return Object.is(a ?? null, b ?? null);
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-3);
}

/** What differs between two tables of results, a line each; empty when they are the same. */
export function differences(
  actual: ReadonlyMap<string, ResultRow>,
  expected: ReadonlyMap<string, ResultRow>,
): readonly string[] {
  const lines: string[] = [];
  for (const [identity, row] of expected) {
    const other = actual.get(identity);
    if (!other) {
      lines.push(`${identity} is missing`);
      continue;
    }
    for (const [name, value] of Object.entries(row)) {
      if (!sameValue(other[name], value))
        lines.push(`${identity} ${name}: ${String(other[name])}, not ${String(value)}`);
    }
  }
  for (const identity of actual.keys()) if (!expected.has(identity)) lines.push(`${identity} is too much`);
  return lines;
}
