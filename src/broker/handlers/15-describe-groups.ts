// Behavior:
// * State and members of classic groups.
// * What members bring and what they were given is shown while the group is stable.
//
// Version notes:
// * 3 adds the operations one is allowed to do (all: there are no ACLs)
// * before 6 an unknown group is shown as dead, from 6 on it is GROUP_ID_NOT_FOUND

import { describeGroupsApi } from '../../wire/apis/15-describe-groups.js';
import { errorCodes } from '../../wire/error-codes.js';
import { GROUP_OPERATIONS, NO_OPERATIONS } from '../groups/group-types.js';
import { defineHandler } from '../handler.js';

/** Answers DescribeGroups. */
export const describeGroupsHandler = defineHandler(describeGroupsApi, async ({ broker, version }, request) => {
  const groups = await broker.groups.describe([...new Set(request.groups)], version);
  if (!request.includeAuthorizedOperations) return { groups };
  const operations = (errorCode: number): number => (errorCode === errorCodes.NONE ? GROUP_OPERATIONS : NO_OPERATIONS);
  return { groups: groups.map((group) => ({ ...group, authorizedOperations: operations(group.errorCode) })) };
});
