import { StreamctlError } from '../base/errors.js';
import type { PipelineRunOptions, RejectedRow } from './interfaces.js';

/** What `--on-error` says about one record or row: whether it is set aside. @throws `bad-data` when it ends the run. */
export function onRejected({ onError = 'quarantine', plan }: PipelineRunOptions): (row: RejectedRow) => boolean {
  if (onError !== 'stop') return () => onError === 'quarantine';
  return ({ topic, partition, offset, reason }) => {
    const what = offset < 0 ? 'a row that the pipeline made' : `record ${topic}/${partition}@${offset}`;
    throw new StreamctlError('bad-data', `${what} was rejected: ${reason}`, {
      detail: 'nothing that came after the last checkpoint counts, so a next run begins before it',
      hint: `--on-error quarantine puts such records in ${plan.deadLetters} and goes on, skip leaves them out`,
    });
  };
}
