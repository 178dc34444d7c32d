import { StreamctlError } from '../../../base/errors.js';
import type { OwnedBroker, OwnerOptions } from '../../../embedded/start-broker.js';
import type { Context } from '../frame/context.js';

/** What is chosen by flags; the rest is the same for every broker of ours. */
export type ServeOptions = Omit<OwnerOptions, 'version' | 'pid' | 'log'>;

/**
 * Runs a broker in this process until a signal, its idle time, or a failure of its disk.
 * @param ready is told once it accepts connections.
 * @returns why it ended: `idle`, or `stopped` for a signal.
 * @throws `folder-owned`, `port-in-use`, `log-corrupt`, `disk-failed`
 */
export async function serveBroker(
  context: Context,
  options: ServeOptions,
  ready: (broker: OwnedBroker) => void,
): Promise<string> {
  const { startBroker } = await import('../../../embedded/start-broker.js');
  const { version, pid } = context.program;
  const broker = await startBroker(context, { ...options, version, pid, log: (line) => context.warn(line) });
  ready(broker);
  const stop = (): void => void broker.close();
  if (context.signal.aborted) stop();
  context.signal.addEventListener('abort', stop, { once: true });
  const end = await broker.ended;
  if (end.reason === 'closed') return 'stopped';
  if (end.reason === 'idle') return 'idle';
  if (end.error instanceof StreamctlError) throw end.error;
  throw new StreamctlError('disk-failed', 'the broker had to stop: its disk failed', {
    detail: end.error instanceof Error ? end.error.message : String(end.error),
    cause: end.error,
  });
}
