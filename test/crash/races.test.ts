import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const RACES = Number(process.env.RACES ?? 200);
const READY_MS = 30_000;

function serve(folder: string): ChildProcess {
  return spawn(process.execPath, [resolve('bin/streamctl.js'), 'broker', 'serve', '--data', folder], {
    stdio: 'ignore',
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode);
    else child.once('exit', done);
  });
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} does not happen`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

it(`${RACES} races of two processes for one folder have one owner each`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-race-'));
  try {
    for (let race = 0; race < RACES; race++) {
      const pair = [serve(folder), serve(folder)];
      const running = () => pair.filter((child) => child.exitCode === null);
      await until('the loser ends', () => running().length < 2);
      const path = join(folder, 'broker.json');
      await until(
        'the winner is ready',
        () => existsSync(path) && readFileSync(path, 'utf8').includes(`${running()[0]?.pid}`),
      );
      const [winner] = running();
      expect(running()).toHaveLength(1);
      expect(pair.find((child) => child !== winner)!.exitCode).toBe(0);
      // Every other winner is killed, so that races after a kill, with a file left behind, are among them.
      winner!.kill(race % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await ended(winner!);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
