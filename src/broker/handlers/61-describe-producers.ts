// Behavior:
// * Producers that a partition remembers: their last sequence number, time and where their open transaction begins.
//
// Version notes:
// * v0 the only one

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { describeProducersApi } from '../../wire/apis/61-describe-producers.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

type Request = RequestOf<typeof describeProducersApi>;
type Response = ResponseInputOf<typeof describeProducersApi>;

/** Answers DescribeProducers. */
export const describeProducersHandler = defineHandler(
  describeProducersApi,
  ({ broker }, request): Response => ({
    topics: eachOnce(request.topics).map(({ name, partitionIndexes }) => ({
      name,
      partitions: [...partitionIndexes].map((partitionIndex) => {
        const partition = broker.topics.partition(name, partitionIndex);
        if (!partition) {
          return { partitionIndex, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] };
        }
        const activeProducers = [...partition.producers()].map((state) => ({
          producerId: BigInt(state.producerId),
          producerEpoch: state.epoch,
          lastSequence: state.batches.at(-1)?.lastSequence ?? -1,
          lastTimestamp: BigInt(state.lastTimestampMs),
          coordinatorEpoch: state.coordinatorEpoch,
          currentTxnStartOffset: BigInt(state.openFirst ?? -1),
        }));
        return { partitionIndex, errorCode: errorCodes.NONE, activeProducers };
      }),
    })),
  }),
);

/** Each partition once, however often it is asked for. */
function eachOnce(topics: Request['topics']): { name: string; partitionIndexes: ReadonlySet<number> }[] {
  const byName = new Map<string, Set<number>>();
  for (const { name, partitionIndexes } of topics) {
    const indexes = byName.get(name) ?? new Set();
    for (const index of partitionIndexes) indexes.add(index);
    byName.set(name, indexes);
  }
  return [...byName].map(([name, partitionIndexes]) => ({ name, partitionIndexes }));
}
