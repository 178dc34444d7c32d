// Behavior:
// * One folder with all topics; sizes are those of the segment files. Free space is not looked up (-1).
//
// Version notes:
// * v2 flexible
// * v3 an error for the whole answer
// * v4 total and usable bytes
// * v5 whether the folder is closed to new partitions

import type { ResponseInputOf } from '../../wire/api.js';
import { describeLogDirsApi } from '../../wire/apis/35-describe-log-dirs.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

type Response = ResponseInputOf<typeof describeLogDirsApi>;

/** Answers DescribeLogDirs. */
export const describeLogDirsHandler = defineHandler(describeLogDirsApi, ({ broker }, request): Response => {
  const wanted = request.topics && new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
  const topics = broker.topics
    .list()
    .filter(({ name }) => !wanted || wanted.has(name))
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions
        .filter(({ index }) => !wanted || wanted.get(name)!.has(index))
        .map((partition) => ({
          partitionIndex: partition.index,
          partitionSize: BigInt(partition.bytes),
          offsetLag: 0n,
          isFutureKey: false,
        })),
    }));
  return {
    errorCode: errorCodes.NONE,
    results: [{ errorCode: errorCodes.NONE, logDir: broker.settings.dataFolder, topics }],
  };
});
