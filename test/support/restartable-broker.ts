import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { startTestBroker, type TestBroker } from './test-broker.js';

/** A broker in this process that keeps its folder and port over restarts, with kafkajs connected to it. */
export interface RestartableBroker {
  readonly kafka: Kafka;
  readonly port: number;
  /** Stops it and starts it again over the same data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a {@link RestartableBroker}. */
export async function startRestartableBroker(): Promise<RestartableBroker> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'streamctl-restartable-'));
  let broker: TestBroker = await startTestBroker({ dataFolder });
  const { port } = broker.running;
  const kafka = new Kafka({
    clientId: 'test',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 100 },
  });
  return {
    kafka,
    port,
    restart: async () => {
      await broker.running.close();
      broker = await startTestBroker({ dataFolder, port });
    },
    stop: async () => {
      await broker.running.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
