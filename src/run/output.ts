import type { Group, Producer } from '../connect/kafka/contracts.js';
import type { ProducerOptions } from '../connect/kafka/interfaces.js';
import { Checkpoints } from './checkpoints.js';
import { atLeastOnce, exactlyOnce } from './committer.js';
import type { Connection } from './connection.js';
import type { PipelineRunOptions } from './interfaces.js';
import { groupOf, internalTopics, neededTopics } from './internal-topics.js';
import { stateReader } from './read-state.js';
import { ResultWriter } from './result-writer.js';
import { SideOutputs } from './side-outputs.js';
import { StateTopic } from './state-topic.js';
import { StatusWriter } from './status-writer.js';

/** Everything through which a task writes: results, what is set aside, and checkpoints. */
export interface TaskOutput {
  readonly results: ResultWriter;
  readonly side: SideOutputs;
  readonly checkpoints: Checkpoints;
  close(): Promise<void>;
  /** Lets go of what was not committed: it will be made again from the last checkpoint. */
  abandon(): Promise<void>;
}

/**
 * Whatever `-X` says: a result counts when all replicas have it, and is written once. What cannot be delivered for so
 * long is made again, from the last checkpoint, over a new connection.
 */
const SAFE = { acks: -1, idempotent: true } as const;
/** Deliveries are tried for so many times the patience of the connection. */
const DELIVERY_PATIENCE = 2;
/** Longest that readers wait for the records of a worker that died, unless the next one ends its transaction before. */
const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * Prepares the topics that a task writes to, which must exist, and opens its producer. One worker has all partitions of
 * a pipeline, so all its workers have one transactional id: whoever opens it ends what the one before left open, and the
 * one before can write no more. Only then may offsets and state be read.
 */
export async function openTaskOutput(
  connection: Connection,
  options: PipelineRunOptions,
  group: Group,
): Promise<TaskOutput> {
  const { plan, place } = options;
  const topics = internalTopics(plan);
  const { compression, clock } = place.edges;
  const once = options.delivery !== 'at-least-once';
  const transaction: ProducerOptions = once
    ? { transactionalId: options.group ?? groupOf(plan.name), transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
    : {};
  const producer: Producer = connection.producer({
    ...SAFE,
    ...transaction,
    deliveryTimeoutMs: deliveryTimeoutMs(connection),
    // The first acknowledgement comes after the first append, so long after the line below.
    onAcknowledged: (batch) => stateTopic.acknowledged(batch),
  });
  const stateTopic = new StateTopic(topics.changelog, producer);
  const sources = new Set(plan.sources.map((source) => source.topic));
  const written = neededTopics(plan).filter(({ name }) => !sources.has(name) && name !== topics.status);
  for (const { name } of written) await producer.prepare(name);
  return {
    results: new ResultWriter(plan, producer, clock),
    side: new SideOutputs(topics, producer, place.edges),
    checkpoints: new Checkpoints({
      committer: once ? exactlyOnce(producer, group, clock) : atLeastOnce(producer, group),
      group,
      stateTopic,
      read: stateReader(connection, topics.changelog, compression),
    }),
    close: () => producer.close(),
    abandon: () => producer.close(true).catch(() => undefined),
  };
}

/** Opens what writes the status of a run. */
export async function openStatus(
  connection: Connection,
  { plan }: PipelineRunOptions,
  runId: string,
): Promise<StatusWriter> {
  const { status } = internalTopics(plan);
  const producer = connection.producer({ deliveryTimeoutMs: deliveryTimeoutMs(connection) });
  await producer.prepare(status);
  return new StatusWriter(status, runId, producer);
}

function deliveryTimeoutMs(connection: Connection): number {
  return connection.client.settings.retryTimeoutMs * DELIVERY_PATIENCE;
}
