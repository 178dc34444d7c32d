import type { StreamctlError } from '../base/errors.js';
import type { ValueType } from '../base/row-batch.js';
import { type CallReader, specialCall } from './call-forms.js';
import { didYouMean } from './did-you-mean.js';
import type { Expression } from './expression.js';
import { findFunction, functionSpecs } from './functions/index.js';
import { syntaxError, type Token, tokenize } from './lexer.js';
import { deepFreeze } from './plan.js';
import { findType, INFIX, KEYWORDS, PRECEDENCE, TYPE_NAMES } from './spelling.js';
import { parseTimestamp } from './timestamp-text.js';
import { call, doubleLiteral, integerValue, literal } from './typed.js';

/** Bound of nesting, so that hostile text cannot exhaust the stack. */
const MAX_DEPTH = 200;
/** Bound of the text's length, characters. */
const MAX_LENGTH = 100_000;

/** Where a node stands in the text it was parsed from: positions counted from 0, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads one text, once; see parseExpression for what callers use. */
export class ExpressionParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly spans = new Map<Expression, Span>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > MAX_LENGTH) throw syntaxError(text, MAX_LENGTH, 'the expression is too long');
    this.#tokens = tokenize(text);
  }

  /** The whole text as one expression. */
  whole(): Expression {
    const expression = this.#expression();
    if (this.#token.kind !== 'end') throw this.#unexpected('an operator or the end');
    return expression;
  }

  /** The whole text as a list `expression [AS name], ...`; names that are left out are null. */
  list(): { expression: Expression; name: string | null; start: number }[] {
    const items: { expression: Expression; name: string | null; start: number }[] = [];
    do {
      const start = this.#token.start;
      const expression = this.#expression();
      const name = this.#word('AS') ? this.#name() : null;
      items.push({ expression, name, start });
    } while (this.#symbol(','));
    if (this.#token.kind !== 'end') throw this.#unexpected('"," or the end');
    return items;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #peekWord(ahead: number, word: string): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'name' && token.text.toUpperCase() === word;
  }

  /** Takes the next words when they are `words`. */
  #word(...words: string[]): boolean {
    if (!words.every((word, index) => this.#peekWord(index, word))) return false;
    this.#at += words.length;
    return true;
  }

  #symbol(...symbols: string[]): string | undefined {
    const token = this.#token;
    if (token.kind !== 'symbol' || !symbols.includes(token.text)) return undefined;
    this.#at++;
    return token.text;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#symbol(symbol)) throw this.#unexpected(`"${symbol}"`);
  }

  #expectWord(word: string): void {
    if (!this.#word(word)) throw this.#unexpected(word);
  }

  #unexpected(wanted: string): StreamctlError {
    const token = this.#token;
    const found = token.kind === 'end' ? 'the text ends' : `"${this.#text.slice(token.start, token.end)}" stands`;
    return syntaxError(this.#text, token.start, `${found} where ${wanted} is expected`);
  }

  #mark<T extends Expression>(node: T, start: number): T {
    const end = this.#tokens[Math.max(0, this.#at - 1)]!.end;
    this.spans.set(node, { start, end });
    return node;
  }

  #expression(): Expression {
    return this.#nested(() => this.#or());
  }

  #or(): Expression {
    const start = this.#token.start;
    let left = this.#and();
    while (this.#word('OR')) left = this.#mark(call('OR', left, this.#and()), start);
    return left;
  }

  #and(): Expression {
    const start = this.#token.start;
    let left = this.#not();
    while (this.#word('AND')) left = this.#mark(call('AND', left, this.#not()), start);
    return left;
  }

  #not(): Expression {
    const start = this.#token.start;
    if (!this.#word('NOT')) return this.#comparison();
    const operand = this.#nested(() => this.#not());
    return this.#mark(call('NOT', operand), start);
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH) {
      throw syntaxError(this.#text, this.#token.start, `the expression is nested deeper than ${MAX_DEPTH}`);
    }
    const expression = parse();
    this.#depth--;
    return expression;
  }

  #comparison(): Expression {
    const start = this.#token.start;
    let left = this.#infix(PRECEDENCE.sum);
    for (;;) {
      const next = this.#comparedWith(left);
      if (!next) return left;
      left = this.#mark(next, start);
    }
  }

  #comparedWith(left: Expression): Expression | undefined {
    const symbol = this.#symbol('=', '==', '<>', '!=', '<', '<=', '>', '>=');
    if (symbol) return call(findFunction(symbol)!.name, left, this.#infix(PRECEDENCE.sum));
    if (this.#word('IS')) return this.#is(left);
    const negated = this.#peekWord(0, 'NOT');
    const operator = ['BETWEEN', 'IN', 'LIKE'].find((word) => this.#peekWord(negated ? 1 : 0, word));
    if (!operator) return undefined;
    this.#at += negated ? 2 : 1;
    const name = negated ? `NOT ${operator}` : operator;
    if (operator === 'BETWEEN') {
      const low = this.#infix(PRECEDENCE.sum);
      this.#expectWord('AND');
      return call(name, left, low, this.#infix(PRECEDENCE.sum));
    }
    if (operator === 'IN') {
      this.#expectSymbol('(');
      return call(name, left, ...this.#arguments());
    }
    const pattern = this.#infix(PRECEDENCE.sum);
    return this.#word('ESCAPE') ? call(name, left, pattern, this.#infix(PRECEDENCE.sum)) : call(name, left, pattern);
  }

  #is(left: Expression): Expression {
    const name = this.#word('NOT') ? 'IS NOT' : 'IS';
    for (const word of ['NULL', 'TRUE', 'FALSE']) if (this.#word(word)) return call(`${name} ${word}`, left);
    if (this.#word('DISTINCT', 'FROM')) return call(`${name} DISTINCT FROM`, left, this.#infix(PRECEDENCE.sum));
    throw this.#unexpected('NULL, TRUE, FALSE or DISTINCT FROM');
  }

  /** Operators of binding `precedence` and tighter, all of them left-associative. */
  #infix(precedence: number): Expression {
    if (precedence === PRECEDENCE.sign) return this.#sign();
    const start = this.#token.start;
    let left = this.#infix(precedence + 1);
    const symbols = Object.keys(INFIX).filter((name) => INFIX[name] === precedence);
    for (;;) {
      const symbol = this.#symbol(...symbols);
      if (!symbol) return left;
      left = this.#mark(call(symbol, left, this.#infix(precedence + 1)), start);
    }
  }

  #sign(): Expression {
    const start = this.#token.start;
    if (this.#symbol('+')) return this.#nested(() => this.#sign());
    if (!this.#symbol('-')) return this.#path(this.#primary(), start);
    if (this.#token.kind === 'number') return this.#mark(this.#number(-1), start);
    return this.#mark(
      call(
        '-',
        this.#nested(() => this.#sign()),
      ),
      start,
    );
  }

  #number(sign: 1 | -1): Expression {
    const token = this.#token;
    this.#at++;
    if (/^\d+$/.test(token.text)) {
      const value = BigInt(token.text) * BigInt(sign);
      if (BigInt.asIntN(64, value) !== value)
        throw syntaxError(this.#text, token.start, 'the number needs more than 64 bits');
      return literal(integerValue(value));
    }
    const value = Number(token.text) * sign;
    if (!Number.isFinite(value)) throw syntaxError(this.#text, token.start, 'the number is too large for a double');
    return doubleLiteral(value);
  }

  #primary(): Expression {
    const token = this.#token;
    const { start } = token;
    switch (token.kind) {
      case 'number':
        return this.#mark(this.#number(1), start);
      case 'text':
        this.#at++;
        return this.#mark(literal(token.text), start);
      case 'quoted':
        this.#at++;
        return this.#column(token.text, start);
      case 'parameter':
        this.#at++;
        return this.#mark(deepFreeze({ kind: 'parameter', name: token.text }), start);
      case 'symbol':
        if (token.text === '(') {
          this.#at++;
          const inside = this.#expression();
          this.#expectSymbol(')');
          return inside;
        }
        break;
      case 'name':
        return this.#named(token);
    }
    throw this.#unexpected('a value');
  }

  /** `json.key[0]`, short for `JSON_VALUE(json, '$.key[0]')`. */
  #path(value: Expression, start: number): Expression {
    let path = '';
    for (let symbol = this.#symbol('.', '['); symbol; symbol = this.#symbol('.', '[')) {
      const token = this.#token;
      if (symbol === '.') {
        const key = this.#name();
        path += token.kind === 'name' ? `.${key}` : `['${key.replaceAll(/[\\']/g, '\\$&')}']`;
        continue;
      }
      if (token.kind !== 'number' || !/^\d{1,9}$/.test(token.text))
        throw this.#unexpected('a place in an array, from 0,');
      this.#at++;
      this.#expectSymbol(']');
      path += `[${token.text}]`;
    }
    return path === '' ? value : this.#mark(call('JSON_VALUE', value, literal(`$${path}`)), start);
  }

  #column(name: string, start: number): Expression {
    return this.#mark(deepFreeze({ kind: 'column', name }), start);
  }

  #named(token: Token): Expression {
    const { start } = token;
    const next = this.#tokens[this.#at + 1]!;
    const upper = token.text.toUpperCase();
    if (next.kind === 'symbol' && next.text === '(' && upper !== 'IN') return this.#callOrCast(upper, token);
    if (upper === 'TIMESTAMP' && next.kind === 'text') {
      this.#at += 2;
      const ms = parseTimestamp(next.text);
      if (Number.isNaN(ms) || Math.abs(ms) > 8.64e15) {
        throw syntaxError(
          this.#text,
          next.start,
          `"${next.text}" is not a time`,
          "write TIMESTAMP '2024-01-31 10:00:00'",
        );
      }
      return this.#mark(deepFreeze({ kind: 'literal', type: 'timestamp', value: ms }), start);
    }
    if (upper === 'CASE') return this.#case(start);
    if (KEYWORDS.has(upper) && !['TRUE', 'FALSE', 'NULL'].includes(upper)) throw this.#unexpected('a value');
    this.#at++;
    if (upper === 'TRUE' || upper === 'FALSE') return this.#mark(literal(upper === 'TRUE'), start);
    if (upper === 'NULL') return this.#mark(literal(null), start);
    return this.#column(token.text, start);
  }

  #callOrCast(upper: string, token: Token): Expression {
    this.#at += 2;
    if (upper === 'CAST' || upper === 'TRY_CAST') return this.#cast(upper, token.start);
    const special = specialCall(upper, this.#reader);
    if (special) return this.#mark(special, token.start);
    const spec = KEYWORDS.has(upper) ? undefined : findFunction(token.text);
    if (!spec) {
      const near = didYouMean(token.text, functionNames());
      throw syntaxError(
        this.#text,
        token.start,
        `there is no function "${token.text}"`,
        near && `did you mean ${near}?`,
      );
    }
    if (spec.kind === 'scalar') return this.#mark(call(spec.name, ...this.#arguments()), token.start);
    const distinct = this.#word('DISTINCT');
    const starred = spec.name === 'COUNT' && !distinct && this.#symbol('*');
    if (starred) this.#expectSymbol(')');
    const operands = starred ? [] : this.#arguments();
    return this.#mark(deepFreeze({ kind: 'aggregate', name: spec.name, arguments: operands, distinct }), token.start);
  }

  readonly #reader: CallReader = {
    expression: () => this.#expression(),
    operand: () => this.#infix(PRECEDENCE.sum),
    takes: (next) => (next === ',' ? this.#symbol(next) !== undefined : this.#word(next)),
    expectWord: (word) => this.#expectWord(word),
    expectSymbol: (symbol) => this.#expectSymbol(symbol),
    name: () => this.#name(),
    rest: () => this.#arguments(),
    fail: (message, hint) => {
      throw syntaxError(this.#text, this.#tokens[this.#at - 1]!.start, message, hint);
    },
  };

  #cast(upper: string, start: number): Expression {
    const operand = this.#expression();
    this.#expectWord('AS');
    const to = this.#type();
    this.#expectSymbol(')');
    // A typed NULL is a constant, so that every literal has a text form of its own.
    if (operand.kind === 'literal' && operand.type === null && upper === 'CAST') {
      return this.#mark(deepFreeze({ kind: 'literal', type: to, value: null }), start);
    }
    return this.#mark(deepFreeze({ kind: 'cast', operand, to, policy: upper === 'CAST' ? 'reject' : 'null' }), start);
  }

  /** What stands before the closing bracket, separated by commas. */
  #arguments(): Expression[] {
    const operands: Expression[] = [];
    if (this.#symbol(')')) return operands;
    do operands.push(this.#expression());
    while (this.#symbol(','));
    this.#expectSymbol(')');
    return operands;
  }

  #case(start: number): Expression {
    this.#at++;
    const branches: { when: Expression; result: Expression }[] = [];
    while (this.#word('WHEN')) {
      const when = this.#expression();
      this.#expectWord('THEN');
      branches.push({ when, result: this.#expression() });
    }
    if (branches.length === 0) throw this.#unexpected('WHEN');
    const otherwise = this.#word('ELSE') ? this.#expression() : null;
    this.#expectWord('END');
    return this.#mark(deepFreeze({ kind: 'case', branches, otherwise }), start);
  }

  #type(): ValueType {
    const token = this.#token;
    const type = token.kind === 'name' ? findType(token.text) : undefined;
    if (!type) {
      const hint = `types are ${Object.values(TYPE_NAMES).join(', ')}`;
      throw syntaxError(this.#text, token.start, 'a type is expected', hint);
    }
    this.#at++;
    if (this.#symbol('(')) {
      if (this.#token.kind !== 'number') throw this.#unexpected('a number');
      this.#at++;
      this.#expectSymbol(')');
    }
    return type;
  }

  #name(): string {
    const token = this.#token;
    if (token.kind !== 'name' && token.kind !== 'quoted') throw this.#unexpected('a name');
    this.#at++;
    return token.text;
  }
}

function functionNames(): string[] {
  return functionSpecs.flatMap((spec) => [spec.name, ...spec.aliases]).filter((name) => /^[A-Z0-9_]+$/.test(name));
}
