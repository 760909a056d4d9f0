// The table of CRanks.h by MPI. Built by `make mpi`, not with the program.
#include "../include/CRanks.h"

#include <mpi.h>
#include <sched.h>
#include <string.h>
#include <time.h>

// Numbers in a sum: 4 MiB are twice as fast as all at once, and their count is an int.
enum { BUCKET = 1 << 20 };
// Bytes of a message; the count is an int here, too.
enum { PIECE = 1 << 26 };

static int start(int32_t *rank, int32_t *count) {
  int provided, r, n, error;
  if ((error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided))) return error;
  if ((error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN))) return error;
  if ((error = MPI_Comm_rank(MPI_COMM_WORLD, &r))) return error;
  if ((error = MPI_Comm_size(MPI_COMM_WORLD, &n))) return error;
  *rank = r;
  *count = n;
  return MPI_SUCCESS;
}

// Implementations wait at full speed for minutes, on a core that has other work. For a short wait the
// thread lets others go first; for a long one it sleeps.
static int wait_for(MPI_Request *request) {
  for (long tries = 0;; tries++) {
    int done, error = MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (error || done) return error;
    if (tries < 2000) {
      sched_yield();
    } else {
      const struct timespec pause = {0, 100000};
      nanosleep(&pause, NULL);
    }
  }
}

static int gather(const void *own, size_t bytes, void *all) {
  MPI_Request request;
  int error = MPI_Iallgather(own, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD, &request);
  return error ? error : wait_for(&request);
}

static int send(void *bytes, size_t count, int32_t root) {
  for (size_t at = 0; at < count; at += PIECE) {
    MPI_Request request;
    int size = (int)(count - at < PIECE ? count - at : PIECE);
    int error = MPI_Ibcast((char *)bytes + at, size, MPI_BYTE, root, MPI_COMM_WORLD, &request);
    if (error || (error = wait_for(&request))) return error;
  }
  return MPI_SUCCESS;
}

static int sum(float *values, size_t count) {
  for (size_t at = 0; at < count; at += BUCKET) {
    MPI_Request request;
    int size = (int)(count - at < BUCKET ? count - at : BUCKET);
    int error = MPI_Iallreduce(MPI_IN_PLACE, values + at, size, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &request);
    if (error || (error = wait_for(&request))) return error;
  }
  return MPI_SUCCESS;
}

static int finish(void) { return MPI_Finalize(); }

static void abandon(int32_t code) { MPI_Abort(MPI_COMM_WORLD, code); }

static void explain(int code, char *text, size_t size) {
  char words[MPI_MAX_ERROR_STRING];
  int length;
  if (MPI_Error_string(code, words, &length)) strcpy(words, "an error that MPI cannot name");
  strncpy(text, words, size - 1);
  text[size - 1] = 0;
}

static const vild_ranks table = {VILD_RANKS_VERSION, start, gather, send, sum, finish, abandon, explain};

const vild_ranks *vild_ranks_table(void) { return &table; }
