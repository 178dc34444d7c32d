import type { Group, Producer } from '../connect/kafka/contracts.js';
import { Checkpoints } from './checkpoints.js';
import type { Connection } from './connection.js';
import type { PipelineRunOptions } from './interfaces.js';
import { internalTopics, neededTopics } from './internal-topics.js';
import { stateReader } from './read-state.js';
import { ResultWriter } from './result-writer.js';
import { SideOutputs } from './side-outputs.js';
import { StateTopic } from './state-topic.js';
import { StatusWriter } from './status-writer.js';

/** Everything through which a run writes: results, what is set aside, state and status. */
export interface RunOutput {
  readonly producer: Producer;
  readonly results: ResultWriter;
  readonly side: SideOutputs;
  readonly status: StatusWriter;
  /** Bound to the group that commits. */
  checkpoints(group: Pick<Group, 'commit' | 'committed'>): Checkpoints;
  /** Lets go of what was not sent: it will be made again from the last checkpoint. */
  abandon(): Promise<void>;
}

/**
 * Whatever `-X` says: a result counts when all replicas have it, and is written once. What cannot be delivered for so
 * long is made again, from the last checkpoint, over a new connection.
 */
const SAFE = { acks: -1, idempotent: true, deliveryTimeoutMs: 10_000 } as const;

/** Prepares the topics that a run writes to, which must exist, and opens its producers. */
export async function openRunOutput(
  connection: Connection,
  { plan, place }: PipelineRunOptions,
  runId: string,
): Promise<RunOutput> {
  const topics = internalTopics(plan);
  const { compression } = place.edges;
  // The first acknowledgement comes after the first append, so long after the line below.
  const producer = connection.producer({ ...SAFE, onAcknowledged: (batch) => stateTopic.acknowledged(batch) });
  const stateTopic = new StateTopic(topics.changelog, producer);
  const statusProducer = connection.producer({ deliveryTimeoutMs: SAFE.deliveryTimeoutMs });
  await statusProducer.prepare(topics.status);
  const sources = new Set(plan.sources.map((source) => source.topic));
  for (const { name } of neededTopics(plan)) if (!sources.has(name)) await producer.prepare(name);
  const read = stateReader(connection, topics.changelog, compression);
  return {
    producer,
    results: new ResultWriter(plan, producer),
    side: new SideOutputs(topics, producer, compression),
    status: new StatusWriter(topics.status, runId, statusProducer),
    checkpoints: (group) => new Checkpoints({ group, stateTopic, read }),
    abandon: async () => {
      await Promise.allSettled([producer.close(true), statusProducer.close(true)]);
    },
  };
}
