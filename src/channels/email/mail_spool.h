/* A mail on its way in: in memory while it is small, in a file without a name when it is not, so
 * that many large ones at once need disk and not memory. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_SPOOL_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_SPOOL_H

#include "base/buf.h"
#include "base/err.h"

#define MAIL_SPOOL_MEMORY (512 * KIB)

struct mail_spool {
    const char *folder; /* for the file; borrowed */
    struct buf memory;
    int fd;       /* -1: none */
    void *mapped; /* NULL: none */
    bool announced;
    size_t size, len; /* announced; taken */
};

void mail_spool_init(struct mail_spool *s, const char *folder);
void mail_spool_end(struct mail_spool *s); /* also the cleanup function */
/* The type of imap_body_sink.take; arg is the spool. ERR_UNAVAILABLE: no room on the disk;
 * ERR_UPSTREAM: a second body, or more than announced. */
MUST_USE enum err mail_spool_take(void *arg, size_t size_bytes, const void *data, size_t len);
/* What came, until mail_spool_end. ERR_IO. */
MUST_USE enum err mail_spool_bytes(struct mail_spool *s, struct bytes *ret);

#endif
