import { StreamctlError } from '../base/errors.js';
import { uuidText } from './uuid.js';

/** Strings longer than this are refused, as Kafka does. */
export const MAX_STRING_BYTES = 0x7fff;

/** Most array elements that one frame may hold, whatever its size: bounds the objects made from hostile bytes. */
const MAX_ELEMENTS_PER_FRAME = 4_000_000;

/** Strings up to this length are tried as ASCII before the general decoder is asked. */
const SHORT_STRING_BYTES = 48;

// A leading U+FEFF is part of the text here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads the protocol's primitives from one frame.
 *
 * Every read is checked against the frame's end; nothing is allocated that the frame's own bytes do not pay for.
 * All methods throw `malformed-frame` when the bytes do not hold what is asked for.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #end: number;
  #elements = 0;
  readonly #maxElements: number;

  /** Reads `bytes[start, end)`. @param maxElements of all arrays together. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length, maxElements = MAX_ELEMENTS_PER_FRAME) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = end;
    this.#maxElements = maxElements;
  }

  /** Index of the next byte in the array given to the constructor. */
  get position(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  int8(): number {
    const at = this.#take(1);
    return (this.#bytes[at]! << 24) >> 24;
  }

  bool(): boolean {
    return this.#bytes[this.#take(1)]! !== 0;
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  uuid(): string {
    return uuidText(this.#bytes, this.#take(16));
  }

  /** An unsigned variable-length number of at most 32 bits. */
  uvarint(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const last = Math.min(this.#end, at + 5);
    let value = 0;
    for (let shift = 0; at < last; shift += 7) {
      const byte = bytes[at++]!;
      if (shift === 28 && byte > 15) break;
      value |= (byte & 127) << shift;
      if (byte < 128) {
        this.#at = at;
        return value >>> 0;
      }
    }
    throw malformed('a variable-length number does not end', this.#at);
  }

  /** Text with an int16 length; -1 is null. */
  string(): string | null {
    return this.#text(this.int16());
  }

  /** Text with a variable-length length plus one; 0 is null. */
  compactString(): string | null {
    return this.#text(this.uvarint() - 1);
  }

  /** A view of bytes with an int32 length; -1 is null. */
  bytes(): Uint8Array | null {
    return this.#slice(this.int32());
  }

  /** A view of bytes with a variable-length length plus one; 0 is null. */
  compactBytes(): Uint8Array | null {
    return this.#slice(this.uvarint() - 1);
  }

  /** Number of elements of an array with an int32 count, each of at least `elementBytes`; -1 is null. */
  count(elementBytes: number): number {
    return this.#checkCount(this.int32(), elementBytes);
  }

  /** Number of elements of an array with a variable-length count plus one; -1 is null. */
  compactCount(elementBytes: number): number {
    return this.#checkCount(this.uvarint() - 1, elementBytes);
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    this.#take(count);
  }

  /** Passes over a section of tagged fields. */
  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  /** Makes `size` bytes from here the whole of what can be read; returns the end to give to {@link leave}. */
  enter(size: number): number {
    if (size > this.#end - this.#at) throw malformed(`${size} bytes announced, ${this.remaining} left`, this.#at);
    const outer = this.#end;
    this.#end = this.#at + size;
    return outer;
  }

  /** Ends what {@link enter} began; all of it must have been read. */
  leave(outer: number): void {
    if (this.#at !== this.#end) throw malformed(`${this.remaining} bytes too many in a tagged field`, this.#at);
    this.#end = outer;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#end - at) throw malformed(`${count} bytes wanted, ${this.#end - at} left`, at);
    this.#at = at + count;
    return at;
  }

  #text(length: number): string | null {
    if (length < 0) {
      if (length === -1) return null;
      throw malformed(`string length ${length}`, this.#at);
    }
    if (length > MAX_STRING_BYTES) throw malformed(`a string of ${length} bytes`, this.#at);
    const at = this.#take(length);
    if (length <= SHORT_STRING_BYTES) {
      const bytes = this.#bytes;
      let text = '';
      let i = at;
      for (const end = at + length; i < end; i++) {
        const byte = bytes[i]!;
        if (byte >= 128) break;
        text += String.fromCharCode(byte);
      }
      if (i === at + length) return text;
    }
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  #slice(length: number): Uint8Array | null {
    if (length < 0) {
      if (length === -1) return null;
      throw malformed(`byte length ${length}`, this.#at);
    }
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #checkCount(count: number, elementBytes: number): number {
    if (count < 0) {
      if (count === -1) return -1;
      throw malformed(`array count ${count}`, this.#at);
    }
    if (count * elementBytes > this.#end - this.#at) {
      throw malformed(`an array of ${count} elements in ${this.remaining} bytes`, this.#at);
    }
    this.#elements += count;
    if (this.#elements > this.#maxElements) {
      throw malformed(`more than ${this.#maxElements} array elements`, this.#at);
    }
    return count;
  }
}

/** The error of bytes that do not follow the protocol, with the place where it was noticed. */
export function malformed(what: string, at: number): StreamctlError {
  return new StreamctlError('malformed-frame', `malformed Kafka frame: ${what} at byte ${at}`);
}
