import type { Compression } from '../../base/codec-interfaces.js';
import { StreamctlError } from '../../base/errors.js';
import type { FileSystem } from '../../base/files.js';
import type { Clock } from '../../base/time.js';
import type { Segment } from '../../storage/segment.js';
import type { SegmentReplacement } from '../../storage/segment-replacement.js';
import { type BatchHeader, isControl, isTransactional, readBatches } from '../../wire/record-batch.js';
import type { PartitionLog } from '../partition-log.js';
import { afterPass, type CleaningState, loadCleaning, storeCleaning, tombstonesBefore } from './cleaning-state.js';
import { eachRecord, emptyBatch, filterBatch } from './filter-batch.js';
import { KeyMap } from './key-map.js';

/** Bytes handled before other work gets its turn. */
const SLICE_BYTES = 1 << 20;

/** What compaction works with. */
export interface CompactionEdges {
  readonly clock: Clock;
  readonly files: FileSystem;
  /** With all codecs prepared. */
  readonly compression: Compression;
  /** Asked now and then: the broker closes, the log stays as it is. */
  stopped?(): boolean;
}

/** What a compaction did. */
export interface CompactionReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Everything before this offset is compacted now. */
  readonly cleanedTo: number;
}

/**
 * Compacts one partition when enough of it is new: of each key only the newest record stays. It never goes beyond the
 * last stable offset nor into the segment being written. Offsets, and the order of what stays, do not change.
 * @returns undefined when there is nothing to do yet.
 * @throws `disk-failed`; the log is then as before.
 */
export async function compactPartition(
  edges: CompactionEdges,
  partition: PartitionLog,
): Promise<CompactionReport | undefined> {
  const state = loadCleaning(edges.files, partition.folder);
  const nowMs = edges.clock.now();
  const end = cleanableEnd(partition, nowMs);
  if (end <= state.cleanedTo || !isDirtyEnough(partition, state, end, nowMs)) return undefined;
  const compaction = new Compaction(edges, partition, state, nowMs);
  return compaction.run(end);
}

/** End of the closed segments that may be compacted now: whatever the policy of syncs, they are on the disk. */
function cleanableEnd(partition: PartitionLog, nowMs: number): number {
  const { log, settings, lastStable } = partition;
  let end = log.start;
  for (const segment of log.segments.slice(0, -1)) {
    // What a power loss may still take must not have taken older records of its keys along.
    if (segment.next > Math.min(lastStable, log.durableEnd)) break;
    if (segment.maxTimestamp >= 0 && nowMs - segment.maxTimestamp < settings.minCompactionLagMs) break;
    end = segment.next;
  }
  return end;
}

function isDirtyEnough(partition: PartitionLog, state: CleaningState, end: number, nowMs: number): boolean {
  const { log, settings } = partition;
  let dirty = 0;
  let total = 0;
  for (const segment of log.segments) {
    if (segment.base >= end) break;
    total += segment.size;
    if (segment.next <= state.cleanedTo) continue;
    dirty += segment.size;
    if (segment.maxTimestamp >= 0 && nowMs - segment.maxTimestamp >= settings.maxCompactionLagMs) return true;
  }
  return total > 0 && dirty / total >= settings.minDirtyRatio;
}

/** One run over one partition. */
class Compaction {
  readonly #edges: CompactionEdges;
  readonly #partition: PartitionLog;
  readonly #state: CleaningState;
  readonly #nowMs: number;
  readonly #keys = new KeyMap();
  readonly #tombstonesBefore: number;
  /** Producers of which a record stayed since their last marker. */
  readonly #withData = new Set<number>();

  constructor(edges: CompactionEdges, partition: PartitionLog, state: CleaningState, nowMs: number) {
    this.#edges = edges;
    this.#partition = partition;
    this.#state = state;
    this.#nowMs = nowMs;
    this.#tombstonesBefore = tombstonesBefore(state, nowMs - partition.settings.deleteRetentionMs);
  }

  async run(wantedEnd: number): Promise<CompactionReport | undefined> {
    const { log } = this.#partition;
    const bytesBefore = log.bytes;
    const end = await this.#mapKeys(Math.max(this.#state.cleanedTo, log.start), wantedEnd);
    for (const group of this.#groups(end)) {
      if (!(await this.#rewrite(group))) return undefined;
    }
    // Before the pass is noted: only passes that are noted let a later one take markers.
    this.#partition.forgetAborted(end);
    storeCleaning(this.#edges.files, this.#partition.folder, afterPass(this.#state, end, this.#nowMs));
    return { bytesBefore, bytesAfter: log.bytes, cleanedTo: end };
  }

  /** Notes the newest record of each key. @returns where it had to stop: at the end, or where the map was full. */
  async #mapKeys(from: number, end: number): Promise<number> {
    let next = from;
    while (next < end && !this.#keys.full) {
      next = this.#eachBatch(next, end, (bytes, header) => {
        if (isControl(header) || this.#isAborted(header)) return;
        eachRecord(bytes, header, this.#edges.compression, (cursor) => {
          const key = cursor.key();
          if (key) this.#keys.put(key, cursor.offset);
        });
      });
      await this.#breathe();
    }
    return next;
  }

  /**
   * All segments that begin before `end`, neighbours together that fit into one. The last may hold records that are not
   * in the map; those stay.
   */
  #groups(end: number): Segment[][] {
    const groups: Segment[][] = [];
    let bytes = 0;
    for (const segment of this.#partition.log.segments) {
      if (segment.base >= end || segment === this.#partition.log.segments.at(-1)) break;
      const group = groups.at(-1);
      if (group && bytes + segment.size <= this.#partition.settings.segmentBytes) group.push(segment);
      else groups.push([segment]);
      bytes = group === groups.at(-1) ? bytes + segment.size : segment.size;
    }
    return groups;
  }

  async #rewrite(group: readonly Segment[]): Promise<boolean> {
    const { log } = this.#partition;
    const replacement = log.beginReplacement(group);
    try {
      const end = group.at(-1)!.next;
      let next = group[0]!.base;
      while (next < end) {
        next = this.#eachBatch(next, end, (bytes, header) => this.#keep(replacement, bytes, header));
        await this.#breathe();
        if (this.#partition.gone || this.#edges.stopped?.()) throw new StreamctlError('not-found', 'the log goes away');
      }
      return await log.finishReplacement(replacement);
    } catch (error) {
      replacement.abandon();
      if (error instanceof StreamctlError && error.code === 'not-found') return false;
      throw error;
    }
  }

  /** Calls `visit` with the batches of one read. @returns the offset to go on from. */
  #eachBatch(from: number, end: number, visit: (bytes: Uint8Array, header: BatchHeader) => void): number {
    const { bytes, next } = this.#partition.read(from, SLICE_BYTES, end, true);
    if (bytes.length === 0) return end;
    for (const header of readBatches(bytes)) if (header.baseOffset < end) visit(bytes, header);
    return next;
  }

  /** Appends what stays of a batch. */
  #keep(replacement: SegmentReplacement, bytes: Uint8Array, header: BatchHeader): void {
    const kept = isControl(header) ? this.#keepMarker(bytes, header) : this.#keepData(bytes, header);
    const result = kept ?? (this.#isLastOfProducer(header) ? emptyBatch(bytes, header) : undefined);
    if (!result) return;
    const first = header.baseOffset;
    const last = first + header.lastOffsetDelta;
    const view = new DataView(result.buffer, result.byteOffset);
    const maxTimestamp = Number(view.getBigInt64(35));
    replacement.append(result, { size: result.length, first, last, maxTimestamp });
  }

  #keepData(bytes: Uint8Array, header: BatchHeader): Uint8Array | undefined {
    if (this.#isAborted(header)) return undefined;
    const kept = filterBatch(bytes, header, this.#edges.compression, (cursor) => {
      const key = cursor.key();
      if (!key) return false;
      if (this.#keys.newest(key) > cursor.offset) return false;
      return cursor.valueStart >= 0 || cursor.offset >= this.#tombstonesBefore;
    });
    if (kept && isTransactional(header)) this.#withData.add(header.producerId);
    return kept;
  }

  /** A marker stays as long as a record of its transaction does, and then as long as a tombstone. */
  #keepMarker(bytes: Uint8Array, header: BatchHeader): Uint8Array | undefined {
    const needed = this.#withData.delete(header.producerId);
    const young = header.baseOffset >= this.#tombstonesBefore;
    return needed || young ? bytes.subarray(header.start, header.end) : undefined;
  }

  /** The last batch of a producer tells its sequence number and epoch to a recovery. */
  #isLastOfProducer(header: BatchHeader): boolean {
    if (header.producerId < 0) return false;
    const state = this.#partition.producer(header.producerId);
    return state !== undefined && state.lastOffset === header.baseOffset + header.lastOffsetDelta;
  }

  #isAborted(header: BatchHeader): boolean {
    if (!isTransactional(header)) return false;
    const next = header.baseOffset + header.lastOffsetDelta + 1;
    return this.#partition
      .abortedBetween(header.baseOffset, next)
      .some(({ producerId }) => producerId === header.producerId);
  }

  #breathe(): Promise<void> {
    return this.#edges.clock.sleep(0);
  }
}
