import { StreamctlError } from '../base/errors.js';
import { MAX_STRING_BYTES } from './reader.js';
import { writeUuid } from './uuid.js';

/** Byte arrays from this size on are appended by reference instead of being copied. */
const REFERENCE_MIN_BYTES = 1024;
const FIRST_CHUNK_BYTES = 256;
const MAX_CHUNK_BYTES = 65_536;
/** First chunks are cut from a slab: to make a buffer for each small answer costs more than to fill it. */
const SLAB_BYTES = 16_384;

let slab = new Uint8Array(SLAB_BYTES);
let slabView = new DataView(slab.buffer);
let slabAt = 0;

const encoder = new TextEncoder();

/** Writes the protocol's primitives into a list of chunks; large byte arrays become chunks of their own. */
export class WireWriter {
  readonly #done: Uint8Array[] = [];
  #doneBytes = 0;
  #chunk: Uint8Array;
  #view: DataView;
  /** First byte of the current chunk that is not in `#done` yet. */
  #start: number;
  #at: number;
  /** First byte that the current chunk may not touch. */
  #end: number;

  constructor() {
    if (slabAt === SLAB_BYTES) {
      slab = new Uint8Array(SLAB_BYTES);
      slabView = new DataView(slab.buffer);
      slabAt = 0;
    }
    this.#chunk = slab;
    this.#view = slabView;
    this.#start = slabAt;
    this.#at = slabAt;
    slabAt += FIRST_CHUNK_BYTES;
    this.#end = slabAt;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#doneBytes + this.#at - this.#start;
  }

  int8(value: number): void {
    this.#reserve(1);
    this.#chunk[this.#at++] = value;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  uint16(value: number): void {
    this.int16(value);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  uint32(value: number): void {
    this.int32(value);
  }

  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  /** @throws `bad-data` when `text` is not a uuid. */
  uuid(text: string): void {
    this.#reserve(16);
    writeUuid(text, this.#chunk, this.#at);
    this.#at += 16;
  }

  /** An unsigned variable-length number of at most 32 bits. */
  uvarint(value: number): void {
    this.#reserve(5);
    let left = value;
    while (left > 127) {
      this.#chunk[this.#at++] = (left & 127) | 128;
      left >>>= 7;
    }
    this.#chunk[this.#at++] = left;
  }

  /** @throws `limit-exceeded` when the text is longer than the protocol's 32,767 bytes. */
  string(text: string | null): void {
    if (text === null) {
      this.int16(-1);
    } else if (isAscii(text)) {
      checkString(text.length);
      this.int16(text.length);
      this.#ascii(text);
    } else {
      const bytes = encoder.encode(text);
      checkString(bytes.length);
      this.int16(bytes.length);
      this.raw(bytes);
    }
  }

  /** @throws `limit-exceeded` when the text is longer than the protocol's 32,767 bytes. */
  compactString(text: string | null): void {
    if (text === null) {
      this.uvarint(0);
    } else if (isAscii(text)) {
      checkString(text.length);
      this.uvarint(text.length + 1);
      this.#ascii(text);
    } else {
      const bytes = encoder.encode(text);
      checkString(bytes.length);
      this.uvarint(bytes.length + 1);
      this.raw(bytes);
    }
  }

  /** Bytes with an int32 length. */
  bytes(value: Uint8Array | null): void {
    this.int32(value === null ? -1 : value.length);
    if (value !== null) this.raw(value);
  }

  /** Bytes with a variable-length length plus one. */
  compactBytes(value: Uint8Array | null): void {
    this.uvarint(value === null ? 0 : value.length + 1);
    if (value !== null) this.raw(value);
  }

  /** Number of elements of an array; -1 is null. */
  count(count: number): void {
    this.int32(count);
  }

  /** Number of elements of an array in the compact form; -1 is null. */
  compactCount(count: number): void {
    this.uvarint(count + 1);
  }

  /** Bytes without a length. Large ones are referred to, not copied: they must not change until they are sent. */
  raw(value: Uint8Array): void {
    if (value.length >= REFERENCE_MIN_BYTES) {
      this.#flush();
      this.#done.push(value);
      this.#doneBytes += value.length;
    } else {
      this.#reserve(value.length);
      this.#chunk.set(value, this.#at);
      this.#at += value.length;
    }
  }

  /** Everything written into `other`. */
  append(other: WireWriter): void {
    for (const chunk of other.finish()) this.raw(chunk);
  }

  /** What was written, in order. The writer must not be used afterwards. */
  finish(): Uint8Array[] {
    this.#flush();
    return this.#done;
  }

  /** Like {@link finish}, after setting the first four bytes (written as any int32) to the size of the rest. */
  finishFrame(): Uint8Array[] {
    const size = this.size - 4;
    const chunks = this.finish();
    const first = chunks[0]!;
    first[0] = size >>> 24;
    first[1] = size >>> 16;
    first[2] = size >>> 8;
    first[3] = size;
    return chunks;
  }

  #ascii(text: string): void {
    const length = text.length;
    this.#reserve(length);
    const chunk = this.#chunk;
    let at = this.#at;
    for (let i = 0; i < length; i++) chunk[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#end) return;
    this.#flush();
    const size = Math.max(count, Math.min(MAX_CHUNK_BYTES, this.#doneBytes * 2));
    this.#chunk = new Uint8Array(size);
    this.#view = new DataView(this.#chunk.buffer);
    this.#start = 0;
    this.#at = 0;
    this.#end = size;
  }

  #flush(): void {
    if (this.#at === this.#start) return;
    this.#done.push(this.#chunk.subarray(this.#start, this.#at));
    this.#doneBytes += this.#at - this.#start;
    this.#start = this.#at;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function checkString(bytes: number): void {
  if (bytes > MAX_STRING_BYTES) {
    throw new StreamctlError('limit-exceeded', `a string of ${bytes} bytes does not fit into a Kafka message`, {
      detail: `Kafka's strings hold at most ${MAX_STRING_BYTES} bytes.`,
    });
  }
}
