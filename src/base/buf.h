/* A growing byte buffer, born with a maximum. Once the maximum is met it turns "failed": later
 * appends are ignored, and buf_failed says so, so that a series of appends needs one check at the
 * end. A zeroed struct has a maximum of 0: it takes nothing. */
#ifndef INTERFLOW_BASE_BUF_H
#define INTERFLOW_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/util.h"

struct buf {
    char *data; /* NUL-terminated when not NULL */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_free(struct buf *b);  /* also the cleanup function: CLEANUP(buf_free) */
void buf_clear(struct buf *b); /* keeps the memory and the maximum; failed no more */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s); /* NULL adds nothing */
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addvf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* s as a quoted JSON string, NULL as null; what is not UTF-8 becomes U+FFFD. */
void buf_add_json(struct buf *b, const char *s);
void buf_add_html(struct buf *b, const char *s); /* escaped for text and attributes */
void buf_drop(struct buf *b, size_t len);        /* remove len bytes from the front */
bool buf_failed(const struct buf *b);
const char *buf_str(const struct buf *b); /* "" when empty, never NULL */

#endif
