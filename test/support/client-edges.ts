import { systemCompression } from '../../src/base/compression.js';
import { systemCrypto } from '../../src/base/crypto.js';
import { seededRandom } from '../../src/base/random.js';
import { systemClock, systemNetwork } from '../../src/base/system.js';
import type { ClientEdges } from '../../src/connect/kafka/interfaces.js';

/** The real machine as a Kafka client sees it, with reproducible random numbers. */
export function testEdges(): ClientEdges {
  return {
    clock: systemClock,
    network: systemNetwork,
    crypto: systemCrypto,
    compression: systemCompression,
    random: seededRandom(7),
  };
}
