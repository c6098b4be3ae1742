/* Life of the processes. The supervisor starts the private PostgreSQL (when no URL is given),
 * migrates, opens the listening socket and the bus, forks the workers, restarts those that die
 * (with back-off), and stops everything in order. */
#ifndef INTERFLOW_CORE_WORKER_H
#define INTERFLOW_CORE_WORKER_H

#include "core/app.h"
#include "core/bus.h"
#include "core/metrics.h"

struct worker_options {
    const struct config *config;
    const struct tables *tables;
    const char *database_url; /* of the running database */
    int index;                /* 0… */
    int listen_fd;
    int ready_fd; /* one byte is written here when the first answer can be given; -1: nobody
     * waits */
    struct bus_ends bus;
    struct metrics *metrics;
    struct rate_limiter *rate_limiter; /* shared, like the metrics */
};
/* The value of a SIGTERM (sigqueue) that says: others have taken this worker's place. */
#define WORKER_TAKEN_OVER 1
/* Runs until SIGTERM (graceful: answers and jobs under way go on, at most 10 s; taken
 * over, kept connections too, until their clients let go). Returns the exit status. */
int worker_run(const struct worker_options *o);
/* For the command line: everything of a worker except the bus, the hub, jobs and the HTTP server;
 * body(c, arg) runs in a coroutine with the system as actor and no organization, then all is taken
 * down. Returns what body returned, or 1 after one clear line on standard error. */
int worker_run_once(const struct config *config, const struct tables *tables,
                    const char *database_url, int (*body)(struct ctx *c, void *arg), void *arg);

/* Runs `interflow serve` until SIGINT/SIGTERM. SIGHUP: graceful restart, also into a new binary:
 * workers of the new program take over the listening socket, then those of the old one end; no
 * request is dropped. ready(arg, url) is called when the first answer can be given. Returns the
 * exit status; says one clear line on failure. */
int supervisor_run(const struct config *config, const struct tables *tables,
                   void (*ready)(void *arg, const char *url), void *arg);

/* --- the private cluster (pg_private.c); the caller holds the data folder's lock (process.h)
 * --- */
struct pg_private;
/* Start (initdb when new) the cluster in config->data_dir; blocks until it takes connections.
 * *ret_url is a libpq conninfo and lives as long as *ret_pg. ERR_*: *ret_why is one clear line. */
MUST_USE enum err pg_private_start(struct arena *a, const struct config *config,
                                   struct pg_private **ret_pg, const char **ret_url,
                                   const char **ret_why);
/* Take over a running child after this program executed itself anew. */
MUST_USE enum err pg_private_adopt(struct arena *a, const struct config *config, int pid,
                                   struct pg_private **ret_pg, const char **ret_url,
                                   const char **ret_why);
/* After the child ended by itself and was waited for. */
MUST_USE enum err pg_private_restart(struct pg_private *pg, struct arena *a, const char **ret_why);
/* Stops it (clients are cut off, nothing committed is lost) and frees pg. NULL is fine. */
void pg_private_stop(struct pg_private *pg);
int pg_private_pid(const struct pg_private *pg);
/* Its address when somebody else (the running server) started it. */
const char *pg_private_url(struct arena *a, const struct config *config);
/* Folder of PostgreSQL's programs that fit the cluster; NULL: *ret_why. */
const char *pg_private_programs(struct arena *a, const struct config *config, const char **ret_why);

/* --- migrations (migrate.c): blocking, own connection, before the workers -------------- */
/* Under an advisory lock: apply what is missing from the embedded sql/migrations, then
 * sql/functions whose text changed; make the role interflow_app. ERR_CONFLICT when the database is
 * of a newer version than this program. */
MUST_USE enum err migrate_run(struct arena *a, const char *url, const char **ret_why,
                              int *ret_applied);

#endif
