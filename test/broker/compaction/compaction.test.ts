import { describe, expect, it } from 'vitest';
import { systemCompression } from '../../../src/base/compression.js';
import { type Random, seededRandom } from '../../../src/base/random.js';
import { compactPartition } from '../../../src/broker/compaction/compact-partition.js';
import { isControl, readBatches, recordSection } from '../../../src/wire/record-batch.js';
import { type BatchOptions, RecordBatchBuilder } from '../../../src/wire/record-batch-builder.js';
import { RecordCursor } from '../../../src/wire/record-cursor.js';
import { fetchFrom, makeTopic, produce, type Scene, scene } from '../broker-fixture.js';

interface Row {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
}

const SETTINGS = { 'cleanup.policy': 'compact', 'segment.bytes': '600', 'min.cleanable.dirty.ratio': '0.01' };
const DAY_MS = 86_400_000;

function keyed(rows: readonly (readonly [string, string | null])[], timestampMs: number, options: BatchOptions = {}) {
  const builder = new RecordBatchBuilder(256);
  const encode = (text: string) => new TextEncoder().encode(text);
  for (const [key, value] of rows) builder.append(timestampMs, encode(key), value === null ? null : encode(value));
  return builder.finish(options);
}

async function send(stage: Scene, rows: readonly (readonly [string, string | null])[], options: BatchOptions = {}) {
  const { errorCode } = await produce(stage.client, 't', keyed(rows, stage.clock.now(), options));
  expect(errorCode).toBe(0);
}

/** Runs a compaction to its end while simulated time passes. */
async function compact(stage: Scene) {
  const partition = stage.running.broker.topics.partition('t', 0)!;
  if (partition.log.segments.at(-1)!.size > 0) partition.roll();
  const edges = { clock: stage.clock, files: stage.files, compression: systemCompression };
  let over = false;
  const run = compactPartition(edges, partition).finally(() => {
    over = true;
  });
  run.catch(() => {});
  while (!over) await stage.clock.advance(1);
  return run;
}

/** Lets time pass for a client that is cut off meanwhile for its silence. */
async function pass(stage: Scene, ms: number): Promise<void> {
  await stage.clock.advance(ms);
  stage.client = await stage.connect();
}

/** Producer and number of records of each marker. */
function markersOf(stage: Scene): [number, number][] {
  const partition = stage.running.broker.topics.partition('t', 0)!;
  const found: [number, number][] = [];
  for (let next = 0; next < partition.highWatermark; ) {
    const slice = partition.read(next, 1 << 20, partition.highWatermark, true);
    const markers = readBatches(slice.bytes).filter(isControl);
    for (const { producerId, recordCount } of markers) found.push([producerId, recordCount]);
    if (slice.next === next) break;
    next = slice.next;
  }
  return found;
}

async function readAll(stage: Scene, maxBytes = 1 << 20): Promise<Row[]> {
  const rows: Row[] = [];
  const { highWatermark } = await fetchFrom(stage.client, 't', 0);
  for (let next = 0; next < Number(highWatermark); ) {
    const { records, errorCode } = await fetchFrom(stage.client, 't', next, { maxBytes });
    expect(errorCode).toBe(0);
    for (const header of readBatches(records!)) {
      next = header.baseOffset + header.lastOffsetDelta + 1;
      if (isControl(header)) continue;
      const cursor = new RecordCursor();
      cursor.open(header, recordSection(records!, header, systemCompression, 1 << 20));
      while (cursor.next()) {
        const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
        rows.push({ offset: cursor.offset, key: text(cursor.key())!, value: text(cursor.value()) });
      }
    }
    if (records!.length === 0) break;
  }
  return rows;
}

/** Keys as Kafka's consumers read one answer: from the first offset of an aborted transaction to the marker that ends it. */
function committedKeys({ records, abortedTransactions }: Awaited<ReturnType<typeof fetchFrom>>): string[] {
  const known = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const skipped = new Set<number>();
  const keys: string[] = [];
  for (const header of readBatches(records!)) {
    while (known.length > 0 && Number(known[0]!.firstOffset) <= header.baseOffset + header.lastOffsetDelta) {
      skipped.add(Number(known.shift()!.producerId));
    }
    const cursor = new RecordCursor();
    cursor.open(header, recordSection(records!, header, systemCompression, 1 << 20));
    while (cursor.next()) {
      if (!isControl(header) && !skipped.has(header.producerId)) keys.push(new TextDecoder().decode(cursor.key()!));
      else if (isControl(header) && cursor.key()![3] === 0) skipped.delete(header.producerId);
    }
  }
  return keys;
}

function newestOf(rows: readonly Row[]): Map<string, string | null> {
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Sends random rows; gives what an uncompacted log would hold. */
async function fillRandomly(stage: Scene, random: Random, batches: number): Promise<void> {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
  for (let n = 0; n < batches; n++) {
    const rows = Array.from({ length: 1 + random.below(4) }, () => {
      const value = random.below(4) === 0 ? null : `v${random.below(1000)}`;
      return [`k${random.below(12)}`, value] as const;
    });
    await send(stage, rows, { compression: { name: codecs[random.below(5)]!, codec: systemCompression } });
  }
}

describe('compaction', () => {
  it('keeps the newest record of each key, with its offset, for any way of reading', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const stage = await scene();
      await makeTopic(stage.client, 't', 1, SETTINGS);
      const random = seededRandom(seed);
      for (let round = 0; round < 3; round++) {
        await fillRandomly(stage, random, 25);
        const before = await readAll(stage);
        const report = await compact(stage);
        expect(report!.bytesAfter).toBeLessThan(report!.bytesBefore);
        const after = await readAll(stage);
        expect(newestOf(after)).toEqual(newestOf(before));
        const known = new Map(before.map((row) => [row.offset, row]));
        for (const row of after) expect(known.get(row.offset)).toEqual(row);
        expect(after.map(({ offset }) => offset)).toEqual(after.map(({ offset }) => offset).toSorted((a, b) => a - b));
        expect(new Set(after.map(({ key }) => key)).size).toBe(after.length);
        expect(await readAll(stage, 150)).toEqual(after);
        await stage.restart();
        expect(await readAll(stage)).toEqual(after);
      }
    }
  });

  it('keeps a tombstone for its time, then lets it go', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, SETTINGS);
    await send(stage, [['a', '1']]);
    await send(stage, [['a', null]]);
    await compact(stage);
    expect((await readAll(stage)).map(({ key, value }) => [key, value])).toEqual([['a', null]]);
    await pass(stage, DAY_MS / 2);
    await send(stage, [['b', '1']]);
    await compact(stage);
    expect((await readAll(stage)).map(({ key }) => key)).toEqual(['a', 'b']);
    await pass(stage, DAY_MS);
    await send(stage, [['c', '1']]);
    await compact(stage);
    expect((await readAll(stage)).map(({ key }) => key)).toEqual(['b', 'c']);
  });

  it('never goes beyond the last stable offset', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, SETTINGS);
    for (let n = 0; n < 10; n++) await send(stage, [['a', `${n}`]]);
    const partition = stage.running.broker.topics.partition('t', 0)!;
    const producer = { producerId: 5, producerEpoch: 0, baseSequence: 0, transactional: true };
    partition.append(keyed([['t', 'open']], stage.clock.now(), producer));
    for (let n = 10; n < 20; n++) await send(stage, [['a', `${n}`]]);
    const { cleanedTo } = (await compact(stage))!;
    expect(cleanedTo).toBeLessThanOrEqual(partition.lastStable);
    const rows = await readAll(stage);
    expect(rows.filter(({ offset }) => offset > 10)).toHaveLength(10);
    expect(rows.find(({ key }) => key === 't')).toBeDefined();
  });

  it('takes the records of aborted transactions, keeps markers of committed ones and their data', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { ...SETTINGS, 'delete.retention.ms': '3600000' });
    const partition = stage.running.broker.topics.partition('t', 0)!;
    const write = async (
      producerId: number,
      sequence: number,
      rows: (readonly [string, string])[],
      commit: boolean,
    ) => {
      const producer = { producerId, producerEpoch: 0, baseSequence: sequence, transactional: true };
      expect(partition.append(keyed(rows, stage.clock.now(), producer)).error).toBe('NONE');
      await partition.appendMarker({ producerId, producerEpoch: 0, commit, coordinatorEpoch: 0 });
    };
    await write(1, 0, [['a', 'old']], true);
    await write(2, 0, [['a', 'aborted']], false);
    await write(1, 1, [['b', 'kept']], true);
    await write(3, 0, [['a', 'new']], true);
    for (let n = 0; n < 8; n++) await send(stage, [['x', `${n}`]]);
    await compact(stage);
    expect((await readAll(stage)).map(({ key, value }) => [key, value])).toEqual([
      ['b', 'kept'],
      ['a', 'new'],
      ['x', '7'],
    ]);
    expect(markersOf(stage).map(([producerId]) => producerId)).toEqual([1, 2, 1, 3]);
    await pass(stage, DAY_MS / 10);
    await send(stage, [['x', 'last']]);
    await compact(stage);
    // The first transaction of producer 1 has no data left. Producer 2 has none either, but its last batch is remembered.
    expect(markersOf(stage)).toEqual([
      [2, 0],
      [1, 1],
      [3, 1],
    ]);
  });

  it('leaves no trace of an aborted transaction that would hide the next ones of its producer', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { ...SETTINGS, 'delete.retention.ms': '3600000' });
    const partition = stage.running.broker.topics.partition('t', 0)!;
    const write = async (epoch: number, key: string, commit: boolean) => {
      const producer = { producerId: 1, producerEpoch: epoch, baseSequence: 0, transactional: true };
      partition.append(keyed([[key, 'x']], stage.clock.now(), producer));
      const marker = { producerId: 1, producerEpoch: epoch + 1, commit, coordinatorEpoch: 0, version: 2 } as const;
      await partition.appendMarker(marker);
    };
    await write(0, 'aborted', false);
    await write(1, 'committed', true);
    const committed = async () => committedKeys(await fetchFrom(stage.client, 't', 0, { committed: true }));
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 8; n++) await send(stage, [['filler', `${n}`]]);
      await compact(stage);
      expect(await committed()).toContain('committed');
      await pass(stage, DAY_MS / 10);
    }
    expect(markersOf(stage)).toHaveLength(1);
    for (let lost = 0; lost < 3; lost++) {
      await stage.restart();
      expect(await committed()).toContain('committed');
    }
  });

  it("keeps the head of each live producer's last batch, so that its sequence survives", async () => {
    const stage = await scene();
    const id = await makeTopic(stage.client, 't', 1, SETTINGS);
    for (let n = 0; n < 6; n++) {
      await send(stage, [['a', `${n}`]], { producerId: 9, producerEpoch: 2, baseSequence: n });
    }
    for (let n = 0; n < 6; n++) await send(stage, [['a', `later ${n}`]]);
    await compact(stage);
    await stage.running.close();
    const folder = `/data/topics/${id}/0`;
    for (const name of stage.files.list(folder))
      if (name.endsWith('.producers')) stage.files.remove(`${folder}/${name}`);
    await stage.restart();
    const next = keyed([['b', 'x']], stage.clock.now(), { producerId: 9, producerEpoch: 2, baseSequence: 6 });
    expect((await produce(stage.client, 't', next)).errorCode).toBe(0);
    const gap = keyed([['b', 'x']], stage.clock.now(), { producerId: 9, producerEpoch: 2, baseSequence: 9 });
    expect((await produce(stage.client, 't', gap)).errorCode).not.toBe(0);
  });

  it('leaves the old or the new log after a power loss at any moment', async () => {
    for (let call = 0; ; call++) {
      const stage = await scene();
      await makeTopic(stage.client, 't', 1, SETTINGS);
      await fillRandomly(stage, seededRandom(3), 20);
      stage.running.broker.topics.partition('t', 0)!.roll();
      const before = newestOf(await readAll(stage));
      stage.files.faultAt(stage.files.calls + call, 'power-loss');
      const failed = await compact(stage).then(
        () => false,
        () => true,
      );
      stage.files = stage.files.afterPowerLoss(seededRandom(call));
      await stage.restart();
      expect(newestOf(await readAll(stage)), `call ${call}`).toEqual(before);
      if (!failed) break;
    }
  });

  it('closes and compacts a segment in its time after a restart, too', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { 'cleanup.policy': 'compact', 'max.compaction.lag.ms': '60000' });
    for (let n = 0; n < 5; n++) await send(stage, [['a', `${n}`]]);
    await stage.restart();
    await pass(stage, 120_000);
    expect((await readAll(stage)).map(({ value }) => value)).toEqual(['4']);
  });

  it('runs by itself, merges small segments, and goes on where the map of keys was full', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { ...SETTINGS, 'segment.bytes': '3000', 'segment.ms': '1000' });
    for (let n = 0; n < 30; n++) {
      await send(stage, [[`k${n % 3}`, `${n}`]]);
      await stage.clock.advance(600);
    }
    await stage.clock.advance(60_000);
    const { segments } = stage.running.broker.topics.partition('t', 0)!.log;
    expect(segments.length).toBeLessThanOrEqual(2);
    expect((await readAll(stage)).map(({ value }) => value)).toEqual(['27', '28', '29']);
  });
});
