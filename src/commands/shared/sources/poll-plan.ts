import { toHex, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { unescaped } from '../../../base/url-text.js';
import { timeParser } from '../../../connect/codecs/time-format.js';
import { APIS } from '../../../connect/sources/apis/index.js';
import type { ApiInput, ApiParameter, ApiSource } from '../../../connect/sources/apis/interfaces.js';
import { addressPoll } from '../../../connect/sources/poll/address-poll.js';
import { type Cassette, type CassetteReading, readCassette } from '../../../connect/sources/poll/cassette.js';
import { redactUrl } from '../../../connect/sources/poll/credentials.js';
import type { PollDefinition } from '../../../connect/sources/poll/interfaces.js';
import { parseJsonPath } from '../../../connect/sources/poll/json-path.js';
import type { PollPolicy } from '../../../connect/sources/poll/poll-machine.js';
import { parseRate } from '../../../connect/sources/poll/rate-limit.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import type { FlagSpec, FlagSpecs, Input } from '../frame/command.js';
import type { Context } from '../frame/context.js';
import { splitList } from '../frame/flag-values.js';
import {
  type PollFlags,
  readPagination,
  readQuery,
  readRequestHeaders,
  readSchedule,
  readSchemaFile,
} from './poll-flags.js';
import { readingOf, withReading } from './poll-reading.js';

const DEFAULT_EVERY_MS = 60_000;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 60_000;
const MB = 1024 * 1024;
const MAX_NAME = 60;

/** What is going to be polled, all of it checked, nothing done yet. */
export interface PollPlan {
  readonly definition: PollDefinition;
  readonly policy: PollPolicy;
  /** Name of the API, or the address without secrets. */
  readonly source: string;
  /** Parameters of an API. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** In the header of each record. */
  readonly pollId: string;
  /** Of this very set of requests: names its state and its transactions. */
  readonly runId: string;
  readonly topic: { readonly name: string; readonly partitions: number; readonly replicas: number };
  /** How the answers of an address are read. */
  readonly reading?: CassetteReading;
  readonly dedup: 'key' | 'body' | 'none';
  /** What `--mode replay` plays. */
  readonly cassette: Cassette | undefined;
  readonly offlineHint: string;
}

/** What was typed. */
export interface PollWords {
  readonly source: string | undefined;
  readonly values: readonly string[];
  readonly flags: PollFlags;
  readonly extra: Input['extra'];
}

/** Flags of the API that the words name. */
export function apiFlags(words: readonly string[]): FlagSpecs {
  const api = APIS.find(({ name }) => words.includes(name));
  return Object.fromEntries((api?.parameters ?? []).map((parameter) => [parameter.name, flagOf(parameter)]));
}

function flagOf({ help, placeholder, isList, choices, default: values }: ApiParameter): FlagSpec {
  const shown = values ? `${help} (${values.join(',')})` : help;
  if (choices) return { type: 'choice', choices, help: shown, placeholder };
  return isList
    ? { type: 'list', separator: ',', help: shown, placeholder }
    : { type: 'string', help: shown, placeholder };
}

/**
 * Works out what to poll, and how.
 * @throws `usage`, `not-found`, `bad-data`
 */
export async function planPoll(context: Context, words: PollWords): Promise<PollPlan> {
  const { flags } = words;
  const cassette = await openCassette(context, flags);
  const source = words.source ?? cassette?.header.source;
  if (source === undefined) {
    throw new StreamctlError('usage', 'nothing to poll is named', {
      hint: 'streamctl poll velib, or streamctl poll https://...',
    });
  }
  const api = APIS.find(({ name }) => name === source);
  return api ? planApi(context, api, words, cassette) : planAddress(context, source, words, cassette);
}

async function openCassette(context: Context, { cassette, mode }: PollFlags): Promise<Cassette | undefined> {
  if ((cassette === undefined) !== (mode === 'live')) {
    throw new StreamctlError(
      'usage',
      cassette === undefined ? `--mode ${mode} needs a cassette` : '--cassette needs a mode',
      {
        hint: `--cassette FILE --mode ${mode === 'live' ? 'record, or replay' : mode}`,
      },
    );
  }
  if (mode !== 'replay') return undefined;
  return readCassette(context.files, context.resolvePath(cassette!), context.compression);
}

function planApi(context: Context, api: ApiSource, words: PollWords, cassette: Cassette | undefined): PollPlan {
  const { flags } = words;
  for (const name of ['items', 'key', 'time', 'schema', 'next', 'pageParameter', 'query', 'header'] as const) {
    const value = flags[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new StreamctlError('usage', `--${name} is for addresses: ${api.name} says it itself`, {
      hint: `streamctl poll ${api.name} --help`,
    });
  }
  const typed = valuesOf(api, words);
  const parameters = Object.keys(typed).length > 0 || !cassette ? typed : cassette.header.parameters;
  const input: ApiInput = {
    values: parameters,
    baseUrl: flags.baseUrl,
    // Answers that are replayed need no key.
    secret: (variable) => (cassette ? 'replayed' : context.secrets.resolve(`\${env:${variable}}`)),
    changedOnly: flags.changedOnly,
  };
  const definition = api.open(input);
  return {
    ...common(context, definition, flags, api.rate(parameters), api.everyMs),
    source: api.name,
    parameters,
    pollId: flags.id ?? api.name,
    topic: {
      ...api.topic,
      ...(flags.topic ? { name: flags.topic } : {}),
      ...(flags.partitions ? { partitions: flags.partitions } : {}),
    },
    dedup: flags.dedup ?? api.dedup,
    cassette,
    offlineHint: `streamctl poll ${api.name} --cassette FILE --mode replay, or a pipeline with --source simulated`,
  };
}

function valuesOf(api: ApiSource, { values, extra }: PollWords): Readonly<Record<string, readonly string[]>> {
  const given: Record<string, readonly string[]> = {};
  for (const { name } of api.parameters) {
    const value = extra[name];
    const list = Array.isArray(value) ? (value as readonly string[]) : value === undefined ? [] : [String(value)];
    if (list.length > 0) given[name] = list;
  }
  const positional = api.parameters.find(({ isPositional }) => isPositional);
  const words = values.flatMap((value) => splitList(value));
  if (positional && words.length > 0) given[positional.name] = [...(given[positional.name] ?? []), ...words];
  return given;
}

function planAddress(context: Context, text: string, words: PollWords, cassette: Cassette | undefined): PollPlan {
  if (words.values.length > 0) {
    throw new StreamctlError('usage', `"${words.values[0]}" is one word too many behind an address`);
  }
  if (!/[./:]/.test(text)) throw unknownApi(text);
  const kept = withReading(words.flags, cassette?.header.reading ?? {}, words.flags.cassette ?? '');
  const { flags } = kept;
  const schema = flags.schema === undefined ? kept.schema : readSchemaFile(context, flags.schema);
  const redact = (one: string): string => context.secrets.redact(one);
  const definition = addressPoll(
    {
      url: words.source === undefined ? withoutLogin(text) : context.secrets.resolve(text),
      query: readQuery(flags.query),
      headers: readRequestHeaders(flags.header),
      format: flags.format,
      ...(schema === undefined ? {} : { schema }),
      pagination: readPagination(flags),
      ...(flags.items === undefined ? {} : { items: parseJsonPath(flags.items) }),
      key: flags.key.map(parseJsonPath),
      ...(flags.time === undefined ? {} : { time: parseJsonPath(flags.time) }),
      readTime: timeParser(flags.timeFormat, flags.tz),
      ignored: flags.ignore.map(parseJsonPath),
      changedOnly: flags.changedOnly,
    },
    redact,
  );
  const shown = words.source === undefined ? text : redactUrl(definition.feeds[0]!.url, redact);
  const topic = { name: flags.topic ?? topicOf(shown), partitions: flags.partitions ?? -1, replicas: -1 };
  return {
    ...common(context, definition, flags, undefined, DEFAULT_EVERY_MS),
    source: shown,
    parameters: {},
    pollId: flags.id ?? shown,
    topic,
    reading: readingOf(flags, schema),
    dedup: flags.dedup ?? 'body',
    cassette,
    offlineHint: 'look at the address and the network; --cassette FILE --mode replay needs neither',
  };
}

/** The address of a recording, in which a login is masked: nobody is asked. */
function withoutLogin(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}

function unknownApi(name: string): StreamctlError {
  const names = APIS.map((api) => api.name);
  const near = didYouMean(name, names);
  return new StreamctlError('not-found', `API "${name}" is not known`, {
    detail: `known are ${names.join(', ')}, and any address: https://...`,
    hint: near ? `did you mean ${near}?` : 'streamctl poll --help',
  });
}

/** The last word of the path, without its ending; the host where there is no path. */
function topicOf(url: string): string {
  const { pathname, host } = new URL(url);
  const last =
    pathname
      .split('/')
      .findLast((part) => part !== '')
      ?.replace(/\.[a-z]+$/i, '') ?? '';
  const name = unescaped(last || host).replace(/[^A-Za-z0-9._-]+/g, '-');
  return name.replace(/^[.-]+|[.-]+$/g, '') || 'poll';
}

function common(
  context: Context,
  definition: PollDefinition,
  flags: PollFlags,
  rate: PollPolicy['rate'],
  everyMs: number,
) {
  requireSendable(definition);
  const wanted = flags.rate === undefined ? rate : parseRate(flags.rate);
  const policy: PollPolicy = {
    schedule: readSchedule(flags, everyMs),
    maxPages: flags.maxPages,
    retry: { count: flags.retry, baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS },
    ...(wanted ? { rate: wanted } : {}),
    timeoutMs: flags.requestTimeout,
    maxBodyBytes: flags.maxBody * MB,
    headers: { 'user-agent': `streamctl/${context.program.version}`, accept: 'application/json, */*;q=0.5' },
  };
  return { definition, policy, runId: runIdOf(context, definition, flags.id) };
}

/** @throws `usage` for a header that no request can carry: a key with a line feed in it, letters beyond Latin-1. */
function requireSendable({ feeds }: PollDefinition): void {
  for (const [name, value] of feeds.flatMap(({ headers }) => Object.entries(headers))) {
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new StreamctlError('usage', `the value of header ${name} cannot be sent`, {
      detail: 'a header holds one line of Latin letters, digits and signs',
      hint: 'look at where the value comes from; other letters are written as the API wants them escaped',
    });
  }
}

/** A readable name, made unique by what is asked for. */
function runIdOf(context: Context, { name, feeds }: PollDefinition, id: string | undefined): string {
  const redact = (text: string): string => context.secrets.redact(text);
  const requests = feeds.map((feed) => `${feed.id} ${redactUrl(feed.url, redact)}`).sort();
  const readable = (id ?? name).replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, MAX_NAME);
  return `${readable}-${shortDigest(context)([id ?? '', ...requests].join('\n'))}`;
}

/** The first 64 bits of a SHA-256, as text. */
export function shortDigest(context: Pick<Context, 'crypto'>): (text: string) => string {
  return (text) => toHex(context.crypto.hash('sha256', utf8(text)).subarray(0, 8));
}
