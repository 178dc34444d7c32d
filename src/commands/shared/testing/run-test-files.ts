import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { readTestFile } from '../../../testing/read-test-file.js';
import { type CaseResult, type PlayOptions, runCase } from '../../../testing/run-case.js';
import type { TestCase, TestFile } from '../../../testing/test-case.js';
import { needsUpdate, updatedText } from '../../../testing/update-text.js';
import type { Context } from '../frame/context.js';
import type { FoundFile } from './find-test-files.js';
import { type PlayedCase, repeatLine } from './played-case.js';
import { testPlaces } from './test-places.js';

/** Larger files are refused: rows in such numbers belong in a file that a case feeds. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** Mistakes that are shown; more are only counted. */
const MAX_SHOWN_PROBLEMS = 20;

/** A file that was read, with where it is. */
export interface OpenedFile extends TestFile {
  readonly place: string;
}

/** Reads all files. @throws `bad-data` with every mistake of all of them as `file:line:column`. */
export async function openTestFiles(context: Context, found: readonly FoundFile[]): Promise<readonly OpenedFile[]> {
  const opened: OpenedFile[] = [];
  const told: { readonly text: string; readonly hint: string | undefined }[] = [];
  for (const { name, path } of found) {
    const bytes = context.files.readFile(path);
    if (bytes.length > MAX_FILE_BYTES) {
      throw new StreamctlError('bad-data', `${name} is too large for a test file`, {
        hint: 'put rows into a csv or ndjson file: - feed: SOURCE, file: rows.csv',
      });
    }
    const { file, problems } = await readTestFile(name, fromUtf8(bytes), testPlaces(context, path));
    opened.push({ ...file, place: path });
    for (const { line, column, message, hint } of problems) {
      told.push({ text: `${name}:${line}:${column}: ${message}`, hint });
    }
  }
  const [first] = told;
  if (!first) return opened;
  if (told.length === 1) throw new StreamctlError('bad-data', first.text, first.hint ? { hint: first.hint } : {});
  const shown = told.slice(0, MAX_SHOWN_PROBLEMS).map(({ text, hint }) => (hint ? `${text} (${hint})` : text));
  if (told.length > shown.length) shown.push(`and ${told.length - shown.length} more`);
  throw new StreamctlError('bad-data', `${told.length} mistakes in test files`, { detail: shown.join('\n') });
}

/** How cases are chosen and played. */
export interface TestOptions extends PlayOptions {
  /** Part of the names of the cases to play. */
  readonly filter: string | undefined;
  readonly update: boolean;
}

/** Plays the chosen cases of a file one after the other; tells each at once. Ends early when `signal` aborts. */
export async function playFile(
  context: Context,
  file: OpenedFile,
  options: TestOptions,
  tell: (played: PlayedCase) => void,
): Promise<void> {
  for (const testCase of file.cases) {
    if (!isChosen(testCase, options.filter)) continue;
    requireFilled(file, testCase);
    context.progress(testCase.name);
    const played = await play(context, file.path, testCase, options);
    context.progress(undefined);
    if (context.signal.aborted) return;
    tell(played);
  }
}

async function play(context: Context, file: string, testCase: TestCase, options: TestOptions): Promise<PlayedCase> {
  const startMs = context.clock.elapsed();
  const { failures, variant, runs } = await runCase(testCase, options);
  const failed = failures.length > 0;
  return {
    file,
    name: testCase.name,
    line: testCase.line,
    pipeline: testCase.plan.name,
    durationMs: Math.round(context.clock.elapsed() - startMs),
    runs,
    failures,
    variant,
    repeat: failed ? repeatLine(file, testCase.name, variant) : undefined,
  };
}

/** Whether the name of a case has `filter` in it. */
export function isChosen({ name }: TestCase, filter: string | undefined): boolean {
  return filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
}

function requireFilled({ path }: OpenedFile, { steps }: TestCase): void {
  for (const step of steps) {
    if (!('rows' in step) || step.rows !== undefined) continue;
    const what = 'sink' in step ? `rows of ${step.sink}` : `${step.kind} rows`;
    throw new StreamctlError('bad-data', `${path}:${step.line}: ${what} are expected, but not said`, {
      hint: `write the list, [] for none, or streamctl test ${path} --update to write what comes out`,
    });
  }
}

/**
 * Writes what comes out into the expectations of a file, as written, case by case.
 * @returns the file as it is then, and how many expectations were changed.
 */
export async function updateFile(
  context: Context,
  file: OpenedFile,
  options: TestOptions,
): Promise<{ readonly file: OpenedFile; readonly changed: number }> {
  const once = { ...options, seeds: [], partitions: [] };
  const results: (CaseResult & { readonly testCase: TestCase })[] = [];
  for (const testCase of file.cases) {
    if (isChosen(testCase, options.filter)) results.push({ ...(await runCase(testCase, once)), testCase });
  }
  const changed = results.flatMap(({ received }) => received).filter(needsUpdate).length;
  if (changed === 0) return { file, changed };
  const edits = results.flatMap(({ received, testCase }) => received.map((one) => ({ ...one, plan: testCase.plan })));
  const text = updatedText(file.text, edits, /\.json$/i.test(file.path));
  if (!context.dryRun) context.files.replaceFile(file.place, utf8(text));
  const read = await readTestFile(file.path, text, testPlaces(context, file.place));
  return { file: { ...read.file, place: file.place }, changed };
}
