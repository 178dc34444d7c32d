import { StreamctlError } from '../../../base/errors.js';
import type { TopicInfo, TopicPartition } from '../../../connect/kafka/interfaces.js';

/**
 * Reads partition numbers and ranges: `0`, `3-5`.
 * @param isGiven whether the person wrote the flag at all; only one that is left out means all.
 * @returns undefined for all partitions.
 * @throws `usage`
 */
export function readPartitions(texts: readonly string[], isGiven: boolean): readonly number[] | undefined {
  // `-p "$P"` with P unset must not widen a cut to the whole topic.
  if (texts.length === 0 && isGiven) {
    throw new StreamctlError('usage', '-p names no partition', {
      hint: 'write 0, 0,2 or 0-3, or leave -p out for all',
    });
  }
  if (texts.length === 0) return undefined;
  const numbers = new Set<number>();
  for (const text of texts) {
    const match = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(text);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (!match || to < from || to - from > 100_000) {
      throw new StreamctlError('usage', `-p "${text}" is not a partition`, { hint: 'write 0, 0,2 or 0-3' });
    }
    for (let partition = from; partition <= to; partition++) numbers.add(partition);
  }
  return [...numbers].sort((a, b) => a - b);
}

/**
 * The wanted partitions of a topic, all where none are named.
 * @throws `not-found`
 */
export function partitionsOf(topic: TopicInfo, wanted: readonly number[] | undefined): readonly TopicPartition[] {
  for (const partition of wanted ?? []) {
    if (topic.partitions.some((known) => known.partition === partition)) continue;
    throw new StreamctlError('not-found', `topic "${topic.name}" has no partition ${partition}`, {
      detail: `its partitions are 0 to ${topic.partitions.length - 1}`,
    });
  }
  const numbers = wanted ?? topic.partitions.map(({ partition }) => partition);
  return numbers.map((partition) => ({ topic: topic.name, partition }));
}
