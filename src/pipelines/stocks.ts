import {
  add,
  and,
  atLeast,
  avg,
  caseWhen,
  cast,
  coalesce,
  count,
  divide,
  equal,
  exponentialAvg,
  first,
  greater,
  isNotNull,
  isNull,
  kafka,
  lag,
  last,
  max,
  min,
  movingAvg,
  movingSum,
  multiply,
  notEqual,
  nullIf,
  or,
  pipeline,
  type Row,
  remainder,
  subtract,
  sum,
  type Typed,
  table,
  trim,
} from '../plan/index.js';

const columns = {
  symbol: 'string',
  interval: 'string',
  // Epoch seconds.
  time: 'bigint',
  kind: 'string',
  open: 'double',
  high: 'double',
  low: 'double',
  close: 'double',
  volume: 'double',
  // A price divided by it is in the currency: some exchanges quote pence.
  scale: 'double',
  // The same in the words of files of bars, in both of their dialects.
  Datetime: 'timestamp',
  date: 'timestamp',
  Open: 'double',
  High: 'double',
  Low: 'double',
  Close: 'double',
  Volume: 'double',
} as const;

const bars = kafka('bars', {
  topic: 'stocks',
  columns,
  eventTime: {
    name: 'bar_time',
    from: (row) => coalesce(cast(multiply(row.time, 1000), 'timestamp'), row.Datetime, row.date),
  },
  // Minute bars are given for eight days at most, one symbol after the other.
  lateness: '10 days',
  // They are asked once a minute: what came is complete when nothing follows.
  idleTimeout: '10 seconds',
});

const symbols = table('symbols', {
  file: 'stocks-symbols.csv',
  columns: { symbol: 'string', name: 'string', currency: 'string', exchange: 'string', timezone: 'string' },
});

const minutes = kafka('minutes', { topic: 'stocks-1m', keys: ['symbol'] });
const averages = kafka('averages', { topic: 'stocks-averages', keys: ['symbol'] });
const days = kafka('days', { topic: 'stocks-days', keys: ['symbol'] });
const live = kafka('live', { topic: 'stocks-live', keys: ['symbol'], config: { 'cleanup.policy': 'compact' } });

type Bar = {
  readonly currency: 'string';
  readonly open: 'double';
  readonly high: 'double';
  readonly low: 'double';
  readonly close: 'double';
  readonly volume: 'double';
  readonly turnover: 'double';
};

/** Prices of a window, and their average by volume: null where nothing was traded. */
function candle(row: Row<Bar>) {
  return {
    currency: max(row.currency),
    open: first(row.open),
    high: max(row.high),
    low: min(row.low),
    close: last(row.close),
    mean_price: avg(row.close),
    volume: sum(row.volume),
    vwap: divide(sum(row.turnover), nullIf(sum(row.volume), 0)),
    bars: count(),
  };
}

/** A price in the currency of its symbol. */
function priceOf(row: Row<typeof columns>, price: Typed<'double'>, other: Typed<'double'>): Typed<'double'> {
  return divide(coalesce(price, other), coalesce(row.scale, 1));
}

function isPrice(price: Typed<'double'>): Typed<'boolean'> {
  return or(isNull(price), greater(price, 0));
}

/** Minute bars of shares: candles per minute and day, moving averages bar by bar. */
export const stocks = pipeline('stocks', {
  description: 'prices of shares per minute and day, with moving averages and the average by volume',
  dashboard: {
    title: 'Shares',
    panels: [
      { kind: 'line', title: 'Price, minute by minute', sink: 'minutes', series: 'symbol', values: ['close'] },
      {
        kind: 'table',
        title: 'Last minute',
        sink: 'minutes',
        columns: ['symbol', 'currency', 'open', 'high', 'low', 'close', 'vwap', 'volume', 'window_end'],
        sortBy: 'volume',
      },
      { kind: 'bars', title: 'Volume', sink: 'minutes', label: 'symbol', value: 'volume', unit: '' },
      { kind: 'line', title: 'Averages', sink: 'averages', series: 'symbol', values: ['sma_5', 'sma_20', 'ema_20'] },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
    ],
  },
})
  .from(bars)
  .derive((row) => ({
    symbol: trim(row.symbol),
    open: priceOf(row, row.open, row.Open),
    high: priceOf(row, row.high, row.High),
    low: priceOf(row, row.low, row.Low),
    close: priceOf(row, row.close, row.Close),
    volume: coalesce(row.volume, row.Volume),
    // The newest bar of a day that still goes on is off the minutes' grid.
    kind: coalesce(row.kind, caseWhen([[notEqual(remainder(cast(row.bar_time, 'bigint'), 60_000), 0), 'live']], 'bar')),
  }))
  .where((row) => equal(coalesce(row.interval, '1m'), '1m'), 'minutes-only')
  .check((row) => ({
    'symbol missing': and(isNotNull(row.symbol), notEqual(row.symbol, '')),
    'close missing': isNotNull(row.close),
    'a price is not above 0': and(isPrice(row.open), isPrice(row.high), isPrice(row.low), isPrice(row.close)),
    'high is below low': or(isNull(row.high), isNull(row.low), atLeast(row.high, row.low)),
    'volume is not 0 or more': or(isNull(row.volume), atLeast(row.volume, 0)),
  }))
  .derive(
    (row) => ({
      open: coalesce(row.open, row.close),
      high: coalesce(row.high, row.close),
      low: coalesce(row.low, row.close),
      volume: coalesce(row.volume, 0),
    }),
    'whole',
  )
  .lookup(symbols, { on: ['symbol'], join: 'left' })
  .fork((known) => {
    const closed = known
      .where((row) => notEqual(row.kind, 'live'), 'closed')
      // Of two bars of one minute the one with the larger volume is kept: a bar grows until its minute is over.
      .select(
        (row) => ({
          volume: row.volume,
          symbol: row.symbol,
          bar_time: row.bar_time,
          open: row.open,
          high: row.high,
          low: row.low,
          close: row.close,
          currency: row.currency,
          exchange: row.exchange,
          timezone: row.timezone,
        }),
        'by-volume',
      )
      .deduplicate(['symbol', 'bar_time'], { within: '10 days' })
      .derive(
        (row) => ({
          turnover: multiply(divide(add(add(row.high, row.low), row.close), 3), row.volume),
        }),
        'traded',
      );
    const averaged = closed
      .over(['symbol'], (row) => ({
        before: lag(row.close),
        sma_5: movingAvg(row.close, { rows: 5 }),
        sma_20: movingAvg(row.close, { rows: 20 }),
        ema_20: exponentialAvg(row.close, { rows: 20 }),
        turnover_20: movingSum(row.turnover, { rows: 20 }),
        volume_20: movingSum(row.volume, { rows: 20 }),
      }))
      .select((row) => ({
        bar_time: row.bar_time,
        symbol: row.symbol,
        currency: row.currency,
        close: row.close,
        change: subtract(row.close, row.before),
        change_percent: multiply(divide(subtract(row.close, row.before), row.before), 100),
        sma_5: row.sma_5,
        sma_20: row.sma_20,
        ema_20: row.ema_20,
        vwap_20: divide(row.turnover_20, nullIf(row.volume_20, 0)),
      }));
    return [
      closed.tumble('1 minute').groupBy('symbol').aggregate(candle, 'per-minute').emit('update').into(minutes),
      averaged.into(averages),
      closed
        .tumble('1 day')
        .groupBy('symbol')
        .aggregate((row) => ({ ...candle(row), exchange: max(row.exchange), timezone: max(row.timezone) }), 'per-day')
        .emit('update')
        .into(days),
      known
        .where((row) => equal(row.kind, 'live'), 'live')
        .select((row) => ({
          symbol: row.symbol,
          name: row.name,
          currency: row.currency,
          price: row.close,
          at: row.bar_time,
        }))
        .into(live),
    ];
  });
