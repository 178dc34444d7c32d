import { beforeEach, describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../src/base/bytes.js';
import { crc32c } from '../../src/base/crc32c.js';
import { seededRandom } from '../../src/base/random.js';
import type { LocalStateStatus } from '../../src/plan/snapshot.js';
import { LocalState, type LocalStatePlace } from '../../src/run/local-state.js';
import type { StateMark } from '../../src/run/state-topic.js';
import { SimClock } from '../support/sim-clock.js';
import { SimFiles } from '../support/sim-files.js';

const PLACE: LocalStatePlace = { folder: '/state/trips', pipeline: 'trips', plan: 'f00d', worker: 'm-0' };
const PATH = '/state/trips/state.state';

let files: SimFiles;
let clock: SimClock;
let notes: string[];
let status: LocalStateStatus | undefined;

beforeEach(() => {
  files = new SimFiles();
  clock = new SimClock();
  notes = [];
});

function open(place: Partial<LocalStatePlace> = {}): LocalState {
  return new LocalState(
    { files, clock },
    { ...PLACE, ...place },
    {
      note: (level, text) => notes.push(`${level}: ${text}`),
      status: (told) => {
        status = told;
      },
    },
  );
}

function markOf(state: Uint8Array, change: Partial<StateMark> = {}): StateMark {
  return { owner: 'state', slot: 0, offset: 7, chunks: 1, bytes: state.length, crc: crc32c(state), ...change };
}

const one = utf8('state one');
const two = utf8('state two, longer');

async function kept(state: Uint8Array, change: Partial<StateMark> = {}, place: Partial<LocalStatePlace> = {}) {
  const local = open(place);
  local.keep(markOf(state, change), state);
  await local.close();
}

describe('local state', () => {
  it('gives back the state of the committed mark', async () => {
    await kept(one);
    expect(equalBytes(open().read(markOf(one))!, one)).toBe(true);
    expect(notes).toEqual([`info: the state of the last checkpoint was read from ${PATH}`]);
    expect(status).toEqual({ folder: '/state/trips', written: 0, failures: 0 });
  });

  it('has nothing before the first checkpoint, and says nothing', () => {
    expect(open().read(markOf(one))).toBeUndefined();
    expect(notes).toEqual([]);
  });

  it('keeps states of several owners, whatever they are called', async () => {
    const local = open();
    local.keep(markOf(one, { owner: 'by city/0' }), one);
    local.keep(markOf(two, { owner: '../x/1' }), two);
    await local.close();
    expect(files.list('/state/trips')).toEqual(['..%2Fx%2F1.state', 'by%20city%2F0.state']);
    expect(equalBytes(open().read(markOf(two, { owner: '../x/1' }))!, two)).toBe(true);
    open().keepOnly('by city/0');
    expect(files.list('/state/trips')).toEqual(['by%20city%2F0.state']);
    open().forget();
    expect(files.list('/state/trips')).toEqual([]);
  });

  it.each<[string, Partial<StateMark>, Partial<LocalStatePlace>, string]>([
    ['another checkpoint', { offset: 6 }, {}, 'info: .* of another checkpoint'],
    ['another pipeline', {}, { pipeline: 'other' }, 'warning: .* of pipeline "other"'],
    ['another plan', {}, { plan: 'beef' }, 'warning: .* another plan or other parameters'],
  ])('removes one of %s', async (_, mark, place, said) => {
    await kept(one, mark, place);
    expect(open().read(markOf(one))).toBeUndefined();
    expect(notes.at(-1)).toMatch(new RegExp(`${said}.*; the state is read from its topic`));
    expect(files.exists(PATH)).toBe(false);
  });

  it('removes one that is damaged or cut', async () => {
    await kept(one);
    files.flipBit(PATH, files.stamp(PATH)!.sizeBytes - 1, 3);
    expect(open().read(markOf(one))).toBeUndefined();
    expect(notes.at(-1)).toMatch(/^warning: .*its bytes are damaged/);
    await kept(one);
    files.open(PATH, 'append').truncate(files.stamp(PATH)!.sizeBytes - 4);
    expect(open().read(markOf(one))).toBeUndefined();
    expect(notes.at(-1)).toMatch(/^warning: .*4 bytes are missing at its end/);
  });

  it('goes to the topic when the file cannot be read', async () => {
    await kept(one);
    const local = open();
    files.faultAt(files.calls, 'fail');
    expect(local.read(markOf(one))).toBeUndefined();
    expect(notes.at(-1)).toMatch(/^warning: .*it cannot be read \(made to fail/);
  });

  it('writes the newest of an owner while one is being written', async () => {
    const local = open();
    const states = Array.from({ length: 20 }, (_, at) => utf8(`state ${at}`));
    for (const [at, state] of states.entries()) local.keep(markOf(state, { offset: at }), state);
    await local.close();
    expect(status).toMatchObject({ written: 2, failures: 0 });
    expect(equalBytes(open().read(markOf(states[19]!, { offset: 19 }))!, states[19]!)).toBe(true);
  });

  it('says once that the disk is full, counts, tries again later, and says when it works again', async () => {
    await kept(one);
    const local = open();
    files.isFull = true;
    for (let at = 0; at < 3; at++) {
      local.keep(markOf(two, { offset: 10 + at }), two);
      await local.close();
      await clock.advance(31_000);
    }
    expect(status).toMatchObject({ written: 0, failures: 3, problem: expect.stringContaining('no space left') });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^warning: local state cannot be kept: no space left.*the run goes on/);
    // What was there before is whole, and old.
    expect(equalBytes(open().read(markOf(one))!, one)).toBe(true);
    files.isFull = false;
    local.keep(markOf(two, { offset: 20 }), two);
    await local.close();
    expect(notes.at(-1)).toBe('info: local state is kept again in /state/trips');
    expect(status).toEqual({ folder: '/state/trips', written: 1, failures: 3 });
    expect(equalBytes(open().read(markOf(two, { offset: 20 }))!, two)).toBe(true);
  });

  it('leaves a disk alone for a while after it failed', async () => {
    const local = open();
    files.isFull = true;
    local.keep(markOf(one), one);
    await local.close();
    files.isFull = false;
    local.keep(markOf(one), one);
    await local.close();
    expect(files.exists(PATH)).toBe(false);
    await clock.advance(31_000);
    local.keep(markOf(one), one);
    await local.close();
    expect(files.exists(PATH)).toBe(true);
  });

  it('removes what a worker of this name was writing when it died, and nothing of others', async () => {
    await kept(one);
    for (const worker of ['m-0', 'm-1']) files.open(`${PATH}.${worker}.next`, 'append').write([one], 0);
    open();
    expect(files.list('/state/trips')).toEqual(['state.state', 'state.state.m-1.next']);
  });

  it.each(['fail', 'power-loss'] as const)(
    'is the committed state or is not used, whatever call meets a %s',
    async (fault) => {
      for (let call = 0; ; call++) {
        files = new SimFiles();
        await kept(one, { offset: 1 });
        const local = open();
        const calls = files.calls + call;
        files.faultAt(calls, fault);
        local.keep(markOf(two, { offset: 2 }), two);
        await local.close();
        if (!files.struck) break;
        files = fault === 'fail' ? files.afterKill() : files.afterPowerLoss(seededRandom(call));
        const found = open().read(markOf(two, { offset: 2 }));
        expect(found === undefined || equalBytes(found, two)).toBe(true);
      }
    },
  );
});
