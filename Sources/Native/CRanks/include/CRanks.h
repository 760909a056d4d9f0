// What training by several processes needs of MPI. The program knows this table alone; a small library
// that is built where it runs, by that machine's mpicc (mpi.c), fills it. So one program works with every
// MPI, and without any.
#ifndef VILD_RANKS_H
#define VILD_RANKS_H

#include <stddef.h>
#include <stdint.h>

/// Counted up with every change of the table.
#define VILD_RANKS_VERSION 1

/// Functions return 0, or an error's code. All are called by the thread that called `start`, but for
/// `abandon`.
typedef struct {
  int32_t version;
  /// Joins the processes that the launcher started.
  int (*start)(int32_t *rank, int32_t *count);
  /// `bytes` of each rank, one after the other, in their order: count x bytes.
  int (*gather)(const void *own, size_t bytes, void *all);
  /// What `root` has, for all.
  int (*send)(void *bytes, size_t count, int32_t root);
  /// The sum over all ranks, in the same order on each, in place.
  int (*sum)(float *values, size_t count);
  /// Waits for the others and leaves.
  int (*finish)(void);
  /// Ends all ranks with this exit code; called by any thread.
  void (*abandon)(int32_t code);
  /// What an error's code says.
  void (*explain)(int code, char *text, size_t size);
} vild_ranks;

/// Opens a library that `mpi.c` became.
///
/// `why` gets what is wrong, in words, where NULL is returned; `size` is its room.
const vild_ranks *vild_ranks_open(const char *path, char *why, size_t size);

#endif
