import { OUTPUT_MODES } from '../../../ui/output/view.js';
import type { FlagSpecs } from '../frame/command.js';

/** Flags that every command takes, before or after its name. */
export const GLOBAL_FLAGS = {
  brokers: {
    type: 'string',
    short: 'b',
    alias: 'bootstrap-server',
    placeholder: 'HOST:PORT,...',
    help: 'the Kafka cluster to use; without it the embedded broker of this folder',
  },
  property: {
    type: 'list',
    short: 'X',
    placeholder: 'KEY=VALUE',
    help: 'a client setting (security.protocol, sasl.username, ...) or the value of any flag',
  },
  context: { type: 'string', placeholder: 'NAME', help: 'named settings of your configuration folder' },
  config: { type: 'string', placeholder: 'FILE', help: 'project file to use instead of the nearest streamctl.yaml' },
  output: { type: 'choice', choices: OUTPUT_MODES, default: 'text', help: 'how results are written' },
  json: { type: 'boolean', help: 'same as --output json' },
  quiet: { type: 'boolean', short: 'q', help: 'no messages but errors and warnings' },
  verbose: { type: 'boolean', short: 'v', help: 'say more on stderr' },
  color: {
    type: 'choice',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    help: 'colours; auto looks at the terminal and NO_COLOR',
  },
  lang: {
    type: 'choice',
    choices: ['en', 'fr'],
    default: 'en',
    help: 'language of dashboards, tables and what a run says; errors say what is wrong in English',
  },
  yes: { type: 'boolean', short: 'y', help: 'do not ask before doing' },
  timeout: { type: 'duration', placeholder: 'D', help: 'give up after this long (exit 5)' },
  logFormat: { type: 'choice', choices: ['text', 'json'], default: 'text', help: 'form of the messages on stderr' },
} as const satisfies FlagSpecs;

/** What `mutating` commands take besides. */
export const MUTATING_FLAGS = {
  dryRun: { type: 'boolean', help: 'check and say what would be done, change nothing' },
} as const satisfies FlagSpecs;

/** What `streaming` commands take besides. */
export const STREAMING_FLAGS = {
  until: {
    type: 'list',
    placeholder: 'COND',
    help: 'end when it holds, all if repeated: eof, count=N, idle=D, duration=D, lag=N, windows=N, watermark>=T, expr=E',
  },
  expect: {
    type: 'list',
    placeholder: 'EXPR',
    help: "what must hold over all rows at the end, else exit 4: 'count(*) = 100'",
  },
  expectFile: { type: 'string', placeholder: 'FILE', help: 'NDJSON records that must have been written, else exit 4' },
  match: {
    type: 'choice',
    choices: ['exact', 'subset'],
    default: 'exact',
    help: 'how --expect-file compares: exact fields, or only those in the file',
  },
  unordered: { type: 'boolean', help: '--expect-file ignores the order' },
} as const satisfies FlagSpecs;

/** Long name of a flag: `keyDelimiter` -> `key-delimiter`. */
export function longName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Environment twin of a flag: `keyDelimiter` -> `STREAMCTL_KEY_DELIMITER`. */
export function environmentName(key: string): string {
  return `STREAMCTL_${longName(key).replaceAll('-', '_').toUpperCase()}`;
}
