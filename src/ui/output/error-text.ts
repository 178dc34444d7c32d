import { StreamctlError } from '../../base/errors.js';
import { paint, type Style } from '../text/style.js';

/** Where people send what should not have happened. */
export const REPORT_URL = 'https://github.com/streamctl/streamctl/issues';

/**
 * An error as people read it, ending in a line feed:
 * ```
 * error: topic "velib-projet" does not exist
 *   detail: broker 127.0.0.1:9092 knows 3 topics: water-quality, cars, news.
 *   hint:   streamctl topics create velib-projet --partitions 1
 * ```
 * Bugs of ours bring their stack and where to report it; nothing that a user can cause does.
 */
export function formatError(error: unknown, style: Pick<Style, 'color'> = { color: 0 }): string {
  const lines: string[] = [];
  if (error instanceof StreamctlError) {
    lines.push(`${paint('error:', 'bad', style)} ${indentRest(error.message, 7)}`);
    if (error.detail) lines.push(`  ${paint('detail:', 'dim', style)} ${indentRest(error.detail, 10)}`);
    if (error.hint) lines.push(`  ${paint('hint:', 'accent', style)}   ${indentRest(error.hint, 10)}`);
    if (error.blame === 'bug') lines.push(...stackLines(error, style));
  } else {
    const message = error instanceof Error ? error.message : String(error);
    lines.push(`${paint('error:', 'bad', style)} ${indentRest(message || 'something unexpected happened', 7)}`);
    lines.push(...stackLines(error, style));
  }
  return `${lines.join('\n')}\n`;
}

function indentRest(text: string, columns: number): string {
  return text.trimEnd().replaceAll('\n', `\n${' '.repeat(columns)}`);
}

function stackLines(error: unknown, style: Pick<Style, 'color'>): string[] {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return [
    `  ${paint('detail:', 'dim', style)} this is a mistake in streamctl, not in what you typed`,
    `  ${paint('hint:', 'accent', style)}   report it with the lines below at ${REPORT_URL}`,
    ...frames.slice(0, 12).map((line) => paint(`    ${line.trim()}`, 'dim', style)),
  ];
}
