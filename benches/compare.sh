#!/usr/bin/env bash
# What casefile costs beside the tools at hand, on one log that is written for it.
#
#   benches/compare.sh [SIZE [ROUNDS [FOLDER]]]      1G, 5 and the folder for temporary files
#
# Processor seconds (user and system), all tools in turn in each round; printed are medians, and
# medians of the ratios inside a round. A ratio above 1 says that casefile takes that much more.
# Tools that are not installed are left out, and named.
set -euo pipefail
cd "$(dirname "$0")/.."

size="${1:-1G}" rounds="${2:-5}"
cargo build --release --quiet --locked --bin casefile --example write_log
programs="$(cd "${CARGO_TARGET_DIR:-target}/release" && pwd)"
work="$(mktemp -d -p "${3:-${TMPDIR:-/tmp}}")"
trap 'rm -rf "$work"' EXIT
casefile="$programs/casefile"

echo "postfix, $size:"
"$programs/examples/write_log" postfix "$size" 2>&1 > "$work/log" | sed 's/^/  /'

names=() commands=() missing=()
add() { # NAME NEEDED-PROGRAM COMMAND
  if command -v "$2" > /dev/null; then
    names+=("$1") commands+=("$3")
  else
    missing+=("$1")
  fi
}
add "casefile inspect" "$casefile" "$casefile inspect --json $work/log"
add "wc -l" wc "wc -l $work/log"
add "rg -c ' status='" rg "rg -c ' status=' $work/log"
add "grep -c ' status='" grep "LC_ALL=C grep -c ' status=' $work/log"
add "pflogsumm" pflogsumm "pflogsumm --syslog-name 'postfix(?:-ip[0-9]+)?' $work/log"
if command -v gzip > /dev/null; then
  gzip -k "$work/log"
  add "casefile inspect .gz" "$casefile" "$casefile inspect --json $work/log.gz"
  add "zcat" zcat "zcat $work/log.gz"
fi
if command -v zstd > /dev/null; then
  zstd -q -3 -k "$work/log"
  add "casefile inspect .zst" "$casefile" "$casefile inspect --json $work/log.zst"
  add "zstd -dc" zstd "zstd -dcq $work/log.zst"
fi

seconds() { # of the processor, for one command
  local TIMEFORMAT='%U %S'
  { time bash -c "$1" > /dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

# Once for the page cache.
cat "$work/log" > /dev/null
for round in $(seq "$rounds"); do
  for at in "${!names[@]}"; do
    printf '%s\t%s\t%s\n' "$round" "${names[$at]}" "$(seconds "${commands[$at]}")" >> "$work/times"
  done
done

awk -F'\t' -v rounds="$rounds" '
  function median(list,   n, sorted, i, j, swap) {
    n = split(list, sorted, " ")
    for (i = 2; i <= n; i++)
      for (j = i; j > 1 && sorted[j - 1] + 0 > sorted[j] + 0; j--) {
        swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap
      }
    return sorted[int((n + 1) / 2)]
  }
  !($2 in seen) { seen[$2] = ++tools; name[tools] = $2 }
  { took[$1, $2] = $3; all[$2] = all[$2] " " $3 }
  END {
    for (tool = 1; tool <= tools; tool++) {
      ours = name[tool] ~ /^casefile/ ? name[tool] : (name[tool] ~ /zcat/ ? "casefile inspect .gz" : (name[tool] ~ /zstd/ ? "casefile inspect .zst" : "casefile inspect"))
      printf "  %-24s %8.2f s", name[tool], median(all[name[tool]])
      if (ours != name[tool]) {
        ratios = ""
        for (round = 1; round <= rounds; round++)
          if (took[round, name[tool]] > 0) ratios = ratios " " took[round, ours] / took[round, name[tool]]
        printf "   %s takes %.3g x", ours, median(ratios)
      }
      print ""
    }
  }' "$work/times"
((${#missing[@]} == 0)) || printf '  not installed: %s\n' "${missing[@]}"
