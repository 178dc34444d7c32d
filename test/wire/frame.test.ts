import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { apiVersionsApi } from '../../src/wire/apis/18-api-versions.js';
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../src/wire/frame.js';
import { FrameSplitter } from '../../src/wire/frame-splitter.js';

describe('frames', () => {
  it('carry a request there and back in an old and in a flexible version', () => {
    for (const version of [1, 12]) {
      const frame = concatBytes(
        encodeRequest(metadataApi, version, 7, 'crème', { topics: [{ name: 'cars' }], allowAutoTopicCreation: false }),
      );
      expect(new DataView(frame.buffer).getInt32(0)).toBe(frame.length - 4);
      const header = decodeRequestHeader(frame.subarray(4));
      expect(header).toMatchObject({ apiKey: 3, apiVersion: version, correlationId: 7, clientId: 'crème' });
      const request = decodeRequest(metadataApi, header);
      expect(request.topics).toEqual([{ name: 'cars', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]);
      expect(header.reader.remaining).toBe(0);
    }
  });

  it('give ApiVersions responses the oldest header in every version', () => {
    const frame = concatBytes(encodeResponse(apiVersionsApi, 3, 5, { errorCode: 0, apiKeys: [] }));
    expect(toHex(frame)).toBe('0000000c' + '00000005' + '0000' + '01' + '00000000' + '00');
    expect(decodeResponse(apiVersionsApi, 3, frame.subarray(4)).body.finalizedFeaturesEpoch).toBe(-1n);
  });

  it('send large records by reference and read them as views', () => {
    const records = new Uint8Array(5000).fill(9);
    const chunks = encodeResponse(fetchApi, 12, 1, {
      responses: [
        {
          topic: 't',
          partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 5n, abortedTransactions: null, records }],
        },
      ],
    });
    expect(chunks).toContain(records);
    const frame = concatBytes(chunks).subarray(4);
    const { body, correlationId } = decodeResponse(fetchApi, 12, frame);
    expect(correlationId).toBe(1);
    const partition = body.responses[0]!.partitions[0]!;
    expect(partition.records).toEqual(records);
    expect(partition.records!.buffer).toBe(frame.buffer);
    expect(partition.lastStableOffset).toBe(-1n);
  });
});

describe('FrameSplitter', () => {
  it('finds the same frames however the stream is cut', () => {
    const frames = [new Uint8Array(0), new Uint8Array([1]), new Uint8Array(300).fill(3), new Uint8Array([4, 5])];
    const stream = concatBytes(frames.flatMap((f) => [new Uint8Array([0, 0, f.length >> 8, f.length]), f]));
    for (let step = 1; step <= stream.length; step++) {
      const splitter = new FrameSplitter();
      const found: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += step) found.push(...splitter.push(stream.subarray(at, at + step)));
      expect(found).toEqual(frames);
      expect(splitter.heldBytes).toBe(0);
    }
  });

  it('does not copy a frame that came in one piece', () => {
    const stream = new Uint8Array([0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 9]);
    for (const frame of new FrameSplitter().push(stream)) expect(frame.buffer).toBe(stream.buffer);
  });

  it('refuses sizes beyond its bound before it keeps anything', () => {
    expect(() => new FrameSplitter(100).push(new Uint8Array([0, 0, 0, 101]))).toThrow(/101 bytes/);
    expect(() => new FrameSplitter().push(new Uint8Array([255, 255, 255, 255]))).toThrow(/-1 bytes/);
  });
});
