import { parse } from 'csv-parse/sync';
import type { HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { parseExactJson } from '../../codecs/json-value.js';
import { schemaProblem } from './body-schema.js';
import { BadBody, type BodyFormat, type Feed, type PageItems, type PollDefinition } from './interfaces.js';
import { type NextPage, nextPage } from './pagination.js';

/** One answer, read. */
export interface ReadPage {
  readonly content: PageItems;
  readonly next: NextPage;
}

/**
 * Decodes a body, checks it, takes its items and finds the next page.
 * @throws BadBody when the body is not what the API promises.
 */
export function readPage(definition: PollDefinition, feed: Feed, url: string, response: HttpResponse): ReadPage {
  if (response.status === 204) return { content: { items: [] }, next: {} };
  const body = decodeBody(response, definition.format);
  const schema = feed.schema ?? definition.schema;
  const problem = schema && schemaProblem(body, schema);
  if (problem !== undefined) throw new BadBody(`the body is not as expected: ${problem}`);
  const content = definition.items(body, feed);
  const count = content.items.length + (content.skipped ?? 0) + (content.rejected?.length ?? 0);
  const { headers } = response;
  const seen = { url, headers, body, count, ...(content.items[0] === body ? { isWhole: true as const } : {}) };
  return { content, next: nextPage(feed.pagination ?? definition.pagination, seen) };
}

/**
 * The body as JSON: of lines an array of what each holds, of CSV an array of objects.
 * @throws BadBody
 */
export function decodeBody(response: HttpResponse, format: BodyFormat): JsonValue {
  const { headers, body } = response;
  const type = headers['content-type'] ?? '';
  const text = textOf(body, type);
  if (text.trim() === '') throw new BadBody('the body is empty');
  const kind = format === 'auto' ? kindOf(type) : format;
  if (kind === 'csv') return readCsv(text);
  if (kind === 'ndjson') return readLines(text);
  const value = parseExactJson(text);
  if (value === undefined) throw new BadBody(`the body is not JSON: ${glimpse(text)}`);
  return value;
}

function kindOf(contentType: string): Exclude<BodyFormat, 'auto'> {
  if (/\bcsv\b/i.test(contentType)) return 'csv';
  return /ndjson|jsonl|json-seq|jsonlines/i.test(contentType) ? 'ndjson' : 'json';
}

function textOf(body: Uint8Array, contentType: string): string {
  const label = /charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label, { fatal: true }).decode(body);
  } catch {
    throw new BadBody(`the body is not ${label}`);
  }
}

function readLines(text: string): JsonValue[] {
  const values: JsonValue[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = parseExactJson(line.replace(/^\u001e/, ''));
    if (value === undefined) throw new BadBody(`line ${index + 1} of the body is not JSON: ${glimpse(line)}`);
    values.push(value);
  }
  return values;
}

/** A column is numeric when all its values are numbers without leading zeros; it does not change from row to row. */
function readCsv(text: string): JsonValue[] {
  let rows: string[][];
  try {
    const delimiter = delimiterOf(text);
    rows = parse(text, { bom: true, delimiter, relax_quotes: true, skip_empty_lines: true, relax_column_count: true });
  } catch (cause) {
    throw new BadBody(`the body is not CSV: ${(cause as Error).message}`);
  }
  const [names = [], ...cells] = rows;
  const numeric = names.map((_, column) => {
    const values = cells.map((row) => row[column] ?? '').filter((value) => value !== '');
    return values.length > 0 && values.every((value) => /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(value));
  });
  return cells.map((row) =>
    Object.fromEntries(
      names.map((name, column) => {
        const cell = row[column] ?? '';
        return [name, cell === '' ? null : numeric[column] ? Number(cell) : cell];
      }),
    ),
  );
}

function delimiterOf(text: string): string {
  const header = text.slice(0, Math.max(0, text.indexOf('\n'))) || text;
  const counts = [',', ';', '\t', '|'].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).mark;
}

function glimpse(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 57)}...` : plain);
}
