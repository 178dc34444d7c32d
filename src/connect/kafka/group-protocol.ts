import { concatBytes } from '../../base/bytes.js';
import { readStruct, writeStruct } from '../../wire/codec.js';
import { consumerProtocolAssignmentSchema } from '../../wire/data/consumer-protocol-assignment.js';
import { consumerProtocolSubscriptionSchema } from '../../wire/data/consumer-protocol-subscription.js';
import { WireReader } from '../../wire/reader.js';
import { WireWriter } from '../../wire/writer.js';
import type { GroupPlace, TopicPartition } from './interfaces.js';
import { byTopic } from './topic-groups.js';

const SUBSCRIPTION_VERSION = 2;
const ASSIGNMENT_VERSION = 1;
const MAX_VERSION = 3;

/** What a member tells the leader of its group. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** Generation in which it owned them, -1 when it does not say. */
  readonly generation: number;
  readonly userData: Uint8Array | null;
}

/** Bytes of a subscription as Java clients read them. @see KIP-429 */
export function encodeSubscription(subscription: Subscription): Uint8Array {
  const writer = new WireWriter();
  writer.int16(SUBSCRIPTION_VERSION);
  writeStruct(consumerProtocolSubscriptionSchema, SUBSCRIPTION_VERSION, false, writer, {
    topics: subscription.topics,
    userData: subscription.userData,
    ownedPartitions: asTopics(subscription.owned),
    generationId: subscription.generation,
  });
  return concatBytes(writer.finish());
}

/** Reads what {@link encodeSubscription} or another client wrote. @throws `malformed-frame` */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new WireReader(bytes);
  // A newer version only adds fields at the end.
  const version = Math.min(reader.int16(), MAX_VERSION);
  const found = readStruct(consumerProtocolSubscriptionSchema, version, false, reader);
  return {
    topics: found.topics,
    owned: asPartitions(found.ownedPartitions),
    generation: found.generationId,
    userData: found.userData,
  };
}

/** Bytes of a member's assignment. */
export function encodeAssignment(
  partitions: readonly TopicPartition[],
  userData: Uint8Array | null = null,
): Uint8Array {
  const writer = new WireWriter();
  writer.int16(ASSIGNMENT_VERSION);
  writeStruct(consumerProtocolAssignmentSchema, ASSIGNMENT_VERSION, false, writer, {
    assignedPartitions: asTopics(partitions),
    userData,
  });
  return concatBytes(writer.finish());
}

/** What a member is told by the leader of its group. */
export interface Assigned {
  readonly partitions: TopicPartition[];
  readonly userData: Uint8Array | null;
}

/** Reads an assignment; no bytes are no partitions. @throws `malformed-frame` */
export function decodeAssignment(bytes: Uint8Array): Assigned {
  if (bytes.length === 0) return { partitions: [], userData: null };
  const reader = new WireReader(bytes);
  const version = Math.min(reader.int16(), MAX_VERSION);
  const found = readStruct(consumerProtocolAssignmentSchema, version, false, reader);
  return { partitions: asPartitions(found.assignedPartitions), userData: found.userData };
}

/** A member's place and what all members say of themselves, as user data of its assignment. */
export function encodePlace({ place, userData }: GroupPlace): Uint8Array {
  const writer = new WireWriter();
  writer.int32(place);
  writer.count(userData.length);
  for (const data of userData) writer.bytes(data);
  return concatBytes(writer.finish());
}

/** Reads what {@link encodePlace} wrote. @throws `malformed-frame` */
export function decodePlace(bytes: Uint8Array): GroupPlace {
  const reader = new WireReader(bytes);
  const place = reader.int32();
  const userData = Array.from({ length: reader.count(1) }, () => reader.bytes());
  return { place, userData };
}

function asTopics(partitions: readonly TopicPartition[]) {
  return byTopic(partitions, ({ partition }) => partition).map(({ name, entries }) => ({
    topic: name,
    partitions: entries,
  }));
}

function asPartitions(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
