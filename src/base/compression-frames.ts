import { StreamctlError } from './errors.js';

/** The error of compressed bytes that do not follow their format. */
export function badCompressed(codec: string, what: string, cause?: unknown): StreamctlError {
  return new StreamctlError('bad-data', `${codec} data is damaged: ${what}`, { cause });
}

/** The error of compressed bytes that would become too large. */
export function tooLarge(codec: string, maxBytes: number): StreamctlError {
  return new StreamctlError('limit-exceeded', `${codec} data inflates to more than ${maxBytes} bytes`);
}

/** Part of an array: `[start, end)`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Magic, version 1, oldest compatible version 1: what the Java library puts before its blocks. */
export const XERIAL_HEADER = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1);
const XERIAL_MAGIC_BYTES = 8;

/**
 * The raw snappy blocks of `bytes`: those of the xerial framing, or the whole when it is raw.
 * @throws `bad-data`
 */
export function snappyBlocks(bytes: Uint8Array): Piece[] {
  for (let i = 0; i < XERIAL_MAGIC_BYTES; i++) {
    if (bytes[i] !== XERIAL_HEADER[i]) return [{ start: 0, end: bytes.length }];
  }
  const blocks: Piece[] = [];
  for (let at = XERIAL_HEADER.length; at < bytes.length; ) {
    const size = at + 4 <= bytes.length ? uint32(bytes, at, true) : Number.POSITIVE_INFINITY;
    const start = at + 4;
    if (size > bytes.length - start) throw badCompressed('snappy', `a block of ${size} bytes breaks off`);
    blocks.push({ start, end: start + size });
    at = start + size;
  }
  return blocks;
}

/** Most bytes that one byte of raw snappy can stand for, generously. */
const SNAPPY_MAX_RATIO = 64;

/**
 * Size of a raw snappy block after inflation, as it says itself.
 * @throws `bad-data` when no data of that length could give it.
 */
export function snappySize(bytes: Uint8Array, block: Piece): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block.start + i < block.end ? bytes[block.start + i]! : 255;
    size += (byte & 127) * 128 ** i;
    if (byte < 128) {
      if (size > (block.end - block.start) * SNAPPY_MAX_RATIO) break;
      return size;
    }
  }
  throw badCompressed('snappy', 'a block announces an impossible size');
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_STORED_BIT = 0x80000000;

/**
 * Size of an LZ4 frame after inflation, or a larger number when that is not more than `enough`.
 * @throws `bad-data`
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function lz4Size(bytes: Uint8Array, enough: number): number {
  const { blocks, blockMaxBytes } = lz4Blocks(bytes);
  let bound = 0;
  for (const block of blocks) bound += block.stored ? block.end - block.start : blockMaxBytes;
  if (bound <= enough) return bound;
  let exact = 0;
  for (const block of blocks) exact += block.stored ? block.end - block.start : lz4BlockSize(bytes, block);
  return exact;
}

interface Lz4Block extends Piece {
  /** Not compressed. */
  readonly stored: boolean;
}

function lz4Blocks(bytes: Uint8Array): { blocks: Lz4Block[]; blockMaxBytes: number } {
  if (bytes.length < 7 || uint32(bytes, 0, false) !== LZ4_MAGIC) throw badCompressed('lz4', 'no frame begins here');
  const flags = bytes[4]!;
  const sizeCode = (bytes[5]! >> 4) & 7;
  if (flags >> 6 !== 1 || sizeCode < 4) throw badCompressed('lz4', 'the frame header is not valid');
  const trailerBytes = flags & 0x10 ? 4 : 0;
  const blocks: Lz4Block[] = [];
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  while (at + 4 <= bytes.length) {
    const word = uint32(bytes, at, false);
    if (word === 0) return { blocks, blockMaxBytes: 2 ** (8 + 2 * sizeCode) };
    const start = at + 4;
    const end = start + (word % LZ4_STORED_BIT);
    blocks.push({ start, end, stored: word >= LZ4_STORED_BIT });
    at = end + trailerBytes;
  }
  throw badCompressed('lz4', 'the frame breaks off');
}

/** Adds up the lengths of literals and matches without writing them. */
function lz4BlockSize(bytes: Uint8Array, block: Piece): number {
  let size = 0;
  let at = block.start;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255 && at < block.end; length += byte) byte = bytes[at++]!;
    return length;
  };
  while (at < block.end) {
    const token = bytes[at++]!;
    const literals = lengthOf(token >> 4);
    at += literals;
    size += literals;
    if (at >= block.end) break;
    at += 2;
    size += lengthOf(token & 15) + 4;
  }
  return size;
}

const ZSTD_MAGIC = 0xfd2fb528;
/** Bytes of the content size field by its flag; without flag it is there only in single-segment frames. */
const ZSTD_SIZE_FIELD_BYTES = [0, 2, 4, 8];
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4];

/**
 * Size of a zstd frame after inflation as its header says; undefined when it does not.
 * @throws `bad-data`
 * @see RFC 8878 section 3.1.1.1
 */
export function zstdSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6 || uint32(bytes, 0, false) !== ZSTD_MAGIC) throw badCompressed('zstd', 'no frame begins here');
  const descriptor = bytes[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const fieldBytes = flag === 0 && isSingle ? 1 : ZSTD_SIZE_FIELD_BYTES[flag]!;
  if (fieldBytes === 0) return undefined;
  const at = 5 + (isSingle ? 0 : 1) + ZSTD_DICTIONARY_BYTES[descriptor & 3]!;
  if (at + fieldBytes > bytes.length) throw badCompressed('zstd', 'the frame header breaks off');
  let size = fieldBytes === 2 ? 256 : 0;
  for (let i = 0; i < fieldBytes; i++) size += bytes[at + i]! * 256 ** i;
  return size;
}

function uint32(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  const [a, b, c, d] = bigEndian ? [3, 2, 1, 0] : [0, 1, 2, 3];
  return (bytes[at + a!]! | (bytes[at + b!]! << 8) | (bytes[at + c!]! << 16) | (bytes[at + d!]! << 24)) >>> 0;
}
