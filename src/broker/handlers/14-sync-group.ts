// Behavior:
// * A member of a classic group asks for its part; the leader brings the parts of all.
// * Answered when the leader's assignment is durable.
//
// Version notes:
// * 3 adds static members
// * from 5 on protocol type and name have to be there, and are checked

import { syncGroupApi } from '../../wire/apis/14-sync-group.js';
import { errorCodes } from '../../wire/error-codes.js';
import { syncError } from '../groups/classic-answers.js';
import { defineHandler } from '../handler.js';

/** Answers SyncGroup. */
export const syncGroupHandler = defineHandler(syncGroupApi, ({ broker, version }, request) => {
  const isMute = request.protocolType === null || request.protocolName === null;
  if (version >= 5 && isMute) return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
  return broker.groups.sync(request);
});
