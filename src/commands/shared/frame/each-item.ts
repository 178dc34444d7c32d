import { StreamctlError } from '../../../base/errors.js';

/** Does `work` for each item in turn; what fails with an error of ours does not keep the others from being done. */
export async function eachItem<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<{ readonly done: readonly R[]; readonly failures: readonly StreamctlError[] }> {
  const done: R[] = [];
  const failures: StreamctlError[] = [];
  for (const item of items) {
    try {
      done.push(await work(item));
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.blame === 'bug') throw error;
      failures.push(error);
    }
  }
  return { done, failures };
}
