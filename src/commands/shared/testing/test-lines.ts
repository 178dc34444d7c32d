import { paint, type Style, type Tone } from '../../../ui/text/style.js';
import { textWidth } from '../../../ui/text/width.js';
import { type PlayedCase, wayText } from './played-case.js';

const TONES: Readonly<Record<string, Tone>> = { '-': 'good', '+': 'bad', ' ': 'dim' };
/** Room for mark, runs and time beside the names. */
const BESIDE_NAME = 26;

/** The lines of one case: its name with a mark, and what did not hold. @param nameWidth columns that names take. */
export function caseLines(played: PlayedCase, nameWidth: number, style: Style): readonly string[] {
  const { name, runs, durationMs, failures, variant, repeat } = played;
  const passed = failures.length === 0;
  const mark = style.unicode ? (passed ? '✓' : '✗') : passed ? 'ok' : 'x';
  const times = `${runs} ${runs === 1 ? 'run' : 'runs'}, ${durationMs} ms`;
  const room = Math.min(nameWidth, Math.max(10, style.columns - BESIDE_NAME));
  const gap = ' '.repeat(Math.max(0, room - textWidth(name)) + 2);
  const lines = [`  ${paint(mark, passed ? 'good' : 'bad', style)} ${name}${gap}${paint(times, 'dim', style)}`];
  if (passed) return lines;
  const signs = variant ? `- as written, + ${wayText(variant)}` : '- expected, + received';
  lines.push(`      ${paint(signs, 'dim', style)}`);
  for (const { line, step, message, lines: difference } of failures) {
    const where = variant && step !== 'pipeline' ? `by line ${line}` : `line ${line}`;
    const what = variant ? message : `${step}: ${message}`;
    lines.push(`      ${where}: ${paint(what, 'strong', style)}`);
    for (const { sign, text } of difference) {
      lines.push(`        ${paint(`${sign} ${text}`, TONES[sign] ?? 'plain', style)}`);
    }
  }
  if (repeat !== undefined) lines.push(`      again: ${repeat}`);
  return lines;
}

/** `12 cases passed, 1 failed, in 0.12 s` */
export function summaryLine(played: readonly PlayedCase[], elapsedMs: number, style: Style): string {
  const failed = played.filter(({ failures }) => failures.length > 0).length;
  const passed = played.length - failed;
  const parts = [
    passed > 0 || failed === 0 ? paint(`${passed} ${passed === 1 ? 'case' : 'cases'} passed`, 'good', style) : '',
    failed > 0 ? paint(`${failed} ${passed > 0 ? '' : failed === 1 ? 'case ' : 'cases '}failed`, 'bad', style) : '',
  ].filter((part) => part !== '');
  const runs = played.reduce((sum, one) => sum + one.runs, 0);
  return `${parts.join(', ')} in ${(elapsedMs / 1000).toFixed(2)} s (${runs} ${runs === 1 ? 'run' : 'runs'})`;
}
