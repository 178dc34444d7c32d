import { describe, expect, it } from 'vitest';
import { encodeMember, type Member, requireSamePlan, roleOf } from '../../src/run/members.js';

const worker: Member = { fingerprint: 'f00d', takesOver: false };
const taker: Member = { fingerprint: 'f00d', takesOver: true };
const stranger: Member = { fingerprint: 'beef', takesOver: true };

function at(place: number, ...members: readonly (Member | null)[]) {
  return { place, userData: members.map((member) => member && encodeMember(member)) };
}

describe('what a worker does in an assignment', () => {
  it.each([
    ['works alone', worker, at(0, worker), 'work'],
    ['works with others', worker, at(1, worker, worker, null), 'work'],
    ['leaves when another one takes over', worker, at(0, worker, taker), 'leave'],
    ['does not leave for one with another plan', worker, at(0, worker, stranger), 'work'],
    ['takes over when it is alone', taker, at(0, taker), 'work'],
    ['waits until the others have left', taker, at(1, worker, taker), 'wait'],
    ['waits for others that take over too, when it came first', taker, at(0, taker, taker), 'wait'],
  ])('%s', (_, own, place, role) => {
    expect(roleOf('trips', own, place)).toBe(role);
  });

  it('ends when two take over, and the other one has the first place', () => {
    expect(() => roleOf('trips', taker, at(1, taker, taker))).toThrow(/another run is writing a snapshot/);
  });
});

describe('workers with different plans', () => {
  it('tell the one that came last to go, whether it takes over or not', () => {
    expect(() => requireSamePlan('trips', worker, at(0, worker, stranger), false)).toThrow(/runs a different plan/);
    expect(() => requireSamePlan('trips', stranger, at(1, worker, stranger), false)).toThrow(/runs a different plan/);
    expect(() => requireSamePlan('trips', worker, at(0, worker, stranger), true)).not.toThrow();
    expect(() => requireSamePlan('trips', worker, at(0, worker, taker, null), false)).not.toThrow();
  });
});
