import { errorCodes } from '../../wire/error-codes.js';
import { type ClassicMembers, protocolOf } from './classic-members.js';
import { type ClassicMember, type JoinAnswer, NO_BYTES, type SyncAnswer } from './group-types.js';

/** What answers tell about a generation. */
interface Generation {
  readonly generation: number;
  readonly protocolType: string | undefined;
  readonly protocol: string | null;
  readonly members: ClassicMembers;
}

/** The answer to a JoinGroup of this generation; the leader's lists all members. */
export function joinAnswer(group: Generation, member: ClassicMember): JoinAnswer {
  const leads = group.members.leader === member.id;
  return {
    errorCode: errorCodes.NONE,
    generationId: group.generation,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocol,
    leader: group.members.leader ?? '',
    skipAssignment: false,
    memberId: member.id,
    members: leads ? group.members.all().map((each) => described(each, group.protocol)) : [],
  };
}

function described(member: ClassicMember, protocol: string | null): JoinAnswer['members'][number] {
  const metadata = protocolOf(member, protocol)?.metadata ?? NO_BYTES;
  return { memberId: member.id, groupInstanceId: member.instanceId, metadata };
}

/** A JoinGroup that came to nothing; `memberId` is what the client goes on with. */
export function joinError(errorCode: number, memberId = ''): JoinAnswer {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

/** The part of one member. */
export function syncAnswer(group: Pick<Generation, 'protocolType' | 'protocol'>, member: ClassicMember): SyncAnswer {
  return {
    errorCode: errorCodes.NONE,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocol,
    assignment: member.assignment,
  };
}

/** A SyncGroup that came to nothing. */
export function syncError(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}
