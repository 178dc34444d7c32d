import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandsPage, errorsPage, exitCodesPage } from '../../scripts/generate-reference.mjs';
import { ERROR_KINDS } from '../../src/base/errors.js';
import { COMMANDS, GROUPS } from '../../src/commands/index.js';
import type { CommandSpec, FlagSpecs } from '../../src/commands/shared/frame/command.js';
import { EXIT_MEANINGS } from '../../src/commands/shared/frame/exit-codes.js';
import { defaultOf } from '../../src/commands/shared/frame/flag-values.js';
import type { JsonSchema } from '../../src/commands/shared/frame/json-schema.js';
import { parseCommandLine } from '../../src/commands/shared/frame/program.js';
import {
  GLOBAL_FLAGS,
  longName,
  MUTATING_FLAGS,
  STREAMING_FLAGS,
} from '../../src/commands/shared/settings/global-flags.js';

const specs = await Promise.all(COMMANDS.map((entry) => entry.load()));
const info = { version: '1.2.3', summary: 'summary', groups: GROUPS, columns: 100 };
const page = (name: string): string => readFileSync(`docs/reference/${name}.md`, 'utf8');

function allFlags(spec: CommandSpec): FlagSpecs {
  return {
    ...spec.flags,
    ...(spec.mutating ? MUTATING_FLAGS : {}),
    ...(spec.streaming ? STREAMING_FLAGS : {}),
    ...GLOBAL_FLAGS,
  };
}

function checkSchema(schema: JsonSchema, place: string): void {
  for (const name of schema.required ?? []) expect(Object.keys(schema.properties ?? {}), place).toContain(name);
  for (const [name, member] of Object.entries(schema.properties ?? {})) checkSchema(member, `${place}.${name}`);
  if (schema.items) checkSchema(schema.items, `${place}[]`);
}

describe('the command tree', () => {
  it('lists every command as it is', () => {
    for (const [index, entry] of COMMANDS.entries()) {
      const spec = specs[index]!;
      expect(spec.path).toBe(entry.path);
      expect(spec.summary, entry.path).toBe(entry.summary);
      expect(spec.aliases ?? [], entry.path).toEqual(entry.aliases ?? []);
      expect(spec.hidden === true, entry.path).toBe(entry.hidden === true);
    }
    const words = COMMANDS.filter(({ path }) => path.includes(' ')).map(({ path }) => path.split(' ')[0]!);
    expect([...new Set(words)].sort()).toEqual(Object.keys(GROUPS).sort());
  });

  it.each(specs.map((spec) => [spec.path, spec] as const))(
    '%s has help with an example, a schema and exit codes',
    async (path, spec) => {
      const parsed = await parseCommandLine([...path.split(' '), '--help'], COMMANDS, info);
      const text = parsed.kind === 'text' ? parsed.text : '';
      expect(text).toContain(`Usage: streamctl ${path}`);
      expect(text).toContain('Examples:');
      for (const { line, note } of spec.examples) {
        expect(line).toContain('streamctl ');
        expect(note.length).toBeGreaterThan(0);
        expect(text).toContain(line);
      }
      expect(spec.exits).toContain(0);
      expect([...spec.exits]).toEqual([...new Set(spec.exits)].sort((a, b) => a - b));
      for (const exit of spec.exits) expect(EXIT_MEANINGS, `${path} exits with ${exit}`).toHaveProperty(String(exit));
      expect(spec.resultSchema.type).toBe('object');
      checkSchema(spec.resultSchema, path);
      if (spec.streaming) expect(Object.keys(spec.resultSchema.properties ?? {})).toContain('type');
    },
  );

  it.each(specs.map((spec) => [spec.path, spec] as const))(
    '%s has flags that do not collide, with defaults that parse',
    (_, spec) => {
      const flags = Object.entries(allFlags(spec));
      const longs = flags.flatMap(([key, flag]) => [longName(key), ...(flag.alias ? [flag.alias] : [])]);
      expect(longs).toEqual([...new Set(longs)]);
      const shorts = [...flags.flatMap(([, flag]) => (flag.short ? [flag.short] : [])), 'B', 'h', 'V'];
      expect(shorts).toEqual([...new Set(shorts)]);
      for (const [key, flag] of flags) expect(() => defaultOf(key, flag)).not.toThrow();
      const own = Object.keys(spec.flags).filter((key) => key in GLOBAL_FLAGS);
      expect(own).toEqual([]);
    },
  );

  it('is what the reference page says', () => {
    const groups = { global: GLOBAL_FLAGS, mutating: MUTATING_FLAGS, streaming: STREAMING_FLAGS };
    expect(page('commands')).toBe(commandsPage(specs, groups));
  });

  it('documents errors and exit codes as they are', () => {
    expect(page('errors')).toBe(errorsPage(ERROR_KINDS));
    expect(page('exit-codes')).toBe(exitCodesPage(EXIT_MEANINGS, ERROR_KINDS));
  });

  it('has a meaning for the exit code of every error', () => {
    for (const { exit } of Object.values(ERROR_KINDS)) expect(EXIT_MEANINGS).toHaveProperty(String(exit));
  });
});
