import { fromUtf8, toHex } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import { makeVector, type RowBatch, type Schema, setValue, type Value } from '../base/row-batch.js';
import { JsonObjectReader } from '../connect/codecs/json-object-reader.js';
import { RowBlock } from '../connect/codecs/row-block.js';
import { MemorySource } from '../connect/sources/replay/memory-source.js';
import { openReader } from '../connect/sources/replay/open-reader.js';
import { castFor } from '../engine/functions/casts.js';
import type { ReferenceRows } from '../engine/job.js';
import type { Table } from '../plan/plan.js';
import type { Connection } from './connection.js';
import { eachRecord } from './each-record.js';
import type { PipelineRunOptions, RunEdges } from './interfaces.js';

/** Bound of the rows of one reference table. */
export const MAX_TABLE_ROWS = 2_000_000;
/** How long the broker is waited for while a table is read. */
const READ_WAIT_MS = 1_000;
const VERSION_HEX_DIGITS = 12;

/** The tables of a plan that are not in the plan itself, read anew. @throws `not-found`, `bad-data`, `limit-exceeded` */
export async function loadTables(
  { plan, place, tables = {} }: PipelineRunOptions,
  connection: Connection,
): Promise<Readonly<Record<string, ReferenceRows>>> {
  const loaded: Record<string, ReferenceRows> = {};
  for (const table of plan.tables) {
    const given = tables[table.name];
    const path = given ?? (table.from.kind === 'file' ? table.from.path : undefined);
    if (path !== undefined)
      loaded[table.name] = await readTableFile(table, place.findFile?.(path) ?? path, place.edges);
    else if (table.from.kind === 'topic') {
      loaded[table.name] = await readTableTopic(table, table.from.topic, connection, place.edges);
    }
  }
  return loaded;
}

/**
 * Reads a table from a csv, ndjson or xlsx file. Cells become the types of the columns; empty ones are null.
 * @param path absolute.
 * @throws `not-found`, `bad-data` with the row that does not fit, `limit-exceeded`
 */
export async function readTableFile(
  table: Table,
  path: string,
  { files, crypto }: Pick<RunEdges, 'files' | 'crypto'>,
): Promise<ReferenceRows> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const bytes = readBytes(table, path, files);
  const version = `${name}@${toHex(crypto.hash('sha256', bytes)).slice(0, VERSION_HEX_DIGITS)}`;
  const names = table.columns.map((column) => column.name);
  const reader = await openReader(new MemorySource(name, bytes), {
    textOnly: true,
    onBad: ({ row, reason }) => {
      throw badRow(table, `${name}, row ${row}`, reason);
    },
  });
  const known = reader.shape.columns.map((column) => column.name);
  const missing = known.length === 0 ? [] : names.filter((column) => !known.includes(column));
  if (missing.length > 0) {
    throw new StreamctlError('bad-data', `table "${table.name}": ${name} has no column "${missing[0]}"`, {
      detail: `its columns are ${known.join(', ')}`,
    });
  }
  const block = new RowBlock();
  while (await reader.read(block, MAX_TABLE_ROWS + 1)) if (block.count > MAX_TABLE_ROWS) throw tooLarge(table);
  const texts = Array.from({ length: block.count }, (_, at) => block.bytes.subarray(block.start(at), block.ends[at]!));
  const place = (at: number): string => `${name}, row ${block.rows[at]}`;
  return { rows: rowsOf(table, texts, reader.shape.format !== 'ndjson', place), version };
}

function readBytes(table: Table, path: string, files: RunEdges['files']): Uint8Array {
  if (!files.exists(path)) {
    throw new StreamctlError('not-found', `table "${table.name}": there is no file ${path}`, {
      hint: `--table ${table.name}=FILE`,
    });
  }
  return files.readFile(path);
}

function badRow(table: Table, place: string, reason: string): StreamctlError {
  return new StreamctlError('bad-data', `table "${table.name}": ${place}: ${reason}`);
}

function tooLarge(table: Table): StreamctlError {
  return new StreamctlError('limit-exceeded', `table "${table.name}" has more than ${MAX_TABLE_ROWS} rows`, {
    hint: 'reference tables are held in memory: leave out what is not looked up',
  });
}

/** @param asText the values of `texts` are all texts or null, and are cast to the types of the columns. */
function rowsOf(table: Table, texts: readonly Uint8Array[], asText: boolean, place: (at: number) => string): RowBatch {
  const schema: Schema = asText ? table.columns.map(({ name }) => ({ name, type: 'string' })) : table.columns;
  const read = new JsonObjectReader(schema);
  const vectors = schema.map(({ type }) => makeVector(type, texts.length));
  read.into(vectors);
  texts.forEach((text, at) => {
    if (!read.read(text, 0, text.length, at)) throw badRow(table, place(at), read.reason);
  });
  const batch = { schema: table.columns, length: texts.length, partition: 0 };
  if (!asText) return { ...batch, vectors };
  const cast = table.columns.map(({ name, type }, column) => {
    const vector = makeVector(type, texts.length);
    const convert = castFor('string', type);
    for (let row = 0; row < texts.length; row++) {
      const text = (vectors[column]!.data[row] ?? null) as string | null;
      const value: Value | undefined = text === null ? null : convert(text);
      if (value === undefined) throw badRow(table, place(row), `${name}: "${text}" is no ${type}`);
      setValue(vector, row, value);
    }
    return vector;
  });
  return { ...batch, vectors: cast };
}

/** Reads a compacted topic of JSON objects up to its present end: the newest record of each key counts. */
async function readTableTopic(
  table: Table,
  topic: string,
  connection: Connection,
  { compression }: RunEdges,
): Promise<ReferenceRows> {
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const [starts, ends] = [await connection.offsets(partitions, 'start'), await connection.offsets(partitions, 'end')];
  const newest = new Map<string, Uint8Array>();
  const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
  fetcher.assign(starts);
  try {
    while (ends.some((end) => (fetcher.position(end) ?? 0) < end.offset)) {
      const fetched = await fetcher.next(READ_WAIT_MS);
      if (!fetched) continue;
      eachRecord(fetched, compression, (cursor) => {
        const key = cursor.key();
        const value = cursor.value();
        const name = key === null || key === undefined ? `${fetched.partition} ${cursor.offset}` : `k${fromUtf8(key)}`;
        // The last one written counts, also in the order of a table whose keys are equal otherwise.
        newest.delete(name);
        if (value) newest.set(name, value.slice());
      });
      if (newest.size > MAX_TABLE_ROWS) throw tooLarge(table);
    }
  } finally {
    await fetcher.close();
  }
  const version = `${topic}@${ends.map(({ offset }) => offset).join(',')}`;
  return { rows: rowsOf(table, [...newest.values()], false, (at) => `record ${at + 1} of topic ${topic}`), version };
}
