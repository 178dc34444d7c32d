import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../support/streamctl.js';

interface Envelope {
  ok: boolean;
  result: { checks: { name: string; status: string; found: string; advice?: string }[] };
  error: { code: string; hint?: string } | null;
}

let space: Workspace;

beforeAll(() => {
  space = new Workspace();
});

afterAll(() => space.remove());

async function doctor(...flags: string[]) {
  const { code, stdout, stderr } = await space.run(['doctor', '--json', ...flags]);
  const { ok, result, error } = JSON.parse(stdout) as Envelope;
  const statuses = Object.fromEntries(result.checks.map(({ name, status }) => [name, status]));
  const found = Object.fromEntries(result.checks.map((check) => [check.name, check.found]));
  return { code, ok, error, statuses, found, stderr };
}

describe('doctor', () => {
  it('finds nothing wrong in an empty folder, starts nothing and leaves nothing behind', async () => {
    const before = readdirSync(space.folder);
    const { code, ok, statuses, found } = await doctor();
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(statuses).toMatchObject({ program: 'ok', configuration: 'ok', terminal: 'ok', broker: 'ok' });
    expect(found.broker).toContain('not running');
    expect(found.program).toContain(`node ${process.versions.node}`);
    expect(readdirSync(space.folder)).toEqual(before);
  });

  it('warns of a taken port without failing', async () => {
    const server = createServer().listen(9092, '127.0.0.1');
    // Where something listens there already, the answer is the same.
    await new Promise((done) => server.once('listening', done).once('error', done));
    try {
      const { code, statuses, stderr } = await doctor();
      expect({ code, port: statuses.port }).toEqual({ code: 0, port: 'warning' });
      expect(stderr).toContain('warning: port: another program listens on 9092');
    } finally {
      server.close();
    }
  });

  it('is exit 3 with what to do where the broker is out of reach', async () => {
    const { code, ok, statuses, error } = await doctor('-b', '127.0.0.1:1');
    expect({ code, ok, broker: statuses.broker }).toEqual({ code: 3, ok: false, broker: 'failed' });
    expect(error).toMatchObject({ code: 'broker-unreachable', hint: expect.stringContaining('--brokers') as string });
  });

  it('is exit 3 where the data folder cannot be written, unless the broker is elsewhere', async () => {
    const stateFolder = join(space.folder, '.streamctl');
    writeFileSync(stateFolder, 'a file where the folder should be');
    const { code, statuses, error } = await doctor();
    const elsewhere = await doctor('-b', '127.0.0.1:1');
    rmSync(stateFolder);
    expect({ code, disk: statuses.disk }).toEqual({ code: 3, disk: 'failed' });
    expect(error?.code).toBe('disk-failed');
    expect(elsewhere.statuses.disk).toBe('warning');
  });

  it('looks at the embedded broker where it runs', async () => {
    expect((await space.run(['broker', 'start', '--detach', '--port', '0'])).code).toBe(0);
    try {
      const { code, statuses, found } = await doctor();
      expect({ code, broker: statuses.broker, advertised: statuses['advertised addresses'] }).toEqual({
        code: 0,
        broker: 'ok',
        advertised: 'ok',
      });
      expect(found.broker).toMatch(/^embedded, process \d+: 1 broker, 0 topics, /);
    } finally {
      await space.run(['broker', 'stop']);
    }
  });

  it('looks at the addresses that a broker gives its clients', async () => {
    const start = ['broker', 'start', '--detach', '--port', '0', '--advertised', '127.0.0.1:1'];
    expect((await space.run(start)).code).toBe(0);
    try {
      const file = readFileSync(join(space.folder, '.streamctl/broker/broker.json'), 'utf8');
      const { nearby } = JSON.parse(file) as { nearby: { port: number } };
      const { code, statuses, found, error } = await doctor('-b', `127.0.0.1:${nearby.port}`);
      expect({ code, statuses: [statuses.broker, statuses['advertised addresses']] }).toEqual({
        code: 3,
        statuses: ['ok', 'failed'],
      });
      expect(found.broker).toMatch(/^127\.0\.0\.1:\d+: 1 broker, 0 topics, /);
      expect(error?.hint).toContain('advertised.listeners');
    } finally {
      await space.run(['broker', 'stop']);
    }
    expect(existsSync(join(space.folder, '.streamctl-doctor'))).toBe(false);
  });
});
