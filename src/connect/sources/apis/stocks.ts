import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from '../poll/body-schema.js';
import { BadBody, type Feed, type JsonObject, type PageItems } from '../poll/interfaces.js';
import { pathRules } from '../poll/item-rules.js';
import { parseJsonPath } from '../poll/json-path.js';
import { type ApiParameter, type ApiSource, valuesOf } from './interfaces.js';

const BASE = 'https://query1.finance.yahoo.com';
/** Requests of programs that say so are turned away. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36';
const INTERVALS = ['1m', '2m', '5m', '15m', '30m', '60m', '90m', '1h', '1d', '5d', '1wk', '1mo', '3mo'];
const MINUTE_S = 60;
/** Prices in these currencies are hundredths of the one named. */
const SUBUNITS: Readonly<Record<string, string>> = { GBp: 'GBP', GBX: 'GBP', ZAc: 'ZAR', ILA: 'ILS' };

const parameters: readonly ApiParameter[] = [
  {
    name: 'symbol',
    help: 'symbols, as Yahoo writes them',
    placeholder: 'SYMBOL,...',
    isList: true,
    isPositional: true,
    default: ['AAPL', 'MSFT'],
  },
  { name: 'interval', help: 'length of a bar', placeholder: 'I', choices: INTERVALS, default: ['1m'] },
  { name: 'range', help: 'how far back: 1d, 5d, 1mo, ...', placeholder: 'R', default: ['1d'] },
  { name: 'period', help: 'from and to instead of the range, epoch seconds', placeholder: 'FROM,TO', isList: true },
];

/** Price bars of Yahoo Finance (v8 chart). A bar comes again in every poll: it is emitted when new or changed. */
export const stocks: ApiSource = {
  name: 'stocks',
  summary: 'price bars of Yahoo Finance',
  topic: { name: 'stocks', partitions: 1, replicas: 1 },
  everyMs: 60_000,
  dedup: 'body',
  parameters,
  rate: () => ({ count: 60, windowMs: 60_000 }),
  open(input) {
    const interval = valuesOf(parameters, input, 'interval')[0]!;
    const range = valuesOf(parameters, input, 'range')[0]!;
    const period = valuesOf(parameters, input, 'period');
    if (period.length > 0 && (period.length !== 2 || !period.every((time) => /^\d+$/.test(time)))) {
      throw new StreamctlError('usage', `--period ${period.join(',')} is not two times`, {
        hint: 'write two epoch seconds: --period 1683055800,1683057600',
      });
    }
    const feeds = valuesOf(parameters, input, 'symbol').map((symbol): Feed => {
      const url = new URL(`/v8/finance/chart/${encodeURIComponent(symbol)}`, input.baseUrl ?? BASE);
      url.searchParams.set('interval', interval);
      if (period.length === 2) {
        url.searchParams.set('period1', period[0]!);
        url.searchParams.set('period2', period[1]!);
      } else {
        url.searchParams.set('range', range);
      }
      return { id: symbol, url: url.href, headers: { 'user-agent': BROWSER }, parameters: { symbol, interval } };
    });
    return {
      name: 'stocks',
      feeds,
      format: 'json',
      schema: SCHEMA,
      pagination: { kind: 'none' },
      items: barsOf,
      rules: pathRules({
        key: [parseJsonPath('symbol')],
        // The newest bar grows until its minute is over; older ones are corrected now and then.
        identity: ['symbol', 'interval', 'time'].map(parseJsonPath),
        time: parseJsonPath('time'),
        ignored: [],
        changedOnly: input.changedOnly,
      }),
      fingerprint: JSON.stringify(['stocks', 1, input.changedOnly]),
    };
  },
};

const SCHEMA: BodySchema = {
  type: 'object',
  required: ['chart'],
  properties: {
    chart: {
      type: 'object',
      properties: {
        result: {
          type: ['array', 'null'],
          items: { type: 'object', properties: { timestamp: { type: ['array', 'null'] } } },
        },
      },
    },
  },
};

interface Chart {
  readonly meta?: JsonObject | null;
  readonly timestamp?: readonly number[] | null;
  readonly indicators?: { readonly quote?: readonly { readonly [name: string]: readonly JsonValue[] }[] };
}

/**
 * One item per bar: `symbol`, `interval`, `time` (epoch seconds), `kind`, `open`, `high`, `low`, `close`, `volume`,
 * `currency`, `scale`, `exchange`, `timezone`. `kind` is `live` for the last bar of a day that still goes on: it is off
 * the minutes' grid and shows the price of that second. A price divided by `scale` is in `currency`.
 */
function barsOf(body: JsonValue, { parameters: { symbol, interval } }: Feed): PageItems {
  const { result, error } = (body as unknown as { chart: { result?: readonly Chart[] | null; error?: JsonValue } })
    .chart;
  if (!result || result.length === 0) {
    const { description = 'no result' } = (error ?? {}) as { description?: string };
    throw new BadBody(`no bars of ${String(symbol)}: ${description}`);
  }
  const [{ indicators, ...chart } = {}] = result;
  const meta = chart.meta ?? {};
  const timestamp = chart.timestamp ?? [];
  const quote = indicators?.quote?.[0] ?? {};
  const currency = String(meta.currency ?? '');
  const at = (name: string, index: number): JsonValue => quote[name]?.[index] ?? null;
  const items: JsonObject[] = [];
  let skipped = 0;
  for (const [index, time] of timestamp.entries()) {
    // A minute without a trade has nulls; it may be filled later.
    if (at('close', index) === null) {
      skipped++;
      continue;
    }
    items.push({
      symbol: meta.symbol ?? symbol ?? null,
      interval: interval ?? null,
      time,
      kind: time % MINUTE_S === 0 ? 'bar' : 'live',
      open: at('open', index),
      high: at('high', index),
      low: at('low', index),
      close: at('close', index),
      volume: at('volume', index),
      currency: SUBUNITS[currency] ?? (currency === '' ? null : currency),
      scale: currency in SUBUNITS ? 100 : 1,
      exchange: meta.exchangeName ?? null,
      timezone: meta.exchangeTimezoneName ?? null,
    });
  }
  return { items, skipped };
}
