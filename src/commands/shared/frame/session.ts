import { StreamctlError } from '../../../base/errors.js';
import { formatDuration } from '../../../base/time.js';
import { type Language, sayIn } from '../../../ui/text/say.js';
import { ExpectedRecords, judgeExpectations } from '../records/expect.js';
import type { ConfigurationEdges } from '../settings/configuration.js';
import { readConfiguration } from '../settings/configuration.js';
import { GLOBAL_FLAGS, MUTATING_FLAGS, STREAMING_FLAGS } from '../settings/global-flags.js';
import { Secrets } from '../settings/secrets.js';
import { type Resolved, resolveFlags } from '../settings/settings.js';
import type { Context } from './context.js';
import type { FlagValue } from './flag-values.js';
import { type Edges, makeContext, outputMode } from './make-context.js';
import { Messages } from './messages.js';
import type { Outcome } from './outcome.js';
import type { Parsed } from './program.js';
import { type RowsExpression, StopControl } from './stop-control.js';
import { parseCondition } from './until.js';

/** What main must add to {@link Edges} to read configuration. */
export interface SessionEdges extends Edges {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly windows: boolean;
  readonly dirname: (path: string) => string;
  /** Runs a shell command and gives its stdout. */
  readonly execute: (command: string) => string;
}

/** A command with all it needs, ready to run. */
export interface Session {
  readonly context: Context;
  readonly messages: Messages;
  readonly stream: StopControl;
  readonly secrets: Secrets;
  /** Runs the command and judges `--timeout` and `--expect`. @throws what it ended with */
  run(): Promise<Outcome>;
}

type CommandLine = Extract<Parsed, { kind: 'command' }>;

/**
 * Merges all configuration into a command's context.
 * @throws `usage`, `not-found`
 */
export async function openSession(line: CommandLine, edges: SessionEdges): Promise<Session> {
  const configurationEdges: ConfigurationEdges = {
    ...edges,
    parseYaml: async (text) => (await import('yaml')).parse(text) as unknown,
  };
  const configuration = await readConfiguration(configurationEdges, line.typed);
  const { spec } = line;
  const secrets = new Secrets({
    env: configuration.env,
    files: edges.files,
    execute: edges.execute,
    resolvePath: (path) => edges.resolve(edges.folder, path),
  });
  // Processes of our own are told all by flags: STREAMCTL_TIMEOUT of a CI job is not meant for them.
  const layers = spec.hidden ? configuration.layers.slice(0, 1) : configuration.layers;
  const globals = resolveFlags(
    { ...GLOBAL_FLAGS, ...(spec.mutating ? MUTATING_FLAGS : {}), ...(spec.streaming ? STREAMING_FLAGS : {}) },
    layers,
    spec.path,
    secrets,
  );
  const flags = resolveFlags({ ...spec.flags, ...line.extra }, layers, spec.path, secrets);
  const messages = new Messages({
    stderr: edges.stderr,
    env: configuration.env,
    color: globals.color!.value as 'auto' | 'always' | 'never',
    quiet: globals.quiet!.value === true,
    verbose: globals.verbose!.value === true,
    format: globals.logFormat!.value as 'text' | 'json',
    redact: (text) => secrets.redact(text),
    say: sayIn(globals.lang!.value as Language),
  });
  const judges = await openJudges(line, globals, edges);
  const timeoutMs = globals.timeout!.value as number | undefined;
  const stream = new StopControl({ clock: edges.clock, timeoutMs, ...judges });
  const context = makeContext({
    edges,
    spec,
    configuration,
    globals,
    messages,
    secrets,
    stream,
    expected: judges.expected,
  });
  const run = async (): Promise<Outcome> => {
    try {
      const outcome = await untilTimeout(line, spec.run(context, inputOf(line, flags)), stream, timeoutMs);
      stream.settle();
      if (stream.reason === 'timeout') throw timeoutError(line, timeoutMs);
      judgeExpectations(judges.expectations, judges.expected, globals.expectFile?.value as string | undefined);
      return outcome;
    } finally {
      messages.progress(undefined);
      stream.settle();
    }
  };
  return { context, messages, stream, secrets, run };
}

/** Conditions and expectations of a streaming command. */
async function openJudges(line: CommandLine, globals: Readonly<Record<string, Resolved>>, edges: SessionEdges) {
  const texts = (key: string): readonly string[] => (globals[key]?.value as readonly string[] | undefined) ?? [];
  const nowMs = edges.clock.now();
  const conditions = line.spec.streaming ? texts('until').map((text) => parseCondition(text, nowMs)) : [];
  const untilTexts = conditions.flatMap((condition) => (condition.kind === 'expr' ? [condition.expression] : []));
  const expectTexts = line.spec.streaming ? texts('expect') : [];
  let expressions: readonly RowsExpression[] = [];
  if (untilTexts.length + expectTexts.length > 0) {
    const { compileRowsExpression } = await import('../records/rows-expression.js');
    expressions = [...untilTexts, ...expectTexts].map((text) => compileRowsExpression(text));
  }
  const path = globals.expectFile?.value as string | undefined;
  const expected =
    path === undefined
      ? undefined
      : new ExpectedRecords(
          {
            path,
            match: globals.match!.value as 'exact' | 'subset',
            unordered: globals.unordered!.value === true,
          },
          edges.files.readFile(edges.resolve(edges.folder, path)),
        );
  return { conditions, expressions, expectations: expressions.slice(untilTexts.length), expected };
}

function inputOf(line: CommandLine, flags: Readonly<Record<string, Resolved>>) {
  const values: Record<string, FlagValue | undefined> = {};
  const extra: Record<string, FlagValue | undefined> = {};
  for (const [key, { value }] of Object.entries(flags)) (key in line.spec.flags ? values : extra)[key] = value;
  return {
    flags: values,
    extra,
    args: line.args as Readonly<Record<string, never>>,
    invokedAs: line.invokedAs,
    given: (flag: string) => flags[flag] !== undefined && flags[flag]!.source !== 'default',
  };
}

/** A command that watches no signal is left alone at the limit; the others end in order. */
async function untilTimeout(
  line: CommandLine,
  running: Promise<Outcome>,
  stream: StopControl,
  timeoutMs: number | undefined,
): Promise<Outcome> {
  if (timeoutMs === undefined || line.spec.streaming || line.spec.interruptible) return running;
  const expired = new Promise<never>((_, reject) => {
    stream.signal.addEventListener('abort', () => reject(timeoutError(line, timeoutMs)), { once: true });
  });
  return Promise.race([running, expired]);
}

function timeoutError(line: CommandLine, timeoutMs: number | undefined): StreamctlError {
  return new StreamctlError('timeout', `${line.spec.path} did not end within ${formatDuration(timeoutMs ?? 0)}`, {
    hint: 'raise --timeout, or look at what it is waiting for with -v',
  });
}

/** Output mode before the configuration could be read, for errors that come so early. */
export function guessMode(argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const at = argv.findIndex((word) => word === '--output' || word.startsWith('--output='));
  const typed = at < 0 ? undefined : (argv[at]!.split('=')[1] ?? argv[at + 1]);
  const json = argv.includes('--json') || env.STREAMCTL_JSON === 'true' || env.STREAMCTL_JSON === '1';
  return outputMode({
    json: { value: json, source: 'flag' },
    output: { value: typed ?? env.STREAMCTL_OUTPUT ?? 'text', source: 'flag' },
  });
}
