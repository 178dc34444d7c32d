import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { type BodySchema, readSchema } from '../../../connect/sources/poll/body-schema.js';
import type { CassetteReading } from '../../../connect/sources/poll/cassette.js';
import { POLL_FLAGS, type PollFlags } from './poll-flags.js';

/** Flags that say how the answers of an address are read; cassettes keep them, so that they need not be said again. */
const READING = [
  'items',
  'key',
  'time',
  'timeFormat',
  'tz',
  'dedup',
  'changedOnly',
  'ignore',
  'format',
  'paginate',
  'next',
  'pageParameter',
  'sizeParameter',
] as const satisfies readonly (keyof PollFlags)[];

/** What a cassette keeps of the flags that it was recorded with. @param schema the content of `--schema`. */
export function readingOf(flags: PollFlags, schema: BodySchema | undefined): CassetteReading {
  const said = READING.filter((name) => isSaid(name, flags[name])).map((name) => [name, flags[name]]);
  return Object.fromEntries([...said, ...(schema ? [['schema', schema]] : [])]) as CassetteReading;
}

/**
 * The flags, and those of the recording where nothing was said now.
 * @param where the cassette's name, for messages.
 * @throws `bad-data` where the cassette holds something else than flags.
 */
export function withReading(
  flags: PollFlags,
  reading: CassetteReading,
  where: string,
): { readonly flags: PollFlags; readonly schema: BodySchema | undefined } {
  const kept: Record<string, JsonValue> = {};
  for (const name of READING) {
    const value = reading[name];
    if (value === undefined || isSaid(name, flags[name])) continue;
    if (!fits(name, value)) {
      throw new StreamctlError('bad-data', `${where}: what it keeps as ${name} cannot be used`, {
        hint: 'record it again',
      });
    }
    kept[name] = value;
  }
  const isOwn = reading.schema === undefined || flags.schema !== undefined;
  const schema = isOwn ? undefined : readSchema(reading.schema!, `the schema in ${where}`);
  return { flags: { ...flags, ...kept } as PollFlags, schema };
}

/** Whether a flag has another value than where it is left out. */
function isSaid(name: (typeof READING)[number], value: unknown): boolean {
  const spec = POLL_FLAGS[name];
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== false && value !== ('default' in spec ? spec.default : undefined);
}

function fits(name: (typeof READING)[number], value: JsonValue): boolean {
  const spec = POLL_FLAGS[name];
  switch (spec.type) {
    case 'list':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return (spec.choices as readonly unknown[]).includes(value);
    default:
      return typeof value === 'string';
  }
}
