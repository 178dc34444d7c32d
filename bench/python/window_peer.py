"""The windowing job on Spark Structured Streaming: one-minute tumbling windows of event time by manufacturer.

Arguments: bootstrap, input, output, checkpoint folder, threads. Takes what is in the input and ends; results are updates,
the last one of a key counts.
"""
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

bootstrap, source, target, checkpoint, threads = sys.argv[1:6]
spark = (
    SparkSession.builder.master(f"local[{threads}]")
    .config("spark.jars", os.environ["SPARK_KAFKA_JARS"].rstrip(","))
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "1g")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", threads)
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
rows = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", bootstrap)
    .option("subscribe", source)
    .option("startingOffsets", "earliest")
    .load()
    .select(f.from_json(f.col("value").cast("string"), "manufacturer STRING, price DOUBLE, ts BIGINT").alias("car"))
    .select("car.manufacturer", "car.price", f.timestamp_millis("car.ts").alias("t"))
    .withWatermark("t", "5 seconds")
)
windows = rows.groupBy("manufacturer", f.window("t", "1 minute")).agg(
    f.count("*").alias("n"),
    f.avg("price").alias("mean"),
    f.min("price").alias("min"),
    f.max("price").alias("max"),
    f.stddev_samp("price").alias("stddev"),
)
key = f.concat("manufacturer", f.lit("@"), f.unix_millis("window.start").cast("string"))
results = windows.select(key.alias("key"), f.to_json(f.struct("n", "mean", "min", "max", "stddev")).alias("value"))
query = (
    results.writeStream.format("kafka")
    .option("kafka.bootstrap.servers", bootstrap)
    .option("topic", target)
    .option("checkpointLocation", checkpoint)
    .outputMode("update")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
spark.stop()
