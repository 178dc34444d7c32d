import type { Group, Producer } from '../connect/kafka/contracts.js';
import type { ProducerOptions } from '../connect/kafka/interfaces.js';
import { atLeastOnce, type Committer, exactlyOnce } from './committer.js';
import type { Connection } from './connection.js';
import type { ExchangeTopic } from './exchange-topics.js';
import type { PipelineRunOptions } from './interfaces.js';
import { groupOf, internalTopics, neededTopics } from './internal-topics.js';
import type { LocalState } from './local-state.js';
import { stateReader } from './read-state.js';
import { ResultWriter } from './result-writer.js';
import { SideOutputs } from './side-outputs.js';
import { StateStore } from './state-store.js';
import { StateTopic } from './state-topic.js';
import { StatusWriter } from './status-writer.js';

/** Everything through which a worker writes: results, what is set aside, exchanges, state and checkpoints. */
export interface WorkOutput {
  readonly producer: Pick<Producer, 'append' | 'ready'>;
  readonly results: ResultWriter;
  readonly side: SideOutputs;
  readonly committer: Committer;
  readonly states: StateStore;
  close(): Promise<void>;
  /** Lets go of what was not committed: it will be made again from the last checkpoint. */
  abandon(): Promise<void>;
}

/** Which worker writes, and what beside the topics of its plan. */
export interface OutputPlace {
  /** Place among the workers of the group. */
  readonly place: number;
  readonly workers: number;
  readonly exchanges: readonly ExchangeTopic[];
  /** Copies of states on this machine, where they are kept. */
  readonly local: LocalState | undefined;
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
/** Places whose transactions are ended when nobody has them: those of a few workers that died, not of any number. */
const FENCED_PLACES = 8;

/**
 * Prepares the topics that a worker writes to, which must exist, and opens its producer. Every place among the workers has its
 * transactional id: whoever opens it ends what the one before left open, and the one before can write no more. Places that
 * nobody has any more are ended too. Only then may offsets and state be read.
 */
export async function openOutput(
  connection: Connection,
  options: PipelineRunOptions,
  group: Group,
  { place, workers, exchanges, local }: OutputPlace,
): Promise<WorkOutput> {
  const { plan, place: at } = options;
  const topics = internalTopics(plan);
  const { compression, clock } = at.edges;
  // Partial results that are sent twice would count twice, so shared work is always done in transactions.
  const once = options.delivery !== 'at-least-once' || exchanges.length > 0;
  const groupId = options.group ?? groupOf(plan.name);
  const idOf = (worker: number): string => (worker === 0 ? groupId : `${groupId}-${worker}`);
  const transaction: ProducerOptions = once
    ? { transactionalId: idOf(place), transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
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
  for (const name of [...written.map((topic) => topic.name), ...exchanges.map(({ topic }) => topic)])
    await producer.prepare(name);
  if (exchanges.length > 0) {
    const gone = Array.from({ length: FENCED_PLACES }, (_, at) => at).filter(
      (at) => at >= workers && at % workers === place,
    );
    await Promise.all(gone.map((at) => connection.fence(idOf(at))));
  }
  return {
    producer,
    results: new ResultWriter(plan, producer, clock),
    side: new SideOutputs(topics, producer, { clock, compression }),
    committer: once ? exactlyOnce(producer, group, clock) : atLeastOnce(producer, group),
    states: new StateStore(stateTopic, stateReader(connection, topics.changelog, compression), local),
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
