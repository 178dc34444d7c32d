import { pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { concatBytes } from './bytes.js';
import type { Compression, CompressionName, DeflateFormat } from './codec-interfaces.js';
import {
  badCompressed,
  lz4Size,
  snappyBlocks,
  snappySize,
  tooLarge,
  XERIAL_HEADER,
  zstdSize,
} from './compression-frames.js';
import { StreamctlError } from './errors.js';

/** Plain bytes in one xerial block, as the Java library writes them. */
const XERIAL_BLOCK_BYTES = 32_768;
const ZSTD_LEVEL = 3;
/** First guess for a zstd frame that does not say its size, per compressed byte; quadrupled until it fits. */
const ZSTD_GUESS_RATIO = 8;
/** How the WebAssembly decoder says that the target is too small (ZSTD_error_dstSize_tooSmall). */
const ZSTD_TARGET_TOO_SMALL = /code -70$/;

/** Compresses and inflates in one call. */
interface Codec {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

type InflateSync = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const loaders: Readonly<Record<CompressionName, () => Promise<Codec>>> = {
  none: async () => ({ compress: (bytes) => bytes, decompress: boundedCopy }),
  gzip: async () => ({
    compress: (bytes) => zlib.gzipSync(bytes),
    decompress: (bytes, maxBytes) => inflate('gzip', zlib.gunzipSync, bytes, maxBytes),
  }),
  snappy: loadSnappy,
  lz4: loadLz4,
  zstd: loadZstd,
};

const loaded = new Map<CompressionName, Codec>();

function codecOf(name: CompressionName): Codec {
  const codec = loaded.get(name);
  if (codec === undefined) throw new StreamctlError('internal', `compression ${name} was not prepared`);
  return codec;
}

/** {@link Compression} in the framings that Kafka's own clients write and read; codecs are loaded when first asked for. */
export const systemCompression: Compression = {
  async prepare(name) {
    if (!loaded.has(name)) loaded.set(name, await loaders[name]());
  },
  compress: (name, bytes) => asPlain(codecOf(name).compress(bytes)),
  decompress: (name, bytes, maxBytes) => asPlain(codecOf(name).decompress(bytes, maxBytes)),
  inflate: inflateStream,
};

/** Plain bytes of one piece of an unpacked stream. */
const INFLATED_PIECE_BYTES = 256 * 1024;

async function* inflateStream(
  format: DeflateFormat,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const options = { chunkSize: INFLATED_PIECE_BYTES };
  const inflater = format === 'raw' ? zlib.createInflateRaw(options) : zlib.createGunzip(options);
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  // The error reaches the reader through the inflater, which the pipeline destroys with it.
  pipeline(Readable.from(watched(), { objectMode: true, highWaterMark: 1 }), inflater, () => undefined);
  try {
    for await (const piece of inflater) yield asPlain(piece as Uint8Array);
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw badCompressed(format === 'raw' ? 'deflate' : 'gzip', messageOf(error), error);
  }
}

function boundedCopy(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) throw tooLarge('plain', maxBytes);
  return bytes;
}

function inflate(codec: string, inflateSync: InflateSync, bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const plain = inflateSync(bytes, { maxOutputLength: Math.max(maxBytes, 1) });
    return boundedCopy(plain, maxBytes);
  } catch (error) {
    if (error instanceof StreamctlError) throw error;
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(codec, maxBytes);
    throw badCompressed(codec, messageOf(error), error);
  }
}

async function loadSnappy(): Promise<Codec> {
  const { compressSync, uncompressSync } = await import('snappy');
  // Copying the result is several times faster than tying its memory to a finalizer.
  const options = { copyOutputData: true };
  return {
    compress(bytes) {
      const chunks: Uint8Array[] = [XERIAL_HEADER];
      for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
        const block = compressSync(bytes.subarray(at, at + XERIAL_BLOCK_BYTES), options);
        const size = new Uint8Array(4);
        new DataView(size.buffer).setUint32(0, block.length);
        chunks.push(size, block);
      }
      return concatBytes(chunks);
    },
    decompress(bytes, maxBytes) {
      const blocks = snappyBlocks(bytes);
      let total = 0;
      for (const block of blocks) total += snappySize(bytes, block);
      if (total > maxBytes) throw tooLarge('snappy', maxBytes);
      return guard('snappy', () => {
        const plain = blocks.map(({ start, end }) => uncompressSync(bytes.subarray(start, end), options) as Uint8Array);
        return plain.length === 1 ? plain[0]! : concatBytes(plain);
      });
    },
  };
}

async function loadLz4(): Promise<Codec> {
  const { compressFrameSync, decompressFrameSync } = await import('lz4-napi');
  return {
    compress: (bytes) => compressFrameSync(asBuffer(bytes)),
    decompress(bytes, maxBytes) {
      if (lz4Size(bytes, maxBytes) > maxBytes) throw tooLarge('lz4', maxBytes);
      return guard('lz4', () => decompressFrameSync(asBuffer(bytes)));
    },
  };
}

async function loadZstd(): Promise<Codec> {
  const { zstdCompressSync, zstdDecompressSync } = zlib as {
    zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
    zstdDecompressSync?: InflateSync;
  };
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return loadZstdModule();
  return {
    compress: (bytes) => zstdCompressSync(bytes),
    decompress(bytes, maxBytes) {
      if ((zstdSize(bytes) ?? 0) > maxBytes) throw tooLarge('zstd', maxBytes);
      return inflate('zstd', zstdDecompressSync, bytes, maxBytes);
    },
  };
}

/** For a Node without zstd of its own: WebAssembly. */
async function loadZstdModule(): Promise<Codec> {
  const { compress, decompress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  return {
    compress: (bytes) => compress(bytes, ZSTD_LEVEL),
    decompress(bytes, maxBytes) {
      const declared = zstdSize(bytes);
      if (declared !== undefined && declared > maxBytes) throw tooLarge('zstd', maxBytes);
      let target = Math.min(maxBytes, declared ?? bytes.length * ZSTD_GUESS_RATIO);
      for (;;) {
        try {
          return decompress(bytes, { defaultHeapSize: target });
        } catch (error) {
          if (!ZSTD_TARGET_TOO_SMALL.test(messageOf(error))) throw badCompressed('zstd', messageOf(error), error);
          if (declared !== undefined) throw badCompressed('zstd', 'it is longer than it says', error);
          if (target >= maxBytes) throw tooLarge('zstd', maxBytes);
          target = Math.min(maxBytes, target * 4);
        }
      }
    },
  };
}

function guard(codec: string, call: () => Uint8Array): Uint8Array {
  try {
    return call();
  } catch (error) {
    throw badCompressed(codec, messageOf(error), error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same memory without the methods of Buffer, so that all bytes of the program are of one kind. */
function asPlain(bytes: Uint8Array): Uint8Array {
  return bytes instanceof Buffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
