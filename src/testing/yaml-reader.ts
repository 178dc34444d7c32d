import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import { StreamctlError } from '../base/errors.js';
import type { JsonValue, Value } from '../base/row-batch.js';
import { parseDuration } from '../base/time.js';
import { didYouMean } from '../plan/did-you-mean.js';

/** A mistake in a file, with its place from 1. */
export interface FileProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** A member of a map: its key and what stands there. */
export interface Field {
  readonly name: string;
  readonly key: Node;
  readonly value: Node | null;
}

/** Values of a file, references written out: few references to each other stand for more than fit into memory. */
const MAX_VALUES = 5_000_000;
/** The parser's own bound is how often a reference is used, which says nothing. */
const ANY_REFERENCES = { maxAliasCount: -1 };

/** Stands for what could not be read; the problem is noted. */
export const UNREADABLE = Symbol('unreadable');

/** Reads a YAML (or JSON) text node by node and notes every mistake with its place. */
export class YamlReader {
  readonly problems: FileProblem[] = [];
  readonly root: Node | null;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  constructor(text: string) {
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      intAsBigInt: true,
      merge: true,
      version: '1.2',
    });
    this.root = this.#document.contents;
    for (const { pos, message } of this.#document.errors) this.#note(pos[0], message);
    if (this.problems.length === 0) this.#checkReferences();
  }

  /** Notes what only shows when values are made: references to nothing, to what they stand in, to what is no map. */
  #checkReferences(): void {
    visit(this.#document, {
      Alias: (_, alias, path) => {
        const target = alias.resolve(this.#document);
        if (target === undefined) this.problem(alias, `"*${alias.source}" stands for nothing above it`);
        else if (path.includes(target)) this.problem(alias, `"*${alias.source}" stands inside what it stands for`);
      },
    });
    if (this.problems.length > 0 || this.root === null) return;
    const found = this.#unreadable(this.root);
    if (found) this.problem(found.node, found.reason);
    else if (this.#valuesOf(this.root, new Map()) > MAX_VALUES) {
      this.problem(this.root, `with what its references stand for, the file has more than ${MAX_VALUES} values`);
    }
  }

  /** How many values a node stands for, those behind its references included. */
  #valuesOf(node: Node | null, known: Map<Node, number>): number {
    const target = this.resolve(node);
    const before = target && known.get(target);
    if (target === null || typeof before === 'number') return before ?? 1;
    const parts = isSeq(target) ? target.items : isMap(target) ? target.items.map(({ value }) => value) : [];
    const values = parts.reduce<number>((sum, part) => sum + (isNode(part) ? this.#valuesOf(part, known) : 1), 1);
    known.set(target, values);
    return values;
  }

  /** The innermost node that no value can be made of. */
  #unreadable(node: Node): { readonly node: Node; readonly reason: string } | undefined {
    try {
      node.toJS(this.#document, ANY_REFERENCES);
      return undefined;
    } catch (error) {
      const parts = isSeq(node) ? node.items : isMap(node) ? node.items.map(({ value }) => value) : [];
      for (const part of parts) {
        const found = isNode(part) ? this.#unreadable(part) : undefined;
        if (found) return found;
      }
      return { node, reason: (error as Error).message };
    }
  }

  /** Line of a node, from 1. */
  lineOf(node: Node | null): number {
    return this.#lines.linePos(startOf(node)).line;
  }

  /** Column of a node, from 0. */
  columnOf(node: Node | null): number {
    return this.#lines.linePos(startOf(node)).col - 1;
  }

  problem(node: Node | null, message: string, hint?: string): void {
    this.#note(startOf(node), message, hint);
  }

  #note(offset: number, message: string, hint?: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({ line, column: col, message, ...(hint === undefined ? {} : { hint }) });
  }

  /** What an alias stands for; other nodes as they are. */
  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }

  /**
   * The members of a map, those that are not `known` noted as problems.
   * @param what the map is, for the message: `a case`.
   */
  fields(node: Node | null, what: string, known: readonly string[] | undefined): readonly Field[] {
    const map = this.resolve(node);
    if (!isMap(map)) {
      this.problem(node, `${what} is a map of ${(known ?? ['names']).slice(0, 3).join(', ')} ...`);
      return [];
    }
    const fields = (map.items as Pair<Node, Node | null>[]).map(({ key, value }) => ({
      name: String(isScalar(key) ? key.value : key),
      key,
      value,
    }));
    if (known === undefined) return fields;
    return fields.filter(({ name, key }) => {
      if (known.includes(name)) return true;
      const near = didYouMean(name, known);
      this.problem(key, `${what} has no "${name}"`, near ? `did you mean ${near}?` : `it can have ${known.join(', ')}`);
      return false;
    });
  }

  /** The key `name` of a map, to point at; the map itself where it comes from elsewhere. */
  keyOf(node: Node | null, name: string): Node | null {
    const map = this.resolve(node);
    if (!isMap(map)) return node;
    return (map.items as Pair<Node>[]).find(({ key }) => isScalar(key) && key.value === name)?.key ?? node;
  }

  /** The items of a list. */
  items(node: Node | null, what: string): readonly (Node | null)[] {
    const list = this.resolve(node);
    if (isSeq(list)) return list.items.map((item) => (isNode(item) ? item : null));
    this.problem(node, `${what} is a list`, 'begin each item with "- "');
    return [];
  }

  /** The value of a node; whole numbers beyond 2^53 are bigints. */
  value(node: Node | null): JsonValue {
    return node === null ? null : plain(node.toJS(this.#document, ANY_REFERENCES));
  }

  /** @param what the value is, for the message. */
  text(node: Node | null, what: string): string | undefined {
    const value = this.value(node);
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    this.problem(node, `${what} is a text`);
    return undefined;
  }

  /** @param choices the texts that it can be. */
  choice<C extends string>(node: Node | null, what: string, choices: readonly C[]): C | undefined {
    const value = this.value(node);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const near = typeof value === 'string' ? didYouMean(value, choices) : undefined;
    this.problem(node, `${what} is one of ${choices.join(', ')}`, near && `did you mean ${near}?`);
    return undefined;
  }

  /** @param least smallest value that is allowed. @param most largest one. */
  whole(node: Node | null, what: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.value(node);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `${least} or more`;
    this.problem(node, `${what} is a whole number, ${range}`);
    return undefined;
  }

  yesOrNo(node: Node | null, what: string): boolean | undefined {
    const value = this.value(node);
    if (typeof value === 'boolean') return value;
    this.problem(node, `${what} is true or false`);
    return undefined;
  }

  /** What `action` gives; an error of the user's is noted at `node`. */
  async attempt<T>(node: Node | null, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.blame === 'bug') throw error;
      const detail = error.detail === undefined ? '' : `: ${error.detail}`;
      this.problem(node, `${error.message}${detail}`, error.hint);
      return undefined;
    }
  }

  /** A duration as ms. */
  duration(node: Node | null, what: string): number | undefined {
    const value = this.value(node);
    try {
      if (typeof value === 'string' || value === 0) return parseDuration(String(value));
    } catch {
      // Said below, with the place.
    }
    this.problem(node, `${what} is a duration`, 'write 500ms, 10s, 1m30s or 2h');
    return undefined;
  }
}

/** First and one past the last character of a node's value, comments behind it left out. */
export function rangeOf(node: Node): readonly [start: number, end: number] {
  const range = node.range ?? [0, 0, 0];
  return [range[0], range[1]];
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function plain(value: unknown): JsonValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  }
  return (value ?? null) as Value as JsonValue;
}
