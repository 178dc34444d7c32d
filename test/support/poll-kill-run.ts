import { expect } from 'vitest';
import type { Random } from '../../src/base/random.js';
import { ndjson, Workspace } from './streamctl.js';
import { StubApis } from './stub-apis/server.js';
import { startTestBroker } from './test-broker.js';

const TOPIC = 'killed-poll';

/**
 * Kills a poll of a growing feed at random moments and starts it again: in the end the topic holds each item of the feed
 * once.
 */
export async function killPoll(random: Random, kills: number): Promise<void> {
  const [stub, broker] = await Promise.all([StubApis.start(), startTestBroker()]);
  const space = new Workspace({ STREAMCTL_BROKERS: `127.0.0.1:${broker.running.port}` });
  await space.ok('topics', 'create', TOPIC, '-p', '3');
  const feed = [`${stub.url}/feed/all`, '-t', TOPIC, '-k', 'id', '--time', 'at'];
  const args = ['poll', ...feed, '--every', '20ms', '--jitter', '0'];
  const growing = setInterval(() => stub.feed.grow(1 + random.below(20)), 20);
  try {
    let interrupted = 0;
    for (let kill = 0; kill < kills; kill++) {
      if (await killOne(space, stub, args, random, kill % 4 !== 0)) interrupted++;
    }
    clearInterval(growing);
    const last = await space.run([...args, '--once']);
    expect(last.code, last.stderr).toBe(0);
    const ids = ndjson(await space.ok('consume', TOPIC, '-e', '-J')).map(({ key }) => Number(key));
    expect(interrupted).toBeGreaterThan(kills / 2);
    expect(ids.length).toBe(stub.feed.items.length);
    expect(new Set(ids).size).toBe(stub.feed.items.length);
  } finally {
    clearInterval(growing);
    await space.remove();
    await Promise.all([stub.stop(), broker.stop()]);
  }
}

/**
 * Starts a poll and kills it at some time after its first request, or at any time.
 * @returns whether it had made a request.
 */
async function killOne(
  space: Workspace,
  stub: StubApis,
  args: readonly string[],
  random: Random,
  afterRequest: boolean,
): Promise<boolean> {
  const polled = stub.seen.length;
  const running = space.start(args);
  // It goes on until it is killed: one that ended by itself would be waited for in vain.
  let refused = '';
  void running.finished.then(({ code, stderr }) => {
    if (!running.child.killed) refused = `exit ${code}: ${stderr}`;
  });
  if (afterRequest) while (stub.seen.length === polled && refused === '') await pause(5);
  await pause(random.below(250));
  running.child.kill('SIGKILL');
  await running.finished;
  expect(refused).toBe('');
  return stub.seen.length > polled;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
