import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { parseExactJson } from '../../../connect/codecs/json-value.js';
import { type BodySchema, readSchema } from '../../../connect/sources/poll/body-schema.js';
import { parseCron } from '../../../connect/sources/poll/cron.js';
import { parseJsonPath } from '../../../connect/sources/poll/json-path.js';
import type { Pagination } from '../../../connect/sources/poll/pagination.js';
import type { Schedule } from '../../../connect/sources/poll/schedule.js';
import type { FlagSpecs, Input } from '../frame/command.js';
import type { Context } from '../frame/context.js';
import { readShare } from './shares.js';
import { TARGET_FLAGS } from './target-flags.js';

/** Flags of `poll`. */
export const POLL_FLAGS = {
  topic: { type: 'string', short: 't', placeholder: 'TOPIC', help: 'where the records go; - for standard output' },
  every: { type: 'duration', placeholder: 'D', help: "time between polls; an API's own, or 1m" },
  jitter: {
    type: 'string',
    placeholder: 'N%',
    default: '10%',
    help: 'moves each poll by up to so much of the interval',
  },
  cron: { type: 'string', placeholder: 'LINE', help: "poll by the calendar instead: '*/10 8-18 * * mon-fri'" },
  once: { type: 'boolean', help: 'one poll; its failure is the exit code' },
  items: { type: 'string', placeholder: 'PATH', help: 'where the items are in the body: data.stations' },
  key: {
    type: 'list',
    separator: ',',
    short: 'k',
    placeholder: 'PATH,...',
    help: "what in an item becomes the record's key",
  },
  time: { type: 'string', placeholder: 'PATH', help: "an item's event time: becomes the record's timestamp" },
  timeFormat: {
    type: 'string',
    placeholder: 'FORMAT',
    default: 'auto',
    help: "how times are written: 'DD/MM/YYYY HH:mm'",
  },
  tz: { type: 'string', placeholder: 'ZONE', default: 'UTC', help: 'zone of --cron, and of times that name none' },
  dedup: {
    type: 'choice',
    choices: ['key', 'body', 'none'],
    help: 'emit an item once per key (again when its time is newer), or whenever it changed, or in every poll',
  },
  changedOnly: { type: 'boolean', help: 'a newer time alone is no change' },
  ignore: { type: 'list', separator: ',', placeholder: 'PATH,...', help: 'what in an item may change without notice' },
  schema: { type: 'string', placeholder: 'FILE', help: 'JSON schema that bodies must follow' },
  format: { type: 'choice', choices: ['auto', 'json', 'ndjson', 'csv'], default: 'auto', help: 'of the bodies' },
  paginate: {
    type: 'choice',
    choices: ['auto', 'none', 'link', 'next', 'cursor', 'page', 'offset'],
    default: 'auto',
    help: 'how an answer goes on: Link header, address or cursor in the body, a parameter that counts pages or items',
  },
  next: { type: 'string', placeholder: 'PATH', help: 'where the body holds the next address or cursor' },
  pageParameter: { type: 'string', placeholder: 'NAME', help: 'query parameter of the cursor, page or offset' },
  sizeParameter: { type: 'string', placeholder: 'NAME', help: 'query parameter that says how much a page holds' },
  maxPages: { type: 'number', integer: true, min: 1, max: 100_000, default: 100, help: 'pages of one poll' },
  header: { type: 'list', placeholder: 'NAME: VALUE', help: 'request header, repeat for more' },
  query: { type: 'list', placeholder: 'NAME=VALUE', help: 'query parameter, repeat for more' },
  rate: { type: 'string', placeholder: 'N/m', help: 'most requests to one host: 60/m, 10/s' },
  retry: { type: 'number', integer: true, min: 0, max: 100, default: 5, help: 'tries again after a failed request' },
  requestTimeout: { type: 'duration', placeholder: 'D', default: '30s', help: 'for one whole answer' },
  maxBody: { type: 'number', integer: true, min: 1, max: 1024, default: 64, help: 'largest body, in MB' },
  cassette: { type: 'string', placeholder: 'FILE', help: 'recording of answers, see --mode' },
  mode: {
    type: 'choice',
    choices: ['live', 'record', 'replay'],
    default: 'live',
    help: 'record: keep what comes in the cassette; replay: take it from there, without network',
  },
  speed: { type: 'string', placeholder: 'Nx|max', default: '1x', help: 'of a replayed cassette' },
  maxGap: { type: 'duration', placeholder: 'D', help: 'longest wait of a replayed cassette' },
  id: {
    type: 'string',
    placeholder: 'NAME',
    help: 'whose records are known already; made from the address when left out',
  },
  baseUrl: { type: 'string', placeholder: 'URL', help: "a proxy or test server instead of an API's own host" },
  ...TARGET_FLAGS,
} as const satisfies FlagSpecs;

/** Values of {@link POLL_FLAGS}. */
export type PollFlags = Input<typeof POLL_FLAGS, readonly []>['flags'];

/**
 * When to poll.
 * @param everyMs where no flag says it.
 * @throws `usage`
 */
export function readSchedule({ once, every, cron, jitter, tz }: PollFlags, everyMs: number): Schedule {
  if (cron !== undefined && (every !== undefined || once)) {
    throw new StreamctlError('usage', `--cron and ${once ? '--once' : '--every'} cannot be given together`);
  }
  if (once) return { kind: 'once' };
  if (cron !== undefined) return { kind: 'cron', cron: parseCron(cron, tz) };
  if (every === 0) throw new StreamctlError('usage', '--every 0 would never pause', { hint: '--every 30s' });
  return { kind: 'every', everyMs: every ?? everyMs, jitter: readShare('--jitter', jitter, 0.5) };
}

/** How answers go on. @throws `usage` */
export function readPagination({ paginate, next, pageParameter, sizeParameter }: PollFlags): Pagination {
  const path = next === undefined ? {} : { path: parseJsonPath(next) };
  const size = sizeParameter === undefined ? {} : { size: { parameter: sizeParameter } };
  switch (paginate) {
    case 'next':
      return { kind: 'next', ...path };
    case 'cursor':
      return { kind: 'cursor', parameter: pageParameter ?? 'cursor', ...path };
    case 'page':
      return { kind: 'page', parameter: pageParameter ?? 'page', ...size };
    case 'offset':
      return { kind: 'offset', parameter: pageParameter ?? 'offset', ...size };
    default:
      if (next !== undefined || pageParameter !== undefined || sizeParameter !== undefined) {
        throw new StreamctlError('usage', `--paginate ${paginate} takes no path and no parameter`, {
          hint: '--paginate cursor --next meta.next --page-parameter after',
        });
      }
      return { kind: paginate };
  }
}

/** `Name: value` and `name=value` of `--header`. @throws `usage` */
export function readRequestHeaders(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const match = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*[:=]\s*([^\r\n]*)$/.exec(text);
      if (!match)
        throw new StreamctlError('usage', '--header is not NAME: VALUE', { hint: "--header 'Accept: text/csv'" });
      return [match[1]!.toLowerCase(), match[2]!.trim()];
    }),
  );
}

/** `name=value` of `--query`. @throws `usage` */
export function readQuery(texts: readonly string[]): readonly (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0) throw new StreamctlError('usage', '--query is not NAME=VALUE', { hint: '--query limit=100' });
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

/** `1x`, `60x`, `max`. @throws `usage` */
export function readCassetteSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d+)?)x?$/.exec(text.trim());
  if (match && Number(match[1]) > 0) return Number(match[1]);
  throw new StreamctlError('usage', `--speed ${text} is not a speed`, { hint: 'write 1x, 60x or max' });
}

/** The file of `--schema`. @throws `usage`, `not-found`, `bad-data` */
export function readSchemaFile(context: Context, path: string): BodySchema {
  const parsed = parseExactJson(fromUtf8(context.files.readFile(context.resolvePath(path))));
  if (parsed === undefined) throw new StreamctlError('bad-data', `${path} is not JSON`);
  return readSchema(parsed, path);
}
