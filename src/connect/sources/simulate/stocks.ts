import type { Random } from '../../../base/random.js';
import { zonedTimeMs, zoneOffsetMs } from '../../../base/time-zones.js';
import { clamp, decimals, normal } from './dice.js';
import type { Anomaly, Fields, Scene, SimulatedRow, Simulator } from './interfaces.js';

interface Listing {
  readonly symbol: string;
  readonly price: number;
  readonly currency: string;
  /** A price divided by it is in the currency. */
  readonly scale: number;
  readonly exchange: string;
  readonly timezone: string;
  /** Minutes of the exchange's day at which trading begins and ends, Monday to Friday; undefined: always. */
  readonly session?: readonly [from: number, to: number];
  /** Of a minute, relative. */
  readonly volatility: number;
  readonly volume: number;
  /** Share of minutes without a trade. */
  readonly quiet: number;
}

const NEW_YORK = {
  currency: 'USD',
  scale: 1,
  exchange: 'NMS',
  timezone: 'America/New_York',
  session: [570, 960],
} as const;
/** Those of the table that comes with the pipeline, and one that is traded day and night. */
const LISTINGS: readonly Listing[] = [
  { ...NEW_YORK, symbol: 'ACME', price: 248, volatility: 0.0007, volume: 40_000, quiet: 0.005 },
  {
    symbol: 'PENCE.L',
    price: 812,
    currency: 'GBP',
    scale: 100,
    exchange: 'LSE',
    timezone: 'Europe/London',
    session: [480, 990],
    volatility: 0.0009,
    volume: 12_000,
    quiet: 0.15,
  },
  {
    symbol: 'ZETA.PA',
    price: 54,
    currency: 'EUR',
    scale: 1,
    exchange: 'PAR',
    timezone: 'Europe/Paris',
    session: [540, 1050],
    volatility: 0.0008,
    volume: 9_000,
    quiet: 0.05,
  },
  {
    symbol: 'COIN-USD',
    price: 164,
    currency: 'USD',
    scale: 1,
    exchange: 'CCC',
    timezone: 'UTC',
    volatility: 0.0006,
    volume: 95,
    quiet: 0,
  },
];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A bar, and the price of a second that is not over. */
const ROWS_A_MINUTE = 2;
const MAX_SHARES = 15_000;

const anomalies: readonly Anomaly[] = [
  { name: 'close missing', spoil: (fields) => ({ ...fields, close: null }) },
  { name: 'price of zero', spoil: (fields) => ({ ...fields, open: 0, low: 0 }) },
  {
    name: 'high below low',
    spoil: (fields) => ({ ...fields, high: decimals(Number(fields.low) * 0.9, 4) }),
  },
  { name: 'negative volume', spoil: (fields) => ({ ...fields, volume: -1 }) },
  { name: 'symbol missing', spoil: (fields) => ({ ...fields, symbol: null }) },
  // The array of closes in one message, as a careless producer sends it.
  { name: 'whole list', spoil: (fields) => JSON.stringify([fields]) },
];

interface Share {
  readonly listing: Listing;
  price: number;
  wasOpen: boolean;
}

/** Minute bars of shares: prices walk at random, jump over night, and are quiet while the exchange is closed. */
export const stocks: Simulator = {
  name: 'stocks',
  perSecond: (LISTINGS.length * ROWS_A_MINUTE) / 60,
  maxPerSecond: (MAX_SHARES * ROWS_A_MINUTE) / 60,
  speed: 60,
  sampleMs: DAY_MS,
  beginning: lastOpening,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    const count = Math.max(LISTINGS.length, Math.ceil((perSecond * 60) / ROWS_A_MINUTE));
    const shares = Array.from({ length: count }, (_, at): Share => {
      const listing = LISTINGS[at] ?? invented(at, random);
      return { listing, price: listing.price, wasOpen: true };
    });
    for (let minuteMs = Math.ceil(startMs / MINUTE_MS) * MINUTE_MS; ; minuteMs += MINUTE_MS) {
      const traded = shares.filter((share) => isTraded(share, minuteMs, random));
      const lives: SimulatedRow[] = [];
      for (const share of traded) {
        const before = share.price;
        yield barOf(share, minuteMs, random);
        lives.push(liveOf(share, minuteMs + 1000 + random.below(59) * 1000, before));
      }
      yield* lives.sort((a, b) => a.eventMs - b.eventMs);
    }
  },
};

/** For loads beyond a handful: shares that no table knows. */
function invented(at: number, random: Random): Listing {
  const price = 10 + random.below(400);
  return { ...NEW_YORK, symbol: `SIM${at}`, price, volatility: 0.0008, volume: 5_000, quiet: 0.02 };
}

/** The last opening in New York at least an hour ago: on other days only one of the symbols is traded. */
function lastOpening(nowMs: number): number {
  const { timezone, session } = NEW_YORK;
  for (let back = 0; ; back++) {
    const dayMs = Math.floor(nowMs / DAY_MS - back) * DAY_MS;
    const openMs = zonedTimeMs(timezone, dayMs + session[0] * MINUTE_MS) ?? dayMs;
    if (isWeekday(dayMs) && openMs <= nowMs - 60 * MINUTE_MS) return openMs;
  }
}

function isWeekday(clockMs: number): boolean {
  const day = Math.floor(clockMs / DAY_MS + 4) % 7;
  return day !== 0 && day !== 6;
}

/** How far the session is, from 0 to 1; undefined while the exchange is closed. */
function sessionShare({ timezone, session }: Listing, minuteMs: number): number | undefined {
  if (!session) return 0.5;
  const clockMs = minuteMs + (zoneOffsetMs(timezone, minuteMs) ?? 0);
  const minute = Math.floor((clockMs % DAY_MS) / MINUTE_MS);
  const [from, to] = session;
  return isWeekday(clockMs) && minute >= from && minute < to ? (minute - from) / (to - from) : undefined;
}

function isTraded(share: Share, minuteMs: number, random: Random): boolean {
  const isOpen = sessionShare(share.listing, minuteMs) !== undefined;
  // What became known over night is in the first price.
  if (isOpen && !share.wasOpen) share.price *= 1 + normal(random, 0, 0.012);
  share.wasOpen = isOpen;
  return isOpen && random.next() >= share.listing.quiet;
}

function barOf(share: Share, minuteMs: number, random: Random): SimulatedRow {
  const { listing } = share;
  const open = share.price;
  const close = Math.max(0.01, open * (1 + normal(random, 0, listing.volatility)));
  const wick = (): number => Math.abs(normal(random, 0, listing.volatility / 2));
  share.price = close;
  // Much is traded after the opening and before the close.
  const share01 = sessionShare(listing, minuteMs) ?? 0.5;
  const busy = 0.6 + 6 * (share01 - 0.5) ** 2;
  const volume = listing.volume * busy * Math.exp(normal(random, 0, 0.5));
  const fields = priced(listing, minuteMs, 'bar', {
    open,
    high: Math.max(open, close) * (1 + wick()),
    low: Math.min(open, close) * (1 - wick()),
    close,
    volume: listing.volume < 100 ? decimals(volume, 6) : Math.round(volume),
  });
  return { eventMs: minuteMs, delayMs: MINUTE_MS, key: listing.symbol, subject: listing.symbol, fields };
}

/** The price of a second: off the grid of minutes, without a volume. */
function liveOf({ listing, price }: Share, eventMs: number, before: number): SimulatedRow {
  const share = clamp((eventMs % MINUTE_MS) / MINUTE_MS, 0, 1);
  const now = before + (price - before) * share;
  const fields = priced(listing, eventMs, 'live', { open: now, high: now, low: now, close: now, volume: 0 });
  return { eventMs, key: listing.symbol, subject: listing.symbol, fields };
}

type Prices = Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', number>>;

function priced(listing: Listing, eventMs: number, kind: 'bar' | 'live', prices: Prices): Fields {
  const { symbol, currency, scale, exchange, timezone } = listing;
  return {
    symbol,
    interval: '1m',
    time: eventMs / 1000,
    kind,
    open: decimals(prices.open, 4),
    high: decimals(prices.high, 4),
    low: decimals(prices.low, 4),
    close: decimals(prices.close, 4),
    volume: prices.volume,
    currency,
    scale,
    exchange,
    timezone,
  };
}
