import { utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/time.js';
import type { Producer } from '../../connect/kafka/contracts.js';
import type { HeaderPairs } from '../../connect/kafka/interfaces.js';
import type { SampleRows } from './sample-rows.js';

/** How fast a sample goes out. */
export interface FeedPace {
  /** Rows of a lot. */
  readonly batchRows: number;
  /** From the beginning of one lot to that of the next. */
  readonly everyMs: number;
  /** Record timestamp of row `row` (from 0); the time of sending when absent. */
  readonly timestampMs?: (row: number) => number;
}

/** What a feed works with. */
export interface FeedPlace {
  readonly clock: Clock;
  readonly producer: Producer;
  /** Ends the feed after the lot in hand. */
  readonly signal: AbortSignal;
}

/**
 * Sends a sample in timed lots, row by row over all partitions in turn, so that the partition of each row is known.
 * @returns rows sent.
 * @throws what the producer ended with.
 */
export async function feedSample(sample: SampleRows, pace: FeedPace, place: FeedPlace): Promise<number> {
  const { clock, producer, signal } = place;
  const { partitions } = await producer.prepare(sample.topic);
  const startMs = clock.elapsed();
  let row = 0;
  for (let lot = 0; row < sample.texts.length && !signal.aborted; lot++) {
    await clock.sleep(startMs + lot * pace.everyMs - clock.elapsed(), signal);
    const end = Math.min(sample.texts.length, row + pace.batchRows);
    for (; row < end; row++) {
      const timestampMs = pace.timestampMs?.(row) ?? -1;
      const headers = headersOf(sample.name, lot + 1, row + 1);
      if (!producer.append(sample.topic, row % partitions.length, null, sample.texts[row]!, headers, timestampMs)) {
        await producer.ready();
      }
    }
    await producer.flush();
  }
  return row;
}

/** Where each partition ends once the whole sample was sent to an empty topic. */
export function sampleEnds(
  sample: SampleRows,
  partitionCount: number,
): readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] {
  return Array.from({ length: partitionCount }, (_, partition) => ({
    topic: sample.topic,
    partition,
    offset: Math.ceil((sample.texts.length - partition) / partitionCount),
  }));
}

function headersOf(source: string, lot: number, row: number): HeaderPairs {
  return [
    ['streamctl-lot', utf8(String(lot))],
    ['streamctl-row', utf8(String(row))],
    ['streamctl-source', utf8(source)],
  ];
}
