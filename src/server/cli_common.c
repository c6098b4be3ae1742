/* What the commands share (cli.h): words, options, and the database of the installation. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "server/cli.h"

int cli_fail(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "interflow: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    return 1;
}

int cli_wrong(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "interflow: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, " (see interflow %s%s)\n", command,
            strcmp(command, "help") == 0 ? "" : " --help");
    va_end(ap);
    return 2;
}

static void words_drop(int *argc, char **argv, int at, int count)
{
    for (int k = at; k + count < *argc; k++)
        argv[k] = argv[k + count];
    *argc -= count;
}

bool cli_switch(int *argc, char **argv, const char *option)
{
    bool found = false;
    for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0;)
        if (strcmp(argv[i], option) == 0) {
            words_drop(argc, argv, i, 1);
            found = true;
        } else {
            i++;
        }
    return found;
}

const char *cli_option(int *argc, char **argv, const char *option)
{
    size_t len = strlen(option);
    for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], option, len) != 0) continue;
        if (argv[i][len] == '=') {
            const char *value = argv[i] + len + 1;
            words_drop(argc, argv, i, 1);
            return value;
        }
        if (argv[i][len] == '\0' && i + 1 < *argc) {
            const char *value = argv[i + 1];
            words_drop(argc, argv, i, 2);
            return value;
        }
    }
    return NULL;
}

int cli_config(const char *command, struct arena *a, int *argc, char **argv, int positional,
               struct config *ret_config)
{
    const char *why = "";
    if (config_read(a, argc, argv, ret_config, &why) != ERR_OK)
        return cli_wrong(command, "%s", why);
    bool words_only = false;
    int words = 0;
    for (int i = 0; i < *argc; i++) {
        if (!words_only && strcmp(argv[i], "--") == 0) {
            words_drop(argc, argv, i--, 1);
            words_only = true;
        } else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
            return cli_wrong(command, "%s: unknown option %s", command, argv[i]);
        } else {
            words++;
        }
    }
    if (words != positional)
        return cli_wrong(command,
                         words > positional ? "%s: too many arguments" : "%s: too few arguments",
                         command);
    log_setup(&(struct log_options){
        .level = ret_config->log_level > LOG_WARN ? LOG_ERROR : LOG_WARN, .process = command});
    return 0;
}

int cli_database_open(struct arena *a, const struct config *config, bool migrate,
                      struct cli_database *ret_db)
{
    struct cli_database db = {
        .arena = a, .config = config, .url = config->database_url, .lock_fd = -1};
    const char *why = "";
    enum err e = process_user_find(a, config, &db.user, &why);
    if (!e) e = data_prepare(a, config, &db.user, &why);
    if (!e) {
        bool unclean = false; /* no matter: these commands open no port */
        e = data_lock(a, config, &db.lock_fd, &unclean, &why);
        if (e == ERR_CONFLICT) {
            db.server_runs = true;
            e = ERR_OK;
        }
    }
    if (!e && !db.url) {
        if (db.server_runs)
            db.url = pg_private_url(a, config);
        else
            e = pg_private_start(a, config, &db.pg, &db.url, &why);
    }
    int applied = 0;
    if (!e && migrate) e = migrate_run(a, db.url, &why, &applied);
    if (e) {
        cli_database_close(&db);
        return cli_fail("%s", why);
    }
    *ret_db = db;
    return 0;
}

void cli_database_close(struct cli_database *db)
{
    pg_private_stop(db->pg);
    db->pg = NULL;
    data_unlock(db->lock_fd);
    db->lock_fd = -1;
}

int cli_run_app(const struct config *config, int (*body)(struct ctx *c, void *arg), void *arg)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct cli_database db;
    int status = cli_database_open(a, config, true, &db);
    if (status) return status;
    if (process_become(&db.user) != ERR_OK)
        status = cli_fail("cannot become the system user %s", db.user.name);
    else
        status = worker_run_once(config, &server_tables, db.url, body, arg);
    cli_database_close(&db);
    return status;
}
