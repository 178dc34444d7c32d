import type { Clock, Timer } from '../../base/time.js';
import type { DashboardSnapshot } from '../../plan/snapshot.js';
import { type Look, makeLook } from '../charts/look.js';
import type { Size } from '../terminal/cells.js';
import { type Key, KeyParser } from '../terminal/keys.js';
import { type TerminalPort, TerminalSession } from '../terminal/terminal-session.js';
import type { Say } from '../text/say.js';
import type { Style } from '../text/style.js';
import { type Layout, LayoutEngine } from './layout.js';
import { scopeOf } from './model.js';
import { pageOf } from './pages.js';
import { paintDashboard } from './paint-dashboard.js';
import { initialView, reduceView, type ViewState } from './view-state.js';

/** What {@link showLive} needs. */
export interface LiveOptions {
  readonly clock: Clock;
  readonly terminal: TerminalPort;
  readonly style: Style;
  readonly say: Say;
  /** The newest look; asked for at each refresh. */
  readonly snapshot: () => DashboardSnapshot;
  /** Between two pictures, at least {@link MIN_REFRESH_MS}. */
  readonly refreshMs: number;
  /** Ends the show from outside. */
  readonly signal: AbortSignal;
  /** How long a run that ended by itself is still shown; until `q` when absent. */
  readonly holdMs?: number;
  /** Shows at most so many keys. */
  readonly top?: number;
  /** Page to begin with, from 0. */
  readonly page?: number;
  /** The person held the picture, or let it go on. */
  readonly onPause?: (paused: boolean) => void;
}

/** Why the show ended: a key, the run, or the signal. */
export type LiveEnd = 'quit' | 'ended' | 'aborted';

/** Ten pictures a second are as many as eyes follow. */
export const MIN_REFRESH_MS = 100;
/** Texts and rectangles are laid out anew at most this often; charts are painted at every refresh. */
const LAYOUT_EVERY_MS = 500;

/** Shows a dashboard on a terminal until a key, the end of the run or `signal`; the screen is given back in any case. */
export async function showLive(options: LiveOptions): Promise<LiveEnd> {
  const show = new LiveShow(options);
  try {
    return await show.run();
  } finally {
    show.close();
  }
}

class LiveShow {
  readonly #options: LiveOptions;
  readonly #look: Look;
  readonly #session: TerminalSession;
  readonly #engine = new LayoutEngine();
  readonly #keys = new KeyParser();
  readonly #forget: (() => void)[] = [];
  #view: ViewState;
  #snapshot: DashboardSnapshot;
  #layout: { readonly made: Layout; readonly view: ViewState; readonly size: Size; readonly atMs: number } | undefined;
  #timer: Timer | undefined;
  #endedMs: number | undefined;
  #finish: (end: LiveEnd) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#look = makeLook(options.style.unicode, options.say);
    this.#snapshot = options.snapshot();
    const page = options.page ?? 0;
    this.#view = initialView(pageOf(this.#snapshot, page).dashboard.sort, options.top, page);
    this.#session = new TerminalSession(options.terminal, options.style);
  }

  run(): Promise<LiveEnd> {
    const { terminal, signal } = this.#options;
    return new Promise<LiveEnd>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
      const abort = (): void => resolve('aborted');
      signal.addEventListener('abort', abort, { once: true });
      this.#forget.push(() => signal.removeEventListener('abort', abort));
      if (signal.aborted) return abort();
      this.#forget.push(
        terminal.onResize(() => this.#guarded(() => this.#resized())),
        terminal.keys((bytes) => this.#guarded(() => this.#typed(this.#keys.push(bytes)))),
      );
      this.#guarded(() => this.#tick());
    });
  }

  close(): void {
    this.#timer?.cancel();
    for (const forget of this.#forget.splice(0)) forget();
    this.#session.close();
    this.#engine.close();
  }

  /** A mistake while painting ends the show as a failed promise, not as a crash under a foreign screen. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #tick(): void {
    const { clock, refreshMs } = this.#options;
    if (!this.#view.paused) this.#snapshot = this.#options.snapshot();
    this.#paint();
    if (this.#hasEnded()) {
      this.#finish('ended');
      return;
    }
    const waitMs = Math.max(MIN_REFRESH_MS, refreshMs);
    this.#timer = clock.after(waitMs, () => this.#guarded(() => this.#tick()));
  }

  #hasEnded(): boolean {
    const { clock, holdMs } = this.#options;
    const { state } = this.#snapshot;
    if (holdMs === undefined || (state !== 'done' && state !== 'failed')) return false;
    this.#endedMs ??= clock.elapsed();
    return clock.elapsed() - this.#endedMs >= holdMs;
  }

  #typed(keys: readonly Key[]): void {
    const before = this.#view;
    for (const key of keys) this.#view = reduceView(this.#view, key, scopeOf(this.#snapshot, this.#view));
    if (this.#view.quit) this.#finish('quit');
    if (this.#view.paused !== before.paused) this.#options.onPause?.(this.#view.paused);
    if (this.#view !== before) this.#paint();
  }

  #resized(): void {
    this.#session.invalidate();
    this.#paint();
  }

  #paint(): void {
    const page = pageOf(this.#snapshot, this.#view.page);
    this.#session.draw(paintDashboard(this.#currentLayout(page), page, this.#view, this.#look));
  }

  /** The last layout while it is young and nothing that it depends on changed. */
  #currentLayout(page: DashboardSnapshot): Layout {
    const { size } = this.#session;
    const nowMs = this.#options.clock.elapsed();
    const last = this.#layout;
    const isSame = last?.view === this.#view && last.size.columns === size.columns && last.size.rows === size.rows;
    if (last && isSame && nowMs - last.atMs < LAYOUT_EVERY_MS) return last.made;
    const made = this.#engine.layout(page, this.#view, size, this.#look);
    this.#layout = { made, view: this.#view, size, atMs: nowMs };
    return made;
  }
}
