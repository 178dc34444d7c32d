import type { Crypto } from '../../src/base/codec-interfaces.js';
import { systemCompression } from '../../src/base/compression.js';
import { systemCrypto } from '../../src/base/crypto.js';
import type { Random } from '../../src/base/random.js';
import { type BrokerOptions, type RunningBroker, startBroker } from '../../src/broker/start-broker.js';
import { RecordBatchBuilder } from '../../src/wire/record-batch-builder.js';
import { SimClock } from './sim-clock.js';
import type { SimFiles } from './sim-files.js';
import { SimNetwork } from './sim-network.js';

/** A broker over simulated files, network and time. */
export function startSimBroker(
  files: SimFiles,
  options: Partial<BrokerOptions> = {},
  clock = new SimClock(),
): Promise<RunningBroker> {
  // Ids decide the order of folders, so they have to be the same in every run.
  const crypto: Crypto = { ...systemCrypto, randomBytes: (count) => countedBytes(count) };
  const edges = { clock, files, network: new SimNetwork(), crypto, compression: systemCompression };
  return startBroker(edges, { dataFolder: '/data', host: '127.0.0.1', port: 9092, ...options });
}

let idsMade = 0;

function countedBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  new DataView(bytes.buffer).setUint32(count - 4, ++idsMade);
  return bytes;
}

/** Begins the ids of brokers anew: one seed, one run. */
export function restartIds(): void {
  idsMade = 0;
}

/** Who writes a batch. */
export interface TestProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional?: boolean;
}

/** A batch of text values, as a producer sends it. */
export function batchOf(
  values: readonly string[],
  producer?: TestProducer,
  timestampMs = 1_700_000_000_000,
): Uint8Array {
  const builder = new RecordBatchBuilder(256);
  const encoder = new TextEncoder();
  for (const value of values) builder.append(timestampMs, null, encoder.encode(value));
  return builder.finish(producer ?? {});
}

/** `true` in one of `n` cases. */
export function oneIn(random: Random, n: number): boolean {
  return random.below(n) === 0;
}
