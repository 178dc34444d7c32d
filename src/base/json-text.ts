import type { JsonValue } from './row-batch.js';

const LONG_NUMBER = /\d{16}/;
const MARK = '\ue000';

/**
 * The value of a JSON text; whole numbers beyond 2^53 keep all their digits as bigint.
 * @returns undefined when it is no JSON.
 */
export function parseJson(text: string): JsonValue | undefined {
  try {
    // What is no JSON is not searched: a text that never ends would be, from each of its quotes on.
    const plain = JSON.parse(text) as JsonValue;
    if (!LONG_NUMBER.test(text)) return plain;
    // Long whole numbers outside of texts travel as marked texts.
    const marked = text.replaceAll(
      /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
      (part) => (/^-?\d{16,}$/.test(part) && validWhole(part) ? `"${MARK}${part}"` : part),
    );
    return unmarked(JSON.parse(marked) as JsonValue);
  } catch {
    return undefined;
  }
}

function validWhole(text: string): boolean {
  return /^-?[1-9]\d*$/.test(text);
}

function unmarked(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    if (!value.startsWith(MARK) || !validWhole(value.slice(1))) return value;
    const exact = BigInt(value.slice(1));
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unmarked(item)]));
}
