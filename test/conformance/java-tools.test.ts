import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrokerUnderTest,
  brokerName,
  brokerUnderTest,
  fresh,
  hasJavaTools,
  javaTool,
} from '../support/broker-under-test.js';

// The jars come from Maven Central: scripts/services/kafka.sh resolve.
describe.skipIf(!hasJavaTools)(`Kafka's Java tools on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  beforeAll(async () => {
    broker = await brokerUnderTest();
  });
  afterAll(() => broker.stop());

  const at = (): string[] => ['--bootstrap-server', broker.address];
  const lines = (text: string): string[] => text.split('\n').filter(Boolean);
  const create = (topic: string, partitions = 1, ...rest: string[]): string =>
    javaTool([
      'topics',
      ...at(),
      '--create',
      '--topic',
      topic,
      '--partitions',
      String(partitions),
      '--replication-factor',
      '1',
      ...rest,
    ]);
  const produce = (topic: string, input: string, ...rest: string[]): string =>
    javaTool(['console-produce', ...at(), '--topic', topic, ...rest], input);
  const consume = (topic: string, count: number, ...rest: string[]): string[] =>
    lines(
      javaTool([
        'console-consume',
        ...at(),
        '--topic',
        topic,
        '--from-beginning',
        '--max-messages',
        String(count),
        '--timeout-ms',
        '20000',
        ...rest,
      ]),
    );

  it('kafka-topics creates, describes, alters, lists and deletes', () => {
    const topic = fresh('jt');
    create(topic, 2, '--config', 'retention.ms=100000');
    const described = javaTool(['topics', ...at(), '--describe', '--topic', topic]);
    expect(described).toMatch(/PartitionCount: 2/);
    expect(described).toMatch(/retention\.ms=100000/);
    javaTool(['topics', ...at(), '--alter', '--topic', topic, '--partitions', '4']);
    expect(javaTool(['topics', ...at(), '--describe', '--topic', topic])).toMatch(/PartitionCount: 4/);
    expect(() => create(topic)).toThrow(/already exists/);
    javaTool(['topics', ...at(), '--delete', '--topic', topic]);
    expect(lines(javaTool(['topics', ...at(), '--list']))).not.toContain(topic);
  });

  it('kafka-configs changes one setting and leaves the others', () => {
    const topic = fresh('jc');
    create(topic, 1, '--config', 'retention.ms=5000');
    javaTool([
      'configs',
      ...at(),
      '--entity-type',
      'topics',
      '--entity-name',
      topic,
      '--alter',
      '--add-config',
      'max.message.bytes=2000',
    ]);
    const described = javaTool(['configs', ...at(), '--entity-type', 'topics', '--entity-name', topic, '--describe']);
    expect(described).toContain('max.message.bytes=2000');
    expect(described).toContain('retention.ms=5000');
    javaTool([
      'configs',
      ...at(),
      '--entity-type',
      'topics',
      '--entity-name',
      topic,
      '--alter',
      '--delete-config',
      'retention.ms',
    ]);
    expect(
      javaTool(['configs', ...at(), '--entity-type', 'topics', '--entity-name', topic, '--describe']),
    ).not.toContain('retention.ms=5000');
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('console producer and consumer pass records with %s', (codec) => {
    const topic = fresh(`jp-${codec}`);
    create(topic);
    const input = Array.from({ length: 200 }, (_, index) => `line ${index} of text that compresses`);
    produce(topic, `${input.join('\n')}\n`, '--producer-property', `compression.type=${codec}`);
    expect(consume(topic, 200)).toEqual(input);
  });

  it('consumer-groups describes lag and resets offsets', () => {
    const topic = fresh('jg');
    const group = fresh('jgroup');
    create(topic);
    produce(topic, 'a\nb\nc\n');
    expect(consume(topic, 3, '--group', group)).toEqual(['a', 'b', 'c']);
    const described = javaTool(['groups', ...at(), '--describe', '--group', group]);
    expect(described).toMatch(new RegExp(`${group}\\s+${topic}\\s+0\\s+3\\s+3\\s+0`));
    javaTool([
      'groups',
      ...at(),
      '--group',
      group,
      '--topic',
      topic,
      '--reset-offsets',
      '--to-offset',
      '1',
      '--execute',
    ]);
    expect(javaTool(['groups', ...at(), '--describe', '--group', group])).toMatch(
      new RegExp(`${topic}\\s+0\\s+1\\s+3\\s+2`),
    );
    expect(javaTool(['groups', ...at(), '--list'])).toContain(group);
    expect(javaTool(['groups', ...at(), '--delete', '--group', group])).toMatch(/successful/);
  });

  it('get-offsets and delete-records agree on the start of the log', () => {
    const topic = fresh('jd');
    create(topic);
    produce(topic, 'a\nb\nc\n');
    expect(javaTool(['run', 'org.apache.kafka.tools.GetOffsetShell', ...at(), '--topic', topic])).toContain(
      `${topic}:0:3`,
    );
    const plan = join(tmpdir(), `${topic}.json`);
    writeFileSync(plan, JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset: 2 }] }));
    javaTool(['run', 'org.apache.kafka.tools.DeleteRecordsCommand', ...at(), '--offset-json-file', plan]);
    expect(
      javaTool(['run', 'org.apache.kafka.tools.GetOffsetShell', ...at(), '--topic', topic, '--time', '-2']),
    ).toContain(`${topic}:0:2`);
    expect(consume(topic, 1)).toEqual(['c']);
  });

  it('perf tools move 50,000 records, plain and in transactions', () => {
    const topic = fresh('jperf');
    create(topic, 3);
    const base = [
      'perf-produce',
      '--topic',
      topic,
      '--num-records',
      '25000',
      '--record-size',
      '100',
      '--throughput',
      '-1',
    ];
    expect(javaTool([...base, '--producer-props', `bootstrap.servers=${broker.address}`, 'acks=all'])).toContain(
      '25000 records sent',
    );
    expect(
      javaTool([
        ...base,
        '--transactional-id',
        fresh('perf-tx'),
        '--transaction-duration-ms',
        '100',
        '--producer-props',
        `bootstrap.servers=${broker.address}`,
      ]),
    ).toContain('25000 records sent');
    const output = javaTool([
      'perf-consume',
      ...at(),
      '--topic',
      topic,
      '--num-records',
      '50000',
      '--timeout',
      '20000',
    ]);
    expect(output).toMatch(/, 50\d{3}, /);
  });
});
