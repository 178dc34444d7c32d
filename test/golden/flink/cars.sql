-- Pipeline cars: asking prices of used cars per manufacturer and per model, minute by minute.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain cars --sql
-- Parameter referenceYear BIGINT: 2020, a constant below.
--
-- Where Flink goes its own way:
-- * adverts: a partition of trafic_cars silent for 30 seconds is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic cars-dead-letters with the reason.
-- * models: the record key of cars-models is a JSON object of its columns, not a JSON array.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

CREATE TEMPORARY TABLE adverts (
  manufacturer STRING,
  model STRING,
  `year` BIGINT,
  price DOUBLE,
  transmission STRING,
  mileage DOUBLE,
  fuelType STRING,
  tax DOUBLE,
  mpg DOUBLE,
  engineSize DOUBLE,
  event_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'trafic_cars',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-cars-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '30000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW derive AS
SELECT
  TRIM(manufacturer) AS manufacturer,
  TRIM(model) AS model,
  `year`,
  price,
  transmission,
  mileage,
  fuelType,
  tax,
  mpg,
  engineSize,
  event_time
FROM adverts;

CREATE TEMPORARY VIEW `check` AS
SELECT
  manufacturer,
  model,
  `year`,
  price,
  transmission,
  mileage,
  fuelType,
  tax,
  mpg,
  engineSize,
  event_time
FROM derive
WHERE
  -- rejected otherwise: header row repeated
  (model IS NULL OR model <> 'model')
  -- rejected otherwise: manufacturer or model missing
  AND (manufacturer IS NOT NULL AND model IS NOT NULL AND manufacturer <> '' AND model <> '')
  -- rejected otherwise: price is not above 0
  AND (price > 0)
  -- rejected otherwise: year is not from 1970 to the year after the reference year
  AND (`year` BETWEEN 1970 AND 2020 + 1)
  -- rejected otherwise: mileage is not 0 or more
  AND (mileage >= 0)
  -- rejected otherwise: mpg is not above 0
  AND (mpg IS NULL OR mpg > 0)
  -- rejected otherwise: transmission unknown
  AND (transmission IN ('Manual', 'Automatic', 'Semi-Auto', 'Other'))
  -- rejected otherwise: fuel unknown
  AND (fuelType IN ('Petrol', 'Diesel', 'Hybrid', 'Electric', 'Other'));

CREATE TEMPORARY VIEW `by-manufacturer` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  manufacturer,
  COUNT(*) AS `count`,
  AVG(price) AS mean_price,
  MIN(price) AS min_price,
  MAX(price) AS max_price,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `check`, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, window_time, manufacturer;

CREATE TEMPORARY VIEW `by-manufacturer-model` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  manufacturer,
  model,
  COUNT(*) AS `count`,
  AVG(price) AS mean_price,
  MIN(price) AS min_price,
  MAX(price) AS max_price,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `check`, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, window_time, manufacturer, model;

CREATE TEMPORARY TABLE prices (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  manufacturer STRING,
  `count` BIGINT,
  mean_price DOUBLE,
  min_price DOUBLE,
  max_price DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'cars-prices',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'manufacturer',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE `models` (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  manufacturer STRING,
  model STRING,
  `count` BIGINT,
  mean_price DOUBLE,
  min_price DOUBLE,
  max_price DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'cars-models',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'key.fields' = 'manufacturer;model',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO prices
SELECT window_start, window_end, manufacturer, `count`, mean_price, min_price, max_price, row_time
FROM `by-manufacturer`;

INSERT INTO `models`
SELECT window_start, window_end, manufacturer, model, `count`, mean_price, min_price, max_price, row_time
FROM `by-manufacturer-model`;
END;
