#!/usr/bin/env bash
# The Go clients of the conformance suite, built into $SERVICES_HOME/go; needs Go 1.19 or newer.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/go
mkdir -p "$home"
cd "$here/../../test/conformance/go"
go build -trimpath -buildvcs=false -o "$home/" ./franz ./sarama ./segmentio
