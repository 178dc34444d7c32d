import { expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { ndjson, Workspace } from '../support/streamctl.js';
import { StubApis } from '../support/stub-apis/server.js';
import { startTestBroker } from '../support/test-broker.js';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const SEED = Number(process.env.SEED ?? 7);
const TOPIC = 'killed-poll';

it(`${ROUNDS} times kill -9 of a poll: the topic equals the feed, nothing twice, nothing missing`, async () => {
  const random = seededRandom(SEED);
  const [stub, broker] = await Promise.all([StubApis.start(), startTestBroker()]);
  const space = new Workspace({ STREAMCTL_BROKERS: `127.0.0.1:${broker.running.port}` });
  await space.ok('topics', 'create', TOPIC, '-p', '3');
  const args = [
    'poll',
    `${stub.url}/feed/all`,
    '-t',
    TOPIC,
    '-k',
    'id',
    '--time',
    'at',
    '--every',
    '20ms',
    '--jitter',
    '0',
  ];
  let interrupted = 0;
  let refused = '';
  const growing = setInterval(() => stub.feed.grow(1 + random.below(20)), 20);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const running = space.start(args);
      const polled = stub.seen.length;
      // It goes on until it is killed: one that ended by itself would be waited for in vain.
      void running.finished.then(({ code, stderr }) => {
        if (!running.child.killed) refused = `exit ${code}: ${stderr}`;
      });
      // Somewhere between before the first request and long after it.
      if (random.below(4) > 0) while (stub.seen.length === polled && refused === '') await pause(5);
      await pause(random.below(250));
      if (stub.seen.length > polled) interrupted++;
      running.child.kill('SIGKILL');
      await running.finished;
      expect(refused).toBe('');
    }
    clearInterval(growing);
    const last = await space.run([...args, '--once']);
    expect(last.code, last.stderr).toBe(0);
    const ids = ndjson(await space.ok('consume', TOPIC, '-e', '-J')).map(({ key }) => Number(key));
    expect(interrupted).toBeGreaterThan(ROUNDS / 2);
    expect(ids.length, `seed ${SEED}`).toBe(stub.feed.items.length);
    expect(new Set(ids).size).toBe(stub.feed.items.length);
  } finally {
    clearInterval(growing);
    await space.remove();
    await Promise.all([stub.stop(), broker.stop()]);
  }
}, 1_200_000);

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
