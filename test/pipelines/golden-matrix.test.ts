import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import type { Plan } from '../../src/plan/plan.js';
import {
  differences,
  fixtureRecords,
  fixtureSettings,
  type PlanRun,
  runPipeline,
  runShared,
  type TestRecord,
} from '../support/pipeline-run.js';

const pipelines = await allPipelines();

/** Every built-in pipeline has a fixture of its name. */
const withFixture = pipelines.map((plan) => [plan.name, plan] as const);
/** How far rows are moved at most: event times of neighbours are seconds apart, the lateness of every source is more. */
const MOST_MOVED_MS = 4_000;

function same(plan: Plan, actual: PlanRun, expected: PlanRun): void {
  expect(actual.rejected.toSorted()).toEqual(expected.rejected.toSorted());
  expect(actual.late).toBe(expected.late);
  for (const { name } of plan.sinks) {
    expect(expected.finals(name).size, name).toBeGreaterThan(0);
    expect(differences(actual.finals(name), expected.finals(name)), name).toEqual([]);
  }
}

/** The records in another order, each at most a few seconds from its place, over `partitions`. */
function shuffled(records: readonly TestRecord[], partitions: number, seed: number): readonly TestRecord[] {
  const random = seededRandom(seed);
  return records
    .map((record) => ({ record, at: record.timestampMs + random.next() * MOST_MOVED_MS }))
    .sort((a, b) => a.at - b.at)
    .map(({ record }) => ({ ...record, partition: random.below(partitions) }));
}

describe.each(withFixture)('%s gives the same answer', (name, plan) => {
  it('has a fixture', () => {
    expect(existsSync(`fixtures/${name}.csv`)).toBe(true);
  });

  const records = fixtureRecords(plan);
  const settings = fixtureSettings(plan);
  const whole = runPipeline(plan, records, settings);

  it.each([1, 2, 3])('over %i partitions, in any order within the lateness', (partitions) => {
    expect(whole.late).toBe(0);
    for (const seed of [partitions, partitions + 10]) {
      same(plan, runPipeline(plan, shuffled(records, partitions, seed), { ...settings, batchRows: 7 }), whole);
    }
  });

  it.each([1, 2, 3])('when it is saved and restored in the middle, over %i partitions', (partitions) => {
    const moved = shuffled(records, partitions, 20 + partitions);
    for (const part of [0.1, 0.5, 0.9]) {
      const restoreAfter = Math.floor(moved.length * part);
      same(plan, runPipeline(plan, moved, { ...settings, restoreAfter, batchRows: 50 }), whole);
    }
  });

  it.each([1, 2, 3])('when its work is shared by %i, who are restarted and come and go', (shares) => {
    const random = seededRandom(30 + shares);
    const moved = shuffled(records, 3, 30 + shares);
    const turns = Array.from({ length: 997 }, () => random.below(1_000));
    same(plan, runShared(plan, moved, { ...settings, shares, turns }), whole);
  });
});
