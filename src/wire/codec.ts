import { StreamctlError } from '../base/errors.js';
import {
  type Api,
  isFlexible,
  type RequestInputOf,
  type RequestOf,
  type ResponseInputOf,
  type ResponseOf,
} from './api.js';
import {
  arrayCodec,
  defaultOf,
  isDefault,
  nullableStructCodec,
  primitiveCodec,
  type ValueCodec,
} from './field-codec.js';
import { malformed, type WireReader } from './reader.js';
import { type Decoded, type FieldSchema, type Input, inVersions, type StructSchema } from './schema.js';
import { WireWriter } from './writer.js';

interface FieldCodec {
  readonly name: string;
  readonly codec: ValueCodec;
  readonly fallback: unknown;
}

interface TaggedCodec extends FieldCodec {
  readonly tag: number;
  readonly schema: FieldSchema;
}

type Values = Record<string, unknown>;

/** Codecs by struct, then by version (doubled, plus one when flexible). Bound: the number of schemas times versions. */
const cache = new WeakMap<StructSchema, ValueCodec[]>();

/**
 * Writes one struct in one version.
 * @param flexible whether lengths are compact and tagged fields follow.
 * @throws `limit-exceeded` for a string beyond the protocol's bound, `internal` for null where none may stand.
 */
export function writeStruct<S extends StructSchema>(
  schema: S,
  version: number,
  flexible: boolean,
  writer: WireWriter,
  value: Input<S>,
): void {
  structCodec(schema, version, flexible).write(writer, value);
}

/**
 * Reads one struct in one version.
 * @param flexible whether lengths are compact and tagged fields follow.
 * @throws `malformed-frame`
 */
export function readStruct<S extends StructSchema>(
  schema: S,
  version: number,
  flexible: boolean,
  reader: WireReader,
): Decoded<S> {
  return structCodec(schema, version, flexible).read(reader) as Decoded<S>;
}

/** @throws `unsupported-version` when the schemas do not describe `version` of `api`. */
function checkVersion(api: Api, version: number): void {
  if (version >= api.versions.min && version <= api.versions.max) return;
  throw new StreamctlError('unsupported-version', `${api.name} v${version} is not supported`, {
    detail: `Versions ${api.versions.min} to ${api.versions.max} are.`,
  });
}

/** Writes a request body. @throws `unsupported-version` `limit-exceeded` */
export function writeRequest<A extends Api>(
  api: A,
  version: number,
  writer: WireWriter,
  body: RequestInputOf<A>,
): void {
  checkVersion(api, version);
  structCodec(api.request, version, isFlexible(api, version)).write(writer, body);
}

/** Writes a response body. @throws `unsupported-version` `limit-exceeded` */
export function writeResponse<A extends Api>(
  api: A,
  version: number,
  writer: WireWriter,
  body: ResponseInputOf<A>,
): void {
  checkVersion(api, version);
  structCodec(api.response, version, isFlexible(api, version)).write(writer, body);
}

/** Reads a request body. @throws `unsupported-version` `malformed-frame` */
export function readRequest<A extends Api>(api: A, version: number, reader: WireReader): RequestOf<A> {
  checkVersion(api, version);
  return structCodec(api.request, version, isFlexible(api, version)).read(reader) as RequestOf<A>;
}

/** Reads a response body. @throws `unsupported-version` `malformed-frame` */
export function readResponse<A extends Api>(api: A, version: number, reader: WireReader): ResponseOf<A> {
  checkVersion(api, version);
  return structCodec(api.response, version, isFlexible(api, version)).read(reader) as ResponseOf<A>;
}

function structCodec(schema: StructSchema, version: number, flexible: boolean): ValueCodec {
  const versions = cache.get(schema) ?? [];
  const slot = version * 2 + (flexible ? 1 : 0);
  const known = versions[slot];
  if (known !== undefined) return known;
  const codec = buildStruct(schema, version, flexible);
  versions[slot] = codec;
  cache.set(schema, versions);
  return codec;
}

function buildStruct(schema: StructSchema, version: number, flexible: boolean): ValueCodec {
  const defaults: Values = {};
  const plain: FieldCodec[] = [];
  const tagged: TaggedCodec[] = [];
  for (const [name, field] of Object.entries(schema.fields)) {
    const fallback = defaultOf(field);
    defaults[name] = fallback;
    if (!inVersions(field.versions, version)) continue;
    const codec = fieldCodec(field, version, flexible);
    if (field.tag !== undefined && inVersions(field.tagged, version)) {
      tagged.push({ name, codec, fallback, tag: field.tag, schema: field });
    } else {
      plain.push({ name, codec: notNull(codec, field, version, `${schema.name}.${name}`), fallback });
    }
  }
  tagged.sort((a, b) => a.tag - b.tag);
  let minBytes = flexible ? 1 : 0;
  for (const field of plain) minBytes += field.codec.minBytes;
  return {
    minBytes,
    write: structWriter(plain, tagged, flexible),
    read: structReader(defaults, plain, tagged, flexible),
  };
}

function structWriter(plain: FieldCodec[], tagged: TaggedCodec[], flexible: boolean): ValueCodec['write'] {
  return (writer, value) => {
    const values = value as Values;
    for (let i = 0; i < plain.length; i++) {
      const field = plain[i]!;
      const given = values[field.name];
      field.codec.write(writer, given === undefined ? field.fallback : given);
    }
    if (flexible) writeTagged(writer, tagged, values);
  };
}

function writeTagged(writer: WireWriter, tagged: TaggedCodec[], values: Values): void {
  let count = 0;
  for (const field of tagged) if (!isDefault(field.schema, values[field.name])) count++;
  writer.uvarint(count);
  if (count === 0) return;
  for (const field of tagged) {
    const given = values[field.name];
    if (isDefault(field.schema, given)) continue;
    const content = new WireWriter();
    field.codec.write(content, given);
    writer.uvarint(field.tag);
    writer.uvarint(content.size);
    writer.append(content);
  }
}

function structReader(
  defaults: Values,
  plain: FieldCodec[],
  tagged: TaggedCodec[],
  flexible: boolean,
): ValueCodec['read'] {
  return (reader) => {
    // A clone has its final shape at once: decoded structs of one kind share one hidden class.
    const values = { ...defaults };
    for (let i = 0; i < plain.length; i++) {
      const field = plain[i]!;
      values[field.name] = field.codec.read(reader);
    }
    if (flexible) readTagged(reader, tagged, values);
    return values;
  };
}

function readTagged(reader: WireReader, tagged: TaggedCodec[], values: Values): void {
  for (let left = reader.uvarint(); left > 0; left--) {
    const tag = reader.uvarint();
    const size = reader.uvarint();
    const field = tagged.find((candidate) => candidate.tag === tag);
    if (field === undefined) {
      reader.skip(size);
      continue;
    }
    const outer = reader.enter(size);
    values[field.name] = field.codec.read(reader);
    reader.leave(outer);
  }
}

function fieldCodec(field: FieldSchema, version: number, flexible: boolean): ValueCodec {
  const { type } = field;
  if (typeof type === 'string') return primitiveCodec(type, flexible);
  if (!isArray(type)) {
    const codec = structCodec(type, version, flexible);
    return inVersions(field.nullable, version) ? nullableStructCodec(codec) : codec;
  }
  const element = type[0];
  if (typeof element === 'string') {
    return arrayCodec(notNull(primitiveCodec(element, flexible), field, -1, 'an array element'), flexible);
  }
  return arrayCodec(structCodec(element, version, flexible), flexible);
}

/** Refuses null where the version allows none; scalars that have no null form pass as they are. */
function notNull(codec: ValueCodec, field: FieldSchema, version: number, path: string): ValueCodec {
  if (!codec.nullable || (version >= 0 && inVersions(field.nullable, version))) return codec;
  return {
    minBytes: codec.minBytes,
    write(writer, value) {
      if (value === null) throw new StreamctlError('internal', `${path} must not be null in v${version}`);
      codec.write(writer, value);
    },
    read(reader) {
      const value = codec.read(reader);
      if (value === null) throw malformed(`null in ${path}`, reader.position);
      return value;
    },
  };
}

function isArray(type: FieldSchema['type']): type is Extract<FieldSchema['type'], readonly unknown[]> {
  return Array.isArray(type);
}
