import { createTopicsApi } from '../../wire/apis/19-create-topics.js';
import { deleteRecordsApi } from '../../wire/apis/21-delete-records.js';
import { incrementalAlterConfigsApi } from '../../wire/apis/44-incremental-alter-configs.js';
import { errorCodes, kafkaError } from '../../wire/error-codes.js';
import type { KafkaClient } from './client.js';
import type { Admin, AdminResult, NewTopic, TopicConfigChange, TopicPartitionOffset } from './interfaces.js';
import { KafkaJsCalls, type LibraryResult } from './kafkajs-admin.js';
import { isServed, settleTopics } from './settle-topics.js';

const TOPIC_RESOURCE = 2;
const OPERATIONS = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/**
 * Topic administration. Creating, altering configs and deleting records go by our own requests: kafkajs merges the
 * outcomes of several topics, replaces all configs at once and hides the broker's defaults.
 */
export function openAdmin(client: KafkaClient): Admin {
  const library = new KafkaJsCalls(client.settings);
  return {
    createTopics: (topics, options) => createTopics(client, topics, options?.validateOnly ?? false),
    async deleteTopics(names) {
      const results: AdminResult[] = [];
      for (const name of names) {
        results.push(asResult(name, await library.deleteTopic(name)));
        client.forget(name);
      }
      await settleTopics(client, succeeded(results), (topic) => topic === undefined);
      return results;
    },
    async createPartitions(name, count, options) {
      const result = await library.createPartitions(name, count, options?.validateOnly ?? false);
      client.forget(name);
      if (result.errorCode === 0 && !options?.validateOnly) {
        await settleTopics(client, [name], (topic) => (topic?.partitions.length ?? 0) >= count && isServed(topic));
      }
      return asResult(name, result);
    },
    describeTopicConfigs: (names) => library.describeTopicConfigs(names),
    alterTopicConfigs: (name, changes, options) => alterConfigs(client, name, changes, options?.validateOnly ?? false),
    deleteRecords: (offsets) => deleteRecords(client, offsets),
    close: () => library.close(),
  };
}

function asResult(name: string, { errorCode, message }: LibraryResult): AdminResult {
  return { name, errorCode, error: kafkaError(errorCode).name, message };
}

async function createTopics(
  client: KafkaClient,
  topics: readonly NewTopic[],
  validateOnly: boolean,
): Promise<AdminResult[]> {
  const response = await client.call(
    createTopicsApi,
    {
      topics: topics.map(({ name, partitions, replicas, configs }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: replicas,
        assignments: [],
        configs: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
      })),
      timeoutMs: client.settings.requestTimeoutMs,
      validateOnly,
    },
    'controller',
    {
      what: 'cannot create topics',
      errorOf: (answer) =>
        answer.topics.find(({ errorCode }) => errorCode === errorCodes.NOT_CONTROLLER)?.errorCode ?? 0,
    },
  );
  const results = response.topics.map(({ name, errorCode, errorMessage }) => {
    client.forget(name);
    return { name, errorCode, error: kafkaError(errorCode).name, message: errorMessage };
  });
  if (!validateOnly) await settleTopics(client, succeeded(results), isServed);
  return results;
}

function succeeded(results: readonly AdminResult[]): string[] {
  return results.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name);
}

async function alterConfigs(
  client: KafkaClient,
  name: string,
  changes: readonly TopicConfigChange[],
  validateOnly: boolean,
): Promise<AdminResult> {
  const configs = changes.map((change) => {
    if ('set' in change) return { name: change.name, configOperation: OPERATIONS.set, value: change.set };
    if ('append' in change) return { name: change.name, configOperation: OPERATIONS.append, value: change.append };
    if ('subtract' in change)
      return { name: change.name, configOperation: OPERATIONS.subtract, value: change.subtract };
    return { name: change.name, configOperation: OPERATIONS.remove, value: null };
  });
  const response = await client.call(
    incrementalAlterConfigsApi,
    { resources: [{ resourceType: TOPIC_RESOURCE, resourceName: name, configs }], validateOnly },
    'controller',
    { what: `cannot alter the configuration of topic "${name}"` },
  );
  const { errorCode, errorMessage } = response.responses[0]!;
  return { name, errorCode, error: kafkaError(errorCode).name, message: errorMessage };
}

async function deleteRecords(client: KafkaClient, offsets: readonly TopicPartitionOffset[]) {
  const results: (AdminResult & { readonly lowWatermark: number })[] = [];
  for (const { topic, partition, offset } of offsets) {
    const response = await client.call(
      deleteRecordsApi,
      {
        topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset: BigInt(offset) }] }],
        timeoutMs: client.settings.requestTimeoutMs,
      },
      { leader: { topic, partition } },
      { what: `cannot delete records of topic "${topic}", partition ${partition}` },
    );
    const { errorCode, lowWatermark } = response.topics[0]!.partitions[0]!;
    results.push({
      name: `${topic}/${partition}`,
      errorCode,
      error: kafkaError(errorCode).name,
      message: null,
      lowWatermark: Number(lowWatermark),
    });
  }
  return results;
}
