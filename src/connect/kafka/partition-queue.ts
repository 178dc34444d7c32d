import type { BatchOptions } from '../../wire/record-batch-builder.js';
import { RecordBatchBuilder } from '../../wire/record-batch-builder.js';

const SEQUENCE_LIMIT = 2 ** 31;
const ROOM_BYTES = 16 * 1024;

/** A finished batch on its way to the broker. */
export interface ProduceBatch {
  readonly queue: PartitionQueue;
  readonly bytes: Uint8Array;
  /** What it counts in the producer's buffer. */
  readonly bufferedBytes: number;
  readonly count: number;
  readonly lastTag: number;
  /** Place among the batches of its partition, from 0, for keeping their order through retries. */
  readonly order: number;
  /** Monotonic ms after which it is not tried again. */
  readonly deadlineMs: number;
}

/** The records of one partition: one open batch, finished ones in order, and those in flight. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly builder: RecordBatchBuilder;
  /** Finished, not in flight, in order. */
  readonly ready: ProduceBatch[] = [];
  readonly inFlight: ProduceBatch[] = [];
  /** Tag of the record added last. */
  lastTag = 0;
  /** A batch failed and is to be sent again: one at a time until one goes through, so that the order is kept. */
  retrying = false;
  /** Monotonic ms before which nothing is sent. */
  notBeforeMs = 0;
  /** The open transaction knows this partition. */
  inTransaction = false;
  #nextSequence: number;
  #nextOrder = 0;
  /** Bytes of the open batch already counted in the producer's buffer. */
  countedBytes = 0;

  /** @param firstSequence of its first record; more than 0 where it goes on as a producer that is gone. */
  constructor(topic: string, partition: number, batchBytes: number, firstSequence = 0) {
    this.topic = topic;
    this.partition = partition;
    this.#nextSequence = firstSequence;
    // A record may cross the limit a little; one buffer should do for it.
    this.builder = new RecordBatchBuilder(batchBytes + ROOM_BYTES);
  }

  /** Nothing waits, nothing is under way. */
  get idle(): boolean {
    return this.builder.recordCount === 0 && this.ready.length === 0 && this.inFlight.length === 0;
  }

  /** Whether a batch may go out now. */
  sendable(nowMs: number): boolean {
    if (this.ready.length === 0 || nowMs < this.notBeforeMs) return false;
    return !this.retrying || this.inFlight.length === 0;
  }

  /** Closes the open batch and puts it in line. `options` without its sequence; `idempotent` adds it. */
  finish(options: BatchOptions, idempotent: boolean, deadlineMs: number): ProduceBatch {
    const count = this.builder.recordCount;
    const bytes = this.builder.finish(idempotent ? { ...options, baseSequence: this.#nextSequence } : options);
    this.#nextSequence = (this.#nextSequence + count) % SEQUENCE_LIMIT;
    const batch: ProduceBatch = {
      queue: this,
      bytes,
      bufferedBytes: bytes.length,
      count,
      lastTag: this.lastTag,
      order: this.#nextOrder++,
      deadlineMs,
    };
    this.ready.push(batch);
    return batch;
  }

  /** Takes the next batch and counts it as in flight. */
  take(): ProduceBatch {
    const batch = this.ready.shift()!;
    this.inFlight.push(batch);
    return batch;
  }

  /** Puts a batch back in its place in line. */
  putBack(batch: ProduceBatch): void {
    this.forget(batch);
    const before = this.ready.findIndex(({ order }) => order > batch.order);
    if (before < 0) this.ready.push(batch);
    else this.ready.splice(before, 0, batch);
  }

  /** The batch is not in flight any more. */
  forget(batch: ProduceBatch): void {
    const index = this.inFlight.indexOf(batch);
    if (index >= 0) this.inFlight.splice(index, 1);
  }
}
