// Behavior:
// * Topics by name; an answer that would have more partitions than asked for ends with a cursor to go on from.
// * Eligible leaders are empty lists, never null: the Java admin client cannot read null and Kafka Streams dies of it.
//
// Version notes:
// * v0 the only one

import type { ResponseInputOf } from '../../wire/api.js';
import { describeTopicPartitionsApi } from '../../wire/apis/75-describe-topic-partitions.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ZERO_UUID } from '../../wire/uuid.js';
import { LEADER_EPOCH } from '../batch-framing.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import { checkTopicName } from '../topic-configs.js';
import { TOPIC_OPERATIONS } from './operations.js';

type Response = ResponseInputOf<typeof describeTopicPartitionsApi>;
type TopicAnswer = Response['topics'][number];

/** Most partitions in one answer. */
const PARTITIONS_MAX = 2000;

/** Answers DescribeTopicPartitions. */
export const describeTopicPartitionsHandler = defineHandler(
  describeTopicPartitionsApi,
  ({ broker }, request): Response => {
    const asked = request.topics.map(({ name }) => name);
    const from = request.cursor?.topicName ?? '';
    const names = (asked.length > 0 ? [...new Set(asked)] : broker.topics.list().map(({ name }) => name)).sort();
    let left = Math.max(1, Math.min(request.responsePartitionLimit, PARTITIONS_MAX));
    const topics: TopicAnswer[] = [];
    for (const name of names) {
      if (name < from) continue;
      const first = name === from ? Math.max(0, request.cursor!.partitionIndex) : 0;
      if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } };
      const topic = describe(broker, name, first, left);
      topics.push(topic);
      left -= topic.partitions.length;
      const next = first + topic.partitions.length;
      const total = broker.topics.byName(name)?.partitions.length ?? 0;
      if (next < total) return { topics, nextCursor: { topicName: name, partitionIndex: next } };
    }
    return { topics };
  },
);

function describe(broker: Broker, name: string, first: number, count: number): TopicAnswer {
  const topic = broker.topics.byName(name);
  if (!topic) {
    const errorCode = checkTopicName(name) ? errorCodes.INVALID_TOPIC_EXCEPTION : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return { errorCode, name, topicId: ZERO_UUID, partitions: [] };
  }
  const nodes = [broker.nodeId];
  return {
    errorCode: errorCodes.NONE,
    name,
    topicId: topic.id,
    partitions: topic.partitions.slice(first, first + count).map(({ index }) => ({
      errorCode: errorCodes.NONE,
      partitionIndex: index,
      leaderId: broker.nodeId,
      leaderEpoch: LEADER_EPOCH,
      replicaNodes: nodes,
      isrNodes: nodes,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}
