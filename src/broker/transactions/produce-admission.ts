import { errorCodes } from '../../wire/error-codes.js';
import type { Admission, ProducerIdentity, TransactionCoordinator } from './transaction-coordinator.js';

/** Version of Produce whose first batch makes a partition part of the transaction by itself (KIP-890, version 2). */
const PRODUCE_ADDS_PARTITIONS = 12;
/** Version of Produce whose clients know TRANSACTION_ABORTABLE. */
const PRODUCE_KNOWS_ABORTABLE = 11;

/**
 * Whether a transactional batch may be appended to a partition now. To be asked right before the append, without a wait
 * in between; the answer of the request has to wait for `durable` too. Without this a late batch would become part of
 * the next transaction.
 * @param version of the Produce request.
 */
export function admitProduce(
  transactions: TransactionCoordinator,
  batch: ProducerIdentity & { readonly topicId: string; readonly partition: number },
  version: number,
): Admission {
  // A batch of a transaction in a request that names none: nobody could have allowed it.
  if (batch.transactionalId === '') return { errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  const partition = [batch.topicId, batch.partition, null] as const;
  const addsByItself = version >= PRODUCE_ADDS_PARTITIONS;
  const admission = addsByItself
    ? transactions.add(batch, { partitions: [partition] })
    : { errorCode: transactions.verify(batch, { partition }) };
  if (admission.errorCode === errorCodes.NONE) return admission;
  return { errorCode: producerError(admission.errorCode, version) };
}

/** What producers of a version understand. */
function producerError(errorCode: number, version: number): number {
  switch (errorCode) {
    case errorCodes.PRODUCER_FENCED:
      return errorCodes.INVALID_PRODUCER_EPOCH;
    case errorCodes.TRANSACTION_ABORTABLE:
      return version >= PRODUCE_KNOWS_ABORTABLE ? errorCode : errorCodes.INVALID_TXN_STATE;
    case errorCodes.CONCURRENT_TRANSACTIONS:
      // Older producers take it for fatal; this one they try again.
      return version >= PRODUCE_ADDS_PARTITIONS ? errorCode : errorCodes.NOT_ENOUGH_REPLICAS;
    default:
      return errorCode;
  }
}
