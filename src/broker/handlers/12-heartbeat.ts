// Behavior:
// * A member of a classic group is alive.
// * REBALANCE_IN_PROGRESS asks it to join again.
//
// Version notes:
// * 3 adds static members

import { heartbeatApi } from '../../wire/apis/12-heartbeat.js';
import { defineHandler } from '../handler.js';

/** Answers Heartbeat. */
export const heartbeatHandler = defineHandler(heartbeatApi, ({ broker }, request) => ({
  errorCode: broker.groups.heartbeat(request),
}));
