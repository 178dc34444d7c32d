import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/base/crc32c.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { deleteTopicsApi } from '../../src/wire/apis/20-delete-topics.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { readBatchHeader } from '../../src/wire/record-batch.js';
import { batchOf } from '../support/sim-broker.js';
import { settle } from '../support/sim-clock.js';
import { fetchFrom, makeTopic, produce, scene, valuesIn } from './broker-fixture.js';

describe('produce and fetch', () => {
  it('gives back the bytes as they came, with offset and leader epoch set', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    const batch = batchOf(['a', 'b', 'c']);
    expect(await produce(client, 't', ['x'])).toMatchObject({ errorCode: 0, baseOffset: 0n, logStartOffset: 0n });
    expect(await produce(client, 't', batch)).toMatchObject({ errorCode: 0, baseOffset: 1n });
    const { records, highWatermark } = await fetchFrom(client, 't', 2);
    expect(highWatermark).toBe(4n);
    expect(readBatchHeader(records!)).toMatchObject({ baseOffset: 1, leaderEpoch: 0 });
    expect(records!.slice(16)).toEqual(batch.slice(16));
    expect(valuesIn(records)).toEqual(['a', 'b', 'c']);
  });

  it('serves every version it offers', async () => {
    const { client } = await scene();
    const topicId = await makeTopic(client, 't');
    for (let version = 3; version <= 13; version++) {
      const { responses } = await client.call(produceApi, version, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [
          { ...(version < 13 ? { name: 't' } : { topicId }), partitionData: [{ index: 0, records: batchOf(['v']) }] },
        ],
      });
      expect(responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: BigInt(version - 3) });
    }
    for (let version = 4; version <= 18; version++) {
      const { responses } = await client.call(fetchApi, version, {
        maxWaitMs: 0,
        minBytes: 1,
        topics: [
          {
            ...(version < 13 ? { topic: 't' } : { topicId }),
            partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }],
          },
        ],
      });
      expect(valuesIn(responses[0]!.partitions[0]!.records)).toHaveLength(11);
    }
  });

  it('takes zstd only in versions whose clients can read it', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    // The attributes say zstd; what is compressed is not looked at when a batch enters.
    const records = batchOf(['a']);
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    view.setUint16(21, 4);
    view.setUint32(17, crc32c(records, 21));
    for (const [version, errorCode] of [
      [6, errorCodes.UNSUPPORTED_COMPRESSION_TYPE],
      [7, errorCodes.NONE],
    ] as const) {
      const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
      const { responses } = await client.call(produceApi, version, { acks: -1, timeoutMs: 1000, topicData });
      expect([version, responses[0]!.partitionResponses[0]!.errorCode]).toEqual([version, errorCode]);
    }
  });

  it('refuses what must not enter a log', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 1, { 'max.message.bytes': '300' });
    const damaged = batchOf(['abc']);
    damaged[70] = damaged[70]! ^ 1;
    const two = new Uint8Array([...batchOf(['a']), ...batchOf(['b'])]);
    const control = batchOf(['a'], { producerId: 1, producerEpoch: 0, baseSequence: 0 });
    const future = batchOf(['a'], undefined, 1_700_000_000_000 + 3_700_000);
    const cases: [Uint8Array, number][] = [
      [damaged, errorCodes.CORRUPT_MESSAGE],
      [batchOf(['a']).subarray(0, 40), errorCodes.CORRUPT_MESSAGE],
      [two, errorCodes.INVALID_RECORD],
      [new Uint8Array(0), errorCodes.INVALID_RECORD],
      [batchOf(['x'.repeat(400)]), errorCodes.MESSAGE_TOO_LARGE],
      [future, errorCodes.INVALID_TIMESTAMP],
    ];
    for (const [records, errorCode] of cases) {
      expect(await produce(client, 't', records)).toMatchObject({ errorCode, baseOffset: -1n });
    }
    expect(await produce(client, 'none', ['a'])).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION });
    expect(await produce(client, 't', control, { acks: 2 })).toMatchObject({
      errorCode: errorCodes.INVALID_REQUIRED_ACKS,
    });
    expect(valuesIn((await fetchFrom(client, 't', 0)).records)).toEqual([]);
  });

  it('refuses records without a key in a compacted topic, and says which', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 1, { 'cleanup.policy': 'compact' });
    const { errorCode, recordErrors } = await produce(client, 't', ['a', 'b']);
    expect(errorCode).toBe(errorCodes.INVALID_RECORD);
    expect(recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1]);
  });

  it('gives records the time of their arrival where the topic wants it', async () => {
    const { client, clock } = await scene();
    await makeTopic(client, 't', 1, { 'message.timestamp.type': 'LogAppendTime' });
    clock.jump(5000);
    expect(await produce(client, 't', ['a'])).toMatchObject({ errorCode: 0, logAppendTimeMs: BigInt(clock.now()) });
    const { records } = await fetchFrom(client, 't', 0);
    expect(readBatchHeader(records!)).toMatchObject({ maxTimestampMs: clock.now() });
    expect(valuesIn(records)).toEqual(['a']);
  });

  it('does not answer acks=0, and closes the connection when it fails', async () => {
    const { client, connect } = await scene();
    await makeTopic(client, 't');
    const other = await connect();
    const send = (name: string): Promise<Uint8Array> =>
      other.frame(produceApi, 9, {
        acks: 0,
        timeoutMs: 1,
        topicData: [{ name, partitionData: [{ index: 0, records: batchOf(['z']) }] }],
      });
    void send('t').catch(() => {});
    await settle();
    expect(valuesIn((await fetchFrom(client, 't', 0)).records)).toEqual(['z']);
    void send('none').catch(() => {});
    await other.closed;
  });

  it('answers pipelined requests in order, whatever takes longer', async () => {
    const { client, clock } = await scene();
    await makeTopic(client, 't');
    const order: string[] = [];
    const slow = fetchFrom(client, 't', 0, { maxWaitMs: 500 }).then(() => order.push('fetch'));
    const quick = produce(client, 't', ['a'], { acks: 1, partition: 9 }).then(() => order.push('produce'));
    await settle();
    expect(order).toEqual([]);
    await clock.advance(600);
    await Promise.all([slow, quick]);
    expect(order).toEqual(['fetch', 'produce']);
  });

  it('keeps a batch larger than all bounds readable', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    await produce(client, 't', ['x'.repeat(5000)]);
    await produce(client, 't', ['y']);
    expect(valuesIn((await fetchFrom(client, 't', 0, { maxBytes: 100 })).records)[0]).toHaveLength(5000);
  });
});

describe('a waiting fetch', () => {
  it('wakes up when records are durable, not before', async () => {
    const { client, connect } = await scene();
    await makeTopic(client, 't');
    const waiting = fetchFrom(await connect(), 't', 0, { maxWaitMs: 10_000 });
    await settle();
    await produce(client, 't', ['a']);
    expect(valuesIn((await waiting).records)).toEqual(['a']);
  });

  it('waits for enough bytes, at most as long as asked', async () => {
    const { client, connect, clock } = await scene();
    await makeTopic(client, 't');
    const waiting = fetchFrom(await connect(), 't', 0, { maxWaitMs: 1000, minBytes: 150 });
    await produce(client, 't', ['a']);
    let done = false;
    void waiting.then(() => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    await produce(client, 't', ['b']);
    await produce(client, 't', ['c']);
    expect(valuesIn((await waiting).records).slice(0, 2)).toEqual(['a', 'b']);
    const empty = fetchFrom(await connect(), 't', 3, { maxWaitMs: 1000, minBytes: 1 });
    await clock.advance(1001);
    expect((await empty).records).toHaveLength(0);
    expect(clock.pending()).toBeLessThan(8);
  });

  it('learns that its topic was deleted', async () => {
    const { client, connect } = await scene();
    await makeTopic(client, 't');
    await produce(client, 't', ['a']);
    const waiting = fetchFrom(await connect(), 't', 1, { maxWaitMs: 10_000 });
    await settle();
    const { responses } = await client.call(deleteTopicsApi, 5, { topicNames: ['t'], timeoutMs: 1000 });
    expect(responses[0]!.errorCode).toBe(0);
    expect((await waiting).errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('says at once that an offset is not there', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    const answer = await fetchFrom(client, 't', 7, { maxWaitMs: 10_000 });
    expect(answer.errorCode).toBe(errorCodes.OFFSET_OUT_OF_RANGE);
    expect(answer.records).toHaveLength(0);
  });
});
