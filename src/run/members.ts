import { fromUtf8, utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { GroupPlace } from '../connect/kafka/interfaces.js';

/** What a worker tells the others of its group. */
export interface Member {
  /** Of its plan with its parameters, see fingerprintOf of plan-parts.ts. */
  readonly fingerprint: string;
  /** It writes a snapshot of the pipeline: the others have to save, and to leave. */
  readonly takesOver: boolean;
}

/** What a worker does in an assignment: its work; wait until it is alone; end, because another one takes over. */
export type Role = 'work' | 'wait' | 'leave';

const TAKES_OVER = ' takes over';

/** The text that goes into a member's user data. */
export function encodeMember({ fingerprint, takesOver }: Member): Uint8Array {
  return utf8(takesOver ? `${fingerprint}${TAKES_OVER}` : fingerprint);
}

function decodeMember(data: Uint8Array): Member {
  const text = fromUtf8(data);
  const takesOver = text.endsWith(TAKES_OVER);
  return { fingerprint: takesOver ? text.slice(0, -TAKES_OVER.length) : text, takesOver };
}

/**
 * @param isKnown whether this worker has worked in the group before: whoever came last has to go.
 * @throws `bad-plan` when the others run another plan.
 */
export function requireSamePlan(
  pipeline: string,
  { fingerprint }: Member,
  { place, userData }: GroupPlace,
  isKnown: boolean,
): void {
  const isOwn = (data: Uint8Array | null): boolean => data !== null && decodeMember(data).fingerprint === fingerprint;
  const other = userData.some((data) => data !== null && !isOwn(data));
  if (!other || isKnown || userData.every((data, at) => at === place || isOwn(data))) return;
  throw new StreamctlError('bad-plan', `another worker of pipeline "${pipeline}" runs a different plan`, {
    detail: 'their steps, parameters or topics differ: the results would be neither of one nor of the other',
    hint: 'run the same plan with the same --param everywhere, or stop the other worker first',
  });
}

/** @throws `conflict` when another worker takes the pipeline over too, and has the first place of those. */
export function roleOf(pipeline: string, own: Member, { place, userData }: GroupPlace): Role {
  const takers = userData.flatMap((data, at) => {
    const member = data && decodeMember(data);
    return member?.takesOver && member.fingerprint === own.fingerprint ? [at] : [];
  });
  if (!own.takesOver) return takers.length > 0 ? 'leave' : 'work';
  if (takers.some((at) => at < place)) {
    throw new StreamctlError('conflict', `another run is writing a snapshot of pipeline "${pipeline}"`, {
      hint: 'wait until it has ended',
    });
  }
  return userData.length > 1 ? 'wait' : 'work';
}
