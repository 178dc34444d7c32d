import { createRequire } from 'node:module';
import type { Crc32c } from './crc32c.js';

/**
 * CRC-32C with the processor's own instruction, undefined where the optional package is not installed or not made for this
 * machine.
 */
export function nativeCrc32c(): Crc32c | undefined {
  try {
    const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: Crc32c };
    return crc32c;
  } catch {
    return undefined;
  }
}
