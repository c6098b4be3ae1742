/* A reader of multipart/form-data (RFC 7578, RFC 2046) that takes the body in pieces of any size
 * and keeps at most one part's header and one piece in memory. It knows nothing of files or limits
 * on them: http_upload.c does. */
#ifndef INTERFLOW_CORE_MULTIPART_H
#define INTERFLOW_CORE_MULTIPART_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define MULTIPART_HEADER_MAX   (8 * KIB) /* of one part */
#define MULTIPART_BOUNDARY_MAX 70        /* RFC 2046, 5.1.1 */

struct multipart;

struct multipart_part {
    const char *name;     /* of the field */
    const char *filename; /* NULL: a text field; as the client said, escapes undone */
    const char *type;     /* Content-Type of the part, or NULL */
};

/* Called in order: part, data…, end for each part. What they return other than ERR_OK ends the
 * reading with it. */
struct multipart_events {
    enum err (*part)(void *arg, const struct multipart_part *part);
    enum err (*data)(void *arg, const void *data, size_t len);
    enum err (*end)(void *arg);
};

/* content_type: the request's header. NULL: not multipart/form-data with a usable boundary. Lives
 * in the arena, buffers excepted, which go with it; ev must stay. */
struct multipart *multipart_new(struct arena *a, const char *content_type,
                                const struct multipart_events *ev, void *arg);
/* The next len bytes. ERR_INVALID: malformed; ERR_HEADERS: a part's header is too long; or what an
 * event returned. The first error stays. */
MUST_USE enum err multipart_add(struct multipart *m, const void *data, size_t len);
/* The body is complete. ERR_INVALID when the closing boundary did not come. */
MUST_USE enum err multipart_finish(struct multipart *m);

#endif
