#!/bin/sh
# Writes the help text of every command beside this script. Run it from the repository's root after
# `make build`, and read the difference before committing it.
here=$(dirname "$0")
while read -r words; do
  name=$(echo "vild $words" | sed 's/ *$//; s/ /-/g')
  # shellcheck disable=SC2086 # the words of a command are arguments of their own
  COLUMNS=80 .build/release/vild $words --help >"$here/$name.txt" </dev/null
done <<EOF

propose
embed
distill
detect
evaluate
plan
runs
verify
compare
report
picture
export
export detections
export student
export teacher
browse
teacher
teacher check
teacher accuracy
teacher text
teacher conse
cache
cache info
cache stats
cache verify
cache repair
cache reindex
cache gc
cache merge
cache export
cache import
proposals
proposals convert
proposals info
sample
pretrain
EOF
