import { describe, expect, it } from 'vitest';
import { planWith, readMaxAhead, readTables } from '../../../../src/commands/shared/running/run-flags.js';
import { cars } from '../../../../src/pipelines/cars.js';
import { velib } from '../../../../src/pipelines/velib.js';

describe('flags that change a plan', () => {
  it('leave it as it is when they are left out', () => {
    expect(planWith(cars, {})).toBe(cars);
  });

  it('name another event time and another time of results', () => {
    const plan = planWith(cars, { time: 'sold_at', emit: 'every=5s' });
    expect(plan.sources[0]!.eventTime).toMatchObject({ kind: 'computed', expression: { name: 'sold_at' } });
    const emits = plan.nodes.flatMap((node) => (node.kind === 'aggregate' ? [node.emit] : []));
    expect(emits).toEqual(emits.map(() => ({ kind: 'every', everyMs: 5_000 })));
    expect(planWith(cars, { emit: 'update' }).nodes.at(-1)).toMatchObject({ emit: { kind: 'update' } });
    expect(() => planWith(cars, { emit: 'often' })).toThrow('--emit "often" is not known');
  });
});

describe('other flags of a run', () => {
  it('say how far ahead of the clock rows may be', () => {
    expect([readMaxAhead('1d'), readMaxAhead('0'), readMaxAhead('none')]).toEqual([86_400_000, 0, Infinity]);
    expect(() => readMaxAhead('soon')).toThrow('"soon" is not a duration');
  });

  it('name files of tables that the pipeline has', () => {
    expect(readTables(velib, ['stations=a=b.csv'])).toEqual({ stations: 'a=b.csv' });
    expect(() => readTables(velib, ['cities=a.csv'])).toThrow('has no table "cities"');
    expect(() => readTables(velib, ['stations'])).toThrow('is not of the form name=value');
  });
});
