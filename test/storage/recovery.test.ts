import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../src/base/errors.js';
import { seededRandom } from '../../src/base/random.js';
import { encodeRecoveryPoint } from '../../src/storage/recovery-point.js';
import { SimFiles } from '../support/sim-files.js';
import { FOLDER, fill, openLog, readAll, upTo } from './log-fixture.js';

const LOG = `${FOLDER}/00000000000000000000.log`;
const FRAME_BYTES = 64;

/** A log of ten frames, closed as kill -9 would. */
async function killed(policy: 'always' | 'never' = 'always', count = 10): Promise<SimFiles> {
  const files = new SimFiles();
  const { log } = openLog(files, { policy });
  fill(log, count);
  await log.durable();
  return files.afterKill();
}

function cut(files: SimFiles, size: number): void {
  const file = files.open(LOG, 'append');
  file.truncate(size);
  file.close();
}

/** Makes the recovery point say that nothing is known to be on the disk. */
function forgetPoint(files: SimFiles, policy: 'always' | 'never'): void {
  const file = files.open(`${FOLDER}/recovery-point`, 'append');
  file.write([encodeRecoveryPoint({ base: 0, position: 0, policy })], 0);
  file.close();
}

describe('recovery', () => {
  it('cuts a torn tail at every possible byte, and says so', async () => {
    for (let size = 0; size <= 10 * FRAME_BYTES; size++) {
      const files = await killed('never');
      cut(files, size);
      const { log } = openLog(files);
      const whole = Math.floor(size / FRAME_BYTES);
      expect(readAll(log)).toEqual(upTo(whole));
      const torn = size % FRAME_BYTES;
      expect(log.repairs.map(({ position, bytes }) => [position, bytes])).toEqual(
        torn === 0 ? [] : [[whole * FRAME_BYTES, torn]],
      );
      fill(log, 1);
      await log.durable();
      expect(readAll(log)).toEqual(upTo(whole + 1));
    }
  });

  it('refuses a log that ends before what was acknowledged, at every byte', async () => {
    for (let size = 0; size < 10 * FRAME_BYTES; size += 7) {
      const files = await killed();
      cut(files, size);
      expect(() => openLog(files)).toThrow(StreamctlError);
    }
  });

  it('detects every flipped bit of what was acknowledged, at the start or when it is read', async () => {
    for (const clean of [false, true]) {
      for (let byte = 0; byte < 10 * FRAME_BYTES; byte++) {
        const files = await killed();
        if (clean) await openLog(files).log.close();
        files.flipBit(LOG, byte, byte % 8);
        const read = (): number[] => readAll(openLog(files).log);
        expect(read, `byte ${byte}`).toThrow();
      }
    }
  });

  it('never gives wrong records for a flipped bit in a tail that nobody was told of', async () => {
    for (let byte = 0; byte < 10 * FRAME_BYTES; byte++) {
      const files = await killed();
      forgetPoint(files, 'always');
      files.flipBit(LOG, byte, byte % 8);
      const { log } = openLog(files);
      const whole = Math.floor(byte / FRAME_BYTES);
      expect(readAll(log)).toEqual(upTo(whole));
      expect(log.repairs[0]).toMatchObject({ position: whole * FRAME_BYTES, bytes: (10 - whole) * FRAME_BYTES });
    }
  });

  it('refuses damage with whole frames behind it when acknowledgements did not wait for the disk', async () => {
    const files = await killed('never');
    files.flipBit(LOG, 3 * FRAME_BYTES + 30, 2);
    expect(() => openLog(files, { policy: 'never' })).toThrow(/damaged at byte 192/);
  });

  it('keeps what is whole and sets the rest aside when it is told to repair', async () => {
    const files = await killed();
    files.flipBit(LOG, 3 * FRAME_BYTES + 30, 2);
    const { log } = openLog(files, { repair: true });
    expect(readAll(log)).toEqual([0, 1, 2]);
    expect(log.repairs[0]).toMatchObject({ position: 192, bytes: 448, damage: 'checksum' });
    expect(files.readFile(log.repairs[0]!.kept!)).toHaveLength(448);
    fill(log, 1);
    await log.durable();
    const { log: again } = openLog(files.afterKill());
    expect(readAll(again)).toEqual([0, 1, 2, 3]);
  });

  it('starts again after a repair, also when nothing was written since', async () => {
    const files = await killed();
    cut(files, 100);
    openLog(files, { repair: true });
    expect(readAll(openLog(files.afterKill()).log)).toEqual(upTo(1));
  });

  it('begins where segments were dropped, whichever of them a power loss brings back', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const files = new SimFiles();
      files.makeFolder('/data');
      files.syncFolder('/');
      const { log } = openLog(files, { segmentBytes: 2 * FRAME_BYTES });
      fill(log, 10);
      await log.durable();
      log.dropBefore(seed % 2 === 0 ? 4 : 2);
      log.dropBefore(7);
      const { log: after } = openLog(files.afterPowerLoss(seededRandom(seed)));
      expect(readAll(after)).toEqual([6, 7, 8, 9]);
    }
  });

  it('refuses when a segment is missing, and sets the later ones aside on repair', async () => {
    const files = new SimFiles();
    const { log } = openLog(files, { segmentBytes: 200 });
    fill(log, 12);
    await log.durable();
    const second = log.segments[1]!;
    const after = files.afterKill();
    after.remove(second.path);
    expect(() => openLog(after)).toThrow(/misses records/);
    const { log: repaired } = openLog(after, { repair: true });
    expect(readAll(repaired)).toEqual(upTo(second.base));
    expect(after.list(FOLDER).filter((name) => name.includes('damaged')).length).toBeGreaterThan(0);
  });

  it('refuses when the newest segment is gone', async () => {
    const files = new SimFiles();
    const { log } = openLog(files, { segmentBytes: 200 });
    fill(log, 12);
    await log.durable();
    const newest = log.segments.at(-1)!.path;
    const after = files.afterKill();
    after.remove(newest);
    expect(() => openLog(after)).toThrow(/lost its newest segment/);
  });
});
