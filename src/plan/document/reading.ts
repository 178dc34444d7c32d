import type { ValueType } from '../../base/row-batch.js';
import type { SourceText } from '../check-plan.js';
import { didYouMean } from '../did-you-mean.js';
import { durationMs } from '../duration-words.js';
import type { Expression, NamedExpression } from '../expression.js';
import { ExpressionSyntaxError } from '../lexer.js';
import { parseWithSpans } from '../parse-expression.js';
import type { Table } from '../plan.js';
import { findType } from '../spelling.js';
import { literal } from '../typed.js';
import type { DocumentEntry, DocumentNode, DocumentProblem, ScalarNode } from './node.js';

const TYPES: readonly ValueType[] = ['string', 'bigint', 'double', 'boolean', 'timestamp', 'json'];

function kindName(node: DocumentNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'keys with values';
  if (node.value === null) return 'empty';
  return typeof node.value === 'string' ? 'a text' : `the value ${String(node.value)}`;
}

/** The known keys of one part of a document; unknown ones have been told. */
export interface Fields {
  readonly at: number;
  get(key: string): DocumentNode | undefined;
}

/**
 * Takes plain values out of a document and collects what is wrong on the way. Readers give a usable value where the
 * document has a wrong one, so that the rest can be read too.
 */
export class Reading {
  readonly problems: DocumentProblem[] = [];
  /** Where each expression was written. */
  readonly texts = new Map<SourceText, ScalarNode>();
  /** The tables of the plan, once they have been read. */
  tables: readonly Table[] = [];

  /** Adds a mistake at a place of the text. */
  add(at: number, message: string, hint?: string): void {
    this.problems.push({ at, message, ...(hint === undefined ? {} : { hint }) });
  }

  /** The entries of a map; none when it is something else, which is told. @param what such as `columns`. */
  entries(node: DocumentNode, what: string, hint?: string): readonly DocumentEntry[] {
    if (node.kind === 'map') return node.entries;
    this.add(node.at, `${what} must be names with values, this is ${kindName(node)}`, hint);
    return [];
  }

  /** The keys of one part. Keys that are not among `known` are told; keys without a value count as left out. */
  fields(node: DocumentNode, what: string, known: readonly string[]): Fields {
    const entries = this.entries(node, what, `its keys are ${known.join(', ')}`);
    for (const { key, at } of entries) {
      if (known.includes(key)) continue;
      const near = didYouMean(key, known);
      this.add(at, `${what} has no "${key}"`, near ? `did you mean ${near}?` : `its keys are ${known.join(', ')}`);
    }
    return {
      at: node.at,
      get: (key) => {
        const value = entries.find((entry) => entry.key === key)?.value;
        return value?.kind === 'scalar' && value.value === null ? undefined : value;
      },
    };
  }

  /** The items of a list; a single value stands for a list of one. */
  list(node: DocumentNode | undefined, what: string): readonly DocumentNode[] {
    if (node === undefined) return [];
    if (node.kind === 'list') return node.items;
    if (node.kind === 'scalar') return [node];
    this.add(node.at, `${what} must be a list, this is ${kindName(node)}`, 'write [one, two]');
    return [];
  }

  /** A text; numbers and words such as true are taken as they were written. `''` where there is none. */
  text(node: DocumentNode | undefined, what: string, at: number): string {
    if (node === undefined) {
      this.add(at, `${what} is missing`);
      return '';
    }
    if (node.kind === 'scalar' && node.value !== null) return String(node.value);
    this.add(node.at, `${what} must be a text, this is ${kindName(node)}`);
    return '';
  }

  /** The same, or `otherwise` where it is left out. */
  textOr<T>(node: DocumentNode | undefined, what: string, otherwise: T): string | T {
    return node === undefined ? otherwise : this.text(node, what, node.at);
  }

  /** A list of names. */
  names(node: DocumentNode | undefined, what: string): readonly string[] {
    return this.list(node, what).map((item) => this.text(item, `each of ${what}`, item.at));
  }

  /** A name for each name: `{ new: old }`, or a list of names that stand for themselves. */
  pairs(node: DocumentNode | undefined, what: string): readonly (readonly [string, string])[] {
    if (node?.kind !== 'map') return this.names(node, what).map((name) => [name, name] as const);
    return node.entries.map(({ key, value }) => [key, this.text(value, `${what} "${key}"`, value.at)] as const);
  }

  /** A number. */
  number(node: DocumentNode | undefined, what: string, otherwise: number): number {
    if (node === undefined) return otherwise;
    if (node.kind === 'scalar' && typeof node.value === 'number') return node.value;
    this.add(node.at, `${what} must be a number, this is ${kindName(node)}`);
    return otherwise;
  }

  /** true or false. */
  flag(node: DocumentNode | undefined, what: string, otherwise: boolean): boolean {
    if (node === undefined) return otherwise;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.add(node.at, `${what} must be true or false, this is ${kindName(node)}`);
    return otherwise;
  }

  /** Milliseconds of `5 seconds`, with `signed` of `-5 seconds` too. */
  duration(node: DocumentNode | undefined, what: string, otherwise: number, signed = false): number {
    if (node === undefined) return otherwise;
    const text = this.text(node, what, node.at).trim();
    const minus = signed && text.startsWith('-');
    try {
      const ms = durationMs(minus ? text.slice(1) : text);
      return minus && ms !== 0 ? -ms : ms;
    } catch {
      this.add(node.at, `${what} "${text}" is not a duration`, 'write 500ms, 10 seconds, 1m30s or 2 hours');
      return otherwise;
    }
  }

  /** One of a few words. */
  choice<T extends string>(node: DocumentNode | undefined, what: string, words: readonly T[], otherwise: T): T {
    if (node === undefined) return otherwise;
    const text = this.text(node, what, node.at);
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const near = didYouMean(text, words);
    this.add(
      node.at,
      `${what} cannot be "${text}"`,
      near ? `did you mean ${near}?` : `it is one of ${words.join(', ')}`,
    );
    return otherwise;
  }

  /** A value type, in our words (`bigint`) or in SQL's (`INT`). */
  type(node: DocumentNode | undefined, what: string, at: number): ValueType {
    const text = this.text(node, what, at);
    const found = TYPES.find((type) => type === text) ?? findType(text.replace(/\(\d+\)$/, ''));
    if (found !== undefined || node === undefined || text === '') return found ?? 'string';
    const near = didYouMean(text, TYPES);
    this.add(node.at, `${what} cannot be "${text}"`, near ? `did you mean ${near}?` : `types are ${TYPES.join(', ')}`);
    return 'string';
  }

  /** An expression in its text form; NULL where it does not parse, which is told. */
  expression(node: DocumentNode | undefined, what: string, at: number): Expression {
    const before = this.problems.length;
    const text = this.text(node, what, at);
    if (this.problems.length > before || node?.kind !== 'scalar') return literal(null);
    try {
      const parsed = parseWithSpans(text);
      this.texts.set(parsed, node);
      return parsed.expression;
    } catch (error) {
      if (!(error instanceof ExpressionSyntaxError)) throw error;
      this.add(placeInText(node, error.position), `${what}: ${error.mistake}`, error.hint);
      return literal(null);
    }
  }

  /** Expressions under names. */
  expressions(node: DocumentNode, what: string): readonly NamedExpression[] {
    const entries = this.entries(node, what, 'write name: expression');
    return entries.map(({ key, value }) => ({
      name: key,
      expression: this.expression(value, `column "${key}"`, value.at),
    }));
  }
}

/** Place in the document of a place in the text of a scalar. */
export function placeInText(node: ScalarNode, position: number): number {
  return node.textAt === null ? node.at : node.textAt + position;
}
