import { describe, expect, it } from 'vitest';
import { hasJavaTools } from '../support/broker-under-test.js';
import { CopierRun } from '../support/copier-run.js';

const RECORDS = Number(process.env.COPIER_RECORDS ?? 100_000);
const KILLS = 10;
const SEED = Number(process.env.STREAMCTL_SEED ?? 7);

// The jars come from Maven Central: scripts/services/kafka.sh resolve.
const title = hasJavaTools ? `seed ${SEED}` : "skipped: Kafka's jars are not here";
describe.skipIf(!hasJavaTools)(`Kafka's TransactionalMessageCopier (${title})`, () => {
  it(`copies ${RECORDS} records over ${KILLS} kills of broker and copier, each once and in order`, async () => {
    const started = performance.now();
    const { read, abortedTransactions, brokerKills, copierKills } = await new CopierRun(RECORDS, SEED).run(KILLS);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `copier: ${read.length} records, ${brokerKills} kills of the broker, ${copierKills} of the copier, ` +
        `${abortedTransactions} aborted transactions, ${seconds} s`,
    );
    expect(abortedTransactions).toBeGreaterThan(0);
    expect(brokerKills + copierKills).toBe(KILLS);
    expect(read).toHaveLength(RECORDS);
    expect(read.findIndex((value, index) => value !== String(index))).toBe(-1);
  });
});
