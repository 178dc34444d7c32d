// Behavior:
// * Partitions become part of a transaction before the first record is sent to them; opens it.
// * All or none of a request's partitions.
// * Durable when it is answered, so that a restart knows where markers are needed.
//
// Version notes:
// * up to 3 one transaction, of a producer
// * from 4 on several, as brokers ask one another, also just to verify
// * before 2 a fenced producer is INVALID_PRODUCER_EPOCH

import type { RequestOf } from '../../wire/api.js';
import { addPartitionsToTxnApi } from '../../wire/apis/24-add-partitions-to-txn.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import { fencedError } from '../transactions/transaction-errors.js';
import type { TransactionPartition } from '../transactions/transaction-state.js';
import { once } from './once.js';

type Topics = RequestOf<typeof addPartitionsToTxnApi>['v3AndBelowTopics'];

interface Asked {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly verifyOnly: boolean;
  readonly topics: Topics;
}

/** Answers AddPartitionsToTxn. */
export const addPartitionsToTxnHandler = defineHandler(addPartitionsToTxnApi, async ({ broker, version }, request) => {
  if (version >= 4) {
    const results = request.transactions.map(async (asked) => ({
      transactionalId: asked.transactionalId,
      topicResults: await answerOne(broker, asked, version),
    }));
    return { errorCode: errorCodes.NONE, resultsByTransaction: await Promise.all(results) };
  }
  const asked = {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: request.v3AndBelowTopics,
  };
  return { resultsByTopicV3AndBelow: await answerOne(broker, asked, version) };
});

async function answerOne(broker: Broker, asked: Asked, version: number) {
  const exists = (topic: string, index: number): boolean => broker.topics.partition(topic, index) !== undefined;
  if (asked.topics.some(({ name, partitions }) => partitions.some((index) => !exists(name, index)))) {
    return results(asked.topics, (topic, index) =>
      exists(topic, index) ? errorCodes.OPERATION_NOT_ATTEMPTED : errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    );
  }
  const { transactionalId, producerEpoch: epoch } = asked;
  const who = { transactionalId, producerId: Number(asked.producerId), epoch };
  const idOf = (topic: string): string => broker.topics.byName(topic)!.id;
  if (asked.verifyOnly) {
    return results(asked.topics, (topic, index) =>
      broker.transactions.verify(who, { partition: [idOf(topic), index, null] }),
    );
  }
  const named = asked.topics.flatMap(({ name, partitions: indexes }) =>
    indexes.map((index): TransactionPartition => [idOf(name), index, null]),
  );
  const partitions = once(named, ([topicId, index]) => `${topicId} ${index}`);
  const { errorCode, durable } = broker.transactions.add(who, { partitions });
  await durable;
  return results(asked.topics, () => fencedError(errorCode, version >= 2));
}

function results(topics: Topics, errorOf: (topic: string, index: number) => number) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorOf(name, partitionIndex),
    })),
  }));
}
