import { StreamctlError } from '../../../base/errors.js';
import type { HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { APIS } from '../../../connect/sources/apis/index.js';
import type { ApiSource } from '../../../connect/sources/apis/interfaces.js';
import { BadBody, type Feed } from '../../../connect/sources/poll/interfaces.js';
import { readPage } from '../../../connect/sources/poll/page-reader.js';
import type { Plan } from '../../../plan/plan.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { isBuiltIn } from '../settings/names.js';
import { flagsWithout } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { POLL_FLAGS, type PollFlags, readCassetteSpeed } from './poll-flags.js';
import { type PollPlan, planPoll } from './poll-plan.js';
import { PollSession } from './poll-session.js';

/** Somebody waits for the first answer: an API that is out of reach is given up sooner than by `poll`. */
const RETRIES = 2;
/** Names in a message. */
const SHOWN_NAMES = 8;

/**
 * Polls an API into its topic, on and on or once.
 * @throws `usage`, `not-found` for a key that is missing
 */
export async function liveSender(context: Context, api: ApiSource, { atOnce, live }: FeedWishes) {
  const { everyMs, baseUrl, parameters } = live;
  const flags: PollFlags = { ...flagsWithout(POLL_FLAGS), retry: RETRIES, once: atOnce, every: everyMs, baseUrl };
  const plan = await planPoll(context, { source: api.name, values: [], flags, extra: parameters }).catch(
    (error: unknown) => {
      throw withHint(error);
    },
  );
  context.note(context.say('{1} gets what {2} is polled for', plan.topic.name, api.name));
  return async (place: Context): Promise<void> => {
    try {
      await send(place, plan, flags);
    } catch (error) {
      throw withHint(error);
    }
  };
}

/**
 * Gives the answers of a cassette to a pipeline as they came then: of its API, or of any address.
 * @throws `usage` where it holds something else than the pipeline reads, `bad-data` where it is no cassette.
 */
export async function cassetteSender(context: Context, plan: Plan, cassette: string, { speed, atOnce }: FeedWishes) {
  const flags: PollFlags = {
    ...flagsWithout(POLL_FLAGS),
    cassette,
    mode: 'replay',
    speed: atOnce ? 'max' : (speed ?? '1x'),
    topic: plan.sources[0]!.topic,
  };
  readCassetteSpeed(flags.speed);
  const poll = await planPoll(context, { source: undefined, values: [], flags, extra: {} });
  if (APIS.some(({ name }) => name === poll.source)) await requireSameApi(plan, poll, cassette);
  else requireItemsOf(plan, poll, cassette);
  context.note(
    context.say('{1} gets the {2} exchanges of {3}', plan.sources[0]!.topic, poll.cassette!.exchanges.length, cassette),
  );
  return (place: Context): Promise<void> => send(place, poll, flags);
}

/** @throws `usage` where a built-in pipeline reads something else than that API gives. */
async function requireSameApi(plan: Plan, { source }: PollPlan, cassette: string): Promise<void> {
  const wanted = APIS.find(({ topic }) => topic.name === plan.sources[0]!.topic);
  // A pipeline of one's own may keep such answers in a topic of its own.
  const isFree = !wanted && !isBuiltIn(plan.name);
  if (isFree || source === wanted?.name) return;
  throw new StreamctlError(
    'usage',
    `${cassette} holds answers of ${source}, which are not what pipeline "${plan.name}" reads`,
    { hint: `streamctl run ${source} --source ${cassette}` },
  );
}

/**
 * Answers of an address are whatever they are: the first items must have a column of the pipeline.
 * @throws `usage` where it is not known what the items are, or where they are something else.
 */
function requireItemsOf(plan: Plan, { cassette, definition, source, topic }: PollPlan, name: string): void {
  const { header, exchanges } = cassette!;
  if (header.reading === undefined) {
    throw new StreamctlError('usage', `${name} holds answers of ${source}: what their items are is not known`, {
      detail: 'it was recorded by an early version, which did not keep that',
      hint: `streamctl poll --cassette ${name} --mode replay -t ${topic.name} --items ..., and --source topic`,
    });
  }
  const columns = plan.sources[0]!.columns.filter((column) => column.header === undefined).map((column) => column.name);
  const members = new Set<string>();
  const [feed] = definition.feeds;
  for (const { outcome, request } of exchanges) {
    if (outcome.kind === 'failure' || outcome.status >= 300) continue;
    for (const item of itemsIn(definition, feed!, request.url, outcome)) {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
      for (const member of Object.keys(item)) members.add(member);
    }
    if (columns.some((column) => members.has(column))) return;
  }
  // What cannot be read is told of when it is played.
  if (members.size === 0) return;
  throw new StreamctlError('usage', `the items in ${name} have nothing that pipeline "${plan.name}" reads`, {
    detail: `they have ${shownNames([...members])}; it reads ${shownNames(columns)}`,
    hint: `streamctl poll --cassette ${name} --mode replay -t - shows them; --items PATH says where others are`,
  });
}

function itemsIn(
  definition: PollPlan['definition'],
  feed: Feed,
  url: string,
  response: HttpResponse,
): readonly JsonValue[] {
  try {
    return readPage(definition, feed, url, response).content.items;
  } catch (error) {
    if (error instanceof BadBody) return [];
    throw error;
  }
}

function shownNames(names: readonly string[]): string {
  const more = names.length - SHOWN_NAMES;
  return `${names.slice(0, SHOWN_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

async function send(place: Context, plan: PollPlan, flags: PollFlags): Promise<void> {
  const { failures, counts } = await withClient(place, (client) => new PollSession(place, plan, flags).toTopic(client));
  // One round of several feeds: what the others gave is there.
  for (const failure of failures) place.warn(failure.message);
  place.debug(`${plan.definition.name}: ${counts.emitted} records`);
}

/** Without the network, or a key, there is still something to see. */
function withHint(error: unknown): unknown {
  if (!(error instanceof StreamctlError)) return error;
  return new StreamctlError(error.code, error.message, {
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    hint: '--source simulated needs no network and no key; --source topic reads what is there',
    cause: error,
  });
}
