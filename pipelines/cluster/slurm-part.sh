#!/bin/bash
# One part of `vild embed` or `vild detect` a task of a Slurm array. How many parts there are is said
# apart from --array, since any of them may be submitted again by themselves:
#
#   export PIPELINE=/shared/my.yaml DATA=/shared/data RUNS=/shared/runs POOL=/shared/pool PARTS=20
#   vild embed --pipeline $PIPELINE --data $DATA --runs $RUNS --prepare
#   job=$(sbatch --parsable --array=0-19%10 slurm-part.sh embed)
#   sbatch --dependency=afterok:$job --kill-on-invalid-dep=yes slurm-merge.sh embed
#
# `slurm-part.sh detect --corpus /shared/photographs --student /shared/student.safetensors` likewise.
# What the environment may say beside the five above:
#   VILD      the program (default: vild)
#   SCRATCH   a folder on the node's own disk (default: $SLURM_TMPDIR, $TMPDIR or /tmp)
#   RETRIES   how often a part that failed for now is tried again (default: 3)
#   FETCH, STORE  commands before and after the part, as to copy images from an object store and shards to
#             one: FETCH='s5cmd sync s3://bucket/pool/* /scratch/pool/' STORE='s5cmd sync /scratch/pool/ s3://bucket/pool/'
#SBATCH --job-name=vild-part
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.log
# To the step, not to this shell: the program stops at an image, puts what is done into the pool and ends
# with 143; the shell is there to ask for the next turn.
#SBATCH --signal=TERM@120
set -u
: "${PIPELINE:?}" "${DATA:?}" "${RUNS:?}" "${POOL:?}" "${PARTS:?how many parts there are}"
part=${SLURM_ARRAY_TASK_ID:?to be submitted with --array}
vild=${VILD:-vild}
try=${SLURM_RESTART_COUNT:-0}
scratch=$(mktemp -d "${SCRATCH:-${SLURM_TMPDIR:-${TMPDIR:-/tmp}}}/vild-$SLURM_JOB_ID-XXXXXX") || exit 73
trap 'rm -rf "$scratch"' EXIT
export VILD_THREADS=${VILD_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
say() { echo "$(date -u +%FT%TZ) part $part of $PARTS, try $try on ${SLURMD_NODENAME:-?}: $*"; }

# What --prepare made, but for caches and stores: the catalogue is to be on this node's disk.
say "begins with $VILD_THREADS threads"
mkdir "$scratch/runs"
tar -C "$RUNS" --exclude=./*/cache --exclude=./*/store --exclude=./*/parts -cf - . |
  tar -C "$scratch/runs" -xf - || exit 74
if [ -n "${FETCH:-}" ]; then bash -c "$FETCH" || exit 74; fi

srun --ntasks=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" "$vild" "$@" --pipeline "$PIPELINE" \
  --data "$DATA" --runs "$scratch/runs" --pool "$POOL" --parts "$PARTS"
code=$?
if [ -n "${STORE:-}" ]; then bash -c "$STORE" || code=74; fi
say "ended with $code"

case $code in
  0) exit 0 ;;
  # Wrong arguments, content, inputs, places or pipeline file: the next try would end the same way.
  64 | 65 | 66 | 73 | 78) exit $code ;;
esac
# 74, 75, 143, a crash (137, 139): for now. A requeued task keeps those that depend on it waiting.
if [ "$try" -ge "${RETRIES:-3}" ]; then say "tried often enough"; exit $code; fi
say "is put into the queue again"
rm -rf "$scratch"
scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60
# Only where requeueing is not allowed.
exit $code
