import { describe, expect, it } from 'vitest';
import { hasJavaTools } from '../support/broker-under-test.js';
import { CopierRun } from '../support/copier-run.js';

const RECORDS = 5000;
const KILLS = 3;
const SEED = 7;

// The whole run, with ten kills, is npm run test:crash. The jars come from Maven Central: scripts/services/kafka.sh resolve.
describe.skipIf(!hasJavaTools || process.env.STREAMCTL_TEST_BROKERS !== undefined)(
  "Kafka's TransactionalMessageCopier on the embedded broker",
  () => {
    it(`copies ${RECORDS} records over ${KILLS} kills of broker and copier, each once and in order`, async () => {
      const { read, abortedTransactions } = await new CopierRun(RECORDS, SEED).run(KILLS);
      expect(abortedTransactions).toBeGreaterThan(0);
      expect(read).toHaveLength(RECORDS);
      expect(read.findIndex((value, index) => value !== String(index))).toBe(-1);
    }, 120_000);
  },
);
