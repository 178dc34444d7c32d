import type { Clock } from '../../../base/time.js';
import type { PollSink } from '../../../connect/sources/poll/poll-record.js';

/** A write that takes longer is told of: the broker may be gone, and is waited for. */
const SLOW_WRITE_MS = 5_000;

/** A sink that says, once per write, when a write takes long. */
export function tellingSink(sink: PollSink, clock: Pick<Clock, 'after'>, tell: (text: string) => void): PollSink {
  return {
    write: async (records) => {
      const slow = clock.after(SLOW_WRITE_MS, () => {
        tell(`the broker has taken no records for ${SLOW_WRITE_MS / 1000} s; trying again`);
      });
      try {
        await sink.write(records);
      } finally {
        slow.cancel();
      }
    },
  };
}
