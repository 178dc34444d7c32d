import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, brokerName, brokerUnderTest, fresh } from '../support/broker-under-test.js';

// Programs over franz-go, sarama and segmentio's kafka-go, built by scripts/services/go.sh.
const programs = join(process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services'), 'go');

describe.skipIf(!existsSync(join(programs, 'sarama')))(`Go clients on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  beforeAll(async () => {
    broker = await brokerUnderTest();
  });
  afterAll(() => broker.stop());

  const seenBy = (program: string): unknown =>
    JSON.parse(
      execFileSync(join(programs, program), [broker.address, fresh(program)], { encoding: 'utf8', timeout: 120_000 }),
    );

  it('franz-go: five compressions, four ways to share partitions, a transactional copier', () => {
    const ways = { range: 1000, roundrobin: 1000, sticky: 1000, 'cooperative-sticky': 1000 };
    expect(seenBy('franz')).toEqual({ ...ways, ends: 1000, lag: 0, copied: 1000, state: 'Empty' });
  }, 130_000);

  it('sarama: groups, transactions with offsets and administration, in the versions of five ages', () => {
    const round = { missing: 0, uncommitted: 0, 'read committed': 200, offset: 2, state: 'Empty' };
    const ages = ['0.11.0.0', '1.0.0', '2.1.0', '2.8.0', '3.5.0'];
    expect(seenBy('sarama')).toEqual(Object.fromEntries(ages.map((age) => [age, round])));
  }, 130_000);

  it('kafka-go: five compressions, a group, the low-level connection', () => {
    expect(seenBy('segmentio')).toEqual({ missing: 0, uncommitted: 0, first: 0, last: 'last', controller: true });
  }, 130_000);
});
