import { errorCodes } from '../../wire/error-codes.js';
import { isPrepared, LAST_EPOCH, NONE, type TransactionState } from './transaction-state.js';

/** An EndTxn as it came from a client. */
export interface EndRequest {
  readonly producerId: number;
  readonly epoch: number;
  readonly commit: boolean;
  /** 2 from EndTxn version 5 on. */
  readonly version: 1 | 2;
}

/** What an EndTxn leads to: a prepare record, the answer to a repeated request, or a refusal. */
export type EndDecision =
  | { readonly kind: 'prepare'; readonly state: TransactionState }
  | { readonly kind: 'done' }
  | { readonly kind: 'refuse'; readonly errorCode: number };

const DONE: EndDecision = { kind: 'done' };

function refuse(errorCode: number): EndDecision {
  return { kind: 'refuse', errorCode };
}

/**
 * What an EndTxn does in each state of its transactional id.
 *
 * Version 2 bumps the epoch with every end. So the epoch tells a repeated request (one below the present one) from the
 * end of the next transaction (equal), and an abort of a transaction without any part is still a bump:
 *
 * | state          | commit, same epoch | commit, one below  | abort, same epoch | abort, one below  |
 * | Empty          | INVALID_TXN_STATE  | PRODUCER_FENCED    | bump              | PRODUCER_FENCED   |
 * | Ongoing        | commit             | PRODUCER_FENCED    | abort             | PRODUCER_FENCED   |
 * | PrepareCommit  | PRODUCER_FENCED    | CONCURRENT         | PRODUCER_FENCED   | INVALID_TXN_STATE |
 * | PrepareAbort   | PRODUCER_FENCED    | INVALID_TXN_STATE  | PRODUCER_FENCED   | CONCURRENT        |
 * | CompleteCommit | INVALID_TXN_STATE  | done               | bump              | INVALID_TXN_STATE |
 * | CompleteAbort  | INVALID_TXN_STATE  | INVALID_TXN_STATE  | bump              | done              |
 *
 * Version 1 never bumps: only the same epoch is let through, and the end that was is `done` again.
 *
 * @param newProducerId gives the producer id to go on with when the epochs of this one have run out.
 * @see KIP-890, KIP-360
 */
export function decideEnd(
  state: TransactionState | undefined,
  request: EndRequest,
  nowMs: number,
  newProducerId: () => number,
): EndDecision {
  if (!state) return refuse(errorCodes.INVALID_PRODUCER_ID_MAPPING);
  const isRepeated = state.version === 2 && request.version === 2 && isOneBelow(state, request);
  if (request.producerId !== state.producerId && !isRepeated) return refuse(errorCodes.INVALID_PRODUCER_ID_MAPPING);
  if (request.epoch !== state.epoch && !isRepeated) return refuse(errorCodes.PRODUCER_FENCED);
  const bumps = request.version === 2;
  if (bumps && isPrepared(state) && !isRepeated) return refuse(errorCodes.PRODUCER_FENCED);
  const prepare = (): EndDecision => ({
    kind: 'prepare',
    state: prepared(state, request.commit, bumps, nowMs, newProducerId),
  });
  const invalid = refuse(errorCodes.INVALID_TXN_STATE);
  switch (state.status) {
    case 'Ongoing':
      return isRepeated ? refuse(errorCodes.PRODUCER_FENCED) : prepare();
    case 'Empty':
      if (isRepeated) return refuse(errorCodes.PRODUCER_FENCED);
      return bumps && !request.commit ? prepare() : invalid;
    case 'PrepareCommit':
      return request.commit ? refuse(errorCodes.CONCURRENT_TRANSACTIONS) : invalid;
    case 'PrepareAbort':
      return request.commit ? invalid : refuse(errorCodes.CONCURRENT_TRANSACTIONS);
    case 'CompleteCommit':
      if (isRepeated || !bumps) return request.commit ? DONE : invalid;
      return request.commit ? invalid : prepare();
    case 'CompleteAbort':
      if (isRepeated || !bumps) return request.commit ? invalid : DONE;
      return request.commit ? invalid : prepare();
  }
}

/**
 * The prepare record of an end that the coordinator decides by itself (a timeout, or a producer that is replaced): the
 * epoch is bumped, and whoever had it before cannot write any more.
 * @param lastEpoch the epoch whose owner may ask for the new one, or NONE.
 */
export function fenced(state: TransactionState, nowMs: number, lastEpoch: number = NONE): TransactionState {
  const next = { ...state, epoch: state.epoch + 1, lastEpoch };
  // Markers of a bumped epoch follow the rule of version 2: they end what began with an older one.
  return { ...next, status: 'PrepareAbort', nextProducerId: NONE, updatedAtMs: nowMs, version: 2 };
}

function isOneBelow(state: TransactionState, { producerId, epoch }: EndRequest): boolean {
  // After a timeout too: the producer asks for the abort that was done in its place, and may go on with the new epoch.
  if (producerId === state.producerId && epoch === state.epoch - 1) return true;
  // The end that used up the last epoch went on with a new producer id.
  return producerId === state.previousProducerId && epoch === LAST_EPOCH && state.epoch === 0;
}

function prepared(
  state: TransactionState,
  commit: boolean,
  bumps: boolean,
  nowMs: number,
  newProducerId: () => number,
): TransactionState {
  return {
    ...state,
    status: commit ? 'PrepareCommit' : 'PrepareAbort',
    epoch: bumps ? state.epoch + 1 : state.epoch,
    lastEpoch: bumps ? state.epoch : state.lastEpoch,
    nextProducerId: bumps && state.epoch >= LAST_EPOCH ? newProducerId() : NONE,
    updatedAtMs: nowMs,
    version: bumps ? 2 : 1,
  };
}
