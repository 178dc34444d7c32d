#!/usr/bin/env bash
# Apache Flink 2.3.0 with its SQL Gateway in one JVM (127.0.0.1 only) from its Maven Central jars; needs Java 17 and Maven.
#   flink.sh resolve        jars -> $SERVICES_HOME/flink/lib, once, 220 MB
#   flink.sh start [slots]  starts it and waits; REST on $FLINK_REST_PORT (28081), SQL Gateway on $FLINK_GATEWAY_PORT (28083)
#   flink.sh stop
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/flink
rest=${FLINK_REST_PORT:-28081}; gateway=${FLINK_GATEWAY_PORT:-28083}; run="$home/run-$gateway"
opens=()
for package in lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic util.concurrent.locks; do
  opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
opens+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-exports=java.base/sun.net.util=ALL-UNNAMED)

case "${1:-}" in
resolve)
  [ -f "$home/resolved-2.3.0" ] && exit 0
  mkdir -p "$home/one"
  mvn -B -q -ntp -f "$here/flink/pom.xml" dependency:copy-dependencies -DoutputDirectory="$home/lib"
  javac -cp "$home/lib/*" -d "$home/one" "$here/flink/OneJvm.java"
  touch "$home/resolved-2.3.0" ;;
start)
  bash "${BASH_SOURCE[0]}" stop
  mkdir -p "$run/conf" "$run/tmp"
  cat > "$run/conf/config.yaml" <<Y
execution.target: remote
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
  cat > "$run/conf/log4j.properties" <<Y
rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.name = C
appender.c.type = CONSOLE
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
Y
  FLINK_CONF_DIR="$run/conf" nohup java -Xms128m -Xmx1024m "${opens[@]}" "-Dlog4j.configurationFile=file:$run/conf/log4j.properties" \
    -cp "$home/one:$home/lib/*" OneJvm "${2:-2}" > "$run/out.log" 2>&1 < /dev/null &
  echo $! > "$run/pid"
  for _ in $(seq 300); do
    node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "http://127.0.0.1:$gateway/info" && { echo "SQL Gateway on 127.0.0.1:$gateway"; exit 0; }
    sleep 0.2
  done
  tail -20 "$run/out.log" >&2; exit 1 ;;
stop)
  if [ -f "$run/pid" ]; then
    pid=$(cat "$run/pid"); kill "$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -rf "$run" ;;
*) sed -n 2,6p "${BASH_SOURCE[0]}"; exit 2 ;;
esac
