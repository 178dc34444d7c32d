// Behavior:
// * One node never loses leadership: the only epoch is 0 and ends at the high watermark. Clients ask to find out whether
//   the log was cut behind their back; here it never is.
// * An epoch the broker has not reached is answered with "unknown" (-1).
//
// Version notes:
// * v2 the client's own epoch, checked
// * v3 replica id
// * v4 flexible

import type { ResponseInputOf } from '../../wire/api.js';
import { offsetForLeaderEpochApi } from '../../wire/apis/23-offset-for-leader-epoch.js';
import { errorCodes } from '../../wire/error-codes.js';
import { LEADER_EPOCH } from '../batch-framing.js';
import { defineHandler } from '../handler.js';

type Response = ResponseInputOf<typeof offsetForLeaderEpochApi>;

/** Answers OffsetForLeaderEpoch. */
export const offsetForLeaderEpochHandler = defineHandler(
  offsetForLeaderEpochApi,
  ({ broker }, request): Response => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((want) => {
        const partition = broker.topics.partition(topic, want.partition);
        const answer = { partition: want.partition, errorCode: errorCodes.NONE };
        if (!partition) return { ...answer, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION };
        if (want.currentLeaderEpoch > LEADER_EPOCH) return { ...answer, errorCode: errorCodes.UNKNOWN_LEADER_EPOCH };
        if (want.leaderEpoch !== LEADER_EPOCH) return answer;
        return { ...answer, leaderEpoch: LEADER_EPOCH, endOffset: BigInt(partition.highWatermark) };
      }),
    })),
  }),
);
