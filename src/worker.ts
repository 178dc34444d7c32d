import { parentPort } from 'node:worker_threads';
import { systemCompression } from './base/compression.js';
import { accelerateCrc32c } from './base/crc32c.js';
import { systemCrypto } from './base/crypto.js';
import { seededRandom } from './base/random.js';
import { systemClock, systemFiles, systemNetwork } from './base/system.js';
import { nativeCrc32c } from './base/system-crc32c.js';
import type { FromWorker, ToWorker } from './run/worker-link.js';
import { serveWorker } from './run/worker-side.js';

/** A worker of `run --parallel`: the real world of its thread, and a line to the thread that started it. */
accelerateCrc32c(nativeCrc32c);
const port = parentPort!;
serveWorker(
  {
    send: (message: FromWorker) => port.postMessage(message),
    listen: (take: (message: ToWorker) => void) => port.on('message', take),
    close: () => port.close(),
  },
  {
    clock: systemClock,
    files: systemFiles,
    network: systemNetwork,
    crypto: systemCrypto,
    compression: systemCompression,
    random: seededRandom(new DataView(systemCrypto.randomBytes(4).buffer).getUint32(0)),
  },
);
