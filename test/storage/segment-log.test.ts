import { describe, expect, it } from 'vitest';
import { numberFrame, offsetsIn } from '../support/number-frames.js';
import { SimFiles } from '../support/sim-files.js';
import { FOLDER, fill, openLog, readAll, upTo } from './log-fixture.js';

describe('a segmented log', () => {
  it('gives back what was appended, from any offset and in pieces of any size', async () => {
    const { log } = openLog(new SimFiles(), { segmentBytes: 250 });
    for (let i = 0; i < 60; i += 3) {
      const { bytes, frame } = numberFrame(i, 3, 10 + i);
      log.append([bytes.subarray(0, 7), bytes.subarray(7)], frame);
    }
    await log.durable();
    expect(log.segments.length).toBeGreaterThan(3);
    for (const maxBytes of [1, 90, 300, 5000]) {
      expect(readAll(log, maxBytes)).toEqual(upTo(20).map((n) => n * 3));
      for (let from = 0; from < 60; from++) {
        const slice = log.read(from, maxBytes, log.end, true);
        expect(offsetsIn(slice.bytes)[0]).toBe(from - (from % 3));
      }
    }
  });

  it('reads nothing at the limit, and no frame that does not fit unless one is wanted', () => {
    const { log } = openLog(new SimFiles());
    fill(log, 10);
    expect(log.read(4, 1000, 4, true)).toMatchObject({ next: 4 });
    expect(offsetsIn(log.read(4, 1000, 6, true).bytes)).toEqual([4, 5]);
    expect(log.read(4, 10, 10, false).bytes).toHaveLength(0);
    expect(offsetsIn(log.read(4, 10, 10, true).bytes)).toEqual([4]);
    expect(log.read(10, 1000, 10, true).bytes).toHaveLength(0);
  });

  it('finds the frame to begin with for a time', () => {
    const { log } = openLog(new SimFiles(), { segmentBytes: 40_000 });
    fill(log, 3000, 60);
    for (const offset of [0, 1, 500, 1234, 2999]) {
      const found = log.offsetBefore(offset * 1000);
      expect(found).toBeLessThanOrEqual(offset);
      expect(found).toBeGreaterThan(offset - 400);
    }
    expect(log.offsetBefore(3_000_000)).toBe(3000);
  });

  it('walks frames across segments up to a limit', () => {
    const { log } = openLog(new SimFiles(), { segmentBytes: 300 });
    fill(log, 20);
    const seen: number[] = [];
    log.walk(3, 17, (_bytes, _at, frame) => {
      seen.push(frame.first);
      return undefined;
    });
    expect(seen).toEqual(upTo(17).slice(3));
    seen.length = 0;
    log.walk(3, 17, (_bytes, _at, frame) => {
      seen.push(frame.first);
      return seen.length < 2;
    });
    expect(seen).toEqual([3, 4]);
  });

  it('tells what is durable only after the sync, once for all who wait', async () => {
    const files = new SimFiles();
    const { log, durable } = openLog(files);
    fill(log, 1);
    expect(log.durableEnd).toBe(0);
    const first = log.durable();
    fill(log, 2);
    const second = log.durable();
    expect(second).toBe(first);
    await first;
    expect(log.durableEnd).toBe(3);
    expect(durable).toEqual([3]);
  });

  it('drops whole segments before an offset and keeps the rest after a restart', async () => {
    const files = new SimFiles();
    const { log } = openLog(files, { segmentBytes: 300 });
    fill(log, 20);
    const third = log.segments[2]!.base;
    log.dropBefore(third + 1);
    expect(log.start).toBe(third);
    await log.close();
    const { log: again } = openLog(files, { segmentBytes: 300 });
    expect(readAll(again)).toEqual(upTo(20).slice(third));
  });

  it('needs no scan after a clean close', async () => {
    const files = new SimFiles();
    const { log } = openLog(files, { segmentBytes: 100_000 });
    fill(log, 2000);
    await log.close();
    const { log: again } = openLog(files, { segmentBytes: 100_000 });
    expect(again.repairs).toEqual([]);
    expect(readAll(again)).toEqual(upTo(2000));
    fill(again, 5);
    expect(readAll(again)).toEqual(upTo(2005));
  });

  it.each(['index', 'all indexes'])('rebuilds a lost %s', async (which) => {
    const files = new SimFiles();
    const { log } = openLog(files, { segmentBytes: 30_000 });
    fill(log, 2000);
    await log.close();
    const indexes = files.list(FOLDER).filter((name) => name.endsWith('.index'));
    expect(indexes.length).toBeGreaterThan(3);
    for (const name of which === 'index' ? indexes.slice(0, 1) : indexes) files.remove(`${FOLDER}/${name}`);
    const { log: again } = openLog(files, { segmentBytes: 30_000 });
    expect(readAll(again)).toEqual(upTo(2000));
    expect(again.offsetBefore(1_000_000)).toBeLessThanOrEqual(1000);
  });

  it('appends nothing when a write fails, and goes on afterwards', async () => {
    const files = new SimFiles();
    const { log } = openLog(files);
    fill(log, 3);
    await log.durable();
    files.faultAt(files.calls, 'fail');
    expect(() => fill(log, 1)).toThrow('made to fail');
    expect(log.end).toBe(3);
    fill(log, 2);
    await log.durable();
    expect(readAll(log)).toEqual(upTo(5));
  });

  it('is over when a sync fails: nobody is told that anything is durable', async () => {
    const files = new SimFiles();
    const { log, fatal, durable } = openLog(files);
    fill(log, 1);
    await log.durable();
    fill(log, 1);
    files.faultAt(files.calls, 'fail');
    let acknowledged = false;
    void log.durable().then(() => {
      acknowledged = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(fatal).toHaveLength(1);
    expect(acknowledged).toBe(false);
    expect(durable).toEqual([1]);
  });

  it('keeps every record when a call fails while a new file takes the place of old ones', async () => {
    let ended = 0;
    for (let call = 0, struck = true; struck; call++) {
      const files = new SimFiles();
      const { log, fatal } = openLog(files, { segmentBytes: 128 });
      fill(log, 7);
      await log.durable();
      const replacement = log.beginReplacement(log.segments.slice(0, 2));
      for (let offset = 0; offset < 4; offset++) {
        const { bytes, frame } = numberFrame(offset, 1, 40);
        replacement.append(bytes, frame);
      }
      files.faultAt(files.calls + call, 'fail');
      const failed = await log.finishReplacement(replacement).then(
        () => false,
        () => true,
      );
      ({ struck } = files);
      files.faultAt(-1, 'fail');
      if (failed) replacement.abandon();
      if (fatal.length > 0) ended++;
      else expect(readAll(log)).toEqual(upTo(7));
      expect(readAll(openLog(files.afterKill()).log)).toEqual(upTo(7));
    }
    expect(ended).toBeGreaterThan(5);
  });
});
