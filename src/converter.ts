import { parentPort } from 'node:worker_threads';
import { systemCrypto } from './base/crypto.js';
import { systemFiles } from './base/system-files.js';
import type { FromConverter, ToConverter } from './connect/sources/replay/convert-job.js';
import { serveConverter } from './connect/sources/replay/converter.js';

/** The thread of `replay` that converts a file ahead. */
const port = parentPort!;
serveConverter(
  {
    send: (message: FromConverter, moved = []) => port.postMessage(message, [...moved]),
    listen: (take: (message: ToConverter) => void) => port.on('message', take),
    close: () => port.close(),
  },
  { files: systemFiles, crypto: systemCrypto },
);
