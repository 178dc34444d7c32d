import type { Node } from 'yaml';
import { batchOf, type JsonValue, type Value } from '../base/row-batch.js';
import type { CloseReason, ReferenceRows } from '../engine/job.js';
import { didYouMean } from '../plan/did-you-mean.js';
import type { Plan, Sink, Source, Table } from '../plan/plan.js';
import {
  fedRecord,
  MAX_PARTITIONS,
  placeOf,
  type RecordDefaults,
  readAside,
  readExpected,
  readRecords,
  timeOf,
  typedValue,
} from './read-rows.js';
import { recordText } from './record-text.js';
import type { FedRecord, Match, TestStep } from './test-case.js';
import { type Field, rangeOf, UNREADABLE, type YamlReader } from './yaml-reader.js';

/** What test files refer to. Paths are relative to the test file. */
export interface TestPlaces {
  /** The pipeline of that name or in that file. @throws StreamctlError */
  loadPlan(name: string): Promise<Plan>;
  /** The rows of a reference table in a file. @throws StreamctlError */
  readTable(table: Table, path: string): Promise<ReferenceRows>;
  /** The rows of a csv, ndjson or xlsx file as JSON texts, for a source. @throws StreamctlError */
  readRecords(source: Source, path: string): Promise<readonly string[]>;
}

/** Steps by the key that says what they do, with what else they can have. */
const STEPS = {
  feed: ['rows', 'file', 'partition', 'offset', 'key', 'timestamp', 'every'],
  advance: [],
  idle: ['partition'],
  end: ['partition'],
  checkpoint: [],
  crash: [],
  table: ['rows', 'file'],
  expect: ['rows', 'match', 'columns', 'reason'],
  'expect state': ['rows', 'match', 'columns'],
  'expect late': [],
  'expect rejected': [],
  'expect nothing': [],
  'expect watermark': [],
} as const;
type Verb = keyof typeof STEPS;
const VERBS = Object.keys(STEPS) as Verb[];
/** Steps that can be written as a word alone. */
const ALONE: readonly string[] = ['crash', 'checkpoint', 'end', 'idle', 'expect nothing'];
const MATCHES: readonly Match[] = ['exact', 'unordered', 'contains'];
const REASONS: readonly CloseReason[] = ['watermark', 'idle', 'eof', 'timeout', 'update'];

/** What the steps of a case are read with. */
export interface StepScope {
  readonly reader: YamlReader;
  readonly plan: Plan;
  readonly places: TestPlaces;
}

type Read = (name: string) => Node | null | undefined;

/** Reads one step; undefined (with a problem noted) when it is none. */
export async function readStep(scope: StepScope, node: Node | null): Promise<TestStep | undefined> {
  const { reader } = scope;
  const word = reader.value(node);
  if (typeof word === 'string') {
    if (ALONE.includes(word)) return plainStep(scope, word as Verb, node!, null, () => undefined);
    const near = didYouMean(word, VERBS);
    reader.problem(node, `"${word}" is no step`, near ? `did you mean ${near}?` : `steps are ${VERBS.join(', ')}`);
    return undefined;
  }
  const all = reader.fields(node, 'a step', undefined);
  const verb = VERBS.find((candidate) => all.some(({ name }) => name === candidate));
  if (node === null || all.length === 0) return undefined;
  if (verb === undefined) {
    const [first] = all as [Field];
    const near = didYouMean(first.name, VERBS);
    reader.problem(
      first.key,
      `"${first.name}" is no step`,
      near ? `did you mean ${near}?` : `steps are ${VERBS.join(', ')}`,
    );
    return undefined;
  }
  reader.fields(node, `step "${verb}"`, [verb, ...STEPS[verb]]);
  const read: Read = (name) => all.find((field) => field.name === name)?.value;
  const target = read(verb) ?? null;
  switch (verb) {
    case 'feed':
      return feedStep(scope, node, target, read);
    case 'table':
      return tableStep(scope, node, target, read);
    case 'expect':
    case 'expect state':
      return rowsStep(scope, verb, node, target, read);
    default:
      return plainStep(scope, verb, node, target, read);
  }
}

function plainStep(scope: StepScope, verb: Verb, node: Node, target: Node | null, read: Read): TestStep | undefined {
  const { reader, plan } = scope;
  const line = reader.lineOf(node);
  switch (verb) {
    case 'advance': {
      const durationMs = reader.duration(target, 'advance');
      return durationMs === undefined ? undefined : { kind: 'advance', line, durationMs };
    }
    case 'idle':
    case 'end': {
      const named = target && reader.value(target) !== null && reader.value(target) !== 'all';
      const source = named ? named && findSource(scope, target) : undefined;
      if (named && !source) return undefined;
      const given = read('partition');
      const partition = given === undefined ? undefined : reader.whole(given, 'partition', 0, MAX_PARTITIONS - 1);
      return { kind: verb, line, source: source ? source.name : undefined, partition };
    }
    case 'expect late':
    case 'expect rejected': {
      const kind = verb === 'expect late' ? 'late' : 'rejected';
      const filled = target !== null && reader.value(target) !== null;
      const rows = filled ? readAside(reader, target, kind) : undefined;
      return { kind, line, rows, place: placeOf(reader, node, target) };
    }
    case 'expect nothing': {
      const named = target && reader.value(target) !== null;
      return { kind: 'nothing', line, sink: named ? findSink(scope, target)?.name : undefined };
    }
    case 'expect watermark':
      return target
        ? { kind: 'watermark', line, watermarkMs: watermarkOf(reader, target), range: rangeOf(target) }
        : undefined;
    case 'checkpoint':
    case 'crash':
      if (target && reader.value(target) !== null) reader.problem(target, `${verb} takes nothing`, `- ${verb}`);
      return { kind: verb, line };
    default:
      reader.problem(node, `"${verb}" of ${plan.name} cannot be read`);
      return undefined;
  }
}

function watermarkOf(reader: YamlReader, node: Node): number {
  const value = reader.value(node);
  if (value === 'none') return Number.NEGATIVE_INFINITY;
  if (value === 'end') return Number.POSITIVE_INFINITY;
  return timeOf(reader, node, value);
}

function findSource({ reader, plan }: StepScope, node: Node | null): Source | undefined {
  return findPart(reader, node, 'source', plan.sources);
}

function findSink({ reader, plan }: StepScope, node: Node | null): Sink | undefined {
  return findPart(reader, node, 'sink', plan.sinks);
}

/** A part of the plan by its name or, for sources and sinks, its topic. */
function findPart<P extends { readonly name: string; readonly topic?: string }>(
  reader: YamlReader,
  node: Node | null,
  what: string,
  parts: readonly P[],
): P | undefined {
  const name = reader.text(node, what);
  if (name === undefined) return undefined;
  const found = parts.find((part) => part.name === name) ?? parts.find((part) => part.topic === name);
  if (found) return found;
  const names = parts.map((part) => part.name);
  const near = didYouMean(name, names);
  reader.problem(
    node,
    `the pipeline has no ${what} "${name}"`,
    near ? `did you mean ${near}?` : `it has ${names.join(', ') || 'none'}`,
  );
  return undefined;
}

async function feedStep(scope: StepScope, node: Node, target: Node | null, read: Read): Promise<TestStep | undefined> {
  const { reader } = scope;
  const source = findSource(scope, target);
  if (!source) return undefined;
  const whole = (name: string, most?: number): number | undefined => {
    const given = read(name);
    return given === undefined ? undefined : reader.whole(given, name, 0, most);
  };
  const timestamp = read('timestamp');
  const every = read('every');
  const key = read('key');
  const defaults: RecordDefaults = {
    source: source.name,
    partition: whole('partition', MAX_PARTITIONS - 1),
    key: key === undefined ? undefined : reader.text(key, 'key'),
    timestampMs: timestamp ? timeOf(reader, timestamp, reader.value(timestamp)) : undefined,
    everyMs: every === undefined ? 0 : (reader.duration(every, 'every') ?? 0),
  };
  const [rows, file] = [read('rows'), read('file')];
  if ((rows === undefined) === (file === undefined)) {
    reader.problem(node, 'a feed has rows or a file', 'rows: [{ price: 1 }] or file: rows.csv');
    return undefined;
  }
  const records =
    rows === undefined ? await fileRecords(scope, file!, source, defaults) : readRecords(reader, rows, defaults);
  return { kind: 'feed', line: reader.lineOf(node), source: source.name, records, offset: whole('offset') };
}

async function fileRecords(
  { reader, places }: StepScope,
  node: Node | null,
  source: Source,
  defaults: RecordDefaults,
): Promise<readonly FedRecord[]> {
  const path = reader.text(node, 'file');
  if (path === undefined) return [];
  const texts = await reader.attempt(node, () => places.readRecords(source, path));
  return (texts ?? []).map((text, at) => {
    let values: Readonly<Record<string, Value>> | null = null;
    try {
      values = JSON.parse(text) as Record<string, Value>;
    } catch {
      // A line that is no JSON is a record like any other: the pipeline rejects it.
    }
    return fedRecord(text, values, at, defaults);
  });
}

async function tableStep(scope: StepScope, node: Node, target: Node | null, read: Read): Promise<TestStep | undefined> {
  const { reader, plan } = scope;
  const table = findPart(reader, target, 'table', plan.tables);
  if (!table) return undefined;
  const given = read('rows') ?? read('file');
  if (!given) {
    reader.problem(node, 'a table has rows or a file');
    return undefined;
  }
  const edition = await readTable(scope, table, given);
  return edition && { kind: 'table', line: reader.lineOf(node), table: table.name, edition };
}

/** Rows of a reference table: a list of maps, or the name of a file. */
export async function readTable(
  { reader, places }: Pick<StepScope, 'reader' | 'places'>,
  table: Table,
  node: Node | null,
): Promise<ReferenceRows | undefined> {
  const value = reader.value(node);
  if (typeof value === 'string') return reader.attempt(node, () => places.readTable(table, value));
  const rows = reader.items(node, `table "${table.name}"`).map((item) => {
    const row: Record<string, Value> = {};
    for (const field of reader.fields(
      item,
      `a row of "${table.name}"`,
      table.columns.map((column) => column.name),
    )) {
      const { type } = table.columns.find((column) => column.name === field.name)!;
      const typed = typedValue(reader.value(field.value) as JsonValue, type);
      if (typed === UNREADABLE) {
        reader.problem(field.value, `${field.name}: ${recordText(reader.value(field.value))} is no ${type}`);
      } else row[field.name] = typed;
    }
    return row;
  });
  return { rows: batchOf(table.columns, rows), version: 'test' };
}

function rowsStep(
  scope: StepScope,
  verb: 'expect' | 'expect state',
  node: Node,
  target: Node | null,
  read: Read,
): TestStep | undefined {
  const { reader } = scope;
  const sink = findSink(scope, target);
  if (!sink) return undefined;
  const optional = <T>(name: string, take: (node: Node | null) => T): T | undefined => {
    const given = read(name);
    return given === undefined ? undefined : take(given);
  };
  const columns = optional('columns', (list) =>
    reader.items(list, 'columns').flatMap((item) => {
      const column = findPart(reader, item, 'column', sink.columns);
      return column ? [column.name] : [];
    }),
  );
  const rows = read('rows');
  // A list that is still empty is one to be filled in.
  const filled = rows !== undefined && reader.value(rows) !== null;
  return {
    kind: verb === 'expect' ? 'rows' : 'state',
    line: reader.lineOf(node),
    sink: sink.name,
    rows: filled ? readExpected(reader, rows, sink.columns) : undefined,
    match: optional('match', (at) => reader.choice(at, 'match', MATCHES)) ?? 'unordered',
    columns,
    reason: optional('reason', (at) => reader.choice(at, 'reason', REASONS)),
    place: placeOf(reader, node, rows ?? null),
  };
}
