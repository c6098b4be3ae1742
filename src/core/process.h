/* Who runs what, and where: the system user of the workers and of the private PostgreSQL, and the
 * data folder with its lock. Blocking; for the supervisor and the command line, before anything
 * else runs.
 *
 *     data/lock           held (flock) by the one program that serves this folder or runs its
 *                         PostgreSQL; holds its pid
 *     data/seal.key       seals secrets; mode 600
 *     data/pg/            the private cluster, 0700
 *     data/run/           its socket, 0750
 *     data/postgres.log   what PostgreSQL says
 *     data/files/ tmp/    contents by hash; uploads under way */
#ifndef INTERFLOW_CORE_PROCESS_H
#define INTERFLOW_CORE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/config.h"

struct process_user {
    const char *name;
    uid_t uid;
    gid_t gid;
    bool change; /* we are root and this is somebody else */
};

/* Started as root: INTERFLOW_USER, else the owner of an existing cluster, else interflow, else
 * postgres. Otherwise whoever started us. ERR_INVALID: *ret_why is one clear line. */
MUST_USE enum err process_user_find(struct arena *a, const struct config *config,
                                    struct process_user *ret_user, const char **ret_why);
/* Become this user for good, groups included; does nothing without .change. After it the death
 * signal of the parent must be asked for again (the kernel clears it). */
MUST_USE enum err process_become(const struct process_user *u);
/* Be ended by signal when the parent, whose pid is given, ends; ends at once when it is gone
 * already. */
void process_die_with(pid_t parent, int signal);

/* Make the data folder and its parts where absent, give them to the user, check that they can be
 * written and reached. */
MUST_USE enum err data_prepare(struct arena *a, const struct config *config,
                               const struct process_user *u, const char **ret_why);
/* Lock the folder. *ret_fd closes on exec and goes to data_unlock. *ret_unclean: the program that
 * had it before did not end by itself (killed, power cut), so that what it started may still be
 * ending. ERR_CONFLICT: another program holds it, *ret_why names its pid; ERR_IO. */
MUST_USE enum err data_lock(struct arena *a, const struct config *config, int *ret_fd,
                            bool *ret_unclean, const char **ret_why);
/* Let go after a clean end. -1 is fine. */
void data_unlock(int fd);
/* Remove the uploads under way that a killed worker left. Before there are workers. */
void data_tmp_clean(struct arena *a, const struct config *config);
/* data_dir/name, in the arena. */
const char *data_path(struct arena *a, const struct config *config, const char *name);

#endif
