import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import type { JsonValue } from '../../../src/base/row-batch.js';
import { KafkaClient } from '../../../src/connect/kafka/client.js';
import { createMissingTopics } from '../../../src/connect/kafka/create-topics.js';
import { RecordProducer } from '../../../src/connect/kafka/producer.js';
import { ChangeTracker } from '../../../src/connect/sources/poll/change-tracker.js';
import { pathRules } from '../../../src/connect/sources/poll/item-rules.js';
import { parseJsonPath } from '../../../src/connect/sources/poll/json-path.js';
import { recordOf } from '../../../src/connect/sources/poll/poll-record.js';
import { loadPoll, restoreEntries, savePoll } from '../../../src/connect/sources/poll/poll-state.js';
import { TopicSink } from '../../../src/connect/sources/poll/topic-sink.js';
import { testEdges } from '../../support/client-edges.js';
import { SimFiles } from '../../support/sim-files.js';
import { startTestBroker, type TestBroker } from '../../support/test-broker.js';

let broker: TestBroker;
let client: KafkaClient;
beforeAll(async () => {
  broker = await startTestBroker();
  client = new KafkaClient(broker.settings, testEdges());
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

const rules = pathRules({ key: [parseJsonPath('id')], time: parseJsonPath('at'), ignored: [], changedOnly: false });
const makeTracker = () => new ChangeTracker(rules, { mode: 'body', digest: (text) => text });
const thing = (id: number, second: number): JsonValue => ({ id, at: 1_700_000_000 + second });

async function topicOf(name: string, partitions = 3): Promise<string> {
  await createMissingTopics(client, [{ name, partitions, replicas: 1 }]);
  return name;
}
const open = (topic: string, pollId = 'p', runId = 'r') =>
  TopicSink.open(client, { topic, pollId, runId, producer: {} });

async function write(sink: TopicSink, tracker: ChangeTracker, items: readonly JsonValue[]): Promise<number> {
  const { chosen } = tracker.choose(items);
  if (chosen.length > 0) await sink.write(chosen.map((one) => recordOf(one, 'https://api.test/x?key=***', 5)));
  tracker.commit();
  return chosen.length;
}

async function restored(
  sink: TopicSink,
  from: readonly number[] = [],
): Promise<{ tracker: ChangeTracker; found: number }> {
  const tracker = makeTracker();
  const found = await sink.restore(from, (item) => tracker.restore(item));
  return { tracker, found };
}

describe('the topic of a poll', () => {
  it('tells a successor what is in it already', async () => {
    const topic = await topicOf('known');
    const first = await open(topic);
    await first.restore([], () => undefined);
    expect(await write(first, makeTracker(), [thing(1, 1), thing(2, 1), thing(3, 1)])).toBe(3);
    await first.close();
    const second = await open(topic);
    const { tracker, found } = await restored(second);
    expect(found).toBe(3);
    expect(await write(second, tracker, [thing(1, 1), thing(2, 2), thing(3, 0)])).toBe(1);
    await second.close();
  });

  it('takes only records of the same poll for its own', async () => {
    const topic = await topicOf('shared');
    const other = await open(topic, 'other', 'o');
    await write(other, makeTracker(), [thing(1, 1), thing(2, 1)]);
    const mine = await open(topic, 'mine', 'm');
    expect((await restored(mine)).found).toBe(0);
    await other.close();
    await mine.close();
  });

  it('is written by one at a time: the successor fences the one before, whose open group vanishes', async () => {
    const topic = await topicOf('fenced', 1);
    const before = await open(topic);
    await write(before, makeTracker(), [thing(1, 1)]);
    const after = await open(topic);
    await expect(write(before, makeTracker(), [thing(2, 1)])).rejects.toThrow();
    const { tracker, found } = await restored(after);
    expect(found).toBe(1);
    expect(await write(after, tracker, [thing(1, 1), thing(2, 1)])).toBe(1);
    await before.close();
    await after.close();
  });

  it('knows what lies behind an open transaction of another writer', async () => {
    const topic = await topicOf('behind', 1);
    const other = new RecordProducer(client, { transactionalId: 'another' });
    await other.prepare(topic);
    other.begin();
    other.append(topic, 0, null, utf8('{}'), [], 5);
    await other.flush();
    const before = await open(topic);
    await write(before, makeTracker(), [thing(1, 1), thing(2, 1)]);
    await before.close();
    const after = await open(topic);
    const reading = restored(after);
    await Promise.race([reading, client.topic(topic)]);
    await other.commit();
    expect((await reading).found).toBe(2);
    await other.close();
    await after.close();
  });

  it('needs only its end where a state was saved, and all of it where the state is lost or of something else', async () => {
    const topic = await topicOf('saved');
    const files = new SimFiles();
    const sink = await open(topic);
    const { tracker } = await restored(sink);
    await write(
      sink,
      tracker,
      Array.from({ length: 50 }, (_, id) => thing(id, 1)),
    );
    const wanted = { pollId: 'p', topic, topicId: sink.topicId, fingerprint: 'f' };
    savePoll(files, '/state', { ...wanted, offsets: sink.positions(), validators: {}, holds: {} }, tracker);
    await write(sink, tracker, [thing(7, 2), thing(60, 1)]);
    await sink.close();

    const next = await open(topic);
    const saved = loadPoll(files, '/state', wanted)!;
    const again = makeTracker();
    restoreEntries(saved, again);
    expect(await next.restore(saved.offsets, (item) => again.restore(item))).toBe(2);
    const all = [...Array.from({ length: 50 }, (_, id) => thing(id, 1)), thing(7, 2), thing(60, 1)];
    expect(again.choose(all).chosen).toEqual([]);
    expect((await restored(next)).found).toBe(52);
    // A position behind the end is of a topic that is no more.
    expect((await restored(next, [1e9, 1e9, 1e9])).found).toBe(52);
    await next.close();

    expect(loadPoll(files, '/state', { ...wanted, fingerprint: 'g' })).toBeUndefined();
    expect(loadPoll(files, '/state', { ...wanted, topicId: 'another' })).toBeUndefined();
    expect(loadPoll(files, '/none', wanted)).toBeUndefined();
    files.replaceFile('/state', files.readFile('/state').slice(0, 40));
    expect(loadPoll(files, '/state', wanted)).toBeUndefined();
  });

  it('holds key, event time, address and poll of each item', async () => {
    const record = recordOf({ item: thing(1, 1), key: '1', timeMs: 1_700_000_001_000 }, 'https://api.test/', 9);
    expect(fromUtf8(record.value)).toBe('{"id":1,"at":1700000001}');
    expect(record).toMatchObject({ timestampMs: 1_700_000_001_000, source: 'https://api.test/' });
    expect(recordOf({ item: 1, key: null, timeMs: Number.NaN }, '', 9)).toMatchObject({ key: null, timestampMs: 9 });
  });
});
