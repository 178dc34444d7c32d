import type { KafkaErrorName } from '../wire/error-codes.js';
import { type BatchHeader, isControl, isTransactional } from '../wire/record-batch.js';

/** Batches that are remembered for each producer: as many as an idempotent producer may have in flight. */
export const REMEMBERED_BATCHES = 5;

/** Producers remembered in one partition; beyond, the one silent for longest and without an open transaction goes. */
export const PRODUCERS_MAX = 10_000;

const SEQUENCE_MODULUS = 2 ** 31;

/** One batch that was appended. */
export interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly timestampMs: number;
}

/** What a partition knows of one producer. */
export interface ProducerState {
  readonly producerId: number;
  epoch: number;
  /** Of the current epoch, oldest first. */
  batches: RememberedBatch[];
  /** Where its open transaction begins. */
  openFirst: number | undefined;
  coordinatorEpoch: number;
  lastTimestampMs: number;
  /** Offset of its last batch, data or marker. */
  lastOffset: number;
}

/** A transaction that was aborted: what read_committed readers have to skip. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
}

/** The verdict on a batch that a producer sent. */
export type BatchVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly batch: RememberedBatch }
  | { readonly kind: 'refuse'; readonly error: KafkaErrorName; readonly message: string };

/** The verdict on a marker. */
export type MarkerVerdict = 'append' | 'fenced';

const APPEND: BatchVerdict = { kind: 'append' };

/** All of {@link ProducerStates} as JSON. */
export interface ProducerSnapshot {
  readonly producers: readonly ProducerState[];
  readonly aborted: readonly AbortedTransaction[];
}

function refuse(error: KafkaErrorName, message: string): BatchVerdict {
  return { kind: 'refuse', error, message };
}

/**
 * The producers of one partition: sequence numbers, epochs, open and aborted transactions. It changes only by
 * {@link ProducerStates.appended}, with the header of every batch in the order of the log, so that recovery gives the
 * same state as the run before.
 */
export class ProducerStates {
  readonly #producers = new Map<number, ProducerState>();
  #aborted: AbortedTransaction[] = [];
  #openCount = 0;
  /** Where each producer was when it was last looked at, and since when. */
  readonly #seen = new WeakMap<ProducerState, { readonly lastOffset: number; readonly atMs: number }>();

  /** Everything known, for a snapshot. */
  snapshot(): ProducerSnapshot {
    return { producers: [...this.#producers.values()], aborted: this.#aborted };
  }

  /** Takes over a snapshot in place of what was known. */
  restore(snapshot: ProducerSnapshot): void {
    this.#producers.clear();
    for (const state of snapshot.producers) this.#producers.set(state.producerId, state);
    this.#aborted = [...snapshot.aborted];
    this.#openCount = snapshot.producers.filter((state) => state.openFirst !== undefined).length;
  }

  /** All producers, for DescribeProducers. */
  list(): Iterable<Readonly<ProducerState>> {
    return this.#producers.values();
  }

  get(producerId: number): Readonly<ProducerState> | undefined {
    return this.#producers.get(producerId);
  }

  /** First offset of the oldest open transaction. */
  get firstOpen(): number | undefined {
    if (this.#openCount === 0) return undefined;
    let first: number | undefined;
    for (const { openFirst } of this.#producers.values()) {
      if (openFirst !== undefined && (first === undefined || openFirst < first)) first = openFirst;
    }
    return first;
  }

  /** Aborted transactions that touch the offsets `from` to `to` - 1. */
  abortedBetween(from: number, to: number): AbortedTransaction[] {
    return this.#aborted.filter((aborted) => aborted.lastOffset >= from && aborted.firstOffset < to);
  }

  /** Whether a batch that a producer sent may be appended. @see KIP-98, KIP-360, KIP-890 */
  check(header: BatchHeader): BatchVerdict {
    const { producerId, producerEpoch, baseSequence } = header;
    if (producerId < 0) {
      return isTransactional(header) ? refuse('INVALID_RECORD', 'a transactional batch needs a producer id') : APPEND;
    }
    if (baseSequence < 0) return refuse('INVALID_RECORD', 'a batch with a producer id needs a sequence number');
    const state = this.#producers.get(producerId);
    if (!state) return APPEND;
    if (producerEpoch < state.epoch) {
      return refuse('INVALID_PRODUCER_EPOCH', `epoch ${producerEpoch} is older than ${state.epoch}`);
    }
    const lastSequence = (baseSequence + header.lastOffsetDelta) % SEQUENCE_MODULUS;
    if (producerEpoch === state.epoch) {
      const batch = state.batches.find(
        (known) => known.firstSequence === baseSequence && known.lastSequence === lastSequence,
      );
      if (batch) return { kind: 'duplicate', batch };
    }
    const last = producerEpoch === state.epoch ? state.batches.at(-1)?.lastSequence : undefined;
    const expected = last === undefined ? 0 : (last + 1) % SEQUENCE_MODULUS;
    if (baseSequence !== expected) {
      return refuse('OUT_OF_ORDER_SEQUENCE_NUMBER', `sequence ${baseSequence} came where ${expected} is next`);
    }
    if (state.openFirst !== undefined && !isTransactional(header)) {
      return refuse('INVALID_TXN_STATE', 'the producer has an open transaction here');
    }
    return APPEND;
  }

  /**
   * Whether a transaction's end may be written. Since version 2 each end bumps the epoch, so a marker with the epoch of
   * an open transaction is a late one of the transaction before.
   * @see KIP-890
   */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number, version: 1 | 2): MarkerVerdict {
    const state = this.#producers.get(producerId);
    if (!state) return 'append';
    if (coordinatorEpoch < state.coordinatorEpoch) return 'fenced';
    if (epoch < state.epoch) return 'fenced';
    return version === 2 && epoch === state.epoch && state.openFirst !== undefined ? 'fenced' : 'append';
  }

  /**
   * Notes a batch that is in the log now.
   * @param baseOffset where it lies; the header of a batch that has just been appended still has the client's.
   * @param marker what a control batch says; undefined for data.
   */
  appended(
    header: BatchHeader,
    baseOffset = header.baseOffset,
    marker?: { readonly commit: boolean; readonly coordinatorEpoch: number },
  ): void {
    if (header.producerId < 0) return;
    const state = this.#stateOf(header.producerId, header.producerEpoch);
    if (header.producerEpoch !== state.epoch) {
      state.epoch = header.producerEpoch;
      state.batches = [];
    }
    state.lastTimestampMs = header.maxTimestampMs;
    state.lastOffset = baseOffset + header.lastOffsetDelta;
    if (marker) this.#end(state, state.lastOffset, marker);
    else if (!isControl(header)) this.#data(state, header, baseOffset);
  }

  /** Forgets aborted transactions whose records are gone. */
  dropBefore(offset: number): void {
    if (this.#aborted.length > 0) this.#aborted = this.#aborted.filter((aborted) => aborted.lastOffset >= offset);
  }

  /**
   * Forgets producers without an open transaction whose last batch is of a time before `timestampMs`, and that wrote
   * nothing since `sinceMs`, the broker's time: event times may lie years back while the producer still sends batches
   * again. Both are milliseconds since the epoch; a broker begins to count when it first looks.
   */
  expire(timestampMs: number, sinceMs: number, nowMs: number): void {
    for (const state of this.#producers.values()) {
      const seen = this.#seen.get(state);
      if (seen?.lastOffset !== state.lastOffset) {
        this.#seen.set(state, { lastOffset: state.lastOffset, atMs: nowMs });
      } else if (state.openFirst === undefined && state.lastTimestampMs < timestampMs && seen.atMs <= sinceMs) {
        this.#producers.delete(state.producerId);
      }
    }
  }

  #data(state: ProducerState, header: BatchHeader, baseOffset: number): void {
    state.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: (header.baseSequence + header.lastOffsetDelta) % SEQUENCE_MODULUS,
      firstOffset: baseOffset,
      lastOffset: state.lastOffset,
      timestampMs: header.maxTimestampMs,
    });
    if (state.batches.length > REMEMBERED_BATCHES) state.batches.shift();
    if (isTransactional(header) && state.openFirst === undefined) {
      state.openFirst = baseOffset;
      this.#openCount++;
    }
  }

  #end(state: ProducerState, lastOffset: number, marker: { commit: boolean; coordinatorEpoch: number }): void {
    state.coordinatorEpoch = marker.coordinatorEpoch;
    if (state.openFirst === undefined) return;
    if (!marker.commit) {
      this.#aborted.push({ producerId: state.producerId, firstOffset: state.openFirst, lastOffset });
    }
    state.openFirst = undefined;
    this.#openCount--;
  }

  #stateOf(producerId: number, epoch: number): ProducerState {
    const known = this.#producers.get(producerId);
    if (known) {
      // Keeps the map in the order of last use.
      this.#producers.delete(producerId);
      this.#producers.set(producerId, known);
      return known;
    }
    const state: ProducerState = {
      producerId,
      epoch,
      batches: [],
      openFirst: undefined,
      coordinatorEpoch: -1,
      lastTimestampMs: -1,
      lastOffset: -1,
    };
    this.#producers.set(producerId, state);
    if (this.#producers.size > PRODUCERS_MAX) this.#evict();
    return state;
  }

  #evict(): void {
    for (const state of this.#producers.values()) {
      if (state.openFirst !== undefined) continue;
      this.#producers.delete(state.producerId);
      return;
    }
  }
}
