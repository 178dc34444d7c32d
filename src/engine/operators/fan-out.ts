import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';

/** Gives everything to several receivers, in order; to one alone directly. */
export function fanOut(receivers: readonly Receiver[]): Receiver {
  if (receivers.length === 1) return receivers[0]!;
  return {
    rows: (rows: Rows) => {
      for (const receiver of receivers) receiver.rows(rows);
    },
    watermark: (ms: number, reason: CloseReason) => {
      for (const receiver of receivers) receiver.watermark(ms, reason);
    },
    flush: (reason: CloseReason) => {
      for (const receiver of receivers) receiver.flush(reason);
    },
  };
}
