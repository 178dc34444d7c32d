import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue, Schema, Value } from '../../src/base/row-batch.js';
import { jsonText } from '../../src/engine/functions/casts.js';
import { quoteText } from '../../src/plan/spelling.js';
import { evaluate } from '../support/evaluate.js';

const schema: Schema = [
  { name: 'a', type: 'timestamp' },
  { name: 'b', type: 'timestamp' },
  { name: 'n', type: 'bigint' },
  { name: 's', type: 'string' },
  { name: 'p', type: 'string' },
  { name: 'j', type: 'json' },
  { name: 'x', type: 'double' },
  { name: 'y', type: 'double' },
];
const value = (text: string, row: Record<string, Value>): Value => {
  const found = evaluate(text, schema, row);
  if (found.rejected !== undefined) throw new Error(found.rejected);
  return found.value;
};

const time = fc.integer({ min: Date.UTC(1905, 0, 1), max: Date.UTC(2095, 0, 1) });
const zone = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe');
const unit = fc.constantFrom('YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND');

/** Parts of what the clocks of a zone show, by the calendar of Intl. */
function parts(zoneName: string, ms: number): Record<string, number | string> {
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: zoneName,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return Object.fromEntries(
    formatter.formatToParts(ms).map(({ type, value: text }) => [type, /^\d+$/.test(text) ? Number(text) : text]),
  );
}

describe('times', () => {
  it('have the parts that the calendar has', () => {
    fc.assert(
      fc.property(time, zone, (a, name) => {
        const shown = parts(name, a);
        const wanted = [shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second];
        const fields = ['YEAR', 'MONTH', 'DAYOFMONTH', 'HOUR', 'MINUTE', 'SECOND'];
        expect(fields.map((field) => value(`${field}(a, '${name}')`, { a }))).toEqual(wanted);
        const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
        expect(value(`DAYOFWEEK(a, '${name}')`, { a })).toBe(days.indexOf(String(shown.weekday)) + 1);
        expect(value(`QUARTER(a, '${name}')`, { a })).toBe(Math.ceil(Number(shown.month) / 3));
      }),
      { numRuns: 200 },
    );
  });

  it('lie between the beginning and the end of their unit, which are its first moments', () => {
    fc.assert(
      fc.property(time, unit, (a, name) => {
        const floor = Number(value(`FLOOR(a TO ${name})`, { a }));
        const ceil = Number(value(`CEIL(a TO ${name})`, { a }));
        expect(floor).toBeLessThanOrEqual(a);
        expect(ceil).toBeGreaterThanOrEqual(a);
        expect(value(`CEIL(a TO ${name})`, { a: floor })).toBe(floor);
        expect(value(`FLOOR(a TO ${name})`, { a: ceil })).toBe(ceil);
        // The moment before belongs to another unit.
        expect(Number(value(`FLOOR(a TO ${name})`, { a: floor - 1 }))).toBeLessThan(floor);
        if (ceil !== floor) expect(value(`TIMESTAMPADD(${name}, 1, a)`, { a: floor })).toBe(ceil);
      }),
      { numRuns: 200 },
    );
  });

  it('begin their day at midnight of a zone, or when clocks have jumped over it', () => {
    fc.assert(
      fc.property(time, zone, (a, name) => {
        const start = Number(value(`FLOOR(a TO DAY, '${name}')`, { a }));
        expect(start).toBeLessThanOrEqual(a);
        expect(a - start).toBeLessThan(25 * 3_600_000);
        expect(parts(name, start).day).toBe(parts(name, a).day);
        expect(parts(name, start - 1).day).not.toBe(parts(name, a).day);
      }),
      { numRuns: 200 },
    );
  });

  it('differ by as many units as can be added without passing', () => {
    fc.assert(
      fc.property(time, time, fc.constantFrom('YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR'), (one, two, name) => {
        const [a, b] = [Math.min(one, two), Math.max(one, two)];
        const n = Number(value(`TIMESTAMPDIFF(${name}, a, b)`, { a, b }));
        expect(Number(value(`TIMESTAMPDIFF(${name}, b, a)`, { a, b })) + n).toBe(0);
        // The last days of a month are moved; away from them adding and counting agree.
        if (new Date(a).getUTCDate() > 28) return;
        expect(Number(value(`TIMESTAMPADD(${name}, n, a)`, { a, n }))).toBeLessThanOrEqual(b);
        expect(Number(value(`TIMESTAMPADD(${name}, n, a)`, { a, n: n + 1 }))).toBeGreaterThan(b);
      }),
      { numRuns: 200 },
    );
  });

  it('have the week of the year that ISO gives them', () => {
    fc.assert(
      fc.property(time, (a) => {
        // Go to the week's Thursday and count the Thursdays of its year.
        const thursday = new Date(a);
        thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
        let count = 0;
        for (let day = new Date(thursday); day.getUTCFullYear() === thursday.getUTCFullYear(); count++)
          day = new Date(day.getTime() - 7 * 86_400_000);
        expect(value('WEEK(a)', { a })).toBe(count);
      }),
      { numRuns: 100 },
    );
  });

  it('come back from their text, in any zone', () => {
    fc.assert(
      fc.property(time, zone, (a, name) => {
        const pattern = "'yyyy-MM-dd HH:mm:ss.SSS'";
        const back = Number(value(`TO_TIMESTAMP(DATE_FORMAT(a, ${pattern}, '${name}'), ${pattern}, '${name}')`, { a }));
        // An hour that comes twice is taken for the first one.
        expect([0, 1_800_000, 3_600_000, 7_200_000]).toContain(a - back);
        expect(value('TO_TIMESTAMP_LTZ(UNIX_TIMESTAMP(FROM_UNIXTIME(n)), 0)', { n: Math.floor(a / 1000) })).toBe(
          Math.floor(a / 1000) * 1000,
        );
      }),
      { numRuns: 200 },
    );
  });
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ',', '-', 'é', '😀', '1'), maxLength: 12 });

describe('texts', () => {
  it('are cut, filled and turned by characters', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: 15 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
        (s, n, p) => {
          const all = Array.from(s);
          expect(value('REVERSE(s)', { s })).toBe(all.toReversed().join(''));
          expect(value('LEFT(s, n)', { s, n })).toBe(all.filter((_, at) => at < n).join(''));
          expect(value('RIGHT(s, n)', { s, n })).toBe(all.filter((_, at) => at >= all.length - n).join(''));
          expect(value('REPEAT(s, n)', { s, n })).toBe(new Array(n).fill(s).join(''));
          const left = Array.from(value('LPAD(s, n, p)', { s, n, p }) as string);
          const right = Array.from(value('RPAD(s, n, p)', { s, n, p }) as string);
          expect([left.length, right.length]).toEqual([n, n]);
          const kept = all.slice(0, n).join('');
          expect(left.join('').endsWith(kept) && right.join('').startsWith(kept)).toBe(true);
          const filled = Array.from(p.repeat(n))
            .slice(0, Math.max(0, n - all.length))
            .join('');
          expect(left.join('')).toBe(filled + kept);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are split where they were joined', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,4}$/), { minLength: 1, maxLength: 5 }), fc.nat(6), (list, n) => {
        const s = list.join(', ');
        expect(value("SPLIT_INDEX(s, ', ', n)", { s, n })).toBe(s === '' ? null : (list[n] ?? null));
      }),
    );
  });

  it('are searched and replaced as JavaScript does it', () => {
    const pattern = fc.constantFrom('a', '[ab]+', 'b*', '(a|b)(.)', '\\d?', 'x|é', '^a', 'a$', '(?:ab)+?');
    fc.assert(
      fc.property(text, pattern, (s, p) => {
        const regex = new RegExp(p, 'u');
        expect(value('REGEXP(s, p)', { s, p })).toBe(regex.test(s));
        expect(value('REGEXP_EXTRACT(s, p)', { s, p })).toBe(regex.exec(s)?.[0] ?? null);
        expect(value("REGEXP_REPLACE(s, p, '$1#')", { s, p })).toBe(s.replace(new RegExp(p, 'gu'), () => '$1#'));
      }),
      { numRuns: 300 },
    );
  });
});

const json: fc.Arbitrary<JsonValue> = fc.letrec<{ tree: JsonValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, -1.5, 'x', '', 9_007_199_254_740_993n),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'first name', "it's", 'é'), tie('tree'), { noNullPrototype: true }),
  ),
})).tree;

/** Every path into a value with what it leads to. */
function everyPath(inside: JsonValue, path = '$'): [string, JsonValue][] {
  const here: [string, JsonValue][] = [[path, inside]];
  if (typeof inside !== 'object' || inside === null) return here;
  if (Array.isArray(inside))
    return [...here, ...inside.flatMap((item: JsonValue, at) => everyPath(item, `${path}[${at}]`))];
  return [
    ...here,
    ...Object.entries(inside).flatMap(([key, item]) => {
      const step = /^[a-z]+$/.test(key) ? `.${key}` : `['${key.replaceAll("'", "\\'")}']`;
      return everyPath(item as JsonValue, path + step);
    }),
  ];
}

describe('JSON', () => {
  it('gives at every path what is there, as value and as text', () => {
    fc.assert(
      fc.property(json, (tree) => {
        for (const [path, item] of everyPath(tree)) {
          const at = quoteText(path);
          const plain = typeof item !== 'object';
          // A text column holds the JSON text; a json column the value itself, where a text is JSON text too.
          const rows: [string, Record<string, Value>][] = [['s', { s: jsonText(tree) }]];
          if (typeof tree === 'object' && tree !== null) rows.push(['j', { j: tree }]);
          for (const [column, row] of rows) {
            expect(value(`JSON_VALUE(${column}, ${at})`, row)).toBe(
              plain ? (typeof item === 'string' ? item : jsonText(item)) : null,
            );
            const query = value(`JSON_QUERY(${column}, ${at})`, row);
            expect(query).toEqual(plain || item === null ? null : item);
            expect(value(`JSON_EXISTS(${column}, ${at})`, row)).toBe(item !== null);
            expect(value(`JSON_VALUE(${column}, ${quoteText(`${path}.nothing.here[9]`)})`, row)).toBe(null);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is read by dots and places', () => {
    const j = { user: { tags: ['x', 'y'], 'first name': 'Ada' }, total: 12.5 };
    expect(value('j.user.tags[1]', { j })).toBe('y');
    expect(value('j.user.`first name`', { j })).toBe('Ada');
    expect(value('CAST(j.total AS DOUBLE) * 2', { j })).toBe(25);
    expect(value("JSON_QUERY(j, '$.user.tags[*]')", { j })).toEqual(['x', 'y']);
    expect(value("JSON_VALUE(s, '$.a')", { s: '{"a":' })).toBe(null);
  });

  it('is no JSON where it is deeper than the codec takes, or never ends', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(value("JSON_EXISTS(s, '$[0]')", { s: nested(500) })).toBe(true);
    expect(value("CAST(JSON_QUERY(s, '$') AS STRING)", { s: nested(20_000) })).toBe(null);
    expect(value("JSON_EXISTS(s, '$.a')", { s: `{"a":"${'[\\"'.repeat(1_000)}"}` })).toBe(true);
    expect(value("JSON_VALUE(s, '$')", { s: `1234567890123456"${'\\"'.repeat(300_000)}` })).toBe(null);
  });
});

describe('distances', () => {
  it('are those over a sphere, by vectors', () => {
    const degrees = fc.record({
      x: fc.integer({ min: -900, max: 900 }).map((tenth) => tenth / 10),
      y: fc.integer({ min: -1800, max: 1800 }).map((tenth) => tenth / 10),
    });
    const vector = ({ x, y }: { x: number; y: number }): number[] => {
      const [lat, lon] = [(x * Math.PI) / 180, (y * Math.PI) / 180];
      return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
    };
    fc.assert(
      fc.property(degrees, degrees, (from, to) => {
        const [u, v] = [vector(from), vector(to)] as [number[], number[]];
        const cross = Math.hypot(
          u[1]! * v[2]! - u[2]! * v[1]!,
          u[2]! * v[0]! - u[0]! * v[2]!,
          u[0]! * v[1]! - u[1]! * v[0]!,
        );
        const dot = u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!;
        const wanted = 6_371_008.8 * Math.atan2(cross, dot);
        const found = Number(value(`GEO_DISTANCE(x, y, ${to.x}, ${to.y})`, from));
        expect(Math.abs(found - wanted)).toBeLessThan(1);
      }),
      { numRuns: 200 },
    );
  });
});

describe('null', () => {
  it('gives null in every argument', () => {
    const calls = [
      'YEAR(a)',
      'FLOOR(a TO DAY)',
      "DATE_FORMAT(a, 'yyyy')",
      'TO_TIMESTAMP(s)',
      'TIMESTAMPDIFF(DAY, a, b)',
      'TIMESTAMPADD(DAY, n, a)',
      'REGEXP(s, p)',
      "REGEXP_REPLACE(s, 'a', p)",
      "JSON_EXISTS(j, '$.a')",
      'SHA256(s)',
      'GEO_DISTANCE(x, y, 1, 2)',
      "LPAD(s, n, 'x')",
    ];
    for (const call of calls) expect(value(call, {})).toBe(null);
  });
});
