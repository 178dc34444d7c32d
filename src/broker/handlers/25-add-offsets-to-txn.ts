// Behavior:
// * The offsets of a group become part of a transaction; opens it.
//
// Version notes:
// * before 2 a fenced producer is INVALID_PRODUCER_EPOCH
// * clients of transaction version 2 do not ask any more

import { addOffsetsToTxnApi } from '../../wire/apis/25-add-offsets-to-txn.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';
import { fencedError } from '../transactions/transaction-errors.js';

/** Answers AddOffsetsToTxn. */
export const addOffsetsToTxnHandler = defineHandler(addOffsetsToTxnApi, async ({ broker, version }, request) => {
  const { transactionalId, groupId, producerEpoch: epoch } = request;
  if (groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID };
  const who = { transactionalId, producerId: Number(request.producerId), epoch };
  const { errorCode, durable } = broker.transactions.add(who, { groups: [groupId] });
  await durable;
  return { errorCode: fencedError(errorCode, version >= 2) };
});
