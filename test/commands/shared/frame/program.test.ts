import { describe, expect, it } from 'vitest';
import { type CommandEntry, type CommandSpec, defineCommand } from '../../../../src/commands/shared/frame/command.js';
import { parseCommandLine } from '../../../../src/commands/shared/frame/program.js';

const create = defineCommand({
  path: 'topics create',
  summary: 'create topics',
  arguments: [{ name: 'name', variadic: true, help: 'topics' }],
  flags: {
    partitions: { type: 'number', short: 'p', help: 'partitions' },
    ifNotExists: { type: 'boolean', help: 'fine when there' },
    topicConfig: { type: 'list', short: 'c', help: 'settings' },
    cache: { type: 'boolean', default: true, help: 'on unless turned off' },
  },
  examples: [{ line: 'streamctl topics create a', note: 'one' }],
  exits: [0, 2],
  resultSchema: { type: 'object' },
  mutating: true,
  run: async () => ({}),
});
const consume = defineCommand({
  path: 'consume',
  aliases: ['cat'],
  summary: 'read',
  arguments: [
    { name: 'topic', help: 'topic' },
    { name: 'file', optional: true, variadic: true, help: 'files' },
  ],
  flags: {
    offset: { type: 'string', short: 'o', help: 'offset' },
    exitAtEnd: { type: 'boolean', short: 'e', help: 'e' },
  },
  examples: [{ line: 'streamctl consume a', note: 'one' }],
  exits: [0, 2],
  resultSchema: { type: 'object' },
  streaming: true,
  dynamicFlags: async (words) => (words.includes('velib') ? { stations: { type: 'string', help: 'stations' } } : {}),
  run: async () => ({}),
});

let loaded: string[] = [];
const entry = (spec: CommandSpec): CommandEntry => ({
  path: spec.path,
  summary: spec.summary,
  ...(spec.aliases ? { aliases: spec.aliases } : {}),
  load: async () => {
    loaded.push(spec.path);
    return spec;
  },
});
const entries = [entry(create), entry(consume)];

async function parse(...argv: string[]) {
  loaded = [];
  const parsed = await parseCommandLine(argv, entries, {
    version: '1.2.3',
    summary: 'all of it',
    groups: { topics: 'topics and such' },
    columns: 80,
  });
  if (parsed.kind === 'text') return parsed;
  const { spec, typed, args, invokedAs, extra } = parsed;
  return { kind: parsed.kind, path: spec.path, typed, args, invokedAs, extra: Object.keys(extra) };
}

describe('a command line', () => {
  it('gives what was typed, by key', async () => {
    expect(
      await parse('topics', 'create', 'a', 'b', '-p', '3', '-c', 'x=1', '--topic-config', 'y=2', '--if-not-exists'),
    ).toEqual({
      kind: 'command',
      path: 'topics create',
      typed: { partitions: '3', topicConfig: ['x=1', 'y=2'], ifNotExists: true },
      args: { name: ['a', 'b'] },
      invokedAs: 'create',
      extra: [],
    });
    expect(loaded).toEqual(['topics create']);
  });

  it('takes global flags at every place, the nearest to the command wins', async () => {
    expect(await parse('--json', '-b', 'one:1', 'topics', '-q', 'create', 'a', '-b', 'two:2')).toMatchObject({
      typed: { json: true, quiet: true, brokers: 'two:2' },
    });
    expect(await parse('consume', 'a', '--bootstrap-server', 'x:1')).toMatchObject({ typed: { brokers: 'x:1' } });
    expect(await parse('consume', 'a', '-B', 'x:1')).toMatchObject({ typed: { brokers: 'x:1' } });
  });

  it('takes values that look like flags, values after =, and combined letters', async () => {
    expect(await parse('consume', 'a', '-o', '-10')).toMatchObject({ typed: { offset: '-10' } });
    expect(await parse('consume', 'a', '--offset=@-1h')).toMatchObject({ typed: { offset: '@-1h' } });
    expect(await parse('consume', 'a', '-eo+5')).toMatchObject({ typed: { offset: '+5', exitAtEnd: true } });
    expect(await parse('topics', 'create', 'a', '--no-cache')).toMatchObject({ typed: { cache: false } });
  });

  it('knows aliases and optional arguments', async () => {
    expect(await parse('cat', 'a')).toMatchObject({
      path: 'consume',
      invokedAs: 'cat',
      args: { topic: 'a', file: [] },
    });
    expect(await parse('consume', 'a', 'f', 'g')).toMatchObject({ args: { topic: 'a', file: ['f', 'g'] } });
  });

  it('takes flags that only the words make known', async () => {
    expect(await parse('consume', 'velib', '--stations', 'all')).toMatchObject({
      extra: ['stations'],
      typed: { stations: 'all' },
    });
    await expect(parse('consume', 'other', '--stations', 'all')).rejects.toMatchObject({ code: 'usage' });
  });

  it('gives dry-run to what changes something, until to what streams', async () => {
    expect(await parse('topics', 'create', 'a', '--dry-run')).toMatchObject({ typed: { dryRun: true } });
    expect(await parse('consume', 'a', '--until', 'eof', '--until', 'count=1')).toMatchObject({
      typed: { until: ['eof', 'count=1'] },
    });
    await expect(parse('consume', 'a', '--dry-run')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('mistakes in a command line', () => {
  it.each([
    [['topics', 'creat', 'a'], 'unknown command "creat"', 'did you mean create?'],
    [['cnsume', 'a'], 'unknown command "cnsume"', 'did you mean consume?'],
    [['frobnicate'], 'unknown command "frobnicate"', 'streamctl --help'],
    [['topics', 'create', 'a', '--partition', '3'], 'unknown flag "--partition"', 'did you mean --partitions?'],
    [['topics', 'create', 'a', '--outptu', 'json'], 'unknown flag "--outptu"', 'did you mean --output?'],
    [['topics', 'create'], 'missing argument "name"', 'streamctl topics create --help'],
    [['topics', 'create', 'a', '-p'], 'flag "-p, --partitions <N>" argument missing', 'streamctl topics create --help'],
    [['topics'], 'topics needs a subcommand', 'streamctl topics --help'],
  ])('%j', async (argv, message, hint) => {
    await expect(parse(...argv)).rejects.toMatchObject({ code: 'usage', exit: 2, message, hint });
  });
});

describe('help', () => {
  it('loads no command for the list of all', async () => {
    const help = await parse('--help');
    expect(help).toMatchObject({ kind: 'text', text: expect.stringContaining('topics and such') });
    expect(loaded).toEqual([]);
    expect(await parse()).toMatchObject({ kind: 'text', text: expect.stringContaining('Usage: streamctl') });
  });

  it('is the same by flag and by word', async () => {
    const byFlag = await parse('topics', 'create', '--help');
    expect(await parse('help', 'topics', 'create')).toEqual(byFlag);
    expect(byFlag).toMatchObject({ text: expect.stringContaining('--if-not-exists') });
  });

  it('tells the version', async () => {
    expect(await parse('--version')).toEqual({ kind: 'text', text: '1.2.3\n' });
  });
});
