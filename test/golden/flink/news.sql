-- Pipeline news: stories about brands and how they speak of them, per quarter of an hour, over an hour, and in all.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain news --sql
--
-- Where Flink goes its own way:
-- * stories: a row of "stories" without event time fails the Flink job; here it is rejected.
-- * stories: times in topic aylien_news must be ISO 8601 in UTC (2024-05-31T12:00:00Z) for Flink; others are null.
-- * stories: a partition of aylien_news silent for 30 minutes is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic news-dead-letters with the reason.
-- * by-brand: each window gives one result, when it closes; here results come before that.
-- * last-hour: each window gives one result, when it closes; here results come before that.
-- * totals: rows whose record key is null are left out; here they have a record without key.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

SET 'table.exec.sink.not-null-enforcer' = 'DROP';

CREATE TEMPORARY TABLE stories (
  type STRING,
  id STRING,
  sentiment_body_p STRING,
  sentiment_body_s DOUBLE,
  sentiment_title_p STRING,
  sentiment_title_s DOUBLE,
  published TIMESTAMP_LTZ(3),
  WATERMARK FOR published AS published - INTERVAL '7' DAY
) WITH (
  'connector' = 'kafka',
  'topic' = 'aylien_news',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-news-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '1800000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW derive AS
SELECT
  type,
  id,
  sentiment_body_p,
  sentiment_body_s,
  sentiment_title_p,
  sentiment_title_s,
  published,
  UPPER(TRIM(type)) AS brand
FROM stories;

CREATE TEMPORARY VIEW `check` AS
SELECT
  type,
  id,
  sentiment_body_p,
  sentiment_body_s,
  sentiment_title_p,
  sentiment_title_s,
  published,
  brand
FROM derive
WHERE
  -- rejected otherwise: id or brand missing
  (id IS NOT NULL AND id <> '' AND brand IS NOT NULL AND brand <> '' AND id <> 'id')
  -- rejected otherwise: polarity of the body is not positive, neutral or negative
  AND (sentiment_body_p IN ('positive', 'neutral', 'negative'))
  -- rejected otherwise: polarity of the title is not positive, neutral or negative
  AND (sentiment_title_p IS NULL OR sentiment_title_p IN ('positive', 'neutral', 'negative'))
  -- rejected otherwise: score of the body is not from 0 to 1
  AND (sentiment_body_s BETWEEN 0 AND 1)
  -- rejected otherwise: score of the title is not from 0 to 1
  AND (sentiment_title_s IS NULL OR sentiment_title_s BETWEEN 0 AND 1);

CREATE TEMPORARY VIEW `by-brand` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  brand,
  COUNT(*) AS stories,
  COUNT(CASE WHEN sentiment_body_p = 'positive' THEN 1 END) AS positive,
  COUNT(CASE WHEN sentiment_body_p = 'neutral' THEN 1 END) AS neutral,
  COUNT(CASE WHEN sentiment_body_p = 'negative' THEN 1 END) AS negative,
  COUNT(CASE WHEN sentiment_title_p = 'positive' THEN 1 END) AS title_positive,
  COUNT(CASE WHEN sentiment_title_p = 'neutral' THEN 1 END) AS title_neutral,
  COUNT(CASE WHEN sentiment_title_p = 'negative' THEN 1 END) AS title_negative,
  AVG(sentiment_body_s) AS mean_score,
  AVG(sentiment_title_s) AS mean_title_score,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `check`, DESCRIPTOR(published), INTERVAL '15' MINUTE))
GROUP BY window_start, window_end, window_time, brand;

CREATE TEMPORARY VIEW `last-hour` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  brand,
  COUNT(*) AS stories,
  COUNT(CASE WHEN sentiment_body_p = 'positive' THEN 1 END) AS positive,
  COUNT(CASE WHEN sentiment_body_p = 'neutral' THEN 1 END) AS neutral,
  COUNT(CASE WHEN sentiment_body_p = 'negative' THEN 1 END) AS negative,
  COUNT(CASE WHEN sentiment_title_p = 'positive' THEN 1 END) AS title_positive,
  COUNT(CASE WHEN sentiment_title_p = 'neutral' THEN 1 END) AS title_neutral,
  COUNT(CASE WHEN sentiment_title_p = 'negative' THEN 1 END) AS title_negative,
  AVG(sentiment_body_s) AS mean_score,
  AVG(sentiment_title_s) AS mean_title_score,
  window_time AS row_time
FROM TABLE(HOP(TABLE `check`, DESCRIPTOR(published), INTERVAL '15' MINUTE, INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time, brand;

CREATE TEMPORARY VIEW `totals-by-brand` AS
SELECT
  brand,
  COUNT(*) AS stories,
  COUNT(CASE WHEN sentiment_body_p = 'positive' THEN 1 END) AS positive,
  COUNT(CASE WHEN sentiment_body_p = 'neutral' THEN 1 END) AS neutral,
  COUNT(CASE WHEN sentiment_body_p = 'negative' THEN 1 END) AS negative,
  COUNT(CASE WHEN sentiment_title_p = 'positive' THEN 1 END) AS title_positive,
  COUNT(CASE WHEN sentiment_title_p = 'neutral' THEN 1 END) AS title_neutral,
  COUNT(CASE WHEN sentiment_title_p = 'negative' THEN 1 END) AS title_negative,
  AVG(sentiment_body_s) AS mean_score,
  AVG(sentiment_title_s) AS mean_title_score
FROM `check`
GROUP BY brand;

CREATE TEMPORARY TABLE `per-window` (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  brand STRING,
  stories BIGINT,
  positive BIGINT,
  neutral BIGINT,
  negative BIGINT,
  title_positive BIGINT,
  title_neutral BIGINT,
  title_negative BIGINT,
  mean_score DOUBLE,
  mean_title_score DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'news-per-brand',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'brand',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE sliding (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  brand STRING,
  stories BIGINT,
  positive BIGINT,
  neutral BIGINT,
  negative BIGINT,
  title_positive BIGINT,
  title_neutral BIGINT,
  title_negative BIGINT,
  mean_score DOUBLE,
  mean_title_score DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'news-per-brand-sliding',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'brand',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE totals (
  brand STRING,
  stories BIGINT,
  positive BIGINT,
  neutral BIGINT,
  negative BIGINT,
  title_positive BIGINT,
  title_neutral BIGINT,
  title_negative BIGINT,
  mean_score DOUBLE,
  mean_title_score DOUBLE,
  PRIMARY KEY (brand) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'news-totals',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `per-window`
SELECT window_start, window_end, brand, stories, positive, neutral, negative, title_positive, title_neutral, title_negative, mean_score, mean_title_score, row_time
FROM `by-brand`;

INSERT INTO sliding
SELECT window_start, window_end, brand, stories, positive, neutral, negative, title_positive, title_neutral, title_negative, mean_score, mean_title_score, row_time
FROM `last-hour`;

INSERT INTO totals
SELECT brand, stories, positive, neutral, negative, title_positive, title_neutral, title_negative, mean_score, mean_title_score
FROM `totals-by-brand`;
END;
