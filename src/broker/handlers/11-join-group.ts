// Behavior:
// * A member takes part in the next generation of a classic group.
// * Answered when all members have joined or the rebalance timeout is over; the leader's answer lists them.
//
// Version notes:
// * 1 adds the rebalance timeout
// * 4 gives ids to members first (KIP-394)
// * 5 adds static members (KIP-345)
// * before 7 the protocol name must not be null
// * 9 can tell a returning leader that its assignment stands (KIP-814)

import { joinGroupApi } from '../../wire/apis/11-join-group.js';
import { defineHandler } from '../handler.js';

/** Answers JoinGroup. */
export const joinGroupHandler = defineHandler(joinGroupApi, async ({ broker, peer, version }, request) => {
  const answer = await broker.groups.join(request, peer, version);
  return version < 7 ? { ...answer, protocolName: answer.protocolName ?? '' } : answer;
});
