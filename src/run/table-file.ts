import { toHex } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { FileStamp } from '../base/files.js';
import { skipSpace, skipValue } from '../connect/codecs/json-scanner.js';
import { RowBlock } from '../connect/codecs/row-block.js';
import { MemorySource } from '../connect/sources/replay/memory-source.js';
import { openReader } from '../connect/sources/replay/open-reader.js';
import type { ReferenceRows } from '../engine/job.js';
import type { Table } from '../plan/plan.js';
import type { RunEdges } from './interfaces.js';
import { badTableRow, MAX_TABLE_ROWS, tableRows, tableTooLarge } from './table-rows.js';

/** Bound of the bytes of one file. */
const MAX_TABLE_FILE_BYTES = 512 * 1024 * 1024;
/** How often a file is looked at. */
const LOOK_EVERY_MS = 1_000;
/** How often it is read even if it looks unchanged: some disks keep times of whole seconds only. */
const READ_EVERY_MS = 60_000;
const VERSION_HEX_DIGITS = 12;

type Edges = Pick<RunEdges, 'files' | 'crypto'>;

/**
 * What a look found: a newer edition; `same`: what is there is what was taken last; undefined: nothing that is known to be
 * whole, or no look was due.
 */
export type TableLook = ReferenceRows | 'same' | undefined;

/**
 * A file with a reference table, followed while it changes. It is taken when it has been the same in two looks one after the
 * other and all of its rows fit: a file that is being written is let be.
 */
export class TableFile {
  readonly #table: Table;
  readonly #path: string;
  readonly #edges: Edges;
  /** What the file looked like when it was read last. */
  #stamp: string | undefined;
  /** Hash of the edition taken last, and of the last one that did not fit. */
  #taken: string | undefined;
  #refused: string | undefined;
  /** What was found in the look before and has to be found again. */
  #candidate: string | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #readMs = Number.NEGATIVE_INFINITY;

  /** @param path absolute. */
  constructor(table: Table, path: string, edges: Edges) {
    this.#table = table;
    this.#path = path;
    this.#edges = edges;
  }

  /** Takes the file as it is now. @throws see {@link readTableFile} */
  async load(nowMs: number): Promise<ReferenceRows> {
    const stamp = textOf(this.#edges.files.stamp(this.#path));
    const bytes = readBytes(this.#table, this.#path, this.#edges.files);
    const hash = this.#hash(bytes);
    const edition = await readTable(this.#table, this.#path, bytes, hash);
    this.#stamp = stamp;
    this.#taken = hash;
    this.#lookedMs = nowMs;
    this.#readMs = nowMs;
    return edition;
  }

  /**
   * Looks whether there is a newer edition, at most once a second.
   * @param nowMs monotonic.
   * @throws `not-found`, `bad-data`, `limit-exceeded`, `disk-failed` for what is there now; bad rows once per content.
   */
  async look(nowMs: number): Promise<TableLook> {
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return undefined;
    this.#lookedMs = nowMs;
    const stamp = textOf(this.#edges.files.stamp(this.#path));
    const looksSame = stamp !== undefined && stamp === this.#stamp && this.#candidate === undefined;
    if (looksSame && nowMs - this.#readMs < READ_EVERY_MS) return this.#refused === undefined ? 'same' : undefined;
    const bytes = readBytes(this.#table, this.#path, this.#edges.files);
    const hash = this.#hash(bytes);
    this.#readMs = nowMs;
    this.#stamp = stamp;
    if (hash === this.#taken || hash === this.#refused) {
      this.#candidate = undefined;
      if (hash === this.#refused) return undefined;
      this.#refused = undefined;
      return 'same';
    }
    if (hash !== this.#candidate) {
      this.#candidate = hash;
      return undefined;
    }
    this.#candidate = undefined;
    this.#refused = hash;
    const edition = await readTable(this.#table, this.#path, bytes, hash);
    this.#refused = undefined;
    this.#taken = hash;
    return edition;
  }

  #hash(bytes: Uint8Array): string {
    return toHex(this.#edges.crypto.hash('sha256', bytes));
  }
}

/**
 * Reads a table from a csv, json, ndjson or xlsx file. Cells become the types of the columns; empty ones are null. Its version
 * is the file's name with a short hash of its bytes: `stations.csv@1f0e9a3c5b77`.
 * @param path absolute.
 * @throws `not-found`, `bad-data` with the row that does not fit, `limit-exceeded`
 */
export async function readTableFile(table: Table, path: string, { files, crypto }: Edges): Promise<ReferenceRows> {
  const bytes = readBytes(table, path, files);
  return readTable(table, path, bytes, toHex(crypto.hash('sha256', bytes)));
}

async function readTable(table: Table, path: string, bytes: Uint8Array, hash: string): Promise<ReferenceRows> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const version = `${name}@${hash.slice(0, VERSION_HEX_DIGITS)}`;
  const elements = arrayElements(table, name, bytes);
  if (elements) {
    const place = (at: number): string => `${name}, element ${at + 1}`;
    return { rows: tableRows(table, { texts: elements, asText: false, place }), version };
  }
  const names = table.columns.map((column) => column.name);
  const reader = await openReader(new MemorySource(name, bytes), {
    textOnly: true,
    onBad: ({ row, reason }) => {
      throw badTableRow(table, `${name}, row ${row}`, reason);
    },
  });
  const { shape } = reader;
  const known = shape.columns.map((column) => column.name);
  const missing = known.length === 0 ? [] : names.filter((column) => !known.includes(column));
  if (missing.length > 0) {
    throw new StreamctlError('bad-data', `table "${table.name}": ${name} has no column "${missing[0]}"`, {
      detail: `its columns are ${known.join(', ')}`,
    });
  }
  const block = new RowBlock();
  while (await reader.read(block, MAX_TABLE_ROWS + 1)) if (block.count > MAX_TABLE_ROWS) break;
  const texts = Array.from({ length: block.count }, (_, at) => block.bytes.subarray(block.start(at), block.ends[at]!));
  const place = (at: number): string => `${name}, row ${block.rows[at]}`;
  const decimalComma = shape.delimiter !== undefined && shape.delimiter !== ',';
  return { rows: tableRows(table, { texts, asText: shape.format !== 'ndjson', decimalComma, place }), version };
}

function readBytes(table: Table, path: string, files: RunEdges['files']): Uint8Array {
  const stamp = files.stamp(path);
  if (!stamp) {
    throw new StreamctlError('not-found', `table "${table.name}": there is no file ${path}`, {
      hint: `--table ${table.name}=FILE`,
    });
  }
  if (stamp.sizeBytes > MAX_TABLE_FILE_BYTES) throw tableTooLarge(table, `${MAX_TABLE_FILE_BYTES >> 20} MB`);
  return files.readFile(path);
}

const [BRACKET, END_BRACKET, COMMA] = [0x5b, 0x5d, 0x2c];

/** The elements of a file that holds one JSON array; undefined when it holds something else. */
function arrayElements(table: Table, name: string, bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let at = skipSpace(bytes, bom);
  if (bytes[at] !== BRACKET || !/\.(json|ndjson|jsonl)$/i.test(name)) return undefined;
  const elements: Uint8Array[] = [];
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== END_BRACKET || elements.length > 0) {
    const end = skipValue(bytes, at);
    const next = end < 0 ? end : skipSpace(bytes, end);
    if (end < 0 || (bytes[next] !== COMMA && bytes[next] !== END_BRACKET)) {
      throw badTableRow(table, `${name}, element ${elements.length + 1}`, 'not JSON, or the file is cut');
    }
    elements.push(bytes.subarray(at, end));
    if (elements.length > MAX_TABLE_ROWS) break;
    if (bytes[next] === END_BRACKET) {
      if (skipSpace(bytes, next + 1) < bytes.length) throw badTableRow(table, name, 'something follows the JSON array');
      break;
    }
    at = skipSpace(bytes, next + 1);
  }
  return elements;
}

function textOf(stamp: FileStamp | undefined): string | undefined {
  return stamp && `${stamp.sizeBytes}/${stamp.modifiedMs}/${stamp.id}`;
}
