import { StreamctlError } from '../base/errors.js';
import type { Schema } from '../base/row-batch.js';
import { parseDuration } from '../base/time.js';
import { requireGoodPlan, type SourceText } from './check-plan.js';
import { didYouMean } from './did-you-mean.js';
import { durationMs } from './duration-words.js';
import { DEFAULT_IDLE_TIMEOUT } from './endpoints.js';
import { parseNamedList, parseWithSpans } from './parse-expression.js';
import {
  type Dashboard,
  deepFreeze,
  type EventTime,
  type Plan,
  type PlanNode,
  WINDOW_END,
  WINDOW_START,
  type Window,
} from './plan.js';
import { planSchemas } from './schemas.js';

/** A query as the flags of `consume` say it; durations as `1m30s`. */
export interface AdhocQuery {
  readonly topic: string;
  /** Columns of the records, as declared or as sampled. */
  readonly columns: Schema;
  /** `--window`; with `session` it may be left out. */
  readonly window?: string;
  /** `--hop`: windows of `window` begin so often. */
  readonly hop?: string;
  /** `--session`: windows end after such a silence. */
  readonly session?: string;
  /** `--time`: column of the event time; the record's timestamp when left out. */
  readonly time?: string;
  /** `--lateness`, 0 when left out. */
  readonly lateness?: string;
  readonly idleTimeout?: string;
  /** `--by`: columns that make the groups. */
  readonly by?: readonly string[];
  /** `--agg`: `count(), avg(price) AS mean`; `count(*)` when left out. */
  readonly aggregates?: string;
  /** `--where`. */
  readonly where?: string;
}

/** Name of the only sink of an ad-hoc plan. */
export const ADHOC_SINK = 'results';

function windowOf(query: AdhocQuery): Window {
  const { window, hop, session } = query;
  if (session !== undefined) {
    if (window !== undefined || hop !== undefined) {
      throw new StreamctlError('usage', 'a session has no fixed size', { hint: 'give either --session or --window' });
    }
    return { kind: 'session', gapMs: parseDuration(session) };
  }
  if (window === undefined) throw new StreamctlError('usage', 'a window is missing', { hint: '--window 1m' });
  const sliding = /^sliding:(.*)$/.exec(window);
  if (sliding) {
    if (hop === undefined) return { kind: 'sliding', sizeMs: parseDuration(sliding[1]!) };
    throw new StreamctlError('usage', 'sliding windows do not hop', { hint: 'give either --hop or sliding:' });
  }
  const sizeMs = parseDuration(window);
  return hop === undefined
    ? { kind: 'tumble', sizeMs, offsetMs: 0 }
    : { kind: 'hop', sizeMs, hopMs: parseDuration(hop), offsetMs: 0 };
}

/** Numbers as event times are epoch milliseconds, which a sample of JSON cannot tell from measures. */
function withWholeTimes({ columns, time }: AdhocQuery): Schema {
  return columns.map((column) =>
    column.name === time && column.type === 'double' ? { ...column, type: 'bigint' } : column,
  );
}

function eventTimeOf(query: AdhocQuery): EventTime {
  if (query.time === undefined) {
    const names = new Set(query.columns.map((column) => column.name));
    let name = 'event_time';
    while (names.has(name)) name = `record_${name}`;
    return { kind: 'record', name };
  }
  const column = query.columns.find((candidate) => candidate.name === query.time);
  if (!column) {
    const near = didYouMean(
      query.time,
      query.columns.map((candidate) => candidate.name),
    );
    throw new StreamctlError('bad-plan', `--time: there is no column "${query.time}"`, {
      hint: near
        ? `did you mean ${near}?`
        : `columns are ${query.columns.map((candidate) => candidate.name).join(', ')}`,
    });
  }
  if (column.type === 'timestamp' || column.type === 'bigint') return { kind: 'column', name: column.name };
  return {
    kind: 'computed',
    name: `${column.name}_time`,
    expression: { kind: 'cast', operand: { kind: 'column', name: column.name }, to: 'timestamp', policy: 'reject' },
  };
}

/** Bars of the first numeric aggregate, its history per key, and everything as a table. */
function dashboardOf(query: AdhocQuery, columns: Schema): Dashboard {
  const keys = new Set([...(query.by ?? []), WINDOW_START, WINDOW_END]);
  const values = columns.filter(({ name, type }) => !keys.has(name) && (type === 'bigint' || type === 'double'));
  // A mean tells more than a count, which is shown beside it.
  const value = (values.find(({ type }) => type === 'double') ?? values[0])?.name;
  const [first] = query.by ?? [];
  const label = columns.some(({ name }) => name === first) ? first! : WINDOW_END;
  const shown = columns.map(({ name }) => name).filter((name) => name !== WINDOW_START && name !== WINDOW_END);
  const table = { kind: 'table', title: 'Newest window of each key', sink: ADHOC_SINK } as const;
  return {
    title: query.topic,
    panels: [
      ...(value === undefined
        ? []
        : [{ kind: 'bars', title: value.replaceAll('_', ' '), sink: ADHOC_SINK, label, value, unit: '' } as const]),
      { ...table, columns: [...shown, WINDOW_END], sortBy: value ?? null },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
      ...(value === undefined
        ? []
        : [
            {
              kind: 'line',
              title: `${value.replaceAll('_', ' ')}, window by window`,
              sink: ADHOC_SINK,
              series: label,
              values: [value],
            } as const,
          ]),
    ],
  };
}

/**
 * The plan of a query given as text: one source, one filter when `where` is given, one aggregate, one sink
 * called {@link ADHOC_SINK} with topic `stdout`.
 * @throws `usage` for a duration or a combination that makes no sense; `bad-plan` that lists every mistake in
 * the expressions with positions.
 */
export function adhocPlan(given: AdhocQuery): Plan {
  const query = { ...given, columns: withWholeTimes(given) };
  const texts: SourceText[] = [];
  const nodes: PlanNode[] = [];
  if (query.where !== undefined) {
    const parsed = parseWithSpans(query.where);
    texts.push(parsed);
    nodes.push({ kind: 'filter', name: 'where', input: 'rows', condition: parsed.expression });
  }
  const aggregates = parseNamedList(query.aggregates ?? 'COUNT(*)');
  texts.push(aggregates);
  nodes.push({
    kind: 'aggregate',
    name: 'windows',
    input: nodes.at(-1)?.name ?? 'rows',
    window: windowOf(query),
    keys: query.by ?? [],
    columns: aggregates.columns,
    emit: { kind: 'final' },
    asOf: null,
    allowedLatenessMs: 0,
  });
  const source = {
    name: 'rows',
    topic: query.topic,
    columns: query.columns,
    eventTime: eventTimeOf(query),
    latenessMs: parseDuration(query.lateness ?? '0'),
    idleTimeoutMs: durationMs(query.idleTimeout ?? DEFAULT_IDLE_TIMEOUT),
  };
  const columns = planSchemas({ sources: [source], tables: [], nodes, parameters: [] }).get('windows') ?? [];
  const plan: Plan = {
    name: 'adhoc',
    description: '',
    parameters: [],
    sources: [source],
    tables: [],
    nodes,
    sinks: [{ name: ADHOC_SINK, input: 'windows', topic: 'stdout', keys: [], columns }],
    topics: [],
    deadLetters: 'adhoc-dead-letters',
    dashboard: dashboardOf(query, columns),
  };
  return requireGoodPlan(deepFreeze(plan), texts);
}
