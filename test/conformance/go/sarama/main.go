// sarama, as clients of five ages of Kafka: a topic, compressions, groups, transactions, administration.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

const each = 100

var brokers, topic = []string{os.Args[1]}, os.Args[2]

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// reader counts what its group is given, and ends when it has all of it.
type reader struct {
	count, want int64
	done        context.CancelFunc
}

func (*reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (r *reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, isOpen := <-claim.Messages():
			if !isOpen {
				return nil
			}
			session.MarkMessage(message, "")
			if atomic.AddInt64(&r.count, 1) == r.want {
				r.done()
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func configOf(version sarama.KafkaVersion) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = version
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	return config
}

func produce(version sarama.KafkaVersion, name string) int64 {
	codecs := []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4,
	}
	if version.IsAtLeast(sarama.V2_1_0_0) {
		codecs = append(codecs, sarama.CompressionZSTD)
	}
	for _, codec := range codecs {
		config := configOf(version)
		config.Producer.Compression = codec
		config.Producer.Idempotent = codec == sarama.CompressionGZIP
		config.Net.MaxOpenRequests = 1
		producer, err := sarama.NewSyncProducer(brokers, config)
		must(err)
		messages := make([]*sarama.ProducerMessage, each)
		for i := range messages {
			key := sarama.StringEncoder(fmt.Sprint(i))
			messages[i] = &sarama.ProducerMessage{Topic: name, Key: key, Value: sarama.ByteEncoder(make([]byte, i))}
		}
		must(producer.SendMessages(messages))
		must(producer.Close())
	}
	return int64(len(codecs) * each)
}

func read(version sarama.KafkaVersion, name string, want int64) int64 {
	group, err := sarama.NewConsumerGroup(brokers, name+"-g", configOf(version))
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	counting := &reader{want: want, done: cancel}
	must(group.Consume(ctx, []string{name}, counting))
	must(group.Close())
	return counting.count
}

// transact writes four transactions with offsets, two of which are aborted.
func transact(version sarama.KafkaVersion, name string) {
	config := configOf(version)
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Producer.Transaction.ID = name + "-tx"
	producer, err := sarama.NewAsyncProducer(brokers, config)
	must(err)
	go func() {
		for range producer.Successes() {
		}
	}()
	go func() {
		for fault := range producer.Errors() {
			must(fault)
		}
	}()
	for round := int64(0); round < 4; round++ {
		must(producer.BeginTxn())
		for i := 0; i < each; i++ {
			producer.Input() <- &sarama.ProducerMessage{Topic: name + "-out", Value: sarama.StringEncoder("t")}
		}
		offsets := map[string][]*sarama.PartitionOffsetMetadata{name: {{Partition: 0, Offset: round}}}
		must(producer.AddOffsetsToTxn(offsets, name+"-o"))
		if round%2 == 0 {
			must(producer.CommitTxn())
		} else {
			must(producer.AbortTxn())
		}
	}
	must(producer.Close())
}

// countCommitted reads until nothing comes for a second.
func countCommitted(version sarama.KafkaVersion, name string) int {
	config := configOf(version)
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	consumer, err := sarama.NewConsumer(brokers, config)
	must(err)
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(name, 0, sarama.OffsetOldest)
	must(err)
	defer partition.Close()
	for count := 0; ; count++ {
		select {
		case <-partition.Messages():
		case <-time.After(time.Second):
			return count
		}
	}
}

func round(version sarama.KafkaVersion) map[string]interface{} {
	name := topic + "-" + version.String()
	admin, err := sarama.NewClusterAdmin(brokers, configOf(version))
	must(err)
	defer admin.Close()
	must(admin.CreateTopic(name, &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1}, false))
	must(admin.CreateTopic(name+"-out", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false))
	total := produce(version, name)
	seen := map[string]interface{}{"missing": total - read(version, name, total)}
	offsets, err := admin.ListConsumerGroupOffsets(name+"-g", map[string][]int32{name: {0, 1, 2}})
	must(err)
	for partition := int32(0); partition < 3; partition++ {
		total -= offsets.GetBlock(name, partition).Offset
	}
	seen["uncommitted"] = total
	transact(version, name)
	seen["read committed"] = countCommitted(version, name+"-out")
	stored, err := admin.ListConsumerGroupOffsets(name+"-o", map[string][]int32{name: {0}})
	must(err)
	seen["offset"] = stored.GetBlock(name, 0).Offset
	retention := "1234567"
	must(admin.AlterConfig(sarama.TopicResource, name, map[string]*string{"retention.ms": &retention}, false))
	must(admin.DeleteRecords(name, map[int32]int64{0: 5}))
	groups, err := admin.DescribeConsumerGroups([]string{name + "-g"})
	must(err)
	seen["state"] = groups[0].State
	must(admin.DeleteTopic(name))
	return seen
}

func main() {
	seen := map[string]interface{}{}
	for _, version := range []sarama.KafkaVersion{
		sarama.V0_11_0_0, sarama.V1_0_0_0, sarama.V2_1_0_0, sarama.V2_8_0_0, sarama.V3_5_0_0,
	} {
		seen[version.String()] = round(version)
	}
	json.NewEncoder(os.Stdout).Encode(seen)
}
