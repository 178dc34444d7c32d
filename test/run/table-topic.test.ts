import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { greater, kafka, pipeline, table } from '../../src/plan/index.js';
import type { Connection } from '../../src/run/connection.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { fresh, type Ground, onGround, placeOf, readTopic } from './trips.js';

const NAME = fresh('table-topic');
const status = kafka('status', {
  topic: `${NAME}-in`,
  columns: { at: 'timestamp', station: 'string', bikes: 'bigint' },
  eventTime: 'at',
});
const stations = table('stations', { topic: `${NAME}-stations`, columns: { station: 'string', city: 'string' } });
const plan = pipeline(NAME)
  .from(status)
  .latestBy('station')
  .lookup(stations, { on: ['station'], version: 'edition' })
  .where((row) => greater(row.bikes, 0))
  .into(kafka('out', { topic: `${NAME}-out`, keys: ['station'] }));

let broker: Ground['broker'];
let connection: Connection;
onGround((ground) => ({ broker, connection } = ground));

/** Sends records with a key; null values are tombstones. */
async function send(topic: string, records: readonly (readonly [key: string, value: unknown])[]): Promise<void> {
  const producer = connection.producer({});
  await producer.prepare(topic);
  for (const [key, value] of records) {
    producer.append(topic, 0, utf8(key), value === null ? null : utf8(JSON.stringify(value)));
  }
  await producer.close();
}

describe('a table in a compacted topic', () => {
  it('has the newest record of each key; results that are no longer true become tombstones', async () => {
    await connection.createMissing(neededTopics(plan));
    expect(neededTopics(plan).find((topic) => topic.name === `${NAME}-stations`)?.config).toEqual({
      'cleanup.policy': 'compact',
    });
    await send(`${NAME}-stations`, [
      ['a', { station: 'a', city: 'Lyon' }],
      ['b', { station: 'b', city: 'Paris' }],
      ['a', { station: 'a', city: 'Pantin' }],
      ['b', null],
    ]);
    await send(`${NAME}-in`, [
      ['a', { at: 1_000, station: 'a', bikes: 3 }],
      ['b', { at: 1_000, station: 'b', bikes: 4 }],
    ]);
    const run = async (): Promise<void> => {
      const summary = await startPipelineRun({ plan, place: placeOf(broker.settings), bounded: true }).done;
      expect(summary.error).toBeUndefined();
    };
    await run();
    await send(`${NAME}-in`, [['a', { at: 2_000, station: 'a', bikes: 0 }]]);
    await run();
    const records = await readTopic(connection, `${NAME}-out`);
    expect(records.map(({ key, value }) => [key, value === '' ? null : JSON.parse(value)])).toEqual([
      ['a', { at: '1970-01-01T00:00:01.000Z', station: 'a', bikes: 3, city: 'Pantin', edition: `${NAME}-stations@4` }],
      ['a', null],
    ]);
  });
});
