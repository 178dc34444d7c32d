import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, brokerName, brokerUnderTest, clientLibs, fresh } from '../support/broker-under-test.js';

/** From the oldest that Apache Kafka 4 serves; those before 3.9 are strict about the features of a broker. */
const OLDEST = '2.1.1';
const VERSIONS = [OLDEST, '2.8.2', '3.3.2', '3.7.2'];

describe.skipIf(VERSIONS.some((version) => !clientLibs(version)))(`older Java clients on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let classes: string;
  beforeAll(async () => {
    broker = await brokerUnderTest();
    classes = mkdtempSync(join(tmpdir(), 'streamctl-java-clients-'));
    const program = resolve('test/conformance/java/ClientRound.java');
    execFileSync('javac', ['-cp', `${clientLibs(OLDEST)}/*`, '-d', classes, program]);
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(classes, { recursive: true, force: true });
  });

  it.each(VERSIONS)('%s: topics, idempotent and transactional records, groups, offsets', (version) => {
    const path = `${clientLibs(version)}/*:${classes}`;
    const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
    const said = execFileSync('java', [...args, '-cp', path, 'ClientRound', broker.address, fresh('round')], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    // Among them are 10 aborted records, and markers in each of the three partitions: behind the last records those of the
    // last transaction, which older clients do not step over.
    const [read, group, transactions] = said.trim().split('\n');
    expect([read, transactions]).toEqual(['read 1020', 'transactions 5']);
    expect(['group 1036', 'group 1039']).toContain(group);
  });
});
