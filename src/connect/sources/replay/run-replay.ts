import type { KafkaClient } from '../../kafka/client.js';
import type { BadRows } from './bad-rows.js';
import type { ReplayOptions, ReplayReport, WrittenRange } from './interfaces.js';
import { Replay } from './replay.js';
import { ReplayError } from './replay-error.js';
import type { RowReader } from './row-reader.js';

/** A dead producer has five batches on their way at most; each can overtake once. */
const MAX_ATTEMPTS = 8;
/** From this one on nothing can be on its way any more: the broker has forgotten whom the topic names. */
const ANEW_FROM = 7;
const PAUSE_MS = 50;

/**
 * Runs a {@link Replay}, and again from where the topic is then whenever a late batch of the killed replay that it goes on
 * as has come first.
 * @param bad the one whose `take` was given to the reader.
 * @throws ReplayError
 */
export async function runReplay(
  client: KafkaClient,
  reader: RowReader,
  bad: BadRows,
  options: ReplayOptions,
): Promise<ReplayReport> {
  let before: ReplayReport | undefined;
  for (let attempt = 1; ; attempt++) {
    const replay = new Replay(client, reader, bad, { ...options, ...(attempt >= ANEW_FROM ? { anew: true } : {}) });
    try {
      return joined(before, await replay.run());
    } catch (error) {
      if (!(error instanceof ReplayError)) throw error;
      const again = replay.overtaken && attempt < MAX_ATTEMPTS && (await reader.rewind());
      if (!again) throw error;
      before = joined(before, error.report);
      bad.restart();
      await client.edges.clock.sleep(PAUSE_MS * attempt, options.signal);
    }
  }
}

/** Two parts of one replay as one: what the first had sent, the second found there. */
function joined(first: ReplayReport | undefined, second: ReplayReport): ReplayReport {
  if (first === undefined) return second;
  return {
    ...second,
    rows: first.rows + second.rows,
    lots: first.lots + second.lots,
    alreadyThere: Math.max(0, second.alreadyThere - first.rows),
    partitions: joinedRanges(first.partitions, second.partitions),
    elapsedMs: first.elapsedMs + second.elapsedMs,
  };
}

function joinedRanges(first: readonly WrittenRange[], second: readonly WrittenRange[]): WrittenRange[] {
  const ranges = new Map(first.map((range) => [range.partition, range]));
  for (const range of second) {
    const former = ranges.get(range.partition);
    ranges.set(
      range.partition,
      former ? { ...range, firstOffset: former.firstOffset, records: former.records + range.records } : range,
    );
  }
  return [...ranges.values()].toSorted((a, b) => a.partition - b.partition);
}
