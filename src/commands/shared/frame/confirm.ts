import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { Context } from './context.js';

/**
 * Asks before something that cannot be taken back; `-y` answers, and so does `--dry-run`.
 * @param what what would happen, as a question: `delete 3 topics: a, b, c?`
 * @throws `usage` when nobody can answer or the answer is no.
 */
export async function confirm(context: Context, what: string): Promise<void> {
  if (context.yes || context.dryRun) return;
  if (!context.stdin.isTerminal || !context.stderr.isTerminal) {
    throw new StreamctlError('usage', `not done without being asked: ${what}`, { hint: 'add -y to go ahead' });
  }
  context.stderr.write(`${what} [y/N] `);
  let answer = '';
  for await (const chunk of context.stdin.chunks()) {
    answer += fromUtf8(chunk);
    if (answer.includes('\n')) break;
  }
  if (!/^\s*y(es)?\s*$/i.test(answer)) throw new StreamctlError('usage', 'not done, as you said');
}
