/* Running PostgreSQL's programs (pg_tool.h). */
#include "server/pg_tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

/* What libpq reads from the environment, from the parts of the address. */
static void environment_set(const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (o->envvar && o->val && *o->val) setenv(o->envvar, o->val, 1);
    PQconninfoFree(options);
}

pid_t pg_tool_start(const struct cli_database *db, const char *tool, const char *const *arguments,
                    int in_fd, int out_fd)
{
    const char *unused = NULL;
    const char *dir = pg_private_programs(db->arena, db->config, &unused);
    const char *path = dir ? arena_printf(db->arena, "%s/%s", dir, tool)
                           : tool; /* only the client's programs: by PATH */
    const char *argv[ARGUMENTS_MAX + 2] = {tool};
    for (int i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
        argv[i + 1] = arguments[i];
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid != 0) return pid;
    process_die_with(parent, 15);
    int null = open("/dev/null", O_RDWR);
    dup2(in_fd >= 0 ? in_fd : null, STDIN_FILENO);
    dup2(out_fd >= 0 ? out_fd : null, STDOUT_FILENO);
    environment_set(db->url);
    execvp(path, (char *const *)argv);
    fprintf(stderr,
            "interflow: cannot run %s: install PostgreSQL's client programs (apt-get install "
            "postgresql-client)\n",
            tool);
    _exit(127);
}

bool pg_tool_wait(pid_t pid)
{
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

PGconn *pg_tool_connect(struct arena *a, const char *url, const char **ret_why)
{
    const char *const names[] = {"dbname", "connect_timeout", "application_name", NULL};
    const char *const values[] = {url, "10", "interflow command", NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(conn) == CONNECTION_OK) return conn;
    const char *words = PQerrorMessage(conn);
    *ret_why =
        arena_printf(a, "cannot connect to the database: %.*s", (int)strcspn(words, "\n"), words);
    PQfinish(conn);
    return NULL;
}

const char *pg_tool_value(struct arena *a, PGconn *conn, const char *statement,
                          const char **ret_why)
{
    PGresult *r = PQexec(conn, statement);
    const char *value = NULL;
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK && PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
        value = arena_strdup(a, PQgetvalue(r, 0, 0));
    else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && ret_why)
        *ret_why =
            arena_printf(a, "%.*s", (int)strcspn(PQerrorMessage(conn), "\n"), PQerrorMessage(conn));
    PQclear(r);
    return value;
}
