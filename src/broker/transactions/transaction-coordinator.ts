import { assert } from '../../base/assert.js';
import { StreamctlError } from '../../base/errors.js';
import type { Clock, Timer } from '../../base/time.js';
import { errorCodes } from '../../wire/error-codes.js';
import { behind } from '../behind.js';
import type { Journal, JournalEntry } from '../journal.js';
import { decideEnd, type EndRequest, fenced } from './end-transaction.js';
import { decideInit, type InitRequest } from './init-producer.js';
import { ProducerIds } from './producer-ids.js';
import {
  abortOrphans,
  openPartitions,
  type TransactionTopics,
  withFirstOffsets,
  writeMarkers,
} from './transaction-markers.js';
import {
  completed,
  hasPartition,
  isOpen,
  isPrepared,
  NONE,
  type TransactionPartition,
  type TransactionState,
  transactionEntry,
  transactionRemovedEntry,
  withParts,
} from './transaction-state.js';
import { TransactionStore } from './transaction-store.js';

/** Bounds and times of transactions. */
export interface TransactionSettings {
  /** Longest time a transaction may be asked to stay open; Flink's Kafka sink asks for an hour. */
  readonly maxTimeoutMs: number;
  readonly maxTransactionalIds: number;
  /** Age at which a transactional id that is not used is forgotten. */
  readonly idRetentionMs: number;
  readonly idCheckIntervalMs: number;
}

/** @see https://kafka.apache.org/documentation/#brokerconfigs (transaction.max.timeout.ms, transactional.id.expiration.ms) */
export const DEFAULT_TRANSACTION_SETTINGS: TransactionSettings = {
  maxTimeoutMs: 24 * 3_600_000,
  maxTransactionalIds: 10_000,
  idRetentionMs: 7 * 24 * 3_600_000,
  idCheckIntervalMs: 3_600_000,
};

/** What the transaction coordinator is made of. */
export interface TransactionCoordinatorParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly topics: TransactionTopics;
  /** The entry that ends what groups hold back for a producer: written in one frame with the prepare record. */
  endOffsets(producerId: number, commit: boolean): JournalEntry;
  readonly settings?: Partial<TransactionSettings>;
}

/** Who asks: each step of a transaction names its producer. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly epoch: number;
}

/** The outcome of InitProducerId and EndTxn. */
export interface ProducerAnswer {
  readonly errorCode: number;
  readonly producerId: number;
  readonly epoch: number;
}

/** Whether something may become part of a transaction; if so, when that is durable (undefined: it is already). */
export interface Admission {
  readonly errorCode: number;
  readonly durable?: Promise<void>;
}

/** After a disk that refused a write: until then the transaction stays as it is. */
const RETRY_MS = 1_000;

/** Larger producer ids were not given away by a broker. */
const ID_MAX = 2 ** 40;

const ADMITTED: Admission = { errorCode: errorCodes.NONE };

/**
 * The transactions of the broker. Each transactional id has one state, changed by one journal entry at a time; the entry
 * with status Prepare... decides the outcome, the markers in the partitions follow, and a restart writes those that are
 * missing.
 * @see KIP-98 (exactly once), KIP-360 (going on after errors), KIP-890 (an epoch per transaction)
 */
export class TransactionCoordinator {
  readonly #parts: TransactionCoordinatorParts;
  readonly #settings: TransactionSettings;
  readonly #store = new TransactionStore();
  readonly #ids: ProducerIds;
  /** One for each open transaction: it is over, or its markers are tried again. */
  readonly #timeouts = new Map<string, Timer>();
  #expiry: Timer | undefined;

  /** Registers itself at the journal: make it before the journal is opened, then {@link start} it. */
  constructor(parts: TransactionCoordinatorParts) {
    this.#parts = parts;
    this.#settings = { ...DEFAULT_TRANSACTION_SETTINGS, ...parts.settings };
    parts.journal.register(this.#store);
    this.#ids = new ProducerIds(parts.journal, this.#store);
  }

  /**
   * After replay and the recovery of the partitions: ends what was decided, resumes the time limits of what is open,
   * aborts what nobody owns. Resolves when all markers are durable; requests have to wait for it.
   * @param producers the producer ids and epochs that partitions know.
   * @returns how many open transactions in partitions belonged to nobody.
   */
  async start(producers: Iterable<readonly [producerId: number, epoch: number]> = []): Promise<number> {
    const { topics, journal } = this.#parts;
    this.#catchUp(producers);
    const inLogs = openPartitions(topics);
    for (const stored of [...this.#store.all()]) {
      if (!isOpen(stored)) continue;
      const missing = (inLogs.get(stored.producerId) ?? []).filter(([id, index]) => !hasPartition(stored, id, index));
      const state = { ...stored, partitions: [...stored.partitions, ...missing] };
      if (missing.length > 0) void journal.append(transactionEntry(state));
      if (isPrepared(state)) await this.#finish(state);
      else this.#armTimeout(state);
    }
    const owned = new Set([...this.#store.all()].filter(isOpen).map(({ producerId }) => producerId));
    const orphans = await abortOrphans(topics, (producerId) => owned.has(producerId));
    this.#scheduleExpiry();
    return orphans;
  }

  /** Stops all timers. */
  close(): void {
    this.#expiry?.cancel();
    for (const timer of this.#timeouts.values()) timer.cancel();
  }

  /** A producer id for a producer without transactions. */
  async newProducer(): Promise<ProducerAnswer> {
    const producerId = this.#ids.take();
    await this.#ids.durable();
    return { errorCode: errorCodes.NONE, producerId, epoch: 0 };
  }

  /** InitProducerId: hands out an epoch, which fences every producer before; ends what such a one left open. */
  async initProducer(request: InitRequest): Promise<ProducerAnswer> {
    const { transactionalId, timeoutMs } = request;
    if (transactionalId === '') return failed(errorCodes.INVALID_REQUEST);
    if (timeoutMs <= 0 || timeoutMs > this.#settings.maxTimeoutMs)
      return failed(errorCodes.INVALID_TRANSACTION_TIMEOUT);
    if (!this.#store.get(transactionalId) && this.#store.size >= this.#settings.maxTransactionalIds) {
      return failed(errorCodes.POLICY_VIOLATION);
    }
    let decision = this.#decideInit(request);
    if (decision.kind === 'abort-first') {
      await this.#end(decision.state, decision.state.producerId);
      decision = this.#decideInit(request);
    }
    if (decision.kind === 'refuse') return failed(decision.errorCode);
    // Somebody opened the next transaction in between: the client tries again.
    if (decision.kind === 'abort-first') return failed(errorCodes.CONCURRENT_TRANSACTIONS);
    const { state } = decision;
    await Promise.all([this.#parts.journal.append(transactionEntry(state)), this.#ids.durable()]);
    return { errorCode: errorCodes.NONE, producerId: state.producerId, epoch: state.epoch };
  }

  /**
   * Makes partitions and groups part of the transaction, and opens one if none is open: AddPartitionsToTxn,
   * AddOffsetsToTxn, and since version 2 the first Produce or TxnOffsetCommit itself.
   * @param entries are written in one frame with the change, so that both are there after a crash or none.
   */
  add(
    who: ProducerIdentity,
    parts: { readonly partitions?: readonly TransactionPartition[]; readonly groups?: readonly string[] },
    ...entries: readonly JournalEntry[]
  ): Admission {
    const errorCode = this.#checkProducer(who);
    if (errorCode !== errorCodes.NONE) return { errorCode };
    const state = this.#store.get(who.transactionalId)!;
    const partitions = (parts.partitions ?? []).filter(([id, index]) => !hasPartition(state, id, index));
    const groups = (parts.groups ?? []).filter((group) => !state.groups.includes(group));
    const isNews = state.status !== 'Ongoing' || partitions.length > 0 || groups.length > 0;
    if (!isNews && entries.length === 0) return ADMITTED;
    const changes = [...entries];
    if (isNews) {
      const next = withParts(state, parts, this.#parts.clock.now());
      changes.unshift(transactionEntry(next));
      if (state.status !== 'Ongoing') this.#armTimeout(next);
    }
    return { errorCode: errorCodes.NONE, durable: this.#parts.journal.append(...changes) };
  }

  /**
   * Whether a partition or group is part of the open transaction already; what clients of version 1 promise.
   * @returns NONE, or TRANSACTION_ABORTABLE when it is not.
   */
  verify(who: ProducerIdentity, part: { readonly partition?: TransactionPartition; readonly group?: string }): number {
    const errorCode = this.#checkProducer(who);
    if (errorCode !== errorCodes.NONE) return errorCode;
    const state = this.#store.get(who.transactionalId)!;
    const { partition, group } = part;
    const isPart =
      state.status === 'Ongoing' &&
      (partition === undefined || hasPartition(state, partition[0], partition[1])) &&
      (group === undefined || state.groups.includes(group));
    return isPart ? errorCodes.NONE : errorCodes.TRANSACTION_ABORTABLE;
  }

  /** EndTxn: resolves when the outcome and all its markers are durable, so that the next transaction finds no trace. */
  async endTransaction(transactionalId: string, request: EndRequest): Promise<ProducerAnswer> {
    if (transactionalId === '') return failed(errorCodes.INVALID_REQUEST);
    const state = this.#store.get(transactionalId);
    const decision = decideEnd(state, request, this.#parts.clock.now(), () => this.#ids.take());
    if (decision.kind === 'refuse') return failed(decision.errorCode);
    if (decision.kind === 'prepare') await this.#end(decision.state, request.producerId);
    else await this.#parts.journal.settled();
    const after = this.#store.get(transactionalId)!;
    return { errorCode: errorCodes.NONE, producerId: after.producerId, epoch: after.epoch };
  }

  /** The state of one transactional id. */
  describe(transactionalId: string): TransactionState | undefined {
    return this.#store.get(transactionalId);
  }

  /** All transactional ids. */
  list(): Iterable<TransactionState> {
    return this.#store.all();
  }

  /**
   * Without fsync a power loss may take from the journal what the logs still have. An id or an epoch that was given away
   * twice would make the first batches of a new producer look like those that are there already.
   */
  #catchUp(producers: Iterable<readonly [producerId: number, epoch: number]>): void {
    const { journal, endOffsets } = this.#parts;
    const epochs = new Map<number, number>();
    for (const [id, epoch] of producers) epochs.set(id, Math.max(epoch, epochs.get(id) ?? 0));
    for (const state of [...this.#store.all()]) {
      const epoch = epochs.get(state.producerId) ?? NONE;
      if (epoch <= state.epoch) continue;
      // What the journal knows of is over; what is open in the logs belongs to nobody.
      const over = { status: 'Empty', partitions: [], groups: [], nextProducerId: NONE, lastEpoch: NONE } as const;
      const ended = endOffsets(state.producerId, state.status === 'PrepareCommit');
      void journal.append(transactionEntry({ ...state, ...over, epoch }), ended);
    }
    let latest = NONE;
    for (const id of epochs.keys()) if (id > latest && id < ID_MAX) latest = id;
    this.#ids.skip(latest);
  }

  #decideInit(request: InitRequest) {
    const state = this.#store.get(request.transactionalId);
    return decideInit(state, request, this.#parts.clock.now(), () => this.#ids.take());
  }

  #checkProducer({ transactionalId, producerId, epoch }: ProducerIdentity): number {
    if (transactionalId === '') return errorCodes.INVALID_REQUEST;
    const state = this.#store.get(transactionalId);
    if (state?.producerId !== producerId) return errorCodes.INVALID_PRODUCER_ID_MAPPING;
    if (state.epoch !== epoch) return errorCodes.PRODUCER_FENCED;
    return isPrepared(state) ? errorCodes.CONCURRENT_TRANSACTIONS : errorCodes.NONE;
  }

  /** Decides the outcome durably, then carries it out. */
  async #end(prepared: TransactionState, producerId: number): Promise<void> {
    const { journal, topics, endOffsets } = this.#parts;
    const { transactionalId, groups } = prepared;
    const record = withFirstOffsets(topics, prepared, producerId);
    const entries = [transactionEntry(record)];
    if (groups.length > 0) entries.push(endOffsets(producerId, prepared.status === 'PrepareCommit'));
    const durable = journal.append(...entries);
    // Only now: a transaction that could not be ended still has its time limit.
    this.#timeouts.get(transactionalId)?.cancel();
    this.#timeouts.delete(transactionalId);
    await Promise.all([durable, this.#ids.durable()]);
    await this.#finish(record);
  }

  async #finish(prepared: TransactionState): Promise<void> {
    assert(isPrepared(prepared), 'only a decided transaction has markers');
    const { topics, journal, clock } = this.#parts;
    try {
      await writeMarkers(topics, prepared);
      // Its loss would only mean that a restart looks for missing markers again: nobody waits for it.
      void journal.append(transactionEntry(completed(prepared, clock.now())));
    } catch (error) {
      if (!(error instanceof StreamctlError)) throw error;
      // What is decided has to be carried out: until then readers wait, and so does the next transaction.
      const again = clock.after(RETRY_MS, () => behind(() => this.#finish(prepared)), true);
      this.#timeouts.set(prepared.transactionalId, again);
      throw error;
    }
  }

  #armTimeout(state: TransactionState): void {
    const { clock } = this.#parts;
    const { transactionalId, startedAtMs } = state;
    const leftMs = state.timeoutMs - (clock.now() - startedAtMs);
    this.#timeouts.get(transactionalId)?.cancel();
    const over = (): void => {
      this.#timeouts.delete(transactionalId);
      const present = this.#store.get(transactionalId);
      if (present?.status !== 'Ongoing' || present.startedAtMs !== startedAtMs) return;
      this.#timeouts.set(transactionalId, clock.after(RETRY_MS, over, true));
      // Its producer cannot write any more, but may ask for the new epoch, as long as nobody else has.
      behind(() => this.#end(fenced(present, clock.now(), present.epoch), present.producerId));
    };
    this.#timeouts.set(transactionalId, clock.after(Math.max(0, leftMs), over, true));
  }

  #scheduleExpiry(): void {
    const { clock, journal } = this.#parts;
    const check = async (): Promise<void> => {
      const beforeMs = clock.now() - this.#settings.idRetentionMs;
      const old = [...this.#store.all()].filter((state) => !isOpen(state) && state.updatedAtMs <= beforeMs);
      this.#scheduleExpiry();
      if (old.length > 0) await journal.append(...old.map((state) => transactionRemovedEntry(state.transactionalId)));
    };
    this.#expiry = clock.after(this.#settings.idCheckIntervalMs, () => behind(check), true);
  }
}

function failed(errorCode: number): ProducerAnswer {
  return { errorCode, producerId: NONE, epoch: NONE };
}
