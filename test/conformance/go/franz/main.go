// franz-go: a topic, every compression, every way to share partitions, a transactional copier, offsets, groups.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const each = 200

var broker, topic = os.Args[1], os.Args[2]
var ctx, cancel = context.WithTimeout(context.Background(), 100*time.Second)
var seen = map[string]interface{}{}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(options, kgo.SeedBrokers(broker))...)
	must(err)
	return made
}

// produce sends as many records with each codec, spread over all partitions.
func produce() int {
	total := 0
	for _, codec := range []kgo.CompressionCodec{
		kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(),
	} {
		producer := client(
			kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		)
		for i := 0; i < each; i++ {
			header := kgo.RecordHeader{Key: "h", Value: []byte("v")}
			record := &kgo.Record{Key: []byte(fmt.Sprint(i)), Value: make([]byte, i), Headers: []kgo.RecordHeader{header}}
			producer.Produce(ctx, record, func(_ *kgo.Record, err error) { must(err) })
		}
		must(producer.Flush(ctx))
		producer.Close()
		total += each
	}
	return total
}

// read takes `want` records and commits them.
func read(want int, options ...kgo.Opt) int {
	consumer := client(append(options, kgo.ConsumeTopics(topic), kgo.DisableAutoCommit())...)
	defer consumer.Close()
	count := 0
	for count < want {
		fetches := consumer.PollFetches(ctx)
		must(ctx.Err())
		for _, fault := range fetches.Errors() {
			must(fault.Err)
		}
		count += fetches.NumRecords()
	}
	must(consumer.CommitUncommittedOffsets(ctx))
	return count
}

// copyOnce copies the topic in transactions of which every third is aborted and done again.
func copyOnce(total int) {
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(broker), kgo.TransactionalID(topic+"-tx"), kgo.ConsumerGroup(topic+"-copy"), kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets(), kgo.DefaultProduceTopic(topic+"-out"),
	)
	must(err)
	defer session.Close()
	for copied, round := 0, 1; copied < total; round++ {
		fetches := session.PollRecords(ctx, 300)
		must(ctx.Err())
		must(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) { session.Produce(ctx, &kgo.Record{Value: record.Value}, nil) })
		isCommitted, err := session.End(ctx, kgo.TransactionEndTry(round%3 != 0))
		must(err)
		if isCommitted {
			copied += fetches.NumRecords()
		}
	}
}

func countCommitted(total int) int {
	reader := client(kgo.ConsumeTopics(topic+"-out"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer reader.Close()
	count := 0
	for count < total {
		count += reader.PollFetches(ctx).NumRecords()
		must(ctx.Err())
	}
	quiet, done := context.WithTimeout(ctx, time.Second)
	defer done()
	return count + reader.PollFetches(quiet).NumRecords()
}

func main() {
	defer cancel()
	plain := client()
	defer plain.Close()
	admin := kadm.NewClient(plain)
	for name, partitions := range map[string]int32{topic: 3, topic + "-out": 1} {
		created, err := admin.CreateTopics(ctx, partitions, 1, nil, name)
		must(err)
		must(created[name].Err)
	}
	total := produce()
	ends, err := admin.ListEndOffsets(ctx, topic)
	must(err)
	sum := int64(0)
	ends.Each(func(end kadm.ListedOffset) { sum += end.Offset })
	seen["ends"] = sum
	for _, balancer := range []kgo.GroupBalancer{
		kgo.RangeBalancer(), kgo.RoundRobinBalancer(), kgo.StickyBalancer(), kgo.CooperativeStickyBalancer(),
	} {
		name := balancer.ProtocolName()
		seen[name] = read(total, kgo.ConsumerGroup(topic+"-"+name), kgo.Balancers(balancer))
	}
	lags, err := admin.Lag(ctx, topic+"-range")
	must(err)
	must(lags.Error())
	seen["lag"] = lags[topic+"-range"].Lag.Total()
	copyOnce(total)
	seen["copied"] = countCommitted(total)
	deleted, err := admin.DeleteRecords(ctx, kadm.Offsets{topic: {0: {Topic: topic, Partition: 0, At: 10}}})
	must(err)
	deleted.Each(func(answer kadm.DeleteRecordsResponse) { must(answer.Err) })
	groups, err := admin.DescribeGroups(ctx, topic+"-range")
	must(err)
	seen["state"] = groups[topic+"-range"].State
	json.NewEncoder(os.Stdout).Encode(seen)
}
