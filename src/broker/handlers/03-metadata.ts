// Behavior:
// * One node, which leads every partition at leader epoch 0.
// * A topic that is asked for by name and does not exist is made when client and broker allow it. Apache Kafka answers
//   the first request with an error and has the topic a moment later; here it is made before the answer.
// * Names that no topic can have are INVALID_TOPIC_EXCEPTION, unknown ids UNKNOWN_TOPIC_ID.
//
// Version notes:
// * v0 an empty list means all topics; from v1 null does, and an empty list means none
// * v1 controller, rack, internal topics
// * v2 cluster id
// * v4 the client says whether topics may be made
// * v5 offline replicas
// * v7 leader epoch
// * v8 authorized operations, of the cluster only up to v10
// * v9 flexible
// * v10 topic ids; v12 topics can be asked for by id (INVALID_REQUEST before)
// * v13 an error for the whole answer

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { metadataApi } from '../../wire/apis/03-metadata.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ZERO_UUID } from '../../wire/uuid.js';
import { LEADER_EPOCH } from '../batch-framing.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import { checkTopicName } from '../topic-configs.js';
import type { StoredTopic } from '../topic-store.js';
import { once } from './once.js';
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from './operations.js';

type Request = RequestOf<typeof metadataApi>;
type Response = ResponseInputOf<typeof metadataApi>;
type TopicAnswer = Response['topics'][number];
type Wanted = NonNullable<Request['topics']>[number];

const BY_ID_VERSION = 12;
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state']);

/** Answers Metadata. */
export const metadataHandler = defineHandler(metadataApi, async ({ broker, version }, request): Promise<Response> => {
  const all = request.topics === null || (version === 0 && request.topics.length === 0);
  const topics: TopicAnswer[] = [];
  if (all) for (const topic of broker.topics.list()) topics.push(describe(broker, topic, request));
  else for (const wanted of once(request.topics, keyOf)) topics.push(await answer(broker, version, wanted, request));
  // What was just made by another request has to be durable before anybody hears of it.
  await broker.journal.settled();
  return {
    brokers: [{ nodeId: broker.nodeId, host: broker.host, port: broker.port }],
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
  };
});

function keyOf({ name, topicId }: Wanted): string {
  return `${topicId} ${name ?? ''}`;
}

async function answer(broker: Broker, version: number, wanted: Wanted, request: Request): Promise<TopicAnswer> {
  const isById = wanted.name === null || wanted.topicId !== ZERO_UUID;
  if (isById && version < BY_ID_VERSION) {
    return { errorCode: errorCodes.INVALID_REQUEST, name: wanted.name ?? '', topicId: wanted.topicId, partitions: [] };
  }
  if (wanted.name === null || wanted.topicId !== ZERO_UUID) {
    const topic = broker.topics.byId(wanted.topicId);
    if (topic) return describe(broker, topic, request);
    return { errorCode: errorCodes.UNKNOWN_TOPIC_ID, name: wanted.name, topicId: wanted.topicId, partitions: [] };
  }
  const { name } = wanted;
  const known = broker.topics.byName(name);
  if (known) return describe(broker, known, request);
  if (checkTopicName(name)) return { errorCode: errorCodes.INVALID_TOPIC_EXCEPTION, name, partitions: [] };
  if (!request.allowAutoTopicCreation || !broker.settings.autoCreateTopics) {
    return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
  }
  const made = await broker.admin.create({ name, partitions: broker.settings.defaultPartitions, configs: new Map() });
  if (made.ok) return describe(broker, made.value, request);
  // Somebody else made it while we did.
  const other = broker.topics.byName(name);
  return other ? describe(broker, other, request) : { errorCode: errorCodes[made.error], name, partitions: [] };
}

function describe(broker: Broker, topic: StoredTopic, request: Request): TopicAnswer {
  const nodes = [broker.nodeId];
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: INTERNAL.has(topic.name),
    partitions: topic.partitions.map(({ index }) => ({
      errorCode: errorCodes.NONE,
      partitionIndex: index,
      leaderId: broker.nodeId,
      leaderEpoch: LEADER_EPOCH,
      replicaNodes: nodes,
      isrNodes: nodes,
    })),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED,
  };
}
