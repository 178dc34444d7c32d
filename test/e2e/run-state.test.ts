import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

let space: Workspace;

beforeAll(async () => {
  space = new Workspace();
  cpSync('fixtures/cars.csv', join(space.folder, 'cars.csv'));
  await space.run(['topics', 'create', 'cars', '-q']);
  await space.run(['replay', 'cars.csv', '--batch', '100', '--speed', 'max', '-q']);
});
afterAll(() => space.remove());

/** `run cars` to the end of the topic; gives the end record and what people would see. */
async function runCars(...flags: string[]) {
  const { code, stdout, stderr } = await space.run(['run', 'cars', '--source', 'topic', '--json', ...flags]);
  return { code, end: ndjson(stdout).at(-1) as Record<string, unknown>, stderr };
}

describe('run --state', () => {
  it('keeps the state in a folder and reads it there; what is cut is said and read from the topic', async () => {
    const first = await runCars('--state', 'kept', '--until', 'eof');
    expect(first).toMatchObject({ code: 0, end: { ok: true, localState: { failures: 0 } } });
    expect(readdirSync(join(space.folder, 'kept', 'cars'))).toEqual(['state.state']);
    const second = await runCars('--state', 'kept', '--until', 'eof');
    expect(second.stderr).toContain('the state of the last checkpoint was read from');
    truncateSync(join(space.folder, 'kept', 'cars', 'state.state'), 300);
    const third = await runCars('--state', 'kept', '--until', 'eof');
    expect(third).toMatchObject({ code: 0, end: { ok: true, results: 0 } });
    expect(third.stderr).toMatch(/was removed: .*; the state is read from its topic/);
  });

  it('refuses a file', async () => {
    writeFileSync(join(space.folder, 'a-file'), '');
    const { code, stderr } = await runCars('--state', 'a-file', '--until', 'eof');
    expect(code).toBe(2);
    expect(stderr).toContain('--state a-file is no folder that can be read');
    expect(existsSync(join(space.folder, 'a-file', 'cars'))).toBe(false);
  });
});

describe('run --stop-with-snapshot and --from', () => {
  it('ends a run that goes on elsewhere, and the snapshot is begun from by one worker or two', async () => {
    // However slow this machine is: silence must not close the windows before the snapshot.
    const flags = ['--source', 'topic', '--reset-state', '--parallel', '2', '--idle', '1h'];
    const elsewhere = space.start(['run', 'cars', ...flags]);
    await elsewhere.waitFor('shares the work');
    await space.run(['groups', 'wait', 'streamctl-cars', '--lag', '0', '--timeout', '60s']);
    const taken = await runCars('--stop-with-snapshot', '.');
    expect(taken.code).toBe(0);
    const { file, bytes } = taken.end.snapshot as { file: string; bytes: number };
    expect(taken.end).toMatchObject({ ok: true, reason: 'snapshot' });
    expect(taken.stderr).toContain(`the snapshot is in ${file}`);
    expect(readFileSync(file).length).toBe(bytes);
    const { code, stderr } = await elsewhere.finished;
    expect(code).toBe(0);
    expect(stderr).toContain('another run takes over to write a snapshot');

    const progress = await runCars('--from', file, '--until', 'eof');
    expect(progress.code).toBe(2);
    expect(progress.stderr).toContain('pipeline "cars" has progress of its own');
    // The open windows of the end are given out by whoever reads to the end.
    const ended = [];
    for (const workers of ['1', '2']) {
      const again = ['--from', file, '--reset-state', '--until', 'eof', '--parallel', workers];
      ended.push((await runCars(...again)).end);
    }
    expect(ended[0]).toMatchObject({ ok: true, rows: 0 });
    expect(Number(ended[0]!.results)).toBeGreaterThan(0);
    expect(ended[1]).toMatchObject({ ok: true, rows: 0, results: ended[0]!.results });
  });

  it.each(['1', '2'])(
    'reads to the present end before, with --until eof, and leaves windows open; %s workers',
    async (workers) => {
      const whole = await runCars('--reset-state', '--until', 'eof');
      const flags = ['--until', 'eof', '--parallel', workers, '--stop-with-snapshot', `end-${workers}.snapshot`];
      const { end } = await runCars('--reset-state', ...flags);
      expect(end).toMatchObject({ ok: true, reason: 'until eof', rows: whole.end.rows });
      expect(Number(end.results)).toBeLessThan(Number(whole.end.results));
      const after = await runCars('--until', 'eof');
      expect(Number(end.results) + Number(after.end.results)).toBe(whole.end.results);
    },
  );

  it.each([
    [['--stop-with-snapshot', 'cars.csv'], 'is there already'],
    [['--stop-with-snapshot', 'nowhere/x.snapshot'], 'does not exist'],
    [['--stop-with-snapshot', 'x.snapshot', '--reset-state'], 'reads nothing'],
    [['--from', './cars.csv', '--until', 'eof'], 'cannot be used as a snapshot'],
    [['--from', 'none.snapshot', '--until', 'eof'], 'does not exist'],
    [['--from', 'yesterday', '--until', 'eof'], 'neither a place nor a file'],
  ])('refuses %j', async (flags, said) => {
    const { code, stderr } = await runCars(...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  it('says that --from is of no account where there is progress', async () => {
    const { code, stderr } = await runCars('--from', 'end', '--until', 'eof');
    expect(code).toBe(0);
    expect(stderr).toContain('goes on where the last one stopped');
  });
});
