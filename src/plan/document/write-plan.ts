import { plannedTopics } from '../draft.js';
import { durationMs } from '../duration-words.js';
import { DEFAULT_IDLE_TIMEOUT } from '../endpoints.js';
import type {
  Dashboard,
  EventTime,
  Panel,
  Parameter,
  Plan,
  Sink,
  Source,
  SourceColumn,
  Table,
  TopicSpec,
} from '../plan.js';
import { printExpression } from '../print-expression.js';
import { planSchemas } from '../schemas.js';
import { tableTopics } from '../table.js';
import { dataOf, durationText, mapOf, valueData } from './data.js';
import type { DocumentData } from './node.js';
import { stepData } from './step-format.js';

/**
 * `plan` as a document that `readPlan` reads back to an equal plan. What goes without saying is left out: defaults, and
 * inputs that are the part just before.
 */
export function writePlan(plan: Plan): DocumentData {
  const inline = sameTopics(plan);
  const topic = (name: string): Readonly<Record<string, DocumentData | undefined>> => ({
    topic: name,
    ...(inline ? topicData(plan.topics.find((spec) => spec.name === name)!) : {}),
  });
  const letters = plan.topics.find((spec) => spec.name === plan.deadLetters);
  const lettersAlone = inline && letters !== undefined && isPlain(letters);
  const parts = [...plan.sources, ...plan.nodes].map(({ name }) => name);
  return dataOf({
    pipeline: plan.name,
    description: plan.description === '' ? undefined : plan.description,
    parameters: plan.parameters.length === 0 ? undefined : named(plan.parameters, parameterData),
    sources: named(plan.sources, (source) => sourceData(source, topic(source.topic))),
    tables: plan.tables.length === 0 ? undefined : named(plan.tables, tableData),
    steps: plan.nodes.length === 0 ? undefined : stepsData(plan),
    sinks: sinksData(plan, parts.at(-1), topic),
    deadLetters: lettersAlone && plan.deadLetters === `${plan.name}-dead-letters` ? undefined : plan.deadLetters,
    topics: inline ? undefined : named(plan.topics, (spec) => dataOf(topicData(spec))),
    dashboard: dashboardData(plan),
  });
}

function named<T extends { readonly name: string }>(
  parts: readonly T[],
  data: (part: T) => DocumentData,
): DocumentData {
  return mapOf(parts.map((part) => [part.name, data(part)]));
}

function isPlain({ partitions, replicas, config }: TopicSpec): boolean {
  return partitions === 1 && replicas === 1 && Object.keys(config).length === 0;
}

/** Whether the plan's topics are those of its sources, tables and sinks, each as it would be read. */
function sameTopics(plan: Plan): boolean {
  const expected = plannedTopics(plan, plan.topics);
  if (expected.length !== plan.topics.length || expected.some((spec, at) => spec !== plan.topics[at])) return false;
  const own = new Set([...plan.sources, ...plan.sinks].map(({ topic }) => topic));
  const ofTables = plan.tables.flatMap((table) => tableTopics({ table }));
  return plan.topics.every((spec) => {
    if (own.has(spec.name)) return true;
    const usual = ofTables.find(({ name }) => name === spec.name);
    return usual ? JSON.stringify(usual) === JSON.stringify(spec) : isPlain(spec);
  });
}

function topicData({ partitions, replicas, config }: TopicSpec): Readonly<Record<string, DocumentData | undefined>> {
  return {
    partitions: partitions === 1 ? undefined : partitions,
    replicas: replicas === 1 ? undefined : replicas,
    config: Object.keys(config).length === 0 ? undefined : mapOf(Object.entries(config)),
  };
}

function parameterData({ type, description, default: usual, defaultFrom, oneOf }: Parameter): DocumentData {
  return dataOf({
    type,
    description,
    default: usual === null ? undefined : valueData(usual, type),
    defaultFrom: defaultFrom ?? undefined,
    oneOf,
  });
}

function columnData({ type, header }: SourceColumn): DocumentData {
  return header === undefined ? type : dataOf({ header, type: type === 'string' ? undefined : type });
}

function eventTimeData(eventTime: EventTime): DocumentData | undefined {
  if (eventTime.kind === 'column') return eventTime.name;
  if (eventTime.kind === 'record')
    return eventTime.name === 'event_time' ? undefined : dataOf({ name: eventTime.name });
  return dataOf({ name: eventTime.name, from: printExpression(eventTime.expression) });
}

function sourceData(source: Source, topic: Readonly<Record<string, DocumentData | undefined>>): DocumentData {
  const idle = source.idleTimeoutMs === durationMs(DEFAULT_IDLE_TIMEOUT);
  return dataOf({
    ...topic,
    columns: mapOf(source.columns.map((column) => [column.name, columnData(column)])),
    eventTime: eventTimeData(source.eventTime),
    lateness: source.latenessMs === 0 ? undefined : durationText(source.latenessMs),
    idleTimeout: idle ? undefined : durationText(source.idleTimeoutMs),
  });
}

function tableData({ columns, from }: Table): DocumentData {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return dataOf({
    columns: mapOf(columns.map(({ name, type }) => [name, type])),
    file: from.kind === 'file' ? from.path : undefined,
    topic: from.kind === 'topic' ? from.topic : undefined,
    rows:
      from.kind === 'rows'
        ? from.rows.map((row) =>
            mapOf(Object.entries(row).map(([key, value]) => [key, valueData(value, types.get(key))])),
          )
        : undefined,
  });
}

function stepsData(plan: Plan): DocumentData {
  let before = plan.sources.length === 1 ? plan.sources[0]!.name : undefined;
  return mapOf(
    plan.nodes.map((node) => {
      const from = node.input === before ? undefined : node.input;
      before = node.name;
      const [key, data] = stepData(node);
      return [node.name, dataOf({ from, [key]: data })];
    }),
  );
}

function sinksData(
  plan: Plan,
  last: string | undefined,
  topic: (name: string) => Readonly<Record<string, DocumentData | undefined>>,
): DocumentData {
  const schemas = planSchemas(plan);
  const columnsOf = ({ input, columns }: Sink): DocumentData | undefined => {
    const schema = schemas.get(input) ?? [];
    if (JSON.stringify(schema) === JSON.stringify(columns)) return undefined;
    const typed = columns.every(({ name, type }) => schema.find((column) => column.name === name)?.type === type);
    return typed ? columns.map(({ name }) => name) : mapOf(columns.map(({ name, type }) => [name, type]));
  };
  return named(plan.sinks, (sink) =>
    dataOf({
      from: sink.input === last ? undefined : sink.input,
      ...topic(sink.topic),
      keys: sink.keys.length === 0 ? undefined : sink.keys,
      columns: columnsOf(sink),
    }),
  );
}

function dashboardData({ name, dashboard }: Plan): DocumentData | undefined {
  const { title, panels }: Dashboard = dashboard;
  if (title === name && panels.length === 0) return undefined;
  return dataOf({ title, panels: panels.length === 0 ? undefined : panels.map(panelData) });
}

function panelData(panel: Panel): DocumentData {
  const { kind, title } = panel;
  switch (panel.kind) {
    case 'bars':
      return dataOf({
        kind,
        title,
        sink: panel.sink,
        label: panel.label,
        value: panel.value,
        unit: panel.unit === '' ? undefined : panel.unit,
      });
    case 'table':
      return dataOf({ kind, title, sink: panel.sink, columns: panel.columns, sortBy: panel.sortBy ?? undefined });
    case 'sparkline':
      return dataOf({ kind, title, metric: panel.metric });
    case 'line':
      return dataOf({ kind, title, sink: panel.sink, series: panel.series, values: panel.values });
  }
}
