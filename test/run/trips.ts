import { afterAll, beforeAll, expect } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import { systemClock, systemFiles } from '../../src/base/system.js';
import type { ClientSettings } from '../../src/connect/kafka/interfaces.js';
import { readClientSettings } from '../../src/connect/kafka/settings.js';
import { avg, count, greater, kafka, max, min, pipeline } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import type { Connection } from '../../src/run/connection.js';
import { eachRecord } from '../../src/run/each-record.js';
import type { RunPlace } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { openConnection } from '../../src/run/open-connection.js';
import { testEdges } from '../support/client-edges.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';

/** One record of the source topic of {@link tripsPlan}. */
export interface Trip {
  readonly partition: number;
  readonly city: string;
  readonly km: number;
  readonly at: number;
}

/** What a window of one city holds. */
export interface CityWindow {
  readonly count: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

export const MINUTE_MS = 60_000;
export const LATENESS_MS = 5_000;
/** 2024-03-01T00:00:00Z */
export const DAY_MS = 1_709_251_200_000;

/** A pipeline over three partitions with everything that a run has to do: a rule, a window, groups, a sink. */
export function tripsPlan(name = 'trips'): Plan {
  const trips = kafka('trips', {
    topic: `${name}-in`,
    partitions: 3,
    columns: { city: 'string', km: 'double', at: 'timestamp' },
    eventTime: 'at',
    lateness: '5 seconds',
    idleTimeout: '30 seconds',
  });
  const cities = kafka('cities', { topic: `${name}-out`, keys: ['city'] });
  return pipeline(name, { description: 'kilometres per city' })
    .from(trips)
    .check((row) => ({ 'km is not above 0': greater(row.km, 0) }))
    .tumble('1 minute')
    .groupBy('city')
    .aggregate((row) => ({ count: count(), mean: avg(row.km), least: min(row.km), most: max(row.km) }))
    .into(cities);
}

/** Trips in the order of their partitions' offsets: out of order by less than the lateness, so none is late. */
export function makeTrips(seed: number, perPartition: number, minutes: number): Trip[] {
  const random: Random = seededRandom(seed);
  const trips: Trip[] = [];
  for (let index = 0; index < perPartition; index++) {
    for (let partition = 0; partition < 3; partition++) {
      const onTimeMs = DAY_MS + Math.floor((index / perPartition) * minutes * MINUTE_MS);
      trips.push({
        partition,
        city: ['Paris', 'Lyon', 'Nice', 'Brest'][random.below(4)]!,
        km: 1 + random.below(1000) / 8,
        at: onTimeMs - random.below(LATENESS_MS),
      });
    }
  }
  return trips;
}

/** The answer, in a few lines that share nothing with the engine. Keys: `window start/city`. */
export function naiveWindows(trips: readonly Trip[]): Map<string, CityWindow> {
  const groups = new Map<string, number[]>();
  for (const { city, km, at } of trips) {
    if (!(km > 0)) continue;
    const key = `${Math.floor(at / MINUTE_MS) * MINUTE_MS}/${city}`;
    groups.set(key, [...(groups.get(key) ?? []), km]);
  }
  return new Map(
    [...groups].map(([key, all]) => [
      key,
      {
        count: all.length,
        mean: all.reduce((sum, km) => sum + km, 0) / all.length,
        least: Math.min(...all),
        most: Math.max(...all),
      },
    ]),
  );
}

/** Sends trips to their partitions, one acknowledged batch. */
export async function send(connection: Connection, topic: string, trips: readonly (Trip | string)[]): Promise<void> {
  const producer = connection.producer({});
  await producer.prepare(topic);
  for (const trip of trips) {
    const [partition, value] =
      typeof trip === 'string' ? [0, trip] : [trip.partition, JSON.stringify({ ...trip, partition: undefined })];
    if (!producer.append(topic, partition, null, utf8(value))) await producer.ready();
  }
  await producer.close();
}

/** A record as text. */
export interface TextRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** All records of a topic, committed ones only. */
export async function readTopic(connection: Connection, topic: string): Promise<TextRecord[]> {
  const decoder = new TextDecoder();
  const text = (bytes: Uint8Array | null): string => decoder.decode(bytes ?? new Uint8Array(0));
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const ends = await connection.offsets(partitions, 'end');
  const fetcher = connection.fetcher({ maxWaitMs: 50 });
  fetcher.assign(await connection.offsets(partitions, 'start'));
  const records: TextRecord[] = [];
  while (ends.some((end) => (fetcher.position(end) ?? 0) < end.offset)) {
    const fetched = await fetcher.next(1000);
    if (!fetched) continue;
    eachRecord(fetched, connection.client.edges.compression, (cursor) => {
      const headers = Object.fromEntries(cursor.headers().map(({ key, value }) => [key, text(value)]));
      const key = cursor.key();
      const { partition } = fetched;
      records.push({
        partition,
        offset: cursor.offset,
        key: key && text(key),
        value: text(cursor.value()),
        headers,
      });
    });
  }
  await fetcher.close();
  return records;
}

/** What the result topic says: the newest record per window and city. */
export async function finalResults(connection: Connection, topic: string): Promise<Map<string, CityWindow>> {
  const results = new Map<string, CityWindow>();
  for (const { value } of await readTopic(connection, topic)) {
    const row = JSON.parse(value) as { window_start: string; city: string } & CityWindow;
    const { count: rows, mean, least, most } = row;
    results.set(`${Date.parse(row.window_start)}/${row.city}`, { count: rows, mean, least, most });
  }
  return results;
}

/** The broker of these tests: in this process, or the cluster that STREAMCTL_TEST_BROKERS names. */
export async function runsBroker(): Promise<Pick<TestBroker, 'settings' | 'stop'>> {
  const named = process.env.STREAMCTL_TEST_BROKERS;
  if (!named) return startTestBroker();
  return { settings: readClientSettings([named], {}, () => ''), stop: async () => undefined };
}

/** A pipeline name that no earlier test on the same cluster had. */
export function fresh(name: string): string {
  return process.env.STREAMCTL_TEST_BROKERS ? `${name}-${process.pid}` : name;
}

/** Where the tests' runs work. */
export function placeOf(settings: ClientSettings): RunPlace {
  return { edges: { ...testEdges(), files: systemFiles }, connect: async () => settings, name: 'test broker' };
}

/** A connection for looking in from outside. */
export function connectionTo(settings: ClientSettings): Connection {
  return openConnection(settings, testEdges());
}

/** What the tests of a file have in common. */
export interface Ground {
  readonly broker: Pick<TestBroker, 'settings' | 'stop'>;
  readonly connection: Connection;
}

/** A broker and a connection to it before the tests of a file, and their end after them. */
export function onGround(use: (ground: Ground) => void): void {
  let ground: Ground | undefined;
  beforeAll(async () => {
    const broker = await runsBroker();
    ground = { broker, connection: connectionTo(broker.settings) };
    use(ground);
  });
  afterAll(async () => {
    await ground?.connection.close();
    await ground?.broker.stop();
  });
}

/** Longest that something is waited for that other processes or a busy machine can hold up. */
const PATIENCE_MS = 60_000;

/** Looks again and again until `holds`. @throws Error that says `what` did not come. */
export async function waitUntil(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = systemClock.elapsed() + PATIENCE_MS;
  while (!(await holds())) {
    if (systemClock.elapsed() > deadline) throw new Error(`waited too long for ${what}`);
    await systemClock.sleep(20);
  }
}

/** Every window of the pipeline `name` is as the oracle has it, and was given out once. */
export async function expectEachOnce(connection: Connection, name: string, trips: readonly Trip[]): Promise<void> {
  const expected = naiveWindows(trips);
  expect(await finalResults(connection, `${name}-out`)).toEqual(expected);
  expect(await readTopic(connection, `${name}-out`)).toHaveLength(expected.size);
}

/** Makes the topics of {@link tripsPlan}. @returns the name of the pipeline. */
export async function prepareTrips(connection: Connection, name: string): Promise<string> {
  const pipeline = fresh(name);
  await connection.createMissing(neededTopics(tripsPlan(pipeline)));
  return pipeline;
}
