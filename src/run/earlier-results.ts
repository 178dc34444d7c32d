import type { Schema, Value } from '../base/row-batch.js';
import type { Clock } from '../base/time.js';
import { parseExactJsonBytes } from '../connect/codecs/json-value.js';
import type { TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { type Plan, WINDOW_END, WINDOW_START } from '../plan/plan.js';
import type { CloseReason, ResultTable } from '../plan/snapshot.js';
import type { RecordCursor } from '../wire/record-cursor.js';
import type { Connection } from './connection.js';
import { dashboardFrame, shownSinks } from './dashboard-frame.js';
import type { ShownResult } from './dashboard-results.js';
import { DashboardState } from './dashboard-state.js';
import { eachRecord } from './each-record.js';

/** Records looked at from the end of each partition of the results. */
const LAST_RECORDS = 5_000;
/** Longest wait for an answer of the broker. */
const WAIT_MS = 2_000;

/**
 * The newest result per key that earlier runs of a pipeline have left in the topics that its dashboard shows.
 * @returns by sink; those whose topic is not there are missing.
 * @throws `broker-unreachable`
 */
export async function readEarlierResults(
  connection: Connection,
  plan: Plan,
  clock: Clock,
): Promise<ReadonlyMap<string, ResultTable>> {
  const sinks = shownSinks(plan);
  const { topics } = await connection.client.cluster(sinks.map(({ topic }) => topic));
  const there = sinks.filter(({ topic }) => topics.some(({ name }) => name === topic));
  const state = new DashboardState(dashboardFrame(plan), clock);
  for (const { name: sink, topic, columns } of there) {
    await readTail(connection, topic, (cursor) => {
      const result = resultOf(cursor, columns);
      if (result) state.show(sink, result);
    });
  }
  const { sink: first, results, pages = [] } = state.snapshot();
  const tables = new Map(pages.map((page) => [page.sink, page.results]));
  if (first !== undefined) tables.set(first, results);
  return new Map(there.map(({ name }) => [name, tables.get(name)!]));
}

async function readTail(connection: Connection, topic: string, visit: (cursor: RecordCursor) => void): Promise<void> {
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const starts = await connection.offsets(partitions, 'start');
  const ends = await connection.offsets(partitions, 'end');
  const from = ends
    .map((end) => ({ ...end, offset: Math.max(startOf(starts, end), end.offset - LAST_RECORDS) }))
    .filter((one, at) => one.offset < ends[at]!.offset);
  const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
  fetcher.assign(from);
  const isOpen = (): boolean =>
    from.some(
      (one) => (fetcher.position(one) ?? 0) < (ends.find(({ partition }) => partition === one.partition)?.offset ?? 0),
    );
  try {
    while (isOpen()) {
      const fetched = await fetcher.next(WAIT_MS);
      // What an open transaction holds back is no result yet.
      if (!fetched) return;
      eachRecord(fetched, connection.client.edges.compression, visit);
    }
  } finally {
    await fetcher.close();
  }
}

function startOf(starts: readonly TopicPartitionOffset[], { partition }: TopicPartitionOffset): number {
  return starts.find((start) => start.partition === partition)?.offset ?? 0;
}

/** A record of the results as the dashboard keeps it; undefined when it is none. */
function resultOf(cursor: RecordCursor, columns: Schema): ShownResult | undefined {
  const bytes = cursor.value();
  const row = bytes === null ? undefined : parseExactJsonBytes(bytes);
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined;
  const cells = row as Readonly<Record<string, Value>>;
  const windowStartMs = instantOf(cells[WINDOW_START]);
  const windowEndMs = instantOf(cells[WINDOW_END]);
  return {
    values: columns.map(({ name, type }) => (type === 'timestamp' ? instantOf(cells[name]) : cells[name]) ?? null),
    ...(windowStartMs === undefined ? {} : { windowStartMs }),
    ...(windowEndMs === undefined ? {} : { windowEndMs }),
    reason: 'watermark' satisfies CloseReason,
  };
}

function instantOf(value: Value | undefined): number | undefined {
  const timeMs = typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? value : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
