// Behavior:
// * State, epochs and members of groups of the consumer protocol; other groups are GROUP_ID_NOT_FOUND, so that
//   administrators ask again by DescribeGroups.
//
// Version notes:
// * 1 tells the type of each member

import { consumerGroupDescribeApi } from '../../wire/apis/69-consumer-group-describe.js';
import { errorCodes } from '../../wire/error-codes.js';
import { GROUP_OPERATIONS, NO_OPERATIONS } from '../groups/group-types.js';
import { defineHandler } from '../handler.js';

/** Answers ConsumerGroupDescribe. */
export const consumerGroupDescribeHandler = defineHandler(consumerGroupDescribeApi, async ({ broker }, request) => {
  const groups = await broker.groups.describeConsumers([...new Set(request.groupIds)]);
  if (!request.includeAuthorizedOperations) return { groups };
  const operations = (errorCode: number): number => (errorCode === errorCodes.NONE ? GROUP_OPERATIONS : NO_OPERATIONS);
  return { groups: groups.map((group) => ({ ...group, authorizedOperations: operations(group.errorCode) })) };
});
