// Behavior:
// * Members of a classic group go, and the others rebalance.
// * An administrator removes static members by instance id, without a member id.
//
// Version notes:
// * before 3 one member, whose error code is that of the request
// * from 3 on many, each with its own

import { leaveGroupApi } from '../../wire/apis/13-leave-group.js';
import { defineHandler } from '../handler.js';

/** Answers LeaveGroup. */
export const leaveGroupHandler = defineHandler(leaveGroupApi, ({ broker, version }, request) => {
  const { groupId } = request;
  if (version >= 3) return broker.groups.leave(request);
  const members = [{ memberId: request.memberId, groupInstanceId: null }];
  const answer = broker.groups.leave({ groupId, members });
  return { errorCode: answer.errorCode || answer.members[0]!.errorCode };
});
