import type { HttpHeaders } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { type JsonPath, parseJsonPath, scalarText, valueAtPath } from './json-path.js';

/** How an answer goes on. */
export type Pagination =
  /** One page. */
  | { readonly kind: 'none' }
  /** A `Link` header, else a next address or a cursor in the body, else what the address itself counts. */
  | { readonly kind: 'auto' }
  /** `Link: <...>; rel="next"`. @see RFC 8288 */
  | { readonly kind: 'link' }
  /** The body holds the next address. */
  | { readonly kind: 'next'; readonly path?: JsonPath }
  /** The body holds what goes into a query parameter. */
  | { readonly kind: 'cursor'; readonly path?: JsonPath; readonly parameter: string }
  /** A parameter counts pages. */
  | { readonly kind: 'page'; readonly parameter: string; readonly size?: PageSize; readonly first?: number }
  /** A parameter counts items. `maxEnd`: the API gives nothing behind this item. */
  | {
      readonly kind: 'offset';
      readonly parameter: string;
      readonly size?: PageSize;
      readonly maxEnd?: number;
    };

/** How many items a page is asked to hold: by which parameter; the number stands in the address. */
export interface PageSize {
  readonly parameter: string;
}

/** A page as far as going on from it is concerned. */
export interface PageSeen {
  readonly url: string;
  readonly headers: HttpHeaders;
  readonly body: JsonValue | undefined;
  /** Items in it, those that are left out included. */
  readonly count: number;
  /** The body as a whole is its one item: what it holds is not counted. */
  readonly isWhole?: true;
}

/** The next page: its address; `isCut` when there is more that the API does not give. */
export interface NextPage {
  readonly url?: string;
  readonly isCut?: true;
}

const NEXT_PATHS = paths(
  'next',
  'links.next',
  '_links.next.href',
  'links.next.href',
  'paging.next',
  'next_url',
  'nextLink',
  '["@odata.nextLink"]',
  'info.next',
  'pagination.next',
  'meta.next',
);
const CURSOR_PATHS = paths(
  'next_page_cursor',
  'next_cursor',
  'nextCursor',
  'response_metadata.next_cursor',
  'meta.next_cursor',
  'pagination.next_cursor',
  'paging.cursors.after',
  'nextPageToken',
  'next_page_token',
  'continuation',
);
const TOTAL_PATHS = paths(
  'total_count',
  'nhits',
  'totalCount',
  'total',
  'total_results',
  'totalResults',
  'meta.total',
  'meta.total_count',
  'pagination.total',
);
const PAGE_LINK = /;\s*rel\s*=\s*"?(?:[^",;]*\s)?(?:prev|previous|first|last|self)\b/i;
const PAGE_PARAMETERS = ['page', 'page_number', 'pageNumber', 'p'];
const OFFSET_PARAMETERS = ['offset', 'start', 'skip'];
const SIZE_PARAMETERS = ['limit', 'rows', 'per_page', 'page_size', 'pageSize', 'size', 'count'];

function paths(...texts: readonly string[]): readonly JsonPath[] {
  return texts.map(parseJsonPath);
}

/** The page after `page`; without an address when it is the last one. */
export function nextPage(pagination: Pagination, page: PageSeen): NextPage {
  switch (pagination.kind) {
    case 'none':
      return {};
    case 'auto':
      return automatic(page);
    case 'link':
      return fromLink(page);
    case 'next':
      return pagination.path ? fromPath(page, pagination.path) : fromBody(page, NEXT_PATHS);
    case 'cursor':
      return fromCursor(page, pagination.path ? [pagination.path] : CURSOR_PATHS, pagination.parameter);
    case 'page':
      return countPages(page, pagination.parameter, pagination.size?.parameter, pagination.first);
    case 'offset':
      return countItems(page, pagination.parameter, pagination.size?.parameter, pagination.maxEnd);
  }
}

function automatic(page: PageSeen): NextPage {
  const linked = fromLink(page);
  if (linked.url !== undefined) return linked;
  const fromAddress = fromBody(page, NEXT_PATHS);
  if (fromAddress.url !== undefined) return fromAddress;
  // Whoever links pages and names no next one has given the last; links to descriptions and styles say nothing of it.
  if (PAGE_LINK.test(page.headers.link ?? '')) return {};
  const parameters = new URL(page.url).searchParams;
  // A cursor needs a parameter to go into: only where it has been used is its name known.
  const cursor = ['cursor', 'after', 'page_token', 'pageToken'].find((name) => parameters.has(name));
  if (cursor !== undefined) return fromCursor(page, CURSOR_PATHS, cursor);
  // Counted on by ones, a list of a thousand would be asked for a hundred times.
  if (page.isWhole) return {};
  const size = SIZE_PARAMETERS.find((name) => parameters.has(name));
  const offset = OFFSET_PARAMETERS.find((name) => /^\d+$/.test(parameters.get(name) ?? ''));
  if (offset !== undefined) return countItems(page, offset, size, undefined);
  const number = PAGE_PARAMETERS.find((name) => /^\d+$/.test(parameters.get(name) ?? ''));
  return number === undefined ? {} : countPages(page, number, size, undefined);
}

function fromLink({ url, headers }: PageSeen): NextPage {
  for (const [, target, parameters] of (headers.link ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[^,;"]+(?:"[^"]*")?)*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?:[\s;]|$))/i.test(parameters!))
      return resolve(target!, url);
  }
  return {};
}

function fromBody({ url, body }: PageSeen, candidates: readonly JsonPath[]): NextPage {
  for (const path of candidates) {
    const found = valueAtPath(body, path);
    if (typeof found === 'string' && found !== '' && looksLikeAddress(found)) return resolve(found, url);
  }
  return {};
}

/** What stands where the user says that the address is, is one. */
function fromPath({ url, body }: PageSeen, path: JsonPath): NextPage {
  const found = valueAtPath(body, path);
  return typeof found === 'string' && found !== '' ? resolve(found, url) : {};
}

/** A cursor under the name `next` is no address. */
function looksLikeAddress(text: string): boolean {
  return /^(?:https?:\/\/|\/|\?)/.test(text);
}

function fromCursor({ url, body, count }: PageSeen, candidates: readonly JsonPath[], parameter: string): NextPage {
  if (count === 0) return {};
  const sent = new URL(url).searchParams.get(parameter);
  for (const path of candidates) {
    const cursor = scalarText(valueAtPath(body, path));
    // Aylien ends by giving back what was sent.
    if (cursor !== undefined && cursor !== '' && cursor !== sent) return { url: withParameter(url, parameter, cursor) };
  }
  return {};
}

function countPages(page: PageSeen, parameter: string, sizeParameter: string | undefined, first = 1): NextPage {
  const query = new URL(page.url).searchParams;
  const number = Number(query.get(parameter) ?? first);
  const size = sizeOf(query, sizeParameter);
  const total = totalOf(page.body);
  if (page.count === 0 || (size !== undefined && page.count < size)) return {};
  if (size !== undefined && total !== undefined && (number - first + 1) * size >= total) return {};
  return { url: withParameter(page.url, parameter, String(number + 1)) };
}

function countItems(
  page: PageSeen,
  parameter: string,
  sizeParameter: string | undefined,
  maxEnd = Number.POSITIVE_INFINITY,
): NextPage {
  const query = new URL(page.url).searchParams;
  const next = Number(query.get(parameter) ?? 0) + page.count;
  const size = sizeOf(query, sizeParameter);
  const total = totalOf(page.body);
  if (page.count === 0 || (total === undefined && size !== undefined && page.count < size)) return {};
  if (total !== undefined && next >= total) return {};
  if (next + (size ?? 1) <= maxEnd) return { url: withParameter(page.url, parameter, String(next)) };
  // The last page that is given may be shorter than the others.
  if (next < maxEnd && sizeParameter !== undefined) {
    return {
      url: withParameter(withParameter(page.url, parameter, String(next)), sizeParameter, String(maxEnd - next)),
    };
  }
  return { isCut: true };
}

function sizeOf(query: URLSearchParams, parameter: string | undefined): number | undefined {
  const text = parameter === undefined ? null : query.get(parameter);
  return text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

function totalOf(body: JsonValue | undefined): number | undefined {
  for (const path of TOTAL_PATHS) {
    const found = valueAtPath(body, path);
    if (typeof found === 'number' && Number.isInteger(found)) return found;
  }
  return undefined;
}

function resolve(target: string, from: string): NextPage {
  // What cannot be an address is reported by whoever follows it.
  return { url: URL.canParse(target, from) ? new URL(target, from).href : target };
}

/** `url` with one query parameter set, all others as they stand. */
export function withParameter(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}
