#!/usr/bin/env bash
# The conformance suites against a real Apache Kafka; starts and stops it. Needs Java 17, Maven and Go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
port=${KAFKA_PORT:-19092}
bash scripts/services/kafka.sh resolve
bash scripts/services/flink.sh resolve
bash scripts/services/python.sh
bash scripts/services/go.sh
bash scripts/services/kafka.sh start "$port"
trap 'bash scripts/services/kafka.sh stop "$port"' EXIT
export STREAMCTL_TEST_BROKERS="127.0.0.1:$port"
npx vitest run test/conformance "$@"
# Two workers of one pipeline, one of them killed again and again.
ROUNDS=${ROUNDS:-10} npx vitest run --config vitest.crash.config.ts test/crash/workers-kill.test.ts
