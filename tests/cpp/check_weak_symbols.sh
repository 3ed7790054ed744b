#!/bin/sh
# No function of a file compiled for one instruction set may be shared with the rest of the program: the linker keeps
# one copy of a weak symbol, and an AVX-512 copy of, say, std::max would then run everywhere. Optimised objects hide
# the problem, since everything is inlined: each file is compiled again without optimisation.
#
# Usage: check_weak_symbols.sh COMPILER SOURCE FLAGS...
set -eu
compiler=$1
source=$2
shift 2
object=$(mktemp)
trap 'rm -f "$object"' EXIT
"$compiler" -std=c++17 -O0 -ffp-contract=off -c "$source" -o "$object" "$@"
# W, V: weak. u: unique in the whole process, for static data in templates.
weak=$(nm -C "$object" | grep -E '^[0-9a-f]* *[WVu] ' || true)
if [ -n "$weak" ]; then
  echo "$source defines symbols that are not its own:"
  echo "$weak"
  exit 1
fi
