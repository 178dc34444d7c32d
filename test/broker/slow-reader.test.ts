import { expect, it } from 'vitest';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { encodeRequest } from '../../src/wire/frame.js';
import { settle } from '../support/sim-clock.js';
import { makeTopic, produce, scene } from './broker-fixture.js';

const RECORD_BYTES = 50_000;
const UNSENT_BYTES = 200_000;

it('a client that asks and does not read holds a bounded number of bytes, and gets the rest when it reads', async () => {
  const { client, connect } = await scene({ limits: { unsentBytes: UNSENT_BYTES } });
  await makeTopic(client, 't');
  await produce(client, 't', ['x'.repeat(RECORD_BYTES)]);
  const slow = await connect();
  slow.pause();
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }];
  for (let n = 0; n < 60; n++) {
    slow.sendRaw(encodeRequest(fetchApi, 11, n, null, { maxWaitMs: 0, minBytes: 1, topics }));
    await settle();
  }
  expect(slow.unreadBytes).toBeGreaterThan(UNSENT_BYTES / 2);
  expect(slow.unreadBytes).toBeLessThan(UNSENT_BYTES + 2 * RECORD_BYTES);
  expect((await client.call(metadataApi, 9, { topics: null })).topics).toHaveLength(1);
  const answers = Array.from({ length: 60 }, () => slow.answer());
  slow.resume();
  expect((await Promise.all(answers)).every((frame) => frame.length > RECORD_BYTES)).toBe(true);
});

it('many clients that do not read hold a bounded number of bytes together, and the others are served', async () => {
  const unsentTotalBytes = 4 * RECORD_BYTES;
  const { client, connect, lines } = await scene({ limits: { unsentTotalBytes } });
  await makeTopic(client, 't');
  await produce(client, 't', ['x'.repeat(RECORD_BYTES)]);
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }];
  const slow = [];
  for (let n = 0; n < 10; n++) {
    const reader = await connect();
    slow.push(reader);
    reader.pause();
    reader.sendRaw(encodeRequest(fetchApi, 11, n, null, { maxWaitMs: 0, minBytes: 1, topics }));
    await settle();
  }
  const held = slow.filter(({ isClosed }) => !isClosed).reduce((sum, reader) => sum + reader.unreadBytes, 0);
  expect(held).toBeLessThan(unsentTotalBytes + 2 * RECORD_BYTES);
  expect(lines.filter((line) => line.includes('does not read its answers')).length).toBeGreaterThan(4);
  const answer = await client.call(fetchApi, 11, { maxWaitMs: 0, minBytes: 1, topics });
  expect(answer.responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(RECORD_BYTES);
});
