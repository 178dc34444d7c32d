// Behavior:
// * -1 the end (for read_committed the last stable offset), -2 and -4 the first offset, -3 the record with the latest
//   time, -5 and -6 remote storage, which is not there: offset -1.
// * A partition that stands twice in one request is INVALID_REQUEST: a search by time may have to look far.
// * Any other time: the first record with that time or a later one, found inside its batch; none: offset -1.
//
// Version notes:
// * v1 one offset per partition instead of a list
// * v2 isolation level
// * v4 leader epoch
// * v6 flexible
// * v7 latest time (-3), v8 first local offset (-4), v9 last remote offset (-5), v11 first offset to upload (-6)
// * v10 time limit of the request

import { StreamctlError } from '../../base/errors.js';
import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { listOffsetsApi } from '../../wire/apis/02-list-offsets.js';
import { errorCodes } from '../../wire/error-codes.js';
import { LEADER_EPOCH } from '../batch-framing.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import type { PartitionLog } from '../partition-log.js';
import { type FoundRecord, findByTime, findLatest } from '../time-search.js';

type Response = ResponseInputOf<typeof listOffsetsApi>;
type PartitionAnswer = Response['topics'][number]['partitions'][number];
type Wanted = RequestOf<typeof listOffsetsApi>['topics'][number]['partitions'][number];

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;
const READ_COMMITTED = 1;

/** Answers ListOffsets. */
export const listOffsetsHandler = defineHandler(listOffsetsApi, async ({ broker }, request): Promise<Response> => {
  const topics: Response['topics'][number][] = [];
  const counts = new Map<string, number>();
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${partitionIndex} ${name}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  for (const { name, partitions } of request.topics) {
    const answers: PartitionAnswer[] = [];
    for (const want of partitions) {
      const partition = broker.topics.partition(name, want.partitionIndex);
      const { partitionIndex } = want;
      const twice = counts.get(`${partitionIndex} ${name}`)! > 1;
      if (twice) answers.push({ partitionIndex, errorCode: errorCodes.INVALID_REQUEST });
      else answers.push(await answer(broker, partition, want, request.isolationLevel === READ_COMMITTED));
    }
    topics.push({ name, partitions: answers });
  }
  return { topics };
});

async function answer(
  broker: Broker,
  partition: PartitionLog | undefined,
  want: Wanted,
  committed: boolean,
): Promise<PartitionAnswer> {
  const { partitionIndex } = want;
  if (!partition) return { partitionIndex, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION };
  if (want.currentLeaderEpoch > LEADER_EPOCH) return { partitionIndex, errorCode: errorCodes.UNKNOWN_LEADER_EPOCH };
  try {
    const found = await find(broker, partition, Number(want.timestamp), committed);
    if (!found) return { partitionIndex, errorCode: errorCodes.NONE };
    return {
      partitionIndex,
      errorCode: errorCodes.NONE,
      timestamp: BigInt(found.timestampMs),
      offset: BigInt(found.offset),
      leaderEpoch: LEADER_EPOCH,
    };
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return { partitionIndex, errorCode: errorCodes.KAFKA_STORAGE_ERROR };
  }
}

async function find(
  broker: Broker,
  partition: PartitionLog,
  timestamp: number,
  committed: boolean,
): Promise<FoundRecord | undefined> {
  const limit = committed ? partition.lastStable : partition.highWatermark;
  const { compression } = broker.edges;
  switch (timestamp) {
    case LATEST:
      return { offset: limit, timestampMs: -1 };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: partition.logStart, timestampMs: -1 };
    case MAX_TIMESTAMP:
      return findLatest(partition, limit, compression);
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return undefined;
    default:
      return findByTime(partition, timestamp, limit, compression);
  }
}
