import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import { ndjson, Workspace } from '../support/streamctl.js';

const pipelines = await allPipelines();

/** `streamctl test` seen from outside: the built program as a process. */
let space: Workspace;
beforeAll(() => {
  space = new Workspace();
});
afterAll(() => space.remove());

const CASE = `pipeline: cars
cases:
  - name: audis cost
    steps:
      - feed: adverts
        rows:
          - { manufacturer: audi, model: A1, year: 2017, price: 100, transmission: Manual, mileage: 1, fuelType: Petrol }
      - end
      # what an audi costs
      - expect: prices
        columns: [manufacturer, mean_price]
        rows: [{ manufacturer: audi, mean_price: 100 }]
`;

/** A folder of its own with files; gives what `streamctl test` in it says. */
async function test(name: string, files: Readonly<Record<string, string>>, ...flags: readonly string[]) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(space.folder, name, path, '..'), { recursive: true });
    writeFileSync(join(space.folder, name, path), text);
  }
  return space.run(['test', name, ...flags]);
}

describe('the cases of the built-in pipelines', () => {
  it('are there for every one of them', () => {
    expect(readdirSync('fixtures/tests')).toEqual(pipelines.map(({ name }) => `${name}.pipeline.test.yaml`).sort());
  });

  it('hold in every order, over any number of partitions, with crashes', { timeout: 300_000 }, async () => {
    cpSync('fixtures/tests', join(space.folder, 'tests'), { recursive: true });
    const { code, stdout, stderr } = await space.run(['test', 'tests', '--report', 'junit=out/report.xml']);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('✗');
    expect(readFileSync(join(space.folder, 'out/report.xml'), 'utf8')).toContain('failures="0" errors="0"');
  });
});

describe('streamctl test', () => {
  it('is exit 0 when all hold, and says so to programs', async () => {
    const { code, stdout } = await test('good', { 'a.pipeline.test.yaml': CASE }, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'test',
      ok: true,
      result: { cases: [{ file: 'good/a.pipeline.test.yaml', line: 3, status: 'passed', runs: 12, failures: [] }] },
    });
    const lines = await test('good', {}, '--output', 'ndjson');
    expect(ndjson(lines.stdout)).toMatchObject([{ name: 'audis cost', status: 'passed' }]);
  });

  it('is exit 4 when one does not hold: the difference, and how to see it again', async () => {
    const wrong = CASE.replace('mean_price: 100', 'mean_price: 99');
    const { code, stdout, stderr } = await test('bad', { 'a.pipeline.test.yaml': wrong });
    expect(code).toBe(4);
    expect(stdout).toContain('✗ audis cost');
    expect(stdout).toContain('line 10: expect: prices: 1 row missing, 1 row too many');
    expect(stdout).toContain('- { manufacturer: audi, mean_price: 99 }');
    expect(stdout).toContain('+ { manufacturer: audi, mean_price: 100 }');
    const again = "streamctl test bad/a.pipeline.test.yaml --filter 'audis cost' --seed 0";
    expect(stdout).toContain(`again: ${again}`);
    expect(stderr).toContain('error: the case failed');
    expect((await space.run(['test', 'bad/a.pipeline.test.yaml', '--filter', 'audis cost', '--seed', '0'])).code).toBe(
      4,
    );
    const data = await test('bad', {}, '--json');
    expect(JSON.parse(data.stdout)).toMatchObject({
      ok: false,
      result: { cases: [{ status: 'failed', repeat: again, failures: [{ line: 10, step: 'expect: prices' }] }] },
      error: { code: 'assertion-failed', exit: 4 },
    });
    const updated = await test('bad', {}, '--update');
    expect(updated.code).toBe(0);
    expect(readFileSync(join(space.folder, 'bad/a.pipeline.test.yaml'), 'utf8')).toBe(CASE);
  });

  it('is exit 2 for what cannot be read, before anything is played', async () => {
    const files = { 'good.pipeline.test.yaml': CASE, 'bad.pipeline.test.yaml': CASE.replace('- end', '- ende') };
    const { code, stdout, stderr } = await test('mixed', files);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('error: mixed/bad.pipeline.test.yaml:8:9: "ende" is no step');
    expect(stderr).toContain('did you mean end?');
  });

  it.each([
    [['nowhere'], 'there is no file or folder nowhere'],
    [['mixed', '--filter', 'x', '--on', 'flink'], '--on: "flink" is not one of local'],
    [['good', '--filter', 'no such'], 'no case has "no such" in its name'],
    [['good', '--report', 'html=x'], '--report "html=x" is not known'],
    [['good', '--partitions', '0'], '--partitions: "0" is not a number from 1 to 100'],
  ])('%j is exit 2', async (args, message) => {
    const { code, stderr } = await space.run(['test', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(`error: ${message}`);
  });

  it('shows how to begin where there are no test files', async () => {
    mkdirSync(join(space.folder, 'empty'), { recursive: true });
    const { code, stderr } = await space.run(['test', 'empty']);
    expect(code).toBe(2);
    expect(stderr).toContain('there are no test files in empty');
    expect(stderr).toContain('pipeline: cars');
  });

  it('plays the case of the how-to page', async () => {
    const page = readFileSync('docs/how-to/test.md', 'utf8');
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page)!;
    const { code, stdout, stderr } = await test('page', { 'a.pipeline.test.yaml': yaml! });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  });

  it("plays a person's own pipeline, its files beside it", async () => {
    const { code, stdout, stderr } = await test('own', {
      'a/shop.pipeline.yaml': `pipeline: shop
sources:
  orders: { topic: orders, columns: { id: string, at: timestamp, amount: double }, eventTime: at }
steps:
  minutes:
    aggregate: { window: { tumble: 1 minute }, columns: { total: SUM(amount) } }
sinks:
  totals: { topic: totals }
`,
      'a/orders.csv': 'id,at,amount\na,2024-03-01T10:00:05Z,1.5\nb,2024-03-01T10:00:06Z,2\n',
      'a/shop.pipeline.test.yaml': `pipeline: ./shop.pipeline.yaml
cases:
  - name: a file of orders
    steps: [{ feed: orders, file: orders.csv }, end, { expect: totals, columns: [total], rows: [{ total: 3.5 }] }]
`,
    });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(existsSync(join(space.folder, '.streamctl'))).toBe(false);
  });
});
