/**
 * How far ahead of the clock the timestamp of a record may be: Kafka's own bound (`message.timestamp.after.max.ms`). Results of
 * a long window that is still open, and event times that are ahead, may be further.
 */
const MAX_STAMP_AHEAD_MS = 3_600_000;

/**
 * The timestamp of a record with this event time. Times that a broker refuses, before 1970 or far in the future, become the time
 * of writing; the row keeps its own.
 * @returns epoch ms; -1: the time of writing.
 */
export function recordStamp(eventTimeMs: number, nowMs: number): number {
  return eventTimeMs >= 0 && eventTimeMs <= nowMs + MAX_STAMP_AHEAD_MS ? eventTimeMs : -1;
}
