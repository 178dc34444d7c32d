import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrokerUnderTest,
  brokerName,
  brokerUnderTest,
  fresh,
  hasJavaTools,
  javaTool,
} from '../support/broker-under-test.js';
import { FlinkSession, hasFlink } from '../support/flink.js';

describe.skipIf(!hasFlink || !hasJavaTools)(`a Flink job on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let flink: Awaited<ReturnType<typeof FlinkSession.start>>;
  beforeAll(async () => {
    broker = await brokerUnderTest();
    flink = await FlinkSession.start();
  }, 120_000);
  afterAll(async () => {
    await flink?.session.cancelJobs();
    flink?.stop();
    await broker.stop();
  }, 60_000);

  it('reads a topic and writes another exactly once', async () => {
    const at = ['--bootstrap-server', broker.address];
    const input = fresh('fin');
    const output = fresh('fout');
    for (const topic of [input, output]) javaTool(['topics', ...at, '--create', '--topic', topic, '--partitions', '2']);
    const kafka = (topic: string, rest: string): string =>
      `WITH ('connector'='kafka', 'topic'='${topic}', 'properties.bootstrap.servers'='${broker.address}', 'format'='json', ${rest})`;
    const { session } = flink;
    await session.sql("SET 'execution.checkpointing.interval' = '500 ms'");
    await session.sql("SET 'table.exec.source.idle-timeout' = '1 s'");
    await session.sql(
      `CREATE TABLE src (id BIGINT, price DOUBLE) ${kafka(input, "'scan.startup.mode'='earliest-offset', 'properties.group.id'='flink-conformance'")}`,
    );
    await session.sql(
      `CREATE TABLE dst (id BIGINT, doubled DOUBLE) ${kafka(output, `'sink.delivery-guarantee'='exactly-once', 'sink.transactional-id-prefix'='${fresh('ftx')}', 'properties.transaction.timeout.ms'='600000'`)}`,
    );
    await session.sql('INSERT INTO dst SELECT id, price * 2 FROM src');
    const rows = Array.from({ length: 500 }, (_, id) => JSON.stringify({ id, price: id / 4 }));
    javaTool(['console-produce', ...at, '--topic', input], `${rows.join('\n')}\n`);
    const read = javaTool([
      ...[
        'console-consume',
        ...at,
        '--topic',
        output,
        '--from-beginning',
        '--max-messages',
        '500',
        '--timeout-ms',
        '30000',
      ],
      ...['--isolation-level', 'read_committed'],
    ]);
    const seen = read
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { id: number; doubled: number });
    expect(seen.map(({ id }) => id).sort((a, b) => a - b)).toEqual(rows.map((_, id) => id));
    expect(seen.every(({ id, doubled }) => doubled === id / 2)).toBe(true);
  }, 120_000);
});
