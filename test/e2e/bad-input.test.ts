import { cpSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

let space: Workspace;
beforeAll(() => {
  space = new Workspace();
  cpSync('fixtures/how-to', join(space.folder, 'how-to'), { recursive: true });
});
afterAll(() => space.remove());

describe('bad input, as a user meets it', () => {
  it('is set aside, counted, or the end of the run, as --on-error says', async () => {
    await space.ok('topics', 'create', 'readings');
    await space.ok('produce', 'readings', 'how-to/late.ndjson');
    const run = ['run', 'how-to/sensors.pipeline.yaml', '--until', 'eof', '--json'];
    const stopped = await space.run([...run, '--on-error', 'stop']);
    expect(stopped.code).toBe(2);
    expect(ndjson(stopped.stdout).at(-1)).toMatchObject({
      type: 'end',
      ok: false,
      exit: 2,
      error: { code: 'bad-data', message: 'record readings/0@6 was rejected: value: "warm" is not a number' },
    });
    const aside = ndjson(await space.ok(...run));
    expect(aside.at(-1)).toMatchObject({
      ok: true,
      rows: 8,
      results: 4,
      late: 1,
      rejected: 2,
      lateTopic: 'sensors-late',
      deadLettersTopic: 'sensors-dead-letters',
    });
    expect(aside.filter(({ type }) => type === 'rejected').map(({ offset }) => offset)).toEqual([6, 5]);
    const letters = (await space.ok('cat', 'sensors-dead-letters', '-f', '%v\n')).trim().split('\n');
    expect(letters).toHaveLength(2);
    const skipped = ndjson(await space.ok(...run, '--reset-state', '--on-error', 'skip')).at(-1)!;
    expect(skipped).toMatchObject({ rejected: 2 });
    expect(skipped.deadLettersTopic).toBeUndefined();
    expect((await space.ok('cat', 'sensors-dead-letters', '-f', '%v\n')).trim().split('\n')).toHaveLength(2);
    const full = await space.run([...run, '--reset-state', '--max-groups', '1', '--max-ahead', 'none']);
    expect(full).toMatchObject({ code: 3 });
    expect(full.stdout).toContain('step \\"minutes\\" would hold more than 1 groups');
    expect(full.stdout).toContain('--max-groups 2');
  });

  it('a table that disappears while a run goes on is warned of once, and read again when it is back', async () => {
    await space.ok('topics', 'create', 'orders', 'payments');
    await space.ok('produce', 'orders', 'how-to/orders.ndjson');
    await space.ok('produce', 'payments', 'how-to/payments.ndjson');
    const table = join(space.folder, 'how-to/customers.csv');
    const run = space.start(['run', 'how-to/shop.pipeline.yaml', '--json']);
    await run.waitFor('customers.csv@');
    renameSync(table, `${table}.away`);
    await run.waitFor('warning: table "customers": there is no file');
    writeFileSync(table, 'customer;country\ncleo;IT\n"ad');
    await run.waitFor('never closed');
    writeFileSync(table, 'customer;country\ncleo;IT\nada;FR\n');
    await run.waitFor('table customers: now customers.csv@');
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.finished;
    expect(code).toBe(0);
    expect(stderr.match(/warning: /g)).toHaveLength(2);
    expect(ndjson(stdout).at(-1)).toMatchObject({ tables: [{ name: 'customers', rows: 2, reloads: 1, failures: 2 }] });
  });
});
