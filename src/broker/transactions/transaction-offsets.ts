import { errorCodes } from '../../wire/error-codes.js';
import type { GroupOffsets, OffsetCommitAnswer, TransactionalCommit } from '../groups/group-offsets.js';
import type { TransactionCoordinator } from './transaction-coordinator.js';

/** Version of TxnOffsetCommit that makes the group part of the transaction by itself (KIP-890, version 2). */
const COMMIT_ADDS_GROUP = 5;
/** Version of TxnOffsetCommit whose clients know TRANSACTION_ABORTABLE. */
const COMMIT_KNOWS_ABORTABLE = 4;

/**
 * Commits offsets inside a transaction: refused unless the producer owns the open transaction and the member is of the
 * group's present generation. Stored in one frame with what it changes in the transaction.
 */
export async function commitOffsets(
  transactions: TransactionCoordinator,
  offsets: GroupOffsets,
  request: TransactionalCommit & { readonly transactionalId: string; readonly producerEpoch: number },
  version: number,
): Promise<OffsetCommitAnswer> {
  const { transactionalId, groupId, topics, producerEpoch: epoch } = request;
  const who = { transactionalId, producerId: Number(request.producerId), epoch };
  if (groupId === '') return offsets.refuse(topics, errorCodes.INVALID_GROUP_ID);
  if (version < COMMIT_ADDS_GROUP) {
    const errorCode = transactions.verify(who, { group: groupId });
    if (errorCode !== errorCodes.NONE) return offsets.refuse(topics, understood(errorCode, version));
  }
  const { answer, entry } = offsets.checkTransactional(request);
  if (!entry) return answer;
  const { errorCode, durable } = transactions.add(who, { groups: [groupId] }, entry);
  if (errorCode !== errorCodes.NONE) return offsets.refuse(topics, understood(errorCode, version));
  await durable;
  return answer;
}

/** What clients of a version understand. */
function understood(errorCode: number, version: number): number {
  if (errorCode === errorCodes.PRODUCER_FENCED) return errorCodes.INVALID_PRODUCER_EPOCH;
  const isNews = errorCode === errorCodes.TRANSACTION_ABORTABLE && version < COMMIT_KNOWS_ABORTABLE;
  return isNews ? errorCodes.INVALID_TXN_STATE : errorCode;
}
