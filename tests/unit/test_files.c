/* The store of contents against a real database and disk: content once, rows per organization,
 * types by the bytes, programs refused, signed addresses that cannot be forged, and the sweep of
 * what nothing refers to. */
#include "check.h"

#include "database.h"

#include <fcntl.h>
#include <libpq-fe.h>

#include "core/files.h"
#include "core/jobs.h"

static struct test_database database;
static char data_dir[] = "/tmp/interflow-files-XXXXXX";
static struct config config;

static struct ctx *context(struct app *app, const char *org)
{
    struct ctx *c = ctx_new(app, 4 * MIB, clock_mono_ms() + 20000);
    assert_true(uuid_parse(org, &c->org));
    c->actor.kind = ACTOR_SYSTEM;
    return c;
}

#define ORG_A "01890000-0000-7000-8000-00000000000a"
#define ORG_B "01890000-0000-7000-8000-00000000000b"

/* Reads at most size bytes and closes fd. */
static size_t read_all(int fd, char *out, size_t size)
{
    size_t have = 0;
    for (ssize_t n = 1; fd >= 0 && n > 0 && have<size; have += n> 0 ? (size_t)n : 0)
        n = read(fd, out + have, size - have);
    if (fd >= 0) (void)close(fd);
    return have;
}

static const unsigned char png[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\x35\xd1\xdc\xe4";

static void keep_and_get(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file kept, read;
    assert_int_equal(
        files_keep_bytes(c, "../foto da loja.png", png, sizeof png - 1, "agent", &kept), ERR_OK);
    assert_string_equal(kept.name, "foto da loja.png");
    assert_string_equal(kept.type, "image/png");
    assert_string_equal(kept.kind, "image");
    assert_int_equal(kept.width, 640);
    assert_int_equal(kept.height, 480);
    assert_int_equal(kept.size_bytes, sizeof png - 1);

    assert_int_equal(files_get(c, kept.id, &read), ERR_OK);
    assert_string_equal(read.sha256, kept.sha256);
    assert_string_equal(read.name, kept.name);
    char back[sizeof png];
    int fd = open(files_path(c, &read), O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read_all(fd, back, sizeof back), sizeof png - 1);
    assert_memory_equal(back, png, sizeof png - 1);

    /* The same content of another organization: another row, the same place. Neither sees the
     * other's row. */
    CLEANUP(ctx_freep) struct ctx *other = context(app, ORG_B);
    struct file theirs;
    assert_int_equal(files_get(other, kept.id, &read), ERR_NOT_FOUND);
    assert_int_equal(files_keep_bytes(other, "b.png", png, sizeof png - 1, "agent", &theirs),
                     ERR_OK);
    assert_string_equal(files_path(other, &theirs), files_path(c, &kept));
}

static void refused(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file f;
    int fd = open("/proc/self/exe", O_RDONLY);
    char program[4096];
    assert_int_equal(read_all(fd, program, sizeof program), sizeof program);
    assert_int_equal(files_keep_bytes(c, "photo.jpg", program, sizeof program, "visitor", &f),
                     ERR_MEDIA_TYPE);
    assert_string_equal(c->fault.code, "FILE_TYPE_REFUSED");
    /* Nothing stays in the folder of uploads. */
    char command[128];
    snprintf(command, sizeof command, "test -z \"$(ls -A %s/tmp)\"", data_dir);
    assert_int_equal(system(command), 0);
}

static void empty_and_rolled_back(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file f, read;
    assert_int_equal(files_keep_bytes(c, "empty.txt", "", 0, "agent", &f), ERR_OK);
    assert_string_equal(f.type, "text/plain");
    {
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        assert_int_equal(db_begin(c, &tx), ERR_OK);
        assert_int_equal(files_keep_bytes(c, "x.txt", "never", 5, "agent", &f), ERR_OK);
    }
    assert_int_equal(files_get(c, f.id, &read), ERR_NOT_FOUND);
    assert_int_equal(access(files_path(c, &f), F_OK), 0); /* harmless until the sweep */
}

static void signed_addresses(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file f, read;
    assert_int_equal(files_keep_bytes(c, "Nota Fiscal.pdf", "%PDF-1.4\n", 9, "agent", &f), ERR_OK);
    const char *url = files_signed_url(c, &f, HOUR_MS);
    assert_string_equal(
        url, files_signed_url(c, &f, HOUR_MS)); /* the same for a while: browsers keep it */
    assert_int_equal(strncmp(url, "/files/", 7), 0);
    assert_string_equal(strrchr(url, '/'), "/document.pdf");
    char token[200];
    snprintf(token, sizeof token, "%.*s", (int)strcspn(url + 7, "/"), url + 7);

    CLEANUP(ctx_freep) struct ctx *visitor = ctx_new(app, MIB, clock_mono_ms() + 20000);
    assert_int_equal(files_open_token(visitor, token, &read), ERR_OK);
    assert_true(uuid_equal(visitor->org, c->org));
    assert_string_equal(read.name, "Nota Fiscal.pdf");
    for (size_t i = 0; i < strlen(token); i++) { /* any digit changed: refused */
        char forged[200];
        memcpy(forged, token, sizeof forged);
        forged[i] = forged[i] == '0' ? '1' : '0';
        CLEANUP(ctx_freep) struct ctx *forger = ctx_new(app, MIB, clock_mono_ms() + 20000);
        assert_int_equal(files_open_token(forger, forged, &read), ERR_NOT_FOUND);
    }
    CLEANUP(ctx_freep) struct ctx *late = ctx_new(app, MIB, clock_mono_ms() + 20000);
    url = files_signed_url(c, &f, -3 * HOUR_MS);
    snprintf(token, sizeof token, "%.*s", (int)strcspn(url + 7, "/"), url + 7);
    assert_int_equal(files_open_token(late, token, &read), ERR_NOT_FOUND);
    assert_string_equal(late->fault.code, "FILE_LINK_EXPIRED");
    assert_int_equal(files_open_token(late, "", &read), ERR_NOT_FOUND);
    assert_int_equal(files_open_token(late, "zz", &read), ERR_NOT_FOUND);
}

static const char *header(const struct reply *p, const char *name)
{
    for (int i = 0; i < p->header_count; i++)
        if (strcmp(p->headers[i].name, name) == 0) return p->headers[i].value;
    return "";
}

static void answers(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file f;
    struct reply p = {.fd = -1};
    static const char html[] = "<!doctype html><html><script>alert(1)</script></html>";
    assert_int_equal(files_keep_bytes(c, "x.html", html, sizeof html - 1, "visitor", &f), ERR_OK);
    assert_int_equal(files_reply(c, &f, false, &p), ERR_OK);
    assert_string_equal(p.content_type,
                        "application/octet-stream"); /* never shown as a page of ours */
    assert_int_equal(strncmp(header(&p, "Content-Disposition"), "attachment", 10), 0);
    assert_string_equal(header(&p, "X-Content-Type-Options"), "nosniff");
    assert_non_null(strstr(header(&p, "Content-Security-Policy"), "sandbox"));
    assert_int_equal(p.size_bytes, sizeof html - 1);
    close(p.fd);

    p = (struct reply){.fd = -1};
    assert_int_equal(files_keep_bytes(c, "a.png", png, sizeof png - 1, "agent", &f), ERR_OK);
    assert_int_equal(files_reply(c, &f, false, &p), ERR_OK);
    assert_string_equal(p.content_type, "image/png");
    assert_int_equal(strncmp(header(&p, "Content-Disposition"), "inline", 6), 0);
    close(p.fd);

    p = (struct reply){.fd = -1};
    assert_int_equal(unlink(files_path(c, &f)), 0);
    assert_int_equal(files_reply(c, &f, false, &p), ERR_NOT_FOUND);
    assert_string_equal(c->fault.code, "FILE_LOST");
}

static void age(const char *path, int days)
{
    struct timespec t[2] = {{.tv_sec = clock_unix_ms() / 1000 - days * 86400},
                            {.tv_sec = clock_unix_ms() / 1000 - days * 86400}};
    assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void sweep(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, ORG_A);
    struct file kept, orphan, young;
    assert_int_equal(files_keep_bytes(c, "kept.txt", "kept", 4, "agent", &kept), ERR_OK);
    {
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        assert_int_equal(db_begin(c, &tx), ERR_OK);
        assert_int_equal(files_keep_bytes(c, "o.txt", "orphan", 6, "agent", &orphan), ERR_OK);
        assert_int_equal(files_keep_bytes(c, "y.txt", "young", 5, "agent", &young), ERR_OK);
    }
    age(files_path(c, &kept), 3);
    age(files_path(c, &orphan), 3);
    CLEANUP(ctx_freep) struct ctx *job = ctx_new(app, MIB, clock_mono_ms() + 20000);
    struct job j = {0};
    assert_int_equal(files_jobs[0].run(job, &j), JOB_DONE);
    assert_int_equal(access(files_path(c, &kept), F_OK), 0);
    assert_int_equal(access(files_path(c, &young), F_OK), 0);
    assert_int_not_equal(access(files_path(c, &orphan), F_OK), 0);
}

/* --- running --------------------------------------------------------------------------- */

typedef void case_fn(struct app *app, void *arg);

static void with_store(struct app *app, void *arg)
{
    case_fn *const *run = arg;
    app->config = &config;
    memset(app->seal_key, 7, sizeof app->seal_key);
    assert_int_equal(files_new(app, data_dir, &app->files), ERR_OK);
    (*run)(app, NULL);
    files_free(app->files);
}

static void run_case(void **state)
{
    test_run(&database, with_store, *state);
}

static case_fn *cases[] = {keep_and_get,     refused, empty_and_rolled_back,
                           signed_addresses, answers, sweep};

static int setup(void **state)
{
    (void)state;
    database = test_database_start();
    test_database_migrate(&database);
    PGconn *conn = PQconnectdb(database.url);
    PQclear(PQexec(conn, "insert into organizations (id, name) values ('" ORG_A "', 'A'), ('" ORG_B
                         "', 'B')"));
    PQfinish(conn);
    char path[64];
    if (!mkdtemp(data_dir)) return -1;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", data_dir, i ? "tmp" : "files");
        if (mkdir(path, 0700) != 0) return -1;
    }
    config = (struct config){.data_dir = data_dir, .upload_max_bytes = 1 << 20};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_database_stop(&database);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", data_dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"keep_and_get", run_case, NULL, NULL, &cases[0]},
        {"refused", run_case, NULL, NULL, &cases[1]},
        {"empty_and_rolled_back", run_case, NULL, NULL, &cases[2]},
        {"signed_addresses", run_case, NULL, NULL, &cases[3]},
        {"answers", run_case, NULL, NULL, &cases[4]},
        {"sweep", run_case, NULL, NULL, &cases[5]},
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
