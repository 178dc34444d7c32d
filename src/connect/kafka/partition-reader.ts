import { StreamctlError } from '../../base/errors.js';
import {
  type BatchHeader,
  batchBytesAt,
  hasRightCrc,
  nextOffset,
  readCompleteBatches,
} from '../../wire/record-batch.js';
import type { FetchedRecords, TopicPartition, TopicPartitionOffset } from './interfaces.js';

/** Bound of one partition's answer, however large a batch is. */
const MAX_PARTITION_BYTES = 100 * 1024 * 1024;

/** A partition's part of a fetch answer. */
export interface PartitionAnswer {
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null;
  readonly records: Uint8Array | null;
}

/** Batches with the partition they belong to and their headers. */
export interface FetchedPartition {
  readonly reader: PartitionReader;
  readonly fetched: FetchedRecords;
}

/** Where the reading of one partition stands. */
export class PartitionReader implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next request. */
  position: number;
  /** Offset after what was given out. */
  taken: number;
  endOffset: number | undefined;
  maxBytes: number;
  paused = false;
  /** A request is in flight for it. */
  busy = false;
  /** Its offset is not there: it is being asked where to go on. */
  locating = false;
  removed = false;
  notBeforeMs = 0;
  failingSinceMs: number | undefined;

  constructor({ topic, partition, offset }: TopicPartitionOffset, maxBytes: number) {
    this.topic = topic;
    this.partition = partition;
    this.position = offset;
    this.taken = offset;
    this.maxBytes = maxBytes;
  }

  move(offset: number): void {
    this.position = offset;
    this.taken = offset;
  }

  /**
   * Takes an answer; undefined when no whole batch came.
   * @throws `log-corrupt` when a checksum does not hold: wrong records are worse than none.
   */
  take(answer: PartitionAnswer, isolation: 'read_committed' | 'read_uncommitted'): FetchedRecords | undefined {
    const highWatermark = Number(answer.highWatermark);
    const lastStableOffset = answer.lastStableOffset < 0n ? highWatermark : Number(answer.lastStableOffset);
    this.endOffset = isolation === 'read_committed' ? lastStableOffset : highWatermark;
    const bytes = answer.records;
    if (bytes === null || bytes.length === 0) return undefined;
    const batches = readCompleteBatches(bytes);
    const last = batches.at(-1);
    if (last === undefined) {
      this.#grow(bytes);
      return undefined;
    }
    this.#check(bytes, batches);
    const fromOffset = this.position;
    this.position = Math.max(this.position, nextOffset(last));
    return {
      topic: this.topic,
      partition: this.partition,
      records: bytes.subarray(0, last.end),
      fromOffset,
      nextOffset: this.position,
      highWatermark,
      lastStableOffset,
      logStartOffset: Number(answer.logStartOffset),
      aborted: (answer.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
        producerId,
        firstOffset: Number(firstOffset),
      })),
    };
  }

  /** The broker sends batches as they lie on its disk and, like Kafka's, does not look into them again. */
  #check(bytes: Uint8Array, batches: readonly BatchHeader[]): void {
    const damaged = batches.find((batch) => !hasRightCrc(bytes, batch));
    if (!damaged) return;
    throw new StreamctlError('log-corrupt', `topic "${this.topic}", partition ${this.partition}: damaged records`, {
      detail: `the checksum of the batch at offsets ${damaged.baseOffset}-${nextOffset(damaged) - 1} does not hold`,
      hint: `read on behind it: streamctl consume ${this.topic} -p ${this.partition} -o +${nextOffset(damaged)}`,
    });
  }

  /** A batch is larger than what was asked for: ask for all of it. */
  #grow(bytes: Uint8Array): void {
    const wanted = batchBytesAt(bytes, 0) ?? this.maxBytes * 2;
    this.maxBytes = Math.min(MAX_PARTITION_BYTES, Math.max(this.maxBytes * 2, wanted));
  }
}
