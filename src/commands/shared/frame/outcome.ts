import type { StreamctlError } from '../../../base/errors.js';
import type { View } from '../../../ui/output/view.js';

/** How a command ended. main prints it: nobody else writes an envelope, an end record or an exit code. */
export interface Outcome {
  /** JSON data of a one-shot command (the envelope's `result`), or a stream's members of the end record. */
  readonly result?: unknown;
  /** What people see of a one-shot result; without it, the result as indented JSON. */
  readonly view?: View;
  /** Items that failed while others were done: exit 6; all failed (`succeeded` 0): the first one's own exit. */
  readonly failures?: readonly StreamctlError[];
  /** How many items were done, beside `failures`. */
  readonly succeeded?: number;
  /** Why a stream ended, for the end record: `eof`, `count`, `stopped`; `context.stream.reason` wins where it is set. */
  readonly reason?: string;
  /** Another exit code than these rules give. */
  readonly exit?: number;
}
