// Behavior:
// * An id and epoch for an idempotent producer; with a transactional id the next epoch of that, which fences all
//   producers before.
// * An open transaction of the same transactional id is aborted first.
// * Who names an id names an epoch, and the other way round: one alone is INVALID_REQUEST.
//
// Version notes:
// * 3 lets a producer go on after an error with the epoch it has (KIP-360)
// * before 4 a fenced producer is INVALID_PRODUCER_EPOCH

import { initProducerIdApi } from '../../wire/apis/22-init-producer-id.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';
import { fencedError } from '../transactions/transaction-errors.js';

/** Answers InitProducerId. */
export const initProducerIdHandler = defineHandler(initProducerIdApi, async ({ broker, version }, request) => {
  const { transactionalId } = request;
  if ((request.producerId === -1n) !== (request.producerEpoch === -1)) {
    return { errorCode: errorCodes.INVALID_REQUEST, producerId: -1n, producerEpoch: -1 };
  }
  const answer =
    transactionalId === null
      ? await broker.transactions.newProducer()
      : await broker.transactions.initProducer({
          transactionalId,
          timeoutMs: request.transactionTimeoutMs,
          producerId: Number(request.producerId),
          epoch: request.producerEpoch,
        });
  return {
    errorCode: fencedError(answer.errorCode, version >= 4),
    producerId: BigInt(answer.producerId),
    producerEpoch: answer.epoch,
  };
});
