/* The store of contents and its rows (files.h).
 *
 * Content lies in data/files/ab/cd/<sha256> and never changes: it is written under another name in
 * data/tmp, synced, renamed, and its folder synced, before its row is written. So a row always has
 * its content, after a crash too; a content without a row (the transaction was rolled back) is
 * harmless and is removed by the job files.clean when it is a day old. Content that exists already
 * is only touched, which starts that day anew.
 *
 * Hashing, writing, reading the head, libmagic and fsync run on a thread of the loop's pool; each run
 * has a libmagic handle of its own, taken from a small list that only the loop touches. */
#include "core/files.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "core/db.h"
#include "core/file_type.h"
#include "core/image_size.h"
#include "core/loop.h"
#include "sql.h"

#define HEAD_BYTES  (512 * KIB) /* what is looked at to know type and size */
#define HANDLES_MAX 4
#define TOKEN_BYTES (16 + 16 + 8 + 16) /* organization, file, end in seconds, code */
#define CODE_BYTES  16

struct files {
    char *root, *tmp;
    unsigned char sign_key[SHA256_SIZE];
    magic_t handles[HANDLES_MAX]; /* free ones */
    int handle_count;
};

/* What one thread run needs and gives. Owned by the coroutine that waits for it. */
struct store_work {
    const char *root, *tmp;
    struct bytes bytes;    /* what to write first; data NULL: it lies in from already */
    const char *from;      /* temporary file, gone afterwards */
    const char *folder[3]; /* root, root/ab, root/ab/cd */
    const char *to;
    char hex[2 * SHA256_SIZE + 1]; /* of an upload known before */
    magic_t handle;                /* NULL: opened here */
    unsigned char *head;           /* HEAD_BYTES */
    const char *name, *claimed;
    struct arena *arena; /* of this work alone */
    const char *type;
    int width, height;
    enum err err;
};

static bool folder_sync(const char *path)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* Move the synced file to its place; what is there already stays. */
static enum err place(const struct store_work *w)
{
    if (utimensat(AT_FDCWD, w->to, NULL, 0) == 0) {
        (void)unlink(w->from); /* a left-over in tmp is swept at the next start */
        return ERR_OK;
    }
    for (size_t i = 1; i < ARRAY_LEN(w->folder); i++) {
        if (mkdir(w->folder[i], 0700) == 0) {
            if (!folder_sync(w->folder[i - 1])) return ERR_IO;
        } else if (errno != EEXIST) {
            return ERR_IO;
        }
    }
    if (rename(w->from, w->to) != 0 || !folder_sync(w->folder[2])) return ERR_IO;
    return ERR_OK;
}

static const char *path_in(struct arena *a, const char *root, const char *sha256)
{
    return arena_printf(a, "%s/%.2s/%.2s/%s", root, sha256, sha256 + 2, sha256);
}

/* The bytes in memory into a temporary file. */
static enum err write_bytes(struct store_work *w)
{
    char *path = arena_printf(w->arena, "%s/keep-XXXXXX", w->tmp);
    CLEANUP(fd_closep) int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return ERR_IO;
    w->from = path;
    for (size_t done = 0; done < w->bytes.len;) {
        ssize_t n = write(fd, w->bytes.data + done, w->bytes.len - done);
        if (n < 0 && errno != EINTR) return ERR_IO;
        done += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

static enum err look_and_place(struct store_work *w)
{
    CLEANUP(fd_closep) int fd = open(w->from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : pread(fd, w->head, HEAD_BYTES, 0);
    if (!w->handle) {
        w->handle = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_ERROR);
        if (w->handle && magic_load(w->handle, NULL) != 0) {
            magic_close(w->handle);
            w->handle = NULL;
        }
    }
    if (n < 0 || !w->handle) return ERR_IO;
    const char *detected = n == 0 ? "text/plain" : magic_buffer(w->handle, w->head, (size_t)n);
    w->type = file_type_refine(w->arena, detected, w->claimed, w->name);
    if (file_type_refused(detected ? detected : "", w->name) || file_type_refused(w->type, w->name))
        return ERR_MEDIA_TYPE;
    if (!image_size(w->head, (size_t)n, &w->width, &w->height)) w->width = w->height = 0;
    w->folder[0] = w->root;
    w->folder[1] = arena_printf(w->arena, "%s/%.2s", w->root, w->hex);
    w->folder[2] = arena_printf(w->arena, "%s/%.2s/%.2s", w->root, w->hex, w->hex + 2);
    w->to = path_in(w->arena, w->root, w->hex);
    return fsync(fd) == 0 ? place(w) : ERR_IO;
}

/* On a thread. */
static void store_run(void *arg)
{
    struct store_work *w = arg;
    if (w->bytes.data) {
        unsigned char sha[SHA256_SIZE];
        sha256(w->bytes.data, w->bytes.len, sha);
        hex_encode(sha, SHA256_SIZE, w->hex);
        w->err = write_bytes(w);
    }
    if (!w->err) w->err = look_and_place(w);
    if (w->err && w->bytes.data && w->from) (void)unlink(w->from); /* else it was moved */
}

enum err files_new(struct app *app, const char *data_dir, struct files **ret_files)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    const char *root = arena_printf(a, "%s/files", data_dir),
               *tmp = arena_printf(a, "%s/tmp", data_dir);
    if (access(root, R_OK | W_OK | X_OK) != 0 || access(tmp, R_OK | W_OK | X_OK) != 0)
        return ERR_IO;
    struct files *f = mem_alloc(sizeof *f);
    f->root = mem_strdup(root);
    f->tmp = mem_strdup(tmp);
    static const char purpose[] = "file addresses";
    hmac_sha256(app->seal_key, sizeof app->seal_key, purpose, sizeof purpose - 1, f->sign_key);
    *ret_files = f;
    return ERR_OK;
}

void files_free(struct files *f)
{
    if (!f) return;
    while (f->handle_count > 0)
        magic_close(f->handles[--f->handle_count]);
    mem_free(f->root);
    mem_free(f->tmp);
    mem_free(f);
}

static const char *path_of(struct arena *a, const struct files *f, const char *sha256)
{
    return path_in(a, f->root, sha256);
}

/* Bring bytes in memory, or the temporary file w->from with w->hex, into the store. */
static enum err store(struct ctx *c, struct store_work *w, const char *name, int64_t size_bytes,
                      struct file *ret_file)
{
    struct files *f = c->app->files;
    CLEANUP(mem_freep) unsigned char *head = mem_alloc(HEAD_BYTES);
    CLEANUP(arena_freep) struct arena *own = arena_new(64 * KIB);
    w->root = f->root;
    w->tmp = f->tmp;
    w->head = head;
    w->arena = own;
    w->name = file_name_clean(own, name);
    w->handle = f->handle_count > 0 ? f->handles[--f->handle_count] : NULL;
    enum err e = loop_offload(c->app->loop, store_run, w);
    if (w->handle && f->handle_count < HANDLES_MAX)
        f->handles[f->handle_count++] = w->handle;
    else if (w->handle)
        magic_close(w->handle);
    if (e) return e;
    if (w->err == ERR_MEDIA_TYPE)
        return fault(c, ERR_MEDIA_TYPE, "FILE_TYPE_REFUSED",
                     "%s is a program: files of this kind are not taken", w->name);
    if (w->err) return fault(c, w->err, NULL, "the file could not be stored");
    *ret_file = (struct file){
        .id = uuid_v7(),
        .name = arena_strdup(c->arena, w->name),
        .type = arena_strdup(c->arena, w->type),
        .kind = file_type_kind(w->type),
        .size_bytes = size_bytes,
        .sha256 = arena_strdup(c->arena, w->hex),
        .width = w->width,
        .height = w->height,
    };
    return ERR_OK;
}

enum err files_row(struct ctx *c, const struct file *f, const char *source)
{
    return db_exec(c, &SQL_FILE_CREATE,
                   PARAMS(P_UUID("id", f->id), P_TEXT("name", f->name), P_TEXT("type", f->type),
                          P_TEXT("kind", f->kind), P_INT("size_bytes", f->size_bytes),
                          P_TEXT("sha256", f->sha256), P_INT("width", f->width),
                          P_INT("height", f->height), P_TEXT("source", source)));
}

enum err files_keep(struct ctx *c, const struct upload *u, const char *source,
                    struct file *ret_file)
{
    if (u->size_bytes > c->app->config->upload_max_bytes)
        return fault(c, ERR_TOO_LARGE, "FILE_TOO_LARGE", "a file may have at most %lld bytes",
                     (long long)c->app->config->upload_max_bytes);
    struct store_work w = {.from = u->path, .claimed = u->type};
    hex_encode(u->sha256, SHA256_SIZE, w.hex);
    enum err e = store(c, &w, u->name, u->size_bytes, ret_file);
    return e ? e : files_row(c, ret_file, source);
}

enum err files_store_bytes(struct ctx *c, const char *name, const void *data, size_t len,
                           struct file *ret_file)
{
    struct store_work w = {.bytes = {len > 0 ? data : "", len}};
    return store(c, &w, name, (int64_t)len, ret_file);
}

enum err files_keep_bytes(struct ctx *c, const char *name, const void *data, size_t len,
                          const char *source, struct file *ret_file)
{
    enum err e = files_store_bytes(c, name, data, len, ret_file);
    return e ? e : files_row(c, ret_file, source);
}

enum err files_get(struct ctx *c, struct uuid id, struct file *ret_file)
{
    struct rows *r = NULL;
    enum err e = db_one(c, &SQL_FILE_GET, PARAMS(P_UUID("file_id", id)), &r);
    if (e) return e;
    *ret_file = (struct file){
        .id = id,
        .name = rows_text(r, 0, "name"),
        .type = rows_text(r, 0, "type"),
        .kind = rows_text(r, 0, "kind"),
        .size_bytes = rows_int(r, 0, "size_bytes", 0),
        .sha256 = rows_text(r, 0, "sha256"),
        .width = (int)rows_int(r, 0, "width", 0),
        .height = (int)rows_int(r, 0, "height", 0),
    };
    return ERR_OK;
}

const char *files_path(struct ctx *c, const struct file *f)
{
    return path_of(c->arena, c->app->files, f->sha256);
}

enum err files_reply(struct ctx *c, const struct file *f, bool download, struct reply *p)
{
    int fd = open(files_path(c, f), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) close(fd);
        return fault(c, ERR_NOT_FOUND, "FILE_LOST",
                     "the content of this file is not on this machine");
    }
    bool in_place = !download && file_type_inline(f->type);
    p->kind = REPLY_FILE;
    p->status = 200;
    p->fd = fd;
    p->size_bytes = st.st_size;
    p->content_type =
        in_place || strcmp(f->type, "text/plain") == 0 ? f->type : "application/octet-stream";
    p->etag = arena_printf(c->arena, "\"%s\"", f->sha256);
    reply_header(c, p, "Content-Disposition", file_disposition(c->arena, f->name, !in_place));
    reply_header(c, p, "X-Content-Type-Options", "nosniff");
    /* The PDF viewers of browsers do not start in a sandbox; they run no script of ours either. */
    reply_header(c, p, "Content-Security-Policy",
                 strcmp(f->type, "application/pdf") == 0
                     ? "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"
                     : "default-src 'none'; sandbox");
    reply_header(c, p, "Cache-Control", "private, max-age=86400");
    reply_header(c, p, "Referrer-Policy", "no-referrer");
    return ERR_OK;
}

/* --- signed addresses ------------------------------------------------------------------ */

static void code_make(const struct files *f, const unsigned char token[TOKEN_BYTES],
                      unsigned char code[SHA256_SIZE])
{
    hmac_sha256(f->sign_key, sizeof f->sign_key, token, TOKEN_BYTES - CODE_BYTES, code);
}

const char *files_signed_url(struct ctx *c, const struct file *f, int64_t valid_ms)
{
    /* The end is a full hour, so that the same file has the same address for a while and browsers
     * need not load it again. */
    uint64_t end = (uint64_t)((clock_unix_ms() + valid_ms + HOUR_MS - 1) / HOUR_MS) * 3600;
    unsigned char token[TOKEN_BYTES], code[SHA256_SIZE];
    memcpy(token, c->org.b, 16);
    memcpy(token + 16, f->id.b, 16);
    for (int i = 0; i < 8; i++)
        token[32 + i] = (unsigned char)(end >> (56 - 8 * i));
    code_make(c->app->files, token, code);
    memcpy(token + TOKEN_BYTES - CODE_BYTES, code, CODE_BYTES);
    char hex[2 * TOKEN_BYTES + 1];
    hex_encode(token, sizeof token, hex);
    /* The name only says something to people and to programs that go by endings. */
    const char *dot = strrchr(f->name, '.');
    const char *ending =
        dot && strlen(dot) <= 8 &&
                dot[1 + strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0'
            ? dot
            : "";
    return arena_printf(c->arena, "/files/%s/%s%s", hex, f->kind, ending);
}

enum err files_open_token(struct ctx *c, const char *token_hex, struct file *ret_file)
{
    unsigned char token[TOKEN_BYTES], code[SHA256_SIZE];
    if (strlen(token_hex) != (size_t)2 * TOKEN_BYTES || !hex_decode(token_hex, token, sizeof token))
        return ERR_NOT_FOUND;
    code_make(c->app->files, token, code);
    if (!secret_equal(code, token + TOKEN_BYTES - CODE_BYTES, CODE_BYTES)) return ERR_NOT_FOUND;
    uint64_t end = 0;
    for (int i = 0; i < 8; i++)
        end = end << 8 | token[32 + i];
    if ((uint64_t)clock_unix_ms() / 1000 > end)
        return fault(c, ERR_NOT_FOUND, "FILE_LINK_EXPIRED", "this link is no longer valid");
    struct uuid id;
    memcpy(c->org.b, token, 16);
    memcpy(id.b, token + 16, 16);
    return files_get(c, id, ret_file);
}
