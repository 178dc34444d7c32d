import type { JsonValue } from '../../../base/row-batch.js';

const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;
/** Digits that a double surely holds. */
const SAFE_DIGITS = 15;

/**
 * Reads JSON text like JSON.parse, but keeps integers beyond 2^53 as bigint.
 * @throws SyntaxError
 */
export function parseJson(text: string): JsonValue {
  const plain = JSON.parse(text) as JsonValue;
  // Only texts with a long run of digits can hold a number that was rounded.
  return new RegExp(`\\d{${SAFE_DIGITS + 1}}`).test(text) ? new Exact(text).value() : plain;
}

/** Second reading of a text that JSON.parse found valid. */
class Exact {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): JsonValue {
    const token = this.#next();
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    const isLongInteger = /^-?\d+$/.test(token) && token.length > SAFE_DIGITS;
    if (isLongInteger && !Number.isSafeInteger(Number(token))) return BigInt(token);
    return JSON.parse(token) as JsonValue;
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (!match) throw new SyntaxError(`unexpected text at ${this.#at}`);
    this.#at = TOKEN.lastIndex;
    return match[1] ?? match[2] ?? match[3] ?? match[4]!;
  }

  #ends(bracket: string): boolean {
    const before = this.#at;
    if (this.#next() === bracket) return true;
    this.#at = before;
    return false;
  }

  #object(): JsonValue {
    const members: [string, JsonValue][] = [];
    if (this.#ends('}')) return {};
    for (;;) {
      const key = JSON.parse(this.#next()) as string;
      this.#next();
      members.push([key, this.value()]);
      if (this.#next() === '}') return Object.fromEntries(members);
    }
  }

  #array(): JsonValue {
    const items: JsonValue[] = [];
    if (this.#ends(']')) return items;
    for (;;) {
      items.push(this.value());
      if (this.#next() === ']') return items;
    }
  }
}
