import { StreamctlError } from '../../../base/errors.js';
import { compileRegex, type Regex } from '../../../base/regex.js';
import type { JsonValue } from '../../../base/row-batch.js';

type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** What a body must look like: the part of JSON Schema that says shapes. @see https://json-schema.org/draft/2020-12 */
export interface BodySchema {
  readonly type?: TypeName | readonly TypeName[];
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: BodySchema };
  readonly items?: BodySchema;
  readonly enum?: readonly JsonValue[];
  readonly const?: JsonValue;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly anyOf?: readonly BodySchema[];
}

const SAID = new Set([
  'type',
  'required',
  'properties',
  'items',
  'enum',
  'const',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minLength',
  'pattern',
  'anyOf',
]);
/** Keywords that hold nothing to be checked. */
const NOTED = new Set(['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'format']);
const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/**
 * Takes a parsed schema file.
 * @throws `usage` for keywords that would not be checked: a schema that silently checks less than it says is none.
 */
export function readSchema(value: JsonValue, where = 'the schema'): BodySchema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StreamctlError('usage', `${where} is not an object`);
  }
  for (const [keyword, said] of Object.entries(value as Readonly<Record<string, JsonValue>>)) {
    if (NOTED.has(keyword)) continue;
    if (!SAID.has(keyword)) {
      throw new StreamctlError('usage', `${where}: keyword "${keyword}" is not known`, {
        hint: `known are ${[...SAID].join(', ')}`,
      });
    }
    if (keyword === 'type' && ![said].flat().every((name) => TYPES.has(String(name)))) {
      throw new StreamctlError('usage', `${where}: ${JSON.stringify(said)} is not a type`);
    }
    if (keyword === 'pattern') compileRegex(String(said));
    if (keyword === 'items') readSchema(said, `${where}.items`);
    if (keyword === 'anyOf') (said as readonly JsonValue[]).forEach((one) => void readSchema(one, `${where}.anyOf`));
    if (keyword === 'properties') {
      for (const [name, one] of Object.entries(said as Readonly<Record<string, JsonValue>>)) {
        readSchema(one, `${where}.${name}`);
      }
    }
  }
  return value as BodySchema;
}

/** The first way in which `value` is not what `schema` says: `data.stations[3].lat is "x", not number`; undefined for none. */
export function schemaProblem(value: JsonValue | undefined, schema: BodySchema, path = ''): string | undefined {
  const here = path === '' ? 'the body' : path;
  if (value === undefined) return `${here} is missing`;
  const own = ownProblem(value, schema, path);
  if (own !== undefined) return own;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) {
      for (let index = 0; index < value.length; index++) {
        const problem = schemaProblem(value[index], items, `${path}[${index}]`);
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const object = value as { readonly [key: string]: JsonValue };
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(object, name)) return `${here} has no "${name}"`;
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(object, name)) continue;
    const problem = schemaProblem(object[name], member, path === '' ? name : `${path}.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const patterns = new WeakMap<BodySchema, Regex>();

function matches(text: string, schema: BodySchema): boolean {
  let regex = patterns.get(schema);
  if (!regex) {
    regex = compileRegex(schema.pattern!);
    patterns.set(schema, regex);
  }
  return regex.found(text);
}

function ownProblem(value: JsonValue, schema: BodySchema, path: string): string | undefined {
  const here = path === '' ? 'the body' : path;
  const { type, anyOf, minimum, maximum, minItems, maxItems, minLength, pattern } = schema;
  if (type !== undefined) {
    const types = typeof type === 'string' ? [type] : type;
    if (!types.some((name) => isOfType(value, name))) return `${here} is ${brief(value)}, not ${types.join(' or ')}`;
  }
  if (schema.const !== undefined && !same(value, schema.const)) return `${here} is not ${brief(schema.const)}`;
  if (schema.enum && !schema.enum.some((one) => same(value, one))) {
    return `${here} is ${brief(value)}, not one of ${schema.enum.map(brief).join(', ')}`;
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (minimum !== undefined && value < minimum) return `${here} is ${value}, below ${minimum}`;
    if (maximum !== undefined && value > maximum) return `${here} is ${value}, above ${maximum}`;
  }
  if (typeof value === 'string') {
    if (minLength !== undefined && value.length < minLength) return `${here} is shorter than ${minLength}`;
    if (pattern !== undefined && !matches(value, schema)) return `${here} does not match ${pattern}`;
  }
  if (Array.isArray(value)) {
    if (minItems !== undefined && value.length < minItems) return `${here} has ${value.length} items, not ${minItems}`;
    if (maxItems !== undefined && value.length > maxItems) return `${here} has ${value.length} items, over ${maxItems}`;
  }
  if (anyOf) {
    const problems = anyOf.map((one) => schemaProblem(value, one, path));
    if (problems.every((problem) => problem !== undefined)) return problems[0];
  }
  return undefined;
}

function isOfType(value: JsonValue, type: TypeName): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
    default:
      return typeof value === type;
  }
}

function same(a: JsonValue, b: JsonValue): boolean {
  return a === b || (typeof a === 'object' && a !== null && JSON.stringify(a) === JSON.stringify(b));
}

function brief(value: JsonValue): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
