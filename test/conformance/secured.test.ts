import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCommand } from '../support/broker-under-test.js';
import { ndjson, Workspace } from '../support/streamctl.js';

/**
 * A broker behind TLS and logins, and one with logins alone: every kind of command reaches it by librdkafka's settings,
 * each a process of its own, and kcat by the same ones.
 */
const OPENSSL = 'openssl';
const PASSWORD = 'correct horse/battery=staple';
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const run = promisify(execFile);

const missing = [OPENSSL, 'kcat'].filter((command) => !hasCommand(command));
if (missing.length > 0) console.warn(`secured.test.ts: ${missing.join(', ')} not found, some tests are skipped`);

/** A running broker with the place its clients run in. */
interface Scene {
  readonly space: Workspace;
  readonly address: string;
  close(): Promise<void>;
}

/** Starts `streamctl broker start --port 0 FLAGS`, clients' settings coming from flags alone. */
async function openScene(flags: (space: Workspace) => readonly string[]): Promise<Scene> {
  const space = new Workspace();
  const broker = space.start(['broker', 'start', '--port', '0', '--json', ...flags(space)], {
    env: { ANN_PASSWORD: PASSWORD },
  });
  await broker.waitFor('"ready"');
  await broker.waitFor('broker ready at');
  const [ready] = ndjson(broker.output().stdout);
  const { stdout, stderr } = broker.output();
  expect(stdout + stderr).not.toContain(PASSWORD);
  return {
    space,
    address: String(ready!.address),
    async close() {
      broker.child.kill('SIGTERM');
      await broker.finished;
      await space.remove();
    },
  };
}

/** Makes a certificate for this machine and its key in the folder; gives their paths. */
function makeCertificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync(OPENSSL, [...made, ...names], { stdio: 'ignore' });
  return { cert, key };
}

function settings(properties: Readonly<Record<string, string>>): string[] {
  return Object.entries(properties).flatMap(([key, value]) => ['-X', `${key}=${value}`]);
}

function login(protocol: string, mechanism: string, more: Readonly<Record<string, string>> = {}): string[] {
  return settings({
    'security.protocol': protocol,
    'sasl.mechanism': mechanism,
    'sasl.username': 'ann',
    'sasl.password': PASSWORD,
    ...more,
  });
}

/** Creates, writes, replays, reads plainly and by windows, changes and deletes. */
async function useAll(space: Workspace, topic: string, reach: readonly string[]): Promise<void> {
  await space.ok('topics', 'create', topic, '--partitions', '2', ...reach);
  expect(await space.ok('topics', 'list', ...reach)).toContain(topic);
  const produced = await space.run(['produce', topic, '-K', ':', ...reach], { input: 'k1:v1\nk2:v2\n' });
  expect(produced).toMatchObject({ code: 0 });
  const values = await space.ok('consume', topic, '-e', '-f', '%v\\n', ...reach);
  expect(values.trim().split('\n').sort()).toEqual(['v1', 'v2']);
  const rows = `${topic}-rows`;
  writeFileSync(join(space.folder, 'small.csv'), 'model,price\nA,10\nB,20\nA,30\n');
  await space.ok('topics', 'create', rows, '--partitions', '3', ...reach);
  await space.ok('replay', 'small.csv', '-t', rows, '--speed', 'max', ...reach);
  const windowed = ['--window', '1h', '--by', 'model', '--agg', 'count(),avg(price)', '--json'];
  const windows = ndjson(await space.ok('consume', rows, '-e', ...windowed, ...reach));
  expect(windows.filter(({ type }) => type === 'window').length).toBeGreaterThanOrEqual(2);
  const inGroup = ['-g', `${topic}-readers`, '--until', 'count=2', '--timeout', '30s'];
  await space.ok('consume', topic, ...inGroup, ...reach);
  expect(await space.ok('groups', 'list', ...reach)).toContain(`${topic}-readers`);
  await space.ok('topics', 'alter', topic, '--partitions', '3', ...reach);
  await space.ok('topics', 'delete', topic, rows, '-y', ...reach);
}

describe.skipIf(!hasCommand(OPENSSL))('a broker with TLS and logins', () => {
  let scene: Scene;
  let ca: string;
  beforeAll(async () => {
    scene = await openScene(({ folder }) => {
      const { cert, key } = makeCertificate(folder, 'localhost');
      ca = cert;
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to a secret
      const user = 'ann:${env:ANN_PASSWORD}';
      return ['--tls-cert', cert, '--tls-key', key, '--user', user, '--user', 'bob:other', '--advertised', 'localhost'];
    });
  });
  afterAll(() => scene?.close());
  const secured = (mechanism: string, more = {}): string[] =>
    login('SASL_SSL', mechanism, { 'ssl.ca.location': ca, ...more });

  it.each(MECHANISMS)('serves every kind of command by %s', async (mechanism) => {
    const { space, address } = scene;
    expect(address).toMatch(/^localhost:\d+$/);
    await useAll(space, `t-${mechanism.toLowerCase()}`, ['-b', address, ...secured(mechanism)]);
  });

  it.each(MECHANISMS)('refuses a wrong password by %s and says what to check', async (mechanism) => {
    const { space, address } = scene;
    for (const command of [
      ['topics', 'list'],
      ['consume', 't', '-e'],
      ['topics', 'delete', 't', '-y'],
    ]) {
      const wrong = [...command, '-b', address, ...secured(mechanism, { 'sasl.password': 'guessed' })];
      const { code, stderr } = await space.run(wrong);
      expect({ code, stderr }).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/error: cannot log in .*"ann"/),
      });
      expect(stderr).toContain('hint:   check -X sasl.username, sasl.password and sasl.mechanism');
      expect(stderr).not.toContain('guessed');
    }
  });

  it('says what is needed when settings are missing', async () => {
    const { space, address } = scene;
    const attempt = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await space.run(['topics', 'list', ...args]);
      expect(code).toBeGreaterThanOrEqual(2);
      expect(code).toBeLessThanOrEqual(3);
      return stderr;
    };
    expect(await attempt('-b', address)).toContain('security.protocol');
    const untrusted = settings({ 'security.protocol': 'SSL' });
    expect(await attempt('-b', address, ...untrusted)).toMatch(/self-signed[\s\S]*-X ssl\.ca\.location=FILE/);
    const noLogin = settings({ 'security.protocol': 'SSL', 'ssl.ca.location': ca });
    expect(await attempt('-b', address, ...noLogin)).toContain('security.protocol');
    // The broker of the folder, found without -b.
    expect(await attempt()).toMatch(/was started with security[\s\S]*-X security\.protocol=SASL_SSL/);
    const found = await space.run(['cluster', 'info', '--json', ...secured('PLAIN')]);
    expect(JSON.parse(found.stdout).result).toMatchObject({ embedded: true, brokers: [{ host: 'localhost' }] });
  });

  it('is found by status, and not started twice', async () => {
    const { space, address } = scene;
    const { result } = JSON.parse(await space.ok('broker', 'status', '--json'));
    expect(result).toMatchObject({ running: true, address, security: 'sasl_ssl' });
    expect(await space.run(['broker', 'start', '--port', '0'])).toMatchObject({ code: 3 });
    expect(await space.run(['broker', 'start', '--port', '0', '--detach'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('runs already'),
    });
  });

  it.skipIf(!hasCommand('kcat')).each(MECHANISMS)('serves kcat by %s', async (mechanism) => {
    const topic = `kcat-${mechanism.toLowerCase()}`;
    const kcat = async (args: readonly string[], input?: string): Promise<string> => {
      const running = run('kcat', ['-b', scene.address, ...secured(mechanism), ...args], { timeout: 30_000 });
      if (input !== undefined) running.child.stdin?.end(input);
      return (await running).stdout;
    };
    await kcat(['-P', '-t', topic], 'a\nb\n');
    expect(await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning'])).toBe('a\nb\n');
  });
});

describe.skipIf(!hasCommand(OPENSSL))('a broker that demands client certificates', () => {
  it('takes those who have one, and tells the others', async () => {
    let client = { cert: '', key: '' };
    let server = { cert: '', key: '' };
    const { space, address, close } = await openScene(({ folder }) => {
      client = makeCertificate(folder, 'client');
      server = makeCertificate(folder, 'server');
      return ['--tls-cert', server.cert, '--tls-key', server.key, '--tls-ca', client.cert];
    });
    try {
      const tls = { 'security.protocol': 'SSL', 'ssl.ca.location': server.cert };
      const own = { 'ssl.certificate.location': client.cert, 'ssl.key.location': client.key };
      await space.ok('topics', 'create', 't', '-b', address, ...settings({ ...tls, ...own }));
      expect(await space.run(['topics', 'list', '-b', address, ...settings(tls)])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('ssl.certificate.location'),
      });
      const broken = { 'ssl.certificate.location': client.cert, 'ssl.key.location': server.key };
      expect(await space.run(['topics', 'list', '-b', address, ...settings({ ...tls, ...broken })])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('the certificate or its key cannot be used'),
      });
    } finally {
      await close();
    }
  });
});

describe('a broker with logins and no TLS', () => {
  let scene: Scene;
  beforeAll(async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to a secret
    scene = await openScene(() => ['--user', 'ann:${env:ANN_PASSWORD}', '--chaos', '0.05:3']);
  });
  afterAll(() => scene?.close());

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'])('serves every kind of command by %s', async (mechanism) => {
    const reach = ['-b', scene.address, ...login('SASL_PLAINTEXT', mechanism)];
    await useAll(scene.space, `t-${mechanism.toLowerCase()}`, reach);
  });
});

describe('broker start', () => {
  it('keeps passwords off the command line of the background process, and out of what it writes', async () => {
    const space = new Workspace({ ANN_PASSWORD: PASSWORD });
    try {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to a secret
      const user = 'ann:${env:ANN_PASSWORD}';
      const started = await space.run(['broker', 'start', '--detach', '--port', '0', '--json', '--user', user]);
      expect(started.code).toBe(0);
      const [ready] = ndjson(started.stdout);
      expect(ready).toMatchObject({ security: 'sasl_plaintext' });
      const commandLine = await run('ps', ['-o', 'args=', '-p', String(ready!.pid)]).catch(() => ({ stdout: '' }));
      const log = await run('cat', [join(space.folder, '.streamctl/broker/broker.log')]);
      expect(started.stdout + started.stderr + commandLine.stdout + log.stdout).not.toContain(PASSWORD);
      const reach = login('SASL_PLAINTEXT', 'SCRAM-SHA-512');
      await space.ok('topics', 'create', 't', ...reach);
      expect(await space.ok('topics', 'list', '-b', String(ready!.address), ...reach)).toContain('t');
      expect(await space.ok('broker', 'stop')).toContain('stopped');
    } finally {
      await space.remove();
    }
  });

  it.each([
    [['--listen', '0.0.0.0'], /would let anybody[\s\S]*--insecure/],
    [['--listen', '0.0.0.0', '--insecure'], /--advertised HOST/],
    [['--tls-cert', 'only.pem'], /--tls-key/],
    [['--tls-cert', 'no.pem', '--tls-key', 'no.pem'], /no\.pem does not exist/],
    [['--user', 'hidden-word'], /the 1\. --user is not NAME:PASSWORD/],
    [['--user', 'a:hidden-word', '--user', 'a:b'], /names a twice/],
    [['--chaos', '2'], /--chaos: "2"/],
    [['--advertised', 'a:b:c'], /--advertised: "a:b:c"/],
  ])('refuses %j', async (flags, message) => {
    const space = new Workspace();
    try {
      for (const detach of [[], ['--detach']]) {
        const { code, stderr } = await space.run(['broker', 'start', '--port', '0', ...flags, ...detach]);
        expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
        expect(stderr).not.toContain('hidden-word');
      }
    } finally {
      await space.remove();
    }
  });
});
