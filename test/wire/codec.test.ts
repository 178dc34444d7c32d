import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.js';
import { StreamctlError } from '../../src/base/errors.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { createTopicsApi } from '../../src/wire/apis/19-create-topics.js';
import { apis } from '../../src/wire/apis/index.js';
import { readStruct, writeResponse, writeStruct } from '../../src/wire/codec.js';
import { decodeResponse, encodeRequest, encodeResponse } from '../../src/wire/frame.js';
import { WireReader } from '../../src/wire/reader.js';
import { type FieldSchema, type StructSchema, struct } from '../../src/wire/schema.js';
import { WireWriter } from '../../src/wire/writer.js';
import { arbitraryMessage } from './arbitraries.js';
import { vectorGroups } from './vectors.js';

function encode(schema: StructSchema, version: number, flexible: boolean, value: unknown): Uint8Array {
  const writer = new WireWriter();
  writeStruct(schema, version, flexible, writer, value as never);
  return concatBytes(writer.finish());
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as StreamctlError).code;
  }
  return 'none';
}

describe('every message in every version', () => {
  it('decodes to what was encoded', () => {
    for (const { id, schema, version, flexible } of vectorGroups()) {
      fc.assert(
        fc.property(arbitraryMessage(schema, version), (message) => {
          const reader = new WireReader(encode(schema, version, flexible, message));
          const decoded = readStruct(schema, version, flexible, reader) as Record<string, unknown>;
          const present = Object.fromEntries(Object.keys(message).map((name) => [name, decoded[name]]));
          if (!isDeepStrictEqual(withoutAbsent(present, message), message)) expect(present, id).toEqual(message);
          return reader.remaining === 0;
        }),
        { numRuns: 10 },
      );
    }
  });

  it('encodes to the same bytes again, and leaves out nothing but defaults', () => {
    for (const { schema, version, flexible } of vectorGroups()) {
      fc.assert(
        fc.property(arbitraryMessage(schema, version), (message) => {
          const bytes = encode(schema, version, flexible, message);
          const decoded = readStruct(schema, version, flexible, new WireReader(bytes));
          return isDeepStrictEqual(encode(schema, version, flexible, decoded), bytes);
        }),
        { numRuns: 5 },
      );
    }
  });
});

/** `decoded` with only the fields that `given` has, all the way down. */
function withoutAbsent(decoded: unknown, given: unknown): unknown {
  if (Array.isArray(given)) return given.map((element, i) => withoutAbsent((decoded as unknown[])[i], element));
  if (typeof given !== 'object' || given === null || given instanceof Uint8Array) return decoded;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      withoutAbsent((decoded as Record<string, unknown>)[name], value),
    ]),
  );
}

describe('schemas', () => {
  it('are sorted by key and named once', () => {
    expect(apis.map((api) => api.key)).toEqual(apis.map((api) => api.key).sort((a, b) => a - b));
    expect(new Set(apis.map((api) => api.name)).size).toBe(apis.length);
  });

  it('declare tags that are distinct within their struct', () => {
    const check = (schema: StructSchema): void => {
      const fields: FieldSchema[] = Object.values(schema.fields);
      const tags = fields.flatMap((field) => (field.tag === undefined ? [] : [field.tag]));
      expect(new Set(tags).size, schema.name).toBe(tags.length);
      for (const { type } of fields) {
        const element = Array.isArray(type) ? type[0] : type;
        if (typeof element === 'object') check(element);
      }
    };
    for (const { schema } of vectorGroups()) check(schema);
  });
});

describe('omitted fields', () => {
  it('take their defaults', () => {
    const request = { topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }] };
    const full = { ...request, timeoutMs: 60_000, validateOnly: false };
    expect(encodeRequest(createTopicsApi, 7, 1, null, request)).toEqual(
      encodeRequest(createTopicsApi, 7, 1, null, full),
    );
  });

  it('are ignored in versions that lack them', () => {
    const old = { responses: [], errorCode: 5, sessionId: 9 };
    expect(encodeResponse(fetchApi, 4, 1, old)).toEqual(encodeResponse(fetchApi, 4, 1, { responses: [] }));
  });
});

describe('tagged fields', () => {
  const inner = struct({
    name: 'Inner',
    fields: {
      id: { type: 'int32', versions: '0+', default: -1 },
      note: { type: 'string', versions: '0+', optional: true },
    },
  });
  const outer = struct({
    name: 'Outer',
    fields: {
      one: { type: inner, versions: '0+', tag: 0, tagged: '0+', optional: true },
      maybe: { type: ['int8'], versions: '0+', nullable: '0+', tag: 1, tagged: '0+', default: null },
      many: { type: ['int8'], versions: '0+', tag: 2, tagged: '0+', optional: true },
      self: { type: inner, versions: '0+', nullable: '0+', tag: 3, tagged: '0+', default: null },
    },
  });
  const hexOf = (value: object) => toHex(encode(outer, 0, true, value));

  it('are left out at their default, structs by content, arrays by length unless null is the default', () => {
    expect(hexOf({})).toBe('00');
    expect(hexOf({ one: { id: -1, note: '' }, many: [], maybe: null, self: null })).toBe('00');
    expect(hexOf({ maybe: [] })).toBe('01' + '0101' + '01');
    expect(hexOf({ one: { id: 5 } })).toBe('01' + '0006' + '00000005' + '01' + '00');
    expect(hexOf({ self: {} })).toBe('01' + '0307' + '01' + 'ffffffff' + '01' + '00');
  });

  it('that are unknown are passed over', () => {
    const bytes = Uint8Array.of(2, 2, 2, 2, 7, 9, 3, 1, 2, 3);
    expect(readStruct(outer, 0, true, new WireReader(bytes)).many).toEqual([7]);
  });

  it('must fill the size they announce', () => {
    for (const size of [1, 3]) {
      const bytes = Uint8Array.of(1, 2, size, 2, 7, 0);
      expect(codeOf(() => readStruct(outer, 0, true, new WireReader(bytes)))).toBe('malformed-frame');
    }
  });
});

describe('what cannot be encoded', () => {
  it('is named', () => {
    const writer = new WireWriter();
    expect(codeOf(() => writeResponse(fetchApi, 99, writer, { responses: [] }))).toBe('unsupported-version');
    const long = { topicData: [{ name: 'x'.repeat(40_000), partitionData: [] }], acks: 1, timeoutMs: 1 };
    expect(codeOf(() => encodeRequest(produceApi, 9, 1, null, long))).toBe('limit-exceeded');
    const nulled = { responses: null as never };
    expect(codeOf(() => encodeResponse(fetchApi, 4, 1, nulled))).toBe('internal');
    const badId = { responses: [{ topicId: 'no uuid', partitions: [] }] };
    expect(codeOf(() => encodeResponse(fetchApi, 13, 1, badId))).toBe('bad-data');
  });
});

describe('records', () => {
  it('may be sent in several pieces', () => {
    const pieces = [new Uint8Array(10).fill(1), new Uint8Array(3000).fill(2), new Uint8Array(0)];
    for (const version of [4, 12]) {
      const partition = {
        partitionIndex: 0,
        errorCode: 0,
        highWatermark: 0n,
        abortedTransactions: [],
        records: pieces,
      };
      const frame = concatBytes(
        encodeResponse(fetchApi, version, 1, { responses: [{ topic: 't', partitions: [partition] }] }),
      );
      const { body } = decodeResponse(fetchApi, version, frame.subarray(4));
      expect(body.responses[0]!.partitions[0]!.records).toEqual(concatBytes(pieces));
    }
  });
});

it('reports every failure of decoding as a malformed frame', () => {
  expect(codeOf(() => decodeResponse(fetchApi, 12, Uint8Array.of(0, 0, 0, 1)))).toBe('malformed-frame');
  expect(() => decodeResponse(fetchApi, 12, new Uint8Array(0))).toThrow(StreamctlError);
});
