import { expect } from 'vitest';
import type { Random } from '../../src/base/random.js';
import type { Workspace } from './streamctl.js';

const PARTITIONS = 3;
/** Longest wait after the first lot before the kill. */
const MOST_MS = 400;

/** One replay that is killed again and again. */
export interface KilledReplay {
  readonly topic: string;
  readonly file: string;
  /** Order, keys and the like. */
  readonly flags: readonly string[];
  readonly kills: number;
  /** Fast enough to be cut in the middle, slow enough to last for all kills. */
  readonly rowsPerSecond: number;
}

/**
 * Kills a replay at random moments, before its first lot or after, goes on each time with `--resume`, and compares topic
 * and lots with those of a replay that nobody disturbed: the same records in the same order in each partition.
 */
export async function killReplay(space: Workspace, random: Random, replay: KilledReplay): Promise<void> {
  const { topic, file, flags, kills, rowsPerSecond } = replay;
  const whole = `${topic}-whole`;
  await space.ok('topics', 'create', topic, whole, '--partitions', String(PARTITIONS));
  await space.ok('replay', file, '-t', whole, ...flags);
  for (let kill = 0; kill < kills; kill++) {
    const running = space.start(['replay', file, '-t', topic, '--rate', `${rowsPerSecond}/s`, '--resume', ...flags]);
    // Some kills hit the start, where the topic is read for what it holds; most the sending.
    if (random.below(5) > 0) await running.waitFor(/lots? \d/).catch(() => undefined);
    await new Promise((done) => setTimeout(done, random.below(MOST_MS)));
    running.child.kill('SIGKILL');
    await running.finished;
  }
  await space.ok('replay', file, '-t', topic, '--resume', ...flags);
  const records = async (name: string): Promise<string[]> =>
    (await space.ok('consume', name, '-e', '-f', '%p %k %v\\n')).split('\n').filter(Boolean);
  const byPartition = (lines: readonly string[]): string[][] =>
    Array.from({ length: PARTITIONS }, (_, partition) => lines.filter((line) => line.startsWith(`${partition} `)));
  expect(byPartition(await records(topic))).toEqual(byPartition(await records(whole)));
  const lots = async (name: string): Promise<unknown[]> =>
    (await records(`${name}-lots`)).map((line) => {
      const { topic: _, closedAt: __, ...lot } = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>;
      return lot;
    });
  expect(await lots(topic)).toEqual(await lots(whole));
}
