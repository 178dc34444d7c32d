// Behavior:
// * Records before the offset are hidden at once and for good; whole segments before it are removed. -1 means all.
// * An offset behind the high watermark is OFFSET_OUT_OF_RANGE, one before the first record changes nothing.
// * A topic that is only compacted refuses with POLICY_VIOLATION.
//
// Version notes:
// * v0 to v1 alike; v2 flexible

import { StreamctlError } from '../../base/errors.js';
import type { ResponseInputOf } from '../../wire/api.js';
import { deleteRecordsApi } from '../../wire/apis/21-delete-records.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';

type Response = ResponseInputOf<typeof deleteRecordsApi>;
type PartitionAnswer = Response['topics'][number]['partitions'][number];

const ALL = -1;
const NO_WATERMARK = -1n;

/** Answers DeleteRecords. */
export const deleteRecordsHandler = defineHandler(deleteRecordsApi, async ({ broker }, request): Promise<Response> => {
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map(({ partitionIndex, offset }) => trim(broker, name, partitionIndex, Number(offset))),
    ),
  }));
  return { topics: await Promise.all(topics) };
});

async function trim(broker: Broker, name: string, partitionIndex: number, offset: number): Promise<PartitionAnswer> {
  const topic = broker.topics.byName(name);
  const partition = topic?.partitions[partitionIndex];
  const refuse = (errorCode: number): PartitionAnswer => ({ partitionIndex, lowWatermark: NO_WATERMARK, errorCode });
  if (!topic || !partition) return refuse(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (!partition.settings.deleteOld) return refuse(errorCodes.POLICY_VIOLATION);
  const end = partition.highWatermark;
  const target = offset === ALL ? end : offset;
  if (target < 0 || target > end) return refuse(errorCodes.OFFSET_OUT_OF_RANGE);
  try {
    if (target > partition.logStart) await broker.admin.trim(topic, partitionIndex, target);
    return { partitionIndex, lowWatermark: BigInt(partition.logStart), errorCode: errorCodes.NONE };
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    // Not found: the topic was deleted meanwhile.
    const isGone = error.code === 'not-found';
    return refuse(isGone ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : errorCodes.KAFKA_STORAGE_ERROR);
  }
}
