#!/bin/bash
# After all parts: checks every shard of the pool and builds the cache, or the store, that the next stages
# use. Exit code 75 names the parts that are missing, ready for `sbatch --array=`.
#
#   sbatch --dependency=afterok:$job --kill-on-invalid-dep=yes slurm-merge.sh embed
#   sbatch ... slurm-merge.sh detect --corpus /shared/photographs --student /shared/student.safetensors
#
# RUNS is to be on a local disk of this node, or MERGED, where the outputs are copied to RUNS afterwards.
#SBATCH --job-name=vild-merge
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
#SBATCH --signal=TERM@120
set -u
: "${PIPELINE:?}" "${DATA:?}" "${RUNS:?}" "${POOL:?}" "${PARTS:?how many parts there were}"
vild=${VILD:-vild}
export VILD_THREADS=${VILD_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
stage=${1:?embed or detect}
shift
if [ -n "${FETCH:-}" ]; then bash -c "$FETCH" || exit 74; fi
case $stage in
  embed) what=cache ;;
  detect) what=store ;;
  *) echo "slurm-merge.sh: embed or detect, not $stage" >&2; exit 64 ;;
esac
runs=${MERGED:-$RUNS}
if [ "$runs" != "$RUNS" ]; then
  mkdir -p "$runs"
  tar -C "$RUNS" --exclude=./*/parts -cf - . | tar -C "$runs" -xf - || exit 74
fi
srun --ntasks=1 "$vild" $what merge "$POOL" "$@" --pipeline "$PIPELINE" --data "$DATA" --runs "$runs" \
  --parts "$PARTS"
code=$?
if [ $code = 0 ] && [ "$runs" != "$RUNS" ]; then
  # The catalogue is closed: a copy of it may lie anywhere and be read there.
  tar -C "$runs" -cf - . | tar -C "$RUNS" -xf - || code=74
fi
echo "$(date -u +%FT%TZ) merge of $stage ended with $code"
exit $code
