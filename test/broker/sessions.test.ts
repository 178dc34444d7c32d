import { describe, expect, it } from 'vitest';
import { offers } from '../../src/broker/handlers/index.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { apiVersionsApi } from '../../src/wire/apis/18-api-versions.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { decodeResponse, encodeRequest } from '../../src/wire/frame.js';
import { settle } from '../support/sim-clock.js';
import { makeTopic, scene } from './broker-fixture.js';

/** A request frame of any API and version with a body of zeros. */
function rawRequest(apiKey: number, version: number, bodyBytes = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 10 + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt16(4, apiKey);
  view.setInt16(6, version);
  view.setInt32(8, 77);
  view.setInt16(12, -1);
  return bytes;
}

describe('ApiVersions', () => {
  it('lists exactly what has a handler, and Produce from 0 for librdkafka', async () => {
    const { client } = await scene();
    const { apiKeys } = await client.call(apiVersionsApi, 4, {});
    expect(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])).toEqual(
      offers.map(({ key, minVersion, maxVersion }) => [key, key === 0 ? 0 : minVersion, maxVersion]),
    );
    const acls = [29, 30, 31];
    expect(apiKeys.filter(({ apiKey }) => acls.includes(apiKey))).toEqual([]);
  });

  it('answers a version it does not know in the oldest form, with the real list', async () => {
    const { client } = await scene();
    client.sendRaw([rawRequest(18, 5, 0)]);
    const answer = decodeResponse(apiVersionsApi, 0, await client.answer());
    expect(answer.correlationId).toBe(77);
    expect(answer.body.errorCode).toBe(errorCodes.UNSUPPORTED_VERSION);
    expect(answer.body.apiKeys.length).toBe(offers.length);
  });

  it('leaves out features with a lowest version of 0 before version 4: older Java clients refuse such a broker', async () => {
    const { client } = await scene();
    const lowest = async (version: number): Promise<Record<string, number>> => {
      const { supportedFeatures } = await client.call(apiVersionsApi, version, {});
      return Object.fromEntries(supportedFeatures.map(({ name, minVersion }) => [name, minVersion]));
    };
    expect(await lowest(3)).toEqual({ 'metadata.version': 7 });
    expect(await lowest(4)).toEqual({ 'metadata.version': 7, 'transaction.version': 0 });
  });

  it('has no tagged fields in its header, in no version', async () => {
    const { client } = await scene();
    for (let version = 0; version <= 4; version++) {
      const frame = await client.frame(apiVersionsApi, version, {});
      expect([...frame.subarray(4, 6)], `version ${version}`).toEqual([0, 0]);
    }
  });

  it('offers what librdkafka looks for, and finalises transaction version 2', async () => {
    const { client } = await scene();
    const { apiKeys, finalizedFeatures, finalizedFeaturesEpoch } = await client.call(apiVersionsApi, 3, {});
    const offered = new Map(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));
    for (const key of [8, 9, 10, 11, 12, 13, 14]) expect(offered.has(key)).toBe(true);
    expect(offered.get(0)).toBeGreaterThanOrEqual(7);
    expect(offered.get(1)).toBeGreaterThanOrEqual(10);
    expect(finalizedFeaturesEpoch).toBeGreaterThanOrEqual(0n);
    expect(finalizedFeatures.find(({ name }) => name === 'transaction.version')?.maxVersionLevel).toBe(2);
  });
});

describe('a connection', () => {
  it('answers in order where handlers are loaded by the first request for them', async () => {
    const { client } = await scene({ lazy: true });
    const order: string[] = [];
    await Promise.all([
      client.call(metadataApi, 9, { topics: null }).then(() => order.push('metadata')),
      client.call(apiVersionsApi, 3, {}).then(() => order.push('versions')),
      client.call(metadataApi, 9, { topics: null }).then(() => order.push('metadata again')),
    ]);
    expect(order).toEqual(['metadata', 'versions', 'metadata again']);
  });

  it.each([
    ['an API that is not offered', [rawRequest(29, 1)]],
    ['a version that is not served', [rawRequest(0, 2)]],
    ['a negative size', [new Uint8Array([255, 255, 255, 255])]],
    ['a giant size', [new Uint8Array([127, 255, 255, 255])]],
    ['HTTP', [new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
    ['a TLS greeting', [new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])]],
    ['a body that ends too early', [rawRequest(1, 12, 1)]],
    ['an empty frame', [new Uint8Array(4)]],
  ])('is closed after %s, and the others go on', async (_what, chunks) => {
    const { client, connect, lines } = await scene();
    await makeTopic(client, 't');
    const hostile = await connect();
    hostile.sendRaw(chunks);
    await hostile.closed;
    expect(lines.at(-1)).toContain('was cut off');
    expect((await client.call(metadataApi, 9, { topics: null })).topics).toHaveLength(1);
  });

  it('is not read any more while too many of its requests are open', async () => {
    const { client, connect, running } = await scene({ limits: { requestsInFlight: 4 } });
    await makeTopic(client, 't');
    const greedy = await connect();
    const wait = { maxWaitMs: 1_000_000, minBytes: 1, topics: [] as never[] };
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 }] }];
    for (let n = 0; n < 50; n++) greedy.sendRaw(encodeRequest(fetchApi, 11, n, null, { ...wait, topics }));
    await settle();
    const waiting = running.broker.topics.partition('t', 0)!;
    expect(waiting.watcherCount).toBe(4);
    greedy.close();
    await settle();
    expect(waiting.watcherCount).toBe(0);
  });

  it('does not wait for records where too many do, and may again once they went away', async () => {
    const { client, connect, running } = await scene({ limits: { waitingPartitions: 10 } });
    await makeTopic(client, 't');
    const partitions = Array.from({ length: 6 }, () => ({ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 }));
    const wait = { maxWaitMs: 1_000_000, minBytes: 1, topics: [{ topic: 't', partitions }] };
    const greedy = await connect();
    greedy.sendRaw(encodeRequest(fetchApi, 11, 1, null, wait));
    await settle();
    const partition = running.broker.topics.partition('t', 0)!;
    expect(partition.watcherCount).toBe(1);
    expect((await client.call(fetchApi, 11, wait)).responses[0]!.partitions).toHaveLength(6);
    greedy.close();
    await settle();
    client.sendRaw(encodeRequest(fetchApi, 11, 2, null, wait));
    await settle();
    expect(partition.watcherCount).toBe(1);
  });

  it('that never says anything makes room when there are too many', async () => {
    const { client, connect, running } = await scene({ limits: { connections: 5 } });
    await client.call(metadataApi, 9, { topics: null });
    const silent = [];
    for (let n = 0; n < 20; n++) silent.push(await connect());
    await settle();
    expect(running.connections()).toBeLessThanOrEqual(5);
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
    expect(silent.filter(({ isClosed }) => isClosed).length).toBeGreaterThanOrEqual(15);
  });

  it('that is silent for too long is closed', async () => {
    const { client, clock } = await scene({ limits: { idleConnectionMs: 60_000 } });
    await client.call(metadataApi, 9, { topics: null });
    await clock.advance(50_000);
    expect(client.isClosed).toBe(false);
    await clock.advance(30_000);
    expect(client.isClosed).toBe(true);
  });

  it('whose unfinished requests fill the memory is cut off, the largest first', async () => {
    const { client, connect } = await scene({ limits: { heldBytes: 100_000 } });
    const small = await connect();
    const large = await connect();
    small.sendRaw([new Uint8Array([0, 1, 0, 0]), new Uint8Array(1000)]);
    large.sendRaw([new Uint8Array([0, 16, 0, 0]), new Uint8Array(120_000)]);
    await large.closed;
    expect(small.isClosed).toBe(false);
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
  });

  it('whose whole requests that are not begun fill the memory is cut off, too', async () => {
    const { client, connect } = await scene({ limits: { heldBytes: 100_000, requestsInFlight: 1 } });
    await makeTopic(client, 't');
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 }] }];
    const wait = encodeRequest(fetchApi, 11, 1, null, { maxWaitMs: 1_000_000, minBytes: 1, topics });
    const small = await connect();
    const large = await connect();
    for (const each of [small, large]) each.sendRaw(wait);
    await settle();
    small.sendRaw([rawRequest(0, 7, 60_000)]);
    await settle();
    expect(small.isClosed).toBe(false);
    large.sendRaw([rawRequest(0, 7, 70_000)]);
    await settle();
    expect([small.isClosed, large.isClosed]).toEqual([false, true]);
    large.close();
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
  });

  it('with a request of too many parts is cut off', async () => {
    const { client, connect } = await scene();
    const hostile = await connect();
    const topics = Array.from({ length: 500_001 }, () => ({ name: '' }));
    hostile.sendRaw(encodeRequest(metadataApi, 1, 1, null, { topics }));
    await settle();
    expect(hostile.isClosed).toBe(true);
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
  });
});
