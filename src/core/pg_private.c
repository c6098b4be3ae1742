/* The private PostgreSQL in the data folder: made by initdb, started as a child, stopped with us
 * (worker.h).
 *
 * The cluster listens on a unix socket in data/run alone and knows its callers by their system user
 * (peer): there is no password to keep or to lose. As root it runs as the system user, with the
 * death signal SIGINT, so that even a kill -9 of this process ends it in an orderly way.
 *
 * Three traps decide the shape of start_and_wait(): an orphan of a killed supervisor may still
 * answer on the socket, so a server counts as started only when the first line of postmaster.pid is
 * our own child; that orphan holds the lock file until it is gone; and after a kill -9 of the
 * postmaster a busy backend lives on and keeps the shared memory, which blocks the next start until
 * it is ended. The folder's lock (process.h) is held by the caller, so whatever still runs on this
 * cluster is a left-over.
 *
 * Blocking; for the supervisor and the command line only. What a person should know about limits
 * and tuning is in data/pg/postgresql.conf, which we write to once, at initdb; only what the
 * program relies on is forced by arguments. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/process.h"
#include "core/worker.h"

#define DATABASE      "interflow"
#define SUPERUSER     "interflow"
#define VERSION_MIN   15
#define VERSION_MAX   40
#define LOG_MAX_BYTES (8 << 20) /* data/postgres.log is put aside at a start when larger */
#define STOP_MS       (60 * SECOND_MS)
#define ORPHAN_MS     (60 * SECOND_MS)
#define RECOVERY_MS   (15 * MINUTE_MS)

struct pg_private {
    struct arena *arena;
    struct process_user user;
    const char *bin, *pgdata, *run, *log, *url;
    int connections;
    pid_t pid; /* 0: not running */
};

static void pause_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* First line of a small file, without its end. False when there is none. */
static bool line_read(const char *path, char *out, size_t size)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return n > 0;
}

/* --- where PostgreSQL's programs are --------------------------------------------------- */

static bool has_programs(struct arena *a, const char *dir)
{
    return access(arena_printf(a, "%s/postgres", dir), X_OK) == 0 &&
           access(arena_printf(a, "%s/initdb", dir), X_OK) == 0;
}

/* version 0: the newest there is. */
static const char *programs_of(struct arena *a, int version)
{
    static const char *const places[][2] = {{"/usr/lib/postgresql/", "/bin"},
                                            {"/usr/pgsql-", "/bin"}};
    for (int v = version ? version : VERSION_MAX; v >= (version ? version : VERSION_MIN); v--)
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
            const char *dir = arena_printf(a, "%s%d%s", places[i][0], v, places[i][1]);
            if (has_programs(a, dir)) return dir;
        }
    return NULL;
}

const char *pg_private_programs(struct arena *a, const struct config *config, const char **ret_why)
{
    if (config->postgres_dir) {
        if (has_programs(a, config->postgres_dir)) return config->postgres_dir;
        *ret_why = arena_printf(a, "INTERFLOW_POSTGRES: there is no initdb and postgres in %s",
                                config->postgres_dir);
        return NULL;
    }
    char version[16];
    bool made = line_read(data_path(a, config, "pg/PG_VERSION"), version, sizeof version);
    const char *dir = programs_of(a, made ? (int)strtol(version, NULL, 10) : 0);
    if (!dir && made)
        *ret_why = arena_printf(
            a,
            "the data folder holds a database of PostgreSQL %s, whose programs are not installed: "
            "apt-get install postgresql-%s (or INTERFLOW_POSTGRES=DIR)",
            version, version);
    else if (!dir)
        *ret_why = arena_printf(a,
                                "PostgreSQL %d or newer is not installed: apt-get install "
                                "postgresql, or INTERFLOW_POSTGRES=DIR, "
                                "or use another server by DATABASE_URL",
                                VERSION_MIN);
    return dir;
}

/* --- children -------------------------------------------------------------------------- */

/* Start argv as the system user, its output appended to the log. Returns its pid or -1. */
static pid_t child_start(const struct pg_private *pg, const char *const argv[])
{
    int log = open(pg->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log < 0) return -1;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0) {
        close(log);
        return pid;
    }
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++)
        signal(s, SIG_DFL);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (process_become(&pg->user) != ERR_OK) _exit(126);
    process_die_with(parent, SIGINT);
    umask(077);
    if (chdir("/") != 0) _exit(126);
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8",
                                              "LC_ALL=C.UTF-8", "TZ=UTC", NULL};
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    _exit(127);
}

/* The last line of the log from offset on that says why something failed; its whole text counts
 * when none does. */
static const char *log_reason(struct arena *a, const struct pg_private *pg, off_t from)
{
    CLEANUP(fd_closep) int fd = open(pg->log, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(a, 16 * KIB);
    ssize_t n = fd < 0 || !text ? -1 : pread(fd, text, 16 * KIB - 1, from);
    if (n <= 0) return "no word from PostgreSQL";
    text[n] = '\0';
    const char *reason = NULL, *last = "no word from PostgreSQL";
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *mark = strstr(line, "FATAL:");
        mark = mark ? mark : strstr(line, "PANIC:");
        mark = mark ? mark : strstr(line, "error:");
        if (mark && !reason) {
            mark += strcspn(mark, ":") + 1;
            reason = mark + strspn(mark, " ");
        }
        last = line;
    }
    return reason ? reason : last;
}

static off_t log_size(const struct pg_private *pg)
{
    struct stat st;
    return stat(pg->log, &st) == 0 ? st.st_size : 0;
}

/* --- making the cluster ---------------------------------------------------------------- */

static enum err text_write(const char *path, const char *text, const struct process_user *u)
{
    CLEANUP(fd_closep)
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) return ERR_IO;
    if (u->change && fchown(fd, u->uid, u->gid) != 0) return ERR_IO;
    return ERR_OK;
}

/* What an operator may want to change, appended to postgresql.conf once. */
static enum err settings_append(struct arena *a, const char *cluster)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    long mib = pages > 0 && page > 0 ? pages / 1024 * page / 1024 : 1024;
    long buffers = mib / 8 < 64 ? 64 : mib / 8 > 2048 ? 2048 : mib / 8;
    const char *text = arena_printf(
        a,
        "\n# --- set by interflow when it made this cluster; change what you like ---\n"
        "shared_buffers = %ldMB\neffective_cache_size = %ldMB\nwork_mem = "
        "8MB\nmaintenance_work_mem = 128MB\n"
        "max_wal_size = 4GB\nwal_compression = on\nrandom_page_cost = 1.1\njit = off\n"
        "autovacuum_naptime = 20s\nautovacuum_vacuum_cost_limit = 1000\nlog_min_messages = "
        "warning\n"
        "log_line_prefix = '%%m [%%p] '\nlog_timezone = 'UTC'\ntimezone = 'UTC'\n",
        buffers, mib / 2);
    CLEANUP(fd_closep)
    int fd = open(arena_printf(a, "%s/postgresql.conf", cluster), O_WRONLY | O_APPEND | O_CLOEXEC);
    size_t len = strlen(text);
    return fd >= 0 && write(fd, text, len) == (ssize_t)len ? ERR_OK : ERR_IO;
}

static void tree_remove(struct arena *a, const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        const char *child = arena_printf(a, "%s/%s", path, e->d_name);
        if (unlink(child) != 0 && (errno == EISDIR || errno == EPERM)) tree_remove(a, child);
    }
    if (d) closedir(d);
    (void)rmdir(path);
}

/* initdb into pg.new, renamed when complete: an interrupted one is never taken for a cluster. */
static enum err cluster_make(struct arena *a, struct pg_private *pg, const char **ret_why)
{
    const char *fresh = arena_printf(a, "%s.new", pg->pgdata);
    tree_remove(a, fresh);
    if (mkdir(fresh, 0700) != 0 ||
        (pg->user.change && chown(fresh, pg->user.uid, pg->user.gid) != 0)) {
        *ret_why = arena_printf(a, "cannot make %s: %s", fresh, strerror(errno));
        return ERR_IO;
    }
    off_t from = log_size(pg);
    const char *const argv[] = {arena_printf(a, "%s/initdb", pg->bin),
                                arena_printf(a, "--pgdata=%s", fresh),
                                "--username=" SUPERUSER,
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--auth-local=peer",
                                "--auth-host=reject",
                                "--no-instructions",
                                NULL};
    pid_t pid = child_start(pg, argv);
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        *ret_why = arena_printf(a, "could not make the private database: %s (more in %s)",
                                log_reason(a, pg, from), pg->log);
        return ERR_INTERNAL;
    }
    if (settings_append(a, fresh) != ERR_OK || rename(fresh, pg->pgdata) != 0) {
        *ret_why = arena_printf(a, "cannot finish %s: %s", pg->pgdata, strerror(errno));
        return ERR_IO;
    }
    return ERR_OK;
}

/* --- starting -------------------------------------------------------------------------- */

/* Every process whose folder is this cluster and that runs postgres. Returns how many were
 * signalled. */
static int leftovers_signal(const struct pg_private *pg, int sig)
{
    int found = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        if (pid <= 1 || pid == getpid()) continue;
        char path[64], name[64], cwd[PATH_MAX];
        snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
        if (!line_read(path, name, sizeof name) || strncmp(name, "postgres", 8) != 0) continue;
        snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
        ssize_t n = readlink(path, cwd, sizeof cwd - 1);
        if (n <= 0) continue;
        cwd[n] = '\0';
        if (strcmp(cwd, pg->pgdata) == 0) {
            found++;
            if (sig) kill(pid, sig);
        }
    }
    if (d) closedir(d);
    return found;
}

/* Is our own child the one that serves the cluster, and does it take connections? postmaster.pid:
 * line 1 the pid, line 8 the state. */
static bool is_ready(const struct pg_private *pg, pid_t pid)
{
    char path[PATH_MAX], text[512];
    snprintf(path, sizeof path, "%s/postmaster.pid", pg->pgdata);
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0) return false;
    text[n] = '\0';
    if (strtol(text, NULL, 10) != pid) return false;
    const char *line = text;
    for (int i = 1; i < 8 && line; i++) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line && strncmp(line, "ready", 5) == 0;
}

/* The caller blocks these signals and looks at them later; a long recovery must not keep it from
 * ending. */
static bool stop_asked(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT);
}

/* One start: the child's pid once it is ready; else *ret_reason is what PostgreSQL said. */
static pid_t start_once(struct arena *a, struct pg_private *pg, const char **ret_reason)
{
    off_t from = log_size(pg);
    const char *const argv[] = {arena_printf(a, "%s/postgres", pg->bin),
                                "-D",
                                arena_strdup(a, pg->pgdata),
                                "-c",
                                "listen_addresses=",
                                "-c",
                                arena_printf(a, "unix_socket_directories=%s", pg->run),
                                "-c",
                                "unix_socket_permissions=0770",
                                "-c",
                                "port=5432",
                                "-c",
                                "external_pid_file=",
                                "-c",
                                arena_printf(a, "hba_file=%s/interflow_hba.conf", pg->pgdata),
                                "-c",
                                arena_printf(a, "ident_file=%s/interflow_ident.conf", pg->pgdata),
                                "-c",
                                arena_printf(a, "max_connections=%d", pg->connections),
                                "-c",
                                "logging_collector=off",
                                NULL};
    pid_t pid = child_start(pg, argv);
    if (pid < 0) {
        *ret_reason = strerror(errno);
        return -1;
    }
    int64_t began = clock_mono_ms(), said = began;
    for (;;) {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            *ret_reason = WIFEXITED(status) && WEXITSTATUS(status) >= 126
                              ? "its program could not be run as the system user"
                              : log_reason(a, pg, from);
            return -1;
        }
        if (is_ready(pg, pid)) return pid;
        if (stop_asked()) {
            kill(pid, SIGINT);
            waitpid(pid, &status, 0);
            *ret_reason = "interrupted";
            return -1;
        }
        int64_t now = clock_mono_ms();
        if (now - said > 10 * SECOND_MS) {
            log_event(LOG_INFO, NULL, "the private PostgreSQL is recovering",
                      LOG_FIELDS(LOG_INT("seconds", (now - began) / 1000)));
            said = now;
        }
        if (now - began > RECOVERY_MS) {
            kill(pid, SIGINT);
            waitpid(pid, &status, 0);
            *ret_reason = "it was not ready in time";
            return -1;
        }
        pause_ms(now - began < 1000 ? 3 : 50);
    }
}

static enum err start_and_wait(struct arena *a, struct pg_private *pg, const char **ret_why)
{
    int64_t began = clock_mono_ms();
    for (int attempt = 0;; attempt++) {
        const char *reason = NULL;
        pid_t pid = start_once(a, pg, &reason);
        if (pid > 0) {
            pg->pid = pid;
            return ERR_OK;
        }
        int64_t took = clock_mono_ms() - began;
        bool memory = strstr(reason, "pre-existing shared memory block") != NULL;
        bool lock = strstr(reason, "lock file") != NULL;
        if ((!memory && !lock) || took > ORPHAN_MS) {
            *ret_why = arena_printf(a, "could not start the private PostgreSQL: %s (more in %s)",
                                    reason, pg->log);
            return ERR_UNAVAILABLE;
        }
        if (attempt == 0)
            log_event(LOG_WARN, NULL,
                      "an earlier private PostgreSQL has not ended yet, waiting for it",
                      LOG_FIELDS(LOG_TEXT("reason", reason)));
        if (memory) /* no postmaster any more: its backends will not end by themselves */
            leftovers_signal(pg, took > 2 * SECOND_MS ? SIGKILL : SIGTERM);
        pause_ms(attempt < 20 ? 20 : 200);
    }
}

/* The database itself, when the cluster is new. */
static enum err database_make(struct arena *a, const struct pg_private *pg, const char **ret_why)
{
    PGconn *conn = PQconnectdb(arena_printf(
        a, "host='%s' user=" SUPERUSER " dbname=postgres connect_timeout=10", pg->run));
    PGresult *r = PQstatus(conn) == CONNECTION_OK
                      ? PQexec(conn, "select 1 from pg_database where datname = '" DATABASE "'")
                      : NULL;
    bool fine = PQresultStatus(r) == PGRES_TUPLES_OK;
    if (fine && PQntuples(r) == 0) {
        PQclear(r);
        r = PQexec(conn, "create database " DATABASE " template template0");
        fine = PQresultStatus(r) == PGRES_COMMAND_OK;
    }
    if (!fine)
        *ret_why = arena_printf(a, "could not make the database in the private PostgreSQL: %s",
                                PQerrorMessage(conn));
    PQclear(r);
    PQfinish(conn);
    return fine ? ERR_OK : ERR_UNAVAILABLE;
}

const char *pg_private_url(struct arena *a, const struct config *config)
{
    return arena_printf(a, "host='%s' user=" SUPERUSER " dbname=" DATABASE,
                        data_path(a, config, "run"));
}

/* The struct with every path resolved, nothing started. */
static enum err pg_new(struct arena *a, const struct config *config, struct pg_private **ret_pg,
                       const char **ret_why)
{
    struct process_user user;
    enum err e = process_user_find(a, config, &user, ret_why);
    if (e) return e;
    const char *bin = pg_private_programs(a, config, ret_why);
    if (!bin) return ERR_UNAVAILABLE;
    const char *run = data_path(a, config, "run");
    char real[PATH_MAX];
    if (strlen(run) + sizeof "/.s.PGSQL.5432" > sizeof((struct sockaddr_un *)0)->sun_path ||
        strpbrk(run, "'\\,")) {
        *ret_why =
            arena_printf(a,
                         "the data folder's path cannot hold PostgreSQL's socket (longer than %zu "
                         "characters, or with "
                         "quotes, commas or backslashes in it): %s",
                         sizeof((struct sockaddr_un *)0)->sun_path - sizeof "/run/.s.PGSQL.5432",
                         config->data_dir);
        return ERR_INVALID;
    }
    if (!realpath(config->data_dir, real)) {
        *ret_why = arena_printf(a, "cannot look at %s: %s", config->data_dir, strerror(errno));
        return ERR_IO;
    }
    struct arena *own = arena_new(MIB);
    struct pg_private *pg = mem_alloc(sizeof *pg);
    *pg = (struct pg_private){
        .arena = own,
        .user = user,
        .bin = arena_strdup(own, bin),
        .pgdata = arena_printf(own, "%s/pg", real), /* as /proc shows it */
        .run = arena_strdup(own, run),
        .log = arena_strdup(own, data_path(a, config, "postgres.log")),
        .url = pg_private_url(own, config),
        .connections =
            30 + 24 * config->workers * 2, /* twice: old and new workers overlap in a restart */
    };
    pg->user.name = arena_strdup(own, user.name);
    *ret_pg = pg;
    return ERR_OK;
}

static void pg_free(struct pg_private *pg)
{
    if (!pg) return;
    arena_free(pg->arena);
    mem_free(pg);
}

/* Everything before the postmaster: the log put aside when large, the cluster made when absent, who
 * may connect. */
static enum err pg_prepare(struct arena *a, struct pg_private *pg, const char **ret_why)
{
    if (log_size(pg) > LOG_MAX_BYTES)
        (void)rename(pg->log, arena_printf(a, "%s.1", pg->log)); /* fails: it goes on growing */
    struct stat st;
    if (stat(pg->pgdata, &st) != 0) {
        enum err e = cluster_make(a, pg, ret_why);
        if (e) return e;
    } else if (st.st_uid != pg->user.uid) {
        *ret_why = arena_printf(
            a, "%s belongs to another user than %s, who would run it (INTERFLOW_USER chooses)",
            pg->pgdata, pg->user.name);
        return ERR_FORBIDDEN;
    }
    const char *ident =
        arena_printf(a, "app root " SUPERUSER "\napp %s " SUPERUSER "\n", pg->user.name);
    enum err e = text_write(arena_printf(a, "%s/interflow_hba.conf", pg->pgdata),
                            "local all all peer map=app\n", &pg->user);
    if (!e)
        e = text_write(arena_printf(a, "%s/interflow_ident.conf", pg->pgdata), ident, &pg->user);
    if (e) *ret_why = arena_printf(a, "cannot write to %s: %s", pg->pgdata, strerror(errno));
    return e;
}

enum err pg_private_start(struct arena *a, const struct config *config, struct pg_private **ret_pg,
                          const char **ret_url, const char **ret_why)
{
    struct pg_private *pg = NULL;
    enum err e = pg_new(a, config, &pg, ret_why);
    if (!e) e = pg_prepare(a, pg, ret_why);
    if (!e) e = start_and_wait(a, pg, ret_why);
    if (!e) e = database_make(a, pg, ret_why);
    if (e) {
        pg_private_stop(pg);
        return e;
    }
    *ret_pg = pg;
    *ret_url = pg->url;
    return ERR_OK;
}

enum err pg_private_adopt(struct arena *a, const struct config *config, int pid,
                          struct pg_private **ret_pg, const char **ret_url, const char **ret_why)
{
    struct pg_private *pg = NULL;
    enum err e = pg_new(a, config, &pg, ret_why);
    if (e) return e;
    pg->pid = pid;
    *ret_pg = pg;
    *ret_url = pg->url;
    return ERR_OK;
}

enum err pg_private_restart(struct pg_private *pg, struct arena *a, const char **ret_why)
{
    pg->pid = 0;
    return start_and_wait(a, pg, ret_why);
}

void pg_private_stop(struct pg_private *pg)
{
    if (pg && pg->pid > 0) {
        static const int signals[] = {SIGINT, SIGQUIT, SIGKILL}; /* fast, immediate, by force */
        bool gone = false;
        for (size_t i = 0; i < ARRAY_LEN(signals) && !gone; i++) {
            kill(pg->pid, signals[i]);
            int64_t until = clock_mono_ms() + (i == 0 ? STOP_MS : 5 * SECOND_MS);
            int64_t pause = 1;
            while (!gone && clock_mono_ms() < until) {
                pid_t p = waitpid(pg->pid, NULL, WNOHANG);
                gone = p == pg->pid || (p < 0 && errno == ECHILD);
                if (!gone) pause_ms(pause);
                pause = pause < 50 ? pause * 2 : 50;
            }
        }
    }
    pg_free(pg);
}

int pg_private_pid(const struct pg_private *pg)
{
    return pg ? (int)pg->pid : 0;
}
