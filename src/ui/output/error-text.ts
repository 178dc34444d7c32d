import { StreamctlError } from '../../base/errors.js';
import { type Say, sayEnglish } from '../text/say.js';
import { paint, type Style } from '../text/style.js';
import { textWidth } from '../text/width.js';

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
export function formatError(error: unknown, style: Pick<Style, 'color'> = { color: 0 }, say: Say = sayEnglish): string {
  const labels = labelsIn(style, say);
  const isOurs = error instanceof StreamctlError;
  const message = error instanceof Error ? error.message : String(error);
  const lines = [labels.error(message || 'something unexpected happened')];
  if (isOurs && error.detail) lines.push(labels.detail(error.detail));
  if (isOurs && error.hint) lines.push(labels.hint(error.hint));
  if (!isOurs || error.blame === 'bug') {
    lines.push(labels.detail('this is a mistake in streamctl, not in what you typed'));
    lines.push(labels.hint(`report it with the lines below at ${REPORT_URL}`));
    lines.push(...stackLines(error, style));
  }
  return `${lines.join('\n')}\n`;
}

/** The words before an error's parts; those of detail and hint are of one width. */
function labelsIn(style: Pick<Style, 'color'>, say: Say) {
  const [error, detail, hint] = [say('error:'), say('detail:'), say('hint:')];
  const width = Math.max(textWidth(detail), textWidth(hint));
  const labelled =
    (word: string, color: 'dim' | 'accent') =>
    (text: string): string =>
      `  ${paint(word, color, style)}${' '.repeat(width - textWidth(word) + 1)}${indentRest(text, width + 3)}`;
  return {
    error: (text: string) => `${paint(error, 'bad', style)} ${indentRest(text, textWidth(error) + 1)}`,
    detail: labelled(detail, 'dim'),
    hint: labelled(hint, 'accent'),
  };
}

function indentRest(text: string, columns: number): string {
  return text.trimEnd().replaceAll('\n', `\n${' '.repeat(columns)}`);
}

function stackLines(error: unknown, style: Pick<Style, 'color'>): string[] {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return frames.slice(0, 12).map((line) => paint(`    ${line.trim()}`, 'dim', style));
}
