import type { JournalEntry } from '../journal.js';

/** One partition as text, `<topic id>:<index>`: sets of them are compared and stored. */
export type PartitionKey = string;

/** The partitions of one topic, as the protocol lists them. */
export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/**
 * How far a member is on its way to its target:
 * Revoking: it still has to give up `revoking`; Waiting: others still hold what it shall get; Stable: it is there.
 */
export type ConsumerMemberStatus = 'Stable' | 'Revoking' | 'Waiting';

/** A member of a consumer group. Frozen, like the whole state. */
export interface ConsumerMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly rebalanceTimeoutMs: number;
  /** Topics by name. */
  readonly topics: readonly string[];
  /** Topics by pattern over the whole name. */
  readonly regex: string | null;
  /** The assignor it wants; null: no wish. */
  readonly assignor: string | null;
  /** Of the assignment it has; -2 while a static member is away. */
  readonly epoch: number;
  /** The epoch before: a request may still carry it when an answer got lost. */
  readonly previousEpoch: number;
  readonly status: ConsumerMemberStatus;
  /** What it has, and may commit for. */
  readonly assigned: readonly PartitionKey[];
  /** What it was told to give up and has not confirmed yet. */
  readonly revoking: readonly PartitionKey[];
  /** What it shall have in the end. */
  readonly target: readonly PartitionKey[];
}

/** A group of the consumer protocol: its epoch grows with every change of members, subscriptions or topics. */
export interface ConsumerGroupState {
  readonly epoch: number;
  /** Epoch for which the targets were computed. */
  readonly assignmentEpoch: number;
  /** The topics and partition counts that the targets were computed from. */
  readonly metadata: string;
  /** When it came to have no members, milliseconds since the epoch; null while it has some. */
  readonly emptySinceMs: number | null;
  readonly members: readonly ConsumerMember[];
}

/** Member epoch of a member that joins. */
export const JOINING = 0;
/** Member epoch of a member that goes for good. */
export const LEAVING = -1;
/** Member epoch of a static member that goes for a moment. */
export const STATIC_LEAVING = -2;

/** The present state of a consumer group. */
export function consumerGroupEntry(groupId: string, state: ConsumerGroupState): JournalEntry {
  return { kind: 'consumer-group', group: groupId, state: state as unknown as JournalEntry };
}

/** Reads {@link consumerGroupEntry}. */
export function consumerGroupOf(entry: JournalEntry): ConsumerGroupState {
  return entry.state as unknown as ConsumerGroupState;
}

/** Partitions by topic as keys. */
export function keysOf(topics: readonly TopicPartitions[]): PartitionKey[] {
  return topics.flatMap(({ topicId, partitions }) => partitions.map((index) => `${topicId}:${index}`));
}

/** Keys as partitions by topic, both in ascending order. */
export function topicPartitionsOf(keys: readonly PartitionKey[]): TopicPartitions[] {
  const byTopic = new Map<string, number[]>();
  for (const key of keys) {
    const [topicId, index] = splitKey(key);
    const partitions = byTopic.get(topicId);
    if (partitions) partitions.push(index);
    else byTopic.set(topicId, [index]);
  }
  return [...byTopic]
    .map(([topicId, partitions]) => ({ topicId, partitions: partitions.sort((a, b) => a - b) }))
    .sort((a, b) => (a.topicId < b.topicId ? -1 : 1));
}

/** The two parts of a key. */
export function splitKey(key: PartitionKey): readonly [topicId: string, index: number] {
  const colon = key.lastIndexOf(':');
  return [key.slice(0, colon), Number(key.slice(colon + 1))];
}

/** Whether two lists hold the same keys, in whatever order. */
export function sameKeys(a: readonly PartitionKey[], b: readonly PartitionKey[]): boolean {
  if (a.length !== b.length) return false;
  const all = new Set(a);
  return b.every((key) => all.has(key));
}
