import { closeSync, cpSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../support/streamctl.js';

/** The largest segment of the broker's topics. */
function largestSegment(folder: string): string {
  const topics = join(folder, '.streamctl/broker/topics');
  const segments = readdirSync(topics, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.log'))
    .map((path) => join(topics, path));
  return segments.sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

describe('a byte of a log that changed on the disk', () => {
  let space: Workspace;
  beforeAll(() => {
    space = new Workspace();
  });
  afterAll(() => space.remove());

  it('is reported with its offsets and exit 3, and never read as data', async () => {
    cpSync('fixtures/cars.csv', join(space.folder, 'cars.csv'));
    await space.ok('replay', 'cars.csv', '--speed', 'max');
    await space.ok('broker', 'stop');
    const file = openSync(largestSegment(space.folder), 'r+');
    writeSync(file, Buffer.from([0xff]), 0, 1, 2000);
    closeSync(file);
    const { code, stderr } = await space.run(['consume', 'trafic_cars', '-e', '--json']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/damaged records[\s\S]*checksum of the batch at offsets \d+-\d+/);
    const windows = await space.run(['consume', 'trafic_cars', '-e', '--window', '1h', '--agg', 'count()']);
    expect(windows.code).toBe(3);
  });
});
