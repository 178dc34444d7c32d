import { describe, expect, it } from 'vitest';
import { systemCompression } from '../../src/base/compression.js';
import { runCase } from '../../src/testing/run-case.js';
import { updatedText } from '../../src/testing/update-text.js';
import { readCases } from '../support/test-cases.js';

/** The text after `--update`; it then holds, and a second time changes nothing. */
async function updated(text: string, json = false): Promise<string> {
  const once = async (before: string): Promise<string> => {
    const { file, problems } = await readCases(before);
    expect(problems, before).toEqual([]);
    const received = [];
    for (const testCase of file.cases) {
      const played = await runCase(testCase, { seeds: [], partitions: [], compression: systemCompression });
      received.push(...played.received.map((one) => ({ ...one, plan: testCase.plan })));
    }
    return updatedText(before, received, json);
  };
  const after = await once(text);
  expect(await once(after)).toBe(after);
  return after;
}

const head = `# Shops.
pipeline:   shops   # theirs

cases:
  - name: one
    steps:
      - feed: orders
        rows:
          - { id: a, shop: north, at: 2024-03-01T10:00:05Z, amount: 1 }
          - { id: b,   shop: "south", at: 2024-03-01T10:00:06Z, amount: 2.50 } # kept
          - not a row
      - end
`;

describe('what comes out, written into the file', () => {
  it('fills lists that are missing or empty', async () => {
    const text = `${head}      - expect: minutes
      - expect state: newest # of each shop
        columns: [shop, id]
        rows: []
      - expect rejected:
      - expect late: [{ id: a }]
      - expect watermark: none
`;
    expect(await updated(text)).toBe(`${head}      - expect: minutes
        rows:
          - { window_start: 2024-03-01T10:00:00Z, window_end: 2024-03-01T10:01:00Z, shop: north, total: 1 }
          - { window_start: 2024-03-01T10:00:00Z, window_end: 2024-03-01T10:01:00Z, shop: south, total: 2.5 }
      - expect state: newest # of each shop
        columns: [shop, id]
        rows:
          - { shop: north, id: a }
          - { shop: south, id: b }
      - expect rejected:
          - { reason: not JSON, row: not a row }
      - expect late: []
      - expect watermark: end
`);
  });

  it('keeps rows that are right, comments, and the order of the file', async () => {
    const text = `${head}      - expect rejected: [{ reason: not JSON }]
      - expect state: newest
        columns: [shop, id]
        # Both shops.
        rows:
          # the one in the south
          - { shop: south,   id: 'b' }   # right
          # gone
          - { shop: west, id: x }

          # the one in the north
          - shop: north
            id: z
      # the end
      - expect: minutes
        match: contains
        rows: [{ shop: north }]
`;
    expect(await updated(text)).toBe(`${head}      - expect rejected: [{ reason: not JSON }]
      - expect state: newest
        columns: [shop, id]
        # Both shops.
        rows:
          # the one in the south
          - { shop: south,   id: 'b' }   # right

          # the one in the north
          - { shop: north, id: a }
      # the end
      - expect: minutes
        match: contains
        rows: [{ shop: north }]
`);
  });

  it('keeps a list in brackets in brackets, and one that is emptied', async () => {
    const text = `${head}      - expect rejected: [{ reason: not JSON }, { reason: nonsense }]
      - expect: minutes
        columns: [total]
        rows: [{ total: 2.5 }, { total: 7 }]
      - expect: newest
        columns: [id]
        rows:
          - { id: a }
          - { id: b }
      - expect: newest
        rows:
          - { id: a }
      - { expect: newest }
      - { expect: newest, rows: [] }
      - { expect state: newest, columns: [id], rows: [] }
`;
    expect(await updated(text)).toBe(`${head}      - expect rejected: [{ reason: not JSON }]
      - expect: minutes
        columns: [total]
        rows: [{ total: 2.5 }, { total: 1 }]
      - expect: newest
        columns: [id]
        rows:
          - { id: a }
          - { id: b }
      - expect: newest
        rows: []
      - { expect: newest, rows: [] }
      - { expect: newest, rows: [] }
      - { expect state: newest, columns: [id], rows: [{ id: a }, { id: b }] }
`);
  });

  it('leaves JSON to be JSON', async () => {
    const text = `{
  "pipeline": "shops",
  "cases": [
    {
      "name": "one",
      "steps": [
        { "feed": "orders", "rows": [{ "id": "a", "shop": "75", "at": "2024-03-01T10:00:05Z", "amount": 1 }, "oops"] },
        "end",
        { "expect": "minutes", "columns": ["window_start", "shop", "total"] },
        { "expect state": "newest", "columns": ["id"], "rows": [] },
        { "expect rejected": [] }
      ]
    }
  ]
}
`;
    const after = await updated(text, true);
    expect(JSON.parse(after)).toMatchObject({
      cases: [
        {
          steps: [
            {},
            'end',
            { rows: [{ window_start: '2024-03-01T10:00:00Z', shop: '75', total: 1 }] },
            { rows: [{ id: 'a' }] },
            { 'expect rejected': [{ reason: 'not JSON', row: 'oops' }] },
          ],
        },
      ],
    });
  });
});
