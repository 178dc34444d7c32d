import { fromUtf8 } from '../../../base/bytes.js';
import type { Compression } from '../../../base/codec-interfaces.js';
import { StreamctlError } from '../../../base/errors.js';

const END_SIGNATURE = 0x06054b50;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const END64_LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 65_535;
/** A directory of more than this is no workbook's. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
/** From here on a part must not be packed more densely than {@link MAX_RATIO}: sheets of real tables stay far below. */
const RATIO_FROM_BYTES = 64 * 1024 * 1024;
const MAX_RATIO = 200;
/** Most bytes that the parts read from one archive unpack to, all together. */
const MAX_PLAIN_BYTES = 64 * 1024 * 1024 * 1024;
const ZIP64_FIELD = 1;
const FULL_32 = 0xffffffff;

/** Bytes that can be looked at anywhere. */
export interface RandomBytes {
  readonly size: number;
  peek(position: number, length: number): Uint8Array;
}

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packedBytes: number;
  /** As the directory says; what comes out may differ in a damaged or hostile archive. */
  readonly plainBytes: number;
  readonly offset: number;
}

/**
 * A zip archive read through its directory: only the parts asked for are unpacked, piece by piece.
 * @see PKWARE APPNOTE 4.3
 */
export class ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #bytes: RandomBytes;
  #plainBytes = 0;

  private constructor(bytes: RandomBytes, entries: ReadonlyMap<string, ZipEntry>) {
    this.#bytes = bytes;
    this.entries = entries;
  }

  /** Undefined when `bytes` is no zip archive. @throws `bad-data` for a damaged directory. */
  static open(bytes: RandomBytes): ZipArchive | undefined {
    const directory = findDirectory(bytes);
    return directory && new ZipArchive(bytes, readEntries(bytes, directory));
  }

  /**
   * The plain bytes of a part.
   * @param onPacked told how many packed bytes were read.
   * @throws `bad-data` for a damaged, encrypted or strangely packed part, `limit-exceeded` for a bomb.
   */
  async *read(
    entry: ZipEntry,
    compression: Compression,
    onPacked?: (bytes: number) => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (entry.isEncrypted) throw new StreamctlError('bad-data', `the part ${entry.name} is encrypted`);
    if (entry.method !== 0 && entry.method !== 8) {
      throw new StreamctlError('bad-data', `the part ${entry.name} is packed by method ${entry.method}`, {
        hint: 'save the workbook again with a spreadsheet program',
      });
    }
    const packed = this.#packed(entry, onPacked);
    let plain = 0;
    for await (const piece of entry.method === 0 ? packed : compression.inflate('raw', packed)) {
      plain += piece.length;
      this.#plainBytes += piece.length;
      this.#checkBomb(entry, plain);
      yield piece;
    }
  }

  #checkBomb(entry: ZipEntry, plainBytes: number): void {
    const isDense = plainBytes > RATIO_FROM_BYTES && plainBytes > entry.packedBytes * MAX_RATIO;
    if (!isDense && this.#plainBytes <= MAX_PLAIN_BYTES) return;
    const size = `${Math.round(plainBytes / 1e6)} MB and more`;
    throw new StreamctlError('limit-exceeded', 'the workbook unpacks to far too much: it may be a zip bomb', {
      detail: `the ${entry.packedBytes} bytes of ${entry.name} unpack to ${size}; at most ${MAX_RATIO} times as much is read, and ${MAX_PLAIN_BYTES / 2 ** 30} GB in all`,
      hint: 'save the sheet as CSV if the file is trusted',
      exit: 2,
    });
  }

  async *#packed(entry: ZipEntry, onPacked?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    const header = viewOf(this.#bytes.peek(entry.offset, LOCAL_BYTES));
    if (header.byteLength < LOCAL_BYTES || header.getUint32(0, true) !== LOCAL_SIGNATURE) throw damaged(entry.name);
    let at = entry.offset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
    const end = at + entry.packedBytes;
    while (at < end) {
      const piece = this.#bytes.peek(at, Math.min(PIECE_BYTES, end - at));
      if (piece.length === 0) throw damaged(entry.name);
      at += piece.length;
      onPacked?.(piece.length);
      yield piece;
    }
  }
}

interface Directory {
  readonly offset: number;
  readonly length: number;
}

function findDirectory(bytes: RandomBytes): Directory | undefined {
  const tailStart = Math.max(0, bytes.size - END_BYTES - MAX_COMMENT_BYTES - END64_LOCATOR_BYTES);
  const tail = viewOf(bytes.peek(tailStart, bytes.size - tailStart));
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    const length = tail.getUint32(at + 12, true);
    const offset = tail.getUint32(at + 16, true);
    const isLarge = length === FULL_32 || offset === FULL_32 || tail.getUint16(at + 10, true) === 0xffff;
    return (isLarge ? large(bytes, tail, at - END64_LOCATOR_BYTES) : undefined) ?? { offset, length };
  }
  return undefined;
}

/** The directory's place as zip64 writes it. */
function large(bytes: RandomBytes, tail: DataView, locatorAt: number): Directory | undefined {
  if (locatorAt < 0 || tail.getUint32(locatorAt, true) !== END64_LOCATOR_SIGNATURE) return undefined;
  const end = viewOf(bytes.peek(Number(tail.getBigUint64(locatorAt + 8, true)), END64_BYTES));
  if (end.byteLength < END64_BYTES || end.getUint32(0, true) !== END64_SIGNATURE) return undefined;
  return { length: Number(end.getBigUint64(40, true)), offset: Number(end.getBigUint64(48, true)) };
}

function readEntries(bytes: RandomBytes, { offset, length }: Directory): Map<string, ZipEntry> {
  if (length > MAX_DIRECTORY_BYTES || offset + length > bytes.size) throw damaged('the directory');
  const directory = bytes.peek(offset, length);
  const view = viewOf(directory);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + ENTRY_BYTES <= view.byteLength && view.getUint32(at, true) === ENTRY_SIGNATURE; ) {
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    if (extraEnd > view.byteLength) throw damaged('the directory');
    const sizes = {
      plainBytes: view.getUint32(at + 24, true),
      packedBytes: view.getUint32(at + 20, true),
      offset: view.getUint32(at + 42, true),
    };
    const name = fromUtf8(directory.subarray(at + ENTRY_BYTES, nameEnd)).replaceAll('\\', '/');
    // Where a name comes twice the first one counts: programs differ there, and none should be tricked.
    if (!entries.has(name)) {
      entries.set(name, {
        name,
        method: view.getUint16(at + 10, true),
        isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
        ...wide(view, nameEnd, extraEnd, sizes),
      });
    }
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return entries;
}

type Sizes = Pick<ZipEntry, 'plainBytes' | 'packedBytes' | 'offset'>;

/** Sizes that do not fit into 32 bits stand in an extra field, in this order. */
function wide(view: DataView, start: number, end: number, sizes: Sizes): Sizes {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== ZIP64_FIELD) continue;
    let next = at + 4;
    const take = (value: number): number => {
      if (value !== FULL_32 || next + 8 > end) return value;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    };
    return { plainBytes: take(sizes.plainBytes), packedBytes: take(sizes.packedBytes), offset: take(sizes.offset) };
  }
  return sizes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function damaged(what: string): StreamctlError {
  return new StreamctlError('bad-data', `the zip archive is damaged: ${what} cannot be read`, {
    hint: 'was the file copied as a whole?',
  });
}
