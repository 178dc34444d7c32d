import { systemCompression } from '../../src/base/compression.js';
import { StreamctlError } from '../../src/base/errors.js';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { kafka, pipeline, sum, table } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { fileRecords } from '../../src/testing/file-records.js';
import type { TestPlaces } from '../../src/testing/read-step.js';
import { type ReadFile, readTestFile } from '../../src/testing/read-test-file.js';
import { type CaseResult, type PlayOptions, runCase } from '../../src/testing/run-case.js';

const columns = { id: 'string', shop: 'string', at: 'timestamp', amount: 'double' } as const;

function orders(lateness: string) {
  return kafka('orders', { topic: 'orders', columns, eventTime: 'at', lateness, idleTimeout: '30 seconds' });
}

/** Minutes of orders per shop, and the newest order of each shop. */
export const shops = pipeline('shops', { description: 'orders per shop' })
  .from(orders('10 seconds'))
  .fork((all) => [
    all
      .tumble('1 minute')
      .groupBy('shop')
      .aggregate((row) => ({ total: sum(row.amount) }))
      .into(kafka('minutes', { topic: 'minutes', keys: ['shop'] })),
    all.latestBy('shop').into(kafka('newest', { topic: 'newest', keys: ['shop'] })),
  ]);

/** The same minutes, all shops together, with the names of shops from a table. */
export const named = pipeline('named', { description: 'orders with the names of shops' })
  .from(orders('0 seconds'))
  .lookup(table('names', { topic: 'names', columns: { shop: 'string', name: 'string' } }), {
    on: ['shop'],
    join: 'left',
  })
  .into(kafka('out', { topic: 'out' }));

const PLANS: Readonly<Record<string, Plan>> = { shops, named };

/** Places of tests: plans of this file, records of `files`. */
export function casePlaces(files: Readonly<Record<string, string>> = {}): TestPlaces {
  return {
    async loadPlan(name) {
      const plan = PLANS[name];
      if (plan) return plan;
      throw new StreamctlError('not-found', `pipeline "${name}" does not exist`, { hint: 'did you mean shops?' });
    },
    async readTable(of, path) {
      if (files[path] === undefined) throw new StreamctlError('not-found', `there is no file ${path}`);
      return { rows: batchOf(of.columns, JSON.parse(files[path]) as Record<string, Value>[]), version: path };
    },
    async readRecords(source, path) {
      if (files[path] === undefined) throw new StreamctlError('not-found', `there is no file ${path}`);
      return fileRecords(source, path, new TextEncoder().encode(files[path]));
    },
  };
}

/** Reads a test file of {@link casePlaces}. */
export function readCases(text: string, files: Readonly<Record<string, string>> = {}): Promise<ReadFile> {
  return readTestFile('shops.pipeline.test.yaml', text, casePlaces(files));
}

/** Plays the only case of a file that has no mistakes. */
export async function playOne(text: string, options: Partial<PlayOptions> = {}): Promise<CaseResult> {
  const { file, problems } = await readCases(text);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const [only] = file.cases;
  return runCase(only!, { seeds: [1, 2, 3], partitions: undefined, compression: systemCompression, ...options });
}

/** What did not hold, a line each. */
export function failuresOf({ failures }: CaseResult): readonly string[] {
  return failures.flatMap(({ line, step, message, lines }) => [
    `${line} ${step}: ${message}`,
    ...lines.map(({ sign, text }) => `${sign} ${text}`),
  ]);
}
