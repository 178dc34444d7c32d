#!/usr/bin/env bash
# Apache Spark 4.2.0 for the benchmarks: pyspark in a virtual environment, its Kafka jars from Maven Central; needs Java 17.
#   spark.sh resolve          once, into $SERVICES_HOME/spark, 900 MB
#   spark.sh run FILE ARGS    runs a Python program with both
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/spark

case "${1:-}" in
resolve)
  [ -f "$home/resolved-4.2.0" ] && exit 0
  mkdir -p "$home"
  python3 -m venv "$home/python"
  "$home/python/bin/pip" install -q 'pyspark==4.2.0'
  mvn -B -q -ntp -f "$here/spark/pom.xml" dependency:copy-dependencies -DoutputDirectory="$home/jars"
  touch "$home/resolved-4.2.0" ;;
run)
  shift
  SPARK_KAFKA_JARS=$(printf '%s,' "$home"/jars/*.jar) SPARK_LOCAL_IP=127.0.0.1 exec "$home/python/bin/python" "$@" ;;
*) sed -n 2,4p "${BASH_SOURCE[0]}"; exit 2 ;;
esac
