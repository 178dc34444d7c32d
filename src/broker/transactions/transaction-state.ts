import type { JournalEntry } from '../journal.js';

/** Where a transactional id stands, spelled as clients are told. */
export type TransactionStatus =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort';

/** A partition of a transaction: topic id, index, and (from the prepare record on) where the transaction begins in it. */
export type TransactionPartition = readonly [topicId: string, index: number, firstOffset: number | null];

/**
 * Everything known of one transactional id. Frozen: each change is a new value, and one journal entry.
 *
 * Empty -> Ongoing -> PrepareCommit -> CompleteCommit -> Ongoing ...
 *                 \-> PrepareAbort  -> CompleteAbort
 */
export interface TransactionState {
  readonly transactionalId: string;
  readonly producerId: number;
  /** The producer id before epochs ran out for it; -1: none. A repeated request may still carry it. */
  readonly previousProducerId: number;
  /** Between prepare and complete: the producer id to go on with, where epochs ran out; -1: the same. */
  readonly nextProducerId: number;
  /** Of the one producer that may write; -1: none was handed out yet. */
  readonly epoch: number;
  /** The epoch before, where its owner may still ask again (KIP-360); -1: nobody may. */
  readonly lastEpoch: number;
  readonly timeoutMs: number;
  readonly status: TransactionStatus;
  readonly partitions: readonly TransactionPartition[];
  /** Groups whose offsets end with the transaction. */
  readonly groups: readonly string[];
  /** When the open transaction began; -1 when none is open. Milliseconds since the epoch, as all times here. */
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  /** Of the protocol that ended the last transaction: since 2 (KIP-890) each end bumps the epoch. */
  readonly version: 1 | 2;
}

/** Highest epoch a producer is given; the one above is left for fencing it. */
export const LAST_EPOCH = 32_766;

/** "No producer id", "no epoch". */
export const NONE = -1;

/** Whether `state` has a transaction that is neither committed nor aborted for good. */
export function isOpen(state: TransactionState): boolean {
  return state.status === 'Ongoing' || isPrepared(state);
}

/** Whether the outcome is decided and the markers are being written. */
export function isPrepared(state: TransactionState): boolean {
  return state.status === 'PrepareCommit' || state.status === 'PrepareAbort';
}

/** A new transactional id, or (with an id of its own) what InitProducerId makes of it. */
export function emptyState(
  transactionalId: string,
  producerId: number,
  timeoutMs: number,
  nowMs: number,
): TransactionState {
  return {
    transactionalId,
    producerId,
    previousProducerId: NONE,
    nextProducerId: NONE,
    epoch: 0,
    lastEpoch: NONE,
    timeoutMs,
    status: 'Empty',
    partitions: [],
    groups: [],
    startedAtMs: NONE,
    updatedAtMs: nowMs,
    version: 1,
  };
}

/** Adds partitions and groups; opens a transaction if none is open. */
export function withParts(
  state: TransactionState,
  parts: { readonly partitions?: readonly TransactionPartition[]; readonly groups?: readonly string[] },
  nowMs: number,
): TransactionState {
  const base = isOpen(state) ? state : { ...state, partitions: [], groups: [], startedAtMs: nowMs };
  const added = (parts.partitions ?? []).filter(([topicId, index]) => !hasPartition(base, topicId, index));
  const groups = (parts.groups ?? []).filter((group) => !base.groups.includes(group));
  return {
    ...base,
    status: 'Ongoing',
    partitions: [...base.partitions, ...added],
    groups: [...base.groups, ...groups],
    updatedAtMs: nowMs,
  };
}

/** Whether a partition belongs to the open transaction. */
export function hasPartition(state: TransactionState, topicId: string, index: number): boolean {
  return state.partitions.some((each) => each[0] === topicId && each[1] === index);
}

/** What follows when all markers of a prepared transaction are durable. */
export function completed(state: TransactionState, nowMs: number): TransactionState {
  const rotates = state.nextProducerId !== NONE;
  return {
    ...state,
    status: state.status === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    producerId: rotates ? state.nextProducerId : state.producerId,
    previousProducerId: rotates ? state.producerId : state.previousProducerId,
    nextProducerId: NONE,
    epoch: rotates ? 0 : state.epoch,
    partitions: [],
    groups: [],
    startedAtMs: NONE,
    updatedAtMs: nowMs,
  };
}

/** Kinds of journal entries that belong to transactions. */
export const TRANSACTION_ENTRY_KINDS = ['transaction', 'transaction-removed', 'producer-ids'] as const;

/** The present state of a transactional id. With status Prepare... it is the one record that decides the outcome. */
export function transactionEntry(state: TransactionState): JournalEntry {
  return { kind: 'transaction', ...state };
}

/** Reads {@link transactionEntry}. */
export function transactionOf(entry: JournalEntry): TransactionState {
  const { kind: _, ...state } = entry;
  return state as unknown as TransactionState;
}

/** A transactional id that nobody used for long. */
export function transactionRemovedEntry(transactionalId: string): JournalEntry {
  return { kind: 'transaction-removed', transactionalId };
}

/** All producer ids below `next` count as given away. */
export function producerIdsEntry(next: number): JournalEntry {
  return { kind: 'producer-ids', next };
}
