#!/bin/bash
# Trains a network by several ranks, one a task of a Slurm job. What it needs is made before:
#
#   export PIPELINE=/shared/my.yaml DATA=/shared/data RUNS=/shared/runs
#   sbatch --nodes=4 --ntasks-per-node=2 slurm-train.sh distill
#
# `slurm-train.sh propose` trains the proposal network; the first rank then makes the proposals. All nodes
# read RUNS and DATA, the first rank alone writes.
# What the environment may say beside the three above:
#   VILD      the program (default: vild), with the library of `make mpi` beside it or at VILD_MPI
#   MPI       how srun starts the ranks: pmix for Open MPI (default), pmi2 for MPICH
#   RETRIES   how often a training that failed for now, or was cut off, goes on (default: 20)
#SBATCH --job-name=vild-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
# To the ranks, not to this shell: they agree on a step, the first writes a checkpoint, and all end with 143;
# the shell is there to ask for the next turn.
#SBATCH --signal=TERM@120
set -u
: "${PIPELINE:?}" "${DATA:?}" "${RUNS:?}"
vild=${VILD:-vild}
try=${SLURM_RESTART_COUNT:-0}
export VILD_THREADS=${VILD_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
say() { echo "$(date -u +%FT%TZ) try $try: $*"; }

say "begins with $SLURM_NTASKS ranks of $VILD_THREADS threads on $SLURM_JOB_NODELIST"
# Without --kill-on-bad-exit the others would wait for ever for a rank that was killed.
srun --mpi="${MPI:-pmix}" --kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
  "$vild" "$@" --ranks "$SLURM_NTASKS" --pipeline "$PIPELINE" --data "$DATA" --runs "$RUNS"
code=$?
say "ended with $code"

case $code in
  0) exit 0 ;;
  # Wrong arguments, content, inputs, places or pipeline file: the next try would end the same way.
  64 | 65 | 66 | 73 | 78) exit $code ;;
esac
# 74, 75, 143, a crash (137, 139): for now. The next try goes on from the last checkpoint.
if [ "$try" -ge "${RETRIES:-20}" ]; then say "tried often enough"; exit $code; fi
say "is put into the queue again"
scontrol requeue "$SLURM_JOB_ID" && sleep 60
# Only where requeueing is not allowed.
exit $code
