import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.js';
import { systemCompression } from '../../src/base/compression.js';
import { seededRandom } from '../../src/base/random.js';
import type { Connection } from '../../src/run/connection.js';
import { stateReader } from '../../src/run/read-state.js';
import { readState, STATE_CHUNK_BYTES, StateTopic } from '../../src/run/state-topic.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';
import { connectionTo } from './trips.js';

const TOPIC = 'streamctl-p-state-changelog';
let broker: TestBroker;
let connection: Connection;

beforeAll(async () => {
  broker = await startTestBroker();
  connection = connectionTo(broker.settings);
  await connection.createMissing([
    { name: TOPIC, partitions: 1, replicas: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
});
afterAll(async () => {
  await connection.close();
  await broker.stop();
});

function randomBytes(count: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: count }, () => random.below(256));
}

async function openTopic() {
  const producer = connection.producer({ onAcknowledged: (batch) => topic.acknowledged(batch) });
  const topic: StateTopic = new StateTopic(TOPIC, producer);
  await producer.prepare(TOPIC);
  return { topic, producer };
}

describe('a state topic', () => {
  const read = () => stateReader(connection, TOPIC, systemCompression);

  it.each([0, 1, STATE_CHUNK_BYTES, 2 * STATE_CHUNK_BYTES + 17])('gives back a state of %d bytes', async (size) => {
    const { topic, producer } = await openTopic();
    const state = randomBytes(size, size);
    const mark = await topic.write(state, { owner: 'state', slot: 0 });
    const later = await topic.write(randomBytes(3, 1), { owner: 'state', slot: 1 });
    expect(equalBytes(await readState(mark, read()), state)).toBe(true);
    expect(await readState(later, read())).toHaveLength(3);
    await producer.close();
  });

  it('passes over a state that was written again before it was committed', async () => {
    const { topic, producer } = await openTopic();
    const first = await topic.write(randomBytes(STATE_CHUNK_BYTES + 5, 1), { owner: 'state', slot: 0 });
    const second = await topic.write(randomBytes(STATE_CHUNK_BYTES + 5, 2), { owner: 'state', slot: 0 });
    expect(equalBytes(await readState(first, read()), randomBytes(STATE_CHUNK_BYTES + 5, 1))).toBe(true);
    expect(equalBytes(await readState(second, read()), randomBytes(STATE_CHUNK_BYTES + 5, 2))).toBe(true);
    await producer.close();
  });

  it('refuses a state that is not there, or not as it was', async () => {
    const { topic, producer } = await openTopic();
    const mark = await topic.write(randomBytes(100, 1), { owner: 'state', slot: 0 });
    await expect(readState({ ...mark, chunks: 2 }, read())).rejects.toMatchObject({ code: 'log-corrupt' });
    await expect(readState({ ...mark, crc: 1 }, read())).rejects.toThrow(/not there any more/);
    await producer.close();
  });
});
