// Behavior:
// * One node, which is its own controller. Controllers as endpoints (type 2) cannot be asked for here.
//
// Version notes:
// * v1 type of endpoint
// * v2 fenced brokers, of which there is none

import type { ResponseInputOf } from '../../wire/api.js';
import { describeClusterApi } from '../../wire/apis/60-describe-cluster.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';
import { CLUSTER_OPERATIONS, NOT_ASKED } from './operations.js';

type Response = ResponseInputOf<typeof describeClusterApi>;

const BROKERS = 1;

/** Answers DescribeCluster. */
export const describeClusterHandler = defineHandler(describeClusterApi, ({ broker }, request): Response => {
  const { clusterId, nodeId, host, port } = broker;
  if (request.endpointType !== BROKERS) {
    const errorMessage = 'The request was sent to an endpoint of the wrong type.';
    return { errorCode: errorCodes.MISMATCHED_ENDPOINT_TYPE, errorMessage, clusterId, brokers: [] };
  }
  return {
    errorCode: errorCodes.NONE,
    clusterId,
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, host, port }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
  };
});
