/* Files on disk by content hash: data/files/ab/cd/<sha256>, written to a temporary name, fsynced,
 * renamed. The row of table `files` (per organization, RLS) says name, type, size; the same content
 * is stored once. The type is what the bytes say (libmagic), not what the client says; what could
 * run in a browser is only ever served as an attachment. */
#ifndef INTERFLOW_CORE_FILES_H
#define INTERFLOW_CORE_FILES_H

#include "core/app.h"
#include "core/http.h"
#include "core/jobs.h"
#include "core/router.h"

struct files;

struct file {
    struct uuid id;
    const char *name;
    const char *type; /* detected media type */
    const char *kind; /* "image" "video" "audio" "document" */
    int64_t size_bytes;
    const char *sha256; /* hex */
    int width, height;  /* images, 0 when unknown */
};

MUST_USE enum err files_new(struct app *app, const char *data_dir, struct files **ret_files);
void files_free(struct files *f);
/* Take an upload into the store and make its row (in the open transaction when there is one).
 * source: "agent", "visitor", … ERR_TOO_LARGE; ERR_MEDIA_TYPE for what is refused (programs). */
MUST_USE enum err files_keep(struct ctx *c, const struct upload *u, const char *source,
                             struct file *ret_file);
/* The same for bytes in memory (media of channels, demo data): hashed and written on a thread, so that
 * the loop goes on; nobody may touch them meanwhile. */
MUST_USE enum err files_keep_bytes(struct ctx *c, const char *name, const void *data, size_t len,
                                   const char *source, struct file *ret_file);
/* The two halves of that, for contents that come before the transaction of their row: into the
 * store (*ret_file in the arena, with a fresh id), and the row. Content that never gets a row is
 * swept after a day. */
MUST_USE enum err files_store_bytes(struct ctx *c, const char *name, const void *data, size_t len,
                                    struct file *ret_file);
MUST_USE enum err files_row(struct ctx *c, const struct file *f, const char *source);
MUST_USE enum err files_get(struct ctx *c, struct uuid id, struct file *ret_file);
/* Answer with the content: ETag, ranges, nosniff, sandbox CSP; inline only for images, audio,
 * video, PDF; else attachment. */
MUST_USE enum err files_reply(struct ctx *c, const struct file *f, bool download, struct reply *p);
/* Path on disk, for libraries that want one. */
const char *files_path(struct ctx *c, const struct file *f);
/* A signed, expiring address "/files/<token>/<name>" that needs no cookie: for visitors and
 * platforms. */
const char *files_signed_url(struct ctx *c, const struct file *f, int64_t valid_ms);
/* The file of such a token; sets c->org. ERR_NOT_FOUND: forged, expired, or the file is gone. */
MUST_USE enum err files_open_token(struct ctx *c, const char *token_hex, struct file *ret_file);

/* The route /files/{token}/{name} and the job that removes contents without rows. */
extern const struct route files_routes[];
extern const struct job_kind files_jobs[];

#endif
