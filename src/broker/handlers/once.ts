/**
 * The first of all items with the same key, in order. An answer is then no larger than what it tells of, however often a
 * request names that: 5 KB of one name would be gigabytes of its partitions.
 */
export function once<T>(items: readonly T[], keyOf: (item: T, index: number) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item, index) => {
    const before = seen.size;
    return seen.add(keyOf(item, index)).size > before;
  });
}
