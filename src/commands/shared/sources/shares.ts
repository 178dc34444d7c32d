import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';

/**
 * A share of the rows: `2%`, or `0`.
 * @param flag as people write it: `--dup`.
 * @param most largest share that makes sense, from 0 to 1.
 * @throws `usage`
 */
export function readShare(flag: string, text: string, most = 1): number {
  const trimmed = text.trim();
  const percent = trimmed === '0' ? trimmed : /^(\d+(?:\.\d+)?)%$/.exec(trimmed)?.[1];
  if (percent !== undefined && Number(percent) / 100 <= most) return Number(percent) / 100;
  const bound = most < 1 ? ` up to ${most * 100}%` : '';
  throw new StreamctlError('usage', `${flag} "${text}" is not a share${bound}`, { hint: `${flag} 2%` });
}

/** How many rows are to be late, and by how much: `2%:5m`. @throws `usage` */
export function readLate(text: string): { readonly share: number; readonly byMs: number } {
  const at = text.indexOf(':');
  if (at < 0) throw new StreamctlError('usage', `--late "${text}" does not say how late`, { hint: '--late 2%:5m' });
  return { share: readShare('--late', text.slice(0, at)), byMs: parseDuration(text.slice(at + 1)) };
}
