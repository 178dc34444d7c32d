// Behavior:
// * A member of a classic group asks for its part; the leader brings the parts of all.
// * Answered when the leader's assignment is durable.
//
// Version notes:
// * 3 adds static members
// * from 5 on protocol type and name are checked

import { syncGroupApi } from '../../wire/apis/14-sync-group.js';
import { defineHandler } from '../handler.js';

/** Answers SyncGroup. */
export const syncGroupHandler = defineHandler(syncGroupApi, ({ broker }, request) => broker.groups.sync(request));
