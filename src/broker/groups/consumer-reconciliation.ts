import type { ConsumerMember, PartitionKey } from './consumer-state.js';

/**
 * One step of a member towards its target: first it gives up what it shall not have, then it is given what nobody else
 * has any more. So at no time do two members own the same partition.
 *
 * @param owned what the member says it owns; undefined when it does not say.
 * @param isTaken whether another member still has a partition, or is giving it up.
 * @returns the same object when nothing changes.
 * @see KIP-848 (rebalance process)
 */
export function reconcile(
  member: ConsumerMember,
  targetEpoch: number,
  owned: ReadonlySet<PartitionKey> | undefined,
  isTaken: (key: PartitionKey) => boolean,
): ConsumerMember {
  if (member.status === 'Stable' && member.epoch === targetEpoch) return member;
  // Until it says that it gave them up, it has them.
  const stillOwns = (keys: readonly PartitionKey[]): boolean =>
    owned === undefined || keys.some((key) => owned.has(key));
  if (member.status === 'Revoking' && stillOwns(member.revoking)) return member;

  const target = new Set(member.target);
  const kept = member.assigned.filter((key) => target.has(key));
  const dropped = member.assigned.filter((key) => !target.has(key));
  if (dropped.length > 0 && stillOwns(dropped)) {
    // Having given up earlier partitions is progress of one epoch, so that a late heartbeat cannot be taken for a new one.
    const epoch = member.status === 'Revoking' ? member.epoch + 1 : member.epoch;
    return moved(member, epoch, { status: 'Revoking', assigned: kept, revoking: dropped });
  }
  const has = new Set(kept);
  const wanted = member.target.filter((key) => !has.has(key));
  const free = wanted.filter((key) => !isTaken(key));
  const status = free.length < wanted.length ? 'Waiting' : 'Stable';
  if (status === 'Waiting' && free.length === 0 && dropped.length === 0 && isAsBefore(member, targetEpoch))
    return member;
  return moved(member, targetEpoch, { status, assigned: [...kept, ...free], revoking: [] });
}

function isAsBefore(member: ConsumerMember, targetEpoch: number): boolean {
  return member.status === 'Waiting' && member.epoch === targetEpoch;
}

function moved(
  member: ConsumerMember,
  epoch: number,
  change: Pick<ConsumerMember, 'status' | 'assigned' | 'revoking'>,
): ConsumerMember {
  const previousEpoch = epoch === member.epoch ? member.previousEpoch : member.epoch;
  return { ...member, ...change, epoch, previousEpoch };
}
