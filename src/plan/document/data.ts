import type { JsonValue, Value, ValueType } from '../../base/row-batch.js';
import { durationMs, durationWords } from '../duration-words.js';
import type { NamedExpression } from '../expression.js';
import { printExpression } from '../print-expression.js';
import { parseTimestamp, timestampText } from '../timestamp-text.js';
import { integerValue } from '../typed.js';
import type { DocumentData, DocumentNode } from './node.js';
import type { Reading } from './reading.js';

/** A map of what is given; entries without a value are left out. */
export function dataOf(entries: Readonly<Record<string, DocumentData | undefined>>): ReadonlyMap<string, DocumentData> {
  return mapOf(Object.entries(entries));
}

/** The same for names that are not known beforehand. */
export function mapOf(
  entries: readonly (readonly [string, DocumentData | undefined])[],
): ReadonlyMap<string, DocumentData> {
  return new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

/** Milliseconds in a text that reads back the same. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  const words = durationWords(ms);
  return durationMs(words) === ms ? words : `${ms}ms`;
}

/** Expressions under their names. */
export function expressionData(columns: readonly NamedExpression[]): DocumentData {
  return mapOf(columns.map(({ name, expression }) => [name, printExpression(expression)]));
}

/** Pairs of a name and where it comes from: a list where all are the same, undefined for none. */
export function pairData(pairs: readonly (readonly [string, string])[]): DocumentData | undefined {
  if (pairs.length === 0) return undefined;
  return pairs.every(([name, from]) => name === from) ? pairs.map(([name]) => name) : mapOf(pairs);
}

/** A value of a column or a parameter. Times are texts where that is exact. */
export function valueData(value: Value, type: ValueType | undefined): DocumentData {
  if (type === 'timestamp' && typeof value === 'number' && Math.abs(value) <= 8.64e15 && Number.isInteger(value)) {
    const text = timestampText(value);
    if (parseTimestamp(text) === value) return text;
  }
  return jsonData(value);
}

function jsonData(value: Value | JsonValue): DocumentData {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(jsonData);
  return mapOf(Object.entries(value).map(([key, member]) => [key, jsonData(member)]));
}

/** Reads what {@link valueData} writes. */
export function readValue(reading: Reading, node: DocumentNode, type: ValueType, what: string): Value {
  const value = plainValue(node);
  if (type === 'timestamp' && typeof value === 'string') {
    const ms = parseTimestamp(value);
    if (!Number.isNaN(ms)) return ms;
  }
  if (value === null || type === 'json' || fits(value, type)) return value;
  const given = node.kind === 'scalar' ? `"${String(node.value)}"` : 'this';
  reading.add(node.at, `${what} is ${type}, ${given} is not`, type === 'string' ? 'put it in quotes' : undefined);
  return null;
}

function fits(value: Value, type: ValueType): boolean {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'bigint':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
    default:
      return typeof value === 'number';
  }
}

function plainValue(node: DocumentNode): Value {
  if (node.kind === 'list') return node.items.map((item) => plainValue(item) as JsonValue);
  if (node.kind === 'map') {
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainValue(value) as JsonValue]));
  }
  return typeof node.value === 'bigint' ? integerValue(node.value) : node.value;
}
