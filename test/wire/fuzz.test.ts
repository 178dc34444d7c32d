import { expect, it } from 'vitest';
import { concatBytes } from '../../src/base/bytes.js';
import { StreamctlError } from '../../src/base/errors.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { decodeRequest, decodeRequestHeader, encodeRequest } from '../../src/wire/frame.js';
import { fuzz } from './fuzz.js';

it('survives damaged frames of every API and version (a million of them: npm run test:fuzz)', () => {
  const { decoded, refused } = fuzz(30_000, 1);
  expect(decoded).toBeGreaterThan(3000);
  expect(refused).toBeGreaterThan(3000);
});

it('refuses giant counts without making room for them', () => {
  for (const [version, count] of [
    [1, [0x7f, 0xff, 0xff, 0xff]],
    [9, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ] as const) {
    const whole = concatBytes(encodeRequest(metadataApi, version, 1, null, { topics: [] })).subarray(4);
    const isFlexible = version === 9;
    const head = whole.subarray(0, isFlexible ? 11 : 10);
    const frame = concatBytes([head, Uint8Array.from(count), new Uint8Array(1000)]);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 1000; i++) {
      const header = decodeRequestHeader(frame);
      expect(() => decodeRequest(metadataApi, header)).toThrow(StreamctlError);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
  }
});

it('bounds the objects that a large frame of empty elements can make', () => {
  const head = concatBytes(encodeRequest(produceApi, 9, 1, null, { acks: 1, timeoutMs: 1, topicData: [] }));
  const count = 5_000_000;
  const varint = Uint8Array.from([0, 7, 14, 21].map((shift, i) => ((count >> shift) & 127) | (i < 3 ? 128 : 0)));
  const frame = concatBytes([head.subarray(4, head.length - 2), varint, new Uint8Array(count * 3 + 16)]);
  expect(() => decodeRequest(produceApi, decodeRequestHeader(frame))).toThrow(/array elements/);
});
