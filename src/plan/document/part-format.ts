import type { Schema, Value, ValueType } from '../../base/row-batch.js';
import type {
  Dashboard,
  EventTime,
  Panel,
  Parameter,
  Sink,
  Source,
  SourceColumn,
  Table,
  TableSource,
  TopicSpec,
} from '../plan.js';
import { tableTopics } from '../table.js';
import { readValue } from './data.js';
import type { DocumentEntry, DocumentNode } from './node.js';
import type { Fields, Reading } from './reading.js';

const TOPIC_KEYS = ['partitions', 'replicas', 'config'];

/** A sink whose columns may have to be looked up; null: all of its input. */
export interface UntypedSink extends Omit<Sink, 'columns'> {
  readonly columns: readonly { readonly name: string; readonly type: ValueType | null }[] | null;
}

function topicSettings(reading: Reading, name: string, fields: Fields): TopicSpec {
  const config = fields.get('config');
  const entries = config === undefined ? [] : reading.entries(config, 'config');
  return {
    name,
    partitions: reading.number(fields.get('partitions'), 'partitions', 1),
    replicas: reading.number(fields.get('replicas'), 'replicas', 1),
    config: Object.fromEntries(
      entries.map(({ key, value }) => [key, reading.text(value, `setting "${key}"`, value.at)] as const),
    ),
  };
}

/** Reads an entry of `topics`. */
export function readTopicSpec(reading: Reading, { key, value }: DocumentEntry): TopicSpec {
  return topicSettings(reading, key, reading.fields(value, `topic "${key}"`, TOPIC_KEYS));
}

/** Reads an entry of `parameters`. */
export function readParameter(reading: Reading, { key: name, at, value }: DocumentEntry): Parameter {
  const what = `parameter "${name}"`;
  const fields = reading.fields(value, what, ['type', 'description', 'default', 'defaultFrom', 'oneOf']);
  const type = reading.type(fields.get('type'), `type of ${what}`, at);
  const usual = fields.get('default');
  const from = fields.get('defaultFrom');
  const oneOf = fields.get('oneOf');
  return {
    name,
    type,
    description: reading.textOr(fields.get('description'), 'description', ''),
    default: usual === undefined ? null : readValue(reading, usual, type, `default of ${what}`),
    defaultFrom: from === undefined ? null : reading.choice(from, 'defaultFrom', ['year'] as const, 'year'),
    ...(oneOf === undefined ? {} : { oneOf: reading.names(oneOf, 'oneOf') }),
  };
}

function readColumns(reading: Reading, node: DocumentNode | undefined, what: string, at: number): Schema {
  if (node === undefined) {
    reading.add(at, `${what} has no columns`, 'write columns: { name: string, price: double }');
    return [];
  }
  return reading
    .entries(node, 'columns', 'write columns: { name: string, price: double }')
    .map(({ key, value }) => ({ name: key, type: reading.type(value, `type of column "${key}"`, value.at) }));
}

function readSourceColumns(reading: Reading, node: DocumentNode | undefined, what: string, at: number): SourceColumn[] {
  if (node === undefined || node.kind !== 'map') return [...readColumns(reading, node, what, at)];
  return node.entries.map(({ key, value }) => {
    const column = `column "${key}"`;
    if (value.kind !== 'map') return { name: key, type: reading.type(value, `type of ${column}`, value.at) };
    const fields = reading.fields(value, column, ['type', 'header']);
    const header = fields.get('header');
    const type = fields.get('type');
    return {
      name: key,
      type: type || !header ? reading.type(type, `type of ${column}`, value.at) : 'string',
      ...(header ? { header: reading.text(header, 'header', value.at) } : {}),
    };
  });
}

function readEventTime(reading: Reading, node: DocumentNode | undefined): EventTime {
  if (node === undefined) return { kind: 'record', name: 'event_time' };
  if (node.kind !== 'map') return { kind: 'column', name: reading.text(node, 'eventTime', node.at) };
  const fields = reading.fields(node, 'eventTime', ['name', 'from']);
  const name = reading.text(fields.get('name'), 'name of the event time', node.at);
  const from = fields.get('from');
  if (from === undefined) return { kind: 'record', name };
  return { kind: 'computed', name, expression: reading.expression(from, 'event time', from.at) };
}

/** Reads an entry of `sources`; settings of its topic go to `topics`. */
export function readSource(
  reading: Reading,
  { key: name, at, value }: DocumentEntry,
  idleTimeoutMs: number,
  topics: TopicSpec[],
): Source {
  const what = `source "${name}"`;
  const keys = ['topic', ...TOPIC_KEYS, 'columns', 'eventTime', 'lateness', 'idleTimeout'];
  const fields = reading.fields(value, what, keys);
  const topic = reading.textOr(fields.get('topic'), 'topic', name);
  topics.push(topicSettings(reading, topic, fields));
  return {
    name,
    topic,
    columns: readSourceColumns(reading, fields.get('columns'), what, at),
    eventTime: readEventTime(reading, fields.get('eventTime')),
    latenessMs: reading.duration(fields.get('lateness'), 'lateness', 0),
    idleTimeoutMs: reading.duration(fields.get('idleTimeout'), 'idleTimeout', idleTimeoutMs),
  };
}

/** Reads an entry of `tables`; its topic goes to `topics`. */
export function readTable(reading: Reading, { key: name, at, value }: DocumentEntry, topics: TopicSpec[]): Table {
  const what = `table "${name}"`;
  const fields = reading.fields(value, what, ['columns', 'file', 'topic', 'rows']);
  const columns = readColumns(reading, fields.get('columns'), what, at);
  const [file, topic, rows] = [fields.get('file'), fields.get('topic'), fields.get('rows')];
  if ([file, topic, rows].filter((given) => given !== undefined).length !== 1)
    reading.add(at, `${what} says one of file, topic and rows`);
  const from: TableSource = file
    ? { kind: 'file', path: reading.text(file, 'file', file.at) }
    : topic
      ? { kind: 'topic', topic: reading.text(topic, 'topic', topic.at) }
      : { kind: 'rows', rows: reading.list(rows, 'rows').map((row) => readRow(reading, row, columns)) };
  const table = { name, columns, from };
  topics.push(...tableTopics({ table }));
  return table;
}

function readRow(reading: Reading, node: DocumentNode, columns: Schema): Readonly<Record<string, Value>> {
  const entries = reading.entries(node, 'a row', 'write { column: value }');
  const known = columns.map(({ name }) => name);
  return Object.fromEntries(
    entries.map(({ key, at, value }) => {
      const type = columns.find(({ name }) => name === key)?.type;
      if (type === undefined) reading.add(at, `there is no column "${key}"`, `columns are ${known.join(', ')}`);
      return [key, type === undefined ? null : readValue(reading, value, type, `column "${key}"`)] as const;
    }),
  );
}

/** Reads an entry of `sinks`; settings of its topic go to `topics`. @param last whose rows it takes unless it says. */
export function readSink(
  reading: Reading,
  { key: name, at, value }: DocumentEntry,
  last: string | undefined,
  topics: TopicSpec[],
): UntypedSink {
  const fields = reading.fields(value, `sink "${name}"`, ['from', 'topic', ...TOPIC_KEYS, 'keys', 'columns']);
  const topic = reading.textOr(fields.get('topic'), 'topic', name);
  topics.push(topicSettings(reading, topic, fields));
  const from = fields.get('from');
  if (from === undefined && last === undefined)
    reading.add(at, `sink "${name}" does not say whose rows it takes`, 'write from: NAME');
  const columns = fields.get('columns');
  return {
    name,
    input: from === undefined ? (last ?? '') : reading.text(from, 'from', at),
    topic,
    keys: reading.names(fields.get('keys'), 'keys'),
    columns:
      columns === undefined
        ? null
        : columns.kind === 'map'
          ? readColumns(reading, columns, `sink "${name}"`, at)
          : reading.names(columns, 'columns').map((column) => ({ name: column, type: null })),
  };
}

const PANELS = ['bars', 'table', 'sparkline', 'line'] as const;
const METRICS = ['rows-per-second', 'lag', 'late'] as const;

/** Reads `dashboard`. @param found is told where each panel stands. */
export function readDashboard(
  reading: Reading,
  node: DocumentNode | undefined,
  pipeline: string,
  found: (title: string, entry: DocumentEntry) => void,
): Dashboard {
  if (node === undefined) return { title: pipeline, panels: [] };
  const fields = reading.fields(node, 'the dashboard', ['title', 'panels']);
  return {
    title: reading.textOr(fields.get('title'), 'title', pipeline),
    panels: reading.list(fields.get('panels'), 'panels').map((item) => {
      const panel = readPanel(reading, item);
      found(panel.title, { key: panel.title, at: item.at, value: item });
      return panel;
    }),
  };
}

const PANEL_KEYS: Readonly<Record<(typeof PANELS)[number], readonly string[]>> = {
  bars: ['sink', 'label', 'value', 'unit'],
  table: ['sink', 'columns', 'sortBy'],
  sparkline: ['metric'],
  line: ['sink', 'series', 'values'],
};

function readPanel(reading: Reading, node: DocumentNode): Panel {
  const entries = node.kind === 'map' ? node.entries : [];
  const kindNode = entries.find(({ key }) => key === 'kind')?.value;
  if (kindNode === undefined && node.kind === 'map')
    reading.add(node.at, 'a panel has no kind', `it is one of ${PANELS.join(', ')}`);
  const kind = reading.choice(kindNode, 'kind', PANELS, 'sparkline');
  const fields = reading.fields(node, `a panel of ${kind}`, ['kind', 'title', ...PANEL_KEYS[kind]]);
  const text = (key: string): string => reading.text(fields.get(key), `${key} of the panel`, node.at);
  const title = text('title');
  switch (kind) {
    case 'bars':
      return {
        kind,
        title,
        sink: text('sink'),
        label: text('label'),
        value: text('value'),
        unit: reading.textOr(fields.get('unit'), 'unit', ''),
      };
    case 'table':
      return {
        kind,
        title,
        sink: text('sink'),
        columns: reading.names(fields.get('columns'), 'columns'),
        sortBy: reading.textOr(fields.get('sortBy'), 'sortBy', null),
      };
    case 'sparkline':
      return { kind, title, metric: reading.choice(fields.get('metric'), 'metric', METRICS, 'rows-per-second') };
    case 'line':
      return {
        kind,
        title,
        sink: text('sink'),
        series: text('series'),
        values: reading.names(fields.get('values'), 'values'),
      };
  }
}
