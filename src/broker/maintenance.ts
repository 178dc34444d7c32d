import { StreamctlError } from '../base/errors.js';
import type { Timer } from '../base/time.js';
import { type CompactionEdges, compactPartition } from './compaction/compact-partition.js';
import type { PartitionLog } from './partition-log.js';
import type { TopicStore } from './topic-store.js';

/** How often logs are looked over for what is too old or too much. */
export const MAINTENANCE_MS = 15_000;

/** A producer that was silent for this long by event time is forgotten (Kafka's `producer.id.expiration.ms`) ... */
export const PRODUCER_EXPIRY_MS = 86_400_000;

/** ... but not before it was silent for this long in truth: no producer goes on sending a batch again for longer. */
const PRODUCER_SILENCE_MS = 3_600_000;

/** Rolls and removes old segments, forgets silent producers and compacts, every so often. */
export class Maintenance {
  readonly #edges: CompactionEdges;
  readonly #topics: TopicStore;
  readonly #log: (line: string) => void;
  #timer: Timer | undefined;
  #stopped = false;
  /** The round that is under way; it ends at the next partition when stopped. */
  #round: Promise<void> = Promise.resolve();

  constructor(edges: CompactionEdges, topics: TopicStore, log: (line: string) => void) {
    this.#edges = { ...edges, stopped: () => this.#stopped };
    this.#topics = topics;
    this.#log = log;
  }

  start(): void {
    if (this.#stopped) return;
    const run = (): void => {
      this.#round = this.#run().finally(() => this.start());
    };
    this.#timer = this.#edges.clock.after(MAINTENANCE_MS, run, true);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  async #run(): Promise<void> {
    const nowMs = this.#edges.clock.now();
    for (const topic of this.#topics.list()) {
      for (const partition of topic.partitions) {
        if (this.#stopped) return;
        if (partition.gone) continue;
        try {
          maintain(partition, nowMs);
          if (partition.settings.compact) await compactPartition(this.#edges, partition);
        } catch (error) {
          this.#log(`${topic.name}-${partition.index}: ${error instanceof Error ? error.message : String(error)}`);
          if (!(error instanceof StreamctlError)) throw error;
        }
      }
    }
  }
}

/**
 * Enforces the retention of one partition. As in Kafka the age of a segment is that of its latest record, by event
 * time; a segment that nobody wrote to for `segment.ms` is closed first.
 * @throws `disk-failed`
 */
export function maintain(partition: PartitionLog, nowMs: number): void {
  const { log, settings } = partition;
  if (log.end === 0) return;
  const { firstWriteMs } = log;
  // A compacted topic must not hold a record back for longer than it promised.
  const openMs = settings.compact ? Math.min(settings.segmentMs, settings.maxCompactionLagMs) : settings.segmentMs;
  if (firstWriteMs >= 0 && nowMs - firstWriteMs >= openMs) partition.roll();
  if (settings.deleteOld) {
    const start = Math.min(retainedFrom(partition, nowMs), partition.highWatermark);
    if (start > partition.logStart) partition.hideBefore(start);
    partition.dropHidden();
  }
  partition.expireProducers(nowMs - PRODUCER_EXPIRY_MS, nowMs - PRODUCER_SILENCE_MS, nowMs);
}

/** First offset that the retention settings keep; whole segments only. */
function retainedFrom(partition: PartitionLog, nowMs: number): number {
  const { log, settings } = partition;
  let from = log.start;
  let bytes = log.bytes;
  for (const segment of log.segments) {
    if (segment.size === 0) break;
    const last = segment.next === log.end;
    const tooOld = segment.maxTimestamp >= 0 && nowMs - segment.maxTimestamp > settings.retentionMs;
    const tooMuch = !last && bytes - segment.size >= settings.retentionBytes;
    if (!tooOld && !tooMuch) break;
    from = segment.next;
    bytes -= segment.size;
  }
  return from;
}
