import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { BrokerOptions } from '../../src/broker/start-broker.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { createTopicsApi } from '../../src/wire/apis/19-create-topics.js';
import { hasRightCrc, readCompleteBatches } from '../../src/wire/record-batch.js';
import { hasCommand } from '../support/broker-under-test.js';
import { makeCertificate, OPENSSL } from '../support/certificate.js';
import { RawClient } from '../support/raw-client.js';
import { batchOf } from '../support/sim-broker.js';
import { startTestBroker } from '../support/test-broker.js';

const CLIENTS = 5;
const BATCHES = 8;
const BATCH_BYTES_MAX = 900_000;

/** What client number `client` sends as its `index`-th batch: told from all others anywhere in it. */
function textOf(client: number, index: number): string {
  const size = seededRandom(client * BATCHES + index).below(BATCH_BYTES_MAX);
  return `${client}:${index},`.repeat(Math.ceil(size / 5)).slice(0, size);
}

/** Sends all batches of one client, five requests in flight. */
async function produceAll(client: RawClient, number: number): Promise<void> {
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < BATCHES; index++) {
    if (index >= 5) await answers[index - 5];
    const records = batchOf([textOf(number, index)]);
    const topicData = [{ name: 't', partitionData: [{ index: number, records }] }];
    answers.push(client.send(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData }));
  }
  await Promise.all(answers);
}

/** Reads all partitions at once, several answers under way, until each has given all its batches. */
async function consumeAll(client: RawClient, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const next = Array.from({ length: CLIENTS }, () => 0);
  while (next.some((offset) => offset < BATCHES)) {
    const partitions = next.map((offset, partition) => ({
      partition,
      fetchOffset: BigInt(offset),
      partitionMaxBytes: 100_000 + random.below(2 * BATCH_BYTES_MAX),
    }));
    // Whoever waits for more than is there has what was read for nothing given back.
    const minBytes = 1 + random.below(3 * BATCH_BYTES_MAX);
    const body = { maxWaitMs: 50, minBytes, isolationLevel: random.below(2), topics: [{ topic: 't', partitions }] };
    const answers = await Promise.all([client.send(fetchApi, 11, body), client.send(fetchApi, 11, body)]);
    for (const answer of answers) {
      for (const { partitionIndex, records } of answer.responses[0]!.partitions) {
        for (const header of readCompleteBatches(records!)) {
          expect(hasRightCrc(records!, header)).toBe(true);
          const value = Buffer.from(batchOf([textOf(partitionIndex, header.baseOffset)]).subarray(61));
          expect(value.equals(records!.subarray(header.start + 61, header.end))).toBe(true);
          next[partitionIndex] = Math.max(next[partitionIndex]!, header.baseOffset + 1);
        }
      }
    }
  }
}

/** Produces and consumes with many connections at once. */
async function exchange(options: Partial<BrokerOptions>): Promise<void> {
  // Clients and broker take turns here: nobody is to be cut off as a slow reader.
  const broker = await startTestBroker({ ...options, limits: { unsentTotalBytes: 1 << 30 } });
  try {
    const address = `127.0.0.1:${broker.running.port}`;
    const clients = Array.from({ length: 2 * CLIENTS }, () => new RawClient(address, options.tls !== undefined));
    const topic = { name: 't', numPartitions: CLIENTS, replicationFactor: 1, assignments: [], configs: [] };
    await clients[0]!.send(createTopicsApi, 7, { topics: [topic] });
    await Promise.all(
      clients.map((client, number) => (number < CLIENTS ? produceAll(client, number) : consumeAll(client, number))),
    );
    for (const client of clients) client.close();
  } finally {
    await broker.stop();
  }
}

describe('large batches of many connections at once come back as they were sent', () => {
  it.each(['always', 'never'] as const)('with --fsync %s', (policy) => exchange({ policy }), 60_000);

  it.skipIf(!hasCommand(OPENSSL))(
    'over TLS, which reads to arrays of its own',
    () => exchange({ policy: 'never', tls: makeCertificate() }),
    60_000,
  );
});
