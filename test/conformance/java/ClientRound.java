import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * One round of everything, with what clients of version 2.1 offer: BROKERS TOPIC. Makes the topic and describes it, writes
 * 1,000 records and three transactions of 10 of which the second is aborted, reads what is committed in a group, and
 * prints how much that was and what the group and the transactions committed.
 */
public class ClientRound {
  public static void main(String[] args) throws Exception {
    String topic = args[1];
    Properties base = new Properties();
    base.put("bootstrap.servers", args[0]);
    base.put("request.timeout.ms", "10000");
    try (AdminClient admin = AdminClient.create(base)) {
      admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
      // A new topic is known everywhere a moment later.
      while (!admin.listTopics().names().get().contains(topic)) Thread.sleep(50);
      admin.describeTopics(List.of(topic)).values().get(topic).get();
      admin.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, topic))).all().get();
      admin.describeCluster().nodes().get();
      admin.listConsumerGroups().all().get();
    }
    produce(base, topic);
    transact(base, topic);
    System.out.println("read " + consume(base, topic));
    try (AdminClient admin = AdminClient.create(base)) {
      System.out.println("group " + committed(admin, topic));
      System.out.println("transactions " + committed(admin, topic + "-transactions"));
    }
  }

  private static KafkaProducer<String, String> producer(Properties base, String... more) {
    Properties properties = new Properties();
    properties.putAll(base);
    properties.put("acks", "all");
    properties.put("enable.idempotence", "true");
    properties.put("delivery.timeout.ms", "20000");
    for (int at = 0; at < more.length; at += 2) properties.put(more[at], more[at + 1]);
    return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
  }

  private static void produce(Properties base, String topic) {
    try (KafkaProducer<String, String> producer = producer(base, "compression.type", "lz4")) {
      for (int n = 0; n < 1000; n++) producer.send(new ProducerRecord<>(topic, "k" + n, "v" + n));
    }
  }

  private static void transact(Properties base, String topic) {
    Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(5));
    try (KafkaProducer<String, String> producer = producer(base, "transactional.id", topic)) {
      producer.initTransactions();
      for (int round = 0; round < 3; round++) {
        producer.beginTransaction();
        for (int n = 0; n < 10; n++) producer.send(new ProducerRecord<>(topic, "k" + n, "t" + n));
        // Else an abort throws away what was not sent yet.
        producer.flush();
        producer.sendOffsetsToTransaction(offsets, topic + "-transactions");
        if (round == 1) producer.abortTransaction();
        else producer.commitTransaction();
      }
    }
  }

  private static int consume(Properties base, String topic) {
    Properties properties = new Properties();
    properties.putAll(base);
    properties.put("group.id", topic);
    properties.put("auto.offset.reset", "earliest");
    properties.put("isolation.level", "read_committed");
    properties.put("request.timeout.ms", "30000");
    int count = 0;
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(Collections.singletonList(topic));
      long end = System.currentTimeMillis() + 20_000;
      while (count < 1020 && System.currentTimeMillis() < end) count += consumer.poll(Duration.ofMillis(500)).count();
      // What is aborted or told twice would come now.
      count += consumer.poll(Duration.ofMillis(500)).count();
      consumer.commitSync();
    }
    return count;
  }

  private static long committed(AdminClient admin, String group) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    return offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
  }
}
