import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { stringifyJson } from '../../../ui/output/json.js';
import { parseJson } from '../frame/json-text.js';
import type { RowsExpression } from '../frame/stop-control.js';

/** Bound of records kept for `--expect-file`: a golden file is small, a stream need not be. */
const MAX_KEPT_RECORDS = 1_000_000;
const SHOWN_DIFFERENCES = 5;

export interface ExpectFileOptions {
  readonly path: string;
  readonly match: 'exact' | 'subset';
  readonly unordered: boolean;
}

/** Compares the records of a stream with those of a golden file. */
export class ExpectedRecords {
  readonly #options: ExpectFileOptions;
  readonly #expected: readonly unknown[];
  readonly #seen: unknown[] = [];

  /**
   * @param bytes the golden file: one JSON object per line.
   * @throws `bad-data` with the line that is not JSON.
   */
  constructor(options: ExpectFileOptions, bytes: Uint8Array) {
    this.#options = options;
    this.#expected = fromUtf8(bytes)
      .split('\n')
      .flatMap((line, index) => {
        if (line.trim() === '') return [];
        try {
          return [parseJson(line)];
        } catch (cause) {
          throw new StreamctlError('bad-data', `${options.path}:${index + 1} is not JSON`, { cause });
        }
      });
  }

  /** @throws `limit-exceeded` when a stream outgrows what can be kept. */
  add(record: unknown): void {
    if (this.#seen.length >= MAX_KEPT_RECORDS) {
      throw new StreamctlError('limit-exceeded', `--expect-file compares at most ${MAX_KEPT_RECORDS} records`, {
        hint: 'end the stream earlier with --until count=N',
      });
    }
    // Through JSON text, so that what is compared is what was printed.
    this.#seen.push(parseJson(stringifyJson(record)));
  }

  /** What differs, one line each, the first few only; empty when all is as expected. */
  differences(): string[] {
    const found = this.#options.unordered ? this.#compareUnordered() : this.#compareOrdered();
    const more = found.length - SHOWN_DIFFERENCES;
    return more > 0 ? [...found.slice(0, SHOWN_DIFFERENCES), `and ${more} more differences`] : found;
  }

  #compareOrdered(): string[] {
    const found: string[] = [];
    for (let at = 0; at < Math.max(this.#expected.length, this.#seen.length); at++) {
      const line = `record ${at + 1}`;
      if (at >= this.#seen.length) found.push(`${line}: missing ${brief(this.#expected[at])}`);
      else if (at >= this.#expected.length) found.push(`${line}: not expected ${brief(this.#seen[at])}`);
      else {
        const path = this.#difference(this.#expected[at], this.#seen[at], '');
        if (path !== undefined) found.push(`${line}: ${path}`);
      }
    }
    return found;
  }

  #compareUnordered(): string[] {
    const left = [...this.#seen];
    const missing: string[] = [];
    for (const wanted of this.#expected) {
      const at = left.findIndex((record) => this.#difference(wanted, record, '') === undefined);
      if (at < 0) missing.push(`missing ${brief(wanted)}`);
      else left.splice(at, 1);
    }
    return [...missing, ...left.map((record) => `not expected ${brief(record)}`)];
  }

  /** Where `actual` differs from `expected`, undefined when it does not. */
  #difference(expected: unknown, actual: unknown, path: string): string | undefined {
    if (isObject(expected) && isObject(actual)) {
      const keys = new Set(Object.keys(expected));
      if (this.#options.match === 'exact') for (const key of Object.keys(actual)) keys.add(key);
      for (const key of keys) {
        const found = this.#difference(expected[key], actual[key], path === '' ? key : `${path}.${key}`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
      for (let at = 0; at < expected.length; at++) {
        const found = this.#difference(expected[at], actual[at], `${path}[${at}]`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (sameScalar(expected, actual)) return undefined;
    return `${path || 'value'} is ${brief(actual)}, expected ${brief(expected)}`;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Doubles are compared within 1e-9 relative: sums may be made in another order. */
function sameScalar(expected: unknown, actual: unknown): boolean {
  if (Object.is(expected, actual) || (expected === 0 && actual === 0)) return true;
  if (typeof expected !== 'number' || typeof actual !== 'number') return false;
  if (Number.isInteger(expected) && Number.isInteger(actual)) return false;
  return Math.abs(expected - actual) <= 1e-9 * Math.max(Math.abs(expected), Math.abs(actual));
}

function brief(value: unknown): string {
  const text = value === undefined ? 'nothing' : stringifyJson(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/**
 * Judges all expectations at the end of a stream.
 * @throws `assertion-failed` naming each that does not hold, with the values found.
 */
export function judgeExpectations(
  expressions: readonly RowsExpression[],
  records: ExpectedRecords | undefined,
  path: string | undefined,
): void {
  const failed = expressions.filter((expression) => !expression.holds());
  const differences = records?.differences() ?? [];
  if (failed.length === 0 && differences.length === 0) return;
  const names = [...failed.map(({ text }) => text), ...(differences.length > 0 ? [`records of ${path}`] : [])];
  throw new StreamctlError('assertion-failed', `expected ${names.join(' and ')}`, {
    detail: [...failed.map((expression) => expression.explain()), ...differences].join('\n'),
  });
}
