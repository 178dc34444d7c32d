import { StreamctlError } from './errors.js';
import { parseRegex, type RegexNode } from './regex-parser.js';

/** A pattern that is matched in time linear in the length of the text, whatever the pattern. */
export interface Regex {
  /** The whole text. */
  matches(text: string): boolean;
  /** Any part of the text. */
  found(text: string): boolean;
  /** Number of its groups, `( )`. */
  readonly groups: number;
  /**
   * The first match at or behind place `from`: beginning and end of the whole, of the first group, and so on; -1 for groups
   * that took no part. Places count characters (code points).
   */
  search(characters: readonly string[], from: number): readonly number[] | undefined;
}

type Instruction =
  | { readonly kind: 'one'; readonly test: (codePoint: number) => boolean }
  | { readonly kind: 'fork'; first: number; second: number }
  | { readonly kind: 'mark'; readonly slot: number }
  | { readonly kind: 'start' | 'end' | 'done' };

/** Steps of a compiled pattern: `{1000}{1000}` must not fill the memory. */
const REGEX_MAX_STEPS = 10_000;

/**
 * Compiles a regular expression in the syntax that Java, RE2 and JavaScript have in common: literals, `.`, classes,
 * `\d \w \s`, groups, `|`, `* + ? {m,n}`, `^ $`. Letter case counts. No back-references and no look-around: these are
 * what makes other engines slow.
 * @throws `usage` when the text is not such a pattern, `limit-exceeded` when it is too large.
 */
export function compileRegex(pattern: string): Regex {
  const { node, groups } = parseRegex(pattern);
  const program = new Compiler().compile(node);
  return {
    groups,
    search: (characters, from) => search(program, 2 * (groups + 1), characters, from),
    matches: (text) => run(program, text, true),
    found: (text) => run(program, text, false),
  };
}

class Compiler {
  readonly #program: Instruction[] = [];

  compile(node: RegexNode): readonly Instruction[] {
    this.#emit(node);
    this.#push({ kind: 'done' });
    return this.#program;
  }

  #push<I extends Instruction>(instruction: I): I {
    if (this.#program.length >= REGEX_MAX_STEPS) {
      throw new StreamctlError('limit-exceeded', `the pattern is larger than ${REGEX_MAX_STEPS} steps`, {
        hint: 'use smaller counts in {m,n}',
      });
    }
    this.#program.push(instruction);
    return instruction;
  }

  #fork(): { readonly kind: 'fork'; first: number; second: number } {
    return this.#push({ kind: 'fork', first: this.#program.length + 1, second: -1 });
  }

  #emit(node: RegexNode): void {
    switch (node.kind) {
      case 'one':
        this.#push({ kind: 'one', test: node.test });
        return;
      case 'start':
      case 'end':
        this.#push({ kind: node.kind });
        return;
      case 'sequence':
        for (const part of node.parts) this.#emit(part);
        return;
      case 'either':
        this.#either(node.options);
        return;
      case 'group':
        this.#push({ kind: 'mark', slot: 2 * node.number });
        this.#emit(node.part);
        this.#push({ kind: 'mark', slot: 2 * node.number + 1 });
        return;
      case 'repeat':
        this.#repeat(node);
    }
  }

  #either(options: readonly RegexNode[]): void {
    const ends: { second: number; first: number }[] = [];
    options.forEach((option, index) => {
      const isLast = index === options.length - 1;
      const fork = isLast ? undefined : this.#fork();
      this.#emit(option);
      if (!isLast) ends.push(this.#fork());
      if (fork) fork.second = this.#program.length;
    });
    for (const end of ends) end.first = end.second = this.#program.length;
  }

  #repeat({ part, min, max, lazy }: Extract<RegexNode, { kind: 'repeat' }>): void {
    for (let count = 0; count < min; count++) this.#emit(part);
    if (max === undefined) {
      const loop = this.#program.length;
      const fork = this.#fork();
      this.#emit(part);
      const back = this.#fork();
      back.first = back.second = loop;
      fork.second = this.#program.length;
      if (lazy) swap(fork);
      return;
    }
    const forks = [];
    for (let count = min; count < max; count++) {
      forks.push(this.#fork());
      this.#emit(part);
    }
    for (const fork of forks) {
      fork.second = this.#program.length;
      if (lazy) swap(fork);
    }
  }
}

/** The way out of a repetition is tried before the way in. */
function swap(fork: { first: number; second: number }): void {
  [fork.first, fork.second] = [fork.second, fork.first];
}

/** Follows all ways through the program at once, one character after the other. @see Thompson 1968 */
function run(program: readonly Instruction[], text: string, whole: boolean): boolean {
  const characters = [...text];
  let current = new Set<number>();
  for (let at = 0; at <= characters.length; at++) {
    if (at === 0 || !whole) reach(program, 0, at, characters.length, current);
    const isDone = [...current].some((step) => program[step]!.kind === 'done');
    if (isDone && (!whole || at === characters.length)) return true;
    if (at === characters.length) return false;
    const next = new Set<number>();
    const codePoint = characters[at]!.codePointAt(0)!;
    for (const step of current) {
      const instruction = program[step]!;
      if (instruction.kind === 'one' && instruction.test(codePoint)) {
        reach(program, step + 1, at + 1, characters.length, next);
      }
    }
    if (next.size === 0 && whole) return false;
    current = next;
  }
  return false;
}

/** Adds to `found` every step that can be reached without a character. */
function reach(program: readonly Instruction[], from: number, at: number, length: number, found: Set<number>): void {
  const ahead = [from];
  for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) {
    if (found.has(step)) continue;
    found.add(step);
    const instruction = program[step]!;
    if (instruction.kind === 'fork') ahead.push(instruction.second, instruction.first);
    else if (instruction.kind === 'mark') ahead.push(step + 1);
    else if (instruction.kind === 'start' && at === 0) ahead.push(step + 1);
    else if (instruction.kind === 'end' && at === length) ahead.push(step + 1);
  }
}

/** A way through the program, and where its groups began and ended. */
type Ways = Map<number, readonly number[]>;

/**
 * The same with memory of the groups: ways are kept in the order in which a backtracking engine would try them, so that the
 * first one that is done is the match that it would find.
 * @see https://swtch.com/~rsc/regexp/regexp2.html
 */
function search(
  program: readonly Instruction[],
  slots: number,
  characters: readonly string[],
  from: number,
): readonly number[] | undefined {
  let current: Ways = new Map();
  let match: readonly number[] | undefined;
  for (let at = from; at <= characters.length; at++) {
    // A match that begins later is no rival of one that is there.
    if (!match) {
      const fresh = new Array<number>(slots).fill(-1);
      fresh[0] = at;
      follow(program, 0, { at, length: characters.length }, fresh, current);
    }
    if (current.size === 0) return match;
    const next: Ways = new Map();
    const codePoint = characters[at]?.codePointAt(0);
    for (const [step, marks] of current) {
      const instruction = program[step]!;
      if (instruction.kind === 'done') {
        match = marks.with(1, at);
        break;
      }
      if (instruction.kind === 'one' && codePoint !== undefined && instruction.test(codePoint)) {
        follow(program, step + 1, { at: at + 1, length: characters.length }, marks, next);
      }
    }
    current = next;
  }
  return match;
}

/** Adds to `found` every step that can be reached without a character, with the marks of the way there. */
function follow(
  program: readonly Instruction[],
  from: number,
  { at, length }: { readonly at: number; readonly length: number },
  marks: readonly number[],
  found: Ways,
): void {
  const ahead: [number, readonly number[]][] = [[from, marks]];
  for (let way = ahead.pop(); way !== undefined; way = ahead.pop()) {
    const [step, seen] = way;
    if (found.has(step)) continue;
    found.set(step, seen);
    const instruction = program[step]!;
    if (instruction.kind === 'fork') ahead.push([instruction.second, seen], [instruction.first, seen]);
    else if (instruction.kind === 'mark') ahead.push([step + 1, seen.with(instruction.slot, at)]);
    else if (instruction.kind === 'start' && at === 0) ahead.push([step + 1, seen]);
    else if (instruction.kind === 'end' && at === length) ahead.push([step + 1, seen]);
  }
}
