import type { TopicPartition } from '../connect/kafka/interfaces.js';

/** What an {@link IdleWatch} is asked to look at. */
export interface WatchedPartition extends TopicPartition {
  /** Silence after which the partition no longer holds the watermark back. */
  readonly idleTimeoutMs: number;
}

interface Watched extends WatchedPartition {
  /** Monotonic time of the last record, or of the moment at which the partition was found to be caught up. */
  quietSinceMs: number;
  caughtUp: boolean;
  idle: boolean;
}

/**
 * Finds partitions that are caught up and silent. A partition with records that were not read yet is never idle,
 * however slow the reading is: only then is a replay exact.
 */
export class IdleWatch {
  readonly #partitions = new Map<string, Watched>();

  add(partition: WatchedPartition, nowMs: number): void {
    this.#partitions.set(keyOf(partition), { ...partition, quietSinceMs: nowMs, caughtUp: false, idle: false });
  }

  remove(partition: TopicPartition): void {
    this.#partitions.delete(keyOf(partition));
  }

  /** Rows came: the partition counts again. */
  heard(partition: TopicPartition, nowMs: number): void {
    const watched = this.#partitions.get(keyOf(partition));
    if (!watched) return;
    watched.quietSinceMs = nowMs;
    watched.idle = false;
  }

  /**
   * The partitions that have just become idle.
   * @param caughtUp whether everything that is in the partition was read; unknown counts as no.
   */
  newlyIdle(nowMs: number, caughtUp: (partition: TopicPartition) => boolean): readonly WatchedPartition[] {
    const found: WatchedPartition[] = [];
    for (const watched of this.#partitions.values()) {
      if (watched.idle) continue;
      const now = caughtUp(watched);
      if (now && !watched.caughtUp) watched.quietSinceMs = nowMs;
      watched.caughtUp = now;
      if (!now || nowMs - watched.quietSinceMs < watched.idleTimeoutMs) continue;
      watched.idle = true;
      found.push(watched);
    }
    return found;
  }

  /** Whether every partition is idle; false where there is none. */
  allIdle(): boolean {
    if (this.#partitions.size === 0) return false;
    for (const watched of this.#partitions.values()) if (!watched.idle) return false;
    return true;
  }

  /** How long every partition has been quiet, ms. */
  quietForMs(nowMs: number): number {
    let quietMs = Number.POSITIVE_INFINITY;
    for (const watched of this.#partitions.values()) quietMs = Math.min(quietMs, nowMs - watched.quietSinceMs);
    return quietMs === Number.POSITIVE_INFINITY ? 0 : quietMs;
  }
}

/** One text per partition, for maps. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}
