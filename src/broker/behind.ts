import { StreamctlError } from '../base/errors.js';

/**
 * Does what nobody waits for, as a timer does. What the disk refuses is no end of the broker: who calls this sees to it
 * that it is written with the next change, or tried again. Anything but a known error is a bug and is not caught.
 */
export function behind(action: () => Promise<unknown>): void {
  const run = async (): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof StreamctlError)) throw error;
    }
  };
  void run();
}
