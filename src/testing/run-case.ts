import type { Compression } from '../base/codec-interfaces.js';
import { StreamctlError } from '../base/errors.js';
import { ExpectationJudge, type Failure, type Received } from './expectation-judge.js';
import { playCase, type Variant, type Watcher } from './play-case.js';
import { AnswerRecorder, SamenessJudge } from './sameness-judge.js';
import type { TestCase } from './test-case.js';

/** In which ways cases are played. */
export interface PlayOptions {
  /** Seeds beside the order as written; empty: that alone. */
  readonly seeds: readonly number[];
  /** Numbers of partitions in place of the case's own. */
  readonly partitions: readonly number[] | undefined;
  readonly compression: Compression;
  /** Awaited between two ways of playing a case, so that signals are heard; false: the rest is not wanted any more. */
  readonly pause?: () => Promise<boolean>;
}

/** What became of a case. */
export interface CaseResult {
  /** All that did not hold as written; or the first difference between two ways of playing it. */
  readonly failures: readonly Failure[];
  /** The way in which it failed; undefined: as written, or not at all. */
  readonly variant: Variant | undefined;
  /** How often it was played. */
  readonly runs: number;
  /** What came where the case looks, as written. */
  readonly received: readonly Received[];
}

/**
 * Plays a case as it is written and holds it against its expectations; then with rows in other orders, cut into other
 * batches, with a crash, over other numbers of partitions: the answer must not change.
 */
export async function runCase(testCase: TestCase, options: PlayOptions): Promise<CaseResult> {
  const { compression } = options;
  const first: Variant = { seed: 0, partitions: testCase.partitions[0]! };
  const judge = new ExpectationJudge(testCase, first);
  const recorder = new AnswerRecorder(testCase);
  const failed = attempt(testCase, () => playCase(testCase, first, compression, both(judge, recorder)));
  const failures = failed ? [...judge.failures, failed] : judge.failures;
  const { received } = judge;
  if (failures.length > 0) return { failures, variant: undefined, runs: 1, received };
  let runs = 1;
  for (const variant of variantsOf(testCase, options)) {
    if (variant.seed === first.seed && variant.partitions === first.partitions) continue;
    if ((await options.pause?.()) === false) break;
    const same = new SamenessJudge(testCase, recorder.answers);
    const stopped = attempt(testCase, () => playCase(testCase, variant, compression, same));
    runs++;
    const failure = same.failure ?? stopped;
    if (failure) return { failures: [failure], variant, runs, received };
  }
  return { failures: [], variant: undefined, runs, received };
}

/** Every way of playing a case: as written first, then seed by seed, each over all numbers of partitions. */
function variantsOf(testCase: TestCase, { seeds, partitions }: PlayOptions): readonly Variant[] {
  const counts = testCase.partitions.length > 1 ? (partitions ?? testCase.partitions) : testCase.partitions;
  const orders = testCase.anyOrder || testCase.crashes ? seeds : [];
  return [0, ...orders].flatMap((seed) => counts.map((count) => ({ seed, partitions: count })));
}

function both(...watchers: readonly Watcher[]): Watcher {
  return {
    look: (step, run) => {
      for (const watcher of watchers) watcher.look(step, run);
    },
    crashed: (line, difference) => {
      for (const watcher of watchers) watcher.crashed(line, difference);
    },
    ended: (run) => {
      for (const watcher of watchers) watcher.ended(run);
    },
  };
}

/** An error of the pipeline is a failed case, not the end of all. */
function attempt(testCase: TestCase, play: () => void): Failure | undefined {
  try {
    play();
    return undefined;
  } catch (error) {
    if (!(error instanceof StreamctlError) || error.blame === 'bug') throw error;
    const { message, detail, hint } = error;
    const more = [detail, hint].flatMap((text) => (text === undefined ? [] : [{ sign: ' ' as const, text }]));
    return { line: testCase.line, step: 'pipeline', message, lines: more };
  }
}
