import fc from 'fast-check';
import { type FieldSchema, inVersions, type PrimitiveName, type StructSchema } from '../../src/wire/schema.js';
import { uuidText } from '../../src/wire/uuid.js';

const PRIMITIVES: Readonly<Record<PrimitiveName, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 4_294_967_295 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double({ noNaN: true }),
  string: fc.string({ unit: 'binary', maxLength: 200 }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => uuidText(bytes)),
  bytes: fc.uint8Array({ maxLength: 200 }),
  records: fc.uint8Array({ maxLength: 2000 }),
};

/** Any message of `schema` in `version`, made of the fields that the version has. */
export function arbitraryMessage(schema: StructSchema, version: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    if (inVersions(field.versions, version)) fields[name] = arbitraryField(field, version);
  }
  return fc.record(fields, { noNullPrototype: true });
}

function arbitraryField(field: FieldSchema, version: number): fc.Arbitrary<unknown> {
  const { type } = field;
  const value = isArray(type)
    ? fc.array(arbitraryElement(type[0], version), { maxLength: 4 })
    : arbitraryElement(type, version);
  return inVersions(field.nullable, version) ? fc.option(value, { nil: null }) : value;
}

function arbitraryElement(type: PrimitiveName | StructSchema, version: number): fc.Arbitrary<unknown> {
  return typeof type === 'string' ? PRIMITIVES[type] : arbitraryMessage(type, version);
}

function isArray(type: FieldSchema['type']): type is Extract<FieldSchema['type'], readonly unknown[]> {
  return Array.isArray(type);
}
