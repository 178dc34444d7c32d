import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

let space: Workspace;

beforeEach(() => {
  space = new Workspace();
  cpSync('fixtures/cars.csv', join(space.folder, 'cars.csv'));
});
afterEach(() => space.remove());

interface Price {
  readonly manufacturer: string;
  readonly count: number;
  readonly window_start: string;
}

describe('run --parallel', () => {
  it('shares the work between threads; every row counts once', async () => {
    await space.run(['topics', 'create', 'cars', '-q']);
    const three = space.start(['run', 'cars', '--parallel', '3', '--source', 'topic']);
    await three.waitFor('shares the work with 2 others');
    expect((await space.run(['replay', 'cars.csv', '--batch', '100', '--speed', 'max'])).code).toBe(0);
    await space.run(['groups', 'wait', 'streamctl-cars', '--lag', '0', '--timeout', '60s']);
    three.child.kill('SIGINT');
    const stopped = await three.finished;
    expect({ code: stopped.code, stderr: stopped.stderr }).toMatchObject({ code: 0 });
    expect(stopped.stderr).toContain('1,200 rows read');
    const rest = await space.run(['run', 'cars', '--until', 'eof', '--parallel', '2', '--json']);
    expect(rest.code).toBe(0);
    expect(ndjson(rest.stdout).at(-1)).toMatchObject({ type: 'end', ok: true, reason: 'until eof' });
    const { stdout } = await space.run(['consume', 'cars-prices', '-e', '-f', '%s\\n']);
    const prices = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Price);
    const windows = prices.map(({ manufacturer, window_start }) => `${window_start} ${manufacturer}`);
    expect(new Set(windows).size).toBe(windows.length);
    // Three rows of the sample break a rule.
    expect(prices.reduce((sum, { count }) => sum + count, 0)).toBe(1_197);
  });

  it('refuses a condition that would have to see every row in one place', async () => {
    const { code, stderr } = await space.run(['run', 'cars', '--parallel', '2', '--until', 'expr=max(price) > 1']);
    expect(code).toBe(2);
    expect(stderr).toContain('leave --parallel out');
  });
});
