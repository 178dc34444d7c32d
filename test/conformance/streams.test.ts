import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrokerUnderTest,
  brokerName,
  brokerUnderTest,
  fresh,
  hasJavaTools,
  javaTool,
  kafkaLibs,
} from '../support/broker-under-test.js';

describe.skipIf(!hasJavaTools)(`Kafka Streams with exactly_once_v2 on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let folder: string;
  let app: ChildProcess | undefined;
  beforeAll(async () => {
    broker = await brokerUnderTest();
    folder = mkdtempSync(join(tmpdir(), 'streamctl-streams-'));
    execFileSync('javac', ['-cp', `${kafkaLibs}/*`, '-d', folder, resolve('test/conformance/java/WordTotals.java')]);
  });
  afterAll(async () => {
    app?.kill('SIGKILL');
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps every total right over a kill -9 of the application', async () => {
    const input = fresh('words');
    const output = fresh('totals');
    const id = fresh('word-totals');
    const at = ['--bootstrap-server', broker.address];
    for (const topic of [input, output]) javaTool(['topics', ...at, '--create', '--topic', topic, '--partitions', '2']);
    const words = Array.from({ length: 3000 }, (_, index) => `w${index % 10}`);
    const start = (): void => {
      app = spawn(
        'java',
        [
          '-Xmx256m',
          '-cp',
          `${kafkaLibs}/*:${folder}`,
          'WordTotals',
          broker.address,
          input,
          output,
          id,
          join(folder, 'state'),
        ],
        { stdio: 'ignore' },
      );
    };
    start();
    javaTool(['console-produce', ...at, '--topic', input], `${words.slice(0, 1500).join('\n')}\n`);
    app?.kill('SIGKILL');
    start();
    javaTool(['console-produce', ...at, '--topic', input], `${words.slice(1500).join('\n')}\n`);
    const totals = await finalTotals(at, output);
    expect(totals).toEqual(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`w${index}`, 300])));
  }, 180_000);

  /** Newest committed total per word, read again until all words are complete. */
  async function finalTotals(at: readonly string[], output: string): Promise<Record<string, number>> {
    const totals: Record<string, number> = {};
    for (let attempt = 0; attempt < 12; attempt++) {
      const text = javaTool([
        ...[
          'console-consume',
          ...at,
          '--topic',
          output,
          '--from-beginning',
          '--timeout-ms',
          '4000',
          '--isolation-level',
          'read_committed',
        ],
        ...[
          '--formatter-property',
          'print.key=true',
          '--formatter-property',
          'value.deserializer=org.apache.kafka.common.serialization.LongDeserializer',
        ],
      ]);
      for (const line of text.split('\n').filter((row) => row.includes('\t'))) {
        const [word, total] = line.split('\t') as [string, string];
        totals[word] = Math.max(totals[word] ?? 0, Number(total));
      }
      if (Object.values(totals).reduce((sum, total) => sum + total, 0) >= 3000) break;
    }
    return totals;
  }
});
