// Behavior:
// * Transactional ids by state, producer id, age of the open transaction, and pattern.
// * Filters that are empty let everything through; states nobody knows are told back.
//
// Version notes:
// * 1 adds the age, 2 the pattern (a regular expression over the whole id)

import { StreamctlError } from '../../base/errors.js';
import { listTransactionsApi } from '../../wire/apis/66-list-transactions.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';
import { listTransactions as list } from '../transactions/list-transactions.js';

/** Answers ListTransactions. */
export const listTransactionsHandler = defineHandler(listTransactionsApi, async ({ broker }, request) => {
  await broker.journal.settled();
  try {
    const { transactions, unknownStates } = list(broker.transactions.list(), request, broker.edges.clock.now());
    const transactionStates = transactions.map((state) => ({
      transactionalId: state.transactionalId,
      producerId: BigInt(state.producerId),
      transactionState: state.status,
    }));
    return { errorCode: errorCodes.NONE, unknownStateFilters: unknownStates, transactionStates };
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    const errorCode = errorCodes.INVALID_REGULAR_EXPRESSION;
    return { errorCode, unknownStateFilters: [], transactionStates: [] };
  }
});
