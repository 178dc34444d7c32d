import { type JsonPath, jsonPath } from '../../base/json-path.js';
import { parseJson } from '../../base/json-text.js';
import type { JsonValue, Value } from '../../base/row-batch.js';
import { RowError } from '../row-error.js';
import { jsonText } from './casts.js';
import type { ScalarFunction } from './scalar-function.js';

function pathOf(text: string): JsonPath {
  const path = jsonPath(text);
  if (typeof path === 'string') throw new RowError('a JSON path is not understood');
  return path;
}

/** Bound of nesting, that of the codec: texts that are deeper are no JSON, for what works on them calls itself. */
const MAX_DEPTH = 500;
const [QUOTE, BACKSLASH, BRACKET, BRACE] = [0x22, 0x5c, 0x5b, 0x7b];
/** From an opening bracket or brace to the closing one. */
const TO_CLOSING = 2;

function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length && depth <= MAX_DEPTH; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) quoted = !quoted;
    else if (quoted) at += unit === BACKSLASH ? 1 : 0;
    else if (unit === BRACKET || unit === BRACE) depth++;
    else if (unit === BRACKET + TO_CLOSING || unit === BRACE + TO_CLOSING) depth--;
  }
  return depth > MAX_DEPTH;
}

/** What the path leads to in a json value, or in a text that holds one. */
function found(json: Value, path: JsonPath): readonly JsonValue[] {
  if (typeof json === 'string' && isTooDeep(json)) return [];
  const value = typeof json === 'string' ? parseJson(json) : (json as JsonValue);
  return value === undefined ? [] : path.find(value);
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== 'object';
}

function valueAt(json: Value, pathText: string): Value {
  const values = found(json, pathOf(pathText));
  const [value] = values;
  if (values.length !== 1 || value === undefined || value === null || !isScalar(value)) return null;
  // A number beyond the doubles, such as 1e400, has no text of its own any more.
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  return typeof value === 'string' ? value : jsonText(value);
}

function queryAt(json: Value, pathText: string): Value {
  const path = pathOf(pathText);
  const values = found(json, path);
  if (path.isMany) return values.length === 0 ? null : values;
  const [value] = values;
  return value === undefined || value === null || isScalar(value) ? null : value;
}

/** Behaviour of the functions on JSON. */
export const jsonFunctions: Readonly<Record<string, ScalarFunction>> = {
  JSON_VALUE: valueAt,
  JSON_QUERY: queryAt,
  JSON_EXISTS: (
    json: Value,
    path: string, // As Flink answers: null is nothing.
  ) => found(json, pathOf(path)).some((value) => value !== null),
};
