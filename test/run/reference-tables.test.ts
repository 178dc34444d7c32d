import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/system.js';
import { kafka, pipeline, table } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { connectionTo, fresh, placeOf, readTopic, runsBroker } from './trips.js';

let broker: Awaited<ReturnType<typeof runsBroker>>;
let connection: Connection;
const folder = mkdtempSync(join(tmpdir(), 'streamctl-tables-'));
beforeAll(async () => {
  broker = await runsBroker();
  connection = connectionTo(broker.settings);
});
afterAll(async () => {
  await connection.close();
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

function planOf(name: string, from: { file: string } | { topic: string }): Plan {
  const status = kafka('status', {
    topic: `${name}-in`,
    columns: { at: 'timestamp', station: 'string' },
    eventTime: 'at',
  });
  return pipeline(name)
    .from(status)
    .lookup(table('stations', { ...from, columns: { station: 'string', city: 'string' } }), {
      on: ['station'],
      join: 'left',
      version: 'edition',
    })
    .into(kafka('out', { topic: `${name}-out`, keys: ['station'] }));
}

async function send(topic: string, ...values: (readonly [key: string, value: string | null])[]): Promise<void> {
  const producer = connection.producer({});
  await producer.prepare(topic);
  for (const [key, value] of values) producer.append(topic, 0, utf8(key), value === null ? null : utf8(value));
  await producer.close();
}

async function until(run: PipelineRun, holds: () => boolean): Promise<void> {
  let end: EndSummary | undefined;
  void run.done.then((summary) => {
    end = summary;
  });
  while (!holds()) {
    if (end) throw end.error ?? new Error(`the run ended: ${end.reason}`);
    await systemClock.sleep(20);
  }
}

/** Replaces a file in one step, as editors do. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function started(
  name: string,
  from: { file: string } | { topic: string },
  options: Partial<PipelineRunOptions> = {},
): Promise<{ plan: Plan; run: PipelineRun; row: (offset: number) => Promise<void> }> {
  const plan = planOf(name, from);
  await connection.createMissing(neededTopics(plan));
  const run = startPipelineRun({ plan, place: placeOf(broker.settings), ...options });
  const row = async (count: number): Promise<void> => {
    await send(`${name}-in`, ['a', JSON.stringify({ at: 1_000 + count, station: 'a' })]);
    await until(run, () => run.snapshot().counts.rowsIn >= count);
  };
  return { plan, run, row };
}

async function cities(name: string): Promise<unknown[]> {
  const records = await readTopic(connection, `${name}-out`);
  return records.map(({ value }) => (JSON.parse(value) as { city: string }).city);
}

describe('a reference file while a run goes on', () => {
  it('is read again when it changes; its version is stamped on results and counted', async () => {
    const name = fresh('reload');
    const path = join(folder, 'reload.csv');
    writeFileSync(path, 'station,city\na,Paris\n');
    const { run, row } = await started(name, { file: path });
    await row(1);
    const before = run.snapshot().tables![0]!;
    expect(before).toMatchObject({ name: 'stations', rows: 1, reloads: 0, failures: 0 });
    replace(path, 'station,city\na,Lyon\nb,Nice\n');
    await until(run, () => run.snapshot().tables![0]!.rows === 2);
    await row(2);
    const { snapshot } = await run.stop();
    const after = snapshot.tables![0]!;
    expect(after).toMatchObject({ rows: 2, reloads: 1, failures: 0 });
    const records = (await readTopic(connection, `${name}-out`)).map(({ value }) => JSON.parse(value) as object);
    expect(records).toMatchObject([
      { city: 'Paris', edition: before.version },
      { city: 'Lyon', edition: after.version },
    ]);
    expect(snapshot.notes.map(({ text }) => text)).toContain(`table stations: now ${after.version}, 2 rows`);
  });

  it('keeps its last good edition while it is gone or bad, and warns once', async () => {
    const name = fresh('gone');
    const path = join(folder, 'gone.csv');
    writeFileSync(path, 'station,city\na,Paris\n');
    const { run, row } = await started(name, { file: path });
    await row(1);
    rmSync(path);
    await until(run, () => run.snapshot().tables![0]!.failures === 1);
    await row(2);
    await systemClock.sleep(1_500);
    expect(run.snapshot().tables![0]).toMatchObject({ failures: 1, problem: expect.stringContaining('no file') });
    replace(path, 'station,city\n"a');
    await until(run, () => run.snapshot().tables![0]!.failures === 2);
    await row(3);
    replace(path, 'station,city\na,Nice\n');
    await until(run, () => run.snapshot().tables![0]!.reloads === 1);
    await row(4);
    const { snapshot } = await run.stop();
    expect(snapshot.tables![0]!.problem).toBeUndefined();
    expect(snapshot.notes.filter(({ level }) => level === 'warning')).toHaveLength(2);
    expect(await cities(name)).toEqual(['Paris', 'Paris', 'Paris', 'Nice']);
  });

  it('ends the run when it is gone and errors are to stop it', async () => {
    const name = fresh('stops');
    const path = join(folder, 'stops.csv');
    writeFileSync(path, 'station,city\na,Paris\n');
    const { run, row } = await started(name, { file: path }, { onError: 'stop' });
    await row(1);
    rmSync(path);
    const end = await run.done;
    expect(end).toMatchObject({ reason: 'failed', error: { code: 'not-found' } });
  });

  it('has to be there at the start', async () => {
    const { run } = await started(fresh('never'), { file: join(folder, 'never.csv') });
    expect(await run.done).toMatchObject({ reason: 'failed', error: { code: 'not-found', exit: 2 } });
  });
});

describe('a compacted topic as a table', () => {
  it('is followed live; records that are no rows leave their key as it was', async () => {
    const name = fresh('live');
    const topic = `${name}-stations`;
    await connection.createMissing(neededTopics(planOf(name, { topic })));
    await send(topic, ['a', '{"station":"a","city":"Paris"}']);
    const { run, row } = await started(name, { topic });
    await row(1);
    await send(topic, ['a', '{"station":"a","city":"Lyon"}']);
    await until(run, () => run.snapshot().tables![0]!.reloads === 1);
    await row(2);
    await send(topic, ['a', 'no json'], ['b', '{"station":"b","city":"Nice"}']);
    await until(run, () => run.snapshot().tables![0]!.rows === 2);
    await row(3);
    await send(topic, ['a', null]);
    await until(run, () => run.snapshot().tables![0]!.rows === 1);
    await row(4);
    const { snapshot } = await run.stop();
    expect(snapshot.tables![0]).toMatchObject({ version: `${topic}@5`, reloads: 3, failures: 1 });
    expect(snapshot.tables![0]!.problem).toContain(`${topic}/0@2: not JSON`);
    expect(await cities(name)).toEqual(['Paris', 'Lyon', 'Lyon', null]);
  });
});
