#!/usr/bin/env bash
# Instructions per byte on a fixed slice of 20 MB: the gate against getting slower.
#
#   benches/instructions.sh           the build that `.ci/run` tests: there nothing more is compiled
#   benches/instructions.sh release   the build that is shipped, which takes minutes to make
#
# Time on a shared machine says little; instructions repeat to 0.01 %. The limits below are what
# was measured, and two in a hundred. Who makes reading cheaper lowers them; who needs more says
# why in docs/PERFORMANCE.md. Counted on x86-64 with AVX2, as valgrind runs it, by the toolchain
# that CI runs. Without valgrind (Debian, Ubuntu: `apt-get install valgrind`) nothing is held.
set -euo pipefail
cd "$(dirname "$0")/.."

profile="${1:-dev}"
case "$profile" in
  dev) declare -A limits=([postfix]=23.90 [powermta]=23.10 [kumomta]=26.50) folder=debug ;;
  release) declare -A limits=([postfix]=16.22 [powermta]=14.37 [kumomta]=9.98) folder=release ;;
  *) echo "usage: benches/instructions.sh [dev|release]"; exit 2 ;;
esac
# What was built in steps has other units, and other counts.
export CARGO_INCREMENTAL=0

if ! command -v valgrind > /dev/null; then
  echo "skipped: no valgrind here"
  exit 0
fi
if ! grep -q -m1 avx2 /proc/cpuinfo 2> /dev/null; then
  echo "skipped: the limits are those of x86-64 with AVX2"
  exit 0
fi

cargo build --profile "$profile" --quiet --locked --example write_log --example read_log
programs="${CARGO_TARGET_DIR:-target}/$folder/examples"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

failed=0
for mix in postfix powermta kumomta; do
  "$programs/write_log" "$mix" 20M > "$out/$mix" 2> /dev/null
  valgrind --tool=callgrind --callgrind-out-file="$out/$mix.callgrind" \
    "$programs/read_log" "$out/$mix" > /dev/null 2> "$out/$mix.err"
  count="$(awk '/Collected :/ { print $NF }' "$out/$mix.err")"
  bytes="$(wc -c < "$out/$mix")"
  awk -v mix="$mix" -v count="$count" -v bytes="$bytes" -v limit="${limits[$mix]}" 'BEGIN {
    per = count / bytes
    printf "%-9s %6.3f instructions per byte, at most %.2f\n", mix, per, limit
    exit per > limit
  }' || failed=1
done
exit "$failed"
