const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * Kafka's hash of a record key, the same as in the Java client.
 * @returns a signed 32-bit number.
 */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = SEED ^ (end - start);
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    k = Math.imul(k, MULTIPLIER);
    k ^= k >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(k, MULTIPLIER);
  }
  const left = end - at;
  if (left > 2) hash ^= bytes[at + 2]! << 16;
  if (left > 1) hash ^= bytes[at + 1]! << 8;
  if (left > 0) hash = Math.imul(hash ^ bytes[at]!, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition that every Kafka client gives a record with this key. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
