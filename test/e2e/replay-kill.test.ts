import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { killReplay } from '../support/replay-kill-run.js';
import { Workspace } from '../support/streamctl.js';

/** The long rounds are in test/crash. */
describe('replay killed', () => {
  let space: Workspace;
  beforeAll(async () => {
    space = new Workspace();
    const rows = Array.from({ length: 3000 }, (_, id) => `${id},${1_700_000_000 + id}\n`);
    writeFileSync(join(space.folder, 'rows.csv'), `id,time\n${rows.join('')}`);
    await space.ok('broker', 'start', '--detach', '--port', '0');
  });
  afterAll(() => space.remove());

  it.each([
    ['in-order', []],
    ['shuffled', ['--time', 'time', '--shuffle', '30s', '--dup', '2%', '--seed', '7']],
  ] as const)('%s: resumed, the topic is that of a replay that was left alone', async (topic, flags) => {
    await killReplay(space, seededRandom(5), { topic, file: 'rows.csv', flags, kills: 2, rowsPerSecond: 2000 });
  });
});
