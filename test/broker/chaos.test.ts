import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { startTestBroker } from '../support/test-broker.js';

it('a client gets its records through a broker that answers every fourth request with a retriable error', async () => {
  const broker = await startTestBroker({ chaos: { seed: 3, rate: 0.25 } });
  try {
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${broker.running.port}`],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 5, maxRetryTime: 50, retries: 50 },
    });
    const producer = kafka.producer();
    await producer.connect();
    for (let n = 0; n < 30; n++) await producer.send({ topic: 't', messages: [{ value: String(n) }] });
    await producer.disconnect();
    const offsets = broker.running.broker.topics.partition('t', 0)!;
    expect(offsets.highWatermark).toBe(30);
  } finally {
    await broker.stop();
  }
});
