// Behavior:
// * Each topic succeeds or fails by itself; a name that stands twice in one request is INVALID_REQUEST.
// * -1 partitions take the broker's default, -1 replicas take 1; more than one replica cannot be had on one node.
// * Manual assignments are taken when every partition lies on the one node.
// * The answer leaves when the topic is durable; the records' folder is made with the first record.
//
// Version notes:
// * v2 throttle time
// * v4 defaults for partitions and replicas (-1)
// * v5 flexible; the answer has partitions, replicas and all settings
// * v7 topic id

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { createTopicsApi } from '../../wire/apis/19-create-topics.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { effectiveConfigs } from '../config-view.js';
import { defineHandler } from '../handler.js';
import { type AdminResult, type NewTopic, no } from '../topic-admin.js';

type Request = RequestOf<typeof createTopicsApi>;
type Response = ResponseInputOf<typeof createTopicsApi>;
type TopicAnswer = Response['topics'][number];
type Wanted = Request['topics'][number];

/** Answers CreateTopics. */
export const createTopicsHandler = defineHandler(createTopicsApi, async ({ broker }, request): Promise<Response> => {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const topics: Promise<TopicAnswer>[] = [];
  for (const wanted of request.topics) {
    const twice = counts.get(wanted.name)! > 1;
    const checked = twice ? no('INVALID_REQUEST', 'Duplicate topic name.') : readTopic(broker, wanted);
    if (twice && !counts.delete(wanted.name)) continue;
    topics.push(make(broker, wanted.name, checked, request.validateOnly));
  }
  return { topics: await Promise.all(topics) };
});

function readTopic(broker: Broker, wanted: Wanted): AdminResult<NewTopic> {
  const { name, numPartitions, replicationFactor, assignments } = wanted;
  const configs = new Map<string, string>();
  for (const config of wanted.configs) {
    if (config.value === null)
      return no('INVALID_CONFIG', `Null value not supported for topic configs: ${config.name}`);
    configs.set(config.name, config.value);
  }
  if (assignments.length > 0) {
    if (numPartitions !== -1 || replicationFactor !== -1) {
      const why = 'Replication factor and partition count must be -1 when a replica assignment is given.';
      return no('INVALID_REQUEST', why);
    }
    const indexes = new Set(assignments.map((assignment) => assignment.partitionIndex));
    const whole = indexes.size === assignments.length && assignments.every((_, index) => indexes.has(index));
    const here = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === broker.nodeId);
    if (!whole) return no('INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence');
    if (!here) return no('INVALID_REPLICA_ASSIGNMENT', `the only broker is ${broker.nodeId}`);
    return { ok: true, value: { name, partitions: assignments.length, configs } };
  }
  if (replicationFactor !== -1 && replicationFactor < 1) {
    const why = 'Replication factor must be larger than 0, or -1 to use the default value.';
    return no('INVALID_REPLICATION_FACTOR', why);
  }
  if (numPartitions !== -1 && numPartitions < 1) {
    return no('INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.');
  }
  if (replicationFactor > 1) {
    const why = `The target replication factor of ${replicationFactor} cannot be reached because only 1 broker(s) are registered.`;
    return no('INVALID_REPLICATION_FACTOR', `Unable to replicate the partition ${replicationFactor} time(s): ${why}`);
  }
  const partitions = numPartitions === -1 ? broker.settings.defaultPartitions : numPartitions;
  return { ok: true, value: { name, partitions, configs } };
}

async function make(
  broker: Broker,
  name: string,
  topic: AdminResult<NewTopic>,
  validateOnly: boolean,
): Promise<TopicAnswer> {
  if (!topic.ok) return refusal(name, topic);
  const { partitions, configs } = topic.value;
  const made = validateOnly ? broker.admin.checkNew(topic.value) : await broker.admin.create(topic.value);
  if (!made.ok) return refusal(name, made);
  return {
    name,
    ...(made.value ? { topicId: made.value.id } : {}),
    errorCode: errorCodes.NONE,
    errorMessage: null,
    numPartitions: partitions,
    replicationFactor: 1,
    configs: effectiveConfigs(configs).map(({ name: config, value, source }) => ({
      name: config,
      value,
      readOnly: false,
      configSource: source,
      isSensitive: false,
    })),
  };
}

function refusal(name: string, result: AdminResult<unknown> & { ok: false }): TopicAnswer {
  return { name, errorCode: errorCodes[result.error], errorMessage: result.message, configs: [] };
}
