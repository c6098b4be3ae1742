/* The body of a multipart request: text parts become request->form, files go to temporary files as
 * they come, with their SHA-256. All limits are here. */
#ifndef INTERFLOW_CORE_HTTP_UPLOAD_H
#define INTERFLOW_CORE_HTTP_UPLOAD_H

#include "core/http.h"

#define FORM_FIELDS_MAX 64
#define FORM_NAME_MAX   128 /* bytes of a field's name */
#define UPLOAD_NAME_MAX 200 /* bytes of a file's name; longer ones are cut */

struct http_upload;

struct http_upload_limits {
    const char *dir;   /* of the temporary files */
    int64_t file_max;  /* bytes of one file */
    size_t fields_max; /* bytes of all text parts together */
};

/* Begin reading into r. NULL: the content type is not multipart/form-data that can be read. Lives
 * in c's arena. */
struct http_upload *http_upload_new(struct ctx *c, struct request *r, const char *content_type,
                                    const struct http_upload_limits *limits);
/* The next piece. Any error is set as c's fault too; further pieces are then ignored. */
void http_upload_add(struct http_upload *u, const void *data, size_t len);
/* The body is complete: ERR_OK, or what was wrong with it. */
MUST_USE enum err http_upload_finish(struct http_upload *u);
/* Close and remove the temporary files that nobody took (renamed away). At the request's end,
 * whatever happened. NULL is fine. */
void http_upload_clean(struct http_upload *u);

#endif
