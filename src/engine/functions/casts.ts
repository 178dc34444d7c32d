import type { Value, ValueType } from '../../base/row-batch.js';
import { parseTimestamp, timestampText } from '../../plan/timestamp-text.js';
import { integerValue } from '../../plan/typed.js';

/** Turns a value that is not null into another type; undefined when it does not fit. */
export type Cast = (value: Value) => Value | undefined;

const MAX_TIME = 8.64e15;
const INTEGER = /^\s*[+-]?\d{1,30}\s*$/;
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

function fits64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function asBigint(value: Value): Value | undefined {
  if (typeof value === 'bigint') return fits64(value) ? integerValue(value) : undefined;
  if (typeof value === 'number') {
    const whole = Math.trunc(value) + 0;
    if (Number.isSafeInteger(whole)) return whole;
    return Number.isFinite(whole) && fits64(BigInt(whole)) ? BigInt(whole) : undefined;
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || !INTEGER.test(value)) return undefined;
  const exact = BigInt(value.trim().replace(/^\+/, ''));
  return fits64(exact) ? integerValue(exact) : undefined;
}

function asDouble(value: Value): Value | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || !DECIMAL.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function asBoolean(value: Value): Value | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return value !== 0 && value !== 0n;
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  if (['true', 't', 'yes', 'y', '1'].includes(word)) return true;
  return ['false', 'f', 'no', 'n', '0'].includes(word) ? false : undefined;
}

function asTimestamp(value: Value): Value | undefined {
  const ms = typeof value === 'string' ? parseTimestamp(value) : Number(value);
  return Math.abs(ms) <= MAX_TIME ? ms : undefined;
}

/** JSON text of a value; whole numbers beyond 2^53 keep all their digits. */
export function jsonText(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Value) => jsonText(item)).join(',')}]`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)}:${jsonText(item as Value)}`)
    .join(',')}}`;
}

function asText(from: ValueType): Cast {
  if (from === 'timestamp') return (value) => timestampText(Number(value));
  if (from === 'json') return (value) => (typeof value === 'string' ? value : jsonText(value));
  return String;
}

/** How a value of type `from` becomes one of type `to`. Fractions of whole numbers are cut off. */
export function castFor(from: ValueType, to: ValueType): Cast {
  if (from === to) return (value) => value;
  switch (to) {
    case 'bigint':
      return asBigint;
    case 'double':
      return asDouble;
    case 'boolean':
      return asBoolean;
    case 'timestamp':
      return asTimestamp;
    case 'string':
      return asText(from);
    case 'json':
      return (value) => value;
  }
}
