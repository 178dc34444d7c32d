import { type ErrorObject, errorObject } from '../../../ui/output/envelope.js';
import { formatError } from '../../../ui/output/error-text.js';
import { stringifyJson } from '../../../ui/output/json.js';
import type { Spinner } from '../../../ui/output/spinner.js';
import { type Say, sayEnglish } from '../../../ui/text/say.js';
import { detectStyle, paint, type Style } from '../../../ui/text/style.js';
import type { Output } from './context.js';

export interface MessageOptions {
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly color: 'auto' | 'always' | 'never';
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly format: 'text' | 'json';
  readonly redact: (text: string) => string;
  /** English where nothing is said. */
  readonly say?: Say;
}

/** Everything that is said on stderr: notes, warnings, errors, one spinner line. */
export class Messages {
  readonly #options: MessageOptions;
  readonly #style: Style;
  readonly #say: Say;
  #spinner: Spinner | undefined;
  #spinnerText: string | undefined;
  #opening = false;

  constructor(options: MessageOptions) {
    this.#options = options;
    const { stderr, env, color } = options;
    this.#say = options.say ?? sayEnglish;
    this.#style = detectStyle({ isTTY: stderr.isTerminal, columns: stderr.columns, rows: stderr.rows }, env, color);
  }

  note(text: string): void {
    if (!this.#options.quiet) this.#line('info', text, text);
  }

  warn(text: string): void {
    this.#line('warning', text, `${paint(this.#say('warning:'), 'warn', this.#style)} ${text}`);
  }

  debug(text: string): void {
    if (this.#options.verbose) this.#line('debug', text, paint(text, 'dim', this.#style));
  }

  error(error: unknown): void {
    if (this.#options.format === 'json') {
      this.#write(`${stringifyJson({ level: 'error', ...(errorObject(error) satisfies ErrorObject) })}\n`);
    } else {
      this.#write(formatError(error, this.#style, this.#say));
    }
  }

  /** Shows `text` beside a spinner until the next call; undefined takes it away. */
  progress(text: string | undefined): void {
    const { quiet, format, stderr } = this.#options;
    if (quiet || format === 'json' || !stderr.isTerminal || !stderr.node) return;
    this.#spinnerText = text === undefined ? undefined : this.#options.redact(text);
    if (this.#spinnerText === undefined) {
      this.#spinner?.stop();
      this.#spinner = undefined;
    } else if (this.#spinner) {
      this.#spinner.text(this.#spinnerText);
    } else if (!this.#opening) {
      void this.#open(stderr.node);
    }
  }

  async #open(node: NodeJS.WriteStream): Promise<void> {
    this.#opening = true;
    const { openSpinner } = await import('../../../ui/output/spinner.js');
    // The work may be over before its spinner was loaded.
    if (this.#spinnerText !== undefined) this.#spinner = await openSpinner(node, this.#spinnerText, this.#style);
    this.#opening = false;
    if (this.#spinnerText === undefined) this.progress(undefined);
  }

  #line(level: string, message: string, text: string): void {
    this.#write(this.#options.format === 'json' ? `${stringifyJson({ level, message })}\n` : `${text}\n`);
  }

  #write(text: string): void {
    // A line written over a spinner would leave half of it standing.
    this.#spinner?.stop();
    this.#spinner = undefined;
    this.#options.stderr.write(this.#options.redact(text));
  }
}
