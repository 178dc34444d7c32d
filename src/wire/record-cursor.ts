import { fromUtf8 } from '../base/bytes.js';
import { malformed } from './reader.js';
import { type BatchHeader, hasAppendTime, MIN_RECORD_BYTES } from './record-batch.js';
import { int16At } from './varint.js';

/** One header of a record. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * Walks over the records of one batch without making objects.
 *
 * After each {@link next} that gives true the public fields describe one record by positions in {@link bytes}.
 * One cursor serves any number of batches, one after the other.
 */
export class RecordCursor {
  /** The array that all positions refer to. */
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  timestampMs = 0;
  /** -1: the key is null. */
  keyStart = -1;
  keyEnd = -1;
  /** -1: the value is null. */
  valueStart = -1;
  valueEnd = -1;
  /** Where the headers begin: their number, then each of them. */
  headersStart = 0;
  /** End of the headers and of the record. */
  recordEnd = 0;

  #at = 0;
  #end = 0;
  #left = 0;
  #baseOffset = 0;
  #baseTimestampMs = 0;
  /** Whether the broker's time is that of all records. */
  #hasAppendTime = false;

  /**
   * Stands before the first record of a batch.
   * @param section the batch's records in plain form, see `recordSection`.
   * @throws `malformed-frame` when the section cannot hold as many records as the header says.
   */
  open(header: BatchHeader, section: Uint8Array): void {
    if (header.recordCount * MIN_RECORD_BYTES > section.length) {
      throw malformed(`${header.recordCount} records in ${section.length} bytes`, header.start);
    }
    this.bytes = section;
    this.#at = 0;
    this.#end = section.length;
    this.#left = header.recordCount;
    this.#baseOffset = header.baseOffset;
    this.#hasAppendTime = hasAppendTime(header);
    this.#baseTimestampMs = this.#hasAppendTime ? header.maxTimestampMs : header.baseTimestampMs;
  }

  /**
   * Goes to the next record; false after the last one.
   * @throws `malformed-frame`
   */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#at !== this.#end) throw malformed(`${this.#end - this.#at} bytes after the last record`, this.#at);
      return false;
    }
    this.#left--;
    const length = this.#varint();
    const recordEnd = this.#at + length;
    if (length < 0 || recordEnd > this.#end) throw malformed(`a record of ${length} bytes`, this.#at);
    this.recordEnd = recordEnd;
    this.#at++;
    const timestampDelta = this.#varlong();
    this.timestampMs = this.#hasAppendTime ? this.#baseTimestampMs : this.#baseTimestampMs + timestampDelta;
    this.offset = this.#baseOffset + this.#varint();
    const keyLength = this.#varint();
    this.keyStart = keyLength < 0 ? -1 : this.#at;
    if (keyLength > 0) this.#at += keyLength;
    this.keyEnd = keyLength < 0 ? -1 : this.#at;
    const valueLength = this.#at < recordEnd ? this.#varint() : 0;
    this.valueStart = valueLength < 0 ? -1 : this.#at;
    if (valueLength > 0) this.#at += valueLength;
    this.valueEnd = valueLength < 0 ? -1 : this.#at;
    this.headersStart = this.#at;
    if (this.#at >= recordEnd) throw malformed('a record that does not end where it says', recordEnd);
    this.#at = recordEnd;
    return true;
  }

  /** A view of the key. */
  key(): Uint8Array | null {
    return this.keyStart < 0 ? null : this.bytes.subarray(this.keyStart, this.keyEnd);
  }

  /** A view of the value. */
  value(): Uint8Array | null {
    return this.valueStart < 0 ? null : this.bytes.subarray(this.valueStart, this.valueEnd);
  }

  /** Whether the record has headers, without reading them. */
  get hasHeaders(): boolean {
    return this.bytes[this.headersStart] !== 0;
  }

  /** The headers; values are views. @throws `malformed-frame` */
  headers(): RecordHeader[] {
    const found: RecordHeader[] = [];
    if (!this.hasHeaders) return found;
    const resumeAt = this.#at;
    const resumeEnd = this.#end;
    this.#at = this.headersStart;
    this.#end = this.recordEnd;
    // Every header takes two bytes at least, so the record itself bounds the count.
    for (let left = this.#varint(); left > 0; left--) {
      const key = this.#piece();
      if (key === null) throw malformed('a record header without a key', this.#at);
      found.push({ key: fromUtf8(key), value: this.#piece() });
    }
    if (this.#at !== this.#end) throw malformed('bytes after the last record header', this.#at);
    this.#at = resumeAt;
    this.#end = resumeEnd;
    return found;
  }

  #piece(): Uint8Array | null {
    const length = this.#varint();
    if (length < 0) return null;
    if (length > this.#end - this.#at) throw malformed(`a record header of ${length} bytes`, this.#at);
    const start = this.#at;
    this.#at += length;
    return this.bytes.subarray(start, this.#at);
  }

  #varint(): number {
    const at = this.#at;
    if (at >= this.#end) throw malformed('a record breaks off', at);
    const first = this.bytes[at]!;
    if (first < 128) {
      this.#at = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = this.bytes[at + 1]!;
    if (second >= 128 || at + 1 >= this.#end) return this.#longVarint();
    this.#at = at + 2;
    const bits = (first & 127) | (second << 7);
    return (bits >>> 1) ^ -(bits & 1);
  }

  #longVarint(): number {
    let bits = 0;
    let at = this.#at;
    for (let shift = 0; shift < 35 && at < this.#end; shift += 7) {
      const byte = this.bytes[at++]!;
      bits |= (byte & 127) << shift;
      if (byte < 128) {
        this.#at = at;
        return (bits >>> 1) ^ -(bits & 1);
      }
    }
    throw malformed('a variable-length number in a record does not end', this.#at);
  }

  #varlong(): number {
    if (this.#at >= this.#end) throw malformed('a record breaks off', this.#at);
    const first = this.bytes[this.#at]!;
    if (first < 128) {
      this.#at++;
      return (first >>> 1) ^ -(first & 1);
    }
    // Sign and magnitude apart: the magnitude stays exact up to 2^53.
    let magnitude = (first & 127) >>> 1;
    let scale = 64;
    let at = this.#at + 1;
    for (let count = 1; count < 10 && at < this.#end; count++) {
      const byte = this.bytes[at++]!;
      magnitude += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) {
        this.#at = at;
        return (first & 1) === 1 ? -magnitude - 1 : magnitude;
      }
    }
    throw malformed('a variable-length number in a record does not end', this.#at);
  }
}

/** What a control record says. */
export type ControlType = 'abort' | 'commit' | 'other';

/** Kind of the control record that `cursor` stands on. @throws `malformed-frame` */
export function controlTypeOf(cursor: RecordCursor): ControlType {
  if (cursor.keyEnd - cursor.keyStart < 4) throw malformed('a control record without a type', cursor.keyStart);
  const type = int16At(cursor.bytes, cursor.keyStart + 2);
  return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other';
}
