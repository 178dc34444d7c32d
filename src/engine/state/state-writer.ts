import { isWellFormed, utf8 } from '../../base/bytes.js';
import type { JsonValue, Value } from '../../base/row-batch.js';

const TAGS = { null: 0, false: 1, true: 2, number: 3, bigint: 4, string: 5, json: 6, units: 7 } as const;

export { TAGS as VALUE_TAGS };

const FIRST_BYTES = 1024;
/** Texts below are written letter by letter, as long as they are ASCII: an encoder costs more than it does for them. */
const SHORT_TEXT = 64;

/** Turns state into bytes; {@link StateReader} reads them in the same order. */
export class StateWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** @param capacity bytes to begin with. */
  constructor(capacity = FIRST_BYTES) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #room(size: number): number {
    const at = this.#length;
    if (at + size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, at + size));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = at + size;
    return at;
  }

  /** A whole number from 0 to 255. */
  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  /** A whole number from 0 to 2^53 - 1, in few bytes when it is small. */
  count(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Any double, all its bits. */
  number(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value);
  }

  /** A text of any length. */
  text(value: string): void {
    const { length } = value;
    if (length < SHORT_TEXT) {
      const at = this.#room(length + 1);
      const bytes = this.#bytes;
      bytes[at] = length;
      let index = 0;
      for (; index < length; index++) {
        const code = value.charCodeAt(index);
        if (code >= 128) break;
        bytes[at + 1 + index] = code;
      }
      if (index === length) return;
      this.#length = at;
    }
    this.bytes(utf8(value));
  }

  /** Bytes with their length. */
  bytes(value: Uint8Array): void {
    this.count(value.length);
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  /** Any value of a row. */
  value(value: Value): void {
    if (value === null || value === undefined) this.byte(TAGS.null);
    else if (typeof value === 'boolean') this.byte(value ? TAGS.true : TAGS.false);
    else if (typeof value === 'number') {
      this.byte(TAGS.number);
      this.number(value);
    } else if (typeof value === 'bigint') {
      this.byte(TAGS.bigint);
      this.text(String(value));
    } else if (typeof value === 'string') {
      this.#string(value);
    } else {
      this.byte(TAGS.json);
      this.#json(value);
    }
  }

  /** UTF-8 has no form for half of a surrogate pair, which JSON has: two keys that differ must not be one afterwards. */
  #string(value: string): void {
    if (isWellFormed(value)) {
      this.byte(TAGS.string);
      this.text(value);
      return;
    }
    this.byte(TAGS.units);
    this.count(value.length);
    for (let at = 0; at < value.length; at++) this.count(value.charCodeAt(at));
  }

  /** Arrays and objects, part by part, so that whole numbers keep all digits. */
  #json(value: JsonValue): void {
    if (Array.isArray(value)) {
      this.byte(0);
      this.count(value.length);
      for (const item of value as readonly JsonValue[]) this.value(item);
      return;
    }
    const entries = Object.entries(value as { readonly [key: string]: JsonValue });
    const wellFormed = entries.every(([name]) => isWellFormed(name));
    this.byte(wellFormed ? 1 : 2);
    this.count(entries.length);
    for (const [name, item] of entries) {
      if (wellFormed) this.text(name);
      else this.#string(name);
      this.value(item);
    }
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Bytes as they are, without their length. */
  raw(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  /** Everything written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Everything written so far, without a copy: nothing may be written afterwards. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
