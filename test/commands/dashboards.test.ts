import { existsSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

const workspace = new Workspace();
afterAll(() => workspace.remove());

/** What a demo left in the folder that it took for temporary. */
function leftovers(): string[] {
  return readdirSync(workspace.folder).filter((name) => name.startsWith('streamctl-demo'));
}

describe('demo', () => {
  const env = { TMPDIR: workspace.folder };

  it('shows the whole slice as data, ends by itself and leaves nothing', async () => {
    const { code, stdout, stderr } = await workspace.run(['demo', '--duration', '1s', '--json'], { env });
    const records = ndjson(stdout);
    const end = records.at(-1)!;
    const last = records.at(-2)!;
    expect(end).toMatchObject({ type: 'end', ok: true, exit: 0, reason: 'eof', rows: 1200, rejected: 3 });
    expect(last).toMatchObject({ type: 'frame', pipeline: 'cars', state: 'done', lag: 0 });
    expect((last.results as unknown[]).length).toBe(8);
    expect(code, stderr).toBe(0);
    expect(leftovers()).toEqual([]);
    expect(existsSync(`${workspace.folder}/.streamctl`)).toBe(false);
  });

  it('says what to type next, and draws SVG', async () => {
    const { stdout, stderr } = await workspace.run(['demo', '--duration', '500ms', '--frames', 'svg'], { env });
    expect(stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(stderr).toContain('streamctl replay cars.csv --batch 100 --pause 10s');
  });

  it('leaves nothing when it is interrupted', async () => {
    const running = workspace.start(['demo', '--duration', '60s', '--frames', 'ndjson', '--refresh', '100ms'], { env });
    await running.waitFor('"type":"frame"');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', reason: 'interrupted' });
    expect(code).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('refuses a pipeline that is not there', async () => {
    const { code, stderr } = await workspace.run(['demo', 'carz'], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean cars?');
  });
});

describe('watch', () => {
  it('shows a topic once, as text and as data', async () => {
    await workspace.ok('topics', 'create', 'readings', '--partitions', '2');
    const lines = Array.from({ length: 20 }, (_, at) => JSON.stringify({ sensor: `s${at % 3}`, value: at }));
    await workspace.run(['produce', 'readings'], { input: `${lines.join('\n')}\n` });
    const query = ['watch', 'readings', '--by', 'sensor', '--agg', 'count(), avg(value)', '--window', '365d', '--once'];
    const text = await workspace.ok(...query);
    expect(text.split('\n')).toHaveLength(25);
    expect(text).toMatch(/s1 █+\S* 10\.00 +7 rows/);
    const [frame, end] = ndjson(await workspace.ok(...query, '--frames', 'ndjson', '--top', '1'));
    expect(frame).toMatchObject({
      type: 'frame',
      pipeline: 'readings',
      results: [{ sensor: 's1', count: 7, avg_value: 10 }],
    });
    expect(end).toMatchObject({ type: 'end', ok: true });
  });

  it('shows an empty pipeline once without leaving a sample behind', async () => {
    const [frame] = ndjson(await workspace.ok('watch', 'cars', '--once', '--frames', 'ndjson'));
    expect(frame).toMatchObject({ pipeline: 'cars', state: 'done', counts: { rowsIn: 0 } });
  });

  it('names what is neither topic nor pipeline', async () => {
    const { code, stderr } = await workspace.run(['watch', 'nothing']);
    expect(code).toBe(2);
    expect(stderr).toContain('"nothing" does not exist');
  });
});
