import { StreamctlError } from '../../../base/errors.js';
import type { Plan } from '../../../plan/plan.js';
import type { Connection } from '../../../run/connection.js';
import { clientEdges, clientSettings } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { feedContext } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { requireNoLiveWishes, saysSomething } from './pipeline-parameters.js';
import { evenLots, feedSample } from './sample-feed.js';
import { readSample, type SampleRows } from './sample-rows.js';
import { chooseSource, type SourceChoice } from './source-choice.js';

/** Something that sends rows to a pipeline's topic beside the run. */
export interface PipelineFeed {
  /** Resolves when all was sent or sending ended early, with why it failed. */
  readonly ended: Promise<Error | undefined>;
  /** Ends sending after what is in hand. */
  stop(): Promise<void>;
}

/** Sends until it is over or the signal of `context` aborts. */
type Send = (context: Context, connection: Connection) => Promise<void>;

/** A sample's lot: so many rows, a minute of event time, sent every so often. */
const LOT_ROWS = 100;
const LOT_EVENT_MS = 60_000;
const LOT_EVERY_MS = 5_000;

/**
 * Starts what feeds a pipeline, as `--source` says or, where it says nothing, as {@link chooseSource} has it.
 * @returns undefined where the topic is read as it is.
 * @throws `usage`, `not-found`, `bad-data`, `broker-unreachable`
 */
export async function startFeed(context: Context, plan: Plan, wishes: FeedWishes): Promise<PipelineFeed | undefined> {
  const choice = await chooseSource(context, plan, wishes.source, wishes.atOnce);
  if (wishes.speed !== undefined && !['simulated', 'cassette', 'file'].includes(choice.kind)) {
    throw new StreamctlError('usage', '--speed is for sources that are replayed', {
      hint: '--source simulated, a file, or a cassette',
    });
  }
  if (choice.kind !== 'live') requireNoLiveWishes(plan, wishes.live, wishes.source ?? choice.kind);
  if (choice.kind === 'topic') return undefined;
  const { openConnection } = await import('../../../run/open-connection.js');
  const connection = openConnection(await clientSettings(context), clientEdges(context));
  try {
    await connection.createMissing(plan.topics);
    const onlyIfEmpty = 'onlyIfEmpty' in choice && choice.onlyIfEmpty;
    const isLeft = onlyIfEmpty && !(await isEmpty(connection, plan));
    if (isLeft && saysSomething(wishes.live)) {
      context.warn(`${plan.sources[0]!.topic} holds rows, so that nothing is polled; --source live does`);
    }
    const send = isLeft ? undefined : await senderOf(context, plan, choice, wishes);
    if (send) return begin(context, connection, send, wishes.hasScreen === true);
  } catch (error) {
    await connection.close();
    throw error;
  }
  await connection.close();
  return undefined;
}

/**
 * Waits for what a run reads to be there before it begins.
 * @throws what sending failed with; Ctrl-C ends sending.
 */
export async function untilSent({ signal }: Context, feed: PipelineFeed | undefined): Promise<void> {
  if (!feed) return;
  const stop = (): void => void feed.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const failure = await feed.ended;
  signal.removeEventListener('abort', stop);
  if (!failure) return;
  await feed.stop();
  throw failure;
}

function begin(context: Context, connection: Connection, send: Send, hasScreen: boolean): PipelineFeed {
  const stop = new AbortController();
  let trouble: string | undefined;
  const warn = (text: string): void => {
    if (hasScreen && !stop.signal.aborted) trouble = text;
    else context.warn(text);
  };
  const place = feedContext(context, stop.signal, warn);
  const ended = send(place, connection).then(
    () => undefined,
    (error: Error) => error,
  );
  return {
    ended,
    async stop() {
      stop.abort();
      const failure = await ended;
      if (trouble !== undefined && !failure) context.warn(trouble);
      await connection.close();
    },
  };
}

/** Checks all that can be checked before anything is sent. */
async function senderOf(context: Context, plan: Plan, choice: SourceChoice, wishes: FeedWishes): Promise<Send> {
  switch (choice.kind) {
    case 'live': {
      const { liveSender } = await import('./polled-feed.js');
      return liveSender(context, choice.api, wishes);
    }
    case 'cassette': {
      const { cassetteSender } = await import('./polled-feed.js');
      return cassetteSender(context, plan, choice.path, wishes);
    }
    case 'simulated': {
      const { simulatedSender } = await import('./simulated-feed.js');
      return simulatedSender(context, choice.plan, wishes);
    }
    case 'file': {
      const { fileSender } = await import('./file-feed.js');
      return fileSender(context, plan, choice.path, wishes);
    }
    default:
      return sampleSender(context, await readSample(plan, context), wishes.atOnce ? 0 : LOT_EVERY_MS);
  }
}

/** The sample's event times end now. */
function sampleSender(context: Context, sample: SampleRows, everyMs: number): Send {
  const lots = evenLots(sample.texts.length, LOT_ROWS, everyMs);
  const firstMs = context.clock.now() - lots.length * LOT_EVENT_MS;
  const pace = { lots, timestampMs: (row: number) => Math.round(firstMs + (row * LOT_EVENT_MS) / LOT_ROWS) };
  context.note(
    context.say(
      '{1} gets the sample {2}: {3} rows in {4} lots',
      sample.topic,
      sample.name,
      sample.texts.length,
      lots.length,
    ),
  );
  return async ({ clock, signal }, connection) => {
    const producer = connection.producer({});
    try {
      await feedSample(sample, pace, { clock, producer, signal });
    } finally {
      await producer.close(true);
    }
  };
}

async function isEmpty(connection: Connection, plan: Plan): Promise<boolean> {
  const { topic } = plan.sources[0]!;
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const ends = await connection.offsets(partitions, 'end');
  return ends.every(({ offset }) => offset === 0);
}
