/* PostgreSQL's own programs as children (pg_dump, pg_restore), and one-off statements of the
 * command line. */
#ifndef INTERFLOW_SERVER_PG_TOOL_H
#define INTERFLOW_SERVER_PG_TOOL_H

#include <libpq-fe.h>
#include <sys/types.h>

#include "server/cli.h"

/* Starts tool with arguments (NULL at the end; argv[0] is added) against the database; in_fd and
 * out_fd become its standard input and output, -1: /dev/null. The address, with any password, goes
 * by the environment. The pid or -1. */
pid_t pg_tool_start(const struct cli_database *db, const char *tool, const char *const *arguments,
                    int in_fd, int out_fd);
/* Waits. True when it ended with status 0. */
bool pg_tool_wait(pid_t pid);

/* A connection, or NULL with *ret_why. The caller finishes it. */
PGconn *pg_tool_connect(struct arena *a, const char *url, const char **ret_why);
/* First column of the first row, in the arena; NULL when there is none, it is null, or the
 * statement failed (*ret_why, may be NULL, then says so, otherwise it is left alone). */
const char *pg_tool_value(struct arena *a, PGconn *conn, const char *statement,
                          const char **ret_why);

#endif
