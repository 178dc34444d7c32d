import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, utf8 } from '../../src/base/bytes.js';
import { crc32c } from '../../src/base/crc32c.js';
import { seededRandom } from '../../src/base/random.js';
import { decodeStateFile, encodeStateFile, putFile } from '../../src/run/state-file.js';
import { SimFiles } from '../support/sim-files.js';

const state = utf8('the state of a pipeline, with a\nline break');
const header = { streamctl: 'local-state', version: 1, bytes: state.length, crc: crc32c(state), name: 'été' };

function file(change: Partial<typeof header> = {}): Uint8Array {
  return concatBytes(encodeStateFile({ header: { ...header, ...change }, state }));
}

describe('a file of a state', () => {
  it('gives back header and state', () => {
    const decoded = decodeStateFile<typeof header>(file(), 'local-state', 1);
    if ('problem' in decoded) throw new Error(decoded.problem);
    expect(decoded.header).toEqual(header);
    expect(equalBytes(decoded.state, state)).toBe(true);
  });

  it.each([
    ['of another kind', file({ streamctl: 'snapshot' }), 'it is no local-state'],
    ['of another version', file({ version: 2 }), 'it is of version 2, this is 1'],
    ['cut', file().subarray(0, -3), '3 bytes are missing at its end'],
    ['longer', concatBytes([file(), utf8('x')]), 'its bytes are damaged'],
    ['empty', new Uint8Array(0), 'it has no header, or a damaged one'],
    ['something else', utf8('{"a":1}\nb'), 'it has no header, or a damaged one'],
  ])('says what is wrong with one that is %s', (_, bytes, problem) => {
    expect(decodeStateFile(bytes, 'local-state', 1)).toEqual({ problem });
  });

  it('finds every flipped bit and every cut', () => {
    const good = file();
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = bad[bit >> 3]! ^ (1 << (bit & 7));
      expect(decodeStateFile(bad, 'local-state', 1)).toHaveProperty('problem');
    }
    for (let length = 0; length < good.length; length++)
      expect(decodeStateFile(good.subarray(0, length), 'local-state', 1)).toHaveProperty('problem');
  });
});

describe('a file that is put in the place of another', () => {
  const old = utf8('old');
  const chunks = [utf8('new '), new Uint8Array(5_000).fill(7)];

  async function prepared(): Promise<SimFiles> {
    const files = new SimFiles();
    files.makeFolder('/state');
    files.syncFolder('/');
    await putFile(files, '/state/a', '/state/a.next', [old]);
    return files;
  }

  it.each(['fail', 'power-loss'] as const)('is old or new whatever call meets a %s', async (fault) => {
    for (let call = 0; ; call++) {
      const files = await prepared();
      files.faultAt(files.calls + call, fault);
      const failed = await putFile(files, '/state/a', '/state/a.next', chunks).then(
        () => false,
        () => true,
      );
      if (!failed) break;
      const after = fault === 'fail' ? files.afterKill() : files.afterPowerLoss(seededRandom(call));
      const found = after.readFile('/state/a');
      expect(equalBytes(found, old) || equalBytes(found, concatBytes(chunks))).toBe(true);
      if (fault === 'fail') expect(after.exists('/state/a.next')).toBe(false);
    }
  });
});
