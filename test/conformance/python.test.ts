import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, brokerName, brokerUnderTest, fresh } from '../support/broker-under-test.js';

// A virtual environment with confluent-kafka and kafka-python, made by scripts/services/python.sh.
const python = join(process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services'), 'python/bin/python');

describe.skipIf(!existsSync(python))(`Python clients on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let seen: Record<string, unknown>;
  beforeAll(async () => {
    broker = await brokerUnderTest();
    const { stdout } = await promisify(execFile)(
      python,
      [resolve('test/conformance/python/clients.py'), broker.address, fresh('py')],
      { timeout: 150_000 },
    );
    seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
  }, 180_000);
  afterAll(() => broker.stop());

  it.each(['confluent classic', 'confluent consumer'])(
    '%s group reads all numbers and only the committed transaction',
    (name) => {
      expect(seen).toHaveProperty(name);
      expect(seen[name]).toEqual({ numbers: true, commit: 1, abort: 0, offsets: true });
    },
  );

  it('kafka-python produces, consumes and lists', () => {
    expect(seen['kafka-python']).toEqual({ numbers: true, topics: true });
  });
});
