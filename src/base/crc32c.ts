const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;
/** Below this many bytes making a view costs more than it gains. */
const VIEW_FROM_BYTES = 48;
/** From this many bytes on a call into native code costs less than it gains. */
const NATIVE_FROM_BYTES = 512;
/** So much is done here first: loading native code takes as long as this. */
const NATIVE_AFTER_BYTES = 8 * 1024 * 1024;

/** Words are read as the machine has them: elsewhere byte by byte. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Sixteen tables of 256 entries, laid out one after the other (slicing-by-16). */
const table = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[n] = crc;
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let n = 0; n < 256; n++) {
      const previous = tables[(slice - 1) * 256 + n]!;
      tables[slice * 256 + n] = (previous >>> 8) ^ tables[previous & 0xff]!;
    }
  }
  return tables;
}

/** CRC-32C of all of `bytes`, continuing from `seed`. */
export type Crc32c = (bytes: Uint8Array, seed: number) => number;

let loadNative: (() => Crc32c | undefined) | undefined;
let native: Crc32c | undefined;
let bytesUntilNative = NATIVE_AFTER_BYTES;

/**
 * Has large pieces done by an implementation that gives the same numbers faster.
 * @param load called once, when this process has had enough to do; gives undefined where there is none.
 */
export function accelerateCrc32c(load: () => Crc32c | undefined): void {
  loadNative = load;
}

function countDown(bytes: number): void {
  bytesUntilNative -= bytes;
  if (bytesUntilNative > 0) return;
  native = loadNative!();
  loadNative = undefined;
}

/**
 * CRC-32C (Castagnoli) of `bytes[start, end)`, continuing from `seed` (an earlier result, 0 to begin).
 * @returns an unsigned 32-bit number.
 * @see RFC 3720 appendix B.4
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  if (end - start >= NATIVE_FROM_BYTES) {
    if (loadNative) countDown(end - start);
    if (native) return native(bytes.subarray(start, end), seed);
  }
  return inScript(bytes, start, end, seed);
}

function inScript(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let crc = ~seed;
  let at = start;
  const t = table;
  if (IS_LITTLE_ENDIAN && end - start >= VIEW_FROM_BYTES) {
    for (; ((bytes.byteOffset + at) & 3) !== 0; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
    const pieces = (end - at) >> 4;
    crc = sliceBy16(new Int32Array(bytes.buffer, bytes.byteOffset + at, pieces * 4), crc);
    at += pieces * 16;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/**
 * The register after all of `words`, whose number is a multiple of four. Reading words is twice as fast as reading bytes.
 * What hangs on the register is looked up last and joined last, so that a processor can begin the next 16 bytes' other
 * twelve lookups while it waits for this chain.
 */
function sliceBy16(words: Int32Array, register: number): number {
  const t = table;
  const end = words.length;
  let crc = register;
  for (let at = 0; at < end; at += 4) {
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    const second =
      t[2816 + (b & 0xff)]! ^ t[2560 + ((b >>> 8) & 0xff)]! ^ t[2304 + ((b >>> 16) & 0xff)]! ^ t[2048 + (b >>> 24)]!;
    const third =
      t[1792 + (c & 0xff)]! ^ t[1536 + ((c >>> 8) & 0xff)]! ^ t[1280 + ((c >>> 16) & 0xff)]! ^ t[1024 + (c >>> 24)]!;
    const fourth = t[768 + (d & 0xff)]! ^ t[512 + ((d >>> 8) & 0xff)]! ^ t[256 + ((d >>> 16) & 0xff)]! ^ t[d >>> 24]!;
    const rest = second ^ third ^ fourth;
    const a = crc ^ words[at]!;
    crc =
      rest ^
      (t[3840 + (a & 0xff)]! ^ t[3584 + ((a >>> 8) & 0xff)]!) ^
      (t[3328 + ((a >>> 16) & 0xff)]! ^ t[3072 + (a >>> 24)]!);
  }
  return crc;
}
