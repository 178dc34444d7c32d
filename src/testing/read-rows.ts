import { isMap, isSeq, type Node } from 'yaml';
import type { JsonValue, Schema, Value, ValueType } from '../base/row-batch.js';
import { didYouMean } from '../plan/did-you-mean.js';
import { parseTimestamp } from '../plan/timestamp-text.js';
import { recordText } from './record-text.js';
import type { ExpectedAside, ExpectedRow, FedRecord, RowsPlace } from './test-case.js';
import { rangeOf, UNREADABLE, type YamlReader } from './yaml-reader.js';

/** Says in an expected row that its key has no row any more. */
export const DELETED = '$deleted';
/** Bound of the partitions of a case. */
export const MAX_PARTITIONS = 100;
const RECORD_WORDS = ['$text', '$timestamp', '$partition', '$key', '$headers'];
const TYPE_HINTS: Readonly<Record<ValueType, string>> = {
  boolean: 'true or false',
  bigint: 'a whole number',
  double: 'a number',
  string: 'a text',
  timestamp: 'a time such as 2024-03-01T10:21:00Z',
  json: 'anything',
};

/** What all records of a feed have in common. */
export interface RecordDefaults {
  readonly source: string;
  readonly partition: number | undefined;
  /** Column whose text is the record key; undefined for none. */
  readonly key: string | undefined;
  /** Timestamp of the first record and the distance to the next, ms. */
  readonly timestampMs: number | undefined;
  readonly everyMs: number;
}

/** Reads the rows of a feed: maps become JSON objects, texts are records as they stand. */
export function readRecords(reader: YamlReader, node: Node | null, defaults: RecordDefaults): readonly FedRecord[] {
  return reader.items(node, 'rows').map((item, at) => readRecord(reader, item, at, defaults));
}

/** A record of `text` at place `at` of a feed. @param values what the text says, null when it is no JSON object. */
export function fedRecord(
  text: string,
  values: Readonly<Record<string, Value>> | null,
  at: number,
  { source, partition, key, timestampMs, everyMs }: RecordDefaults,
): FedRecord {
  const keyed = key === undefined ? null : (values?.[key] ?? null);
  return {
    source,
    text,
    values,
    headers: {},
    key: keyed === null ? null : typeof keyed === 'string' ? keyed : recordText(keyed),
    timestampMs: timestampMs === undefined ? undefined : timestampMs + at * everyMs,
    partition,
  };
}

function readRecord(reader: YamlReader, item: Node | null, at: number, defaults: RecordDefaults): FedRecord {
  const value = reader.value(item);
  if (typeof value === 'string') return fedRecord(value, parsedObject(value), at, defaults);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    reader.problem(item, 'a row is a map of columns, or the text of a record', '{ price: 1 } or \'{"price": NaN}\'');
    return fedRecord('', null, at, defaults);
  }
  const all = value as Readonly<Record<string, JsonValue>>;
  const special = Object.keys(all).filter((name) => name.startsWith('$'));
  for (const name of special) {
    if (RECORD_WORDS.includes(name)) continue;
    reader.problem(
      reader.keyOf(item, name),
      `a row has no "${name}"`,
      `beside columns it can have ${RECORD_WORDS.join(', ')}`,
    );
  }
  const columns = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('$')));
  const text = all.$text === undefined ? recordText(columns) : String(all.$text);
  const values = all.$text === undefined ? columns : parsedObject(text);
  const record = fedRecord(text, values, at, defaults);
  const timestampMs = all.$timestamp === undefined ? record.timestampMs : timeOf(reader, item, all.$timestamp);
  const partition = all.$partition === undefined ? record.partition : Number(all.$partition);
  if (partition !== undefined && !(Number.isSafeInteger(partition) && partition >= 0 && partition < MAX_PARTITIONS)) {
    reader.problem(item, `$partition is a whole number from 0 to ${MAX_PARTITIONS - 1}`);
  }
  return {
    ...record,
    timestampMs,
    headers: headersOf(all.$headers),
    partition,
    key: all.$key === undefined || all.$key === null ? record.key : String(all.$key),
  };
}

function headersOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (value === undefined || value === null || typeof value !== 'object') return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

function parsedObject(text: string): Readonly<Record<string, Value>> | null {
  try {
    const parsed = JSON.parse(text) as unknown;
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, Value>) : null;
  } catch {
    return null;
  }
}

/** Epoch ms of a time in a file; notes a problem when it is none. */
export function timeOf(reader: YamlReader, node: Node | null, value: Value): number {
  const ms = typeof value === 'string' ? parseTimestamp(value) : typeof value === 'number' ? value : Number.NaN;
  if (Number.isNaN(ms)) reader.problem(node, `${recordText(value)} is no time`, 'write 2024-03-01T10:21:00Z');
  return ms;
}

/** Reads the rows expected of a sink with columns `schema`, their values as the types of the columns have them. */
export function readExpected(reader: YamlReader, node: Node | null, schema: Schema): readonly ExpectedRow[] {
  const names = schema.map((column) => column.name);
  return reader.items(node, 'rows').map((item) => {
    const values: Record<string, Value> = {};
    let deleted = false;
    const whole = reader.value(item);
    if (whole === null || typeof whole !== 'object' || Array.isArray(whole)) {
      reader.problem(item, 'an expected row is a map of columns');
      return { values, deleted };
    }
    for (const [name, written] of Object.entries(whole as Readonly<Record<string, JsonValue>>)) {
      if (name === DELETED) {
        deleted = written === true;
        continue;
      }
      const column = schema.find((candidate) => candidate.name === name);
      if (!column) {
        const near = didYouMean(name, names);
        const key = reader.keyOf(item, name);
        reader.problem(key, `the sink has no column "${name}"`, near ? `did you mean ${near}?` : names.join(', '));
        continue;
      }
      const value = typedValue(written, column.type);
      if (value === UNREADABLE) {
        const quote = column.type === 'string' ? `: quote it, "${recordText(written)}"` : '';
        const key = reader.keyOf(item, name);
        reader.problem(key, `${name}: ${recordText(written)} is not ${TYPE_HINTS[column.type]}${quote}`);
      } else values[name] = value;
    }
    return { values, deleted };
  });
}

/** A written value as one of `type`. */
export function typedValue(written: JsonValue, type: ValueType): Value | typeof UNREADABLE {
  if (written === null || type === 'json') return written;
  switch (type) {
    case 'boolean':
    case 'string':
      return typeof written === type ? written : UNREADABLE;
    case 'double':
      return typeof written === 'number' || typeof written === 'bigint' ? Number(written) : UNREADABLE;
    case 'bigint':
      return typeof written === 'bigint' || Number.isSafeInteger(written) ? written : UNREADABLE;
    case 'timestamp': {
      if (typeof written === 'number') return written;
      const ms = typeof written === 'string' ? parseTimestamp(written) : Number.NaN;
      return Number.isNaN(ms) ? UNREADABLE : ms;
    }
  }
}

/** Reads rows that are expected to be set aside; rejected ones say `{ reason, row }`. */
export function readAside(reader: YamlReader, node: Node | null, kind: 'late' | 'rejected'): readonly ExpectedAside[] {
  return reader.items(node, `expect ${kind}`).map((item) => {
    if (kind === 'late') return { reason: undefined, row: asideRow(reader, item) };
    const fields = reader.fields(item, 'a rejected row', ['reason', 'row']);
    const reason = fields.find(({ name }) => name === 'reason');
    const row = fields.find(({ name }) => name === 'row');
    return {
      reason: reason && reader.text(reason.value, 'reason'),
      row: row && asideRow(reader, row.value),
    };
  });
}

function asideRow(reader: YamlReader, node: Node | null): ExpectedAside['row'] {
  const value = reader.value(node);
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return value as Readonly<Record<string, Value>>;
  }
  reader.problem(node, 'a row is a map of columns, or the text of a record');
  return undefined;
}

/**
 * Where a list of rows stands.
 * @param step the whole step. @param list the list, null where there is none yet.
 */
export function placeOf(reader: YamlReader, step: Node, list: Node | null): RowsPlace {
  const inBraces = isMap(step) && step.flow === true;
  const here = { inBraces, indent: reader.columnOf(step), stepEnd: rangeOf(step)[1] };
  if (!isSeq(list)) return { ...here, range: list && rangeOf(list), items: [], flow: false };
  const items = list.items.map((item) => rangeOf(item as Node));
  return { ...here, range: rangeOf(list), items, flow: list.flow === true };
}
