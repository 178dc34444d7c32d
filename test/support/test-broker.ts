import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemFiles } from '../../src/base/system.js';
import { type BrokerOptions, type RunningBroker, startBroker } from '../../src/broker/start-broker.js';
import type { ClientSettings } from '../../src/connect/kafka/interfaces.js';
import { readClientSettings } from '../../src/connect/kafka/settings.js';
import { testEdges } from './client-edges.js';

/** A broker in this process, over real sockets and files in a temporary folder. */
export interface TestBroker {
  readonly running: RunningBroker;
  /** How clients reach it. */
  readonly settings: ClientSettings;
  readonly folder: string;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a {@link TestBroker}. @param options instead of the defaults: a free port, no waiting for the disk. */
export async function startTestBroker(options: Partial<BrokerOptions> = {}): Promise<TestBroker> {
  const folder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'streamctl-broker-'));
  const running = await startBroker(
    { ...testEdges(), files: systemFiles },
    { dataFolder: folder, host: '127.0.0.1', port: 0, policy: 'never', ...options },
  );
  return {
    running,
    folder,
    settings: readClientSettings([`127.0.0.1:${running.port}`], {}, () => ''),
    stop: async () => {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
