/** What JSON.parse gives, with whole numbers beyond 2^53 as the bigints that were written. */
export function exactOf(value: unknown): unknown {
  if (typeof value === 'number') {
    const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
    return isLong ? BigInt(String(value)) : value;
  }
  if (Array.isArray(value)) return value.map(exactOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, exactOf(part)]));
}
