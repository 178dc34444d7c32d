import { fromUtf8 } from '../../base/bytes.js';
import type { JsonValue } from '../../base/row-batch.js';

const MAX_DEPTH = 500;
/** A whole number with more digits may not fit a double. */
const SAFE_DIGITS = 15;

/**
 * Parses JSON like JSON.parse, but whole numbers beyond 2^53 stay exact, as bigint.
 * @returns undefined when `text` is no JSON, or nested deeper than 500.
 * @see RFC 8259
 */
export function parseExactJson(text: string): JsonValue | undefined {
  // Most texts have no long number: the built-in parser does them at once.
  if (!/\d{16}/.test(text)) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      return undefined;
    }
  }
  const parser = new ExactParser(text);
  const value = parser.value(0);
  return value !== undefined && parser.atEnd() ? value : undefined;
}

/** The same of UTF-8 bytes. */
export function parseExactJsonBytes(bytes: Uint8Array): JsonValue | undefined {
  return parseExactJson(fromUtf8(bytes));
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;

class ExactParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#match(SPACE);
    return this.#at === this.#text.length;
  }

  value(depth: number): JsonValue | undefined {
    if (depth > MAX_DEPTH) return undefined;
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    for (const [word, meaning] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return meaning;
    }
    const number = this.#match(NUMBER);
    if (number === undefined) return undefined;
    return /^-?\d+$/.test(number) && number.length > SAFE_DIGITS && !Number.isSafeInteger(Number(number))
      ? BigInt(number)
      : Number(number);
  }

  #object(depth: number): JsonValue | undefined {
    const object: Record<string, JsonValue> = {};
    this.#at++;
    if (this.#take('}')) return object;
    do {
      this.#match(SPACE);
      const key = this.#string();
      if (key === undefined || !this.#take(':')) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      // Assignment would take `__proto__` for the prototype.
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    } while (this.#take(','));
    return this.#take('}') ? object : undefined;
  }

  #array(depth: number): JsonValue | undefined {
    const array: JsonValue[] = [];
    this.#at++;
    if (this.#take(']')) return array;
    do {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      array.push(value);
    } while (this.#take(','));
    return this.#take(']') ? array : undefined;
  }

  #string(): string | undefined {
    const raw = this.#match(STRING);
    return raw === undefined ? undefined : (JSON.parse(raw) as string);
  }

  #take(character: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
