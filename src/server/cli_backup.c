/* `interflow backup FILE` (backup.h describes the archive). Streams: neither the dump nor a file is
 * held as a whole, and the server may run meanwhile. FILE gets its name only when it is complete
 * and on the disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/backup.h"
#include "server/cli.h"
#include "server/pg_tool.h"
#include "server/tar.h"

struct backup {
    struct arena *arena;
    const struct config *config;
    struct cli_database *db;
    FILE *out;
    int files;
    int64_t bytes;
};

static int64_t now_s(void)
{
    return clock_unix_ms() / 1000;
}

static int put_failed(const char *what)
{
    return cli_fail("cannot write %s to the archive: %s", what, strerror(errno));
}

/* 0 or an exit status, like all below. */
static int manifest_put(struct backup *b)
{
    const char *why = NULL;
    PGconn *conn = pg_tool_connect(b->arena, b->db->url, &why);
    if (!conn) return cli_fail("%s", why);
    const char *migrations =
        pg_tool_value(b->arena, conn, "select count(*) from schema_versions", &why);
    const char *extensions =
        pg_tool_value(b->arena, conn,
                      "select coalesce(json_object_agg(e.extname, n.nspname), '{}') from "
                      "pg_extension e join pg_namespace n on n.oid = e.extnamespace"
                      " where e.extname <> 'plpgsql' and e.extname in ('unaccent', 'pg_trgm', "
                      "'btree_gin', 'btree_gist')",
                      &why);
    PQfinish(conn);
    if (!migrations || !extensions)
        return cli_fail("this database holds no Interflow: %s",
                        why ? why : "it was never migrated");
    char time[TIME_TEXT_SIZE];
    const char *text = arena_printf(b->arena,
                                    "{\"format\": %d, \"version\": \"%s\", \"createdAt\": \"%s\", "
                                    "\"migrations\": %s, \"extensions\": %s}\n",
                                    BACKUP_FORMAT, INTERFLOW_VERSION,
                                    time_text(clock_unix_ms(), time), migrations, extensions);
    return tar_put_text(b->out, "interflow.json", text, now_s()) ? put_failed("its description")
                                                                 : 0;
}

static int key_put(struct backup *b)
{
    unsigned char key[SEAL_KEY_SIZE];
    char hex[2 * SEAL_KEY_SIZE + 2];
    if (seal_key_load(data_path(b->arena, b->config, "seal.key"), key) != ERR_OK)
        return cli_fail("cannot read seal.key in the data folder");
    hex_encode(key, sizeof key, hex);
    memcpy(hex + 2 * SEAL_KEY_SIZE, "\n", 2);
    return tar_put_text(b->out, "seal.key", hex, now_s()) ? put_failed("the key") : 0;
}

/* Fills part from the pipe. Bytes read; less than a part only at the end. */
static ssize_t part_read(int fd, char *part)
{
    size_t have = 0;
    while (have < BACKUP_PART_BYTES) {
        ssize_t n = read(fd, part + have, BACKUP_PART_BYTES - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

/* One part and its hash. A temporary file without a name lets tar_put_fd do for parts what it does
 * for files. */
static enum err part_put(struct backup *b, int number, const char *part, size_t len)
{
    char name[TAR_NAME_MAX], hex[SHA256_HEX_SIZE];
    snprintf(name, sizeof name, "database/%06d", number);
    CLEANUP(fd_closep) int memory = memfd_create("part", MFD_CLOEXEC);
    if (memory < 0 || write(memory, part, len) != (ssize_t)len || lseek(memory, 0, SEEK_SET) != 0)
        return ERR_IO;
    enum err e = tar_put_fd(b->out, name, memory, (int64_t)len, now_s(), hex);
    if (e) return e;
    b->bytes += (int64_t)len;
    return tar_put_text(b->out, arena_printf(b->arena, "%s.sha256", name),
                        arena_printf(b->arena, "%s\n", hex), now_s());
}

static int database_put(struct backup *b)
{
    static const char *const arguments[] = {"--format=custom",
                                            "--no-owner",
                                            "--schema=public",
                                            "--no-password",
                                            "--lock-wait-timeout=60s",
                                            "--exclude-table-data=story_links",
                                            NULL};
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return cli_fail("cannot open a pipe: %s", strerror(errno));
    pid_t pid = pg_tool_start(b->db, "pg_dump", arguments, -1, pair[1]);
    close(pair[1]);
    CLEANUP(fd_closep) int from = pair[0];
    CLEANUP(mem_freep) char *part = mem_alloc(BACKUP_PART_BYTES);
    int status = 0;
    for (int number = 0; !status; number++) {
        ssize_t n = part_read(from, part);
        if (n < 0)
            status = cli_fail("cannot read the dump: %s", strerror(errno));
        else if (n > 0 && part_put(b, number, part, (size_t)n) != ERR_OK)
            status = put_failed("the database");
        if (n < (ssize_t)BACKUP_PART_BYTES) break;
    }
    close(from);
    from = -1;
    if (!pg_tool_wait(pid) && !status) status = cli_fail("pg_dump failed; the line above says why");
    return status;
}

static int file_put(struct backup *b, int folder, const char *sha256)
{
    CLEANUP(fd_closep) int fd = openat(folder, sha256, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 && errno == ENOENT) return 0; /* swept before the dump began: nothing refers to it */
    if (fd < 0 || fstat(fd, &st) != 0)
        return cli_fail("cannot read the file %s: %s", sha256, strerror(errno));
    char name[TAR_NAME_MAX], hex[SHA256_HEX_SIZE];
    snprintf(name, sizeof name, "files/%s", sha256);
    if (tar_put_fd(b->out, name, fd, st.st_size, st.st_mtime, hex) != ERR_OK)
        return put_failed("a file");
    if (strcmp(hex, sha256) != 0)
        return cli_fail("the file %s in the data folder is damaged (its content has another hash): "
                        "interflow doctor says more",
                        sha256);
    b->files++;
    b->bytes += st.st_size;
    return 0;
}

/* root/ab/cd/<sha256>: depth 0 is root. */
static int files_put(struct backup *b, const char *path, int depth)
{
    DIR *d = opendir(path);
    if (!d) return cli_fail("cannot read %s: %s", path, strerror(errno));
    int status = 0;
    for (struct dirent *e = readdir(d); e && !status; e = readdir(d)) {
        size_t len = strlen(e->d_name);
        if (depth < 2 && len == 2 && e->d_name[0] != '.') {
            CLEANUP(arena_freep) struct arena *own = arena_new(16 * KIB);
            status = files_put(b, arena_printf(own, "%s/%s", path, e->d_name), depth + 1);
        } else if (depth == 2 && len == 64) {
            status = file_put(b, dirfd(d), e->d_name);
        }
    }
    closedir(d);
    return status;
}

/* Until this connection ends, the job files.clean removes nothing (files.sql): a file that lost its
 * last row after the dump began is still needed by the dump. Waits for a sweep under way. */
static int files_hold(struct backup *b, PGconn **ret_conn)
{
    const char *why = NULL;
    *ret_conn = pg_tool_connect(b->arena, b->db->url, &why);
    if (*ret_conn)
        (void)pg_tool_value(b->arena, *ret_conn,
                            "select pg_advisory_lock_shared("
                            "hashtextextended('interflow.files', 0))",
                            &why);
    return why ? cli_fail("%s", why) : 0;
}

static int contents_put(struct backup *b)
{
    PGconn *hold = NULL;
    int status = files_hold(b, &hold);
    if (!status) status = database_put(b);
    if (!status) status = files_put(b, data_path(b->arena, b->config, "files"), 0);
    if (!status && !pg_tool_value(b->arena, hold, "select 1", NULL))
        status = cli_fail("the connection to the database was lost: run the backup again");
    PQfinish(hold);
    return status;
}

static int archive_write(struct backup *b)
{
    int status = manifest_put(b);
    if (!status) status = key_put(b);
    if (!status) status = contents_put(b);
    if (!status && (tar_put_text(b->out, "end", BACKUP_END, now_s()) || tar_end(b->out) ||
                    fflush(b->out) != 0))
        status = put_failed("its end");
    return status;
}

int cli_backup(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    struct config config;
    int status = cli_config("backup", a, &argc, argv, 1, &config);
    if (status) return status;
    bool to_stdout = strcmp(argv[0], "-") == 0;
    const char *part = arena_printf(a, "%s.part", argv[0]);
    int fd = to_stdout ? dup(STDOUT_FILENO)
                       : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out) return cli_fail("cannot write %s: %s", part, strerror(errno));
    struct cli_database db;
    status = cli_database_open(a, &config, false, &db);
    struct backup b = {.arena = a, .config = &config, .db = &db, .out = out};
    if (!status) {
        status = archive_write(&b);
        cli_database_close(&db);
    }
    if (!status && !to_stdout && fsync(fd) != 0)
        status = cli_fail("cannot write %s: %s", part, strerror(errno));
    if (fclose(out) != 0 && !status)
        status = cli_fail("cannot write %s: %s", part, strerror(errno));
    if (!status && !to_stdout && rename(part, argv[0]) != 0)
        status = cli_fail("cannot rename %s: %s", part, strerror(errno));
    if (status && !to_stdout) (void)unlink(part);
    if (!status)
        fprintf(stderr, "backup complete: the database and %d files, %lld MB before packing\n",
                b.files, (long long)(b.bytes / 1000000));
    return status;
}
