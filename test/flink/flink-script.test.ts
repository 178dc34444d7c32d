import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import { flinkScript } from '../../src/flink/flink-script.js';
import { builtInParameters } from '../support/built-in.js';

const pipelines = await allPipelines();

const folder = 'test/golden/flink';

describe('the Flink script of', () => {
  it.each(pipelines.map((plan) => [plan.name, plan] as const))('%s is the golden file', (name, plan) => {
    const { text } = flinkScript(plan, { parameters: builtInParameters(plan) });
    const path = `${folder}/${name}.sql`;
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path), `${path} is missing: UPDATE_GOLDEN=1 npx vitest run test/flink`).toBe(true);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
});
