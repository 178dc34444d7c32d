import type { JournalEntry, JournalOwner } from '../journal.js';
import {
  producerIdsEntry,
  TRANSACTION_ENTRY_KINDS,
  type TransactionState,
  transactionEntry,
  transactionOf,
} from './transaction-state.js';

/** All transactional ids, and how far producer ids are given away: the result of journal entries and of nothing else. */
export class TransactionStore implements JournalOwner {
  readonly kinds = TRANSACTION_ENTRY_KINDS;
  readonly #states = new Map<string, TransactionState>();
  #reservedBelow = 0;

  apply(entry: JournalEntry): void {
    if (entry.kind === 'transaction') {
      const state = transactionOf(entry);
      this.#states.set(state.transactionalId, state);
    } else if (entry.kind === 'transaction-removed') this.#states.delete(entry.transactionalId as string);
    else this.#reservedBelow = entry.next as number;
  }

  *snapshot(): Iterable<JournalEntry> {
    yield producerIdsEntry(this.#reservedBelow);
    for (const state of this.#states.values()) yield transactionEntry(state);
  }

  get(transactionalId: string): TransactionState | undefined {
    return this.#states.get(transactionalId);
  }

  all(): Iterable<TransactionState> {
    return this.#states.values();
  }

  get size(): number {
    return this.#states.size;
  }

  /** Producer ids below this one may have been given away. */
  get reservedBelow(): number {
    return this.#reservedBelow;
  }
}
