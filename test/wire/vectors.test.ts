import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/base/bytes.js';
import { readStruct, writeStruct } from '../../src/wire/codec.js';
import { WireReader } from '../../src/wire/reader.js';
import { WireWriter } from '../../src/wire/writer.js';
import { VECTORS_PER_VERSION, type VectorEntry, type VectorGroup, vectorGroups, vectorMessages } from './vectors.js';

const entries = JSON.parse(gunzipSync(readFileSync(new URL('vectors.json.gz', import.meta.url))).toString()) as Record<
  string,
  VectorEntry
>;
const groups = vectorGroups();

function encode({ schema, version, flexible }: VectorGroup, message: Record<string, unknown>): Uint8Array {
  const writer = new WireWriter();
  writeStruct(schema, version, flexible, writer, message as never);
  return concatBytes(writer.finish());
}

describe("Kafka's own classes", () => {
  it('are asked about every message in every version, more than 37,500 times', () => {
    expect(Object.keys(entries)).toEqual(groups.map((group) => group.id));
    expect(groups.length * VECTORS_PER_VERSION).toBeGreaterThan(37_500);
  });

  it.each(groups.map((group) => [group.id, group] as const))('make the same bytes of %s', (id, group) => {
    const { sha256, samples } = entries[id]!;
    const hash = createHash('sha256');
    vectorMessages(group).forEach((message, index) => {
      const bytes = encode(group, message);
      const sample = samples[index];
      if (sample !== undefined) expect(Buffer.from(bytes).toString('base64')).toBe(sample);
      const size = new Uint8Array(4);
      new DataView(size.buffer).setUint32(0, bytes.length);
      hash.update(size).update(bytes);
      const reader = new WireReader(bytes);
      const decoded = readStruct(group.schema, group.version, group.flexible, reader);
      if (!isDeepStrictEqual(decoded, message)) expect(decoded).toEqual(message);
      expect(reader.remaining).toBe(0);
    });
    expect(hash.digest('hex')).toBe(sha256);
  });
});
