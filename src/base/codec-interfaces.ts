/** Kafka's compression codecs, in the order of their attribute bits. */
export const COMPRESSION_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CompressionName = (typeof COMPRESSION_NAMES)[number];

/** Streams of deflate: bare as in zip archives, or gzip with its members one after the other. */
export type DeflateFormat = 'raw' | 'gzip';

/** Compresses whole record sections in Kafka's framing of each codec, and unpacks files. The real one is in compression.ts. */
export interface Compression {
  /** Loads what `name` needs; must be awaited once before the first call with that codec. */
  prepare(name: CompressionName): Promise<void>;
  compress(name: CompressionName, bytes: Uint8Array): Uint8Array;
  /**
   * @param maxBytes bound of the result, checked while inflating.
   * @throws `bad-data` when malformed, `limit-exceeded` when the result would be larger.
   */
  decompress(name: CompressionName, bytes: Uint8Array, maxBytes: number): Uint8Array;
  /**
   * Unpacks a stream piece by piece, of any length: the caller stops where it is too much for it. The pieces given are not
   * changed until they are used up; those that come back are the caller's.
   * @throws `bad-data` when malformed or cut.
   */
  inflate(format: DeflateFormat, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** A digest that is fed piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal. */
  hex(): string;
}

export type HashName = 'sha256' | 'sha512' | 'md5';

/** The cryptographic calls the program needs. The real one is in crypto.ts. */
export interface Crypto {
  digest(name: HashName): Digest;
  hash(name: HashName, bytes: Uint8Array): Uint8Array;
  /** The same as lower-case hexadecimal: the quickest for many small inputs. */
  hashHex(name: HashName, bytes: Uint8Array): string;
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  pbkdf2(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number, bytes: number): Uint8Array;
  randomBytes(count: number): Uint8Array;
  /** Same bytes, compared in constant time. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}
