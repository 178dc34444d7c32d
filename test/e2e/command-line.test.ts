// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

/** What every command keeps to, seen from outside: the built program as a process. */
let space: Workspace;
beforeAll(() => {
  space = new Workspace();
});
afterAll(() => space.remove());

const json = (text: string) =>
  JSON.parse(text) as { ok: boolean; result: never; error: Record<string, unknown> | null };

/** Runs a shell line in the workspace; `"$node" "$app"` in it is the program. */
function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn('bash', ['-c', line], {
      cwd: space.folder,
      env: { PATH: process.env.PATH, HOME: space.folder, node: process.execPath, app: resolve('bin/streamctl.js') },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }));
  });
}

describe('exit codes and errors', () => {
  it.each([
    [['topcs', 'list'], 'unknown command "topcs"', 'did you mean topics?'],
    [['topics', 'create', 'a', '--partitins', '3'], 'unknown flag "--partitins"', 'did you mean --partitions?'],
    [['topics', 'create', 'a', '-p', 'three'], '--partitions: "three" is not a number', ''],
    [['consume', 'a', '-o', 'soon'], '-o "soon" is not an offset', 'write start, end'],
    [['pipelines', 'explain', 'carz'], 'pipeline "carz" does not exist', 'did you mean cars?'],
    [['topics', 'list', '--context', 'nope'], 'context "nope" does not exist', ''],
  ])('%j is exit 2', async (argv, message, hint) => {
    const { code, stdout, stderr } = await space.run(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain(hint);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(space.folder, '.streamctl'))).toBe(false);
  });

  it('says the same as data, whether it came early or late', async () => {
    const early = await space.run(['topics', 'creat', '--json']);
    expect(json(early.stdout)).toMatchObject({ ok: false, result: null, error: { code: 'usage', exit: 2 } });
    const late = await space.run(['pipelines', 'show', 'carz', '--json']);
    expect(json(late.stdout)).toMatchObject({
      command: 'pipelines.show',
      schemaVersion: 1,
      ok: false,
      error: { code: 'not-found', hint: 'did you mean cars?' },
    });
    const stream = await space.run(['consume', 'a', '-o', 'soon', '--json']);
    expect(ndjson(stream.stdout)).toMatchObject([{ type: 'end', ok: false, exit: 2, reason: 'error' }]);
  });

  it('is exit 3 when the broker is not there', async () => {
    const { code, stderr } = await space.run(['topics', 'list', '-b', '127.0.0.1:1']);
    expect(code).toBe(3);
    expect(stderr).toContain('error: cannot connect to 127.0.0.1:1');
    expect(stderr).toContain('hint:');
  });

  it('takes an empty -b or -p for a mistake, not for the embedded broker or all partitions', async () => {
    // What a script with an unset variable says.
    const list = await space.run(['topics', 'list', '-b', '']);
    expect(list).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--brokers names no') as string,
    });
    const trim = await space.run(['topics', 'trim', 'a', '-o', 'end', '-p', '', '-y', '-b', '127.0.0.1:1']);
    expect(trim).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('-p names no') as string });
  });

  it('prints help and version, and exits 0', async () => {
    for (const argv of [[], ['--help'], ['help', 'topics', 'create'], ['topics', '--help']]) {
      expect(await space.run(argv)).toMatchObject({ code: 0, stderr: '' });
    }
    expect((await space.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('output', () => {
  it('has a form for people and one for each kind of program', async () => {
    const list = (output: string) => space.run(['pipelines', 'list', '--output', output]);
    expect((await list('text')).stdout).toMatch(/^NAME +READS +WRITES +DESCRIPTION\ncars +trafic_cars/);
    expect(json((await list('json')).stdout)).toMatchObject({ command: 'pipelines.list', ok: true, error: null });
    expect(ndjson((await list('ndjson')).stdout)[0]).toMatchObject({ name: 'cars' });
    expect((await list('tsv')).stdout).toMatch(/^name\treads\twrites\tdescription\ncars\t/);
    expect((await list('yaml')).stdout).toMatch(/^command: pipelines\.list\n/);
    expect((await list('xml')).code).toBe(2);
  });

  it('follows the environment, .env, the project file and the flag, in this order', async () => {
    const config = async (env: Record<string, string>, ...flags: string[]) => {
      const { stdout } = await space.run(['config', 'show', '--json', ...flags], { env });
      const { settings } = json(stdout).result as { settings: { name: string; value: string; source: string }[] };
      return settings.find(({ name }) => name === 'brokers');
    };
    writeFileSync(
      join(space.folder, 'streamctl.yaml'),
      'brokers: project:1\nproperties: { sasl.password: "${env:SECRET_X}" }\n',
    );
    try {
      expect(await config({})).toMatchObject({ value: 'project:1', source: 'streamctl.yaml' });
      writeFileSync(join(space.folder, '.env'), 'STREAMCTL_BROKERS=dotenv:1\n');
      expect(await config({})).toMatchObject({ value: 'dotenv:1', source: '.env' });
      expect(await config({ STREAMCTL_BROKERS: 'env:1' })).toMatchObject({ value: 'env:1', source: 'environment' });
      expect(await config({ STREAMCTL_BROKERS: 'env:1' }, '-b', 'flag:1')).toMatchObject({
        value: 'flag:1',
        source: 'flag',
      });
      const shown = await space.run(['config', 'show', '--json'], { env: { SECRET_X: 'hunter2' } });
      expect(shown.stdout).toContain('sasl.password');
      expect(shown.stdout).not.toContain('hunter2');
    } finally {
      for (const name of ['.env', 'streamctl.yaml']) rmSync(join(space.folder, name), { force: true });
    }
  });

  it('keeps contexts under names', async () => {
    const env = { XDG_CONFIG_HOME: join(space.folder, 'settings') };
    await space.run(['context', 'create', 'prod', '-b', 'kafka:9093', '-X', 'sasl.password=${env:NOPE}', '--use'], {
      env,
    });
    expect((await space.run(['context', 'list'], { env })).stdout).toMatch(/\* +prod +kafka:9093/);
    const used = await space.run(['topics', 'list'], { env });
    expect(used).toMatchObject({ code: 2, stderr: expect.stringContaining('environment variable NOPE is not set') });
    await space.run(['context', 'use', '-'], { env });
    expect((await space.run(['context', 'list', '--json'], { env })).stdout).toContain('"current":false');
  });
});

describe('topics', () => {
  it('are made, changed and removed a line each, with exit 6 when some fail', async () => {
    expect(await space.ok('topics', 'create', 'one', 'two', '-p', '2', '-c', 'retention.ms=1000')).toMatch(
      /one +created\ntwo +created/,
    );
    const some = await space.run(['topics', 'create', 'two', 'three', '--json']);
    expect(some.code).toBe(6);
    expect(json(some.stdout)).toMatchObject({
      ok: false,
      result: {
        topics: [
          { name: 'two', status: 'failed' },
          { name: 'three', status: 'created' },
        ],
      },
      error: { code: 'partial', exit: 6 },
    });
    expect((await space.run(['topics', 'create', 'two', '--if-not-exists'])).code).toBe(0);
    expect(await space.ok('topics', 'create', 'four', '--dry-run')).toContain('would be created');
    expect(await space.ok('topics', 'alter', 'one', '-p', '3', '--remove', 'retention.ms')).toContain('altered');
    expect(json(await space.ok('topics', 'describe', 'one', '--json')).result).toMatchObject({
      topics: [{ name: 'one', partitions: [{}, {}, {}] }],
    });
    expect((await space.run(['topics', 'alter', 'one', '-c', 'retentoin.ms=1'])).code).toBe(2);
    const unasked = await space.run(['topics', 'delete', 'one']);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('add -y') });
    expect(await space.ok('topics', 'delete', '--regex', 't.*', '-y')).toMatch(/three +deleted\ntwo +deleted/);
    expect(await space.ok('topics', 'list')).toMatch(/^NAME.*\none +3 +1\n$/);
  });

  it('of a pipeline are made by its name', async () => {
    expect(await space.ok('topics', 'create', 'cars')).toContain('trafic_cars');
    await space.ok('topics', 'create', 'topic:cars');
    const ambiguous = await space.run(['topics', 'create', 'cars']);
    expect(ambiguous).toMatchObject({ code: 2, stderr: expect.stringContaining('write topic:cars or pipeline:cars') });
    await space.run(['produce', 'topic:cars'], { input: 'one\n' });
    expect(await space.ok('cat', 'topic:cars')).toBe('one\n');
    expect((await space.run(['cat', 'pipeline:cars'])).code).toBe(2);
    await space.ok('topics', 'delete', 'topic:cars', '-y');
  });

  it('become what a file says', async () => {
    const file = join(space.folder, 'topics.yaml');
    writeFileSync(file, 'topics:\n  - { name: applied, partitions: 2, config: { retention.ms: 5000 } }\n');
    expect((await space.run(['topics', 'diff', '-f', file, '--exit-code'])).code).toBe(4);
    expect(await space.ok('topics', 'apply', '-f', file)).toContain('created');
    expect(await space.ok('topics', 'apply', '-f', file)).toContain('unchanged');
    expect((await space.run(['topics', 'diff', '-f', file, '--exit-code'])).code).toBe(0);
    writeFileSync(file, 'topics:\n  - { name: applied, partitions: 1 }\n');
    expect((await space.run(['topics', 'apply', '-f', file])).code).toBe(2);
  });
});

/** Four records in topic `rows`, three of them rows; made once. */
async function makeRows(): Promise<void> {
  if ((await space.run(['topics', 'create', 'rows', '-p', '2'])).code !== 0) return;
  await space.run(['produce', 'rows', '-K', ':'], {
    input: 'a:{"model":"A1","price":100}\nb:{"model":"A3","price":200}\nc:no json\nd:{"model":"A1","price":300}\n',
  });
}

describe('records', () => {
  beforeAll(makeRows);

  it('are counted, and their offsets told', async () => {
    await space.ok('topics', 'create', 'told');
    const { stdout, stderr } = await space.run(['produce', 'told', '--json'], { input: 'x\ny\n' });
    expect(json(stdout).result).toEqual({
      topic: 'told',
      records: 2,
      partitions: [{ partition: 0, records: 2, firstOffset: 0, lastOffset: 1 }],
    });
    expect(stderr).toContain('2 records to told');
  });

  it('that were sent before a mistake are told with exit 6', async () => {
    await space.ok('topics', 'create', 'half');
    const { code, stderr } = await space.run(['produce', 'half', '-J'], {
      input: '{"value":"1"}\n{"value":"2"}\n{"val\n',
    });
    expect(code).toBe(6);
    expect(stderr).toContain('2 records went to half, then: standard input:3: not JSON');
    expect(stderr).toContain('offsets 0-1');
    expect((await space.run(['produce', 'half', '-J'], { input: '{"val\n' })).code).toBe(2);
    expect((await space.ok('cat', 'half')).split('\n')).toEqual(['1', '2', '']);
  });

  it('are chosen by offset, partition, number and columns', async () => {
    const cat = async (...flags: string[]) => (await space.ok('cat', 'rows', ...flags)).split('\n').filter(Boolean);
    expect(await cat()).toHaveLength(4);
    expect(await cat('-n', '3')).toHaveLength(3);
    expect((await cat('-p', '0')).length + (await cat('-p', '1')).length).toBe(4);
    expect(await cat('-o', 'end')).toEqual([]);
    expect(await cat('-o', '@-1h')).toHaveLength(4);
    expect(await cat('-o', '@+1h')).toEqual([]);
    expect((await cat('--where', "model = 'A1' AND price > 150")).map((line) => JSON.parse(line))).toEqual([
      { model: 'A1', price: 300 },
    ]);
    expect((await cat('--fields', 'price', '--output', 'tsv')).sort()).toEqual(['100', '200', '300']);
    expect(await cat('--where', 'price > 150', '-o', '@+1h')).toEqual([]);
    await space.ok('topics', 'create', 'no-rows');
    expect(await space.ok('cat', 'no-rows', '--where', 'price > 150')).toBe('');
    expect(await space.ok('cat', 'no-rows', '--fields', 'price')).toBe('');
    const first = ['--where', 'price > 150', '-o', 'end', '--until', 'count=1', '--timeout', '20s', '-v'];
    const waiting = space.start(['consume', 'no-rows', ...first]);
    await waiting.waitFor('the first one will tell the columns');
    await space.run(['produce', 'no-rows'], { input: '{"price":200}\n' });
    expect(await waiting.finished).toMatchObject({ code: 0, stdout: '{"price":200}\n' });
    expect(await space.run(['cat', 'rows', '--where', 'prize > 1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean price?'),
    });
  });

  it('are expected: exit 4 when they are not so', async () => {
    expect(
      (await space.run(['cat', 'rows', '--expect', 'avg(price) = 200', '--expect', 'count(model) = 3'])).code,
    ).toBe(0);
    const failed = await space.run(['cat', 'rows', '--json', '--expect', 'max(price) > 1000']);
    expect(failed).toMatchObject({ code: 4, stderr: expect.stringContaining('MAX(price) is 300') });
    expect(ndjson(failed.stdout).at(-1)).toMatchObject({ type: 'end', ok: false, exit: 4 });
    const records = (await space.ok('cat', 'rows', '--json')).split('\n').slice(0, 4).join('\n');
    writeFileSync(join(space.folder, 'golden.ndjson'), records);
    expect((await space.run(['cat', 'rows', '--expect-file', 'golden.ndjson', '--unordered'])).code).toBe(0);
    expect((await space.run(['cat', 'rows', '-n', '2', '--expect-file', 'golden.ndjson'])).code).toBe(4);
  });

  it('are refused with exit 7 when more are bad than allowed', async () => {
    writeFileSync(join(space.folder, 'bad.csv'), 'model,price\nB\nC,3,4\n');
    await space.ok('topics', 'create', 'bad');
    const flags = ['-t', 'bad', '--speed', 'max', '--on-error', 'skip', '--max-bad', '10%', '--json'];
    const { code, stdout } = await space.run(['replay', 'bad.csv', ...flags]);
    expect(code).toBe(7);
    expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', exit: 7, error: { code: 'quality-gate' } });
  });

  it('are read once by a group', async () => {
    const first = ndjson((await space.run(['consume', 'rows', '-g', 'readers', '-n', '3', '--json'])).stdout);
    expect(first.filter(({ type }) => type === 'record')).toHaveLength(3);
    expect((await space.ok('consume', 'rows', '-g', 'readers', '-e')).split('\n').filter(Boolean)).toHaveLength(1);
    expect(await space.ok('consume', 'rows', '-g', 'readers', '-e')).toBe('');
    expect(json(await space.ok('groups', 'describe', 'readers', '--json')).result).toMatchObject({
      groups: [{ lag: 0 }],
    });
    expect((await space.run(['groups', 'wait', 'readers', '--timeout', '5s'])).code).toBe(0);
    await space.ok('groups', 'seek', 'readers', '--to', 'start');
    expect(await space.ok('consume', 'rows', '-g', 'readers', '-e')).toBe('');
    await space.ok('groups', 'seek', 'readers', '--to', 'start', '-y');
    expect((await space.run(['groups', 'wait', 'readers', '--timeout', '400ms'])).code).toBe(5);
    expect((await space.ok('consume', 'rows', '-g', 'readers', '-e')).split('\n').filter(Boolean)).toHaveLength(4);
    await space.ok('groups', 'delete', 'readers', '-y');
    expect((await space.run(['groups', 'describe', 'readers'])).code).toBe(2);
  });
});

describe('an API', () => {
  const poll = (url: string) => space.run(['poll', url, '-t', 'polled', '--once', '--retry', '0', '--json']);

  it('that cannot be reached is exit 3, one that refuses is exit 2', async () => {
    const failed = await poll('http://127.0.0.1:1/x');
    expect(failed.code).toBe(3);
    expect(ndjson(failed.stdout).at(-1)).toMatchObject({ type: 'end', exit: 3, error: { code: 'api-failed' } });
    const server = createServer((_, response) => void response.writeHead(401).end('{"error":"no key"}'));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as { port: number };
    const refused = await poll(`http://127.0.0.1:${port}/x`);
    server.close();
    expect(refused.code).toBe(2);
    expect(ndjson(refused.stdout).at(-1)).toMatchObject({ type: 'end', exit: 2, error: { code: 'api-refused' } });
  });
});

describe('the end of a stream', () => {
  beforeAll(makeRows);

  it('is a condition, and the last record says which', async () => {
    for (const until of ['count=2', 'eof', 'idle=300ms', 'duration=300ms', 'lag=0', 'expr=max(price) >= 300']) {
      const { code, stdout } = await space.run(['consume', 'rows', '--until', until, '--json', '--timeout', '20s']);
      expect([until, code]).toEqual([until, 0]);
      expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, exit: 0, reason: `until ${until}` });
    }
  });

  it('is exit 5 at the time limit', async () => {
    const { code, stdout } = await space.run([
      'consume',
      'rows',
      '--until',
      'count=99',
      '--timeout',
      '500ms',
      '--json',
    ]);
    expect(code).toBe(5);
    expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', exit: 5, reason: 'timeout' });
  });

  it('is exit 0 at Ctrl-C when it is open, 130 before a condition that was asked for', async () => {
    const open = space.start(['consume', 'rows', '--json']);
    await open.waitFor('"A3"');
    open.child.kill('SIGINT');
    const ended = await open.finished;
    expect(ended.code).toBe(0);
    expect(ndjson(ended.stdout).at(-1)).toMatchObject({ type: 'end', ok: true, reason: 'interrupted' });
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const waiting = space.start(['consume', 'rows', '--until', 'count=99', '--json']);
      await waiting.waitFor('"A3"');
      waiting.child.kill(signal);
      const cut = await waiting.finished;
      expect(cut.code).toBe(code);
      expect(ndjson(cut.stdout).at(-1)).toMatchObject({ type: 'end', ok: false, exit: code });
    }
  });

  it('is exit 0 when the reader of the pipe has enough', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(100)}`).join('\n');
    await space.ok('topics', 'create', 'many');
    await space.run(['produce', 'many'], { input: many });
    const { stdout, stderr, code } = await shell('set -o pipefail; "$node" "$app" consume many | head -2');
    expect(stdout.split('\n')[1]).toMatch(/^line 1 /);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it('is exit 0 for produce when its input is interrupted', async () => {
    const child = spawn(process.execPath, [resolve('bin/streamctl.js'), 'produce', 'many', '--json'], {
      cwd: space.folder,
      env: { PATH: process.env.PATH, HOME: space.folder },
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const code = new Promise((done) => child.on('close', done));
    child.stdin.write('one\n');
    const arrived = await space.run(['consume', 'many', '--until', 'count=20001', '--timeout', '20s']);
    expect(arrived.stdout).toContain('\none\n');
    child.kill('SIGINT');
    expect(await code).toBe(0);
    expect(json(stdout).result).toMatchObject({ records: 1 });
  });
});

describe('the embedded broker', () => {
  it('is there on demand, is told of, and ends when it is told to', async () => {
    const own = new Workspace();
    try {
      expect(json(await own.ok('broker', 'status', '--json')).result).toMatchObject({ running: false, address: null });
      expect(await own.ok('topics', 'list')).toBe('');
      const { result } = json(await own.ok('broker', 'status', '--json')) as {
        result: { address: string; pid: number };
      };
      expect(result).toMatchObject({
        running: true,
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        stopsWhenIdle: true,
      });
      expect(json(await own.ok('cluster', 'info', '--json')).result).toMatchObject({
        embedded: true,
        brokers: [{ host: '127.0.0.1' }],
      });
      const second = await own.run(['broker', 'start', '--port', '0']);
      expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining('another process is the broker') });
      expect(await own.ok('broker', 'stop')).toContain('stopped');
      expect(json(await own.ok('broker', 'status', '--json')).result).toMatchObject({ running: false });
      expect(await own.ok('broker', 'stop')).toContain('no broker runs');
      await own.ok('broker', 'reset', '-y');
      expect(existsSync(join(own.folder, '.streamctl/broker'))).toBe(false);
    } finally {
      await own.remove();
    }
  });

  it('runs in the foreground until Ctrl-C, and refuses a port in use', async () => {
    const own = new Workspace();
    try {
      const broker = own.start(['broker', 'start', '--port', '0', '--json']);
      await broker.waitFor('"type":"ready"');
      const [ready] = ndjson(broker.output().stdout) as { address: string }[];
      const port = ready!.address.split(':')[1]!;
      const other = await own.run(['broker', 'start', '--port', port, '--data', 'other', '--json']);
      expect(other.code).toBe(3);
      expect(ndjson(other.stdout).at(-1)).toMatchObject({ type: 'end', error: { code: 'port-in-use' } });
      broker.child.kill('SIGINT');
      const { code, stdout } = await broker.finished;
      expect(code).toBe(0);
      expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', ok: true });
    } finally {
      await own.remove();
    }
  });
});
