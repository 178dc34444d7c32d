import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { killReplay } from '../support/replay-kill-run.js';
import { Workspace } from '../support/streamctl.js';

const ROWS = 40_000;
const KILLS = 100;
const SEED = Number(process.env.STREAMCTL_SEED ?? 11);

let space: Workspace;
beforeAll(async () => {
  space = new Workspace();
  const rows = Array.from(
    { length: ROWS },
    (_, id) => `${id},${1_700_000_000 + id},name ${id % 97},${(id * 7) % 1000}.5\n`,
  );
  const text = `id,time,name,value\n${rows.join('')}`;
  writeFileSync(join(space.folder, 'rows.csv'), text);
  writeFileSync(join(space.folder, 'rows.csv.gz'), gzipSync(text));
  await space.ok('broker', 'start', '--detach', '--port', '0');
});
afterAll(() => space.remove());

describe(`replay killed again and again (seed ${SEED})`, () => {
  it.each([
    ['without keys', 'rows.csv', [], KILLS],
    ['with keys', 'rows.csv', ['--key', 'name'], KILLS],
    [
      'packed and out of order',
      'rows.csv.gz',
      ['--time', 'time', '--shuffle', '30s', '--late', '2%:5m', '--dup', '1%', '--seed', '7'],
      KILLS / 4,
    ],
  ] as const)(
    '%s: the topic equals the file, nothing twice, nothing missing',
    async (name, file, flags, kills) => {
      const topic = name.replaceAll(' ', '-');
      await killReplay(space, seededRandom(SEED), { topic, file, flags, kills, rowsPerSecond: 1000 });
    },
    900_000,
  );
});
