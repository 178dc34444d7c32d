import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../../src/base/errors.js';
import { endEvent } from '../../../src/ui/output/envelope.js';
import { formatError } from '../../../src/ui/output/error-text.js';
import { formatOutcome } from '../../../src/ui/output/format.js';
import { stringifyJson } from '../../../src/ui/output/json.js';
import { openProgress } from '../../../src/ui/output/progress.js';
import type { OutputMode, View } from '../../../src/ui/output/view.js';
import { viewText, viewTsv } from '../../../src/ui/output/view-text.js';
import { sayIn } from '../../../src/ui/text/say.js';
import { detectStyle, PLAIN_STYLE, type Style } from '../../../src/ui/text/style.js';
import { textWidth } from '../../../src/ui/text/width.js';
import { SimClock } from '../../support/sim-clock.js';

const view: View = {
  kind: 'table',
  columns: [{ key: 'topic' }, { key: 'partitions' }, { key: 'state' }, { key: 'note', wide: true }],
  rows: [
    ['cars', 3, { value: 'ready', tone: 'good' }, 'first\tone'],
    ['日本', null, { value: 'failed', tone: 'bad', text: 'FAILED' }, undefined],
  ],
};
const terminal: Style = { color: 4, unicode: true, terminal: true, columns: 60, rows: 24 };
const result = [
  { topic: 'cars', size: 9007199254740993n },
  { topic: 'x', size: Number.NaN },
];

async function text(mode: OutputMode, style = PLAIN_STYLE): Promise<string> {
  return (await formatOutcome('topics.list', { result, view }, mode, style)).stdout;
}

describe('stringifyJson', () => {
  it("is the language's own JSON where that can say it, with or without indentation", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        expect(JSON.parse(stringifyJson(value, indent))).toEqual(JSON.parse(JSON.stringify(value)));
        if (indent === 0) expect(stringifyJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('keeps big integers and the order of maps, and leaves out what is no data', () => {
    const value = {
      big: 2n ** 64n,
      map: new Map([
        ['2', [1n]],
        ['1', [undefined]],
      ]),
      none: undefined,
      at: new Date(0),
    };
    const expected = '{"big":18446744073709551616,"map":{"2":[1],"1":[null]},"at":"1970-01-01T00:00:00.000Z"}';
    expect(stringifyJson(value)).toBe(expected);
    expect(stringifyJson(value, 2).replaceAll(/\s/g, '')).toBe(expected);
  });
});

describe('formatOutcome', () => {
  it('writes every mode', async () => {
    expect(await text('text')).toBe('TOPIC  PARTITIONS  STATE\ncars            3  ready\n日本            -  FAILED\n');
    expect(await text('wide')).toContain('NOTE\n');
    expect(await text('tsv')).toBe('topic\tpartitions\tstate\tnote\ncars\t3\tready\tfirst\\tone\n日本\t\tfailed\t\n');
    expect(await text('ndjson')).toBe('{"topic":"cars","size":9007199254740993}\n{"topic":"x","size":null}\n');
    expect(await text('json')).toBe(
      '{"command":"topics.list","schemaVersion":1,"ok":true,"result":[{"topic":"cars","size":9007199254740993},{"topic":"x","size":null}],"error":null}\n',
    );
    expect(await text('yaml')).toContain('    size: 9007199254740993\n');
  });

  it('draws tables on terminals, never wider than these', async () => {
    const drawn = await text('text', terminal);
    expect(drawn).toContain('│');
    expect(drawn).toContain('\u001b[31mFAILED\u001b[39m');
    const long: View = { kind: 'table', columns: [{ key: 'a' }, { key: 'b' }], rows: [['x'.repeat(200), 'short']] };
    for (const columns of [40, 60, 80]) {
      const plain = await viewText(long, { ...terminal, color: 0, columns }, false);
      for (const line of plain.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('says why a table is empty beside the data, and gives errors to machines', async () => {
    const empty: View = { kind: 'table', columns: [{ key: 'a' }], rows: [], empty: 'no topics' };
    expect(await formatOutcome('x', { view: empty }, 'text', PLAIN_STYLE)).toEqual({
      stdout: '',
      stderr: 'no topics\n',
    });
    const error = new StreamctlError('partial', 'one failed');
    const { stdout } = await formatOutcome('x', { result: 1 }, 'json', PLAIN_STYLE, error);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, result: 1, error: { code: 'partial', exit: 6 } });
  });

  it('lets no data steer the terminal', async () => {
    const hostile: View = { kind: 'table', columns: [{ key: 'a' }], rows: [['\u001b[2Jgone']] };
    expect(await viewText(hostile, PLAIN_STYLE, false)).not.toContain('\u001b');
  });

  it('writes details, lines and sections', async () => {
    const details: View = {
      kind: 'details',
      entries: [
        ['name', 'cars'],
        ['rows', 3],
      ],
    };
    const sections: View = {
      kind: 'sections',
      sections: [{ title: 'One', view: details }, { view: { kind: 'lines', lines: ['x'] } }],
    };
    expect(await viewText(sections, PLAIN_STYLE, false)).toBe('One\nname:  cars\nrows:  3\n\nx\n');
    expect(viewTsv(details)).toBe('name\tcars\nrows\t3\n');
  });
});

describe('formatError', () => {
  it('shows message, detail and hint', () => {
    const error = new StreamctlError('not-found', 'topic "velib-projet" does not exist', {
      detail: 'broker 127.0.0.1:9092 knows 3 topics: water-quality, cars, news.',
      hint: 'streamctl topics create velib-projet --partitions 1',
    });
    expect(formatError(error)).toBe(
      [
        'error: topic "velib-projet" does not exist',
        '  detail: broker 127.0.0.1:9092 knows 3 topics: water-quality, cars, news.',
        '  hint:   streamctl topics create velib-projet --partitions 1',
        '',
      ].join('\n'),
    );
  });

  it('brings a stack for mistakes of ours only', () => {
    expect(formatError(new StreamctlError('usage', 'no'))).not.toContain(' at ');
    expect(formatError(new TypeError('x is undefined'))).toMatch(/report it[\s\S]* at /);
    const details = new StreamctlError('usage', 'no', { detail: 'a\nb', hint: 'c' });
    expect(formatError(details, { color: 0 }, sayIn('fr'))).toBe(
      'erreur : no\n  détail :  a\n            b\n  conseil : c\n',
    );
    expect(formatError('thrown text')).toContain('error: thrown text');
  });
});

describe('endEvent', () => {
  it('closes a stream with exit and reason', () => {
    expect(stringifyJson(endEvent('eof', {}, { rows: 3 }))).toBe(
      '{"type":"end","ok":true,"exit":0,"reason":"eof","rows":3}',
    );
    const error = new StreamctlError('broker-unreachable', 'gone');
    expect(endEvent('error', { error })).toMatchObject({ ok: false, exit: 3, error: { code: 'broker-unreachable' } });
  });
});

describe('detectStyle', () => {
  const tty = { isTTY: true, columns: 100, rows: 30 };

  it('obeys NO_COLOR, --color, TERM and the locale', () => {
    expect(detectStyle(tty, { TERM: 'xterm-256color' })).toEqual({
      color: 8,
      unicode: true,
      terminal: true,
      columns: 100,
      rows: 30,
    });
    expect(detectStyle(tty, { COLORTERM: 'truecolor', NO_COLOR: '1' }).color).toBe(0);
    expect(detectStyle(tty, { COLORTERM: 'truecolor', NO_COLOR: '1' }, 'always').color).toBe(24);
    expect(detectStyle(tty, { COLORTERM: 'truecolor' }, 'never').color).toBe(0);
    expect(detectStyle({}, { COLORTERM: 'truecolor' }).color).toBe(0);
    expect(detectStyle({}, {}, 'always').color).toBe(4);
    expect(detectStyle(tty, { TERM: 'dumb' })).toMatchObject({ color: 0, unicode: false });
    expect(detectStyle(tty, { LANG: 'C' }).unicode).toBe(false);
    expect(detectStyle(tty, { LANG: 'C', LC_ALL: 'en_GB.UTF-8' }).unicode).toBe(true);
    expect(detectStyle({}, { LANG: 'C' }).unicode).toBe(true);
    expect(detectStyle({ isTTY: true }, {})).toMatchObject({ columns: 80, rows: 24 });
  });
});

describe('openProgress', () => {
  it('rewrites one line, at most ten times a second, and takes it away', () => {
    const clock = new SimClock();
    const written: string[] = [];
    const style = { ...terminal, color: 0, columns: 80 } as const;
    const progress = openProgress({ clock, write: (line) => void written.push(line), style, unit: 'rows' });
    progress.update({ done: 0, total: 1000 });
    clock.jump(50);
    progress.update({ done: 10, total: 1000 });
    clock.jump(950);
    progress.update({ done: 250, total: 1000, note: 'lot 3' });
    expect(written).toHaveLength(2);
    expect(written[1]).toBe(
      '\r██████··················· 25%  250/1,000 rows  250 rows/s  3s left  lot 3\u001b[K'.replace(
        '···················',
        '··················',
      ),
    );
    progress.close();
    expect(written.at(-1)).toBe('\r\u001b[K');
    progress.update({ done: 999, total: 1000 });
    expect(written).toHaveLength(3);
  });

  it('stays silent where no terminal is', () => {
    const written: string[] = [];
    const progress = openProgress({
      clock: new SimClock(),
      write: (line) => void written.push(line),
      style: PLAIN_STYLE,
      unit: 'rows',
    });
    progress.update({ done: 1 });
    progress.close();
    expect(written).toEqual([]);
  });
});
