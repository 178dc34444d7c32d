import { fromUtf8 } from '../../../src/base/bytes.js';
import { systemNetwork } from '../../../src/base/system.js';
import { KafkaClient } from '../../../src/connect/kafka/client.js';
import { createMissingTopics } from '../../../src/connect/kafka/create-topics.js';
import { dataBatches } from '../../../src/connect/kafka/data-batches.js';
import { PartitionFetcher } from '../../../src/connect/kafka/fetcher.js';
import { topicRanges } from '../../../src/connect/kafka/offsets.js';
import { recordSection } from '../../../src/wire/record-batch.js';
import { RecordCursor } from '../../../src/wire/record-cursor.js';
import { testEdges } from '../../support/client-edges.js';
import { startTestBroker, type TestBroker } from '../../support/test-broker.js';

/** A broker in this process with a client to it. */
export interface Cluster {
  readonly broker: TestBroker;
  readonly client: KafkaClient;
  /** Another client, over a network of its own. */
  connect(network?: typeof systemNetwork, properties?: Record<string, number>): KafkaClient;
  topic(name: string, partitions: number): Promise<string>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const broker = await startTestBroker();
  const clients: KafkaClient[] = [];
  const connect: Cluster['connect'] = (network = systemNetwork, properties = {}) => {
    const client = new KafkaClient({ ...broker.settings, ...properties }, { ...testEdges(), network });
    clients.push(client);
    return client;
  };
  const client = connect();
  return {
    broker,
    client,
    connect,
    async topic(name, partitions) {
      await createMissingTopics(client, [{ name, partitions }]);
      return name;
    },
    async stop() {
      for (const open of clients) await open.close();
      await broker.stop();
    },
  };
}

export interface SeenRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | null>>;
}

/** All records of a topic, by partition and offset. */
export async function readAll(client: KafkaClient, topic: string): Promise<SeenRecord[]> {
  const fetcher = new PartitionFetcher(client, { maxWaitMs: 50 });
  const ranges = await topicRanges(client, topic);
  fetcher.assign(ranges.map(({ partition, earliest }) => ({ topic, partition, offset: earliest })));
  const seen: SeenRecord[] = [];
  const isBehind = (): boolean =>
    ranges.some(({ partition, latest }) => fetcher.position({ topic, partition })! < latest);
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : fromUtf8(bytes));
  while (isBehind()) {
    const fetched = await fetcher.next(1000);
    if (!fetched) continue;
    const cursor = new RecordCursor();
    for (const header of dataBatches(fetched, client.edges.compression)) {
      cursor.open(header, recordSection(fetched.records, header, client.edges.compression, 1e9));
      while (cursor.next()) {
        if (cursor.offset < fetched.fromOffset) continue;
        const { offset, timestampMs } = cursor;
        const { partition } = fetched;
        seen.push({
          partition,
          offset,
          timestampMs,
          key: text(cursor.key()),
          value: text(cursor.value()),
          headers: Object.fromEntries(cursor.headers().map((header) => [header.key, text(header.value)])),
        });
      }
    }
  }
  await fetcher.close();
  return seen.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
