import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTestBroker } from '../../support/test-broker.js';
import { AnswersContext } from './answers-context.js';
import { consumerGroupAnswers } from './consumer-group-answers.js';
import { groupAnswers } from './group-answers.js';
import { transactionAnswers } from './transaction-answers.js';

/**
 * Bare requests about groups and transactions, and what Apache Kafka 4.3.1 answers to them. To record anew, name a
 * cluster: STREAMCTL_TEST_BROKERS=127.0.0.1:9092 STREAMCTL_RECORD=1 npx vitest run test/broker/answers
 */
const SHEETS = {
  transactions: transactionAnswers,
  groups: groupAnswers,
  'consumer-groups': consumerGroupAnswers,
} as const;

// Of one length always: DescribeGroups tells how long a member's metadata is, and that names the topic.
const RUN = `${String(process.pid % 100_000).padStart(5, '0')}-${Date.now()}`;

const named = process.env.STREAMCTL_TEST_BROKERS;

describe(`${named ? 'Apache Kafka' : 'the embedded broker'} answers as Apache Kafka 4.3.1`, () => {
  it.each(Object.entries(SHEETS))('about %s', async (sheet, ask) => {
    const broker = named ? undefined : await startTestBroker();
    const context = new AnswersContext(named ?? `127.0.0.1:${broker!.running.port}`, RUN);
    try {
      await context.prepare();
      await ask(context);
    } finally {
      context.client.close();
      await broker?.stop();
    }
    const path = resolve('test/golden/answers', `${sheet}.txt`);
    const text = `${context.lines.join('\n')}\n`;
    if (process.env.STREAMCTL_RECORD) writeFileSync(path, text);
    expect(context.lines).toEqual(readFileSync(path, 'utf8').trimEnd().split('\n'));
  });
});
