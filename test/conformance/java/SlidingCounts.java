import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SlidingWindows;

/**
 * Counts of sliding windows, by Kafka Streams. Arguments: bootstrap, application id, state folder, input, output, time
 * difference in ms, grace in ms. Records have the event time in ms as their value; results are "start end key" -> count. Ends
 * when the input is read and committed.
 */
public class SlidingCounts {
    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
        settings.put("auto.offset.reset", "earliest");
        SlidingWindows windows = SlidingWindows.ofTimeDifferenceAndGrace(
            Duration.ofMillis(Long.parseLong(args[5])), Duration.ofMillis(Long.parseLong(args[6])));
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(args[3], Consumed.with(Serdes.String(), Serdes.String())
                .withTimestampExtractor((record, time) -> Long.parseLong((String) record.value())))
            .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(windows)
            .count()
            .toStream((window, count) -> window.window().start() + " " + window.window().end() + " " + window.key())
            .mapValues(count -> String.valueOf(count))
            .to(args[4], Produced.with(Serdes.String(), Serdes.String()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            while (!done(admin, args[1], args[3])) Thread.sleep(100);
        }
        streams.close(Duration.ofSeconds(10));
        System.exit(0);
    }

    static boolean done(Admin admin, String group, String topic) throws Exception {
        try {
            TopicPartition partition = new TopicPartition(topic, 0);
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>(Map.of(partition, OffsetSpec.latest()));
            long end = admin.listOffsets(asked).all().get().get(partition).offset();
            var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(partition);
            return committed != null && committed.offset() >= end;
        } catch (java.util.concurrent.ExecutionException notYet) { return false; }
    }
}
