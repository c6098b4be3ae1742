/* The command line. To add a command: a function `int cli_<name>(int argc, char **argv)` in
 * cli_<name>.c, declared here, and its row in commands[] of main.c. argv[0] is the first word after
 * the command's name; the result is the exit status: 0, 1 for a failure (one clear line on standard
 * error: cli_fail), 2 for a wrong call (cli_wrong). */
#ifndef INTERFLOW_SERVER_CLI_H
#define INTERFLOW_SERVER_CLI_H

#include "core/app.h"
#include "core/process.h"
#include "core/worker.h"

struct command {
    const char *name;      /* NULL ends the table */
    const char *arguments; /* "FILE" */
    const char *summary;   /* one line */
    const char *help;      /* what `interflow help NAME` adds; NULL: nothing */
    bool settings;         /* its help lists the settings too */
    int (*run)(int argc, char **argv);
};

int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_openapi(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_demo(int argc, char **argv);

/* "interflow: …" on standard error. cli_fail returns 1, cli_wrong 2 and names the help of the
 * command. */
int cli_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
int cli_wrong(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Takes option (as "--force") out of argv: was it there? */
bool cli_switch(int *argc, char **argv, const char *option);
/* Takes option and its value ("--email X", "--email=X") out of argv; NULL when absent. */
const char *cli_option(int *argc, char **argv, const char *option);

/* Reads the settings out of argv; then exactly `positional` words may be left and none that begins
 * with "--". 0 or an exit status, after the line was said. */
int cli_config(const char *command, struct arena *a, int *argc, char **argv, int positional,
               struct config *ret_config);

/* The database of an installation, for commands that run beside or without the server. */
struct cli_database {
    struct arena *arena;
    const struct config *config;
    struct process_user user;
    const char *url;       /* libpq conninfo */
    struct pg_private *pg; /* started by this command; NULL: by the server, or it is outside */
    int lock_fd;           /* held while this command runs the private PostgreSQL, else -1 */
    bool server_runs;      /* another interflow holds the data folder */
};
/* Starts the private PostgreSQL when nobody else runs it. migrate: bring it to this version too. 0
 * or an exit status. */
int cli_database_open(struct arena *a, const struct config *config, bool migrate,
                      struct cli_database *ret_db);
void cli_database_close(struct cli_database *db);

/* All at once for a command that works on the data: cli_database_open, become the system user, run
 * body(c, arg) in a coroutine with a whole app but HTTP, hub and jobs, close. Returns the exit
 * status. */
int cli_run_app(const struct config *config, int (*body)(struct ctx *c, void *arg), void *arg);

/* The lists of all tables (tables.c). */
extern const struct tables server_tables;

#endif
