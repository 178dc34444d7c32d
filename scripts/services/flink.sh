#!/usr/bin/env bash
# Apache Flink 2.3.0 with its SQL Gateway (127.0.0.1 only) from its Maven Central jars; needs Java 17 and Maven.
#   flink.sh resolve          jars -> $SERVICES_HOME/flink/lib, once, 220 MB
#   flink.sh start [slots]    all in one JVM, for tests; waits; REST on $FLINK_REST_PORT (28081), SQL Gateway on $FLINK_GATEWAY_PORT (28083)
#   flink.sh cluster [slots]  as it is deployed: a JobManager, a TaskManager and a SQL Gateway, a JVM each
#   flink.sh stop             either
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/flink
rest=${FLINK_REST_PORT:-28081}; gateway=${FLINK_GATEWAY_PORT:-28083}; run="$home/run-$gateway"
opens=()
for package in lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic util.concurrent.locks; do
  opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
opens+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-exports=java.base/sun.net.util=ALL-UNNAMED)

# What every process reads; more lines from standard input.
configure() {
  mkdir -p "$run/conf" "$run/tmp"
  { cat <<Y
sql-gateway.endpoint.rest.address: 127.0.0.1
sql-gateway.endpoint.rest.bind-address: 127.0.0.1
sql-gateway.endpoint.rest.port: $gateway
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: $rest
parallelism.default: 1
io.tmp.dirs: $run/tmp
execution.checkpointing.dir: file://$run/checkpoints
execution.checkpointing.savepoint-dir: file://$run/savepoints
taskmanager.memory.managed.size: 256mb
taskmanager.memory.network.min: 64mb
taskmanager.memory.network.max: 64mb
Y
    cat; } > "$run/conf/config.yaml"
  cat > "$run/conf/log4j.properties" <<Y
rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.name = C
appender.c.type = CONSOLE
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
Y
}

# launch NAME java's arguments...
launch() {
  local name=$1; shift
  FLINK_CONF_DIR="$run/conf" nohup java "${opens[@]}" "-Dlog4j.configurationFile=file:$run/conf/log4j.properties" "$@" > "$run/$name.log" 2>&1 < /dev/null &
  echo $! > "$run/$name.pid"
}

# Waits until an address answers with a text.
wait_for() {
  for _ in $(seq 300); do
    node -e 'fetch(process.argv[1]).then(async (r) => process.exit(r.ok && (await r.text()).includes(process.argv[2]) ? 0 : 1), () => process.exit(1))' "$1" "$2" && return
    sleep 0.2
  done
  tail -n 20 "$run"/*.log >&2; exit 1
}

case "${1:-}" in
resolve)
  [ -f "$home/resolved-2.3.0" ] && exit 0
  mkdir -p "$home/one"
  mvn -B -q -ntp -f "$here/flink/pom.xml" dependency:copy-dependencies -DoutputDirectory="$home/lib"
  javac -cp "$home/lib/*" -d "$home/one" "$here/flink/OneJvm.java"
  touch "$home/resolved-2.3.0" ;;
start)
  bash "${BASH_SOURCE[0]}" stop
  configure <<< 'execution.target: remote'
  launch one -Xms128m -Xmx1024m -cp "$home/one:$home/lib/*" OneJvm "${2:-2}"
  wait_for "http://127.0.0.1:$gateway/info" Flink; echo "SQL Gateway on 127.0.0.1:$gateway" ;;
cluster)
  bash "${BASH_SOURCE[0]}" stop
  configure <<Y
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: $((rest + 1000))
jobmanager.bind-host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
taskmanager.numberOfTaskSlots: ${2:-2}
taskmanager.cpu.cores: 2.0
taskmanager.memory.task.heap.size: 768mb
taskmanager.memory.framework.heap.size: 128mb
taskmanager.memory.task.off-heap.size: 0b
taskmanager.memory.framework.off-heap.size: 128mb
taskmanager.memory.jvm-metaspace.size: 256mb
taskmanager.memory.jvm-overhead.min: 192mb
taskmanager.memory.jvm-overhead.max: 192mb
Y
  # The distribution, too, keeps the gateway's jars from the cluster's class path.
  jars=$(ls "$home"/lib/*.jar | grep -v -e flink-sql-gateway-2 -e flink-sql-client | tr '\n' ':')
  launch jobmanager -Xms128m -Xmx512m -cp "$jars" org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$run/conf" --executionMode cluster
  launch taskmanager -Xms256m -Xmx1024m -XX:MaxDirectMemorySize=256m -cp "$jars" org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$run/conf"
  launch gateway -Xms64m -Xmx384m -cp "$home/lib/*" org.apache.flink.table.gateway.SqlGateway
  wait_for "http://127.0.0.1:$rest/overview" '"taskmanagers":1'
  wait_for "http://127.0.0.1:$gateway/info" Flink; echo "SQL Gateway on 127.0.0.1:$gateway" ;;
stop)
  for file in "$run"/*.pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file"); kill "$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
  rm -rf "$run" ;;
*) sed -n 2,6p "${BASH_SOURCE[0]}"; exit 2 ;;
esac
