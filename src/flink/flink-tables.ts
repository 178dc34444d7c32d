import type { Schema } from '../base/row-batch.js';
import { durationWords } from '../plan/duration-words.js';
import type { Sink, Source, SourceColumn, Table } from '../plan/plan.js';
import { quoteText } from '../plan/spelling.js';
import { type FlinkScope, flinkExpression, flinkType } from './flink-expression.js';
import { flinkName, intervalText, optionLines } from './spelling.js';

/** Where a script's topics are, and how it reads them. */
export interface FlinkTopics {
  /** `host:port` of brokers, comma between. */
  readonly brokers: string;
  /** Reads what is there and ends, so that every window closes. */
  readonly bounded: boolean;
}

/** Column of a sink's table that sets the record's timestamp. */
export const RECORD_TIME = 'record_time';

/** Columns of a source's table that tell its records apart. */
export const RECORD_IDENTITY = ['record_partition', 'record_offset'] as const;

function columnLines(columns: Schema): string[] {
  return columns.map(({ name, type }) => `  ${flinkName(name)} ${flinkType(type)}`);
}

function createTable(name: string, lines: readonly string[], options: Readonly<Record<string, string>>): string {
  return `CREATE TEMPORARY TABLE ${flinkName(name)} (\n${lines.join(',\n')}\n) WITH (\n${optionLines(options)}\n)`;
}

/** `wanted`, longer when `columns` has it. */
export function freeColumn(columns: Schema, wanted: string): string {
  let name = wanted;
  while (columns.some((column) => column.name === name)) name = `_${name}`;
  return name;
}

/** Name of the column with the event time in the table of a source. */
export function sourceTimeColumn(source: Source): string {
  const { eventTime, columns } = source;
  if (eventTime.kind !== 'column') return eventTime.name;
  const isTimestamp = columns.some(({ name, type }) => name === eventTime.name && type === 'timestamp');
  return isTimestamp ? eventTime.name : freeColumn(columns, `${eventTime.name}_time`);
}

/** Lines of the columns of a source; those of record headers are computed from the map of all headers. */
function sourceColumnLines(columns: readonly SourceColumn[]): string[] {
  const lines = columnLines(columns.filter(({ header }) => header === undefined));
  const ofHeaders = columns.filter(({ header }) => header !== undefined);
  if (ofHeaders.length === 0) return lines;
  const all = flinkName(freeColumn(columns, 'record_headers'));
  lines.push(`  ${all} MAP<STRING, BYTES> METADATA FROM 'headers' VIRTUAL`);
  for (const { name, header } of ofHeaders)
    lines.push(`  ${flinkName(name)} AS DECODE(${all}[${quoteText(header!)}], 'UTF-8')`);
  return lines;
}

/** The table that reads the topic of `source`, with its event time and watermark. */
export function sourceTable(
  source: Source,
  pipeline: string,
  topics: FlinkTopics,
  scope: Omit<FlinkScope, 'columns' | 'aggregated'> & { readonly identity: readonly string[] },
): string {
  const { eventTime, columns } = source;
  const time = sourceTimeColumn(source);
  const lines = sourceColumnLines(columns);
  if (eventTime.kind === 'record')
    lines.push(`  ${flinkName(time)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL`);
  else if (eventTime.kind === 'computed') {
    const text = flinkExpression(eventTime.expression, { ...scope, columns, aggregated: null });
    lines.push(`  ${flinkName(time)} AS ${text}`);
  } else if (time !== eventTime.name)
    lines.push(`  ${flinkName(time)} AS TO_TIMESTAMP_LTZ(${flinkName(eventTime.name)}, 3)`);
  if (eventTime.kind !== 'record') {
    scope.note(`a row of "${source.name}" without event time fails the Flink job; here it is rejected`);
  }
  if (columns.some(({ type }) => type === 'timestamp')) {
    scope.note(
      `times in topic ${source.topic} must be ISO 8601 in UTC (2024-05-31T12:00:00Z) for Flink; others are null`,
    );
  }
  if (scope.identity.length > 0) {
    lines.push(`  ${RECORD_IDENTITY[0]} INT METADATA FROM 'partition' VIRTUAL`);
    lines.push(`  ${RECORD_IDENTITY[1]} BIGINT METADATA FROM 'offset' VIRTUAL`);
  }
  const late = source.latenessMs === 0 ? '' : ` - ${intervalText(source.latenessMs)}`;
  lines.push(`  WATERMARK FOR ${flinkName(time)} AS ${flinkName(time)}${late}`);
  scope.note(
    `a partition of ${source.topic} silent for ${durationWords(source.idleTimeoutMs)} is set aside as here, but when all are, Flink waits for the next row`,
  );
  return createTable(source.name, lines, {
    connector: 'kafka',
    topic: source.topic,
    'properties.bootstrap.servers': topics.brokers,
    'properties.group.id': `streamctl-${pipeline}-flink`,
    'scan.startup.mode': 'earliest-offset',
    ...(topics.bounded ? { 'scan.bounded.mode': 'latest-offset' } : {}),
    'scan.watermark.idle-timeout': `${source.idleTimeoutMs} ms`,
    format: 'json',
    'json.timestamp-format.standard': 'ISO-8601',
    'json.ignore-parse-errors': 'true',
  });
}

/** How the rows of a sink reach its topic. */
export interface SinkShape {
  readonly tableName: string;
  /** Rows are taken back and replaced: the topic is written by key. */
  readonly changing: boolean;
  /** Rows have an event time, which becomes the record's timestamp. */
  readonly timed: boolean;
  /** Columns of the record key: of the sink, or beside its columns where rows are replaced and it has none. */
  readonly keys: readonly string[];
}

/** The table that writes the topic of `sink`. */
export function sinkTable(sink: Sink, shape: SinkShape, topics: FlinkTopics, note: (sentence: string) => void): string {
  const lines = columnLines(sink.columns);
  const time = freeColumn(sink.columns, RECORD_TIME);
  if (shape.timed) lines.push(`  ${flinkName(time)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'`);
  const common = { topic: sink.topic, 'properties.bootstrap.servers': topics.brokers };
  if (sink.keys.length > 1) {
    note(`the record key of ${sink.topic} is a JSON object of its columns, not a JSON array`);
  }
  if (shape.changing) {
    const own = sink.keys.length > 0;
    if (own) note('rows whose record key is null are left out; here they have a record without key');
    else lines.push(...shape.keys.map((name) => `  ${flinkName(name)} ${extraKeyType(name)}`));
    lines.push(`  PRIMARY KEY (${shape.keys.map(flinkName).join(', ')}) NOT ENFORCED`);
    return createTable(shape.tableName, lines, {
      connector: 'upsert-kafka',
      ...common,
      ...(shape.keys.length === 1 && !own ? { 'key.format': 'raw' } : keyFormat(sink)),
      'value.format': 'json',
      ...(own ? {} : { 'value.fields-include': 'EXCEPT_KEY' }),
      'value.json.timestamp-format.standard': 'ISO-8601',
    });
  }
  return createTable(shape.tableName, lines, {
    connector: 'kafka',
    ...common,
    ...(sink.keys.length === 0 ? {} : { ...keyFormat(sink), 'key.fields': sink.keys.join(';') }),
    'value.format': 'json',
    'value.json.timestamp-format.standard': 'ISO-8601',
  });
}

function extraKeyType(name: string): string {
  return name === RECORD_IDENTITY[0] ? 'INT' : name === RECORD_IDENTITY[1] ? 'BIGINT' : 'STRING';
}

function keyFormat(sink: Sink): Record<string, string> {
  const [first] = sink.keys;
  const type = sink.columns.find(({ name }) => name === first)?.type;
  const raw = sink.keys.length === 1 && type === 'string';
  return raw ? { 'key.format': 'raw' } : { 'key.format': 'json', 'key.json.timestamp-format.standard': 'ISO-8601' };
}

/** Name of the column that makes reference data a table with versions: its rows hold since ever. */
export const HOLDS_SINCE = 'holds_since';

/**
 * The table of reference data that lies in a file or a compacted topic.
 * @param identity columns that a lookup asks for, which tell its rows apart; of periods with the start.
 */
export function referenceTable(
  table: Table,
  identity: { readonly keys: readonly string[]; readonly from: string | null },
  topics: FlinkTopics,
  note: (sentence: string) => void,
): string {
  const since = freeColumn(table.columns, HOLDS_SINCE);
  const lines = [...columnLines(table.columns)];
  const { keys, from } = identity;
  const names = from === null ? keys : [...keys, from];
  const key = `  PRIMARY KEY (${names.map(flinkName).join(', ')}) NOT ENFORCED`;
  if (table.from.kind === 'topic') {
    lines.push(`  ${flinkName(since)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL`);
    lines.push(`  WATERMARK FOR ${flinkName(since)} AS ${flinkName(since)}`, key);
    return createTable(table.name, lines, {
      connector: 'upsert-kafka',
      topic: table.from.topic,
      'properties.bootstrap.servers': topics.brokers,
      ...(topics.bounded ? { 'scan.bounded.mode': 'latest-offset' } : {}),
      'key.format': 'raw',
      'value.format': 'json',
      'value.json.timestamp-format.standard': 'ISO-8601',
    });
  }
  const path = table.from.kind === 'file' ? table.from.path : '';
  // Columns of a primary key are never null for the planner, and open periods are; a join by them needs no key.
  if (from === null) {
    lines.push(`  ${flinkName(since)} AS TO_TIMESTAMP_LTZ(0, 3)`);
    lines.push(`  WATERMARK FOR ${flinkName(since)} AS ${flinkName(since)}`, key);
  }
  note(
    `table ${table.name} reads ${path} as CSV with commas, columns in this order, once at the start; its header is a row like others`,
  );
  return createTable(table.name, lines, {
    connector: 'filesystem',
    path,
    format: 'csv',
    'csv.ignore-parse-errors': 'true',
    'csv.null-literal': '',
  });
}

/** Rows that are part of the plan, as a view. */
export function rowsView(table: Table, constant: (value: unknown, type: Schema[number]['type']) => string): string {
  const rows = table.from.kind === 'rows' ? table.from.rows : [];
  const texts = rows.map(
    (row) => `  (${table.columns.map(({ name, type }) => constant(row[name] ?? null, type)).join(', ')})`,
  );
  const names = table.columns.map(({ name }) => flinkName(name)).join(', ');
  return `CREATE TEMPORARY VIEW ${flinkName(table.name)} AS\nSELECT * FROM (VALUES\n${texts.join(',\n')}\n) AS ${flinkName('t')}(${names})`;
}

/** A setting of the session. */
export function setting(name: string, value: string): string {
  return `SET ${quoteText(name)} = ${quoteText(value)}`;
}
