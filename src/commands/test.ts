import { StreamctlError } from '../base/errors.js';
import type { TestFile } from '../testing/test-case.js';
import { defineCommand } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import type { PlayedCase } from './shared/testing/played-case.js';

/** Seeds that are played unless --seeds says otherwise. */
const DEFAULT_SEEDS = 3;

/** `test` */
export const test = defineCommand({
  path: 'test',
  summary: 'test pipelines with virtual time, without a broker',
  description:
    'Plays the cases of test files: rows go in, time passes, and what comes out is compared. Folders are searched for ' +
    '*.pipeline.test.yaml, .yml and .json. Each case is played as it is written, then with its rows in other orders (never ' +
    'further than the lateness allows), with a crash at some row, and over 1, 2 and 3 partitions: the answer must not ' +
    'change. See docs/how-to/test.md.',
  arguments: [
    { name: 'path', help: 'test files or folders (default: the working folder)', optional: true, variadic: true },
  ],
  flags: {
    filter: { type: 'string', short: 'f', placeholder: 'TEXT', help: 'only cases with this in their name' },
    seeds: {
      type: 'number',
      integer: true,
      min: 0,
      max: 10_000,
      default: DEFAULT_SEEDS,
      help: 'how many orders of rows are tried beside the one that is written',
    },
    seed: { type: 'number', integer: true, min: 0, placeholder: 'N', help: 'only this seed; 0: only as written' },
    partitions: {
      type: 'list',
      separator: ',',
      placeholder: 'N,...',
      help: 'only over these numbers of partitions',
    },
    update: { type: 'boolean', help: 'write what comes out into the files, in place of what was expected' },
    report: { type: 'list', placeholder: 'junit=FILE', help: 'also write a report, repeat for more' },
    on: { type: 'choice', choices: ['local'], default: 'local', help: 'the engine to play on' },
  },
  examples: [
    { line: 'streamctl test', note: 'every test file below the working folder' },
    { line: 'streamctl test cars.pipeline.test.yaml --update', note: 'accepts what comes out' },
    { line: 'streamctl test tests --report junit=report.xml --seeds 50', note: 'for a CI server, with more orders' },
  ],
  exits: [0, 2, 3, 4, 5],
  mutating: true,
  resultSchema: {
    type: 'object',
    properties: {
      cases: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            file: { type: 'string' },
            name: { type: 'string' },
            line: { type: 'integer' },
            pipeline: { type: 'string' },
            status: { type: 'string', enum: ['passed', 'failed'] },
            runs: { type: 'integer' },
            durationMs: { type: 'integer' },
            failures: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  line: { type: 'integer' },
                  step: { type: 'string' },
                  message: { type: 'string' },
                  difference: { type: 'array', items: { type: 'string' } },
                },
                required: ['line', 'step', 'message', 'difference'],
              },
            },
            seed: { type: 'integer' },
            partitions: { type: 'integer' },
            repeat: { type: 'string' },
          },
          required: ['file', 'name', 'line', 'pipeline', 'status', 'runs', 'durationMs', 'failures'],
        },
      },
    },
    required: ['cases'],
  },
  async run(context, { args, flags }) {
    const [{ findTestFiles }, files] = await Promise.all([
      import('./shared/testing/find-test-files.js'),
      import('./shared/testing/run-test-files.js'),
    ]);
    const startMs = context.clock.elapsed();
    const reports = flags.report.map((text) => readReport(context, text));
    const options = {
      seeds: seedsOf(flags.seed, flags.seeds),
      partitions: flags.partitions.length > 0 ? flags.partitions.map(readCount) : undefined,
      compression: context.compression,
      filter: flags.filter,
      update: flags.update,
      // The event loop gets its turn: for signals, a time limit and output.
      pause: async () => {
        await context.clock.sleep(0);
        return !context.signal.aborted;
      },
    };
    const opened = await files.openTestFiles(context, findTestFiles(context, args.path));
    requireChosen(opened, flags.filter);
    const played: PlayedCase[] = [];
    const teller = await tellerOf(context);
    for (const file of opened) {
      let current = file;
      if (flags.update) {
        const updated = await files.updateFile(context, file, options);
        if (updated.changed > 0)
          context.note(`${file.path}: ${expectations(updated.changed, context.dryRun)} written anew`);
        current = updated.file;
      }
      const tell = teller(current);
      await files.playFile(context, current, options, (one) => {
        played.push(one);
        tell(one);
      });
    }
    for (const report of reports) await writeReport(context, report, played);
    return outcomeOf(context, played, context.clock.elapsed() - startMs);
  },
});

function expectations(count: number, dryRun: boolean): string {
  if (dryRun) return `${count} ${count === 1 ? 'expectation' : 'expectations'} would be`;
  return count === 1 ? '1 expectation was' : `${count} expectations were`;
}

function seedsOf(seed: number | undefined, seeds: number): readonly number[] {
  if (seed !== undefined) return seed === 0 ? [] : [seed];
  return Array.from({ length: seeds }, (_, at) => at + 1);
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 100) return count;
  throw new StreamctlError('usage', `--partitions: "${text}" is not a number from 1 to 100`, {
    hint: '--partitions 2, or --partitions 1,3',
  });
}

/** Absolute path of a JUnit report. */
function readReport(context: Context, text: string): string {
  const path = /^junit=(.+)$/.exec(text)?.[1];
  if (path !== undefined) return context.resolvePath(path);
  throw new StreamctlError('usage', `--report "${text}" is not known`, { hint: '--report junit=report.xml' });
}

function requireChosen(
  opened: readonly { readonly cases: readonly { readonly name: string }[] }[],
  filter: string | undefined,
): void {
  const names = opened.flatMap(({ cases }) => cases.map(({ name }) => name));
  if (filter === undefined || names.some((name) => name.toLowerCase().includes(filter.toLowerCase()))) return;
  throw new StreamctlError('not-found', `no case has "${filter}" in its name`, {
    detail: `there are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`,
  });
}

/** Shows people each case when it is done, under the name of its file. */
async function tellerOf(context: Context): Promise<(file: TestFile) => (played: PlayedCase) => void> {
  const { stdout, style } = context;
  if (context.output !== 'text' && context.output !== 'wide') return () => () => undefined;
  const [{ caseLines }, { paint }, { textWidth }] = await Promise.all([
    import('./shared/testing/test-lines.js'),
    import('../ui/text/style.js'),
    import('../ui/text/width.js'),
  ]);
  return ({ path, cases }) => {
    const nameWidth = Math.max(0, ...cases.map(({ name }) => textWidth(name)));
    let first = true;
    return (played) => {
      if (first) stdout.write(`${paint(path, 'strong', style)}\n`);
      first = false;
      stdout.write(`${caseLines(played, nameWidth, style).join('\n')}\n`);
    };
  };
}

async function writeReport(context: Context, path: string, played: readonly PlayedCase[]): Promise<void> {
  const [{ junitReport }, { utf8 }] = await Promise.all([
    import('../testing/junit-report.js'),
    import('../base/bytes.js'),
  ]);
  context.files.makeFolder(path.replace(/[\\/][^\\/]*$/, ''));
  context.files.replaceFile(path, utf8(junitReport(played)));
}

function failedText(failed: number, all: number): string {
  return all === 1 ? 'the case failed' : `${failed} of ${all} cases failed`;
}

async function outcomeOf(context: Context, played: readonly PlayedCase[], elapsedMs: number): Promise<Outcome> {
  const [{ caseRecord }, { summaryLine }] = await Promise.all([
    import('./shared/testing/played-case.js'),
    import('./shared/testing/test-lines.js'),
  ]);
  const failed = played.filter(({ failures }) => failures.length > 0);
  const lines = ['', summaryLine(played, elapsedMs, context.style)];
  const rows = played.map(({ file, name, failures, runs, durationMs }) => [
    file,
    name,
    failures.length === 0 ? 'passed' : 'failed',
    runs,
    durationMs,
  ]);
  const columns = [{ key: 'file' }, { key: 'case' }, { key: 'status' }, { key: 'runs' }, { key: 'ms' }];
  const failure = new StreamctlError('assertion-failed', failedText(failed.length, played.length), {
    hint: failed[0]?.repeat ?? '',
  });
  return {
    result: { cases: played.map(caseRecord) },
    view: context.output === 'tsv' ? { kind: 'table', columns, rows } : { kind: 'lines', lines },
    failures: failed.length > 0 ? [failure] : [],
  };
}
