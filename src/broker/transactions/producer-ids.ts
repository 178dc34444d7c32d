import type { Journal } from '../journal.js';
import { producerIdsEntry } from './transaction-state.js';
import type { TransactionStore } from './transaction-store.js';

/** Producer ids that are reserved with one journal entry. */
const PRODUCER_ID_BLOCK = 1_000;

/** Gives away producer ids, each once, restarts included: blocks are reserved durably before they are used. */
export class ProducerIds {
  readonly #journal: Pick<Journal, 'append'>;
  readonly #store: TransactionStore;
  #next: number | undefined;
  #reserved: Promise<void> = Promise.resolve();

  constructor(journal: Pick<Journal, 'append'>, store: TransactionStore) {
    this.#journal = journal;
    this.#store = store;
  }

  /** An id that nobody has; it may be told to somebody after {@link durable}. */
  take(): number {
    // After a start the rest of the last block is given up: what of it was used is not known.
    const next = this.#next ?? this.#store.reservedBelow;
    this.#next = next + 1;
    if (next >= this.#store.reservedBelow) {
      this.#reserved = this.#journal.append(producerIdsEntry(next + PRODUCER_ID_BLOCK));
    }
    return next;
  }

  /** A producer has this id, whatever the journal says. */
  skip(producerId: number): void {
    if (producerId < this.#store.reservedBelow) return;
    this.#reserved = this.#journal.append(producerIdsEntry(producerId + 1));
  }

  /** Resolves when all ids that were taken cannot be given away again. */
  durable(): Promise<void> {
    return this.#reserved;
  }
}
