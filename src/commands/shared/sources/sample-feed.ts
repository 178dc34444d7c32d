import { utf8 } from '../../../base/bytes.js';
import type { Clock } from '../../../base/time.js';
import type { Producer } from '../../../connect/kafka/contracts.js';
import type { HeaderPairs } from '../../../connect/kafka/interfaces.js';
import type { SampleRows } from './sample-rows.js';

/** A part of a sample that goes out at once. */
export interface Lot {
  /** Row after the last one, from 0. */
  readonly endRow: number;
  /** Since the feed began. */
  readonly atMs: number;
}

/** How fast a sample goes out, and when its rows are said to have happened. */
export interface FeedPace {
  readonly lots: readonly Lot[];
  /** Record timestamp of row `row` (from 0). */
  readonly timestampMs: (row: number) => number;
}

/** Lots of the same size at the same distance. */
export function evenLots(rows: number, lotRows: number, everyMs: number): readonly Lot[] {
  return Array.from({ length: Math.ceil(rows / lotRows) }, (_, lot) => ({
    endRow: Math.min(rows, (lot + 1) * lotRows),
    atMs: lot * everyMs,
  }));
}

/** What a feed works with. */
export interface FeedPlace {
  readonly clock: Clock;
  readonly producer: Producer;
  /** Ends the feed after the lot in hand. */
  readonly signal: AbortSignal;
  /** Kept up to date. */
  readonly progress?: FeedProgress;
}

/** How far a feed has come. */
export interface FeedProgress {
  /** Rows that the broker has. */
  sentRows: number;
}

/**
 * Sends a sample in timed lots, row by row over all partitions in turn, so that the partition of each row is known.
 * @returns rows sent.
 * @throws what the producer ended with.
 */
export async function feedSample(sample: SampleRows, pace: FeedPace, place: FeedPlace): Promise<number> {
  const { clock, producer, signal, progress } = place;
  const { partitions } = await producer.prepare(sample.topic);
  const startMs = clock.elapsed();
  let row = 0;
  for (const [lot, { endRow, atMs }] of pace.lots.entries()) {
    await clock.sleep(startMs + atMs - clock.elapsed(), signal);
    if (signal.aborted) break;
    for (; row < endRow; row++) {
      const headers = headersOf(sample.name, lot + 1, row + 1);
      const partition = row % partitions.length;
      if (!producer.append(sample.topic, partition, null, sample.texts[row]!, headers, pace.timestampMs(row))) {
        await producer.ready();
      }
    }
    await producer.flush();
    if (progress) progress.sentRows = row;
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
