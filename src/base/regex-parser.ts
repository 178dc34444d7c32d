import { StreamctlError } from './errors.js';

/** A regular expression as a tree. */
export type RegexNode =
  | { readonly kind: 'one'; readonly test: (codePoint: number) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'either'; readonly options: readonly RegexNode[] }
  /** What stands in brackets that remember it; the first is 1. */
  | { readonly kind: 'group'; readonly part: RegexNode; readonly number: number }
  | {
      readonly kind: 'repeat';
      readonly part: RegexNode;
      readonly min: number;
      readonly max: number | undefined;
      /** Takes as few as it can. */
      readonly lazy: boolean;
    };

/** A pattern as a tree. */
export interface ParsedRegex {
  readonly node: RegexNode;
  /** Number of brackets that remember what they held. */
  readonly groups: number;
}

type Test = (codePoint: number) => boolean;

const NEWLINE = 10;
/** Largest count in `{m,n}`, as in RE2. */
const MAX_COUNT = 1_000;
/** Groups inside groups. */
const MAX_DEPTH = 100;

const between = (low: string, high: string): Test => {
  const [from, to] = [low.codePointAt(0)!, high.codePointAt(0)!];
  return (codePoint) => codePoint >= from && codePoint <= to;
};
const anyOf =
  (...tests: readonly Test[]): Test =>
  (codePoint) =>
    tests.some((test) => test(codePoint));
const not =
  (test: Test): Test =>
  (codePoint) =>
    !test(codePoint);
const exactly = (character: string): Test => between(character, character);

const digit = between('0', '9');
const word = anyOf(digit, between('a', 'z'), between('A', 'Z'), exactly('_'));
const space = anyOf(exactly(' '), between('\t', '\r'));
const CLASSES: Readonly<Record<string, Test>> = {
  d: digit,
  D: not(digit),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
};
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };

/** Reads a pattern. @throws `usage` with the position of what cannot be read. */
export function parseRegex(pattern: string): ParsedRegex {
  return new RegexParser(pattern).parse();
}

class RegexParser {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;
  #groups = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = [...pattern];
  }

  parse(): ParsedRegex {
    const node = this.#either();
    if (this.#at < this.#characters.length) this.#fail('")" without "("');
    return { node, groups: this.#groups };
  }

  #fail(what: string): never {
    throw new StreamctlError('usage', `"${this.#pattern}" is not a pattern: ${what} at character ${this.#at + 1}`, {
      hint: 'put \\ before characters that are meant as they stand',
    });
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #either(): RegexNode {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { kind: 'either', options };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: RegexNode): RegexNode {
    let node = part;
    for (let count = this.#count(); count; count = this.#count()) {
      node = { kind: 'repeat', part: node, ...count, lazy: this.#take('?') };
    }
    return node;
  }

  #count(): { readonly min: number; readonly max: number | undefined } | undefined {
    if (this.#take('*')) return { min: 0, max: undefined };
    if (this.#take('+')) return { min: 1, max: undefined };
    if (this.#take('?')) return { min: 0, max: 1 };
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (!found) return undefined;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? undefined : Number(found[3]);
    if (min > MAX_COUNT || (max ?? 0) > MAX_COUNT) this.#fail(`a count above ${MAX_COUNT}`);
    if (max !== undefined && max < min) this.#fail('a range that ends before it begins');
    this.#at += found[0].length;
    return { min, max };
  }

  #atom(): RegexNode {
    const character = this.#peek()!;
    if ('*+?'.includes(character)) this.#fail(`"${character}" with nothing to repeat`);
    this.#at++;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'one', test: this.#set() };
      case '.':
        return { kind: 'one', test: (codePoint) => codePoint !== NEWLINE };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return { kind: 'one', test: this.#escape() };
      default:
        return { kind: 'one', test: exactly(character) };
    }
  }

  #group(): RegexNode {
    if (++this.#depth > MAX_DEPTH) this.#fail(`groups nested deeper than ${MAX_DEPTH}`);
    const isPlain = this.#take('?');
    if (isPlain && !this.#take(':')) this.#fail('a kind of group that is not offered');
    const number = isPlain ? 0 : ++this.#groups;
    const inside = this.#either();
    if (!this.#take(')')) this.#fail('a group that is not closed');
    this.#depth--;
    return isPlain ? inside : { kind: 'group', part: inside, number };
  }

  #escape(): Test {
    const character = this.#peek();
    if (character === undefined) this.#fail('a \\ with nothing behind it');
    this.#at++;
    const named = CLASSES[character];
    if (named) return named;
    if (ESCAPES[character] !== undefined) return exactly(ESCAPES[character]);
    if (word(character.codePointAt(0)!)) this.#fail(`"\\${character}", which is not offered,`);
    return exactly(character);
  }

  #set(): Test {
    const isNegated = this.#take('^');
    const tests: Test[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const low = this.#peek();
      if (low === undefined) this.#fail('a "[" that is not closed');
      this.#at++;
      if (low === '\\') {
        tests.push(this.#escape());
        continue;
      }
      const high = this.#characters[this.#at + 1];
      if (this.#peek() === '-' && high !== undefined && high !== ']' && high !== '\\') {
        this.#at += 2;
        if (high.codePointAt(0)! < low.codePointAt(0)!) this.#fail('a range that ends before it begins');
        tests.push(between(low, high));
      } else tests.push(exactly(low));
    }
    this.#at++;
    return isNegated ? not(anyOf(...tests)) : anyOf(...tests);
  }
}
