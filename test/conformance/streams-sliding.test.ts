import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultRows, type TestRow } from '../engine/naive.js';
import { planOf, run } from '../engine/window-runs.js';
import {
  type BrokerUnderTest,
  brokerName,
  brokerUnderTest,
  fresh,
  hasJavaTools,
  javaTool,
  kafkaLibs,
} from '../support/broker-under-test.js';

const SIZE_MS = 1000;
/** Nothing is late for either. */
const GRACE_MS = 3_600_000;

/** Rows of two keys that crowd, repeat and leave gaps; the same ones in every run. */
function rows(): TestRow[] {
  let state = 7;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  return Array.from({ length: 300 }, (_, at) => ({
    partition: 0,
    // A step of the size and one more than it are the edges.
    ts: 1_700_000_000_000 + at * 200 + [0, 0, 1000, 1001, -1000, random(3000)][random(6)]!,
    key: random(3) === 0 ? 'a' : 'b',
    value: 1,
  }));
}

describe.skipIf(!hasJavaTools)(`sliding windows are those of Kafka Streams, on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-sliding-'));
  beforeAll(async () => {
    broker = await brokerUnderTest();
    execFileSync('javac', ['-cp', `${kafkaLibs}/*`, '-d', folder, resolve('test/conformance/java/SlidingCounts.java')]);
  }, 60_000);
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the same windows with the same counts, for rows out of order', async () => {
    const [input, output] = [fresh('sliding-in'), fresh('sliding-out')];
    const at = ['--bootstrap-server', broker.address];
    for (const topic of [input, output]) javaTool(['topics', ...at, '--create', '--topic', topic, '--partitions', '1']);
    const all = rows();
    javaTool(
      ['console-produce', ...at, '--topic', input, '--property', 'parse.key=true', '--property', 'key.separator=/'],
      `${all.map(({ key, ts }) => `${key}/${ts}`).join('\n')}\n`,
    );
    const settings = [
      broker.address,
      fresh('sliding'),
      join(folder, 'state'),
      input,
      output,
      String(SIZE_MS),
      String(GRACE_MS),
    ];
    await promisify(execFile)('java', ['-Xmx256m', '-cp', `${kafkaLibs}/*:${folder}`, 'SlidingCounts', ...settings], {
      timeout: 90_000,
    });
    const text = javaTool([
      ...['console-consume', ...at, '--topic', output, '--from-beginning', '--timeout-ms', '5000'],
      ...['--formatter-property', 'print.key=true'],
    ]);
    const theirs = new Map<string, string>();
    for (const line of text.split('\n').filter((one) => one.includes('\t'))) {
      const [window, count] = line.split('\t') as [string, string];
      theirs.set(window, count);
    }
    const ours = resultRows(run(planOf({ kind: 'sliding', sizeMs: SIZE_MS }, GRACE_MS), all, 10)).map(
      (result) => `${result.window_start} ${result.window_end} ${result.key} ${result.n}`,
    );
    expect([...theirs].map(([window, count]) => `${window} ${count}`).toSorted()).toEqual(ours.toSorted());
    expect(ours.length).toBeGreaterThan(all.length);
  }, 150_000);
});
