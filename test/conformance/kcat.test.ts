import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, brokerName, brokerUnderTest, fresh, hasCommand } from '../support/broker-under-test.js';

const run = promisify(execFile);

// kcat (librdkafka) is not part of a fresh machine; .ci/run installs it.
describe.skipIf(!hasCommand('kcat'))(`kcat on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  beforeAll(async () => {
    broker = await brokerUnderTest();
  });
  afterAll(() => broker.stop());

  async function kcat(args: readonly string[], input?: string): Promise<string> {
    const running = run('kcat', ['-b', broker.address, ...args], { timeout: 30_000, maxBuffer: 1 << 26 });
    if (input !== undefined) running.child.stdin?.end(input);
    return (await running).stdout;
  }
  const lines = (text: string): string[] => text.split('\n').filter(Boolean);

  it('lists the cluster', async () => {
    expect(await kcat(['-L'])).toMatch(/broker \d+ at 127\.0\.0\.1:\d+/);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produces and consumes with %s', async (codec) => {
    const topic = fresh(`kcat-${codec}`);
    const input = Array.from({ length: 5000 }, (_, index) => `k${index % 7}:value number ${index} of this batch`);
    await kcat(
      ['-P', '-t', topic, '-K', ':', '-z', codec, '-X', 'acks=all', '-H', 'origin=kcat'],
      `${input.join('\n')}\n`,
    );
    const output = lines(await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%k:%s\n']));
    expect(output.sort()).toEqual(input.sort());
  });

  it('writes idempotently with five requests in flight', async () => {
    const topic = fresh('kcat-idempotent');
    const input = Array.from({ length: 20_000 }, (_, index) => `${index}`);
    await kcat(
      ['-P', '-t', topic, '-X', 'enable.idempotence=true', '-X', 'batch.num.messages=100'],
      `${input.join('\n')}\n`,
    );
    expect(lines(await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning']))).toEqual(input);
  });

  it('consumes in a group and goes on after it', async () => {
    const topic = fresh('kcat-group');
    const group = fresh('kcat-g');
    await kcat(['-P', '-t', topic], 'a\nb\n');
    const settings = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000'];
    expect(lines(await kcat(['-G', group, ...settings, '-c', '2', '-q', topic]))).toEqual(['a', 'b']);
    await kcat(['-P', '-t', topic], 'c\n');
    expect(lines(await kcat(['-G', group, ...settings, '-c', '1', '-q', topic]))).toEqual(['c']);
  });

  it('queries offsets by time, reads the tail, keeps tombstones', async () => {
    const topic = fresh('kcat-offsets');
    await kcat(['-P', '-t', topic, '-K', ':', '-Z'], 'a:1\nb:\nc:3\n');
    expect(await kcat(['-Q', '-t', `${topic}:0:-1`])).toContain('offset 3');
    expect(await kcat(['-Q', '-t', `${topic}:0:-2`])).toContain('offset 0');
    expect(lines(await kcat(['-C', '-t', topic, '-e', '-q', '-o', '-1', '-f', '%o\n']))).toEqual(['2']);
    expect(lines(await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%k %S\n']))).toEqual([
      'a 1',
      'b -1',
      'c 1',
    ]);
  });
});
