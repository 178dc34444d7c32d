import type { ArrayPool } from '../base/array-pool.js';
import type { Compression } from '../base/codec-interfaces.js';
import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';
import type { Clock } from '../base/time.js';
import type { SyncPolicy } from '../storage/group-commit.js';
import type { HandleCache } from '../storage/handle-cache.js';
import type { Repair } from '../storage/log-recovery.js';
import { SegmentLog } from '../storage/segment-log.js';
import type { Slice } from '../storage/segment-reader.js';
import type { KafkaErrorName } from '../wire/error-codes.js';
import { type BatchHeader, isControl, patchBatch, readBatchHeader, stampAppendTime } from '../wire/record-batch.js';
import { transactionMarker } from '../wire/record-batch-builder.js';
import { checkBatch, checkKeys, type Refusal } from './batch-checks.js';
import { batchFraming, headOf, LEADER_EPOCH } from './batch-framing.js';
import { readMarker } from './markers.js';
import type { OpenTransaction, Partition, TransactionMarker } from './partition.js';
import { loadProducers, replaceProducers, storeProducers } from './producer-snapshots.js';
import { type AbortedTransaction, type ProducerState, ProducerStates } from './producer-states.js';
import type { LogSettings } from './topic-configs.js';

/** What all partitions of a broker share. */
export interface LogEdges {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly compression: Compression;
  readonly handles: HandleCache;
  readonly policy: SyncPolicy;
  readonly repair: boolean;
  onFatal(error: unknown): void;
}

/** What one partition is made with. */
export interface PartitionOptions {
  readonly topicName: string;
  readonly topicId: string;
  readonly index: number;
  /** Folder of all topics of the broker. */
  readonly topicsFolder: string;
  readonly dataFolder: string;
  readonly settings: LogSettings;
  /** Records before it were deleted on request. */
  readonly startOffset: number;
}

/** Answer to an append. */
export interface Appended {
  readonly error: KafkaErrorName | 'NONE';
  /** -1 when refused. */
  readonly baseOffset: number;
  /** The broker's time when the topic wants it, else -1. */
  readonly appendTimeMs: number;
  readonly refusal?: Refusal;
  /** Resolves when the records may be acknowledged with acks=all; absent when they may be at once, or were refused. */
  readonly durable?: Promise<void>;
}

/** Whether a batch may become part of a transaction; if so, when that is durable (absent: it is already). */
export interface Admitted {
  readonly refusal?: Refusal;
  readonly durable?: Promise<void>;
}

/** {@link Partition} over a segmented log. */
export class PartitionLog implements Partition {
  readonly topicName: string;
  readonly topicId: string;
  readonly index: number;
  readonly folder: string;
  readonly #edges: LogEdges;
  readonly #options: PartitionOptions;
  readonly #producers = new ProducerStates();
  readonly #watchers = new Set<() => void>();
  #settings: LogSettings;
  #log: SegmentLog | undefined;
  #startOffset: number;
  #gone = false;
  #dead = false;

  constructor(edges: LogEdges, options: PartitionOptions) {
    this.#edges = edges;
    this.#options = options;
    this.topicName = options.topicName;
    this.topicId = options.topicId;
    this.index = options.index;
    this.folder = `${options.topicsFolder}/${options.topicId}/${options.index}`;
    this.#settings = options.settings;
    this.#startOffset = options.startOffset;
  }

  /**
   * Opens the log and rebuilds what is known of its producers; done by the first use at the latest.
   * @returns what had to be cut off.
   * @throws `log-corrupt` `disk-failed`
   */
  open(): readonly Repair[] {
    return this.#opened().repairs;
  }

  get logStart(): number {
    return Math.max(this.#startOffset, this.#opened().start);
  }

  /** Behind the first readable offset, even where damage took more of the log than was deleted on request. */
  get logEnd(): number {
    return Math.max(this.#startOffset, this.#opened().end);
  }

  get highWatermark(): number {
    const log = this.#opened();
    return Math.max(this.#startOffset, this.#edges.policy === 'always' ? log.durableEnd : log.end);
  }

  get lastStable(): number {
    // The beginning of an open transaction may have been deleted: nobody can read there.
    const firstOpen = Math.max(this.#producers.firstOpen ?? Number.POSITIVE_INFINITY, this.logStart);
    return Math.min(firstOpen, this.highWatermark);
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return this.#opened().bytes;
  }

  /** Bytes that became visible in this run; only differences mean something. */
  get visibleBytes(): number {
    if (!this.#log) return 0;
    return this.#edges.policy === 'always' ? this.#log.durableBytes : this.#log.writtenBytes;
  }

  /** Deleted with its topic. */
  get gone(): boolean {
    return this.#gone;
  }

  get settings(): LogSettings {
    return this.#settings;
  }

  set settings(settings: LogSettings) {
    this.#settings = settings;
    if (this.#log) this.#log.segmentBytes = settings.segmentBytes;
  }

  /** The log below, for retention, compaction and time search. */
  get log(): SegmentLog {
    return this.#opened();
  }

  /**
   * Appends what a producer sent; the bytes are patched in place and must not be used elsewhere.
   * @param admit asked about a batch that may be appended, right before it is.
   */
  append(records: Uint8Array | null, admit?: (header: BatchHeader) => Admitted): Appended {
    const nowMs = this.#edges.clock.now();
    const checked = checkBatch(records, this.#settings, nowMs);
    if ('refusal' in checked) return refusedWith(checked.refusal);
    const { header } = checked;
    const log = this.#opened();
    const keys = this.#settings.compact ? checkKeys(records!, header, this.#edges.compression) : undefined;
    if (keys) return refusedWith(keys);
    const admitted = admit?.(header);
    if (admitted?.refusal) return refusedWith(admitted.refusal);
    const verdict = this.#producers.check(header);
    if (verdict.kind === 'refuse') return refusedWith({ error: verdict.error, message: verdict.message });
    if (verdict.kind === 'duplicate') {
      const { firstOffset, timestampMs } = verdict.batch;
      return this.#accepted(log, firstOffset, timestampMs, admitted);
    }
    if (this.#settings.appendTime) stampAppendTime(records!, header, nowMs);
    const stamped = this.#settings.appendTime ? { ...header, maxTimestampMs: nowMs } : header;
    const baseOffset = this.#write(records!, stamped);
    return this.#accepted(log, baseOffset, nowMs, admitted);
  }

  async appendMarker(marker: TransactionMarker): Promise<'written' | 'fenced'> {
    const { producerId, producerEpoch, coordinatorEpoch, commit } = marker;
    const verdict = this.#producers.checkMarker(producerId, producerEpoch, coordinatorEpoch, marker.version ?? 1);
    if (verdict === 'fenced') return 'fenced';
    const nowMs = this.#edges.clock.now();
    const bytes = transactionMarker(commit ? 'commit' : 'abort', producerId, producerEpoch, coordinatorEpoch, nowMs);
    this.#write(bytes, readBatchHeader(bytes), { commit, coordinatorEpoch });
    await this.#opened().durable();
    return 'written';
  }

  openTransaction(producerId: number): number | undefined {
    this.#opened();
    return this.#producers.get(producerId)?.openFirst;
  }

  openTransactions(): OpenTransaction[] {
    this.#opened();
    const found: OpenTransaction[] = [];
    for (const { producerId, epoch, openFirst } of this.#producers.list()) {
      if (openFirst !== undefined) found.push({ producerId, producerEpoch: epoch, firstOffset: openFirst });
    }
    return found;
  }

  /** Producers that wrote here and are remembered. */
  producers(): Iterable<Readonly<ProducerState>> {
    this.#opened();
    return this.#producers.list();
  }

  /** What is remembered of one producer. */
  producer(producerId: number): Readonly<ProducerState> | undefined {
    return this.#producers.get(producerId);
  }

  /** Aborted transactions with records in the offsets `from` to `to` - 1. */
  abortedBetween(from: number, to: number): AbortedTransaction[] {
    return this.#producers.abortedBetween(from, to);
  }

  /**
   * Compaction took the records of transactions that were aborted before `offset`. Durable when it returns: their markers
   * go later, and readers that are told of one drop all that follows till its marker. @throws `disk-failed`
   */
  forgetAborted(offset: number): void {
    const { producers, aborted } = this.#producers.snapshot();
    const kept = aborted.filter(({ lastOffset }) => lastOffset >= offset);
    if (kept.length === aborted.length) return;
    replaceProducers(this.#edges.files, this.folder, this.#opened().end, { producers, aborted: kept });
    this.#producers.dropBefore(offset);
  }

  /** Whole batches as they lie on the disk, see {@link SegmentLog.read}. @throws `log-corrupt` `disk-failed` */
  read(from: number, maxBytes: number, limit: number, atLeastOne: boolean, arrays?: ArrayPool): Slice {
    return this.#opened().read(from, maxBytes, limit, atLeastOne, arrays);
  }

  /** Calls `action` whenever readers may see more, or the partition is gone. Returns how to take that back. */
  watch(action: () => void): () => void {
    this.#watchers.add(action);
    return () => void this.#watchers.delete(action);
  }

  /** Readers that wait for more. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Hides everything before `offset` from readers; {@link PartitionLog.dropHidden} frees the space. */
  hideBefore(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, offset);
    this.#producers.dropBefore(this.#startOffset);
  }

  /** Removes the segments before the first readable offset. @throws `disk-failed` */
  dropHidden(): void {
    const log = this.#opened();
    if (log.end === 0) return;
    if (log.end <= this.#startOffset && log.segments.at(-1)!.size > 0) this.roll();
    log.dropBefore(this.logStart);
  }

  /** Closes the segment being written and notes the producers as of its end. @throws `disk-failed` */
  roll(): void {
    const log = this.#opened();
    log.roll();
    this.#storeProducers(log.end);
  }

  /** Forgets producers that were silent for long, see {@link ProducerStates.expire}. */
  expireProducers(timestampMs: number, sinceMs: number, nowMs: number): void {
    this.#producers.expire(timestampMs, sinceMs, nowMs);
  }

  /** Syncs and closes everything. */
  async close(): Promise<void> {
    const log = this.#log;
    if (!log) return;
    if (log.end > 0) this.#storeProducers(log.end);
    await log.close();
    this.#log = undefined;
  }

  /** The broker is dead: closes the files as they are and takes nothing any more. */
  abandon(): void {
    this.#dead = true;
    this.#log?.abandon(false);
    this.#log = undefined;
  }

  /**
   * The topic is being deleted: wakes readers and takes nothing new. What is on its way to the disk is acknowledged when
   * it is there, as the deletion itself may still be lost.
   */
  retire(): void {
    this.#gone = true;
    this.#notify();
  }

  /** The deletion is durable: closes the files, so that the folder can be removed. */
  discard(): void {
    this.#log?.abandon(true);
    this.#log = undefined;
  }

  #accepted(log: SegmentLog, baseOffset: number, timeMs: number, admitted: Admitted | undefined): Appended {
    const accepted = { error: 'NONE' as const, baseOffset, appendTimeMs: this.#settings.appendTime ? timeMs : -1 };
    // Under the other policies there is nothing to wait for.
    if (this.#edges.policy !== 'always') return accepted;
    const durable = log.durable();
    return { ...accepted, durable: admitted?.durable ? bothOf(durable, admitted.durable) : durable };
  }

  #opened(): SegmentLog {
    if (this.#gone) throw new StreamctlError('not-found', `topic "${this.topicName}" was deleted`);
    if (this.#dead) throw new StreamctlError('disk-failed', 'the broker has stopped because of its disk');
    if (this.#log) return this.#log;
    const { files, clock, handles, policy, repair, onFatal } = this.#edges;
    const { topicsFolder, dataFolder } = this.#options;
    const log = new SegmentLog({
      files,
      clock,
      handles,
      policy,
      repair,
      onFatal,
      folder: this.folder,
      parents: [`${topicsFolder}/${this.topicId}`, topicsFolder, dataFolder],
      framing: batchFraming,
      segmentBytes: this.#settings.segmentBytes,
      onDurable: () => this.#notify(),
    });
    if (log.end > 0) this.#rebuildProducers(log);
    this.#log = log;
    return log;
  }

  #rebuildProducers(log: SegmentLog): void {
    const loaded = loadProducers(this.#edges.files, this.folder, log.end);
    // An older one knows nothing of what was dropped since: the one after it was lost with the power.
    if (loaded && loaded.offset >= log.start) this.#producers.restore(loaded.snapshot);
    log.walk(Math.max(loaded?.offset ?? 0, log.start), log.end, (bytes, at, frame) => {
      // A scan of heads has only those at hand; markers are small enough to be read whole.
      const header = headOf(bytes, at, frame.size);
      const { baseOffset } = header;
      const control = isControl(header) ? log.read(frame.first, frame.size, frame.last + 1, true).bytes : undefined;
      this.#producers.appended(header, baseOffset, control && readMarker(control));
      return undefined;
    });
    this.#producers.dropBefore(Math.max(this.#startOffset, log.start));
  }

  /** @returns the offset of the first record. @throws `disk-failed` and then nothing was appended. */
  #write(bytes: Uint8Array, header: BatchHeader, marker?: { commit: boolean; coordinatorEpoch: number }): number {
    const log = this.#opened();
    if (this.#isFull(log, bytes.length)) this.roll();
    const first = Math.max(this.#startOffset, log.end);
    if (first > log.end && log.end > 0) log.allowGaps();
    const last = first + header.lastOffsetDelta;
    patchBatch(bytes, 0, first, LEADER_EPOCH);
    log.append([bytes], { size: bytes.length, first, last, maxTimestamp: header.maxTimestampMs });
    if (header.producerId >= 0) this.#producers.appended(header, first, marker);
    if (this.#edges.policy !== 'always') this.#notify();
    return first;
  }

  #isFull(log: SegmentLog, bytes: number): boolean {
    const size = log.segments.at(-1)?.size ?? 0;
    if (size === 0) return false;
    if (size + bytes > this.#settings.segmentBytes) return true;
    return log.firstWriteMs >= 0 && this.#edges.clock.now() - log.firstWriteMs >= this.#settings.segmentMs;
  }

  #storeProducers(offset: number): void {
    try {
      storeProducers(this.#edges.files, this.folder, offset, this.#producers.snapshot());
    } catch (error) {
      // The log itself tells the same, only slower.
      if (!(error instanceof StreamctlError)) throw error;
    }
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

async function bothOf(first: Promise<void>, second: Promise<void>): Promise<void> {
  await first;
  await second;
}

function refusedWith(refusal: Refusal): Appended {
  return { error: refusal.error, baseOffset: -1, appendTimeMs: -1, refusal };
}
