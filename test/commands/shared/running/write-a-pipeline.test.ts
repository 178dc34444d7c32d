import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemFiles } from '../../../../src/base/system.js';
import { loadPipeline } from '../../../../src/commands/shared/running/load-pipeline.js';
import { starterText } from '../../../../src/commands/shared/running/starter.js';
import { STEP_KEYS } from '../../../../src/plan/document/step-format.js';

const page = readFileSync('docs/how-to/write-a-pipeline.md', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'streamctl-page-'));
const places = {
  files: systemFiles,
  folder,
  resolvePath: (path: string) => (isAbsolute(path) ? path : join(folder, path)),
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the page about writing pipelines', () => {
  it.each(['yaml', 'ts'])('has an example in %s that loads', async (language) => {
    const [, text] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)!;
    const name = `readings.pipeline.${language}`;
    writeFileSync(join(folder, name), text!);
    const plan = await loadPipeline(places, name);
    expect(plan.sinks[0]!.columns.map(({ name: column }) => column)).toContain('mean');
  });

  it('names every step', () => {
    for (const key of STEP_KEYS) expect(page).toContain(`| \`${key}\` |`);
  });

  it('shows mistakes as they are told', async () => {
    const text = starterText('sensors', 'yaml')
      .replace('value BETWEEN', 'valu BETWEEN')
      .replace('tumble', 'tumbel')
      .replace('keys:', 'key:');
    writeFileSync(join(folder, 'sensors.pipeline.yaml'), text);
    const error = (await loadPipeline(places, './sensors.pipeline.yaml').catch(
      (thrown: unknown) => thrown,
    )) as Error & {
      detail: string;
    };
    const lines = page.split('```').find((block) => block.includes('3 mistakes'))!;
    expect(lines).toContain(`error: ${error.message}`);
    for (const line of error.detail.split('\n')) expect(lines).toContain(line);
  });
});
