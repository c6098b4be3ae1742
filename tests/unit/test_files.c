/* The store of contents against a real database and disk: content once, rows per organization,
 * types by the bytes, programs refused, signed addresses that cannot be forged, and the sweep of
 * what nothing refers to. */
#include "check.h"

#include "database.h"

#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "core/files.h"
#include "core/jobs.h"
#include "core/loop.h"

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

static const struct job_kind *kind_named(const char *name)
{
    const struct job_kind *k = files_jobs;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    assert_non_null(k->name);
    return k;
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
    const struct file *const both[] = {&kept, &orphan}; /* their small pictures go with them */
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        CLEANUP(fd_closep)
        int small = open(arena_printf(c->arena, "%s.webp", files_path(c, both[i])),
                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(small >= 0);
    }
    CLEANUP(ctx_freep) struct ctx *job = ctx_new(app, MIB, clock_mono_ms() + 20000);
    struct job j = {0};
    assert_int_equal(kind_named("files.clean")->run(job, &j), JOB_DONE);
    assert_int_equal(access(files_path(c, &kept), F_OK), 0);
    assert_int_equal(access(files_path(c, &young), F_OK), 0);
    assert_int_not_equal(access(files_path(c, &orphan), F_OK), 0);
    const char *small = arena_printf(c->arena, "%s.webp", files_path(c, &kept));
    assert_int_equal(access(small, F_OK), 0);
    small = arena_printf(c->arena, "%s.webp", files_path(c, &orphan));
    assert_int_not_equal(access(small, F_OK), 0);
}

/* --- the loop goes on meanwhile ---------------------------------------------------------- */

#define TURNS 50

/* The only thread is held until the loop has turned TURNS times: whatever of the store is not done
 * on a thread shows before that. */
struct meanwhile {
    struct app app;
    sem_t held, go_on;
    int turns, seen; /* seen: turns at which something lay in the folder of uploads */
    bool stored;
};

static void hold_thread(void *arg)
{
    struct meanwhile *m = arg;
    (void)sem_post(&m->held);
    while (sem_wait(&m->go_on) != 0)
        ;
}

static void holder(void *arg)
{
    struct meanwhile *m = arg;
    assert_int_equal(loop_offload(m->app.loop, hold_thread, m), ERR_OK);
}

static int files_in_tmp(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/tmp", data_dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    int count = 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static void counter(void *arg)
{
    struct meanwhile *m = arg;
    for (; m->turns < TURNS; m->turns++) {
        assert_false(m->stored);
        m->seen += files_in_tmp();
        assert_int_equal(loop_sleep(m->app.loop, 0), ERR_OK);
    }
    (void)sem_post(&m->go_on);
}

static void storing(void *arg)
{
    struct meanwhile *m = arg;
    struct loop *l = m->app.loop;
    assert_int_equal(loop_spawn(l, holder, m, NULL), ERR_OK);
    while (sem_trywait(&m->held) != 0)
        assert_int_equal(loop_sleep(l, 1), ERR_OK);
    assert_int_equal(loop_spawn(l, counter, m, NULL), ERR_OK);
    CLEANUP(ctx_freep) struct ctx *c = context(&m->app, ORG_A);
    size_t len = 25 * MIB;
    CLEANUP(mem_freep) char *content = mem_alloc(len);
    memset(content, 'x', len);
    struct file f;
    assert_int_equal(files_store_bytes(c, "grande.txt", content, len, &f), ERR_OK);
    m->stored = true;
    assert_int_equal(m->turns, TURNS);
    assert_int_equal(m->seen, 0);
    assert_int_equal(f.size_bytes, (int)len);
    char hex[SHA256_HEX_SIZE];
    assert_string_equal(f.sha256, sha256_hex(content, len, hex));
    struct stat st;
    assert_int_equal(stat(files_path(c, &f), &st), 0);
    assert_int_equal(st.st_size, (int)len);
    assert_int_equal(files_in_tmp(), 0);
    loop_stop(l);
}

/* 25 MB are hashed, written and synced while everybody else is served. */
static void loop_goes_on(void **state)
{
    (void)state;
    struct meanwhile m = {.app = {.config = &config}};
    assert_int_equal(sem_init(&m.held, 0, 0), 0);
    assert_int_equal(sem_init(&m.go_on, 0, 0), 0);
    m.app.loop = loop_new(10, 1);
    assert_int_equal(files_new(&m.app, data_dir, &m.app.files), ERR_OK);
    assert_int_equal(loop_spawn(m.app.loop, storing, &m, NULL), ERR_OK);
    loop_run(m.app.loop);
    assert_true(m.stored);
    files_free(m.app.files);
    loop_free(m.app.loop);
    (void)sem_destroy(&m.held);
    (void)sem_destroy(&m.go_on);
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
    test_sql_do(&database, "insert into organizations (id, name) values ('" ORG_A
                           "', 'A'), ('" ORG_B "', 'B')");
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
        {"loop_goes_on", loop_goes_on, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
