import { StreamctlError } from '../base/errors.js';

/** One word of an expression's text. */
export interface Token {
  readonly kind: 'name' | 'quoted' | 'number' | 'text' | 'symbol' | 'parameter' | 'end';
  /** Names as written, quoted names and texts without quotes, numbers and symbols as they stand. */
  readonly text: string;
  /** Where it begins and ends in the text, counted from 0. */
  readonly start: number;
  readonly end: number;
}

/** A text that is no expression. */
export class ExpressionSyntaxError extends StreamctlError {
  /** What is wrong, without the place. */
  readonly mistake: string;
  /** Where, from 0. */
  readonly position: number;

  constructor(text: string, position: number, mistake: string, hint: string | undefined) {
    super('bad-plan', `${mistake} at position ${position + 1}`, {
      detail: markedText(text, position),
      ...(hint === undefined ? {} : { hint }),
    });
    this.mistake = mistake;
    this.position = position;
  }
}

/** An error that shows `text` with a mark under position `at`. */
export function syntaxError(text: string, at: number, message: string, hint?: string): ExpressionSyntaxError {
  return new ExpressionSyntaxError(text, at, message, hint);
}

/** `text` on one line (cut around the place when long) and below it a mark under position `at`. */
export function markedText(text: string, at: number): string {
  const from = Math.max(0, at - 60);
  const line = text.slice(from, at + 60).replaceAll(/\s/g, ' ');
  const lead = from > 0 ? '...' : '';
  return `${lead}${line}\n${' '.repeat(lead.length + at - from)}^`;
}

const SPACE = /\s+|--[^\n]*/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /<=|>=|<>|!=|==|\|\||[-+*/%=<>(),.[\]]/y;
const PARAMETER = /:([A-Za-z_][A-Za-z0-9_]*)/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Reads a quoted part that begins at `at`; a doubled quote stands for one. */
function quotedAt(text: string, at: number): { value: string; end: number } {
  const quote = text[at]!;
  let value = '';
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] !== quote) value += text[i];
    else if (text[i + 1] === quote) value += text[i++];
    else return { value, end: i + 1 };
  }
  throw syntaxError(
    text,
    at,
    `the ${quote === '`' ? 'name' : 'text'} that begins here does not end`,
    `close it with ${quote}`,
  );
}

/**
 * Cuts the text of an expression into tokens; the last one is of kind `end`.
 * @throws `bad-plan` with the position for a character that begins no token.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const space = matchAt(SPACE, text, at);
    if (space) {
      at += space.length;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  const character = text[at]!;
  if (character === "'" || character === '`') {
    const { value, end } = quotedAt(text, at);
    return { kind: character === '`' ? 'quoted' : 'text', text: value, start: at, end };
  }
  const patterns = [
    ['name', NAME],
    ['number', NUMBER],
    ['parameter', PARAMETER],
    ['symbol', SYMBOL],
  ] as const;
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, text, at);
    if (found === undefined) continue;
    return { kind, text: kind === 'parameter' ? found.slice(1) : found, start: at, end: at + found.length };
  }
  const hint = character === '"' ? "texts stand in single quotes: 'a'" : undefined;
  throw syntaxError(text, at, `${JSON.stringify(character)} is not understood`, hint);
}
