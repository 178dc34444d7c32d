import { StreamctlError } from '../../../base/errors.js';
import type { Plan } from '../../../plan/plan.js';
import type { Connection } from '../../../run/connection.js';
import { clientEdges, clientSettings } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { evenLots, feedSample } from './sample-feed.js';
import { readSample, type SampleRows, samplePath } from './sample-rows.js';

/** Something that sends rows to a pipeline's topic beside the run. */
export interface PipelineFeed {
  /** Resolves when all was sent, or sending ended early. */
  readonly sent: Promise<void>;
  /** Ends sending after the lot in hand. */
  stop(): Promise<void>;
}

/** A sample's lot: so many rows, a minute of event time, sent every so often. */
const LOT_ROWS = 100;
const LOT_EVENT_MS = 60_000;
const LOT_EVERY_MS = 5_000;

/**
 * Starts what feeds a pipeline: its sample where `source` asks for it, or where nothing was asked for and the topic of
 * its first source is empty. The sample's event times end now.
 * @param source value of `--source`: `topic` or `sample`.
 * @param atOnce all lots one after the other, for a run that ends with what is there.
 * @throws `usage`, `not-found`, `broker-unreachable`
 */
export async function startFeed(
  context: Context,
  plan: Plan,
  source: string | undefined,
  atOnce = false,
): Promise<PipelineFeed | undefined> {
  if (source !== undefined && source !== 'sample' && source !== 'topic') {
    throw new StreamctlError('usage', `--source "${source}" is not known`, { hint: 'write topic or sample' });
  }
  if (source === 'topic' || (source === undefined && samplePath(plan.name, context.files) === undefined)) {
    return undefined;
  }
  const { openConnection } = await import('../../../run/open-connection.js');
  const connection = openConnection(await clientSettings(context), clientEdges(context));
  try {
    const sample = await readSample(plan, context.files);
    await connection.createMissing(plan.topics);
    if (source === 'sample' || (await isEmpty(connection, sample.topic))) {
      return begin(context, connection, sample, atOnce ? 0 : LOT_EVERY_MS);
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
  await connection.close();
  return undefined;
}

function begin(context: Context, connection: Connection, sample: SampleRows, everyMs: number): PipelineFeed {
  const { clock } = context;
  const lots = evenLots(sample.texts.length, LOT_ROWS, everyMs);
  const firstMs = clock.now() - lots.length * LOT_EVENT_MS;
  const stop = new AbortController();
  const producer = connection.producer({});
  const pace = { lots, timestampMs: (row: number) => Math.round(firstMs + (row * LOT_EVENT_MS) / LOT_ROWS) };
  context.note(`${sample.topic} gets the sample ${sample.name}: ${sample.texts.length} rows in ${lots.length} lots`);
  const sent = feedSample(sample, pace, { clock, producer, signal: stop.signal }).then(
    () => undefined,
    (error: unknown) => context.warn(`the sample ended early: ${(error as Error).message}`),
  );
  return {
    sent,
    async stop() {
      stop.abort();
      await sent;
      await producer.close(true);
      await connection.close();
    },
  };
}

async function isEmpty(connection: Connection, topic: string): Promise<boolean> {
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const ends = await connection.offsets(partitions, 'end');
  return ends.every(({ offset }) => offset === 0);
}
