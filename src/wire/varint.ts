const TWO_32 = 2 ** 32;

/** Bytes of the zigzag form of a 32-bit number. */
export function varintSize(value: number): number {
  const bits = ((value << 1) ^ (value >> 31)) >>> 0;
  if (bits < 0x80) return 1;
  if (bits < 0x4000) return 2;
  if (bits < 0x200000) return 3;
  return bits < 0x10000000 ? 4 : 5;
}

/** Writes a 32-bit number in zigzag form; returns the index after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let bits = ((value << 1) ^ (value >> 31)) >>> 0;
  let out = at;
  while (bits > 127) {
    target[out++] = (bits & 127) | 128;
    bits >>>= 7;
  }
  target[out++] = bits;
  return out;
}

/** Whether `value` fits the short form that {@link writeVarint} writes. */
function isInt32(value: number): boolean {
  return value === (value | 0);
}

/** Bytes of the zigzag form of a whole number within +-2^53. */
export function varlongSize(value: number): number {
  if (isInt32(value)) return varintSize(value);
  // Zigzag makes 2n of n and 2n-1 of -n: seven bits per byte of that.
  let magnitude = value < 0 ? -value - 1 : value;
  let size = 1;
  for (magnitude = Math.floor(magnitude / 64); magnitude > 0; magnitude = Math.floor(magnitude / 128)) size++;
  return size;
}

/** Writes a whole number within +-2^53 in 64-bit zigzag form; returns the index after it. */
export function writeVarlong(target: Uint8Array, at: number, value: number): number {
  if (isInt32(value)) return writeVarint(target, at, value);
  const negative = value < 0;
  let magnitude = negative ? -value - 1 : value;
  let out = at;
  // The lowest zigzag bit is the sign, the others the magnitude: no doubling that could leave the exact range.
  let low = (magnitude % 64) * 2 + (negative ? 1 : 0);
  magnitude = Math.floor(magnitude / 64);
  while (magnitude > 0) {
    target[out++] = low | 128;
    low = magnitude % 128;
    magnitude = Math.floor(magnitude / 128);
  }
  target[out++] = low;
  return out;
}

/** The big-endian int64 at `at` as a number: exact within +-2^53. */
export function int64At(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  return high * TWO_32 + low;
}

/** The big-endian int32 at `at`. */
export function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The big-endian int16 at `at`. */
export function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

/** Writes a whole number within +-2^53 as big-endian int64. */
export function putInt64(target: Uint8Array, at: number, value: number): void {
  putInt32(target, at, Math.floor(value / TWO_32));
  putInt32(target, at + 4, value % TWO_32);
}

/** Writes the low 32 bits of `value`, big-endian. */
export function putInt32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Writes the low 16 bits of `value`, big-endian. */
export function putInt16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}
