import { createHash, createHmac, hash, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Crypto } from './codec-interfaces.js';

/** {@link Crypto} over node:crypto. */
export const systemCrypto: Crypto = {
  digest(name) {
    const hash = createHash(name);
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
  hashHex: (name, bytes) => hash(name, bytes, 'hex'),
  hash: (name, bytes) => createHash(name).update(bytes).digest(),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  pbkdf2: (name, password, salt, iterations, bytes) => pbkdf2Sync(password, salt, iterations, bytes, name),
  randomBytes: (count) => randomBytes(count),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
};
