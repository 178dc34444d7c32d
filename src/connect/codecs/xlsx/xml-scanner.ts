import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';

/** The bytes at hand are used up: {@link XmlScanner.fill} has to be awaited. */
export const MORE = 0;
/** `<tag>` */
export const OPEN = 1;
/** `</tag>` */
export const CLOSE = 2;
/** `<tag/>`: no CLOSE follows. */
export const EMPTY = 3;
/** Text, or a CDATA section. */
export const TEXT = 4;
/** The end of the part. */
export const END = 5;

const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const COLON = 0x3a;
const FIRST_BYTES = 512 * 1024;
/** Largest tag, comment or text: a cell holds 32,767 characters. */
const MAX_TOKEN_BYTES = 1024 * 1024;

/**
 * Reads XML token by token from a stream of pieces in UTF-8, in bounded memory, without an object per token. Prefixes of
 * names are left out. Document types are refused, and with them every entity but the five of XML itself.
 * @see https://www.w3.org/TR/xml/
 */
export class XmlScanner {
  /** The token's bytes: valid until the next call. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  /** Of a tag: its local name. */
  nameStart = 0;
  nameEnd = 0;
  /** Of a tag: what stands behind its name. Of TEXT: the text. */
  start = 0;
  end = 0;
  /** TEXT came from a CDATA section: it has no entities. */
  isRaw = false;
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #part: string;
  #at = 0;
  #size = 0;
  #ended = false;
  #begun = false;

  /** @param part name for messages. */
  constructor(pieces: AsyncIterable<Uint8Array>, part: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#part = part;
  }

  /** The next token. @throws `bad-data` for what is no XML. */
  next(): number {
    for (;;) {
      const at = this.#at;
      if (at >= this.#size) return this.#ended ? END : MORE;
      if (this.bytes[at] !== LESS) return this.#text(at);
      const second = at + 1 < this.#size ? this.bytes[at + 1]! : 0;
      if (second === 0x21 || second === 0x3f) {
        const token = this.#special(at, second);
        if (token !== END) return token;
        continue;
      }
      return second === 0 ? this.#incomplete() : this.#tag(at, second === SLASH);
    }
  }

  /** Where the next token begins in `bytes`, */
  get position(): number {
    return this.#at;
  }

  /** and where the bytes at hand end: for readers that know what is likely to follow. */
  get limit(): number {
    return this.#size;
  }

  /** Goes on from `position` of `bytes`, which is where a token begins. */
  skipTo(position: number): void {
    this.#at = position;
  }

  /** Reads on. Tokens seen before are gone. */
  async fill(): Promise<void> {
    const held = this.#size - this.#at;
    if (held > MAX_TOKEN_BYTES) {
      throw new StreamctlError('limit-exceeded', `${this.#part}: a text or tag is longer than a cell may be`, {
        exit: 2,
      });
    }
    this.bytes.copyWithin(0, this.#at, this.#size);
    this.#at = 0;
    this.#size = held;
    const { done, value } = await this.#pieces.next();
    if (done) {
      this.#ended = true;
      return;
    }
    if (held + value.length > this.bytes.length) {
      const larger = new Uint8Array(held + value.length * 2);
      larger.set(this.bytes.subarray(0, held));
      this.bytes = larger;
    }
    this.bytes.set(value, held);
    this.#size += value.length;
    if (this.#begun) return;
    this.#begun = true;
    if ((value[0] === 0xff && value[1] === 0xfe) || (value[0] === 0xfe && value[1] === 0xff)) {
      throw new StreamctlError('bad-data', `${this.#part} is written in UTF-16`, {
        hint: 'save the workbook again with a spreadsheet program',
      });
    }
  }

  /** Gives the source back before its end. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Whether the tag's local name is `name`. */
  is(name: Uint8Array): boolean {
    const start = this.nameStart;
    if (this.nameEnd - start !== name.length) return false;
    for (let index = 0; index < name.length; index++) if (this.bytes[start + index] !== name[index]) return false;
    return true;
  }

  /** The tag's local name. For small parts: it makes a string. */
  get name(): string {
    return fromUtf8(this.bytes.subarray(this.nameStart, this.nameEnd));
  }

  /** The tag's attributes by local name. For small parts. */
  attributes(): ReadonlyMap<string, string> {
    const text = fromUtf8(this.bytes.subarray(this.start, this.end));
    const found = new Map<string, string>();
    for (const [, name, double, single] of text.matchAll(/([^\s=:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
      found.set(name!, decodeEntities(double ?? single!));
    }
    return found;
  }

  /** TEXT as a string. For small parts. */
  text(): string {
    const text = fromUtf8(this.bytes.subarray(this.start, this.end));
    return this.isRaw ? text : decodeEntities(text);
  }

  #text(start: number): number {
    const { bytes } = this;
    const size = this.#size;
    let at = start;
    while (at < size && bytes[at] !== LESS) at++;
    if (at === size && !this.#ended) return MORE;
    this.start = start;
    this.end = at;
    this.isRaw = false;
    this.#at = at;
    return TEXT;
  }

  #tag(start: number, isClose: boolean): number {
    const { bytes } = this;
    const size = this.#size;
    let at = start + (isClose ? 2 : 1);
    this.nameStart = at;
    for (; at < size; at++) {
      const byte = bytes[at]!;
      if (byte <= 0x20 || byte === GREATER || byte === SLASH) break;
      if (byte === COLON) this.nameStart = at + 1;
    }
    this.nameEnd = at;
    this.start = at;
    for (; at < size; at++) {
      const byte = bytes[at]!;
      if (byte === GREATER) {
        const isEmpty = !isClose && bytes[at - 1] === SLASH;
        this.end = isEmpty ? at - 1 : at;
        this.#at = at + 1;
        return isClose ? CLOSE : isEmpty ? EMPTY : OPEN;
      }
      if (byte !== 0x22 && byte !== 0x27) continue;
      at = bytes.indexOf(byte, at + 1);
      if (at < 0 || at >= size) break;
    }
    return this.#incomplete();
  }

  /** Comments and instructions are passed over (END then stands for: go on), CDATA is text. */
  #special(start: number, second: number): number {
    if (second === 0x3f) return this.#pass(start, '?>');
    if (this.#size - start < 9 && !this.#ended) return MORE;
    if (this.#startsWith(start, '<!--')) return this.#pass(start, '-->');
    if (!this.#startsWith(start, '<![CDATA[')) {
      throw new StreamctlError('bad-data', `${this.#part} has a document type: those can blow up to any size`, {
        hint: 'save the workbook again with a spreadsheet program',
      });
    }
    const token = this.#pass(start, ']]>');
    if (token !== END) return token;
    this.start = start + 9;
    this.end = this.#at - 3;
    this.isRaw = true;
    return TEXT;
  }

  #pass(start: number, mark: string): number {
    const last = mark.charCodeAt(mark.length - 1);
    for (let at = start + mark.length; ; at++) {
      at = this.bytes.indexOf(last, at);
      if (at < 0 || at >= this.#size) return this.#incomplete();
      if (!this.#startsWith(at - mark.length + 1, mark)) continue;
      this.#at = at + 1;
      return END;
    }
  }

  #startsWith(start: number, text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.bytes[start + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  #incomplete(): number {
    if (!this.#ended) return MORE;
    throw new StreamctlError('bad-data', `${this.#part} ends inside a tag`, {
      hint: 'was the file copied as a whole?',
    });
  }
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Replaces the entities of XML and character numbers; others stay as they stand. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[(name as string).toLowerCase()]!;
    const point = hex !== undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** Finds the value of an attribute of a one-letter name in the tag's bytes: returns where it starts, -1 when absent. */
export function shortAttribute(scanner: XmlScanner, letter: number): number {
  const { bytes, start, end } = scanner;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0x22 || byte === 0x27) {
      at = bytes.indexOf(byte, at + 1);
      continue;
    }
    if (byte === letter && bytes[at + 1] === EQUALS && bytes[at - 1]! <= 0x20) return at + 3;
  }
  return -1;
}
