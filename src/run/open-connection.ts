import { StreamctlError } from '../base/errors.js';
import { KafkaClient } from '../connect/kafka/client.js';
import { PartitionFetcher } from '../connect/kafka/fetcher.js';
import { GroupMember } from '../connect/kafka/group.js';
import { GroupRequests } from '../connect/kafka/group-requests.js';
import type { ClientEdges, ClientSettings, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { KafkaFailure } from '../connect/kafka/kafka-failure.js';
import { listOffsets } from '../connect/kafka/list-offsets.js';
import { committedOffsets } from '../connect/kafka/offsets.js';
import { fetcherProperties, groupProperties, producerProperties } from '../connect/kafka/option-properties.js';
import { RecordProducer } from '../connect/kafka/producer.js';
import { requestProducerId } from '../connect/kafka/producer-id.js';
import { isServed, settleTopics } from '../connect/kafka/settle-topics.js';
import type { TopicSpec } from '../plan/plan.js';
import { createTopicsApi } from '../wire/apis/19-create-topics.js';
import { deleteRecordsApi } from '../wire/apis/21-delete-records.js';
import { errorCodes } from '../wire/error-codes.js';
import type { Connection } from './connection.js';

/** Whoever commits without being a member says so by these. */
const NO_MEMBER = { memberId: '', generation: -1 };
/** Of transactions under an id that is only taken from somebody; none is opened. */
const FENCE_TIMEOUT_MS = 10_000;
/** How long the cluster may take to make topics. */
const CREATE_TIMEOUT_MS = 30_000;

/**
 * Opens everything a run asks of a cluster; nothing is dialled before it is needed. What `-X` says of producers, fetchers
 * and groups holds where the run itself does not need it otherwise.
 */
export function openConnection(settings: ClientSettings, edges: ClientEdges): Connection {
  const client = new KafkaClient(settings, edges);
  return {
    client,
    producer: (options) => new RecordProducer(client, { ...producerProperties(settings), ...options }),
    fetcher: (options) => new PartitionFetcher(client, { ...fetcherProperties(settings), ...options }),
    group: (options, handlers) => new GroupMember(client, { ...groupProperties(settings), ...options }, handlers),
    offsets: (partitions, at) => listOffsets(client, partitions, at),
    ends: (partitions) => listOffsets(client, partitions, 'end', 'read_uncommitted'),
    fence: async (transactionalId) => void (await requestProducerId(client, transactionalId, FENCE_TIMEOUT_MS)),
    deleteBefore: (offsets) => deleteBefore(client, offsets),
    committed: (groupId, partitions) => committedOffsets(client, groupId, partitions),
    commit: (groupId, offsets) => new GroupRequests(client, { groupId, topics: [] }, 0, 0).commit(NO_MEMBER, offsets),
    partitions: async (topic) => (await client.topic(topic)).partitions.map(({ partition }) => partition),
    createMissing: (topics) => createMissing(client, topics),
    close: () => client.close(),
  };
}

async function createMissing(client: KafkaClient, topics: readonly TopicSpec[]): Promise<readonly string[]> {
  const known = await client.cluster(topics.map(({ name }) => name));
  const there = new Set(known.topics.map(({ name }) => name));
  const missing = topics.filter(({ name }) => !there.has(name));
  if (missing.length === 0) return [];
  const response = await client.call(
    createTopicsApi,
    {
      topics: missing.map(({ name, partitions, replicas, config }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: replicas,
        assignments: [],
        configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
      timeoutMs: CREATE_TIMEOUT_MS,
      validateOnly: false,
    },
    'controller',
    { what: 'cannot make the topics of the pipeline' },
  );
  const made: string[] = [];
  for (const { name, errorCode, errorMessage } of response.topics) {
    if (errorCode === errorCodes.NONE) made.push(name);
    // Somebody else, perhaps another run of this pipeline, was a moment faster.
    else if (errorCode !== errorCodes.TOPIC_ALREADY_EXISTS) throw cannotMake(name, errorCode, errorMessage);
  }
  await settleTopics(client, made, isServed);
  return made;
}

async function deleteBefore(client: KafkaClient, offsets: readonly TopicPartitionOffset[]): Promise<void> {
  for (const { topic, partition, offset } of offsets) {
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition, offset: BigInt(offset) }] }];
    await client.call(
      deleteRecordsApi,
      { topics, timeoutMs: CREATE_TIMEOUT_MS },
      { leader: { topic, partition } },
      {
        what: `cannot delete records of topic "${topic}"`,
        errorOf: (answer) => answer.topics[0]?.partitions[0]?.errorCode ?? 0,
      },
    );
  }
}

function cannotMake(name: string, errorCode: number, message: string | null): StreamctlError {
  const failure = new KafkaFailure(`cannot make topic "${name}"`, errorCode, message);
  return new StreamctlError(failure.code, failure.message, {
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
    hint: failure.hint ?? `make it yourself: streamctl topics create ${name}`,
    cause: failure,
  });
}
