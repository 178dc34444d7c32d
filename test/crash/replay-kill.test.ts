import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { Workspace } from '../support/streamctl.js';

const ROWS = 20_000;
const KILLS = 6;
const SEED = Number(process.env.STREAMCTL_SEED ?? 11);

let space: Workspace;
beforeAll(async () => {
  space = new Workspace();
  const rows = Array.from({ length: ROWS }, (_, index) => `${index + 1},name ${index % 97},${(index * 7) % 1000}.5\n`);
  writeFileSync(join(space.folder, 'rows.csv'), `id,name,value\n${rows.join('')}`);
  await space.ok('broker', 'start', '--detach', '--port', '0');
});
afterAll(() => space.remove());

describe(`replay killed again and again (seed ${SEED})`, () => {
  it.each([
    ['without keys', []],
    ['with keys', ['--key', 'name']],
  ])(
    '%s: the topic equals the file, nothing twice, nothing missing',
    async (name, flags) => {
      const random = seededRandom(SEED);
      const topic = `killed-${flags.length}`;
      await space.ok('topics', 'create', topic, '--partitions', '3');
      for (let kill = 0; kill < KILLS; kill++) {
        const running = space.start(['replay', 'rows.csv', '-t', topic, '--rate', '8000/s', '--resume', ...flags]);
        await new Promise((done) => setTimeout(done, 400 + random.below(500)));
        running.child.kill('SIGKILL');
        await running.finished.catch(() => undefined);
      }
      await space.ok('replay', 'rows.csv', '-t', topic, '--resume', ...flags);
      const ids = (await space.ok('consume', topic, '-e', '-f', '%v\\n')).split('\n').filter(Boolean);
      const found = ids.map((line) => (JSON.parse(line) as { id: number }).id).sort((a, b) => a - b);
      expect(found, name).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
      const lots = (await space.ok('consume', `${topic}-lots`, '-e', '-f', '%v\\n')).split('\n').filter(Boolean);
      expect(lots.map((line) => (JSON.parse(line) as { lot: number }).lot)).toEqual(
        Array.from({ length: ROWS / 100 }, (_, index) => index + 1),
      );
    },
    120_000,
  );
});
