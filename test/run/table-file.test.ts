import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemCrypto } from '../../src/base/crypto.js';
import { batchOf, rowAt } from '../../src/base/row-batch.js';
import { systemFiles } from '../../src/base/system.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { ReferenceRows } from '../../src/engine/job.js';
import { count, kafka, pipeline, sum, table } from '../../src/plan/index.js';
import { readTableFile, TableFile } from '../../src/run/table-file.js';
import { SimFiles } from '../support/sim-files.js';

const data = resolve('../shared/data');
const edges = { files: systemFiles, crypto: systemCrypto };
const methods = table('methods', {
  file: 'Methods_2022_8_1.csv',
  columns: {
    PROGRAM_ID: 'string',
    PARAMETER: 'string',
    START_YEAR: 'bigint',
    END_YEAR: 'bigint',
    METHOD: 'string',
  },
});
const stations = table('stations', {
  file: 'stations_information.csv',
  columns: { stationCode: 'string', postcode: 'string' },
});
const measureColumns = {
  PROGRAM_ID: 'string',
  SITE_ID: 'string',
  DATE_SMP: 'string',
  PH_LAB: 'string',
} as const;

describe('a table from a file', () => {
  const write = (text: string): SimFiles => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile('/data/t.csv', new TextEncoder().encode(text));
    return files;
  };
  const codes = table('codes', { file: 't.csv', columns: { code: 'string', size: 'bigint' } }).table;

  it('keeps codes as text, and tells one edition from another', async () => {
    const first = await readTableFile(codes, '/data/t.csv', {
      ...edges,
      files: write('code,size,more\n007,3,x\n1e3,,y\n'),
    });
    expect([0, 1].map((row) => rowAt(first.rows, row))).toEqual([
      { code: '007', size: 3 },
      { code: '1e3', size: null },
    ]);
    expect(first.version).toMatch(/^t\.csv@[0-9a-f]{12}$/);
    const second = await readTableFile(codes, '/data/t.csv', { ...edges, files: write('code,size\n007,4\n') });
    expect(second.version).not.toBe(first.version);
  });

  it('says what does not fit, and where', async () => {
    const read = (text: string) => readTableFile(codes, '/data/t.csv', { ...edges, files: write(text) });
    await expect(read('code,size\na,1\nb,many\n')).rejects.toThrow(
      'table "codes": t.csv, row 2: size: "many" is no bigint',
    );
    await expect(read('code,width\na,1\n')).rejects.toThrow('t.csv has no column "size"');
    await expect(readTableFile(codes, '/data/none.csv', { ...edges, files: write('a\n1\n') })).rejects.toThrow(
      'there is no file /data/none.csv',
    );
  });
});

describe('formats of tables', () => {
  const places = table('places', { file: 't', columns: { code: 'string', size: 'double', note: 'string' } }).table;
  const rowsOf = async (name: string, content: string | Uint8Array): Promise<unknown[]> => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile(`/data/${name}`, typeof content === 'string' ? new TextEncoder().encode(content) : content);
    const { rows } = await readTableFile(places, `/data/${name}`, { ...edges, files });
    return Array.from({ length: rows.length }, (_, row) => rowAt(rows, row));
  };
  const expected = [
    { code: '007', size: 1.5, note: 'two\nlines; "quoted"' },
    { code: 'b', size: null, note: null },
  ];

  it('csv with a byte order mark, semicolons, decimal commas and quoted line feeds', async () => {
    const csv = '\ufeffcode;size;note\r\n007;1,5;"two\nlines; ""quoted"""\r\nb;;\r\n';
    expect(await rowsOf('t.csv', csv)).toEqual(expected);
  });

  it('JSON: an array, and objects line by line', async () => {
    expect(await rowsOf('t.json', `\ufeff${JSON.stringify(expected, null, 2)}\n`)).toEqual(expected);
    expect(await rowsOf('t.ndjson', expected.map((row) => JSON.stringify(row)).join('\n'))).toEqual(expected);
    expect(await rowsOf('t.json', '[ ]')).toEqual([]);
  });

  it('a JSON array that is cut, or followed by something, is refused with the place', async () => {
    const text = JSON.stringify(expected);
    for (let length = 1; length < text.length; length++) {
      await expect(rowsOf('t.json', text.slice(0, length))).rejects.toThrow(/t\.json, element \d/);
    }
    await expect(rowsOf('t.json', '[{}] {}')).rejects.toThrow('something follows');
    await expect(rowsOf('t.json', '[{"size":"much"}]')).rejects.toThrow(
      'table "places": t.json, element 1: size: "much" is not a number',
    );
  });

  it('an Excel workbook', async () => {
    const xlsx = await import('xlsx');
    const book = xlsx.utils.book_new();
    const cells = [['code', 'size', 'note'], ...expected.map(({ code, size, note }) => [code, size, note])];
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(cells), 'First');
    const bytes = xlsx.write(book, { type: 'array', bookType: 'xlsx' }) as ArrayBuffer;
    expect(await rowsOf('t.xlsx', new Uint8Array(bytes))).toEqual(expected);
  });
});

describe('a table file that changes', () => {
  const codes = table('codes', { file: 't.csv', columns: { code: 'string', size: 'bigint' } }).table;
  const text = (size: number): Uint8Array => new TextEncoder().encode(`code,size\na,${size}\n`);

  it('is taken when two looks found the same, whole', async () => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile('/data/t.csv', text(1));
    const file = new TableFile(codes, '/data/t.csv', { ...edges, files });
    const first = await file.load(0);
    expect(await file.look(500)).toBeUndefined();
    expect(await file.look(1_000)).toBe('same');
    files.replaceFile('/data/t.csv', text(22));
    expect(await file.look(1_500)).toBeUndefined();
    expect(await file.look(2_000)).toBeUndefined();
    const second = await file.look(3_000);
    expect(second).toMatchObject({ rows: { length: 1 } });
    expect((second as ReferenceRows).version).not.toBe(first.version);
    expect(await file.look(4_000)).toBe('same');
  });

  it('is let be while it is written, however it is cut', async () => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile('/data/t.csv', text(1));
    const file = new TableFile(codes, '/data/t.csv', { ...edges, files });
    await file.load(0);
    const bytes = new TextEncoder().encode('code,size\na,7\nb,2\nc,3\n');
    const handle = files.open('/data/t.csv', 'append');
    handle.truncate(0);
    let nowMs = 1_000;
    for (let at = 0; at < bytes.length; at += 2, nowMs += 1_000) {
      handle.write([bytes.subarray(at, at + 2)], at);
      expect(await file.look(nowMs)).toBeUndefined();
    }
    expect(await file.look(nowMs)).toMatchObject({ rows: { length: 3 } });
  });

  it('is said to be bad once per content, and is taken when it fits', async () => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile('/data/t.csv', text(1));
    const file = new TableFile(codes, '/data/t.csv', { ...edges, files });
    await file.load(0);
    files.replaceFile('/data/t.csv', new TextEncoder().encode('code,size\na,many\n'));
    await file.look(1_000);
    await expect(file.look(2_000)).rejects.toThrow('row 1: size: "many" is no bigint');
    for (const nowMs of [3_000, 4_000, 90_000]) expect(await file.look(nowMs)).toBeUndefined();
    files.replaceFile('/data/t.csv', text(1));
    expect(await file.look(91_000)).toBe('same');
  });

  it('may disappear and come back', async () => {
    const files = new SimFiles();
    files.makeFolder('/data');
    files.replaceFile('/data/t.csv', text(1));
    const file = new TableFile(codes, '/data/t.csv', { ...edges, files });
    await file.load(0);
    files.remove('/data/t.csv');
    await expect(file.look(1_000)).rejects.toThrow('there is no file /data/t.csv');
    await expect(file.look(2_000)).rejects.toThrow('there is no file /data/t.csv');
    files.replaceFile('/data/t.csv', text(2));
    expect(await file.look(3_000)).toBeUndefined();
    expect(await file.look(4_000)).toMatchObject({ rows: { length: 1 } });
  });
});

describe.skipIf(!existsSync(data))('the known answers of real reference data', () => {
  it('33,011 measures of pH have a method, 1,254 have none', async () => {
    const measures = kafka('measures', {
      topic: 'water',
      columns: { ts: 'timestamp', PROGRAM_ID: 'string', parameter: 'string', year: 'bigint' },
      eventTime: 'ts',
    });
    const plan = pipeline('water')
      .from(measures)
      .lookup(methods, {
        on: { PROGRAM_ID: 'PROGRAM_ID', parameter: 'PARAMETER' },
        between: { value: 'year', from: 'START_YEAR', to: 'END_YEAR' },
        join: 'left',
      })
      .groupBy('PROGRAM_ID')
      .aggregate((row) => ({ all: count(), matched: count(row.METHOD) }))
      .emit('final')
      .into(kafka('out', { topic: 'out' }));
    const read = await readTableFile(
      table('m', { file: '', columns: measureColumns }).table,
      `${data}/water/LTM_Data_2022_8_1.csv`,
      edges,
    );
    const rows = Array.from({ length: read.rows.length }, (_, row) => rowAt(read.rows, row));
    const fed = rows
      .filter((row) => row.PH_LAB !== null)
      .map((row) => ({
        ts: 0,
        PROGRAM_ID: row.PROGRAM_ID!,
        parameter: 'PH_LAB',
        year: Number(String(row.DATE_SMP).slice(6, 10)),
      }));
    const methodRows = await readTableFile(methods.table, `${data}/water/Methods_2022_8_1.csv`, edges);
    expect(methodRows.rows.length).toBe(362);
    const job = compileJob(plan, { partitions: { measures: [0] }, tables: { methods: methodRows } });
    job.feed('measures', batchOf(plan.sources[0]!.columns, fed));
    job.end('measures', 0);
    const [output] = job.drain();
    const results =
      output?.kind === 'result'
        ? Array.from({ length: output.batch.length }, (_, row) => rowAt(output.batch, row))
        : [];
    const total = (name: string): number => results.reduce((sumSoFar, row) => sumSoFar + Number(row[name]), 0);
    expect(total('all')).toBe(34_265);
    expect(total('matched')).toBe(33_011);
    expect(results.filter((row) => row.all !== row.matched).map((row) => row.PROGRAM_ID)).toEqual(['LTM_PA']);
  });

  it('the bikes of 1,485 stations count once however often they are polled', async () => {
    const status = kafka('status', {
      topic: 'velib',
      columns: { last_reported: 'timestamp', stationCode: 'string', bikes: 'bigint' },
      eventTime: 'last_reported',
    });
    const plan = pipeline('velib')
      .from(status)
      .latestBy('stationCode')
      .lookup(stations, { on: ['stationCode'], join: 'left' })
      .groupBy('postcode')
      .aggregate((row) => ({ total: sum(row.bikes), stations: count() }))
      .emit({ every: '1 minute', as: 'minute' })
      .into(kafka('out', { topic: 'out', keys: ['postcode'] }));
    const text = new TextDecoder().decode(systemFiles.readFile(`${data}/velib/gbfs_2024-11-19/station_status.json`));
    const body = JSON.parse(text) as {
      data: { stations: { stationCode: string; last_reported: number; num_bikes_available: number }[] };
    };
    const rows = body.data.stations.map((station) => ({
      last_reported: station.last_reported * 1000,
      stationCode: station.stationCode,
      bikes: station.num_bikes_available,
    }));
    const known = await readTableFile(stations.table, `${data}/velib/stations_information.csv`, edges);
    const job = compileJob(plan, { partitions: { status: [0] }, tables: { stations: known } });
    for (let poll = 0; poll < 3; poll++) job.feed('status', batchOf(plan.sources[0]!.columns, rows));
    job.end('status', 0);
    const outputs = job.drain().filter((output) => output.kind === 'result');
    const all = outputs.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, row) => rowAt(batch, row)));
    const newest = Math.max(...all.map((row) => Number(row.minute)));
    const last = all.filter((row) => row.minute === newest);
    expect(last.reduce((total, row) => total + Number(row.total), 0)).toBe(15_626);
    expect(last.reduce((total, row) => total + Number(row.stations), 0)).toBe(1_485);
    expect(job.metrics().steps[0]).toMatchObject({ rowsIn: 4_455, dropped: 2_970 });
  });
});
