import { concatBytes, fromUtf8, utf8 } from '../../../base/bytes.js';
import type { Compression } from '../../../base/codec-interfaces.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import type { HttpFailure, HttpFailureReason, HttpHeaders, HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { Feed, JsonObject, PollReport } from './interfaces.js';

const VERSION = 1;
/** Bound of one exchange once it is inflated. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;
/** How every gzip member that this program writes begins: no name, no time. */
const MEMBER_START = [0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00];
const GZIP_MAGIC = 0x1f;

/**
 * How the answers of an address are read, by flag of `poll`: its paths, its key, its time. APIs that are known by name
 * know that themselves, and recordings of early versions lack it.
 */
export type CassetteReading = { readonly [flag: string]: JsonValue };

/** What was polled: enough to read the answers again without any other setting. */
export interface CassetteHeader {
  readonly kind: 'cassette';
  readonly version: number;
  /** Name of the API, or the address. */
  readonly source: string;
  /** Parameters of an API by name. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** Of an address. */
  readonly reading?: CassetteReading;
  readonly feeds: readonly (Pick<Feed, 'id' | 'isLookup'> & {
    readonly url: string;
    readonly parameters: JsonObject;
  })[];
}

/** One recorded exchange. */
export interface RecordedExchange {
  readonly kind: 'exchange';
  /** When it was sent, epoch ms. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly round: number;
  readonly page: number;
  readonly feed: string;
  /** What it meant to the poller then. */
  readonly meaning: PollReport['kind'];
  /** Without secrets. */
  readonly request: { readonly url: string; readonly headers: HttpHeaders };
  readonly outcome: HttpResponse | HttpFailure;
}

/** A line of a cassette as it stands in the file. */
interface ExchangeLine extends Omit<RecordedExchange, 'outcome'> {
  readonly response?: {
    readonly status: number;
    readonly headers: HttpHeaders;
    readonly body?: string;
    readonly bodyBase64?: string;
  };
  readonly failure?: { readonly reason: HttpFailureReason; readonly message: string };
}

/** What a cassette holds. */
export interface Cassette {
  readonly header: CassetteHeader;
  readonly exchanges: readonly RecordedExchange[];
  /** Bytes at the end that are no whole exchange: the recording was cut off. */
  readonly tornBytes: number;
}

/** Appends lines of NDJSON, each a gzip member of its own: `zcat` reads them, and a kill costs the last one at most. */
export class CassetteFile {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #compression: Compression;
  #size: number;

  private constructor(files: FileSystem, path: string, compression: Compression, size: number) {
    this.#files = files;
    this.#path = path;
    this.#compression = compression;
    this.#size = size;
  }

  /**
   * Opens a file to record to; one that holds a recording of the same source goes on behind it.
   * @throws `conflict` when it holds something else, or is plain text (what is appended is not), `disk-failed`
   */
  static async open(
    files: FileSystem,
    path: string,
    compression: Compression,
    header: CassetteHeader,
  ): Promise<CassetteFile> {
    await compression.prepare('gzip');
    if (!files.exists(path) || files.readFile(path).length === 0) {
      const file = new CassetteFile(files, path, compression, 0);
      file.#append(header as unknown as JsonValue);
      return file;
    }
    const known = await readCassette(files, path, compression);
    const bytes = files.readFile(path);
    if (bytes[0] !== GZIP_MAGIC) {
      throw new StreamctlError('conflict', `${path} is not compressed: nothing is recorded behind it`, {
        hint: `gzip it first, or name another file with --cassette`,
      });
    }
    const whole = bytes.length - known.tornBytes;
    if (known.header.source !== header.source || JSON.stringify(known.header.feeds) !== JSON.stringify(header.feeds)) {
      throw new StreamctlError('conflict', `${path} holds a recording of something else`, {
        detail: `it holds ${known.header.source}: ${known.header.feeds.map(({ id }) => id).join(', ')}`,
        hint: 'name another file with --cassette',
      });
    }
    return new CassetteFile(files, path, compression, whole);
  }

  /** @throws `disk-failed` */
  add({ outcome, ...exchange }: RecordedExchange): void {
    const line: ExchangeLine =
      outcome.kind === 'failure'
        ? { ...exchange, failure: { reason: outcome.reason, message: outcome.message } }
        : { ...exchange, response: { status: outcome.status, headers: outcome.headers, ...bodyOf(outcome.body) } };
    this.#append(line as unknown as JsonValue);
  }

  #append(line: JsonValue): void {
    const bytes = this.#compression.compress('gzip', utf8(`${JSON.stringify(line)}\n`));
    const handle = this.#files.open(this.#path, 'append');
    try {
      handle.truncate(this.#size);
      handle.write([bytes], this.#size);
    } finally {
      handle.close();
    }
    this.#size += bytes.length;
  }
}

function bodyOf(body: Uint8Array): { readonly body: string } | { readonly bodyBase64: string } {
  const text = fromUtf8(body);
  const isText = utf8(text).length === body.length && !text.includes('\ufffd');
  return isText ? { body: text } : { bodyBase64: toBase64(body) };
}

/**
 * Reads a cassette, gzipped or plain. An exchange that was cut off at the end is left out.
 * @throws `not-found`, `bad-data`
 */
export async function readCassette(files: FileSystem, path: string, compression: Compression): Promise<Cassette> {
  await compression.prepare('gzip');
  const { text, tornBytes } = inflate(files.readFile(path), path, compression);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const parsed = lines.map((line, index) => parseLine(line, path, index + 1));
  const [header, ...rest] = parsed as [CassetteHeader | undefined, ...ExchangeLine[]];
  if (header?.kind !== 'cassette' || header.version !== VERSION) {
    throw new StreamctlError('bad-data', `${path} is not a cassette`, {
      detail:
        header?.kind === 'cassette'
          ? `it is of version ${header.version}, not ${VERSION}`
          : 'its first line does not say so',
      hint: 'record one with --cassette FILE --mode record',
    });
  }
  return { header, exchanges: rest.map(exchangeOf), tornBytes };
}

/** Version of the files that {@link CassetteFile} writes. */
export const CASSETTE_VERSION = VERSION;

function inflate(bytes: Uint8Array, path: string, compression: Compression): { text: string; tornBytes: number } {
  if (bytes[0] !== GZIP_MAGIC) return { text: fromUtf8(bytes), tornBytes: 0 };
  const starts = memberStarts(bytes);
  // Written by gzip itself: one member, its header with name and time.
  if (starts[0] !== 0) return { text: fromUtf8(compression.decompress('gzip', bytes, MAX_LINE_BYTES)), tornBytes: 0 };
  const pieces: Uint8Array[] = [];
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? bytes.length;
    try {
      pieces.push(compression.decompress('gzip', bytes.subarray(start, end), MAX_LINE_BYTES));
    } catch (cause) {
      if (index > 0 && index === starts.length - 1) {
        return { text: fromUtf8(concatBytes(pieces)), tornBytes: end - start };
      }
      throw new StreamctlError('bad-data', `${path} is damaged: exchange ${index} cannot be inflated`, { cause });
    }
  }
  return { text: fromUtf8(concatBytes(pieces)), tornBytes: 0 };
}

function memberStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(GZIP_MAGIC); at >= 0; at = bytes.indexOf(GZIP_MAGIC, at + 1)) {
    if (MEMBER_START.every((byte, index) => bytes[at + index] === byte)) starts.push(at);
  }
  // Fewer bytes than a header: a member that was only begun.
  return starts;
}

function parseLine(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new StreamctlError('bad-data', `${path}: line ${number} is not JSON`, { cause });
  }
}

function exchangeOf({ response, failure, ...exchange }: ExchangeLine): RecordedExchange {
  if (!response) {
    const { reason, message } = failure ?? { reason: 'broken', message: 'nothing was recorded' };
    return { ...exchange, outcome: { kind: 'failure', reason, message } };
  }
  const { status, headers, body, bodyBase64 } = response;
  const bytes = bodyBase64 === undefined ? utf8(body ?? '') : fromBase64(bodyBase64);
  return { ...exchange, outcome: { kind: 'response', status, headers, body: bytes } };
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
