/* `interflow doctor`: looks at the installation and says, line by line, what is fine and what is
 * not, with what to do about it. Changes nothing except that it starts the private PostgreSQL for a
 * moment when the server does not run. One row of checks[] per thing; each may print several
 * lines. */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "core/db.h"
#include "core/jobs.h"
#include "server/cli.h"
#include "server/embedded.h"
#include "server/pg_tool.h"
#include "sql.h"

#define DISK_WARN_BYTES (INT64_C(2) << 30)
#define DISK_BAD_BYTES  (INT64_C(200) << 20)
#define CLOCK_WARN_S    5
#define XID_AGE_WARN_S  60

struct doctor {
    struct arena *arena;
    const struct config *config;
    struct cli_database *db; /* NULL: it could not be opened */
    PGconn *conn;            /* NULL: no connection */
    int problems, warnings;
};

static void PRINTF_LIKE(1, 2) fine(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("  ok    ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
}

static void PRINTF_LIKE(2, 3) warn(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    d->warnings++;
    printf("  warn  ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
}

static void PRINTF_LIKE(2, 3) bad(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    d->problems++;
    printf("  BAD   ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
}

/* NULL after a line that says why. */
static const char *ask(struct doctor *d, const char *statement)
{
    const char *why = NULL;
    const char *value = pg_tool_value(d->arena, d->conn, statement, &why);
    if (why) bad(d, "the database refused a question: %s", why);
    return value;
}

/* --- this machine ---------------------------------------------------------------------- */

static void check_key(struct doctor *d)
{
    const char *path = data_path(d->arena, d->config, "seal.key");
    struct stat st;
    if (stat(path, &st) != 0)
        bad(d, "seal.key is missing: sealed secrets (channel tokens, SMTP password) cannot be "
               "opened; restore it from a backup");
    else if (st.st_mode & 077)
        bad(d, "others may read seal.key: chmod 600 %s", path);
    else if (st.st_size != SEAL_KEY_SIZE)
        bad(d, "seal.key is damaged (%lld bytes): restore it from a backup", (long long)st.st_size);
    else
        fine("the key of sealed secrets is there, for its owner alone");
}

static void check_disk(struct doctor *d)
{
    struct statvfs fs;
    if (statvfs(d->config->data_dir, &fs) != 0) {
        bad(d, "cannot look at the data folder %s: %s", d->config->data_dir, strerror(errno));
        return;
    }
    int64_t left = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    double share = fs.f_files ? (double)fs.f_favail / (double)fs.f_files : 1;
    if (left < DISK_BAD_BYTES)
        bad(d, "only %lld MB are left on the disk of %s: make room", (long long)(left >> 20),
            d->config->data_dir);
    else if (left < DISK_WARN_BYTES)
        warn(d, "%lld MB are left on the disk of %s", (long long)(left >> 20), d->config->data_dir);
    else
        fine("%lld GB are left on the disk of %s", (long long)(left >> 30), d->config->data_dir);
    if (share < 0.05) warn(d, "the disk has nearly no room for more files (inodes)");
}

static void check_port(struct doctor *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    char port[8];
    snprintf(port, sizeof port, "%d", d->config->listen_port);
    if (getaddrinfo(d->config->listen_host, port, &hints, &all) != 0) {
        bad(d, "'%s' is no address of this machine", d->config->listen_host);
        return;
    }
    CLEANUP(fd_closep) int fd = socket(all->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool free_now = bind(fd, all->ai_addr, all->ai_addrlen) == 0;
    int error = errno;
    freeaddrinfo(all);
    bool runs = d->db && d->db->server_runs;
    if (free_now && runs)
        warn(d, "the server runs, but not on %s:%d (other settings than this command's?)",
             d->config->listen_host, d->config->listen_port);
    else if (free_now)
        fine("%s:%d is free; the server does not run", d->config->listen_host,
             d->config->listen_port);
    else if (runs && error == EADDRINUSE)
        fine("the server runs on %s:%d", d->config->listen_host, d->config->listen_port);
    else
        bad(d, "cannot listen on %s:%d: %s", d->config->listen_host, d->config->listen_port,
            error == EADDRINUSE ? "another program has this port" : strerror(error));
}

static void check_public(struct doctor *d)
{
    bool local = strcmp(d->config->listen_host, "127.0.0.1") == 0 ||
                 strcmp(d->config->listen_host, "localhost") == 0 ||
                 strcmp(d->config->listen_host, "::1") == 0;
    if (d->config->public_url && strncmp(d->config->public_url, "https://", 8) == 0)
        fine("people reach it at %s", d->config->public_url);
    else if (d->config->public_url)
        warn(d, "INTERFLOW_PUBLIC_URL is not https: passwords cross the network readable "
                "(docs/OPERATING.md shows a reverse proxy)");
    else if (!local)
        warn(d,
             "it listens on %s without INTERFLOW_PUBLIC_URL: links in mails will point to this "
             "machine only",
             d->config->listen_host);
    else
        fine("it serves this machine alone, until INTERFLOW_PUBLIC_URL says under which address a "
             "proxy offers it");
}

static void check_interface(struct doctor *d)
{
    for (size_t i = 0; i < embedded_count; i++)
        if (strcmp(embedded_files[i].path, "/index.html") == 0) {
            fine("version %s, with its interface", INTERFLOW_VERSION);
            return;
        }
    warn(d, "this program was built without the interface (web/dist): ./run builds both");
}

/* --- the database ---------------------------------------------------------------------- */

static void check_server(struct doctor *d)
{
    const char *version = ask(d, "show server_version");
    if (!version) return;
    if (PQserverVersion(d->conn) < 150000)
        bad(d, "PostgreSQL %s is too old: 15 or newer is needed", version);
    else
        fine("PostgreSQL %s answers%s", version,
             d->config->database_url ? "" : " (the private one)");
    const char *encoding = ask(d, "show server_encoding");
    if (encoding && strcmp(encoding, "UTF8") != 0)
        bad(d, "the database's encoding is %s; make one with UTF8", encoding);
    const char *missing = ask(d, "select string_agg(x, ', ') from unnest(array['unaccent', "
                                 "'pg_trgm', 'btree_gin', 'btree_gist']) x"
                                 " where not exists (select from pg_extension where extname = x)");
    if (missing)
        bad(d,
            "extensions are missing: %s. interflow migrate makes them; else, as a superuser: "
            "create extension …",
            missing);
    const char *used = ask(d, "select round(100.0 * (select count(*) from pg_stat_activity) / "
                              "current_setting('max_connections')::int)");
    if (used && strtol(used, NULL, 10) > 80)
        warn(d, "%s %% of PostgreSQL's connections are in use: raise max_connections", used);
}

static void check_clock(struct doctor *d)
{
    const char *there = ask(d, "select extract(epoch from clock_timestamp())::bigint");
    if (!there) return;
    long long off = strtoll(there, NULL, 10) - (long long)time(NULL);
    if (llabs(off) > CLOCK_WARN_S)
        warn(d, "the clocks of this machine and the database differ by %lld s: run NTP on both",
             llabs(off));
    else if (time(NULL) < 1750000000)
        bad(d, "the clock of this machine is wrong (it shows a time long ago)");
    else
        fine("the clocks agree");
}

static void check_migrations(struct doctor *d)
{
    long known = 0;
    while (sql_migrations[known].name)
        known++;
    const char *there = ask(d, "select to_regclass('public.schema_versions') is not null");
    if (!there) return;
    const char *applied =
        there[0] == 't' ? ask(d, "select count(*) from public.schema_versions") : "0";
    long count = applied ? strtol(applied, NULL, 10) : -1;
    if (count == known)
        fine("the database is of this version (%ld migrations)", known);
    else if (count > known)
        bad(d,
            "the database is of a newer version (%ld migrations) than this program (%ld): install "
            "the newer program",
            count, known);
    else if (count >= 0)
        warn(d, "%ld migrations are missing: interflow migrate, or the next start, applies them",
             known - count);
}

static void check_tenants(struct doctor *d)
{
    const char *open = ask(
        d,
        "select string_agg(c.relname, ', ' order by c.relname) from pg_class c join pg_namespace n "
        "on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped"
        " where n.nspname = 'public' and c.relkind in ('r', 'p')"
        " and (not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = "
        "c.oid))");
    const char *role =
        ask(d, "select rolsuper or rolbypassrls from pg_roles where rolname = 'interflow_app'");
    const char *owns = ask(d, "select count(*) from pg_class c join pg_roles r on r.oid = "
                              "c.relowner where r.rolname = 'interflow_app'");
    if (open)
        bad(d, "organizations are not kept apart in these tables (row-level security is off): %s",
            open);
    if (!role)
        warn(d, "the role interflow_app does not exist yet: interflow migrate makes it");
    else if (role[0] == 't')
        bad(d, "the role interflow_app passes row-level security by: alter role interflow_app "
               "nosuperuser nobypassrls");
    else if (owns && strcmp(owns, "0") != 0)
        bad(d, "the role interflow_app owns %s tables: an owner passes row-level security by",
            owns);
    else if (!open)
        fine("organizations are kept apart by row-level security in every table");
}

static void check_jobs(struct doctor *d)
{
    const char *there = ask(d, "select to_regclass('public.jobs') is not null");
    if (!there || there[0] != 't') return;
    const char *parked = ask(d, "select string_agg(kind || ' ' || n, ', ') from"
                                " (select kind, count(*) as n from public.jobs where state = "
                                "'parked' and org_id is not null group by kind order by 2 desc "
                                "limit 5) x");
    const char *own = ask(d, "select string_agg(kind || ' ' || n || coalesce(' (' || error || "
                             "')', ''), ', ') from (select kind, count(*) as n, "
                             "left(max(error), 200) as error from public.jobs where state = "
                             "'parked' and org_id is null group by kind order by 2 desc limit 5) "
                             "x");
    const char *late = ask(d, "select count(*) from public.jobs where state = 'waiting' and due_at "
                              "< now() - interval '5 minutes'");
    if (parked)
        warn(d, "jobs were given up and wait for a person (Settings shows them): %s", parked);
    if (own)
        warn(d, "jobs of the installation were given up, and go by themselves after %d days: %s",
             JOBS_PARKED_DAYS, own);
    if (late && strcmp(late, "0") != 0 && d->db->server_runs)
        warn(d, "%s jobs wait for more than five minutes: the log of the workers says why", late);
    if (!parked && !own) fine("no job was given up");
    const char *age = ask(d, "select coalesce(max(extract(epoch from now() - xact_start))::bigint, "
                             "0) from pg_stat_activity"
                             " where backend_xid is not null and pid <> pg_backend_pid() and "
                             "datname = current_database()");
    if (age && strtol(age, NULL, 10) > XID_AGE_WARN_S)
        warn(d,
             "a transaction is open for %s s: live updates wait for it (pg_stat_activity names it)",
             age);
}

static void check_mail(struct doctor *d)
{
    const char *there = ask(d, "select to_regclass('public.smtp_settings') is not null");
    if (!there || there[0] != 't') return;
    const char *without = ask(d, "select count(*) from public.organizations o where not exists"
                                 " (select from public.smtp_settings s where s.org_id = o.id)");
    if (without && strcmp(without, "0") == 0)
        fine("every organization has a mail server");
    else if (without)
        warn(d,
             "organizations without a mail server (Settings): %s; invitations and password resets "
             "are shown to an admin as links",
             without);
}

/* Every content that a row names must be on the disk; sizes are compared, hashes are the backup's
 * business. */
static void check_files(struct doctor *d)
{
    const char *there = ask(d, "select to_regclass('public.files') is not null");
    if (!there || there[0] != 't') return;
    PGresult *r = PQexec(
        d->conn, "select distinct sha256, size_bytes from public.files order by 1 limit 200000");
    int missing = 0, count = PQntuples(r);
    for (int i = 0; i < count; i++) {
        const char *sha256 = PQgetvalue(r, i, 0);
        char path[4096];
        struct stat st;
        snprintf(path, sizeof path, "%s/files/%.2s/%.2s/%s", d->config->data_dir, sha256,
                 sha256 + 2, sha256);
        if (stat(path, &st) != 0 || st.st_size != strtoll(PQgetvalue(r, i, 1), NULL, 10)) missing++;
    }
    PQclear(r);
    if (missing > 0)
        bad(d, "%d of %d files are missing or cut off in %s/files: restore them from a backup",
            missing, count, d->config->data_dir);
    else
        fine("all %d files are on the disk", count);
}

static const struct {
    bool database;
    void (*run)(struct doctor *d);
} checks[] = {
    {false, check_interface}, {false, check_key},   {false, check_disk}, {false, check_port},
    {false, check_public},    {true, check_server}, {true, check_clock}, {true, check_migrations},
    {true, check_tenants},    {true, check_jobs},   {true, check_mail},  {true, check_files},
};

int cli_doctor(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    struct config config;
    int status = cli_config("doctor", a, &argc, argv, 0, &config);
    if (status) return status;
    struct cli_database db;
    struct doctor d = {.arena = a, .config = &config};
    printf("Interflow, data folder %s\n", config.data_dir);
    fflush(stdout);
    if (cli_database_open(a, &config, false, &db) == 0) {
        const char *why = NULL;
        d.db = &db;
        d.conn = pg_tool_connect(a, db.url, &why);
        if (!d.conn) bad(&d, "%s", why);
    } else {
        d.problems++; /* its line was said */
    }
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (!checks[i].database || d.conn) checks[i].run(&d);
    PQfinish(d.conn);
    if (d.db) cli_database_close(d.db);
    if (d.problems > 0)
        printf("problems: %d, warnings: %d\n", d.problems, d.warnings);
    else
        printf("no problems, warnings: %d\n", d.warnings);
    return d.problems ? 1 : 0;
}
