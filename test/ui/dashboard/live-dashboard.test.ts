import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import type { DashboardSnapshot } from '../../../src/plan/snapshot.js';
import { type LiveEnd, showLive } from '../../../src/ui/dashboard/live-dashboard.js';
import { StillDashboard } from '../../../src/ui/dashboard/still-dashboard.js';
import { frameText } from '../../../src/ui/frames/frame-text.js';
import type { TerminalPort } from '../../../src/ui/terminal/terminal-session.js';
import { sayEnglish } from '../../../src/ui/text/say.js';
import { SimClock } from '../../support/sim-clock.js';
import { samplePage, sampleSnapshot } from '../sample-snapshot.js';

/** A terminal emulator with a keyboard. */
class Screen implements TerminalPort {
  columns = 80;
  rows = 24;
  waiting = 0;
  written = '';
  crash: () => void = () => undefined;
  #key: (bytes: Uint8Array) => void = () => undefined;
  #resize: () => void = () => undefined;
  readonly #emulator = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true });

  write(text: string): void {
    this.written += text;
    this.#emulator.write(text);
  }

  pending(): number {
    return this.waiting;
  }

  onResize(handler: () => void): () => void {
    this.#resize = handler;
    return () => {
      this.#resize = () => undefined;
    };
  }

  keys(handler: (bytes: Uint8Array) => void): () => void {
    this.#key = handler;
    return () => {
      this.#key = () => undefined;
    };
  }

  onCrash(handler: () => void): () => void {
    this.crash = handler;
    return () => undefined;
  }

  type(text: string): void {
    this.#key(utf8(text));
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.#emulator.resize(columns, rows);
    this.#resize();
  }

  async text(): Promise<string> {
    await new Promise<void>((done) => this.#emulator.write('', done));
    const { active } = this.#emulator.buffer;
    const lines = Array.from({ length: this.rows }, (_, y) =>
      active.getLine(active.baseY + y)!.translateToString(true),
    );
    return lines.map((line) => `${line.trimEnd()}\n`).join('');
  }

  get isAlternate(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }
}

interface Show {
  readonly screen: Screen;
  readonly clock: SimClock;
  readonly end: Promise<LiveEnd>;
  readonly stop: AbortController;
  snapshot: DashboardSnapshot;
}

function open(holdMs?: number): Show {
  const stop = new AbortController();
  const show = { screen: new Screen(), clock: new SimClock(), stop, snapshot: sampleSnapshot() } as Show & {
    end: Promise<LiveEnd>;
  };
  show.end = showLive({
    clock: show.clock,
    terminal: show.screen,
    say: sayEnglish,
    style: { color: 24, unicode: true, terminal: true, columns: 80, rows: 24 },
    snapshot: () => show.snapshot,
    refreshMs: 250,
    signal: stop.signal,
    ...(holdMs === undefined ? {} : { holdMs }),
  });
  return show;
}

function still(snapshot: DashboardSnapshot, columns = 80, rows = 24): string {
  const dashboard = new StillDashboard();
  const text = frameText(dashboard.frame(snapshot, { columns, rows }));
  dashboard.close();
  return text;
}

describe('showLive', () => {
  it('shows on a terminal what a still picture shows, after every change', async () => {
    const show = open();
    expect(await show.screen.text()).toBe(still(show.snapshot));
    const { results } = show.snapshot;
    const halved = results.rows.map((row) => ({ ...row, values: row.values.with(2, Number(row.values[2]) / 3) }));
    show.snapshot = sampleSnapshot({ results: { ...results, rows: halved }, rowsPerSecond: 7, state: 'idle' });
    await show.clock.advance(1000);
    expect(await show.screen.text()).toBe(still(show.snapshot));
    show.screen.resize(130, 40);
    expect(await show.screen.text()).toBe(still(show.snapshot, 130, 40));
    show.screen.type('q');
    expect(await show.end).toBe('quit');
  });

  it('turns pages', async () => {
    const show = open();
    show.snapshot = sampleSnapshot({ pages: [samplePage()] });
    await show.clock.advance(1000);
    expect(await show.screen.text()).toContain('prices 1/2');
    show.screen.type('\t');
    const text = await show.screen.text();
    expect(text).toContain('models 2/2');
    expect(text).toContain('ford Focus');
    expect(text).not.toContain('mercedes');
    show.screen.type('\t');
    expect(await show.screen.text()).toContain('mercedes');
    show.screen.type('q');
    expect(await show.end).toBe('quit');
  });

  it('obeys keys that come in one chunk', async () => {
    const show = open();
    show.screen.type('/vw\rp');
    const text = await show.screen.text();
    expect(text).toContain('filter: vw');
    expect(text).toContain('paused');
    expect(text).not.toContain('mercedes');
    show.snapshot = sampleSnapshot({ rowsPerSecond: 1 });
    await show.clock.advance(1000);
    expect(await show.screen.text()).toBe(text);
    show.screen.type('\u0003');
    expect(await show.end).toBe('quit');
  });

  it('gives the screen back, whatever ends it', async () => {
    const ended = open(500);
    ended.snapshot = sampleSnapshot({ state: 'done' });
    await ended.clock.advance(1000);
    expect(await ended.end).toBe('ended');

    const aborted = open();
    aborted.stop.abort();
    expect(await aborted.end).toBe('aborted');

    const failed = open();
    Object.defineProperty(failed, 'snapshot', {
      get: () => {
        throw new Error('no snapshot');
      },
    });
    const rejected = expect(failed.end).rejects.toThrow('no snapshot');
    await failed.clock.advance(300);
    await rejected;

    const crashed = open();
    crashed.screen.crash();
    for (const { screen, clock } of [ended, aborted, failed, crashed]) {
      await screen.text();
      expect(screen.isAlternate).toBe(false);
      expect(screen.written.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
      if (screen !== crashed.screen) expect(clock.pending()).toBe(0);
    }
    crashed.screen.type('q');
    await crashed.end;
  });

  it('skips pictures while the terminal is behind and catches up', async () => {
    const show = open();
    const before = show.screen.written.length;
    show.screen.waiting = 1e9;
    show.snapshot = sampleSnapshot({ rowsPerSecond: 5 });
    await show.clock.advance(2000);
    expect(show.screen.written.length).toBe(before);
    show.screen.waiting = 0;
    await show.clock.advance(1000);
    expect(await show.screen.text()).toBe(still(show.snapshot));
    show.stop.abort();
    await show.end;
  });

  it('writes little for a small change', async () => {
    const show = open();
    await show.clock.advance(1000);
    const before = show.screen.written.length;
    show.snapshot = sampleSnapshot({ counts: { ...show.snapshot.counts, rowsIn: 61_235 } });
    await show.clock.advance(1000);
    expect(show.screen.written.length - before).toBeLessThan(200);
    show.stop.abort();
    await show.end;
  });
});
