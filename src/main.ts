import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StreamctlError } from './base/errors.js';
import { COMMANDS, GROUPS } from './commands/index.js';
import type { Context, HostFacts, Output } from './commands/shared/frame/context.js';
import type { Messages } from './commands/shared/frame/messages.js';
import type { Outcome } from './commands/shared/frame/outcome.js';
import { ProcessOutput, processInput } from './commands/shared/frame/process-streams.js';
import { type Parsed, parseCommandLine } from './commands/shared/frame/program.js';
import type { Session, SessionEdges } from './commands/shared/frame/session.js';
import type { StartWorker } from './run/worker-link.js';
import type { OutputMode } from './ui/output/view.js';

const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;
type SignalName = keyof typeof SIGNAL_EXITS;

/** What the end of a process depends on, whichever way it comes. */
interface Ending {
  session: Session | undefined;
  line: Extract<Parsed, { kind: 'command' }> | undefined;
  signal: SignalName | undefined;
  isPipeClosed: boolean;
}

/**
 * Runs the command line of this process, prints what came of it and ends the process with its exit code.
 * @param home absolute path of the folder that holds bin/ and fixtures/.
 */
export async function main(home: string): Promise<never> {
  const ending: Ending = { session: undefined, line: undefined, signal: undefined, isPipeClosed: false };
  const stdout = new ProcessOutput(process.stdout, () => {
    ending.isPipeClosed = true;
    ending.session?.stream.stop('closed');
  });
  const stderr = new ProcessOutput(process.stderr, () => undefined, stdout);
  for (const name of Object.keys(SIGNAL_EXITS) as SignalName[]) process.on(name, () => onSignal(name, ending));
  let exit: number;
  try {
    exit = await perform(home, stdout, stderr, ending);
  } catch (error) {
    exit = await report(error, stdout, stderr, ending);
  }
  await stdout.flushed();
  await stderr.flushed();
  // Somebody who closed our pipe has what they wanted: head, less, grep -q.
  process.exit(ending.isPipeClosed ? 0 : exit);
}

/** The first signal ends what is open-ended in order; a second one, or one that nobody waits for, ends at once. */
function onSignal(name: SignalName, ending: Ending): void {
  const { line, session } = ending;
  const endsInOrder = line?.spec.streaming || line?.spec.interruptible;
  if (!endsInOrder || !session || ending.signal) process.exit(SIGNAL_EXITS[name]);
  ending.signal = name;
  session.messages.progress(undefined);
  session.stream.stop('interrupted');
}

async function perform(home: string, stdout: ProcessOutput, stderr: ProcessOutput, ending: Ending): Promise<number> {
  const parsed = await parseCommandLine(process.argv.slice(2), COMMANDS, {
    version: readVersion(home),
    summary: 'The whole streaming stack in one binary: broker, replay, event-time windows, dashboards.',
    groups: GROUPS,
    columns: stdout.columns,
  });
  if (parsed.kind === 'text') {
    stdout.write(parsed.text);
    return 0;
  }
  ending.line = parsed;
  const { openSession } = await import('./commands/shared/frame/session.js');
  const session = await openSession(parsed, await openEdges(home, stdout, stderr));
  ending.session = session;
  const outcome = await session.run();
  return parsed.spec.streaming ? endStream(outcome, session, ending) : endOneShot(outcome, session, parsed);
}

/** The real world. Loaded late, so that help and mistakes in typing cost nothing. */
async function openEdges(home: string, stdout: ProcessOutput, stderr: ProcessOutput): Promise<SessionEdges> {
  const [
    { systemClock, systemFiles, systemNetwork },
    { systemHttp },
    { systemCrypto },
    { systemCompression },
    { seededRandom },
    { accelerateCrc32c },
    { nativeCrc32c },
  ] = await Promise.all([
    import('./base/system.js'),
    import('./base/system-http.js'),
    import('./base/crypto.js'),
    import('./base/compression.js'),
    import('./base/random.js'),
    import('./base/crc32c.js'),
    import('./base/system-crc32c.js'),
  ]);
  accelerateCrc32c(nativeCrc32c);
  return {
    clock: systemClock,
    files: systemFiles,
    network: systemNetwork,
    http: systemHttp(process.env),
    crypto: systemCrypto,
    compression: systemCompression,
    random: seededRandom(new DataView(systemCrypto.randomBytes(4).buffer).getUint32(0)),
    stdin: processInput(process.stdin),
    stdout,
    stderr,
    env: process.env,
    folder: process.cwd(),
    windows: process.platform === 'win32',
    resolve,
    dirname,
    execute: shell,
    embedded: connectEmbedded,
    program: {
      version: readVersion(home),
      launcher: join(home, 'bin/streamctl.js'),
      fixture: (path) => join(home, 'fixtures', path),
      startWorker,
      pid: process.pid,
      host: hostFacts,
      completionNodes: async () =>
        (await import('./commands/shared/frame/completion-nodes.js')).completionNodes(COMMANDS, GROUPS),
    },
  };
}

async function hostFacts(): Promise<HostFacts> {
  const [{ availableParallelism, totalmem }, { nativeCrc32c }] = await Promise.all([
    import('node:os'),
    import('./base/system-crc32c.js'),
  ]);
  return {
    runtime: `node ${process.versions.node}`,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    nativeChecksums: nativeCrc32c() !== undefined,
  };
}

/** Starts a worker as a thread. One that ends without having said so is an error. */
const startWorker: StartWorker = () => {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(new URL('./worker.js', import.meta.url));
  return {
    send: (message) => worker.postMessage(message),
    listen(take, failed) {
      worker.on('message', take);
      worker.on('error', failed);
      worker.on('exit', () => failed(new Error('a worker thread ended without a word')));
    },
    close: () => void worker.terminate(),
  };
};

function shell(command: string): string {
  const { execSync } = process.getBuiltinModule('node:child_process');
  return execSync(command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The broker of this folder: found where it runs, else started in the background. */
async function connectEmbedded(context: Context): Promise<string> {
  const [{ ensureBroker }, { spawnBroker }, { brokerAddress }] = await Promise.all([
    import('./embedded/ensure-broker.js'),
    import('./embedded/spawn-broker.js'),
    import('./embedded/broker-file.js'),
  ]);
  const { embeddedFolder, properties } = context.broker;
  const broker = await ensureBroker(context, embeddedFolder, { spawn: spawnBroker(context.program.launcher) });
  if (broker.security) {
    const { checkClientSecurity } = await import('./commands/shared/broker/client-demands.js');
    checkClientSecurity(broker, properties);
  }
  const address = brokerAddress(broker);
  context.debug(`embedded broker of ${embeddedFolder} at ${address}`);
  return address;
}

function readVersion(home: string): string {
  return (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }).version;
}

async function endOneShot(outcome: Outcome, session: Session, line: { spec: { path: string } }): Promise<number> {
  const { formatOutcome } = await import('./ui/output/format.js');
  const { context, messages, secrets } = session;
  const error = failureOf(outcome);
  const written = await formatOutcome(commandId(line.spec.path), outcome, context.output, context.style, error);
  context.stdout.write(secrets.redact(written.stdout));
  if (written.stderr) messages.note(written.stderr.trimEnd());
  for (const failure of outcome.failures ?? []) messages.error(failure);
  return outcome.exit ?? error?.exit ?? 0;
}

/** What the failures of single items amount to. */
function failureOf(outcome: Outcome): StreamctlError | undefined {
  const { failures = [], succeeded = 0 } = outcome;
  const [first] = failures;
  if (!first || (failures.length === 1 && succeeded === 0)) return first;
  const all = succeeded === 0;
  return new StreamctlError(
    all ? first.code : 'partial',
    `${failures.length} of ${failures.length + succeeded} failed`,
    { detail: failures.map(({ message }) => message).join('\n') },
  );
}

async function endStream(outcome: Outcome, session: Session, ending: Ending): Promise<number> {
  const { context, messages, stream } = session;
  const error = failureOf(outcome);
  for (const failure of outcome.failures ?? []) messages.error(failure);
  const cutShort = ending.signal && stream.required && !stream.met ? SIGNAL_EXITS[ending.signal] : undefined;
  const exit = cutShort ?? outcome.exit ?? error?.exit ?? 0;
  const reason = stream.reason ?? outcome.reason ?? 'done';
  if (context.machine) await writeEnd(context.stdout, reason, { exit, error }, outcome.result);
  return exit;
}

async function writeEnd(
  stdout: Output,
  reason: string,
  outcome: { readonly exit?: number; readonly error?: unknown },
  result?: unknown,
): Promise<void> {
  const [{ endEvent }, { stringifyJson }] = await Promise.all([
    import('./ui/output/envelope.js'),
    import('./ui/output/json.js'),
  ]);
  const extra = typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : {};
  stdout.write(`${stringifyJson(endEvent(reason, outcome, extra))}\n`);
}

/** Prints an error for the person and, where a program reads, as data; gives its exit code. */
async function report(error: unknown, stdout: ProcessOutput, stderr: ProcessOutput, ending: Ending): Promise<number> {
  const { session, line } = ending;
  const messages = session?.messages ?? (await earlyMessages(stderr));
  messages.progress(undefined);
  messages.error(error);
  const exit = error instanceof StreamctlError ? error.exit : 1;
  const mode = session?.context.output ?? (await earlyMode());
  const redact = (text: string): string => session?.secrets.redact(text) ?? text;
  if (line?.spec.streaming) {
    if (isMachine(mode)) await writeEnd(stdout, session?.stream.reason ?? 'error', { exit, error });
  } else if (mode === 'json' || mode === 'yaml') {
    const { formatOutcome } = await import('./ui/output/format.js');
    const { PLAIN_STYLE } = await import('./ui/text/style.js');
    const command = line ? commandId(line.spec.path) : wordsOf(process.argv.slice(2));
    stdout.write(redact((await formatOutcome(command, { result: null }, mode, PLAIN_STYLE, error)).stdout));
  }
  return exit;
}

function isMachine(mode: OutputMode): boolean {
  return mode === 'json' || mode === 'ndjson';
}

async function earlyMode(): Promise<OutputMode> {
  const { guessMode } = await import('./commands/shared/frame/session.js');
  return guessMode(process.argv.slice(2), process.env);
}

async function earlyMessages(stderr: ProcessOutput): Promise<Messages> {
  const { Messages } = await import('./commands/shared/frame/messages.js');
  return new Messages({
    stderr,
    env: process.env,
    color: 'auto',
    quiet: false,
    verbose: false,
    format: 'text',
    redact: (text) => text,
  });
}

/** `topics create` -> `topics.create`. */
function commandId(path: string): string {
  return path.replaceAll(' ', '.');
}

/** The command words of a line that could not be read. */
function wordsOf(argv: readonly string[]): string {
  return argv
    .filter((word) => !word.startsWith('-'))
    .slice(0, 2)
    .join('.');
}
