// Behavior:
// * A member of the consumer protocol (KIP-848) joins, stays, walks to its target assignment, or leaves.
// * The answer carries an assignment when that changed, or when the request named everything.
//
// Version notes:
// * 0 lets the broker choose the member id
// * 1 subscribes by pattern too; members choose their id

import { consumerGroupHeartbeatApi } from '../../wire/apis/68-consumer-group-heartbeat.js';
import { defineHandler } from '../handler.js';

/** Answers ConsumerGroupHeartbeat. */
export const consumerGroupHeartbeatHandler = defineHandler(
  consumerGroupHeartbeatApi,
  ({ broker, peer, version }, request) => broker.groups.consumerHeartbeat(request, peer, version),
);
