// Behavior:
// * Commits or aborts.
// * Answered when the outcome and all markers are durable; a repeated request is answered as the first was.
//
// Version notes:
// * before 2 a fenced producer is INVALID_PRODUCER_EPOCH
// * 5 bumps the epoch and tells the new one (KIP-890)

import { endTxnApi } from '../../wire/apis/26-end-txn.js';
import { defineHandler } from '../handler.js';
import { fencedError } from '../transactions/transaction-errors.js';

/** Answers EndTxn. */
export const endTxnHandler = defineHandler(endTxnApi, async ({ broker, version }, request) => {
  const answer = await broker.transactions.endTransaction(request.transactionalId, {
    producerId: Number(request.producerId),
    epoch: request.producerEpoch,
    commit: request.committed,
    version: version >= 5 ? 2 : 1,
  });
  return {
    errorCode: fencedError(answer.errorCode, version >= 2),
    producerId: BigInt(answer.producerId),
    producerEpoch: answer.epoch,
  };
});
