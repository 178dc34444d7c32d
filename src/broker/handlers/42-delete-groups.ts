// Behavior:
// * Groups without members go, with all their offsets; others are NON_EMPTY_GROUP.

import { deleteGroupsApi } from '../../wire/apis/42-delete-groups.js';
import { defineHandler } from '../handler.js';

/** Answers DeleteGroups. */
export const deleteGroupsHandler = defineHandler(deleteGroupsApi, async ({ broker }, request) => ({
  results: await broker.groups.delete(request.groupsNames),
}));
