// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { utf8 } from '../../../../src/base/bytes.js';
import type { FlagSpecs } from '../../../../src/commands/shared/frame/command.js';
import { readConfiguration } from '../../../../src/commands/shared/settings/configuration.js';
import { GLOBAL_FLAGS } from '../../../../src/commands/shared/settings/global-flags.js';
import { Secrets } from '../../../../src/commands/shared/settings/secrets.js';
import { resolveFlags } from '../../../../src/commands/shared/settings/settings.js';
import { SimFiles } from '../../../support/sim-files.js';

const OWN = {
  partitions: { type: 'number', integer: true, help: '' },
  header: { type: 'list', help: '' },
} as const satisfies FlagSpecs;

interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly typed?: Readonly<Record<string, unknown>>;
  readonly folder?: string;
}

async function settle({ files = {}, env = {}, typed = {}, folder = '/repo/project' }: World) {
  const disk = new SimFiles();
  for (const [path, text] of Object.entries(files)) {
    disk.makeFolder(dirname(path));
    disk.replaceFile(path, utf8(text));
  }
  const configuration = await readConfiguration(
    { files: disk, env, folder, windows: false, resolve, dirname, parseYaml: async (text) => parse(text) as unknown },
    typed,
  );
  const secrets = new Secrets({
    env: configuration.env,
    files: disk,
    execute: (command) => {
      if (command === 'fail') throw new Error('Command failed: fail');
      return `out of ${command}\n`;
    },
    resolvePath: (path) => resolve(folder, path),
  });
  const flags = resolveFlags({ ...GLOBAL_FLAGS, ...OWN }, configuration.layers, 'topics create', secrets);
  return { configuration, secrets, flags };
}

const everywhere: Required<Pick<World, 'files' | 'env' | 'typed'>> = {
  typed: { brokers: 'flag:1', property: ['brokers=x:1'] },
  env: { STREAMCTL_BROKERS: 'environment:1', HOME: '/home-folder', STREAMCTL_CONTEXT: 'prod' },
  files: {
    '/repo/project/.env': 'STREAMCTL_BROKERS=dotenv:1\n',
    '/repo/streamctl.yaml': 'brokers: project:1\n',
    '/home-folder/.config/streamctl/config.yaml': 'contexts: { prod: { brokers: "context:1" } }\n',
  },
};

describe('precedence', () => {
  it('is flag, -X, environment, .env, project file, context, default', async () => {
    const { typed, env, files } = everywhere;
    const { STREAMCTL_BROKERS: _, ...bare } = env as Record<string, string>;
    const { '/repo/project/.env': _dot, ...withoutDot } = files as Record<string, string>;
    const { '/repo/streamctl.yaml': _project, ...onlyUser } = withoutDot;
    const brokers = async (world: World) => (await settle(world)).flags.brokers;
    expect(await brokers({ typed, env, files })).toEqual({ value: 'flag:1', source: 'flag' });
    expect(await brokers({ typed: { property: ['brokers=x:1'] }, env, files })).toEqual({ value: 'x:1', source: '-X' });
    expect(await brokers({ env, files })).toEqual({ value: 'environment:1', source: 'environment' });
    expect(await brokers({ env: bare, files })).toEqual({ value: 'dotenv:1', source: '.env' });
    expect(await brokers({ env: bare, files: withoutDot })).toEqual({ value: 'project:1', source: 'streamctl.yaml' });
    expect(await brokers({ env: bare, files: onlyUser })).toEqual({ value: 'context:1', source: 'context prod' });
    expect(await brokers({})).toEqual({ value: undefined, source: 'default' });
  });

  it('reads flags of one command from the project file before those of all', async () => {
    const files = {
      '/repo/streamctl.yaml': 'output: json\ncommands:\n  topics create: { partitions: 3, output: tsv }\n',
    };
    const { flags } = await settle({ files });
    expect(flags.partitions).toEqual({ value: 3, source: 'streamctl.yaml' });
    expect(flags.output).toEqual({ value: 'tsv', source: 'streamctl.yaml' });
  });

  it('does not look above the repository', async () => {
    const files = { '/streamctl.yaml': 'brokers: above:1\n', '/repo/.git/HEAD': 'x' };
    expect((await settle({ files })).configuration.projectFile).toBeUndefined();
  });

  it('takes an empty variable as not set, lists one item a line', async () => {
    const { flags } = await settle({ env: { STREAMCTL_BROKERS: '', STREAMCTL_HEADER: 'a=1\nb=2' } });
    expect(flags.brokers!.source).toBe('default');
    expect(flags.header!.value).toEqual(['a=1', 'b=2']);
  });

  it('merges client properties from context to command line', async () => {
    const { configuration } = await settle({
      typed: { property: ['sasl.username=me'] },
      env: { HOME: '/h', STREAMCTL_CONTEXT: 'c', STREAMCTL_PROPERTY: 'sasl.mechanism=PLAIN' },
      files: {
        '/repo/streamctl.yaml': 'properties: { security: { protocol: SASL_SSL } }\n',
        '/h/.config/streamctl/config.yaml': 'contexts: { c: { properties: { sasl.username: them, client.id: c } } }\n',
      },
    });
    expect(configuration.properties).toEqual({
      'client.id': 'c',
      'sasl.mechanism': 'PLAIN',
      'sasl.username': 'me',
      'security.protocol': 'SASL_SSL',
    });
  });
});

describe('mistakes in configuration', () => {
  it.each([
    ['an unknown setting', { files: { '/repo/streamctl.yaml': 'brokrs: a:1\n' } }, 'did you mean brokers?'],
    ['a file that is no YAML', { files: { '/repo/streamctl.yaml': 'a: [\n' } }, undefined],
    ['a file that is no map', { files: { '/repo/streamctl.yaml': '- a\n' } }, undefined],
    ['a map as a value', { files: { '/repo/streamctl.yaml': 'brokers: { a: 1 }\n' } }, undefined],
    ['a property without =', { typed: { property: ['abc'] } }, 'for example -X security.protocol=SASL_SSL'],
    ['a value of the wrong type', { env: { STREAMCTL_PARTITIONS: 'three' } }, undefined],
    ['a duration of the wrong form', { env: { STREAMCTL_TIMEOUT: '5 minutes' } }, 'write 500ms, 10s, 1m30s or 2h'],
  ])('%s is a usage error', async (_, world: World, hint) => {
    await expect(settle(world)).rejects.toMatchObject({ code: 'usage', exit: 2, ...(hint ? { hint } : {}) });
  });

  it('names a file or context that is not there', async () => {
    await expect(settle({ typed: { config: 'nope.yaml' } })).rejects.toMatchObject({ code: 'not-found' });
    await expect(settle({ env: { STREAMCTL_CONTEXT: 'prd', HOME: '/h' } })).rejects.toMatchObject({
      code: 'not-found',
      message: 'context "prd" does not exist',
    });
  });
});

describe('secrets', () => {
  it('come from the environment, files and commands, and are hidden afterwards', async () => {
    const { flags, secrets } = await settle({
      typed: { header: ['a=${env:TOKEN}', 'b=${file:key.txt}', 'c=${exec:pass show x}'] },
      env: { TOKEN: 'tok-123' },
      files: { '/repo/project/key.txt': 'k-456\n' },
    });
    expect(flags.header!.value).toEqual(['a=tok-123', 'b=k-456', 'c=out of pass show x']);
    expect(secrets.redact('tok-123, k-456, out of pass show x!')).toBe('***, ***, ***!');
  });

  it('are not looked up for client properties before somebody connects', async () => {
    const { configuration } = await settle({ typed: { property: ['sasl.password=${env:NOPE}'] } });
    expect(configuration.properties).toEqual({ 'sasl.password': '${env:NOPE}' });
  });

  it('name what is missing', async () => {
    await expect(settle({ typed: { brokers: '${env:NOPE}' } })).rejects.toMatchObject({ code: 'not-found' });
    await expect(settle({ typed: { brokers: '${file:nope}' } })).rejects.toMatchObject({ code: 'not-found' });
    await expect(settle({ typed: { brokers: '${exec:fail}' } })).rejects.toMatchObject({ code: 'usage' });
  });
});
