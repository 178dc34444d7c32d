import type { Random } from '../../src/base/random.js';
import { type FieldSchema, inVersions, type PrimitiveName, type StructSchema } from '../../src/wire/schema.js';
import { uuidText, ZERO_UUID } from '../../src/wire/uuid.js';

/** Values near the edges of each integer type, taken every other time. */
const EDGES = [0, 1, -1, 127, 128, -128, 300, 32767, -32768, 65535, 2147483647, -2147483648];
const BIG_EDGES = [0n, 1n, -1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const ALPHABET = ['a', 'B', '7', '-', '_', '.', ' ', 'é', 'ß', '水', '🚲', '\u0000', '"'];

type Values = Record<string, unknown>;

/**
 * A random message of `schema` as it decodes in `version`: fields that the version lacks are at their defaults,
 * all others take edge values, null and lengths on both sides of the one-byte bound.
 */
export function randomMessage(schema: StructSchema, version: number, random: Random): Values {
  const values: Values = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    values[name] = inVersions(field.versions, version) ? randomField(field, version, random) : defaultValue(field);
  }
  return values;
}

function randomField(field: FieldSchema, version: number, random: Random): unknown {
  if (inVersions(field.nullable, version) && random.below(4) === 0) return null;
  if (field.tag !== undefined && random.below(3) === 0) return defaultValue(field);
  const { type } = field;
  if (typeof type === 'string') return randomPrimitive(type, random);
  if (!isArray(type)) return randomMessage(type, version, random);
  const element = type[0];
  const isSmall = typeof element === 'string';
  const length = random.below(isSmall && random.below(20) === 0 ? 200 : 4);
  return Array.from({ length }, () =>
    typeof element === 'string' ? randomPrimitive(element, random) : randomMessage(element, version, random),
  );
}

function randomPrimitive(type: PrimitiveName, random: Random): unknown {
  const number =
    random.below(2) === 0 ? EDGES[random.below(EDGES.length)]! : Math.floor((random.next() - 0.5) * 2 ** 32);
  switch (type) {
    case 'bool':
      return random.below(2) === 1;
    case 'int8':
      return (number << 24) >> 24;
    case 'int16':
      return (number << 16) >> 16;
    case 'uint16':
      return number & 0xffff;
    case 'int32':
      return number | 0;
    case 'uint32':
      return number >>> 0;
    case 'int64':
      return random.below(2) === 0 ? BIG_EDGES[random.below(BIG_EDGES.length)]! : BigInt(number) * 1_000_003n;
    case 'float64':
      return number / 7;
    case 'string':
      return Array.from({ length: length(random) }, () => ALPHABET[random.below(ALPHABET.length)]).join('');
    case 'uuid':
      return random.below(4) === 0 ? ZERO_UUID : uuidText(randomBytes(16, random));
    case 'bytes':
    case 'records':
      return randomBytes(length(random), random);
  }
}

function length(random: Random): number {
  return random.below(random.below(10) === 0 ? 400 : 12);
}

function randomBytes(count: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

/** What a field is when it is absent, said here a second time and independently of the codec. */
function defaultValue(field: FieldSchema): unknown {
  if (field.default !== undefined) return field.default;
  const { type } = field;
  if (typeof type !== 'string') {
    if (isArray(type)) return [];
    return Object.fromEntries(Object.entries(type.fields).map(([name, inner]) => [name, defaultValue(inner)]));
  }
  if (type === 'bool') return false;
  if (type === 'int64') return 0n;
  if (type === 'string') return '';
  if (type === 'uuid') return ZERO_UUID;
  return type === 'bytes' || type === 'records' ? new Uint8Array(0) : 0;
}

/** The message in the JSON form of Kafka's own converters: only fields of `version`, bytes as base64. */
export function kafkaJson(schema: StructSchema, version: number, values: Values): string {
  const parts: string[] = [];
  for (const [name, field] of Object.entries(schema.fields)) {
    if (!inVersions(field.versions, version)) continue;
    parts.push(`${JSON.stringify(name)}:${valueJson(field.type, version, values[name])}`);
  }
  return `{${parts.join(',')}}`;
}

function valueJson(type: FieldSchema['type'], version: number, value: unknown): string {
  if (value === null) return 'null';
  if (typeof type === 'string') {
    if (type === 'int64') return String(value);
    if (type === 'bytes' || type === 'records') return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    return JSON.stringify(value);
  }
  if (!isArray(type)) return kafkaJson(type, version, value as Values);
  return `[${(value as unknown[]).map((element) => valueJson(type[0], version, element)).join(',')}]`;
}

function isArray(type: FieldSchema['type']): type is Extract<FieldSchema['type'], readonly unknown[]> {
  return Array.isArray(type);
}
