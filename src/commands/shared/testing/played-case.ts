import type { Failure } from '../../../testing/expectation-judge.js';
import type { Variant } from '../../../testing/play-case.js';

/** What became of one case, for people and programs. */
export interface PlayedCase {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly pipeline: string;
  readonly durationMs: number;
  readonly runs: number;
  readonly failures: readonly Failure[];
  /** The way in which it failed, when it holds as written. */
  readonly variant: Variant | undefined;
  /** Command line that plays the failed way again. */
  readonly repeat: string | undefined;
}

/** A command line that plays one case again, quoted for a shell. */
export function repeatLine(file: string, name: string, variant: Variant | undefined): string {
  const way = variant ? ` --seed ${variant.seed} --partitions ${variant.partitions}` : ' --seed 0';
  return `streamctl test ${quoted(file)} --filter ${quoted(name)}${way}`;
}

function quoted(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** `seed 3, 2 partitions`; `as written, 2 partitions` */
export function wayText({ seed, partitions }: Variant): string {
  const order = seed === 0 ? 'as written' : `seed ${seed}`;
  return `${order}, ${partitions} partition${partitions === 1 ? '' : 's'}`;
}

/** The JSON of a case. */
export function caseRecord(played: PlayedCase): Readonly<Record<string, unknown>> {
  const { file, name, line, pipeline, durationMs, runs, failures, variant, repeat } = played;
  return {
    file,
    name,
    line,
    pipeline,
    status: failures.length === 0 ? 'passed' : 'failed',
    runs,
    durationMs,
    failures: failures.map(({ line: at, step, message, lines }) => ({
      line: at,
      step,
      message,
      difference: lines.map(({ sign, text }) => `${sign} ${text}`),
    })),
    ...(variant ? { seed: variant.seed, partitions: variant.partitions } : {}),
    ...(repeat === undefined ? {} : { repeat }),
  };
}
