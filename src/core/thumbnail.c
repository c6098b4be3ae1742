/* Small pictures (thumbnail.h). They lie beside the content as <sha256>.webp; an empty one says that
 * none can be made, so that a broken picture is tried once. What strangers sent is only decoded in
 * a process with limits, and only as a picture or a video: no list of files is read. */
#include "core/thumbnail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "core/child.h"
#include "core/loop.h"
#include "core/process.h"

#define FFMPEG      "/usr/bin/ffmpeg"
#define SMALL_BYTES (96 * KIB)
#define AT_ONCE     2 /* of a worker */
#define TURN_MS     30
#define FORMATS                                                                                    \
    "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
#define SCALE "scale=w='min(640,iw)':h='min(640,ih)':force_original_aspect_ratio=decrease"

static const char *path_of(struct ctx *c, const struct file *f)
{
    return arena_printf(c->arena, "%s.webp", files_path(c, f));
}

/* Is the picture itself small, or one that moves? */
static bool as_it_is(const struct file *f)
{
    if (strcmp(f->kind, "image") != 0) return false;
    bool small = f->width > 0 && f->width <= THUMBNAIL_SIDE && f->height > 0 &&
                 f->height <= THUMBNAIL_SIDE && f->size_bytes <= (int64_t)SMALL_BYTES;
    return small || strcmp(f->type, "image/gif") == 0 || strcmp(f->type, "image/svg+xml") == 0;
}

static void unlinkp(const char **path)
{
    if (*path) (void)unlink(*path);
}

/* Make it at path. What cannot be made leaves an empty file there. */
static enum err make(struct ctx *c, const struct file *f, const char *path)
{
    CLEANUP(unlinkp)
    const char *to =
        arena_printf(c->arena, "%s/%s.webp", data_path(c->arena, c->app->config, "tmp"),
                     crypto_token(c->arena, 18));
    const char *from = files_path(c, f);
    CLEANUP(fd_closep) int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return ERR_IO;
    const char *const argv[] = {FFMPEG,
                                "-nostdin",
                                "-v",
                                "quiet",
                                "-protocol_whitelist",
                                "file",
                                "-format_whitelist",
                                FORMATS,
                                "-max_pixels",
                                "100000000",
                                "-threads",
                                "1",
                                "-y",
                                "-i",
                                from,
                                "-map",
                                "0:v:0",
                                "-frames:v",
                                "1",
                                "-vf",
                                SCALE,
                                "-threads",
                                "1",
                                "-map_metadata",
                                "-1",
                                "-c:v",
                                "libwebp",
                                "-quality",
                                "75",
                                "-f",
                                "webp",
                                to,
                                NULL};
    const struct child_limits limits = {.cpu_s = 10,
                                        .memory_bytes = (int64_t)(1536 * MIB),
                                        .file_bytes = (int64_t)(2 * MIB),
                                        .time_ms = 20 * 1000,
                                        .reads = from,
                                        .writes = to};
    int code = 0;
    enum err e = child_run(c, argv, &limits, &code);
    if (e == ERR_NOT_FOUND || e == ERR_CANCELLED || e == ERR_UNAVAILABLE) return e;
    if ((e || code != 0) && ftruncate(fd, 0) != 0) return ERR_IO;
    return rename(to, path) == 0 ? ERR_OK : ERR_IO;
}

/* Few at once: a page with fifty pictures asks for all of them. */
static enum err made(struct ctx *c, const struct file *f, const char *path, int *ret_fd)
{
    int *busy = &c->app->thumbnails;
    for (;;) {
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (*ret_fd >= 0) return ERR_OK;
        if (*busy < AT_ONCE) break;
        enum err e = loop_sleep(c->app->loop, TURN_MS);
        if (e) return e;
    }
    (*busy)++;
    enum err e = make(c, f, path);
    (*busy)--;
    if (e) return e;
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return *ret_fd < 0 ? ERR_IO : ERR_OK;
}

enum err thumbnail_reply(struct ctx *c, const struct file *f, struct reply *p)
{
    bool picture = strcmp(f->kind, "image") == 0;
    if (!picture && strcmp(f->kind, "video") != 0)
        return fault(c, ERR_NOT_FOUND, "NO_THUMBNAIL", "only pictures and videos have a small one");
    int fd = -1;
    struct stat st = {0};
    enum err e = as_it_is(f) ? ERR_NOT_FOUND : made(c, f, path_of(c, f), &fd);
    if (!e && (fstat(fd, &st) != 0 || st.st_size == 0)) e = ERR_NOT_FOUND;
    if (e) {
        if (fd >= 0) close(fd);
        if (e == ERR_CANCELLED) return e;
        fault_clear(c);
        if (picture) return files_reply(c, f, false, p);
        return fault(c, ERR_NOT_FOUND, "NO_THUMBNAIL", "this video has no picture");
    }
    p->kind = REPLY_FILE;
    p->status = 200;
    p->fd = fd;
    p->size_bytes = st.st_size;
    p->content_type = "image/webp";
    p->etag = arena_printf(c->arena, "\"%s-small\"", f->sha256);
    reply_header(c, p, "X-Content-Type-Options", "nosniff");
    reply_header(c, p, "Content-Security-Policy", "default-src 'none'; sandbox");
    reply_header(c, p, "Cache-Control", "private, max-age=86400");
    reply_header(c, p, "Referrer-Policy", "no-referrer");
    return ERR_OK;
}
