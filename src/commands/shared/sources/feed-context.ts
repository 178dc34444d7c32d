import type { FlagSpecs, Input } from '../frame/command.js';
import type { Context, Output } from '../frame/context.js';
import { defaultOf } from '../frame/flag-values.js';
import type { StreamControl } from '../frame/stream-control.js';

/** Says nothing, on no terminal. */
const SILENT: Output = {
  isTerminal: false,
  columns: 80,
  rows: 24,
  write: () => undefined,
  pending: () => 0,
  ready: () => Promise.resolve(),
  onResize: () => () => undefined,
};

/**
 * The context for a source that works beside a run of the same process: it has an end of its own, and neither standard
 * output nor the end of the stream is its business.
 * @param warn takes what goes wrong; all else is said with `-v` only.
 */
export function feedContext(context: Context, signal: AbortSignal, warn: (text: string) => void): Context {
  const nothing = (): void => undefined;
  const stream: StreamControl = {
    signal,
    reason: undefined,
    required: false,
    remaining: Number.POSITIVE_INFINITY,
    wantsEof: false,
    wantsLag: false,
    wantsRows: false,
    wantedColumns: new Set(),
    rows: nothing,
    windows: nothing,
    watermark: nothing,
    lag: nothing,
    eof: nothing,
  };
  return {
    ...context,
    signal,
    stream,
    stdout: SILENT,
    stderr: SILENT,
    machine: false,
    dryRun: false,
    compareRecord: undefined,
    record: nothing,
    note: (text) => context.debug(text),
    warn,
    progress: nothing,
  };
}

/** Flags of a command of which none was given. */
export function flagsWithout<F extends FlagSpecs>(specs: F): Input<F, readonly []>['flags'] {
  const values = Object.entries(specs).map(([name, spec]) => [name, defaultOf(name, spec)]);
  return Object.fromEntries(values) as Input<F, readonly []>['flags'];
}
