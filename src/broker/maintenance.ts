import { StreamctlError } from '../base/errors.js';
import type { Clock, Timer } from '../base/time.js';
import type { PartitionLog } from './partition-log.js';
import type { TopicStore } from './topic-store.js';

/** How often logs are looked over for what is too old or too much. */
export const MAINTENANCE_MS = 15_000;

/** A producer that was silent for this long is forgotten (Kafka's `producer.id.expiration.ms`). */
export const PRODUCER_EXPIRY_MS = 86_400_000;

/** Rolls and removes old segments and forgets silent producers, every so often. */
export class Maintenance {
  readonly #clock: Clock;
  readonly #topics: TopicStore;
  readonly #log: (line: string) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, topics: TopicStore, log: (line: string) => void) {
    this.#clock = clock;
    this.#topics = topics;
    this.#log = log;
  }

  start(): void {
    this.#timer = this.#clock.after(MAINTENANCE_MS, () => this.#run(), true);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #run(): void {
    this.start();
    const nowMs = this.#clock.now();
    for (const topic of this.#topics.list()) {
      for (const partition of topic.partitions) {
        try {
          maintain(partition, nowMs);
        } catch (error) {
          if (!(error instanceof StreamctlError)) throw error;
          this.#log(`${topic.name}-${partition.index}: ${error.message}`);
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
  if (firstWriteMs >= 0 && nowMs - firstWriteMs >= settings.segmentMs) partition.roll();
  if (settings.deleteOld) {
    const start = Math.min(retainedFrom(partition, nowMs), partition.highWatermark);
    if (start > partition.logStart) partition.hideBefore(start);
    partition.dropHidden();
  }
  partition.expireProducers(nowMs - PRODUCER_EXPIRY_MS);
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
