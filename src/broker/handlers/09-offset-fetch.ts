// Behavior:
// * What groups have committed; offset -1 where there is nothing.
// * With `requireStable` a partition whose offset an open transaction may change is UNSTABLE_OFFSET_COMMIT.
//
// Version notes:
// * 1 has no way to ask for all topics
// * 8 asks for several groups at once
// * from 9 on a member names its epoch (KIP-848)
// * from 10 on topics have ids in place of names

import { offsetFetchApi } from '../../wire/apis/09-offset-fetch.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ZERO_UUID } from '../../wire/uuid.js';
import { defineHandler } from '../handler.js';

/** So often one request is told all offsets of one group: each answer may be thousands of times as large as its question. */
const TELLS_MAX = 5;

/** Answers OffsetFetch. */
export const offsetFetchHandler = defineHandler(offsetFetchApi, async ({ broker, version }, request) => {
  const { offsets } = broker.groups;
  if (version >= 8) {
    const tells = new Map<string, number>();
    const asked = request.groups.filter(({ groupId, topics }) => {
      if (topics !== null) return true;
      const count = (tells.get(groupId) ?? 0) + 1;
      tells.set(groupId, count);
      return count <= TELLS_MAX;
    });
    return { groups: await offsets.fetch(asked, request.requireStable, version) };
  }
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  const asked = { groupId: request.groupId, memberId: null, memberEpoch: -1, topics };
  const [group] = await offsets.fetch([asked], request.requireStable, version);
  return { topics: group!.topics, errorCode: group?.errorCode ?? errorCodes.NONE };
});
