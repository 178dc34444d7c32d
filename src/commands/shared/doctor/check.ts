import { StreamctlError } from '../../../base/errors.js';

/** What one look at the surroundings gave. */
export interface Check {
  readonly name: string;
  /** `warning`: works, with a drawback. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** In at most 50 characters or so: it stands in a table. */
  readonly found: string;
  /** The drawback, and what helps. */
  readonly advice?: string;
  /** Why it failed, with its code and what to do. */
  readonly error?: StreamctlError;
}

/** Looks at one thing; an error that the person or the world can cause is what was found. */
export async function check(
  name: string,
  look: () => Promise<Omit<Check, 'name'>> | Omit<Check, 'name'>,
): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return { name, status: 'failed', found: error.message, error };
  }
}

/** Nothing to complain of. */
export function ok(found: string): Omit<Check, 'name'> {
  return { status: 'ok', found };
}

/** It works, with the drawback that `advice` says. */
export function warning(found: string, advice: string): Omit<Check, 'name'> {
  return { status: 'warning', found, advice };
}
