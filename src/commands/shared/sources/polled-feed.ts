import { StreamctlError } from '../../../base/errors.js';
import { APIS } from '../../../connect/sources/apis/index.js';
import type { ApiSource } from '../../../connect/sources/apis/interfaces.js';
import type { Plan } from '../../../plan/plan.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { allPipelines } from '../settings/names.js';
import { flagsWithout } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { POLL_FLAGS, type PollFlags, readCassetteSpeed } from './poll-flags.js';
import { type PollPlan, planPoll } from './poll-plan.js';
import { PollSession } from './poll-session.js';

/** Somebody waits for the first answer: an API that is out of reach is given up sooner than by `poll`. */
const RETRIES = 2;

/**
 * Polls an API into its topic, on and on or once.
 * @throws `usage`, `not-found` for a key that is missing
 */
export async function liveSender(context: Context, api: ApiSource, { atOnce }: FeedWishes) {
  const flags: PollFlags = { ...flagsWithout(POLL_FLAGS), retry: RETRIES, once: atOnce };
  const plan = await planPoll(context, { source: api.name, values: [], flags, extra: {} }).catch((error: unknown) => {
    throw withHint(error);
  });
  context.note(`${plan.topic.name} gets what ${api.name} is polled for`);
  return async (place: Context): Promise<void> => {
    try {
      await send(place, plan, flags);
    } catch (error) {
      throw withHint(error);
    }
  };
}

/**
 * Gives the answers of a cassette to a pipeline as they came then.
 * @throws `usage` where it holds those of another API, `bad-data` where it is no cassette.
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
  const wanted = APIS.find(({ topic }) => topic.name === flags.topic);
  if (!APIS.some(({ name }) => name === poll.source)) {
    // What its items are, and what their key is, was said by flags and stands in no cassette.
    throw new StreamctlError(
      'usage',
      `${cassette} holds answers of ${poll.source}: what their items are is not known`,
      {
        hint: `streamctl poll --cassette ${cassette} --mode replay -t ${flags.topic} --items ..., and --source topic`,
      },
    );
  }
  // A pipeline of one's own may keep such answers in a topic of its own.
  const isFree = !wanted && (await allPipelines()).every(({ name }) => name !== plan.name);
  if (!isFree && poll.source !== wanted?.name) {
    throw new StreamctlError(
      'usage',
      `${cassette} holds answers of ${poll.source}, which are not what pipeline "${plan.name}" reads`,
      { hint: `streamctl run ${poll.source} --source ${cassette}` },
    );
  }
  context.note(`${flags.topic} gets the ${poll.cassette!.exchanges.length} exchanges of ${cassette}`);
  return (place: Context): Promise<void> => send(place, poll, flags);
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
