import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.Stores;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The windowing job on Kafka Streams: one-minute tumbling windows of event time by manufacturer; count, mean, min, max, stddev.
 * Arguments: bootstrap, input, output, application id, memory|rocksdb, state folder, threads. Ends when all records that were
 * in the input at the start are committed; prints the milliseconds from main to there.
 */
public class WindowPeer {
    static final ObjectMapper JSON = new ObjectMapper();

    static class Car { String maker; double price; long ts; }

    static class CarSerde implements Deserializer<Car>, Serializer<Car> {
        // Both interfaces have these with a body.
        public void configure(Map<String, ?> settings, boolean isKey) {}
        public void close() {}
        public Car deserialize(String topic, byte[] bytes) {
            try {
                JsonNode node = JSON.readTree(bytes);
                Car car = new Car();
                car.maker = node.get("manufacturer").asText();
                car.price = node.get("price").asDouble();
                car.ts = node.get("ts").asLong();
                return car;
            } catch (Exception error) { throw new RuntimeException(error); }
        }
        public byte[] serialize(String topic, Car car) {
            return ("{\"manufacturer\":\"" + car.maker + "\",\"price\":" + car.price + ",\"ts\":" + car.ts + "}").getBytes();
        }
    }

    /** count, sum, min, max, mean and sum of squared distances (Welford). */
    static class StatsSerde implements Deserializer<double[]>, Serializer<double[]> {
        // Both interfaces have these with a body.
        public void configure(Map<String, ?> settings, boolean isKey) {}
        public void close() {}
        public double[] deserialize(String topic, byte[] bytes) {
            if (bytes == null) return null;
            double[] values = new double[6];
            java.nio.ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
            return values;
        }
        public byte[] serialize(String topic, double[] values) {
            if (values == null) return null;
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(48);
            buffer.asDoubleBuffer().put(values);
            return buffer.array();
        }
    }

    public static void main(String[] args) throws Exception {
        long from = System.nanoTime();
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[5]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[6]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
        settings.put("auto.offset.reset", "earliest");
        settings.put("fetch.max.bytes", 50 << 20);
        TimestampExtractor eventTime = (ConsumerRecord<Object, Object> record, long partition) -> ((Car) record.value()).ts;
        Serde<Car> cars = Serdes.serdeFrom(new CarSerde(), new CarSerde());
        Serde<double[]> stats = Serdes.serdeFrom(new StatsSerde(), new StatsSerde());
        StreamsBuilder builder = new StreamsBuilder();
        Duration size = Duration.ofMinutes(1);
        // Stream time runs over all partitions: only a grace beyond the whole history keeps every row (see docs/reference).
        Duration grace = Duration.ofDays(1);
        var store = args[4].equals("memory")
            ? Stores.inMemoryWindowStore("stats", size.plus(grace), size, false)
            : Stores.persistentWindowStore("stats", size.plus(grace), size, false);
        builder.stream(args[1], Consumed.with(Serdes.String(), cars).withTimestampExtractor(eventTime))
            .groupBy((key, car) -> car.maker, Grouped.with(Serdes.String(), cars))
            .windowedBy(TimeWindows.ofSizeAndGrace(size, grace))
            .aggregate(() -> new double[] {0, 0, Double.MAX_VALUE, -Double.MAX_VALUE, 0, 0}, (maker, car, s) -> {
                double n = s[0] + 1, delta = car.price - s[4], mean = s[4] + delta / n;
                return new double[] {n, s[1] + car.price, Math.min(s[2], car.price), Math.max(s[3], car.price), mean, s[5] + delta * (car.price - mean)};
            }, Materialized.<String, double[]>as(store).withKeySerde(Serdes.String()).withValueSerde(stats))
            .toStream((window, s) -> window.key() + "@" + window.window().start())
            .mapValues(s -> "{\"n\":" + (long) s[0] + ",\"mean\":" + s[4] + ",\"min\":" + s[2] + ",\"max\":" + s[3] + ",\"stddev\":" + Math.sqrt(s[5] / (s[0] - 1)) + "}")
            .to(args[2], Produced.with(Serdes.String(), Serdes.String()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            String repartition = args[3] + "-stats-repartition";
            while (!done(admin, args[3], args[1]) || !done(admin, args[3], repartition)) Thread.sleep(20);
        }
        System.out.println((System.nanoTime() - from) / 1_000_000);
        streams.close(Duration.ofSeconds(10));
        System.exit(0);
    }

    static boolean done(Admin admin, String group, String topic) throws Exception {
        try {
            var description = admin.describeTopics(java.util.List.of(topic)).allTopicNames().get().get(topic);
            Map<TopicPartition, OffsetSpec> asked = new java.util.HashMap<>();
            for (var partition : description.partitions()) asked.put(new TopicPartition(topic, partition.partition()), OffsetSpec.latest());
            var ends = admin.listOffsets(asked).all().get();
            Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            long total = 0;
            for (var end : ends.entrySet()) {
                total += end.getValue().offset();
                var offset = committed.get(end.getKey());
                if (end.getValue().offset() > 0 && (offset == null || offset.offset() < end.getValue().offset())) return false;
            }
            return total > 0;
        } catch (java.util.concurrent.ExecutionException notYet) { return false; }
    }
}
