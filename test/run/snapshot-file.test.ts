import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { type PipelineSnapshot, readSnapshot, writeSnapshot } from '../../src/run/snapshot-file.js';
import { SimFiles } from '../support/sim-files.js';

const PATH = '/out/trips.snapshot';
const snapshot: PipelineSnapshot = {
  pipeline: 'trips',
  plan: 'f00d',
  madeAtMs: 1_700_000_000_000,
  positions: [{ topic: 'trips-in', partition: 2, offset: 42 }],
  closedAtEof: true,
  state: utf8('state'),
};
let files: SimFiles;

beforeEach(() => {
  files = new SimFiles();
  files.makeFolder('/out');
});

describe('the file of a snapshot', () => {
  it('gives back what was written', async () => {
    const bytes = await writeSnapshot(files, PATH, snapshot);
    expect(bytes).toBe(files.stamp(PATH)!.sizeBytes);
    expect(readSnapshot(files, PATH)).toEqual(snapshot);
    expect(files.list('/out')).toEqual(['trips.snapshot']);
  });

  it('is not there at all when the disk is full', async () => {
    files.isFull = true;
    await expect(writeSnapshot(files, PATH, snapshot)).rejects.toMatchObject({ code: 'disk-failed' });
    expect(files.list('/out')).toEqual([]);
  });

  it('says what is wrong with one that cannot be used', async () => {
    expect(() => readSnapshot(files, PATH)).toThrow(/does not exist/);
    await writeSnapshot(files, PATH, snapshot);
    files.open(PATH, 'append').truncate(files.stamp(PATH)!.sizeBytes - 2);
    expect(() => readSnapshot(files, PATH)).toThrow(
      expect.objectContaining({ code: 'bad-data', detail: '2 bytes are missing at its end' }),
    );
    files.replaceFile(PATH, utf8('a,b\n1,2\n'));
    expect(() => readSnapshot(files, PATH)).toThrow(
      expect.objectContaining({ detail: 'it has no header, or a damaged one' }),
    );
  });
});
