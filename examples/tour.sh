#!/bin/sh
# A tour of betterform on a copy of the diamond: apply, apply again, plan after a change, apply it, down.
# Prints each command before its output, and fails where something is not as it should be.
# BETTERFORM names the program to use; without it, it is built first.
set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)

if [ -z "${BETTERFORM:-}" ]; then
  (cd "$checkout" && cargo build --locked --quiet)
  BETTERFORM=${CARGO_TARGET_DIR:-$checkout/target}/debug/betterform
fi
program=$(cd "$(dirname "$BETTERFORM")" && pwd)/$(basename "$BETTERFORM")

# Another deployment may be set up in the caller's environment.
unset IMPL_DIR GENFILES OUTPUT_DIR CONFIG_JSON_FILE CONFIG_JSONNET_FILE STAGE_NAME INTERACTIVE BETTERFORM || true

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM
cp -Rp "$checkout/examples/diamond" "$place/diamond"
cd "$place/diamond/deployment"
rm -rf genfiles output .betterform

betterform() { "$program" "$@"; }

# Shows a command, runs it, and checks its exit code.
run() {
  expected=$1
  shift
  printf '\n$ %s\n' "$*"
  code=0
  "$@" > "$place/printed" 2>&1 < /dev/null || code=$?
  cat "$place/printed"
  [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected"
}

# Checks that the last command printed a text.
says() { grep -qF -- "$1" "$place/printed" || fail "\`$1\` is missing"; }

fail() {
  printf 'tour: %s\n' "$1" >&2
  exit 1
}

run 0 betterform graph
run 2 betterform plan --detailed-exitcode
run 0 betterform apply --output prefix
[ -f output/parallel_a/output.json ] || fail "no output"
run 0 betterform apply
says "Nothing to do"

printf '\n$ %s\n' "sed -i 's/replicas: 2/replicas: 3/' ../library/config.libsonnet"
sed 's/replicas: 2/replicas: 3/' ../library/config.libsonnet > "$place/edited"
cat "$place/edited" > ../library/config.libsonnet

run 2 betterform plan --detailed-exitcode
says "final"
run 0 betterform apply --output prefix
grep -q 'replicas: 3' genfiles/final/values.yaml || fail "the change did not arrive"
run 0 betterform status
run 0 betterform down --yes --output prefix
run 0 betterform down --yes
