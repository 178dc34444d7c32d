// segmentio's kafka-go: writers with every compression, a group, the low-level connection, administration.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
)

const each = 100

var broker, topic = os.Args[1], os.Args[2]
var ctx, cancel = context.WithTimeout(context.Background(), 100*time.Second)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func write() int {
	codecs := []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd}
	for _, codec := range codecs {
		writer := &kafka.Writer{
			Addr: kafka.TCP(broker), Topic: topic, Balancer: &kafka.RoundRobin{}, RequiredAcks: kafka.RequireAll,
			Compression: codec, BatchTimeout: 5 * time.Millisecond,
		}
		messages := make([]kafka.Message, each)
		for i := range messages {
			headers := []kafka.Header{{Key: "h", Value: []byte("v")}}
			messages[i] = kafka.Message{Key: []byte(fmt.Sprint(i)), Value: make([]byte, i), Headers: headers}
		}
		must(writer.WriteMessages(ctx, messages...))
		must(writer.Close())
	}
	return len(codecs) * each
}

func read(want int) int {
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{broker}, GroupID: topic + "-g", Topic: topic, MinBytes: 1, MaxBytes: 10e6,
		MaxWait: 200 * time.Millisecond, StartOffset: kafka.FirstOffset,
	})
	count := 0
	for ; count < want; count++ {
		message, err := reader.FetchMessage(ctx)
		must(err)
		must(reader.CommitMessages(ctx, message))
	}
	must(reader.Close())
	return count
}

func main() {
	defer cancel()
	seen := map[string]interface{}{}
	client := &kafka.Client{Addr: kafka.TCP(broker), Timeout: 10 * time.Second}
	created, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 3, ReplicationFactor: 1}},
	})
	must(err)
	must(created.Errors[topic])
	total := write()
	seen["missing"] = total - read(total)
	offsets, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{
		GroupID: topic + "-g", Topics: map[string][]int{topic: {0, 1, 2}},
	})
	must(err)
	for _, partition := range offsets.Topics[topic] {
		must(partition.Error)
		total -= int(partition.CommittedOffset)
	}
	seen["uncommitted"] = total
	connection, err := kafka.DialLeader(ctx, "tcp", broker, topic, 0)
	must(err)
	_, err = connection.WriteMessages(kafka.Message{Value: []byte("last")})
	must(err)
	first, last, err := connection.ReadOffsets()
	must(err)
	seen["first"] = first
	_, err = connection.Seek(last-1, kafka.SeekAbsolute)
	must(err)
	message, err := connection.ReadMessage(1e6)
	must(err)
	seen["last"] = string(message.Value)
	controller, err := connection.Controller()
	must(err)
	seen["controller"] = fmt.Sprintf("%s:%d", controller.Host, controller.Port) == broker
	deleted, err := client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{topic + "-g"}})
	must(err)
	must(deleted.Errors[topic+"-g"])
	json.NewEncoder(os.Stdout).Encode(seen)
}
