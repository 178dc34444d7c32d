"""Produces and consumes with confluent-kafka and kafka-python. Prints one JSON line with what it saw."""
import json
import sys

bootstrap, tag = sys.argv[1], sys.argv[2]
seen = {}


def confluent():
    from confluent_kafka import Consumer, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic

    topic = f"ck-{tag}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(topic, 3, 1)]).values():
        future.result()
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "zstd"})
    for index in range(1000):
        producer.produce(topic, key=f"k{index % 10}", value=f"{index}", headers={"h": b"1"})
    assert producer.flush(20) == 0

    transactional = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"ck-tx-{tag}"})
    transactional.init_transactions(20)
    for outcome in ("abort", "commit"):
        transactional.begin_transaction()
        transactional.produce(topic, value=outcome)
        transactional.commit_transaction(20) if outcome == "commit" else transactional.abort_transaction(20)

    for protocol in ("classic", "consumer"):
        settings = {"bootstrap.servers": bootstrap, "group.id": f"ck-{protocol}-{tag}", "auto.offset.reset": "earliest", "group.protocol": protocol}
        if protocol == "classic":
            settings["session.timeout.ms"] = 6000
            settings["partition.assignment.strategy"] = "cooperative-sticky"
        consumer = Consumer(settings)
        consumer.subscribe([topic])
        values = []
        idle = 0
        while len(values) < 1001 and idle < 40:
            message = consumer.poll(0.5)
            if message is None:
                idle += 1
                continue
            assert message.error() is None, message.error()
            values.append(message.value().decode())
        consumer.commit(asynchronous=False)
        committed = consumer.committed([TopicPartition(topic, p) for p in range(3)])
        consumer.close()
        seen[f"confluent {protocol}"] = {
            "numbers": sorted(int(v) for v in values if v.isdigit()) == list(range(1000)),
            "commit": values.count("commit"),
            "abort": values.count("abort"),
            "offsets": sum(max(0, c.offset) for c in committed) >= 1001,
        }


def kafka_python():
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    topic = f"kp-{tag}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, 2, 1)])
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for index in range(500):
        producer.send(topic, key=b"k%d" % (index % 5), value=b"%d" % index)
    producer.flush()
    producer.close()
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=f"kp-{tag}", auto_offset_reset="earliest", consumer_timeout_ms=8000)
    values = []
    for message in consumer:
        values.append(int(message.value))
        if len(values) == 500:
            break
    consumer.commit()
    consumer.close()
    seen["kafka-python"] = {"numbers": sorted(values) == list(range(500)), "topics": topic in admin.list_topics()}
    admin.close()


for part in (confluent, kafka_python):
    try:
        part()
    except Exception as error:  # The test prints it; a traceback would hide the other client's result.
        seen[part.__name__] = f"{type(error).__name__}: {error}"
print(json.dumps(seen))
