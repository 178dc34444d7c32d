// Behavior:
// * A member of a group, or anybody while the group has no members, notes how far it has read.
// * Durable when it is answered; each partition has its own error code.
//
// Version notes:
// * 2-4 may bring a retention time of their own
// * 7 adds the instance id
// * from 9 on the generation may be a member epoch (KIP-848) and an unknown group is GROUP_ID_NOT_FOUND
// * from 10 on topics have ids in place of names

import { offsetCommitApi } from '../../wire/apis/08-offset-commit.js';
import { defineHandler } from '../handler.js';

/** Answers OffsetCommit. */
export const offsetCommitHandler = defineHandler(offsetCommitApi, ({ broker, version }, request) =>
  broker.groups.offsets.commit(request, version),
);
