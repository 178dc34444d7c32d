import type { HttpClient } from '../../../base/http.js';
import type { Clock } from '../../../base/time.js';
import type { Exchange, PollReport } from './interfaces.js';
import type { PollMachine, PollPolicy } from './poll-machine.js';

/** Timers hold no longer waits; a changed wall clock is seen after this long. */
const MAX_SLEEP_MS = 3_600_000;

/** What a live poll works with. */
export interface LivePollOptions {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly policy: Pick<PollPolicy, 'timeoutMs' | 'maxBodyBytes'>;
  readonly signal: AbortSignal;
  /** Told every exchange with what it meant: what a cassette is made of. */
  readonly record?: (exchange: Exchange, meaning: PollReport['kind']) => void;
}

/** Does what the machine says, and tells what comes of it, until the signal aborts or the machine ends. */
export async function* livePoll(
  machine: PollMachine,
  { clock, http, policy, signal, record }: LivePollOptions,
): AsyncGenerator<PollReport, void> {
  const now = steadyTime(clock);
  while (!signal.aborted) {
    const action = machine.next(now());
    if (action.kind === 'end') return;
    if (action.kind === 'report') {
      yield action.report;
    } else if (action.kind === 'wait') {
      yield action;
      await clock.sleep(Math.min(MAX_SLEEP_MS, Math.max(0, action.untilMs - now())), signal);
    } else {
      const { kind: _, ...request } = action;
      const sentMs = now();
      const { url, headers } = request;
      const { timeoutMs, maxBodyBytes } = policy;
      const outcome = await http.send({ url, headers, timeoutMs, maxBodyBytes, signal });
      if (outcome.kind === 'failure' && outcome.reason === 'stopped') return;
      const answeredMs = now();
      const report = machine.answer(answeredMs, outcome);
      record?.({ ...request, sentMs, tookMs: answeredMs - sentMs, outcome }, report.kind);
      yield report;
    }
  }
}

/** Wall time that never goes back, and goes on at the pace of the monotonic clock in between. */
function steadyTime(clock: Clock): () => number {
  let lastMs = clock.now();
  let lastElapsedMs = clock.elapsed();
  return () => {
    const elapsedMs = clock.elapsed();
    // A machine that slept has a monotonic clock that stood still: its wall clock is right.
    lastMs = Math.max(clock.now(), Math.floor(lastMs + (elapsedMs - lastElapsedMs)));
    lastElapsedMs = elapsedMs;
    return lastMs;
  };
}
