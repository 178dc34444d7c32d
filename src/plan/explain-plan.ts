import { durationWords } from './duration-words.js';
import type { NamedExpression } from './expression.js';
import type {
  AggregateStep,
  Emit,
  EventTime,
  JoinNode,
  LookupNode,
  Parameter,
  Plan,
  PlanNode,
  SourceColumn,
  Window,
} from './plan.js';
import { inputsOf } from './plan.js';
import { printExpression } from './print-expression.js';
import { planSchemas } from './schemas.js';
import { quoteName, TYPE_NAMES } from './spelling.js';

function schemaText(schema: readonly SourceColumn[]): string {
  const from = ({ header }: SourceColumn): string => (header === undefined ? '' : ` (header ${header})`);
  return schema.map((column) => `${quoteName(column.name)} ${TYPE_NAMES[column.type]}${from(column)}`).join(', ');
}

function eventTimeText(eventTime: EventTime): string {
  switch (eventTime.kind) {
    case 'record':
      return `the record's timestamp, as ${quoteName(eventTime.name)}`;
    case 'column':
      return `column ${quoteName(eventTime.name)}`;
    case 'computed':
      return `${quoteName(eventTime.name)} = ${printExpression(eventTime.expression)}`;
  }
}

/** A window in words: `tumbling windows of 1 minute`. */
export function windowWords(window: Window): string {
  const offset = 'offsetMs' in window && window.offsetMs !== 0 ? `, offset ${durationWords(window.offsetMs)}` : '';
  switch (window.kind) {
    case 'tumble':
      return `tumbling windows of ${durationWords(window.sizeMs)}${offset}`;
    case 'hop':
      return `windows of ${durationWords(window.sizeMs)} every ${durationWords(window.hopMs)}${offset}`;
    case 'cumulate':
      return `windows that grow by ${durationWords(window.stepMs)} to ${durationWords(window.sizeMs)}${offset}`;
    case 'sliding':
      return `sliding windows of ${durationWords(window.sizeMs)}, one for each different set of rows`;
    case 'session':
      return `sessions that end after ${durationWords(window.gapMs)} of silence`;
  }
}

function emitWords(emit: Emit, windowed: boolean): string {
  if (emit.kind === 'update') return 'with every change';
  return emit.kind === 'every'
    ? `every ${durationWords(emit.everyMs)}`
    : windowed
      ? 'when the window closes'
      : 'when the stream ends';
}

function namedLines(columns: readonly NamedExpression[]): string[] {
  return columns.map(({ name, expression }) => `${quoteName(name)} = ${printExpression(expression)}`);
}

function aggregateLines(node: AggregateStep): string[] {
  const keys = node.keys.length > 0 ? `by ${node.keys.map(quoteName).join(', ')}` : 'all rows together';
  const lines = [
    `${keys}, ${node.window ? `in ${windowWords(node.window)}` : 'over all time'}`,
    ...namedLines(node.columns),
  ];
  lines.push(`result: ${emitWords(node.emit, node.window !== null)}`);
  if (node.asOf !== null) lines.push(`${quoteName(node.asOf)} = the time up to which it holds`);
  if (node.allowedLatenessMs > 0) lines.push(`corrections for ${durationWords(node.allowedLatenessMs)} after that`);
  return lines;
}

function lookupLines({ table, keys, range, join, columns, version }: LookupNode): string[] {
  const pairs = keys.map(({ left, right }) =>
    left === right ? quoteName(left) : `${quoteName(left)} = ${table}.${quoteName(right)}`,
  );
  const lines = [`look up in table ${table} by ${pairs.join(', ')}`];
  if (range)
    lines.push(`${quoteName(range.from)} <= ${quoteName(range.value)} <= ${quoteName(range.to)}, latest first`);
  const taken = columns.map(({ name, from }) =>
    name === from ? quoteName(name) : `${quoteName(from)} AS ${quoteName(name)}`,
  );
  lines.push(`add columns ${taken.join(', ')}`);
  if (version !== null) lines.push(`and the table's version as ${quoteName(version)}`);
  lines.push(join === 'left' ? 'rows that find nothing keep nulls' : 'rows that find nothing are dropped and counted');
  return lines;
}

function joinLines({ input, right, keys, when, join, columns }: JoinNode): string[] {
  const pairs = keys.map((key) => `${quoteName(key.left)} = ${right}.${quoteName(key.right)}`).join(', ');
  const signed = (ms: number): string => (ms < 0 ? `-${durationWords(-ms)}` : durationWords(ms));
  const place =
    when.kind === 'interval'
      ? `from ${signed(when.lowerMs)} to ${signed(when.upperMs)} after it`
      : when.kind === 'window'
        ? `in the same of ${windowWords(when.window)}`
        : 'as it was at the time of the row';
  const kept = { inner: 'rows without a partner are gone', left: `rows of ${input} without a partner keep nulls` };
  return [
    `join with ${right} by ${pairs}, ${place}`,
    `add columns ${columns.map(({ name, from }) => (name === from ? quoteName(name) : `${quoteName(from)} AS ${quoteName(name)}`)).join(', ')}`,
    join === 'full' ? 'rows of both without a partner keep nulls' : kept[join],
  ];
}

function nodeLines(node: PlanNode): string[] {
  switch (node.kind) {
    case 'filter':
      return [`keep rows where ${printExpression(node.condition)}`];
    case 'check':
      return ['reject rows unless', ...node.rules.map((rule) => `${rule.reason}: ${printExpression(rule.condition)}`)];
    case 'derive':
      return ['add columns', ...namedLines(node.columns)];
    case 'latest-by':
      return [`keep the newest row by event time of each ${node.keys.map(quoteName).join(', ')}`];
    case 'lookup':
      return lookupLines(node);
    case 'deduplicate': {
      const within = node.withinMs === null ? '' : ` within ${durationWords(node.withinMs)}`;
      return [`keep the first row by event time of each ${node.keys.map(quoteName).join(', ')}${within}`];
    }
    case 'over':
      return [
        `add columns from neighbouring rows${node.keys.length > 0 ? ` of each ${node.keys.map(quoteName).join(', ')}` : ''}`,
        ...node.columns.map((column) => {
          const reach = column.rows === null ? durationWords(column.withinMs ?? 0) : `${column.rows} rows`;
          return `${quoteName(column.name)} = ${column.function} of ${quoteName(column.column)} over ${reach}`;
        }),
      ];
    case 'union':
      return [`all rows of ${inputsOf(node).join(', ')}`];
    case 'flatten':
      return [
        `one row per element of ${quoteName(node.column)}${node.outer ? ', one for none' : ''}`,
        `add columns ${schemaText(node.fields)}`,
      ];
    case 'unpivot':
      return [
        `one row per column: ${node.columns.map(({ label, column }) => (label === column ? quoteName(column) : `${quoteName(column)} as ${label}`)).join(', ')}`,
        `add columns ${quoteName(node.label)} with its name, ${quoteName(node.value)} with its value`,
      ];
    case 'join':
      return joinLines(node);
    case 'top': {
      const order = node.order.map(({ column, descending }) => `${quoteName(column)}${descending ? ' DESC' : ''}`);
      const keys = node.keys.length > 0 ? ` of each ${node.keys.map(quoteName).join(', ')}` : '';
      return [
        `keep the first ${node.limit} rows${keys}${node.perWindow ? ' in each window' : ''} by ${order.join(', ')}`,
      ];
    }
    case 'select':
      return ['keep only columns', ...namedLines(node.columns)];
    case 'aggregate': {
      const [first, ...others] = aggregateLines(node);
      return [`aggregate ${first}`, ...others];
    }
  }
}

function parameterText(parameter: Parameter): string {
  const known = parameter.defaultFrom === 'year' ? 'the year in which the run starts' : parameter.default;
  const fallback = known === null ? 'must be given' : `default ${String(known)}`;
  return `:${parameter.name} ${TYPE_NAMES[parameter.type]}: ${parameter.description} (${fallback})`;
}

/** A plan for people: what it reads, does and writes, a line each; expressions in their text form. */
export function explainPlan(plan: Plan): string {
  const lines = [plan.description === '' ? `pipeline ${plan.name}` : `pipeline ${plan.name}: ${plan.description}`];
  const schemas = planSchemas(plan);
  const section = (title: string, details: readonly string[]): void => {
    lines.push('', title, ...details.map((detail) => `  ${detail}`));
  };
  const partitions = (topic: string): string => {
    const count = plan.topics.find((candidate) => candidate.name === topic)?.partitions ?? 1;
    return `${count} partition${count === 1 ? '' : 's'}`;
  };
  if (plan.parameters.length > 0) section('parameters', plan.parameters.map(parameterText));
  for (const source of plan.sources) {
    section(`source ${source.name}: topic ${source.topic} (${partitions(source.topic)})`, [
      `columns: ${schemaText(source.columns)}`,
      `event time: ${eventTimeText(source.eventTime)}`,
      `late: rows more than ${durationWords(source.latenessMs)} behind; a partition silent for ${durationWords(source.idleTimeoutMs)} is set aside`,
    ]);
  }
  for (const { name, columns, from } of plan.tables) {
    const place =
      from.kind === 'file' ? `file ${from.path}` : from.kind === 'topic' ? `topic ${from.topic}` : 'in the plan';
    section(`table ${name}: ${place}`, [`columns: ${schemaText(columns)}`]);
  }
  for (const node of plan.nodes) section(`step ${node.name}: from ${inputsOf(node).join(', ')}`, nodeLines(node));
  for (const sink of plan.sinks) {
    const key = sink.keys.length > 0 ? [`record key: ${sink.keys.map(quoteName).join(', ')}`] : [];
    section(`sink ${sink.name}: from ${sink.input} to topic ${sink.topic} (${partitions(sink.topic)})`, [
      `columns: ${schemaText(sink.columns.length > 0 ? sink.columns : (schemas.get(sink.input) ?? []))}`,
      ...key,
    ]);
  }
  lines.push('', `rejected rows go to topic ${plan.deadLetters}; late rows are counted and kept apart`);
  return `${lines.join('\n')}\n`;
}
