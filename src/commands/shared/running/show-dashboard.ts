import type { DashboardSnapshot } from '../../../plan/snapshot.js';
import type { TerminalPort } from '../../../ui/terminal/terminal-session.js';
import type { Context } from '../frame/context.js';

/** Forms of a dashboard for whoever is no terminal. */
export const FRAME_FORMATS = ['text', 'ndjson', 'svg'] as const;
export type FrameFormat = (typeof FRAME_FORMATS)[number];

/** What is shown, and how. */
export interface ShowOptions {
  /** The newest look. */
  readonly snapshot: () => DashboardSnapshot;
  /** Resolves when nothing new will come. */
  readonly done: Promise<unknown>;
  /** Between two pictures; chosen by the kind of output when absent. */
  readonly refreshMs?: number | undefined;
  /** Frames as data, even on a terminal. */
  readonly frames?: FrameFormat | undefined;
  /** Only the last picture, when `done`. */
  readonly once?: boolean;
  /** Most keys shown. */
  readonly top?: number | undefined;
  /** Page to begin with, from 0. */
  readonly page?: number | undefined;
  /** Ends showing; the command line's own when absent. */
  readonly signal?: AbortSignal;
  /** On a terminal: leaves by itself so long after the end; stays until `q` when absent. */
  readonly holdMs?: number;
}

/** Why showing ended. */
export type ShowEnd = 'quit' | 'ended' | 'aborted';

const TERMINAL_REFRESH_MS = 250;
const FRAME_REFRESH_MS = 1000;

/** Shows a dashboard: live on a terminal, elsewhere the same frames as text, as NDJSON, or one SVG picture. */
export async function showDashboard(context: Context, options: ShowOptions): Promise<ShowEnd> {
  const isLive = context.stdout.isTerminal && !options.frames && !options.once && !context.machine;
  return isLive && context.env.TERM !== 'dumb' ? showLive(context, options) : printFrames(context, options);
}

async function showLive(context: Context, options: ShowOptions): Promise<ShowEnd> {
  const { loadDashboard } = await import('../../../ui/dashboard/load.js');
  const dashboard = await loadDashboard();
  const { snapshot, holdMs, top, page } = options;
  return dashboard.showLive({
    clock: context.clock,
    terminal: terminalPort(context),
    style: context.style,
    say: context.say,
    snapshot,
    refreshMs: options.refreshMs ?? TERMINAL_REFRESH_MS,
    signal: options.signal ?? context.signal,
    ...(holdMs === undefined ? {} : { holdMs }),
    ...(top === undefined ? {} : { top }),
    ...(page === undefined ? {} : { page }),
  });
}

/** The terminal of this process as the screen wants it. */
function terminalPort({ stdin, stdout }: Context): TerminalPort {
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    write: (text) => stdout.write(text),
    pending: () => stdout.pending(),
    onResize: (handler) => stdout.onResize(handler),
    keys: (handler) => (stdin.isTerminal ? stdin.keys(handler) : () => undefined),
    onCrash(handler) {
      // The monitor runs before the message of an unexpected error is printed: it must not vanish with the screen.
      process.once('uncaughtExceptionMonitor', handler);
      process.once('exit', handler);
      return () => {
        process.off('uncaughtExceptionMonitor', handler);
        process.off('exit', handler);
      };
    },
  };
}

async function printFrames(context: Context, options: ShowOptions): Promise<ShowEnd> {
  const { clock, stdout } = context;
  const signal = options.signal ?? context.signal;
  const format = options.frames ?? (context.machine ? 'ndjson' : 'text');
  const write = await frameWriter(context, format, options);
  const onlyLast = options.once === true || format === 'svg';
  const refreshMs = options.refreshMs ?? FRAME_REFRESH_MS;
  const ended = new AbortController();
  const finish = (): void => ended.abort();
  options.done.then(finish, finish);
  const either = AbortSignal.any([signal, ended.signal]);
  let written = 0;
  while (!either.aborted) {
    await clock.sleep(refreshMs, either);
    if (onlyLast || either.aborted) continue;
    write.frame(options.snapshot());
    written++;
    await stdout.ready();
  }
  // Whoever stops a stream of pictures has seen enough; one who asked for a single picture gets it.
  if (!signal.aborted || written === 0) write.frame(options.snapshot());
  write.close();
  return signal.aborted ? 'aborted' : 'ended';
}

interface FrameWriter {
  frame(snapshot: DashboardSnapshot): void;
  close(): void;
}

async function frameWriter(
  context: Context,
  format: FrameFormat,
  { top, page = 0 }: Pick<ShowOptions, 'top' | 'page'>,
): Promise<FrameWriter> {
  const { stdout, style } = context;
  if (format === 'ndjson') {
    const [{ frameRecord }, { stringifyJson }] = await Promise.all([
      import('../../../ui/frames/frame-data.js'),
      import('../../../ui/output/json.js'),
    ]);
    return {
      frame: (snapshot) => stdout.write(`${stringifyJson(frameRecord(snapshot, top))}\n`),
      close: () => undefined,
    };
  }
  const [{ loadDashboard }, { frameText }, { frameSvg }, { initialView }, { pageOf }] = await Promise.all([
    import('../../../ui/dashboard/load.js'),
    import('../../../ui/frames/frame-text.js'),
    import('../../../ui/frames/frame-svg.js'),
    import('../../../ui/dashboard/view-state.js'),
    import('../../../ui/dashboard/pages.js'),
  ]);
  const { StillDashboard } = await loadDashboard();
  const dashboard = new StillDashboard(context.say);
  let isFirst = true;
  return {
    frame(snapshot) {
      const view = initialView(pageOf(snapshot, page).dashboard.sort, top, page);
      const grid = dashboard.frame(snapshot, style, style.unicode, view);
      if (format === 'svg') stdout.write(frameSvg(grid, `streamctl watch ${snapshot.pipeline}`));
      else stdout.write(`${isFirst ? '' : '\n'}${frameText(grid, style.color)}`);
      isFirst = false;
    },
    close: () => dashboard.close(),
  };
}
