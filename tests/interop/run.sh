#!/usr/bin/env bash
# Clients and testers that are not ours, unmodified, against the emulator.
#
# Installs them into the target folder. Without Python, Node or az it says what it skips.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/interop
mkdir -p "$work"
passed=0 failed=0 skipped=0

main() {
  cargo build --quiet --manifest-path "$root/Cargo.toml" -p amlkeys-cli --all-features

  if python_packages "$here/clients/python/requirements.txt" "$work/clients"; then
    check azure-mgmt-machinelearningservices "$work/clients/bin/python" "$here/clients/python/azure_mgmt_machinelearningservices.py"
    check azure-ai-ml "$work/clients/bin/python" "$here/clients/python/azure_ai_ml.py"
  else
    skip "azure-mgmt-machinelearningservices and azure-ai-ml need python3 with venv, and PyPI"
  fi

  if node_packages "$here/clients/node" "$work/node"; then
    check arm-machinelearning node "$work/node/arm_machinelearning.mjs"
  else
    skip "@azure/arm-machinelearning needs node with npm, and the npm registry"
  fi

  if command -v az >/dev/null && command -v python3 >/dev/null; then
    check az-rest python3 "$here/clients/az/az_rest.py"
  else
    skip "az rest needs az, which is not installed"
  fi

  if python_packages "$here/testers/requirements.txt" "$work/testers"; then
    for excerpt in "$root"/spec/2*.json; do schemathesis "$excerpt"; done
  else
    skip "Schemathesis needs python3 with venv, and PyPI"
  fi

  if node_packages "$here/testers/oav" "$work/oav"; then
    for excerpt in "$root"/spec/2*.json; do oav "$excerpt"; done
  else
    skip "oav needs node with npm, and the npm registry"
  fi

  echo "interop: $passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# check NAME COMMAND...: the command prints what it saw; expected/NAME.json says what that is to be.
check() {
  local name=$1
  shift
  start_emulator --tls --cert-dir "$work/authority" --state "$here/clients/state.yaml"
  if run_client "$@" >"$work/$name.json" 2>"$work/$name.err" &&
    diff -u "$here/clients/expected/$name.json" "$work/$name.json"; then
    pass "$name"
  else
    tail -n 20 "$work/$name.err"
    fail "$name"
  fi
  stop_emulator
}

run_client() {
  SSL_CERT_FILE=$ca REQUESTS_CA_BUNDLE=$ca NODE_EXTRA_CA_CERTS=$ca \
    AMLKEYS_API_VERSION=2023-10-01 \
    AZURE_TENANT_ID=99999999-aaaa-4bbb-8ccc-dddddddddddd \
    AZURE_CLIENT_ID=99999999-aaaa-4bbb-8ccc-000000000002 \
    AZURE_CLIENT_SECRET=invented-client-secret \
    "$@"
}

schemathesis() {
  local version
  version=$(basename "$1" .json)
  start_emulator --throttle off
  if (cd "$work" && AMLKEYS_API_VERSION=$version "$work/testers/bin/schemathesis" \
    --config-file "$here/testers/schemathesis.toml" run "$1" --url "$AMLKEYS_URL" \
    --header "Authorization: Bearer $AMLKEYS_TOKEN" --max-examples 200 --no-color \
    --baseline "$here/testers/accepted-by-schemathesis.json") >"$work/schemathesis.log" 2>&1; then
    pass "Schemathesis, $version"
  else
    cat "$work/schemathesis.log"
    fail "Schemathesis, $version"
  fi
  stop_emulator
}

# oav's exit code counts what is accepted too, and it takes versions from the path of the spec.
oav() {
  local version swagger traffic
  version=$(basename "$1" .json)
  swagger=$work/oav/$version/Microsoft.MachineLearningServices/stable/$version
  traffic=$work/oav/$version/traffic
  rm -rf "$work/oav/$version"
  mkdir -p "$swagger" "$traffic"
  start_emulator --throttle off
  if node "$here/testers/oav/to-swagger.mjs" "$1" "$swagger/excerpt.json" &&
    AMLKEYS_API_VERSION=$version node "$here/testers/oav/record.mjs" "$traffic" &&
    (cd "$work/oav" && node_modules/.bin/oav validate-traffic "$traffic" "$work/oav/$version" \
      --logLevel off --report "$version/report.html" --jsonReport "$version/report.json" \
      >/dev/null 2>&1 || true) &&
    node "$here/testers/oav/judge.mjs" "$work/oav/$version/report.json"; then
    pass "oav, $version"
  else
    fail "oav, $version"
  fi
  stop_emulator
}

start_emulator() {
  local ready=$work/ready.json tries=0
  : >"$ready"
  "$target/debug/amlkeys" emulator --port 0 -o json "$@" >"$ready" 2>"$work/emulator.log" &
  emulator=$!
  trap stop_emulator EXIT
  until [ -s "$ready" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$emulator" 2>/dev/null; then
      cat "$work/emulator.log"
      exit 1
    fi
    sleep 0.05
  done
  AMLKEYS_URL=$(field url) AMLKEYS_TOKEN=$(field token) AMLKEYS_SUBSCRIPTION=$(field subscription)
  ca=$(field ca)
  export AMLKEYS_URL AMLKEYS_TOKEN AMLKEYS_SUBSCRIPTION
}

field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/ready.json"; }

stop_emulator() {
  trap - EXIT
  kill "$emulator" 2>/dev/null || true
  wait "$emulator" 2>/dev/null || true
}

python_packages() {
  local requirements=$1 venv=$2
  command -v python3 >/dev/null || return 1
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || return 1
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
}

# node resolves packages beside the script, so the scripts go where the packages are.
node_packages() {
  local source=$1 folder=$2
  command -v npm >/dev/null || return 1
  mkdir -p "$folder"
  cp "$source"/* "$folder"
  (cd "$folder" && npm install --silent --no-audit --no-fund --no-package-lock) >/dev/null 2>&1
}

pass() {
  passed=$((passed + 1))
  echo "ok       $1"
}

fail() {
  failed=$((failed + 1))
  echo "FAILED   $1"
}

skip() {
  skipped=$((skipped + 1))
  echo "SKIPPED  $1"
}

main
