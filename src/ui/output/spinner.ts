import type { Style } from '../text/style.js';

/** A line that shows that work goes on. */
export interface Spinner {
  text(line: string): void;
  /** Takes the line away. */
  stop(): void;
}

/**
 * Opens a spinner on the terminal behind `stream`; silent elsewhere.
 * @param stream a Node stream of a terminal, usually process.stderr.
 */
export async function openSpinner(stream: NodeJS.WritableStream, line: string, style: Style): Promise<Spinner> {
  if (!style.terminal) return { text: () => undefined, stop: () => undefined };
  const { default: ora } = await import('ora');
  const spinner = ora({
    text: line,
    stream,
    // The command owns stdin: a spinner that discards input would eat the person's keys.
    discardStdin: false,
    hideCursor: true,
    isEnabled: true,
    spinner: style.unicode ? 'dots' : 'line',
    color: style.color === 0 ? false : 'cyan',
  }).start();
  return {
    text(next) {
      spinner.text = next;
    },
    stop: () => void spinner.stop(),
  };
}
