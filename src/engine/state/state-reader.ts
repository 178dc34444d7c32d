import { exactFromUtf8 } from '../../base/bytes.js';
import { StreamctlError } from '../../base/errors.js';
import type { JsonValue, Value } from '../../base/row-batch.js';
import { VALUE_TAGS } from './state-writer.js';

/** Bound of nesting of a JSON value: that of the codec, or a row could be held and not be restored. */
const MAX_DEPTH = 500;

/** Reads what a {@link StateWriter} wrote. Every method throws `bad-data` when the bytes end too early. */
export class StateReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether all bytes were read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw damaged();
    this.#at = at + size;
    return at;
  }

  /** See {@link StateWriter.byte}. */
  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** See {@link StateWriter.count}. */
  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 49) throw damaged();
    }
  }

  /** A {@link count} of things that take a byte or more each, so that damage cannot ask for much memory. */
  length(): number {
    const length = this.count();
    if (length > this.#bytes.length - this.#at) throw damaged();
    return length;
  }

  /** See {@link StateWriter.number}. */
  number(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** See {@link StateWriter.text}. */
  text(): string {
    return exactFromUtf8(this.bytes());
  }

  /** See {@link StateWriter.bytes}; a view, not a copy. */
  bytes(): Uint8Array {
    const length = this.length();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** See {@link StateWriter.value}. */
  value(depth = 0): Value {
    switch (this.byte()) {
      case VALUE_TAGS.null:
        return null;
      case VALUE_TAGS.false:
        return false;
      case VALUE_TAGS.true:
        return true;
      case VALUE_TAGS.number:
        return this.number();
      case VALUE_TAGS.bigint: {
        const text = this.text();
        if (!/^-?\d+$/.test(text)) throw damaged();
        return BigInt(text);
      }
      case VALUE_TAGS.string:
        return this.text();
      case VALUE_TAGS.units:
        return Array.from({ length: this.length() }, () => String.fromCharCode(this.count())).join('');
      case VALUE_TAGS.json:
        return this.#json(depth);
      default:
        throw damaged();
    }
  }

  #json(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw damaged();
    const kind = this.byte();
    const length = this.length();
    if (kind === 0) return Array.from({ length }, () => this.value(depth + 1));
    const entries = Array.from({ length }, (): [string, JsonValue] => {
      const name = kind === 1 ? this.text() : this.value(depth);
      if (typeof name !== 'string') throw damaged();
      return [name, this.value(depth + 1)];
    });
    return Object.fromEntries(entries);
  }
}

function damaged(): StreamctlError {
  return new StreamctlError('bad-data', 'the saved state is damaged', {
    hint: 'start without it: --reset-state',
  });
}
