import { cpSync, existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
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
