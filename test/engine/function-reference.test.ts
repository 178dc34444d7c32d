import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionExamples } from '../../src/plan/functions/examples.js';
import type { FunctionSpec } from '../../src/plan/functions/function-spec.js';
import { functionSpecs } from '../../src/plan/functions/index.js';
import { TIME_UNITS } from '../../src/plan/functions/time.js';
import { evaluate, evaluatedText } from '../support/evaluate.js';

const PAGE = 'docs/reference/functions.md';
const scalars = functionSpecs.filter(({ kind }) => kind === 'scalar');
const aggregates = functionSpecs.filter(({ kind }) => kind === 'aggregate');

/** Functions with a unit in their name stand on one line, with the unit DAY. */
function shown({ name }: FunctionSpec): boolean {
  const unit = /^(?:FLOOR TO|CEIL TO|TIMESTAMPDIFF|TIMESTAMPADD) (\w+)$/.exec(name)?.[1];
  return unit === undefined || unit === 'DAY';
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${cell(text)}\``;

function scalarLine(spec: FunctionSpec): string {
  const example = functionExamples[spec.name]!;
  const names = spec.aliases.length === 0 ? '' : ` (also ${spec.aliases.join(', ')})`;
  return `| ${code(spec.usage)}${names} | ${cell(spec.summary)} | ${code(example)} | ${code(evaluatedText(evaluate(example)))} |`;
}

function table(): string {
  return [
    '| written | gives | example | result |',
    '|---|---|---|---|',
    ...scalars.filter(shown).map(scalarLine),
    '',
    '## Aggregates',
    '',
    '| written | gives |',
    '|---|---|',
    ...aggregates.map((spec) => {
      const names = spec.aliases.length === 0 ? '' : ` (also ${spec.aliases.join(', ')})`;
      return `| ${code(spec.usage)}${names} | ${cell(spec.summary)} |`;
    }),
  ].join('\n');
}

describe('functions', () => {
  it('have an example each', () => {
    expect(Object.keys(functionExamples).sort()).toEqual(scalars.map(({ name }) => name).sort());
  });

  it.each(scalars.map(({ name }) => name))('%s gives a value in its example', (name) => {
    expect(evaluate(functionExamples[name]!).rejected).toBeUndefined();
  });

  it('are listed in the reference (UPDATE_GOLDEN=1 rewrites)', () => {
    const text = readFileSync(PAGE, 'utf8');
    const units = TIME_UNITS.join(', ');
    const wanted = text
      .replace(
        /<!-- functions -->[\s\S]*?<!-- \/functions -->/,
        () => `<!-- functions -->\n${table()}\n<!-- /functions -->`,
      )
      .replace(/<!-- units -->.*?<!-- \/units -->/, `<!-- units -->${units}<!-- /units -->`);
    if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, wanted);
    expect(readFileSync(PAGE, 'utf8')).toBe(wanted);
  });
});
