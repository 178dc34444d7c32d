#!/usr/bin/env bash
# Apache Kafka 4.3.1 (KRaft, one node, 127.0.0.1 only) from its Maven Central jars; needs Java 17 and Maven.
#   kafka.sh resolve                 jars -> $SERVICES_HOME/kafka/libs, once, 130 MB
#   kafka.sh clients VERSION...      jars of older Java clients -> $SERVICES_HOME/kafka/clients-VERSION, once, 15 MB each
#   kafka.sh start [port]            starts a broker (default 19092) and waits until it answers
#   kafka.sh stop [port]             stops it and removes its data
#   kafka.sh topics|groups|configs|perf-produce|perf-consume|console-produce|console-consume ARGS...
#   kafka.sh run MAIN.CLASS ARGS...  any Java main class of the jars
# Environment: SERVICES_HOME (default ~/.cache/streamctl-services), KAFKA_EXTRA (lines added to server.properties).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/kafka
libs="$home/libs/*"
log="-Dorg.slf4j.simpleLogger.defaultLogLevel=${KAFKA_LOG:-warn}"
tool() { exec java -XX:TieredStopAtLevel=1 -Xmx512m "$log" -cp "$libs" "$@"; }
perf() { exec java -Xmx512m "$log" -cp "$libs" "$@"; }

properties() { # port folder
  cat <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$(($1 + 10000))
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$(($1 + 10000))
advertised.listeners=PLAINTEXT://127.0.0.1:$1
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$2/logs
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
log.message.timestamp.after.max.ms=9223372036854775807
message.max.bytes=10485760
${KAFKA_EXTRA:-}
P
}

# A broker is ready when it answers a Metadata v1 request with at least one live broker.
ready() {
  node -e '
    const s = require("node:net").connect(+process.argv[1], "127.0.0.1");
    const fail = () => process.exit(1);
    s.on("error", fail); setTimeout(fail, 2000).unref();
    s.on("connect", () => s.write(Buffer.from("0000000e000300010000000700000000ffffffff", "hex")));
    s.on("data", (d) => process.exit(d.length > 12 && d.readInt32BE(8) > 0 ? 0 : 1));
  ' "$1" 2>/dev/null
}

command=${1:-}; shift || true
case "$command" in
resolve)
  [ -f "$home/resolved-4.3.1-streams" ] && exit 0
  mkdir -p "$home"
  mvn -q -B -ntp -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$home/libs" -DincludeScope=runtime
  touch "$home/resolved-4.3.1-streams" ;;
clients)
  for version in "$@"; do
    [ -f "$home/clients-$version/resolved" ] && continue
    mvn -q -B -ntp -f "$here/kafka-clients/pom.xml" -Dclients="$version" dependency:copy-dependencies -DoutputDirectory="$home/clients-$version"
    touch "$home/clients-$version/resolved"
  done ;;
start)
  port=${1:-19092}; data="$home/data-$port"; mkdir -p "$data"
  if [ -f "$data/pid" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null; then echo "already running on $port"; exit 0; fi
  properties "$port" "$data" > "$data/server.properties"
  if [ ! -f "$data/logs/meta.properties" ]; then
    java "$log" -XX:TieredStopAtLevel=1 -cp "$libs" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qk -c "$data/server.properties" > "$data/format.log" 2>&1
  fi
  nohup java -Xms512m -Xmx1g -XX:+UseG1GC "$log" -cp "$libs" kafka.Kafka "$data/server.properties" > "$data/broker.log" 2>&1 < /dev/null &
  echo $! > "$data/pid"
  for _ in $(seq 300); do ready "$port" && { echo "ready on 127.0.0.1:$port"; exit 0; }; sleep 0.2; done
  echo "no answer on $port:" >&2; tail -20 "$data/broker.log" >&2; exit 1 ;;
stop)
  data="$home/data-${1:-19092}"
  if [ -f "$data/pid" ]; then
    pid=$(cat "$data/pid"); kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -rf "$data" ;;
pid) cat "$home/data-${1:-19092}/pid" ;;
topics) tool org.apache.kafka.tools.TopicCommand "$@" ;;
groups) tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand "$@" ;;
configs) tool kafka.admin.ConfigCommand "$@" ;;
console-produce) tool org.apache.kafka.tools.ConsoleProducer "$@" ;;
console-consume) tool org.apache.kafka.tools.consumer.ConsoleConsumer "$@" ;;
perf-produce) perf org.apache.kafka.tools.ProducerPerformance "$@" ;;
perf-consume) perf org.apache.kafka.tools.ConsumerPerformance "$@" ;;
run) tool "$@" ;;
*) sed -n 2,10p "${BASH_SOURCE[0]}"; exit 2 ;;
esac
