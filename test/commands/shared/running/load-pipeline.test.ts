import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StreamctlError } from '../../../../src/base/errors.js';
import { systemFiles } from '../../../../src/base/system.js';
import { loadNamedFile, loadPipeline } from '../../../../src/commands/shared/running/load-pipeline.js';
import { starterText } from '../../../../src/commands/shared/running/starter.js';
import { cars } from '../../../../src/pipelines/cars.js';

const folder = mkdtempSync(join(tmpdir(), 'streamctl-plans-'));
const places = {
  files: systemFiles,
  folder,
  resolvePath: (path: string) => (isAbsolute(path) ? path : join(folder, path)),
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return `./${name}`;
}

async function mistake(name: string): Promise<StreamctlError> {
  const error = await loadPipeline(places, name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof StreamctlError) return error;
  throw error ?? new Error(`${name} loads`);
}

const BUILT = `
const readings = kafka('readings', { columns: { sensor: 'string', value: 'double' }, topic: 'readings' });
const totals = kafka('totals', { topic: 'totals', keys: ['sensor'] });
const plan = pipeline('mine').from(readings).tumble('1 minute').groupBy('sensor')
  .aggregate((row) => ({ total: sum(row.value) })).into(totals);
`;

describe('pipelines in files', () => {
  it('reads TypeScript that is in no project, with files beside it', async () => {
    file('limit.ts', 'export const limit: number = 5;');
    const name = file(
      'mine.pipeline.ts',
      `import { greater, kafka, type Plan, pipeline } from 'streamctl';
       import { limit } from './limit.js';
       enum Size { Small }
       const readings = kafka('readings', { columns: { value: 'double' }, topic: 'readings' });
       export const mine: Plan = pipeline('mine' as string)
         .from(readings).where((row) => greater(row.value, limit + Size.Small)).into(kafka('big', { topic: 'big' }));`,
    );
    const plan = await loadPipeline(places, name);
    expect(plan.nodes[0]).toMatchObject({
      kind: 'filter',
      condition: { arguments: [{ name: 'value' }, { value: 5 }] },
    });
  });

  it('reads JavaScript, with the plan as default export', async () => {
    const head = "import { kafka, pipeline, sum } from 'streamctl';";
    for (const ending of ['js', 'mjs']) {
      const plan = await loadPipeline(places, file(`a.${ending}`, `${head}${BUILT}export default plan;`));
      expect(plan.sinks[0]!.columns.map(({ name: column }) => column)).toContain('total');
    }
  });

  it('reads a file anew when it was changed', async () => {
    const text = (name: string) =>
      `import { kafka, pipeline } from 'streamctl';
       export default pipeline('${name}').from(kafka('a', { topic: 'a', columns: { x: 'string' } })).into(kafka('b', { topic: 'b' }));`;
    expect((await loadPipeline(places, file('twice.ts', text('one')))).name).toBe('one');
    expect((await loadPipeline(places, file('twice.ts', text('two')))).name).toBe('two');
  });

  it('finds built-in pipelines by name', async () => {
    expect(await loadPipeline(places, 'cars')).toBe(cars);
    expect(await loadPipeline(places, 'pipeline:cars')).toBe(cars);
  });

  it.each([
    ['throws.ts', 'const a = 1;\nnull.x;', /^\.\/throws\.ts:2:\d+: .*null/],
    ['syntax.ts', 'const a = ;', /syntax\.ts/],
    ['nothing.ts', 'export const a = 1;', /exports no pipeline/],
    ['missing.ts', "import 'no-such-package';", /no-such-package/],
    [
      'unfinished.ts',
      "import { kafka, pipeline } from 'streamctl'; export default pipeline('a').from(kafka('a', { topic: 'a', columns: {} }));",
      /exports no pipeline/,
    ],
    [
      'wrong.ts',
      `import { kafka, pipeline, sum } from 'streamctl';${BUILT.replace('row.value', 'row.valeu')}`,
      /no column "valeu"/,
    ],
    [
      'two.ts',
      `import { kafka, pipeline, sum } from 'streamctl';${BUILT}export { plan as a, plan as b };`,
      /2 pipelines/,
    ],
  ])('%s is refused', async (name, text, message) => {
    const error = await mistake(file(name, text));
    expect(error.code).toBe('bad-plan');
    expect(error.message).toMatch(message);
  });

  it('runs the pipelines that pipelines init writes: YAML and TypeScript say the same', async () => {
    const yaml = await loadPipeline(places, file('s.pipeline.yaml', starterText('s', 'yaml')));
    const code = await loadPipeline(places, file('s.pipeline.ts', starterText('s', 'ts')));
    const names = (text: string): string => text.replaceAll(/"(?:check|by-sensor|valid|minutes)"/g, '"step"');
    expect(names(JSON.stringify(yaml))).toBe(names(JSON.stringify(code)));
  });

  it('finds reference files beside the pipeline', async () => {
    mkdirSync(join(folder, 'sub'));
    file('sub/towns.csv', 'code,town\na,Paris\n');
    const text = `pipeline: a
sources: { rows: { columns: { code: string } } }
tables: { towns: { columns: { code: string, town: string }, file: towns.csv } }
steps: { with: { lookup: { table: towns, on: [code] } } }
sinks: { out: {} }`;
    const plan = await loadPipeline(places, file('sub/a.yaml', text));
    expect(plan.tables[0]!.from).toEqual({ kind: 'file', path: './sub/towns.csv' });
    expect(plan.sinks[0]!.columns.map(({ name }) => name)).toEqual(['code', 'event_time', 'town']);
  });

  it('says that a file does not exist', async () => {
    expect((await mistake('./no.pipeline.yaml')).code).toBe('not-found');
    expect((await mistake('topic:cars')).code).toBe('usage');
  });

  it('leaves topics that are called like files alone', async () => {
    expect(await loadNamedFile(places, { kind: undefined, name: 'readings.json' })).toBeUndefined();
    expect(await loadNamedFile(places, { kind: 'topic', name: 'a.js' })).toBeUndefined();
  });
});
