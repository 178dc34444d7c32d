import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { md5, sha1, sha2 } from '../../src/base/hash.js';

const oracle = (name: string, text: string): string => createHash(name).update(text, 'utf8').digest('hex');

describe('hashes', () => {
  it('knows the vectors of the standards', () => {
    expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(md5('message digest')).toBe('f96b697d7cb7938d525a2f31aaf161d0');
    expect(sha1('abc')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(sha2('abc', 256)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('agrees with OpenSSL for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.nat(300).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect(md5(given)).toBe(oracle('md5', given));
        expect(sha1(given)).toBe(oracle('sha1', given));
        for (const bits of [224, 256, 384, 512] as const) expect(sha2(given, bits)).toBe(oracle(`sha${bits}`, given));
      }),
      { numRuns: 200 },
    );
  });
});
