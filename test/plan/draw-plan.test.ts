import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import { dotText, mermaidText } from '../../src/plan/draw-plan.js';
import { inputsOf } from '../../src/plan/plan.js';
import { anyPlan } from './plans.js';

const pipelines = await allPipelines();

describe('drawings of a plan', () => {
  it('have every part once and an arrow for every input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...pipelines), anyPlan), (plan) => {
        const { sources, tables, nodes, sinks } = plan;
        const parts = sources.length + tables.length + nodes.length + sinks.length;
        const inputs = nodes.reduce((sum, node) => sum + inputsOf(node).length, 0);
        const arrows = inputs + nodes.filter(({ kind }) => kind === 'lookup').length + sinks.length;
        for (const [text, arrow] of [
          [mermaidText(plan), /^ {2}\w+ -\.?->? \w+$|^ {2}\w+ --> \w+$/],
          [dotText(plan), /^ {2}\w+ -> \w+/],
        ] as const) {
          const lines = text.split('\n');
          expect(lines.filter((line) => arrow.test(line)).length).toBe(arrows);
          expect(lines.filter((line) => /^ {2}[nts]\d+ ?\[/.test(line)).length).toBe(parts);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('show what a pipeline reads, does and writes', () => {
    const velib = pipelines.find(({ name }) => name === 'velib')!;
    expect(mermaidText(velib).split('\n').slice(0, 3)).toEqual([
      'flowchart LR',
      '  n0[/"status<br>topic velib-projet"/]',
      '  t0[("stations<br>velib-stations.csv")]',
    ]);
    expect(dotText(velib)).toContain('t0 [shape=cylinder, label="stations\\nvelib-stations.csv"];');
  });
});
