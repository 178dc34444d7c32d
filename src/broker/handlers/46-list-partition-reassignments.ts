// Behavior:
// * One node: partitions are never moved, so none is being moved.
//
// Version notes:
// * v0 the only one

import { listPartitionReassignmentsApi } from '../../wire/apis/46-list-partition-reassignments.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

/** Answers ListPartitionReassignments. */
export const listPartitionReassignmentsHandler = defineHandler(listPartitionReassignmentsApi, () => ({
  errorCode: errorCodes.NONE,
  errorMessage: null,
  topics: [],
}));
