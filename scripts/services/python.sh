#!/usr/bin/env bash
# The Python clients of the conformance suite, in a virtual environment under $SERVICES_HOME/python.
set -euo pipefail
home=${SERVICES_HOME:-$HOME/.cache/streamctl-services}/python
[ -f "$home/ready" ] && exit 0
python3 -m venv "$home"
"$home/bin/pip" install -q 'confluent-kafka==2.16.1' 'kafka-python==3.0.12'
touch "$home/ready"
