import { afterEach } from 'vitest';
import { systemCompression } from '../../src/base/compression.js';
import { systemCrypto } from '../../src/base/crypto.js';
import { type BrokerOptions, type RunningBroker, startBroker } from '../../src/broker/start-broker.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { createTopicsApi } from '../../src/wire/apis/19-create-topics.js';
import { readCompleteBatches } from '../../src/wire/record-batch.js';
import { RecordCursor } from '../../src/wire/record-cursor.js';
import { batchOf, type TestProducer } from '../support/sim-broker.js';
import { SimClock } from '../support/sim-clock.js';
import { SimFiles } from '../support/sim-files.js';
import { SimNetwork } from '../support/sim-network.js';
import { WireClient } from '../support/wire-client.js';

/** A broker with everything simulated, and a client of it. */
export interface Scene {
  files: SimFiles;
  readonly clock: SimClock;
  readonly network: SimNetwork;
  running: RunningBroker;
  client: WireClient;
  readonly lines: string[];
  /** kill -9 and a new start; gives a new client too. */
  restart(): Promise<void>;
  /** A new connection. */
  connect(): Promise<WireClient>;
}

const PORT = 9092;
const running: RunningBroker[] = [];

afterEach(async () => {
  for (const broker of running.splice(0)) await broker.close().catch(() => {});
});

/** Starts a broker for one test. */
export async function scene(options: Partial<BrokerOptions> = {}): Promise<Scene> {
  const clock = new SimClock();
  const network = new SimNetwork();
  const lines: string[] = [];
  const start = async (files: SimFiles): Promise<RunningBroker> => {
    const edges = { clock, files, network, crypto: systemCrypto, compression: systemCompression };
    const log = (line: string): void => void lines.push(line);
    const broker = await startBroker(edges, { dataFolder: '/data', host: '127.0.0.1', port: PORT, log, ...options });
    running.push(broker);
    return broker;
  };
  const files = new SimFiles();
  const made: Scene = {
    files,
    clock,
    network,
    lines,
    running: await start(files),
    client: await WireClient.open(network, PORT),
    connect: () => WireClient.open(network, PORT),
    async restart() {
      made.files = made.files.afterKill();
      await running
        .pop()!
        .close()
        .catch(() => {});
      made.running = await start(made.files);
      made.client = await WireClient.open(network, PORT);
    },
  };
  return made;
}

/** Makes a topic. */
export async function makeTopic(
  client: WireClient,
  name: string,
  numPartitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { topics } = await client.call(createTopicsApi, 7, {
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
  });
  if (topics[0]!.errorCode !== 0) throw new Error(`cannot make ${name}: ${topics[0]!.errorMessage}`);
  return topics[0]!.topicId;
}

/** Produces one batch; gives the partition's answer. */
export async function produce(
  client: WireClient,
  topic: string,
  records: Uint8Array | readonly string[],
  options: { readonly partition?: number; readonly acks?: number; readonly producer?: TestProducer } = {},
) {
  const bytes = records instanceof Uint8Array ? records : batchOf(records, options.producer);
  const answer = await client.call(produceApi, 11, {
    acks: options.acks ?? -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: options.partition ?? 0, records: bytes }] }],
  });
  return answer.responses[0]!.partitionResponses[0]!;
}

/** Fetches from one partition; gives the partition's answer. */
export async function fetchFrom(
  client: WireClient,
  topic: string,
  offset: number,
  options: {
    readonly partition?: number;
    readonly maxWaitMs?: number;
    readonly minBytes?: number;
    readonly maxBytes?: number;
    readonly committed?: boolean;
  } = {},
) {
  const answer = await client.call(fetchApi, 12, {
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: options.minBytes ?? 1,
    isolationLevel: options.committed ? 1 : 0,
    topics: [
      {
        topic,
        partitions: [
          {
            partition: options.partition ?? 0,
            fetchOffset: BigInt(offset),
            partitionMaxBytes: options.maxBytes ?? 1 << 20,
          },
        ],
      },
    ],
  });
  return answer.responses[0]!.partitions[0]!;
}

/** The values of plain records, by their order. */
export function valuesIn(records: Uint8Array | null): string[] {
  const values: string[] = [];
  for (const header of readCompleteBatches(records ?? new Uint8Array(0))) {
    const cursor = new RecordCursor();
    cursor.open(header, records!.subarray(header.start + 61, header.end));
    while (cursor.next()) values.push(new TextDecoder().decode(cursor.value() ?? undefined));
  }
  return values;
}
