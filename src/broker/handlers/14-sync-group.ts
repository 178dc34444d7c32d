import { syncGroupApi } from '../../wire/apis/14-sync-group.js';
import { defineHandler } from '../handler.js';

/**
 * SyncGroup: a member of a classic group asks for its part; the leader brings the parts of all.
 *
 * Behavior: answered when the leader's assignment is durable.
 * Versions: 3 adds static members; from 5 on protocol type and name are checked.
 */
export const syncGroup = defineHandler(syncGroupApi, ({ broker }, request) => broker.groups.sync(request));
