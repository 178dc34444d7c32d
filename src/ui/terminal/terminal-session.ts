import type { CellGrid, Size } from './cells.js';
import { BEGIN_SYNCHRONIZED, END_SYNCHRONIZED, paintDiff, type WriterOptions } from './paint-diff.js';

/** A terminal, as the process' streams offer it. */
export interface TerminalPort {
  /** Size now. */
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Bytes that the terminal did not take yet. */
  pending(): number;
  /** Calls `handler` after a change of the size; returns how to stop that. */
  onResize(handler: () => void): () => void;
  /** Hands over raw key presses; returns how to stop that. */
  keys(handler: (bytes: Uint8Array) => void): () => void;
  /** Calls `handler` when the process ends in a way that nobody planned; returns how to stop that. */
  onCrash(handler: () => void): () => void;
}

/** Alternate screen, no cursor, no wrapping at the right edge. @see xterm's ctlseqs, "DEC Private Mode Set" */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[0m\u001b[H\u001b[2J';
/** Everything as it was, and an end to a synchronized update that may be open. */
const LEAVE = `${END_SYNCHRONIZED}\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l`;

/** Bytes that may wait for a slow terminal before frames are skipped. */
export const MAX_PENDING_BYTES = 256 * 1024;

/** The alternate screen of a terminal between opening and closing: knows what is shown and writes differences only. */
export class TerminalSession {
  readonly #port: TerminalPort;
  readonly #options: WriterOptions;
  readonly #forget: (() => void)[] = [];
  #shown: CellGrid | undefined;
  #isOpen = true;

  /** Takes over the screen. */
  constructor(port: TerminalPort, options: WriterOptions) {
    this.#port = port;
    this.#options = options;
    port.write(ENTER);
    this.#forget.push(port.onCrash(() => this.close()));
  }

  get size(): Size {
    return { columns: this.#port.columns, rows: this.#port.rows };
  }

  /** Shows a grid. Skipped while the terminal is behind: the next call brings it up to date. */
  draw(grid: CellGrid): void {
    if (!this.#isOpen || this.#port.pending() > MAX_PENDING_BYTES) return;
    const update = paintDiff(this.#shown, grid, this.#options);
    this.#shown = grid;
    if (update !== '') this.#port.write(BEGIN_SYNCHRONIZED + update + END_SYNCHRONIZED);
  }

  /** Forgets what is shown, so that the next frame is drawn whole: after a resize, or when something else wrote. */
  invalidate(): void {
    this.#shown = undefined;
  }

  /** Gives the screen back; a second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const forget of this.#forget) forget();
    this.#port.write(LEAVE);
  }
}
