import type { StreamctlError } from '../../../base/errors.js';
import type { TopicStatus } from '../broker/topic-flags.js';
import type { Outcome } from './outcome.js';

/** A line per topic with its status. Failures are told apart: they come with their own details on stderr. */
export function statusOutcome(statuses: readonly TopicStatus[], failures: readonly StreamctlError[]): Outcome {
  const failed = statuses.filter(({ status }) => status === 'failed').length;
  return {
    result: { topics: statuses },
    view: {
      kind: 'table',
      columns: [{ key: 'topic' }, { key: 'status' }],
      rows: statuses.map(({ name, status }) => [
        name,
        { value: status, tone: status === 'failed' ? 'bad' : status.startsWith('would') ? 'dim' : 'good' },
      ]),
      empty: 'nothing to do',
    },
    failures,
    succeeded: statuses.length - failed,
  };
}
