/* Multipart bodies into form and files (http_upload.h). The first fault stays; the rest of the body
 * is then read and thrown away, so that the client gets its answer instead of a reset connection.
 *
 * Writing to the temporary file goes to the page cache and does not wait for the disk in practice;
 * fsync is the file store's business, off the loop. */
#include "core/http_upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/multipart.h"

/* Left free on the disk: the database may live there too, and stands still without room. A
 * twentieth, at most this. */
#define DISK_FREE_MIN ((uint64_t)1024 * MIB)

struct http_upload {
    struct ctx *c;
    struct request *r;
    struct http_upload_limits limits;
    struct multipart *reader;
    enum err failed;
    int fields;
    size_t field_bytes;
    /* the part under way */
    const char *name;
    bool is_file;
    struct buf text;
    int fd; /* -1: none */
    struct sha256_ctx *hash;
};

static void release(void *arg)
{
    struct http_upload *u = arg;
    buf_free(&u->text);
    json_decref(u->r->form);
    u->r->form = NULL;
}

/* --- names ----------------------------------------------------------------------------- */

/* The last component, without control characters, at most UPLOAD_NAME_MAX bytes, valid UTF-8. */
static const char *clean_filename(struct arena *a, const char *given)
{
    for (const char *s = given; *s; s++) {
        if (*s == '/' || *s == '\\') given = s + 1;
    }
    char *name = text_clean(a, given, strlen(given));
    if (!name) return "file";
    char *out = name;
    for (const char *s = name; *s; s++) {
        if ((unsigned char)*s >= 0x20 && *s != 0x7f) *out++ = *s;
    }
    *out = '\0';
    size_t len = strlen(name);
    if (len > UPLOAD_NAME_MAX) {
        const char *dot = strrchr(name, '.');
        size_t tail = dot && strlen(dot) <= 16 ? strlen(dot) : 0; /* keep the extension */
        size_t keep = UPLOAD_NAME_MAX - tail;
        while (keep > 0 && ((unsigned char)name[keep] & 0xc0) == 0x80)
            keep--;
        memmove(name + keep, name + len - tail, tail + 1);
    }
    if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return "file";
    return name;
}

/* --- parts ----------------------------------------------------------------------------- */

static bool disk_full(const char *dir)
{
    struct statvfs fs;
    if (statvfs(dir, &fs) != 0) return false;
    uint64_t all = (uint64_t)fs.f_blocks * fs.f_frsize, left = (uint64_t)fs.f_bavail * fs.f_frsize;
    return left < (all / 20 < DISK_FREE_MIN ? all / 20 : DISK_FREE_MIN);
}

static enum err begin_file(struct http_upload *u, const struct multipart_part *part)
{
    struct request *r = u->r;
    if (disk_full(u->limits.dir))
        return fault(u->c, ERR_UNAVAILABLE, "STORAGE_FULL", "there is no room for files now");
    if (r->upload_count >= UPLOAD_FILES_MAX) {
        return fault(u->c, ERR_TOO_LARGE, "TOO_MANY_FILES", "at most %d files at once",
                     UPLOAD_FILES_MAX);
    }
    struct arena *a = u->c->arena;
    char id[UUID_TEXT_SIZE];
    struct upload *up = &r->uploads[r->upload_count];
    *up = (struct upload){
        .field = u->name,
        .name = clean_filename(a, part->filename),
        .type = part->type ? text_clean(a, part->type, strlen(part->type)) : NULL,
        .path = arena_printf(a, "%s/upload-%s", u->limits.dir, uuid_text(uuid_v7(), id)),
    };
    if (!up->type) up->type = "application/octet-stream";
    u->fd = open(up->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (u->fd < 0) return fault(u->c, ERR_IO, NULL, "cannot write to %s", u->limits.dir);
    r->upload_count++;
    u->hash = sha256_new();
    return ERR_OK;
}

static enum err on_part(void *arg, const struct multipart_part *part)
{
    struct http_upload *u = arg;
    size_t len = strlen(part->name);
    if (len == 0 || len > FORM_NAME_MAX || !text_valid(part->name, len)) {
        return fault(u->c, ERR_INVALID, "MULTIPART_INVALID", "a part has no usable name");
    }
    u->name = arena_strdup(u->c->arena, part->name);
    u->is_file = part->filename != NULL;
    if (!u->name) return ERR_NO_MEMORY;
    if (u->is_file) return begin_file(u, part);
    if (++u->fields > FORM_FIELDS_MAX) {
        return fault(u->c, ERR_TOO_LARGE, "TOO_MANY_FIELDS", "at most %d fields", FORM_FIELDS_MAX);
    }
    buf_clear(&u->text);
    return ERR_OK;
}

static enum err write_all(int fd, const char *s, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, s, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return ERR_IO;
        s += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err on_data(void *arg, const void *data, size_t len)
{
    struct http_upload *u = arg;
    if (!u->is_file) {
        u->field_bytes += len;
        if (u->field_bytes > u->limits.fields_max) {
            return fault(u->c, ERR_TOO_LARGE, "FIELDS_TOO_LARGE",
                         "the fields have more than %zu bytes", u->limits.fields_max);
        }
        buf_add(&u->text, data, len);
        return ERR_OK;
    }
    struct upload *up = &u->r->uploads[u->r->upload_count - 1];
    up->size_bytes += (int64_t)len;
    if (up->size_bytes > u->limits.file_max) {
        return fault(u->c, ERR_TOO_LARGE, "FILE_TOO_LARGE", "the file has more than %lld bytes",
                     (long long)u->limits.file_max);
    }
    sha256_add(u->hash, data, len);
    if (write_all(u->fd, data, len) != ERR_OK)
        return fault(u->c, ERR_IO, NULL, "cannot store an upload");
    return ERR_OK;
}

static void close_file(struct http_upload *u, unsigned char *digest)
{
    unsigned char unused[SHA256_SIZE];
    if (u->hash) sha256_end(u->hash, digest ? digest : unused);
    if (u->fd >= 0) (void)close(u->fd);
    u->hash = NULL;
    u->fd = -1;
}

static enum err end_file(struct http_upload *u)
{
    struct upload *up = &u->r->uploads[u->r->upload_count - 1];
    close_file(u, up->sha256);
    if (up->size_bytes == 0 && strcmp(up->name, "file") == 0) { /* an empty file input of a form */
        (void)unlink(up->path);
        u->r->upload_count--;
    }
    return ERR_OK;
}

static enum err on_end(void *arg)
{
    struct http_upload *u = arg;
    if (u->is_file) return end_file(u);
    if (!text_valid(buf_str(&u->text), u->text.len)) {
        return fault(u->c, ERR_INVALID, "MULTIPART_INVALID", "field %s is not valid UTF-8 text",
                     u->name);
    }
    json_t *form = u->r->form;
    json_t *value = json_stringn(buf_str(&u->text), u->text.len);
    json_t *earlier = json_object_get(form, u->name);
    if (!earlier) {
        (void)json_object_set_new(form, u->name, value);
    } else if (json_is_array(earlier)) {
        (void)json_array_append_new(earlier, value);
    } else {
        (void)json_object_set_new(form, u->name, json_pack("[O,o]", earlier, value));
    }
    return ERR_OK;
}

/* --- public ---------------------------------------------------------------------------- */

static const struct multipart_events events = {.part = on_part, .data = on_data, .end = on_end};

struct http_upload *http_upload_new(struct ctx *c, struct request *r, const char *content_type,
                                    const struct http_upload_limits *limits)
{
    struct http_upload *u = arena_alloc(c->arena, sizeof(*u));
    if (!u) return NULL;
    u->reader = multipart_new(c->arena, content_type, &events, u);
    if (!u->reader) return NULL;
    u->c = c;
    u->r = r;
    u->limits = *limits;
    u->fd = -1;
    u->text = BUF_INIT(limits->fields_max + 1);
    r->form = json_object();
    arena_on_free(c->arena, release, u);
    return u;
}

static void note(struct http_upload *u, enum err e)
{
    if (!e || u->failed) return;
    u->failed = e;
    /* The first fault stays: this one only where the parts themselves said nothing. */
    (void)!fault(u->c, e, "MULTIPART_INVALID", "the multipart body is malformed");
    close_file(u, NULL);
}

void http_upload_add(struct http_upload *u, const void *data, size_t len)
{
    if (!u->failed) note(u, multipart_add(u->reader, data, len));
}

enum err http_upload_finish(struct http_upload *u)
{
    if (!u->failed) note(u, multipart_finish(u->reader));
    return u->failed;
}

void http_upload_clean(struct http_upload *u)
{
    if (!u) return;
    close_file(u, NULL);
    for (int i = 0; i < u->r->upload_count; i++) {
        (void)unlink(u->r->uploads[i].path);
    }
}
