// Behavior:
// * Where transactional ids stand, and the partitions of what is open.

import { describeTransactionsApi } from '../../wire/apis/65-describe-transactions.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import type { TransactionState } from '../transactions/transaction-state.js';

/** Answers DescribeTransactions. */
export const describeTransactionsHandler = defineHandler(describeTransactionsApi, async ({ broker }, request) => {
  await broker.journal.settled();
  return { transactionStates: [...new Set(request.transactionalIds)].map((id) => described(broker, id)) };
});

function described(broker: Broker, transactionalId: string) {
  const state = broker.transactions.describe(transactionalId);
  const notFound = transactionalId === '' ? errorCodes.INVALID_REQUEST : errorCodes.TRANSACTIONAL_ID_NOT_FOUND;
  return {
    errorCode: state ? errorCodes.NONE : notFound,
    transactionalId,
    transactionState: state?.status ?? '',
    transactionTimeoutMs: state?.timeoutMs ?? 0,
    transactionStartTimeMs: BigInt(state?.startedAtMs ?? -1),
    producerId: BigInt(state?.producerId ?? -1),
    producerEpoch: state?.epoch ?? -1,
    topics: state ? topicsOf(broker, state) : [],
  };
}

/** Partitions by topic name; those of deleted topics are left out. */
function topicsOf(broker: Broker, state: TransactionState) {
  const byName = new Map<string, number[]>();
  for (const [topicId, index] of state.partitions) {
    const topic = broker.topics.byId(topicId)?.name;
    if (topic === undefined) continue;
    const partitions = byName.get(topic);
    if (partitions) partitions.push(index);
    else byName.set(topic, [index]);
  }
  return [...byName].map(([topic, partitions]) => ({ topic, partitions }));
}
