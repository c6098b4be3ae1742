/* `interflow restore FILE` (backup.h describes the archive). The archive is read twice: first every
 * hash is checked, then it is applied; the database comes back in one transaction. Only then is the
 * database brought to this program's version. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/db.h"
#include "server/backup.h"
#include "server/cli.h"
#include "server/pg_tool.h"
#include "server/tar.h"
#include "sql.h"

#define MANIFEST_MAX (64 * KIB)

struct restore {
    struct arena *arena;
    const struct config *config;
    struct cli_database *db;
    FILE *in;
    const char *path;
    bool apply; /* second round */
    int files;
    int database_fd; /* pg_restore's input */
    pid_t database_pid;
    char *part; /* BACKUP_PART_BYTES */
    json_t *manifest;
};

static int damaged(const struct restore *r, const char *what)
{
    return cli_fail("%s is damaged or not a backup of Interflow: %s", r->path, what);
}

/* --- the parts ------------------------------------------------------------------------- */

static int manifest_take(struct restore *r, const struct tar_entry *entry)
{
    CLEANUP(mem_freep) char *text = mem_alloc(MANIFEST_MAX + 1);
    const char *why = NULL;
    if (tar_get_text(r->in, entry, text, MANIFEST_MAX) != ERR_OK ||
        json_parse(r->arena, text, strlen(text), &r->manifest, &why) != ERR_OK)
        return damaged(r, "its description cannot be read");
    if (json_get_int(r->manifest, "format", 0) != BACKUP_FORMAT)
        return cli_fail("%s has another format than this program knows: it is of version %s",
                        r->path, json_get_text(r->manifest, "version"));
    int64_t known = 0;
    while (sql_migrations[known].name)
        known++;
    if (json_get_int(r->manifest, "migrations", 0) > known)
        return cli_fail("%s is of a newer version (%s) than this program (%s)", r->path,
                        json_get_text(r->manifest, "version"), INTERFLOW_VERSION);
    return 0;
}

static int key_take(struct restore *r, const struct tar_entry *entry)
{
    char hex[2 * SEAL_KEY_SIZE + 2];
    unsigned char key[SEAL_KEY_SIZE];
    if (tar_get_text(r->in, entry, hex, sizeof hex - 1) != ERR_OK)
        return damaged(r, "its key cannot be read");
    hex[strcspn(hex, "\n")] = '\0';
    if (strlen(hex) != (size_t)2 * SEAL_KEY_SIZE || !hex_decode(hex, key, sizeof key))
        return damaged(r, "its key cannot be read");
    if (!r->apply) return 0;
    /* Written over the one that data_prepare made: the data folder itself may not be ours to make
     * files in. */
    const char *path = data_path(r->arena, r->config, "seal.key");
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || pwrite(fd, key, sizeof key, 0) != (ssize_t)sizeof key || fsync(fd) != 0)
        return cli_fail("cannot write seal.key: %s", strerror(errno));
    return 0;
}

/* Starts pg_restore on the first part. */
static int database_begin(struct restore *r)
{
    static const char *const arguments[] = {
        "--dbname=",     "--no-owner", "--schema=public", "--single-transaction", "--exit-on-error",
        "--no-password", NULL};
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return cli_fail("cannot open a pipe: %s", strerror(errno));
    r->database_pid = pg_tool_start(r->db, "pg_restore", arguments, pair[0], -1);
    close(pair[0]);
    r->database_fd = pair[1];
    return 0;
}

static int part_apply(struct restore *r, size_t len)
{
    int status = r->database_pid ? 0 : database_begin(r);
    for (size_t done = 0; done < len && !status;) {
        ssize_t n = write(r->database_fd, r->part + done, len - done);
        if (n < 0 && errno != EINTR)
            status = cli_fail("pg_restore failed; the line above says why");
        done += n > 0 ? (size_t)n : 0;
    }
    return status;
}

/* A part and, right behind it, its hash; it is used only when both agree. */
static int part_take(struct restore *r, const struct tar_entry *entry)
{
    struct tar_entry after;
    bool end = false;
    char said[SHA256_HEX_SIZE + 1], real[SHA256_HEX_SIZE];
    size_t len = (size_t)entry->size_bytes;
    if (entry->size_bytes > (int64_t)BACKUP_PART_BYTES ||
        tar_get_text(r->in, entry, r->part, BACKUP_PART_BYTES) != ERR_OK)
        return damaged(r, entry->name);
    if (tar_next(r->in, &after, &end) != ERR_OK || end ||
        strcmp(after.name, arena_printf(r->arena, "%s.sha256", entry->name)) != 0 ||
        tar_get_text(r->in, &after, said, SHA256_HEX_SIZE) != ERR_OK)
        return damaged(r, entry->name);
    said[strcspn(said, "\n")] = '\0';
    if (strcmp(said, sha256_hex(r->part, len, real)) != 0)
        return damaged(r, "a part of the database has another checksum");
    return r->apply ? part_apply(r, len) : 0;
}

/* The dump is complete: end pg_restore's input and hear what it says. */
static int database_end(struct restore *r)
{
    if (!r->database_pid) return 0;
    close(r->database_fd);
    r->database_fd = -1;
    bool fine = pg_tool_wait(r->database_pid);
    r->database_pid = 0;
    return fine ? 0
                : cli_fail("pg_restore failed; the lines above say why. The database is as empty "
                           "as before");
}

static int file_take(struct restore *r, const struct tar_entry *entry)
{
    const char *sha256 = entry->name + strlen("files/");
    char hex[SHA256_HEX_SIZE];
    if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
        return damaged(r, entry->name);
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    const char *fresh = data_path(a, r->config, "tmp/restore");
    CLEANUP(fd_closep)
    int fd = r->apply ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (r->apply && fd < 0) return cli_fail("cannot write %s: %s", fresh, strerror(errno));
    enum err e = tar_get_fd(r->in, entry, fd, hex);
    if (e == ERR_IO) return cli_fail("cannot write %s: %s", fresh, strerror(errno));
    if (e || strcmp(hex, sha256) != 0)
        return damaged(r, "a file has another checksum than its name says");
    r->files++;
    if (!r->apply) return 0;
    const char *first = arena_printf(a, "%s/files/%.2s", r->config->data_dir, sha256);
    const char *second = arena_printf(a, "%s/%.2s", first, sha256 + 2);
    if ((mkdir(first, 0700) != 0 && errno != EEXIST) ||
        (mkdir(second, 0700) != 0 && errno != EEXIST) ||
        rename(fresh, arena_printf(a, "%s/%s", second, sha256)) != 0)
        return cli_fail("cannot write to %s: %s", second, strerror(errno));
    return 0;
}

/* --- the archive ----------------------------------------------------------------------- */

static int entry_take(struct restore *r, const struct tar_entry *entry, bool *ret_complete)
{
    if (strcmp(entry->name, "interflow.json") == 0) return manifest_take(r, entry);
    if (!r->manifest) return damaged(r, "it has no description");
    if (strcmp(entry->name, "seal.key") == 0) return key_take(r, entry);
    if (strncmp(entry->name, "database/", 9) == 0) return part_take(r, entry);
    int status = database_end(r); /* whatever comes after the parts */
    if (status) return status;
    if (strncmp(entry->name, "files/", 6) == 0) return file_take(r, entry);
    char text[sizeof BACKUP_END];
    if (strcmp(entry->name, "end") != 0 ||
        tar_get_text(r->in, entry, text, sizeof text - 1) != ERR_OK ||
        strcmp(text, BACKUP_END) != 0)
        return damaged(r, "it holds what does not belong there");
    *ret_complete = true;
    return 0;
}

static int archive_read(struct restore *r)
{
    bool complete = false;
    r->files = 0;
    r->manifest = NULL;
    for (;;) {
        struct tar_entry entry;
        bool end = false;
        enum err e = tar_next(r->in, &entry, &end);
        if (e == ERR_IO) return cli_fail("cannot read %s: %s", r->path, strerror(errno));
        if (e) return damaged(r, "it is cut off");
        if (end) return complete ? 0 : damaged(r, "it is not complete");
        int status = entry_take(r, &entry, &complete);
        if (status) return status;
    }
}

/* --- the target ------------------------------------------------------------------------ */

static bool folder_empty(const char *path)
{
    DIR *d = opendir(path);
    bool empty = true;
    for (struct dirent *e = d ? readdir(d) : NULL; e && empty; e = readdir(d))
        empty = e->d_name[0] == '.';
    if (d) closedir(d);
    return empty;
}

static int target_prepare(struct restore *r, bool force)
{
    const char *why = NULL;
    PGconn *conn = pg_tool_connect(r->arena, r->db->url, &why);
    if (!conn) return cli_fail("%s", why);
    const char *tables = pg_tool_value(
        r->arena, conn,
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where "
        "n.nspname = 'public' and c.relkind = 'r'"
        " and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')",
        &why);
    bool empty =
        tables && strcmp(tables, "0") == 0 && folder_empty(data_path(r->arena, r->config, "files"));
    if (!empty && !force) {
        PQfinish(conn);
        return cli_fail("%s", why ? why
                                  : "the target is not empty: its database or its files would be "
                                    "replaced (--force does it)");
    }
    (void)pg_tool_value(r->arena, conn, "set client_min_messages = warning", &why);
    (void)pg_tool_value(r->arena, conn, "drop schema if exists public cascade", &why);
    (void)pg_tool_value(r->arena, conn, "create schema public", &why);
    (void)pg_tool_value(r->arena, conn, "grant usage on schema public to public", &why);
    (void)pg_tool_value(r->arena, conn,
                        "do $$ begin if not exists (select from pg_roles where rolname = "
                        "'interflow_app') then create role interflow_app nologin noinherit; "
                        "end if; end $$",
                        &why);
    const char *name;
    json_t *schema;
    json_object_foreach(json_object_get(r->manifest, "extensions"), name, schema)
    {
        char *in =
            PQescapeIdentifier(conn, json_string_value(schema), strlen(json_string_value(schema)));
        char *what = PQescapeIdentifier(conn, name, strlen(name));
        (void)pg_tool_value(r->arena, conn,
                            arena_printf(r->arena, "create schema if not exists %s", in), &why);
        (void)pg_tool_value(
            r->arena, conn,
            arena_printf(r->arena, "create extension if not exists %s schema %s", what, in), &why);
        PQfreemem(in);
        PQfreemem(what);
    }
    PQfinish(conn);
    return why ? cli_fail("cannot prepare the database: %s", why) : 0;
}

static int run(struct restore *r, bool force)
{
    int status = archive_read(r); /* looks at everything, changes nothing */
    if (!status) status = target_prepare(r, force);
    if (status) return status;
    if (fseeko(r->in, 0, SEEK_SET) != 0)
        return cli_fail("cannot read %s twice: give a file", r->path);
    r->apply = true;
    status = archive_read(r);
    if (status && r->database_pid) {
        close(r->database_fd);
        kill(r->database_pid, SIGTERM);
        (void)pg_tool_wait(r->database_pid);
    }
    if (status) return status;
    sync();
    const char *why = "";
    int applied = 0;
    if (migrate_run(r->arena, r->db->url, &why, &applied) != ERR_OK)
        return cli_fail("restored, but not brought to this version: %s", why);
    PGconn *conn = pg_tool_connect(r->arena, r->db->url, &why);
    if (!conn || !pg_tool_value(r->arena, conn, "select backup_restored()", &why)) {
        PQfinish(conn);
        return cli_fail("restored, but what was waiting may be done again, and browsers may show "
                        "what was before: %s",
                        why);
    }
    (void)pg_tool_value(r->arena, conn, "analyze",
                        &why); /* plans are good from the first query on */
    PQfinish(conn);
    fprintf(stderr, "restored: the database of %s and %d files\n",
            json_get_text(r->manifest, "createdAt"), r->files);
    return 0;
}

int cli_restore(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    bool force = cli_switch(&argc, argv, "--force");
    struct config config;
    int status = cli_config("restore", a, &argc, argv, 1, &config);
    if (status) return status;
    FILE *in = fopen(argv[0], "re");
    if (!in) return cli_fail("cannot read %s: %s", argv[0], strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    struct cli_database db;
    status = cli_database_open(a, &config, false, &db);
    if (status) {
        fclose(in);
        return status;
    }
    CLEANUP(mem_freep) char *part = mem_alloc(BACKUP_PART_BYTES + 1);
    struct restore r = {.arena = a,
                        .config = &config,
                        .db = &db,
                        .in = in,
                        .path = argv[0],
                        .database_fd = -1,
                        .part = part};
    if (db.server_runs)
        status = cli_fail("the server runs on %s: stop it first", config.data_dir);
    else if (process_become(&db.user) != ERR_OK)
        status = cli_fail("cannot become the system user %s", db.user.name);
    else
        status = run(&r, force);
    cli_database_close(&db);
    fclose(in);
    return status;
}
