import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../support/streamctl.js';

/** More than the 8 MB from which on a thread converts, with a cell that does not fit and, late, a row that is none. */
const rows = Array.from({ length: 260_000 }, (_, id) => `${id},name of row ${id},"quoted ""${id}""",${id / 4}`);
rows[130_000] = '130000,a,b,none';
rows[250_001] = 'broken';

describe('a large file, converted by a thread of its own', () => {
  let space: Workspace;
  const replay = (topic: string, file: string, ...flags: string[]): readonly string[] => {
    return ['replay', file, '-t', topic, '--format', 'csv', '--on-error', 'quarantine', '--batch', '1000', ...flags];
  };
  const held = async (topic: string): Promise<string> => {
    const text = await space.ok('consume', topic, '-e', '-o', 'beginning', '-f', '%v %h\\n');
    return text.replaceAll('streamctl-source=stdin', 'streamctl-source=rows.csv');
  };
  beforeAll(async () => {
    space = new Workspace();
    writeFileSync(join(space.folder, 'rows.csv'), `id,name,text,share\n${rows.join('\n')}\n`);
    await space.ok('broker', 'start', '--detach', '--port', '0');
    for (const topic of ['alone', 'whole', 'cut']) await space.ok('topics', 'create', topic, '-p', '1');
  });
  afterAll(() => space.remove());

  it('gives the topic that one thread gives; killed or interrupted and resumed too', async () => {
    const alone = await space.run(replay('alone', '-'), { input: readFileSync(join(space.folder, 'rows.csv')) });
    expect(alone).toMatchObject({ code: 0 });
    const expected = await held('alone');
    expect(expected.split('\n')).toHaveLength(rows.length);
    const whole = await space.run(replay('whole', 'rows.csv'));
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.stderr).toContain('share: 1 cell is no number');
    expect(whole.stderr).toContain('rows.csv:250003: row 250002: it has 1 field, the header has 4');
    expect(await held('whole')).toBe(expected);

    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const running = space.start(replay('cut', 'rows.csv', '--resume'));
      await running.waitFor(/lots? \d/);
      running.child.kill(signal);
      await running.finished;
    }
    expect(await space.run(replay('cut', 'rows.csv', '--resume'))).toMatchObject({ code: 0 });
    expect(await held('cut')).toBe(expected);
    expect(await held('cut-quarantine')).toMatch(/^broken .*\n$/);
  });
});
