import type { TopicPartition } from './interfaces.js';

/** Entries of partitions gathered by topic, in the order of first appearance: the shape of most requests. */
export function byTopic<P extends TopicPartition, T>(
  partitions: Iterable<P>,
  entryOf: (partition: P) => T,
): { readonly name: string; readonly entries: readonly T[] }[] {
  const topics = new Map<string, T[]>();
  for (const partition of partitions) {
    const entries = topics.get(partition.topic);
    const entry = entryOf(partition);
    if (entries) entries.push(entry);
    else topics.set(partition.topic, [entry]);
  }
  return [...topics].map(([name, entries]) => ({ name, entries }));
}

/** A text that stands for one partition: `topic/3`. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
