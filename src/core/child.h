/* A program of the system run once, apart from ours: its own process with limits on processor time,
 * memory, written bytes and wall time, no descriptor of ours, no environment, nothing to read. For
 * converters of what strangers sent: where the kernel has Landlock, it sees the programs of the
 * system, the one file that it reads and the one that it writes, and reaches no network. */
#ifndef INTERFLOW_CORE_CHILD_H
#define INTERFLOW_CORE_CHILD_H

#include "core/app.h"

struct child_limits {
    int cpu_s;
    int64_t memory_bytes; /* address space; not applied in sanitizer builds of the parent only */
    int64_t file_bytes;   /* of any file that it writes */
    int time_ms;          /* then it is killed */
    const char *reads;    /* a file; NULL: none. With writes NULL too nothing is closed off */
    const char *writes;   /* a file, there already; NULL: none */
};

/* Run argv (argv[0] an absolute path, NULL at the end) and wait without blocking the loop. *ret_code
 * is its exit code, 128 + the signal that ended it. ERR_NOT_FOUND: there is no such program;
 * ERR_DEADLINE: killed after time_ms; ERR_CANCELLED; ERR_UNAVAILABLE: no process could be made. */
MUST_USE enum err child_run(struct ctx *c, const char *const *argv,
                            const struct child_limits *limits, int *ret_code);

#endif
