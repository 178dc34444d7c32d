import { utf8 } from '../../../base/bytes.js';
import type { Clock } from '../../../base/time.js';
import type { Producer } from '../../kafka/contracts.js';
import type { HeaderPairs } from '../../kafka/interfaces.js';
import type { Delivery } from './disturb.js';
import type { Simulator } from './interfaces.js';
import type { SimulationTally } from './tally.js';

/** Records that are handed over together. */
const MAX_BATCH = 1_000;
/** What falls due within it goes out together. */
const TICK_MS = 20;
/** Timers hold no longer waits. */
const MAX_SLEEP_MS = 3_600_000;
/** Records of a lot, as a replay has them. */
const LOT_RECORDS = 100;

/** A delivery as the record it becomes. */
export interface SimulatedRecord {
  readonly key: string | null;
  /** JSON text, or what a careless source sends instead. */
  readonly text: string;
  /** The fields where it is a JSON object. */
  readonly fields: Delivery['value'];
  readonly timestampMs: number;
  /** From 1. */
  readonly row: number;
}

/** What takes the records of a simulation. */
export interface SimulationSink {
  write(records: readonly SimulatedRecord[]): Promise<void>;
}

/** How a simulation goes out. */
export interface PlayOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly simulator: Simulator;
  readonly deliveries: Iterable<Delivery>;
  /** Event time against the clock; Infinity: as fast as it goes. */
  readonly speed: number;
  /** Event time of the beginning. */
  readonly startMs: number;
  /** What arrives at this event time or later does not arrive any more. */
  readonly endMs: number;
  /** Records that may still go out. */
  readonly remaining: () => number;
  readonly sink: SimulationSink;
  /** Counted as they go out. */
  readonly tally: SimulationTally;
  /** Told after each batch. */
  readonly sent: (records: readonly SimulatedRecord[]) => void;
}

/** Why a simulation ended. */
export type PlayEnd = 'end' | 'count' | 'stopped';

/**
 * Sends deliveries when they are due: the distance between two is that of their event times, divided by the speed. What
 * began in the past catches up with the clock and goes on with it: nothing arrives before it has happened.
 */
export async function playSimulation(options: PlayOptions): Promise<PlayEnd> {
  const { clock, signal, deliveries, remaining, endMs } = options;
  const due = dueTimes(options);
  let row = 0;
  let batch: Delivery[] = [];
  let begunMs = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const records = batch.map((delivery, at) => recordOf(delivery, options, row + at + 1));
    row += records.length;
    await options.sink.write(records);
    for (const delivery of batch) options.tally.add(delivery);
    batch = [];
    options.sent(records);
  };
  for (const delivery of deliveries) {
    if (delivery.atMs >= endMs) {
      await flush();
      return 'end';
    }
    if (due(delivery.atMs) > 0 && clock.elapsed() + due(delivery.atMs) > begunMs + TICK_MS) await flush();
    for (let waitMs = due(delivery.atMs); waitMs > 0 && !signal.aborted; waitMs = due(delivery.atMs)) {
      await clock.sleep(Math.min(MAX_SLEEP_MS, Math.ceil(waitMs)), signal);
    }
    if (signal.aborted) return 'stopped';
    if (batch.length === 0) begunMs = clock.elapsed();
    batch.push(delivery);
    if (batch.length >= Math.min(MAX_BATCH, remaining())) await flush();
    if (remaining() <= 0) return 'count';
    if (signal.aborted) return 'stopped';
  }
  return 'end';
}

/** Milliseconds until something is due. */
function dueTimes({ clock, speed, startMs }: PlayOptions): (atMs: number) => number {
  const originMs = clock.elapsed();
  // Whoever begins in the future wants just that.
  const followsClock = startMs <= clock.now();
  return (atMs) => {
    const byPace = originMs + (atMs - startMs) / speed - clock.elapsed();
    return followsClock ? Math.max(byPace, atMs - clock.now()) : byPace;
  };
}

function recordOf(
  { row: { key, eventMs }, value }: Delivery,
  { clock, simulator }: PlayOptions,
  row: number,
): SimulatedRecord {
  return {
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
    fields: value,
    timestampMs: simulator.isArchive ? clock.now() : eventMs,
    row,
  };
}

/**
 * Writes to a topic as the real source does: with a key where it has one, else over the partitions in turn, lot by lot.
 * @param producer prepared for the topic.
 * @param source in the records' headers.
 */
export function topicWriter(producer: Producer, topic: string, partitions: number, source: string): SimulationSink {
  const name = utf8(source);
  return {
    async write(records) {
      for (const { key, text, timestampMs, row } of records) {
        const lot = Math.ceil(row / LOT_RECORDS);
        const headers: HeaderPairs = [
          ['streamctl-lot', utf8(String(lot))],
          ['streamctl-row', utf8(String(row))],
          ['streamctl-source', name],
        ];
        const partition = key === null ? (lot - 1) % partitions : undefined;
        const bytes = key === null ? null : utf8(key);
        if (!producer.append(topic, partition, bytes, utf8(text), headers, timestampMs)) await producer.ready();
      }
      await producer.flush();
    },
  };
}
