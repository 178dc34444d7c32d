import { describe, expect, it } from 'vitest';
import {
  checkPlan,
  count,
  describeProblem,
  explainPlan,
  greater,
  kafka,
  less,
  pipeline,
} from '../../src/plan/index.js';
import { neededColumns } from '../../src/plan/needed-columns.js';
import type { Plan } from '../../src/plan/plan.js';
import { inputsOf } from '../../src/plan/plan.js';

const rows = kafka('rows', { topic: 'rows', columns: { key: 'string', value: 'double' } });
const sink = (name: string) => kafka(name, { topic: name });

/** Steps as `name < input, input`. */
function steps(plan: Plan): readonly string[] {
  return plan.nodes.map((node) => `${node.name} < ${inputsOf(node).join(', ')}`);
}

describe('a step that several branches go through', () => {
  it('is there once', () => {
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => {
        const some = all.where((row) => greater(row.value, 0));
        return [
          some.into(sink('a')),
          some
            .groupBy('key')
            .aggregate(() => ({ n: count() }))
            .into(sink('b')),
        ];
      });
    expect(steps(plan)).toEqual(['where < rows', 'by-key < where']);
    expect(plan.sinks.map(({ name, input }) => `${name} < ${input}`)).toEqual(['a < where', 'b < by-key']);
  });

  it('is there once when it had to be renamed', () => {
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => {
        const some = all.where((row) => greater(row.value, 0));
        const others = all.where((row) => less(row.value, 0));
        return [some.into(sink('a')), others.into(sink('b')), others.into(sink('c')), some.into(sink('d'))];
      });
    expect(steps(plan)).toEqual(['where < rows', 'where-2 < rows']);
    expect(plan.sinks.map(({ name, input }) => `${name} < ${input}`)).toEqual([
      'a < where',
      'b < where-2',
      'c < where-2',
      'd < where',
    ]);
  });

  it('is there once behind a fork in a fork, with the steps that follow it', () => {
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => {
        const first = all.where((row) => greater(row.value, 0));
        const second = all.where((row) => less(row.value, 0)).where((row) => less(row.value, -1));
        return [
          first.into(sink('a')),
          second.fork((inner) => [
            inner.into(sink('b')),
            inner
              .groupBy('key')
              .aggregate(() => ({ n: count() }))
              .into(sink('c')),
          ]),
          second.into(sink('d')),
        ];
      });
    expect(steps(plan)).toEqual(['where < rows', 'where-2 < rows', 'where-2-2 < where-2', 'by-key < where-2-2']);
    expect(plan.sinks.map(({ name, input }) => `${name} < ${input}`).at(-1)).toBe('d < where-2-2');
  });

  it('is there once where its rows are also part of a union', () => {
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => {
        const high = all.where((row) => greater(row.value, 1));
        const low = all.where((row) => less(row.value, -1));
        return [low.into(sink('low')), high.union(low).into(sink('both')), low.into(sink('again'))];
      });
    expect(steps(plan)).toEqual(['where < rows', 'where-2 < rows', 'union < where-2, where']);
    expect(plan.sinks.map(({ input }) => input)).toEqual(['where', 'union', 'where']);
  });
});

describe('a column of a record header', () => {
  const lots = kafka('lots', { topic: 'lots', columns: { value: 'double' }, headers: { lot: 'streamctl-lot' } });
  const plan = pipeline('p')
    .from(lots)
    .groupBy('lot')
    .aggregate((row) => ({ n: count(row.value) }))
    .into(sink('a'));

  it('is a text among the columns of its source', () => {
    expect(plan.sources[0]!.columns).toEqual([
      { name: 'value', type: 'double' },
      { name: 'lot', type: 'string', header: 'streamctl-lot' },
    ]);
    expect(neededColumns(plan, 'lots')).toEqual(plan.sources[0]!.columns);
    expect(explainPlan(plan)).toContain('columns: value DOUBLE, lot STRING (header streamctl-lot)');
  });

  it('cannot be anything else', () => {
    const [source] = plan.sources;
    const columns = source!.columns.map((column) => ({ ...column, type: 'double' }) as const);
    const problems = checkPlan({ ...plan, sources: [{ ...source!, columns }] });
    expect(problems.map(describeProblem).join()).toContain('column "lot" is the text of a record header, not double');
  });
});

describe('a union', () => {
  it('takes several streams at once', () => {
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => {
        const parts = [1, 2, 3].map((bound) => all.where((row) => greater(row.value, bound), `above-${bound}`));
        return [parts[0]!.union(parts.slice(1)).into(sink('all'))];
      });
    expect(steps(plan).at(-1)).toBe('union < above-1, above-2, above-3');
  });
});
