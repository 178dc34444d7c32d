import type { WireReader } from './reader.js';
import type { FieldSchema, PrimitiveName, RecordsInput, StructSchema } from './schema.js';
import { ZERO_UUID } from './uuid.js';
import type { WireWriter } from './writer.js';

/** Writes and reads the values of one field type in one version; the schema vouches for the values' types. */
export interface ValueCodec {
  write(writer: WireWriter, value: unknown): void;
  read(reader: WireReader): unknown;
  /** Least bytes that any value takes: bounds array counts before anything is allocated. */
  readonly minBytes: number;
  /** Its wire form has a null. */
  readonly nullable?: true;
}

const EMPTY_BYTES = new Uint8Array(0);
const EMPTY_ARRAY: readonly unknown[] = Object.freeze([]);

const FIXED: Readonly<Record<Exclude<PrimitiveName, 'string' | 'bytes' | 'records'>, ValueCodec>> = {
  bool: { minBytes: 1, write: (w, v) => w.bool(v as boolean), read: (r) => r.bool() },
  int8: { minBytes: 1, write: (w, v) => w.int8(v as number), read: (r) => r.int8() },
  int16: { minBytes: 2, write: (w, v) => w.int16(v as number), read: (r) => r.int16() },
  uint16: { minBytes: 2, write: (w, v) => w.uint16(v as number), read: (r) => r.uint16() },
  int32: { minBytes: 4, write: (w, v) => w.int32(v as number), read: (r) => r.int32() },
  uint32: { minBytes: 4, write: (w, v) => w.uint32(v as number), read: (r) => r.uint32() },
  int64: { minBytes: 8, write: (w, v) => w.int64(v as bigint), read: (r) => r.int64() },
  float64: { minBytes: 8, write: (w, v) => w.float64(v as number), read: (r) => r.float64() },
  uuid: { minBytes: 16, write: (w, v) => w.uuid(v as string), read: (r) => r.uuid() },
};

/** Bytes that stay: a server uses the memory of its frames again. Records, which are many, are views all the same. */
function own(bytes: Uint8Array | null): Uint8Array | null {
  return bytes?.slice() ?? null;
}

const CLASSIC: Readonly<Record<'string' | 'bytes' | 'records', ValueCodec>> = {
  string: { minBytes: 2, nullable: true, write: (w, v) => w.string(v as string | null), read: (r) => r.string() },
  bytes: {
    minBytes: 4,
    nullable: true,
    write: (w, v) => w.bytes(v as Uint8Array | null),
    read: (r) => own(r.bytes()),
  },
  records: { minBytes: 4, nullable: true, write: (w, v) => writeRecords(w, v, false), read: (r) => r.bytes() },
};

const COMPACT: typeof CLASSIC = {
  string: {
    minBytes: 1,
    nullable: true,
    write: (w, v) => w.compactString(v as string | null),
    read: (r) => r.compactString(),
  },
  bytes: {
    minBytes: 1,
    nullable: true,
    write: (w, v) => w.compactBytes(v as Uint8Array | null),
    read: (r) => own(r.compactBytes()),
  },
  records: { minBytes: 1, nullable: true, write: (w, v) => writeRecords(w, v, true), read: (r) => r.compactBytes() },
};

/** The codec of a primitive; compact lengths when flexible. */
export function primitiveCodec(type: PrimitiveName, flexible: boolean): ValueCodec {
  if (type === 'string' || type === 'bytes' || type === 'records') return (flexible ? COMPACT : CLASSIC)[type];
  return FIXED[type];
}

function writeRecords(writer: WireWriter, value: unknown, compact: boolean): void {
  const records = value as RecordsInput | null;
  if (records === null || records instanceof Uint8Array) {
    if (compact) writer.compactBytes(records);
    else writer.bytes(records);
    return;
  }
  let size = 0;
  for (const piece of records) size += piece.length;
  if (compact) writer.uvarint(size + 1);
  else writer.int32(size);
  for (const piece of records) writer.raw(piece);
}

/** The codec of an array; null is part of its wire form. */
export function arrayCodec(element: ValueCodec, flexible: boolean): ValueCodec {
  const minBytes = Math.max(1, element.minBytes);
  return {
    minBytes: flexible ? 1 : 4,
    nullable: true,
    write(writer, value) {
      const values = value as readonly unknown[] | null;
      const count = values === null ? -1 : values.length;
      if (flexible) writer.compactCount(count);
      else writer.count(count);
      for (let i = 0; i < count; i++) element.write(writer, values![i]);
    },
    read(reader) {
      const count = flexible ? reader.compactCount(minBytes) : reader.count(minBytes);
      if (count < 0) return null;
      const values: unknown[] = [];
      for (let i = 0; i < count; i++) values.push(element.read(reader));
      return values;
    },
  };
}

/** A struct that may be null: an int8 before it says so (-1 null, 1 present). */
export function nullableStructCodec(codec: ValueCodec): ValueCodec {
  return {
    minBytes: 1,
    nullable: true,
    write(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) codec.write(writer, value);
    },
    read: (reader) => (reader.int8() < 0 ? null : codec.read(reader)),
  };
}

/** What stands for a field that is absent: its declared default, else the zero of its type. */
export function defaultOf(field: FieldSchema): unknown {
  if (field.default !== undefined) return field.default;
  const { type } = field;
  switch (type) {
    case 'bool':
      return false;
    case 'int64':
      return 0n;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
    case 'records':
      return EMPTY_BYTES;
  }
  if (typeof type === 'string') return 0;
  return Array.isArray(type) ? EMPTY_ARRAY : defaultStruct(type as StructSchema);
}

function defaultStruct(schema: StructSchema): unknown {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.fields)) values[name] = defaultOf(field);
  return Object.freeze(values);
}

/** Whether `value` is what its absence means: such a tagged field is not written. */
export function isDefault(field: FieldSchema, value: unknown): boolean {
  if (value === undefined) return true;
  if (value === null) return field.default === null;
  const { type } = field;
  if (typeof type !== 'string') {
    if (field.default === null) return false;
    if (Array.isArray(type)) return (value as readonly unknown[]).length === 0;
    const values = value as Record<string, unknown>;
    return Object.entries((type as StructSchema).fields).every(([name, inner]) => isDefault(inner, values[name]));
  }
  if (field.default !== undefined) return Object.is(field.default, value);
  if (type === 'bytes' || type === 'records') return (value as Uint8Array).length === 0;
  return value === defaultOf(field);
}
