import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failuresOf, playOne } from '../support/test-cases.js';

/** A file with one case of these steps; settings are lines in front of them. */
function oneCase(steps: string, settings = ''): string {
  return `pipeline: shops\ncases:\n  - name: one\n${settings}    steps:\n${steps.replace(/^/gm, '      ')}`;
}

const minute = '2024-03-01T10:';
const row = (id: string, time: string, amount: number, shop = 'north'): string =>
  `{ id: ${id}, shop: ${shop}, at: "${minute}${time}Z", amount: ${amount} }`;
const feed = (...rows: readonly string[]): string => `- feed: orders\n  rows: [${rows.join(', ')}]\n`;
const totals = (...rows: readonly string[]): string =>
  `- expect: minutes\n  columns: [window_start, shop, total]\n  rows: [${rows.join(', ')}]\n`;
const total = (start: string, amount: number, shop = 'north'): string =>
  `{ window_start: "${minute}${start}Z", shop: ${shop}, total: ${amount} }`;
const two = feed(row('a', '00:05', 1), row('b', '00:50', 2), row('c', '01:02', 4), row('d', '01:40', 8));

describe('a case that holds', () => {
  it('is played as written and for each seed, over 1, 2 and 3 partitions', async () => {
    const result = await playOne(oneCase(`${two}- end\n${totals(total('00:00', 3), total('01:00', 12))}`));
    expect(failuresOf(result)).toEqual([]);
    expect(result.runs).toBe(12);
  });

  it('is played as it says itself', async () => {
    const steps = `${two}- end\n${totals(total('00:00', 3), total('01:00', 12))}`;
    expect((await playOne(oneCase(steps, '    partitions: [2]\n'))).runs).toBe(4);
    expect((await playOne(oneCase(steps, '    orders: as-written\n    crashes: false\n'))).runs).toBe(3);
    const own = steps.replace('feed: orders\n', 'feed: orders\n  partition: 1\n');
    expect(failuresOf(await playOne(oneCase(own)))).toEqual([]);
    expect((await playOne(oneCase(own))).runs).toBe(4);
  });

  it('sees windows close in the middle, over any number of partitions', async () => {
    const steps = `${two}${totals(total('00:00', 3))}- expect watermark: ${minute}01:30Z\n- end\n${totals(total('01:00', 12))}`;
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });

  it('sees late rows, once each, over any number of partitions', async () => {
    const steps =
      feed(row('a', '05:00', 1), row('b', '03:00', 2), row('c', '05:01', 4), row('d', '01:00', 8)) +
      '- expect late: [{ id: b }, { id: d, amount: 8 }]\n- end\n' +
      totals(total('05:00', 5));
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });

  it('sees what is rejected, with the bytes of the record and a part of the reason', async () => {
    const steps =
      `- feed: orders\n  rows: ['{"id": "a", "amount": NaN}', 'plainly wrong', { at: never }, { at: null }]\n` +
      '- expect rejected:\n    - { reason: not JSON, row: \'{"id": "a", "amount": NaN}\' }\n' +
      '    - { row: plainly wrong }\n    - { reason: is not a time, row: { at: never } }\n    - { reason: event time }\n' +
      '- end\n- expect nothing\n';
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });

  it('lets time pass: silent partitions close windows, and only after their timeout', async () => {
    const steps =
      feed(row('a', '00:05', 1)) +
      `- advance: 29999ms\n- expect nothing: minutes\n- advance: 1ms\n${totals(total('00:00', 1))}` +
      `${feed(row('b', '01:05', 2))}- idle\n- expect: minutes\n  reason: idle\n  match: contains\n  rows: [{ total: 2 }]\n`;
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });

  it('tells the state of a sink whose rows take the place of others', async () => {
    const steps =
      feed(row('a', '00:05', 1), row('b', '00:50', 2), row('c', '00:20', 4, 'south'), row('d', '00:49', 8)) +
      '- end\n- expect state: newest\n  columns: [shop, id]\n  rows: [{ shop: north, id: b }, { shop: south, id: c }]\n' +
      '- expect: newest\n  match: exact\n  columns: [id]\n  rows: [{ id: a }, { id: c }, { id: b }]\n';
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });

  it('compares doubles within 1e-9, relative', async () => {
    const steps = (expected: number): string =>
      `${feed(row('a', '00:05', 0.1), row('b', '00:06', 0.2))}- end\n${totals(total('00:00', expected))}`;
    expect(failuresOf(await playOne(oneCase(steps(0.3))))).toEqual([]);
    expect(failuresOf(await playOne(oneCase(steps(0.3000001))))).not.toEqual([]);
  });

  it('rejects rows too far ahead of its clock when it has one', async () => {
    const steps = `${feed(row('a', '00:05', 1))}- end\n`;
    expect(failuresOf(await playOne(oneCase(steps, '    now: 2024-03-01\n')))).toEqual([]);
    const [, line] = failuresOf(await playOne(oneCase(steps, '    now: 2024-02-01\n')));
    expect(line).toContain('ahead of the clock');
  });

  it('gives a table other rows', async () => {
    const steps =
      '- table: names\n  rows: [{ shop: north, name: N }]\n' +
      feed(row('a', '00:05', 1)) +
      '- table: names\n  rows: [{ shop: north, name: M }]\n- checkpoint\n' +
      feed(row('b', '00:06', 2)) +
      '- crash\n- expect: out\n  columns: [id, name]\n  rows: [{ id: a, name: N }, { id: b, name: M }]\n';
    const text = oneCase(steps, '    orders: as-written\n').replace('pipeline: shops', 'pipeline: named');
    expect(failuresOf(await playOne(text))).toEqual([]);
  });
});

describe('a case that does not hold', () => {
  it('shows rows that differ side by side, the others as missing and as too many', async () => {
    const wrong = totals(total('00:00', 4), total('07:00', 1));
    expect(
      failuresOf(
        await playOne(
          oneCase(
            `${two}- end\n${wrong.replace('[window_start, shop, total]', '[window_start, window_end, shop, total]')}`,
          ),
        ),
      ),
    ).toEqual([
      '8 expect: minutes: 2 rows missing, 2 rows too many',
      '- { window_start: 2024-03-01T10:00:00Z, shop: north, total: 4 }',
      '- { window_start: 2024-03-01T10:07:00Z, shop: north, total: 1 }',
      '+ { window_start: 2024-03-01T10:00:00Z, window_end: 2024-03-01T10:01:00Z, shop: north, total: 3 }',
      '+ { window_start: 2024-03-01T10:01:00Z, window_end: 2024-03-01T10:02:00Z, shop: north, total: 12 }',
    ]);
    const state = '- expect state: newest\n  columns: [shop, id]\n  rows: [{ shop: north, id: x }]\n';
    expect(failuresOf(await playOne(oneCase(`${two}${state}`)))).toEqual([
      '7 expect state: newest: 1 row other than expected',
      '  { shop: north }',
      '-   id: x',
      '+   id: c',
    ]);
  });

  it('names rows that nobody looked at', async () => {
    const steps = `${two}${totals(total('00:00', 3))}- feed: orders\n  rows: [oops]\n- end\n`;
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([
      '7 expect: minutes: 1 row came out after the last look',
      '+ minutes: { window_start: 2024-03-01T10:01:00Z, window_end: 2024-03-01T10:02:00Z, shop: north, total: 12 }',
      '3 expect rejected: 1 row was rejected, and no step expects that',
      expect.stringContaining('+ oops: not JSON'),
    ]);
  });

  it.each([
    ['- expect nothing\n', 'expect nothing: 4 rows came out'],
    ['- expect watermark: none\n', 'expect watermark: the watermark is another'],
    ['- expect late: [{ id: a }]\n', 'expect late: 1 row missing'],
    ['- expect rejected: [{ reason: x }]\n', 'expect rejected: 1 row missing'],
    ['- expect: minutes\n  reason: eof\n  match: contains\n  rows: []\n', 'the rows came out for another reason'],
    ['- expect: newest\n  match: exact\n  columns: [id]\n  rows: [{ id: b }, { id: a }, { id: c }]\n', 'another order'],
    ['- expect: minutes\n  match: contains\n  rows: [{ total: 5 }]\n', 'expect: minutes: 1 row missing'],
  ])('%j', async (steps, expected) => {
    expect(failuresOf(await playOne(oneCase(`${two}${steps}`))).join('\n')).toContain(expected);
  });

  it('finds that the lateness of a pipeline is too small for its rows, and names the way', async () => {
    const rows = feed(row('a', '00:05', 1), row('b', '00:50', 2), row('c', '01:15', 4), row('d', '01:40', 8));
    const steps = `${rows}- end\n${totals(total('00:00', 3), total('01:00', 12))}`;
    const result = await playOne(oneCase(steps, '    disorder: 30s\n'));
    expect(result.variant).toMatchObject({ partitions: 1 });
    expect(failuresOf(result)[0]).toContain('1 other row is late; minutes: 1 row other than expected');
    expect(failuresOf(result)).toContain('+ late: { id: b, shop: north, at: 2024-03-01T10:00:50Z, amount: 2 }');
    const again = await playOne(oneCase(steps, '    disorder: 30s\n'), {
      seeds: [result.variant!.seed],
      partitions: [result.variant!.partitions],
    });
    expect(failuresOf(again)).toEqual(failuresOf(result));
  });
});

describe('a crash', () => {
  const rows = fc.array(
    fc.record({
      second: fc.integer({ min: 0, max: 170 }),
      shop: fc.constantFrom('a', 'b'),
      amount: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 25 },
  );

  it('anywhere, after a checkpoint anywhere, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        async (all, first, second, partitions) => {
          const at = [first % (all.length + 1), second % (all.length + 1)].sort((a, b) => a - b);
          const steps = all.map(({ second: time, shop, amount }, index) => {
            const text = `${String(Math.floor(time / 60)).padStart(2, '0')}:${String(time % 60).padStart(2, '0')}`;
            return feed(row(`r${index}`, text, amount, shop));
          });
          const looks = '- expect: minutes\n- expect state: newest\n- expect late:\n';
          const whole = oneCase(`${steps.join('')}${looks}- end\n${looks}`, '    orders: as-written\n');
          const crashed = [
            ...steps.slice(0, at[0]),
            '- checkpoint\n',
            ...steps.slice(at[0], at[1]),
            '- crash\n',
            ...steps.slice(at[1]),
          ];
          const torn = oneCase(`${crashed.join('')}${looks}- end\n${looks}`, '    orders: as-written\n');
          const options = { seeds: [], partitions: [partitions] };
          const seen = async (text: string): Promise<unknown> => {
            const { received, failures } = await playOne(text, options);
            expect(failures.filter(({ step }) => step === 'crash')).toEqual([]);
            return received.map(({ rows: out, watermarkMs }) => ({
              watermarkMs,
              out: out.map(({ values }) => values),
            }));
          };
          expect(await seen(torn)).toEqual(await seen(whole));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('without a checkpoint goes back half way, and to the beginning where nothing was fed', async () => {
    const steps = `- crash\n${two}- crash\n- crash\n- end\n${totals(total('00:00', 3), total('01:00', 12))}`;
    expect(failuresOf(await playOne(oneCase(steps)))).toEqual([]);
  });
});
