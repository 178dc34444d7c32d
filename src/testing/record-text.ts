import type { JsonValue, Value } from '../base/row-batch.js';

/**
 * JSON text of a fed value. Numbers that JSON has no form for become the bare tokens that careless writers send
 * (`NaN`, `Infinity`): what the pipeline makes of them is what a test wants to know.
 */
export function recordText(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => recordText(item)).join(',')}]`;
  const members = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}:${recordText(part)}`);
  return `{${members.join(',')}}`;
}

/** A value as people write it in a test file: plain where YAML reads the plain form as the same value. */
export function shownValue(value: Value, json = false): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return json ? 'null' : yamlNumber(value);
  if (typeof value !== 'string') {
    if (value === null || typeof value !== 'object') return recordText(value);
    if (Array.isArray(value)) return `[${value.map((item: JsonValue) => shownValue(item, json)).join(', ')}]`;
    return shownRow(value as Readonly<Record<string, Value>>, json);
  }
  return !json && isPlain(value) ? value : JSON.stringify(value);
}

/** A row on one line: `{ manufacturer: audi, count: 3 }`. */
export function shownRow(values: Readonly<Record<string, Value>>, json = false): string {
  const members = Object.entries(values).map(
    ([name, value]) => `${shownValue(name, json)}: ${shownValue(value, json)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function yamlNumber(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  return value > 0 ? '.inf' : '-.inf';
}

const WORDS = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n', '~']);

/** Whether YAML, inside `{ }` too, reads the text as that text without quotes. */
function isPlain(text: string): boolean {
  if (!/^[\p{L}_/$][\p{L}\p{N}_ ./'$%°+@-]*$|^\d{4}-\d\d-\d\dT[\d:.]+Z$/u.test(text)) return false;
  return !text.endsWith(' ') && !WORDS.has(text.toLowerCase());
}
