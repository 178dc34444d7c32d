import { errorCodes } from '../../wire/error-codes.js';
import { fenced } from './end-transaction.js';
import { emptyState, isPrepared, LAST_EPOCH, NONE, type TransactionState } from './transaction-state.js';

/** An InitProducerId with a transactional id. */
export interface InitRequest {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** What the producer believes to be (KIP-360); -1: it starts anew and fences whoever was before. */
  readonly producerId: number;
  readonly epoch: number;
}

/** What it leads to: a new state, the prepared abort of the open transaction first, or a refusal. */
export type InitDecision =
  | { readonly kind: 'give'; readonly state: TransactionState }
  | { readonly kind: 'abort-first'; readonly state: TransactionState }
  | { readonly kind: 'refuse'; readonly errorCode: number };

function refuse(errorCode: number): InitDecision {
  return { kind: 'refuse', errorCode };
}

/**
 * What InitProducerId does in each state of its transactional id. A producer that starts anew gets the next epoch, which
 * fences the one before. A producer that goes on after an error names what it has: its epoch is bumped if it is the
 * present one, given again if the answer got lost, and refused if somebody else took over meanwhile.
 * @see KIP-98, KIP-360
 */
export function decideInit(
  state: TransactionState | undefined,
  request: InitRequest,
  nowMs: number,
  newProducerId: () => number,
): InitDecision {
  const { transactionalId, timeoutMs } = request;
  // Without any state a producer that lost its id (UNKNOWN_PRODUCER_ID) is as good as a new one.
  if (!state) return { kind: 'give', state: emptyState(transactionalId, newProducerId(), timeoutMs, nowMs) };
  const goesOn = request.producerId !== NONE;
  if (goesOn && !isOurs(state, request)) return refuse(errorCodes.PRODUCER_FENCED);
  if (isPrepared(state)) return refuse(errorCodes.CONCURRENT_TRANSACTIONS);
  if (state.status === 'Ongoing') {
    // Only the present epoch may end the transaction this way: an older one would abort what a newer producer does.
    const isCurrent = !goesOn || request.epoch === state.epoch;
    if (!isCurrent) return refuse(errorCodes.PRODUCER_FENCED);
    return { kind: 'abort-first', state: fenced(state, nowMs, goesOn ? state.epoch : NONE) };
  }
  const next = { ...state, status: 'Empty', partitions: [], groups: [], timeoutMs, updatedAtMs: nowMs } as const;
  const mayHaveNext = !goesOn || request.epoch === state.epoch;
  const mustRotate = mayHaveNext ? state.epoch >= LAST_EPOCH : state.epoch > LAST_EPOCH;
  if (mustRotate && (mayHaveNext || request.epoch === state.lastEpoch)) {
    const rotated = { producerId: newProducerId(), previousProducerId: state.producerId, epoch: 0 };
    return { kind: 'give', state: { ...next, ...rotated, lastEpoch: goesOn ? state.epoch : NONE } };
  }
  if (!goesOn) return { kind: 'give', state: { ...next, epoch: state.epoch + 1, lastEpoch: NONE } };
  if (request.epoch === state.epoch) {
    return { kind: 'give', state: { ...next, epoch: state.epoch + 1, lastEpoch: state.epoch } };
  }
  // The answer to a bump got lost: the same epoch again. Whoever took over would have cleared `lastEpoch`.
  if (request.epoch === state.lastEpoch) return { kind: 'give', state: { ...next } };
  return refuse(errorCodes.PRODUCER_FENCED);
}

function isOurs(state: TransactionState, request: InitRequest): boolean {
  if (request.producerId === state.producerId) return true;
  return request.producerId === state.previousProducerId && request.epoch >= LAST_EPOCH;
}
