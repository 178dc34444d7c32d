import { StreamctlError } from '../../../base/errors.js';
import type { HttpHeaders } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { unescaped } from '../../../base/url-text.js';
import type { TimeParser } from '../../codecs/time-format.js';
import type { BodySchema } from './body-schema.js';
import { isSecretHeader, type Redact, redactUrl } from './credentials.js';
import type { BodyFormat, PageItems, PollDefinition } from './interfaces.js';
import { pathRules } from './item-rules.js';
import { type JsonPath, valueAtPath } from './json-path.js';
import type { Pagination } from './pagination.js';

/** Any API, said by its address and a few paths. */
export interface AddressOptions {
  readonly url: string;
  /** Added to the address. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: HttpHeaders;
  readonly format: BodyFormat;
  readonly schema?: BodySchema;
  readonly pagination: Pagination;
  /** Where the items are; undefined: the elements of a body that is an array, else the whole body. */
  readonly items?: JsonPath;
  readonly key: readonly JsonPath[];
  readonly time?: JsonPath;
  readonly readTime: TimeParser;
  readonly ignored: readonly JsonPath[];
  readonly changedOnly: boolean;
}

/**
 * Makes the poll of an address.
 * @throws `usage` for what is no address, and for a credential that is written out instead of referred to.
 */
export function addressPoll(options: AddressOptions, redact: Redact): PollDefinition {
  const { format, schema, pagination, items, key, time, readTime, ignored, changedOnly } = options;
  const url = addressOf(options, redact);
  requireReferences(options, redact);
  const rules = pathRules({ key, readTime, ignored, changedOnly, ...(time ? { time } : {}) });
  const texts = (paths: readonly JsonPath[]): readonly string[] => paths.map(({ text }) => text);
  return {
    name: new URL(url).host,
    feeds: [{ id: new URL(url).host, url, headers: options.headers, parameters: {} }],
    format,
    ...(schema ? { schema } : {}),
    pagination,
    items: (body) => itemsOf(body, items),
    rules,
    fingerprint: JSON.stringify([items?.text, texts(key), time?.text, texts(ignored), changedOnly]),
  };
}

function itemsOf(body: JsonValue, path: JsonPath | undefined): PageItems {
  if (!path) return { items: Array.isArray(body) ? (body as readonly JsonValue[]) : [body] };
  const found = valueAtPath(body, path);
  // An empty page often leaves the list out.
  if (found === undefined || found === null) return { items: [] };
  return { items: Array.isArray(found) ? (found as readonly JsonValue[]) : [found] };
}

function addressOf({ url, query }: AddressOptions, redact: Redact): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (!address || (address.protocol !== 'http:' && address.protocol !== 'https:')) {
    throw new StreamctlError('usage', `"${redact(url)}" is not the address of an API`, {
      hint: 'write https://host/path, or the name of an API: streamctl poll --help',
    });
  }
  for (const [name, value] of query) address.searchParams.append(name, value);
  address.hash = '';
  return address.href;
}

/** A credential on the command line ends in the history of the shell and in the list of processes. */
function requireReferences({ url, headers }: AddressOptions, redact: Redact): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!isSecretHeader(name) || redact(value) !== value) continue;
    throw new StreamctlError('usage', `the value of header ${name} is written out`, {
      detail: 'secrets are given by reference, so that they stay out of files, histories and recordings',
      hint: `--header '${name}: \${env:API_KEY}'`,
    });
  }
  if (!URL.canParse(url)) return;
  const password = unescaped(new URL(url).password);
  if (password !== '' && redact(password) === password) {
    throw new StreamctlError('usage', `the password in ${redactUrl(url, redact)} is written out`, {
      hint: `'https://user:\${env:API_PASSWORD}@host/path'`,
    });
  }
}

/** Arrays of objects in a body, with their sizes: what `--items` could name. */
export function arraysIn(body: JsonValue, path = '', depth = 0): readonly { path: string; count: number }[] {
  if (depth > 3 || typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  return Object.entries(body as { readonly [key: string]: JsonValue }).flatMap(([name, member]) => {
    const step = /^[\w-]+$/.test(name) ? (path === '' ? name : `${path}.${name}`) : `${path}[${JSON.stringify(name)}]`;
    if (!Array.isArray(member)) return arraysIn(member, step, depth + 1);
    return member.length > 1 && typeof member[0] === 'object' ? [{ path: step, count: member.length }] : [];
  });
}
