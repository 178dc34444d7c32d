import { StreamctlError } from './errors.js';
import { parseRegex, type RegexNode } from './regex-parser.js';

/** A pattern that is matched in time linear in the length of the text, whatever the pattern. */
export interface Regex {
  /** The whole text. */
  matches(text: string): boolean;
  /** Any part of the text. */
  found(text: string): boolean;
}

type Instruction =
  | { readonly kind: 'one'; readonly test: (codePoint: number) => boolean }
  | { readonly kind: 'fork'; first: number; second: number }
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
  const program = new Compiler().compile(parseRegex(pattern));
  return {
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

  #repeat({ part, min, max }: Extract<RegexNode, { kind: 'repeat' }>): void {
    for (let count = 0; count < min; count++) this.#emit(part);
    if (max === undefined) {
      const loop = this.#program.length;
      const fork = this.#fork();
      this.#emit(part);
      const back = this.#fork();
      back.first = back.second = loop;
      fork.second = this.#program.length;
      return;
    }
    const forks = [];
    for (let count = min; count < max; count++) {
      forks.push(this.#fork());
      this.#emit(part);
    }
    for (const fork of forks) fork.second = this.#program.length;
  }
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
    else if (instruction.kind === 'start' && at === 0) ahead.push(step + 1);
    else if (instruction.kind === 'end' && at === length) ahead.push(step + 1);
  }
}
