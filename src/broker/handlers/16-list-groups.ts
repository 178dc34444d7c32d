// Behavior:
// * All groups, those with offsets but no members too.
//
// Version notes:
// * 4 filters by state, 5 by type (classic, consumer)

import { listGroupsApi } from '../../wire/apis/16-list-groups.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

/** Answers ListGroups. */
export const listGroupsHandler = defineHandler(listGroupsApi, ({ broker }, request) => ({
  errorCode: errorCodes.NONE,
  groups: broker.groups.list(request.statesFilter, request.typesFilter),
}));
