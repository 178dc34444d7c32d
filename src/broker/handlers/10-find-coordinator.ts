// Behavior:
// * Who answers for a group or a transactional id. On one node that is always this broker.
// * Kinds of keys other than group and transaction are INVALID_REQUEST (share groups are not offered).
//
// Version notes:
// * 4 asks for several keys at once

import { findCoordinatorApi } from '../../wire/apis/10-find-coordinator.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

const GROUP = 0;
const TRANSACTION = 1;

/** Answers FindCoordinator. */
export const findCoordinatorHandler = defineHandler(findCoordinatorApi, ({ broker, version }, request) => {
  const isKnown = request.keyType === GROUP || request.keyType === TRANSACTION;
  const answer = isKnown
    ? { errorCode: errorCodes.NONE, errorMessage: null, nodeId: broker.nodeId, host: broker.host, port: broker.port }
    : {
        errorCode: errorCodes.INVALID_REQUEST,
        errorMessage: `Coordinators of kind ${request.keyType} are not offered.`,
        nodeId: -1,
        host: '',
        port: -1,
      };
  if (version < 4) return answer;
  return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...answer })) };
});
