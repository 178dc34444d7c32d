// Behavior:
// * Offsets that count when the transaction is committed, and never when it is aborted.
// * Durable when it is answered; until the end OffsetFetch shows what was committed before.
//
// Version notes:
// * 3 brings member and generation, which are checked like those of OffsetCommit
// * 5 makes the group part of the transaction by itself (KIP-890), before that AddOffsetsToTxn has to come first

import { txnOffsetCommitApi } from '../../wire/apis/28-txn-offset-commit.js';
import { defineHandler } from '../handler.js';
import { commitOffsets } from '../transactions/transaction-offsets.js';

/** Answers TxnOffsetCommit. */
export const txnOffsetCommitHandler = defineHandler(txnOffsetCommitApi, ({ broker, version }, request) =>
  commitOffsets(broker.transactions, broker.groups.offsets, request, version),
);
