import type { Schema } from '../base/row-batch.js';
import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { type AdhocQuery, adhocPlan } from '../plan/adhoc-plan.js';
import type { Plan } from '../plan/plan.js';
import type { Connection } from './connection.js';
import { keyOf } from './idle-watch.js';
import type { PipelineRun, RunListener, RunPlace, StartPosition } from './interfaces.js';
import { openConnection } from './open-connection.js';
import { startPipelineRun } from './pipeline-run.js';
import { sampleColumns } from './sample-columns.js';
import { startOffsets } from './start-offsets.js';

/** What the windowed mode of `consume` is told. */
export interface WindowConsumeOptions {
  readonly place: RunPlace;
  readonly query: Omit<AdhocQuery, 'columns'>;
  /** Columns whose types are known, from a pipeline that reads the topic; others are learned. */
  readonly declared?: Schema;
  /** Partitions to read; all when absent. */
  readonly partitions?: readonly number[];
  /** Default: from the start. */
  readonly from?: StartPosition;
  /** See {@link PipelineRunOptions}. */
  readonly bounded?: boolean | readonly TopicPartitionOffset[];
  /** Begins at what this group has committed, where it has; commits what was read when the query ends. */
  readonly commitTo?: string;
  /** See {@link PipelineRunOptions}. */
  readonly maxAheadMs?: number;
  /** See {@link PipelineRunOptions}. */
  readonly maxGroups?: number;
  /** See {@link PipelineRunOptions}. */
  readonly showsResults?: boolean;
  readonly listener: RunListener;
  /** Ends the wait for a first record. */
  readonly signal: AbortSignal;
}

/** A windowed query that is at work. */
export interface WindowConsume {
  readonly plan: Plan;
  readonly run: PipelineRun;
}

/**
 * Starts a query over the windows of one topic, in the words of the command line. The columns are learned from the first
 * records; where there is none yet, they are waited for, unless the query is bounded.
 * @returns undefined when there is no record to learn from.
 * @throws `not-found` for a topic, `bad-plan` for columns and expressions, `usage`, `bad-data`, `broker-unreachable`
 */
export async function startWindowConsume(options: WindowConsumeOptions): Promise<WindowConsume | undefined> {
  const { place, query, listener, bounded } = options;
  const begin = await lookAtTopic(options);
  if (begin === undefined) return undefined;
  const plan = adhocPlan({ ...query, columns: begin.columns });
  const run = startPipelineRun({
    plan,
    place,
    group: null,
    listener,
    from: { kind: 'offsets', offsets: begin.offsets },
    ...(options.commitTo === undefined ? {} : { commitTo: options.commitTo }),
    ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    ...(bounded === undefined ? {} : { bounded }),
    ...(options.maxAheadMs === undefined ? {} : { maxAheadMs: options.maxAheadMs }),
    ...(options.maxGroups === undefined ? {} : { maxGroups: options.maxGroups }),
    ...(options.showsResults === undefined ? {} : { showsResults: options.showsResults }),
  });
  return { plan, run };
}

/** What has to be known before the plan can be made. */
interface Begin {
  readonly columns: Schema;
  readonly offsets: readonly TopicPartitionOffset[];
}

/** A query that begins at the end learns from the records before it, where there are any. */
async function lookAtTopic(options: WindowConsumeOptions): Promise<Begin | undefined> {
  const { place, query, signal } = options;
  const connection = openConnection(await place.connect(), place.edges);
  try {
    const all = (await connection.partitions(query.topic)).map((partition) => ({ topic: query.topic, partition }));
    const wanted = options.partitions ? all.filter(({ partition }) => options.partitions!.includes(partition)) : all;
    const offsets = await beginOffsets(connection, wanted, options);
    const learnFrom =
      options.from?.kind === 'end' ? await startOffsets(connection, wanted, { kind: 'start' }) : offsets;
    const learned = await sampleColumns(connection, learnFrom, signal, !options.bounded);
    if (learned.length === 0) return undefined;
    const declared = new Map(options.declared?.map((column) => [column.name, column]));
    return { columns: learned.map((column) => declared.get(column.name) ?? column), offsets };
  } finally {
    await connection.close();
  }
}

async function beginOffsets(
  connection: Connection,
  partitions: readonly TopicPartition[],
  { from, commitTo }: WindowConsumeOptions,
): Promise<readonly TopicPartitionOffset[]> {
  const first = await startOffsets(connection, partitions, from ?? { kind: 'start' });
  if (commitTo === undefined) return first;
  const committed = new Map((await connection.committed(commitTo, partitions)).map((one) => [keyOf(one), one.offset]));
  return first.map((one) => ({ ...one, offset: committed.get(keyOf(one)) ?? one.offset }));
}
