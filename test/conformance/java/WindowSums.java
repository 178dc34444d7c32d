import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * Windows of keyed topics, by Kafka Streams. Arguments: bootstrap, application id, state folder, grace in ms, then for each
 * topic "input output sizeMs hopMs columns", and " k" behind it where rows are
 * grouped anew by their field k (through a repartition topic named after the output). Records are {"t": epoch ms, "v": [number or null, ...]}. Results, by key and
 * window start: {"rows": n, "columns": [[count, sum, min, max], ...]}. Ends when every input is read and committed.
 */
public class WindowSums {
    static final ObjectMapper JSON = new ObjectMapper();

    /** Doubles one after the other: rows, then count, sum, smallest and largest of each column. */
    static Serde<double[]> doublesSerde() {
        return Serdes.serdeFrom((topic, values) -> {
            if (values == null) return null;
            ByteBuffer buffer = ByteBuffer.allocate(values.length * 8);
            buffer.asDoubleBuffer().put(values);
            return buffer.array();
        }, (topic, bytes) -> {
            if (bytes == null) return null;
            double[] values = new double[bytes.length / 8];
            ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
            return values;
        });
    }

    static Serde<JsonNode> jsonSerde() {
        return Serdes.serdeFrom((topic, node) -> node == null ? null : node.toString().getBytes(StandardCharsets.UTF_8), (topic, bytes) -> {
            try { return bytes == null ? null : JSON.readTree(bytes); } catch (Exception error) { throw new RuntimeException(error); }
        });
    }

    static double[] take(double[] sums, JsonNode values) {
        double[] next = sums.clone();
        next[0]++;
        for (int column = 0; column < values.size(); column++) {
            JsonNode value = values.get(column);
            if (value.isNull()) continue;
            int at = 1 + 4 * column;
            double number = value.asDouble();
            next[at + 2] = next[at] == 0 ? number : Math.min(next[at + 2], number);
            next[at + 3] = next[at] == 0 ? number : Math.max(next[at + 3], number);
            next[at]++;
            next[at + 1] += number;
        }
        return next;
    }

    static String text(double[] sums) {
        StringBuilder text = new StringBuilder("{\"rows\":" + (long) sums[0] + ",\"columns\":[");
        for (int at = 1; at < sums.length; at += 4)
            text.append(at == 1 ? "" : ",").append("[" + (long) sums[at] + "," + sums[at + 1] + "," + sums[at + 2] + "," + sums[at + 3] + "]");
        return text.append("]}").toString();
    }

    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
        settings.put("auto.offset.reset", "earliest");
        Duration grace = Duration.ofMillis(Long.parseLong(args[3]));
        StreamsBuilder builder = new StreamsBuilder();
        List<String> inputs = new ArrayList<>();
        Serde<JsonNode> rows = jsonSerde();
        Serde<double[]> doubles = doublesSerde();
        for (int at = 4; at < args.length; at++) {
            String[] spec = args[at].split(" ");
            inputs.add(spec[0]);
            int columns = Integer.parseInt(spec[4]);
            TimeWindows windows = TimeWindows.ofSizeAndGrace(Duration.ofMillis(Long.parseLong(spec[2])), grace)
                .advanceBy(Duration.ofMillis(Long.parseLong(spec[3])));
            Grouped<String, JsonNode> grouped = Grouped.with(spec[1], Serdes.String(), rows);
            if (spec.length > 5) inputs.add(args[1] + "-" + spec[1] + "-repartition");
            var stream = builder.stream(spec[0], Consumed.with(Serdes.String(), rows).withTimestampExtractor((record, time) -> ((JsonNode) record.value()).get("t").asLong()));
            (spec.length > 5 ? stream.groupBy((key, row) -> row.get("k").asText(), grouped) : stream.groupByKey(grouped))
                .windowedBy(windows)
                .aggregate(() -> new double[1 + 4 * columns], (key, row, sums) -> take(sums, row.get("v")),
                    Materialized.with(Serdes.String(), doubles))
                .toStream((window, sums) -> window.window().start() + " " + window.key())
                .mapValues(WindowSums::text)
                .to(spec[1], Produced.with(Serdes.String(), Serdes.String()));
        }
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            for (String input : inputs) while (!done(admin, args[1], input)) Thread.sleep(100);
        }
        streams.close(Duration.ofSeconds(10));
        System.exit(0);
    }

    static boolean done(Admin admin, String group, String topic) throws Exception {
        try {
            var description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
            for (var partition : description.partitions()) asked.put(new TopicPartition(topic, partition.partition()), OffsetSpec.latest());
            var ends = admin.listOffsets(asked).all().get();
            var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            for (var end : ends.entrySet()) {
                var offset = committed.get(end.getKey());
                if (end.getValue().offset() > 0 && (offset == null || offset.offset() < end.getValue().offset())) return false;
            }
            return true;
        } catch (java.util.concurrent.ExecutionException notYet) { return false; }
    }
}
