import { md5, sha1, sha2 } from '../../base/hash.js';
import { RowError } from '../row-error.js';
import type { ScalarFunction } from './scalar-function.js';

function anySha2(text: string, bits: number | bigint): string {
  const size = Number(bits);
  if (size === 224 || size === 256 || size === 384 || size === 512) return sha2(text, size);
  throw new RowError('SHA2 takes 224, 256, 384 or 512 bits');
}

/** Behaviour of the hashes. */
export const hashFunctions: Readonly<Record<string, ScalarFunction>> = {
  MD5: md5,
  SHA1: sha1,
  SHA224: (text: string) => sha2(text, 224),
  SHA256: (text: string) => sha2(text, 256),
  SHA384: (text: string) => sha2(text, 384),
  SHA512: (text: string) => sha2(text, 512),
  SHA2: anySha2,
};
