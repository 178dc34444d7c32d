import { heartbeatApi } from '../../wire/apis/12-heartbeat.js';
import { defineHandler } from '../handler.js';

/**
 * Heartbeat: a member of a classic group is alive.
 *
 * Behavior: REBALANCE_IN_PROGRESS asks it to join again.
 * Versions: 3 adds static members.
 */
export const heartbeat = defineHandler(heartbeatApi, ({ broker }, request) => ({
  errorCode: broker.groups.heartbeat(request),
}));
