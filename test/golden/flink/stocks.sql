-- Pipeline stocks: prices of shares per minute and day, with moving averages and the average by volume.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain stocks --sql
--
-- Where Flink goes its own way:
-- * bars: a row of "bars" without event time fails the Flink job; here it is rejected.
-- * bars: times in topic stocks must be ISO 8601 in UTC (2024-05-31T12:00:00Z) for Flink; others are null.
-- * bars: a partition of stocks silent for 10 seconds is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic stocks-dead-letters with the reason.
-- * with-symbols: table symbols reads stocks-symbols.csv as CSV with commas, columns in this order, once at the start; its header is a row like others.
-- * deduplicate: of two rows of a key with the same time the earlier arrival stays; here the one with the larger values.
-- * deduplicate: rows behind the watermark are dropped; here they pass when their key is new.
-- * per-minute: each window gives one result, when it closes; here results come before that.
-- * per-minute: FIRST_VALUE goes by arrival, not by event time.
-- * per-minute: LAST_VALUE goes by arrival, not by event time.
-- * over: rows of a key with the same time count in the order in which they arrive, or together; here the larger first.
-- * over: rows behind the watermark are dropped; here they are told as late.
-- * over: column ema_20 is NULL: Flink SQL has no exponential average.
-- * per-day: each window gives one result, when it closes; here results come before that.
-- * per-day: FIRST_VALUE goes by arrival, not by event time.
-- * per-day: LAST_VALUE goes by arrival, not by event time.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

CREATE TEMPORARY TABLE bars (
  symbol STRING,
  `interval` STRING,
  `time` BIGINT,
  kind STRING,
  `open` DOUBLE,
  high DOUBLE,
  low DOUBLE,
  `close` DOUBLE,
  volume DOUBLE,
  scale DOUBLE,
  `Datetime` TIMESTAMP_LTZ(3),
  `date` TIMESTAMP_LTZ(3),
  `Open` DOUBLE,
  High DOUBLE,
  Low DOUBLE,
  `Close` DOUBLE,
  Volume DOUBLE,
  bar_time AS COALESCE(TO_TIMESTAMP_LTZ(`time` * 1000, 3), `Datetime`, `date`),
  WATERMARK FOR bar_time AS bar_time - INTERVAL '10' DAY
) WITH (
  'connector' = 'kafka',
  'topic' = 'stocks',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-stocks-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW derive AS
SELECT
  TRIM(symbol) AS symbol,
  `interval`,
  `time`,
  COALESCE(kind, CASE WHEN (UNIX_TIMESTAMP(CAST(bar_time AS STRING)) * 1000 + EXTRACT(MILLISECOND FROM bar_time)) % 60000 <> 0 THEN 'live' ELSE 'bar' END) AS kind,
  COALESCE(`open`, `Open`) / COALESCE(scale, 1) AS `open`,
  COALESCE(high, High) / COALESCE(scale, 1) AS high,
  COALESCE(low, Low) / COALESCE(scale, 1) AS low,
  COALESCE(`close`, `Close`) / COALESCE(scale, 1) AS `close`,
  COALESCE(volume, Volume) AS volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time
FROM bars;

CREATE TEMPORARY VIEW `minutes-only` AS
SELECT
  symbol,
  `interval`,
  `time`,
  kind,
  `open`,
  high,
  low,
  `close`,
  volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time
FROM derive
WHERE COALESCE(`interval`, '1m') = '1m';

CREATE TEMPORARY VIEW `check` AS
SELECT
  symbol,
  `interval`,
  `time`,
  kind,
  `open`,
  high,
  low,
  `close`,
  volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time
FROM `minutes-only`
WHERE
  -- rejected otherwise: symbol missing
  (symbol IS NOT NULL AND symbol <> '')
  -- rejected otherwise: close missing
  AND (`close` IS NOT NULL)
  -- rejected otherwise: a price is not above 0
  AND ((`open` IS NULL OR `open` > 0) AND (high IS NULL OR high > 0) AND (low IS NULL OR low > 0) AND (`close` IS NULL OR `close` > 0))
  -- rejected otherwise: high is below low
  AND (high IS NULL OR low IS NULL OR high >= low)
  -- rejected otherwise: volume is not 0 or more
  AND (volume IS NULL OR volume >= 0);

CREATE TEMPORARY VIEW whole AS
SELECT
  symbol,
  `interval`,
  `time`,
  kind,
  COALESCE(`open`, `close`) AS `open`,
  COALESCE(high, `close`) AS high,
  COALESCE(low, `close`) AS low,
  `close`,
  COALESCE(volume, 0) AS volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time
FROM `check`;

CREATE TEMPORARY TABLE symbols (
  symbol STRING,
  name STRING,
  currency STRING,
  exchange STRING,
  timezone STRING,
  holds_since AS TO_TIMESTAMP_LTZ(0, 3),
  WATERMARK FOR holds_since AS holds_since,
  PRIMARY KEY (symbol) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = 'stocks-symbols.csv',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = ''
);

CREATE TEMPORARY VIEW `with-symbols` AS
SELECT
  r.symbol,
  r.`interval`,
  r.`time`,
  r.kind,
  r.`open`,
  r.high,
  r.low,
  r.`close`,
  r.volume,
  r.scale,
  r.`Datetime`,
  r.`date`,
  r.`Open`,
  r.High,
  r.Low,
  r.`Close`,
  r.Volume,
  r.bar_time,
  t.name AS name,
  t.currency AS currency,
  t.exchange AS exchange,
  t.timezone AS timezone
FROM whole AS r
LEFT JOIN symbols FOR SYSTEM_TIME AS OF r.bar_time AS t
ON r.symbol = t.symbol;

CREATE TEMPORARY VIEW closed AS
SELECT
  symbol,
  `interval`,
  `time`,
  kind,
  `open`,
  high,
  low,
  `close`,
  volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time,
  name,
  currency,
  exchange,
  timezone
FROM `with-symbols`
WHERE kind <> 'live';

CREATE TEMPORARY VIEW `by-volume` AS
SELECT
  volume,
  symbol,
  bar_time,
  `open`,
  high,
  low,
  `close`,
  currency,
  exchange,
  timezone
FROM closed;

CREATE TEMPORARY VIEW deduplicate AS
SELECT
  volume,
  symbol,
  bar_time,
  `open`,
  high,
  low,
  `close`,
  currency,
  exchange,
  timezone
FROM (
  SELECT
    volume,
    symbol,
    bar_time,
    `open`,
    high,
    low,
    `close`,
    currency,
    exchange,
    timezone,
    ROW_NUMBER() OVER (PARTITION BY symbol, bar_time ORDER BY bar_time ASC) AS oldest_first
  FROM `by-volume`
)
WHERE oldest_first = 1;

CREATE TEMPORARY VIEW traded AS
SELECT
  volume,
  symbol,
  bar_time,
  `open`,
  high,
  low,
  `close`,
  currency,
  exchange,
  timezone,
  (high + low + `close`) / 3 * volume AS turnover
FROM deduplicate;

CREATE TEMPORARY VIEW `per-minute` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  symbol,
  MAX(currency) AS currency,
  FIRST_VALUE(`open`) AS `open`,
  MAX(high) AS high,
  MIN(low) AS low,
  LAST_VALUE(`close`) AS `close`,
  AVG(`close`) AS mean_price,
  SUM(volume) AS volume,
  SUM(turnover) / NULLIF(SUM(volume), 0) AS vwap,
  COUNT(*) AS bars,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE traded, DESCRIPTOR(bar_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, window_time, symbol;

CREATE TEMPORARY VIEW `over` AS
SELECT
  volume,
  symbol,
  bar_time,
  `open`,
  high,
  low,
  `close`,
  currency,
  exchange,
  timezone,
  turnover,
  before,
  sma_5,
  sma_20,
  CAST(NULL AS DOUBLE) AS ema_20,
  turnover_20,
  volume_20
FROM (
  SELECT
    volume,
    symbol,
    bar_time,
    `open`,
    high,
    low,
    `close`,
    currency,
    exchange,
    timezone,
    turnover,
    before,
    sma_5,
    AVG(CAST(`close` AS DOUBLE)) OVER (PARTITION BY symbol ORDER BY bar_time ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS sma_20,
    SUM(CAST(turnover AS DOUBLE)) OVER (PARTITION BY symbol ORDER BY bar_time ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS turnover_20,
    SUM(CAST(volume AS DOUBLE)) OVER (PARTITION BY symbol ORDER BY bar_time ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS volume_20
  FROM (
    SELECT
      volume,
      symbol,
      bar_time,
      `open`,
      high,
      low,
      `close`,
      currency,
      exchange,
      timezone,
      turnover,
      before,
      AVG(CAST(`close` AS DOUBLE)) OVER (PARTITION BY symbol ORDER BY bar_time ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) AS sma_5
    FROM (
      SELECT
        volume,
        symbol,
        bar_time,
        `open`,
        high,
        low,
        `close`,
        currency,
        exchange,
        timezone,
        turnover,
        LAG(`close`, 1) OVER (PARTITION BY symbol ORDER BY bar_time) AS before
      FROM traded
    )
  )
);

CREATE TEMPORARY VIEW `select` AS
SELECT
  bar_time,
  symbol,
  currency,
  `close`,
  `close` - before AS change,
  (`close` - before) / before * 100 AS change_percent,
  sma_5,
  sma_20,
  ema_20,
  turnover_20 / NULLIF(volume_20, 0) AS vwap_20
FROM `over`;

CREATE TEMPORARY VIEW `per-day` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  symbol,
  MAX(currency) AS currency,
  FIRST_VALUE(`open`) AS `open`,
  MAX(high) AS high,
  MIN(low) AS low,
  LAST_VALUE(`close`) AS `close`,
  AVG(`close`) AS mean_price,
  SUM(volume) AS volume,
  SUM(turnover) / NULLIF(SUM(volume), 0) AS vwap,
  COUNT(*) AS bars,
  MAX(exchange) AS exchange,
  MAX(timezone) AS timezone,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE traded, DESCRIPTOR(bar_time), INTERVAL '1' DAY))
GROUP BY window_start, window_end, window_time, symbol;

CREATE TEMPORARY VIEW live AS
SELECT
  symbol,
  `interval`,
  `time`,
  kind,
  `open`,
  high,
  low,
  `close`,
  volume,
  scale,
  `Datetime`,
  `date`,
  `Open`,
  High,
  Low,
  `Close`,
  Volume,
  bar_time,
  name,
  currency,
  exchange,
  timezone
FROM `with-symbols`
WHERE kind = 'live';

CREATE TEMPORARY VIEW `select-2` AS
SELECT
  symbol,
  name,
  currency,
  `close` AS price,
  bar_time AS `at`
FROM live;

CREATE TEMPORARY TABLE minutes (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  symbol STRING,
  currency STRING,
  `open` DOUBLE,
  high DOUBLE,
  low DOUBLE,
  `close` DOUBLE,
  mean_price DOUBLE,
  volume DOUBLE,
  vwap DOUBLE,
  bars BIGINT,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'stocks-1m',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE averages (
  bar_time TIMESTAMP_LTZ(3),
  symbol STRING,
  currency STRING,
  `close` DOUBLE,
  change DOUBLE,
  change_percent DOUBLE,
  sma_5 DOUBLE,
  sma_20 DOUBLE,
  ema_20 DOUBLE,
  vwap_20 DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'stocks-averages',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE days (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  symbol STRING,
  currency STRING,
  `open` DOUBLE,
  high DOUBLE,
  low DOUBLE,
  `close` DOUBLE,
  mean_price DOUBLE,
  volume DOUBLE,
  vwap DOUBLE,
  bars BIGINT,
  exchange STRING,
  timezone STRING,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'stocks-days',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE `live-topic` (
  symbol STRING,
  name STRING,
  currency STRING,
  price DOUBLE,
  `at` TIMESTAMP_LTZ(3),
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'stocks-live',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO minutes
SELECT window_start, window_end, symbol, currency, `open`, high, low, `close`, mean_price, volume, vwap, bars, row_time
FROM `per-minute`;

INSERT INTO averages
SELECT bar_time, symbol, currency, `close`, change, change_percent, sma_5, sma_20, ema_20, vwap_20, bar_time
FROM `select`;

INSERT INTO days
SELECT window_start, window_end, symbol, currency, `open`, high, low, `close`, mean_price, volume, vwap, bars, exchange, timezone, row_time
FROM `per-day`;

INSERT INTO `live-topic`
SELECT symbol, name, currency, price, `at`, `at`
FROM `select-2`;
END;
