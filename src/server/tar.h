/* A tar archive (POSIX ustar, with GNU's binary sizes for what passes 8 GiB) written and read as a
 * stream: for backup and restore. Every entry's content is hashed on its way. Blocking. */
#ifndef INTERFLOW_SERVER_TAR_H
#define INTERFLOW_SERVER_TAR_H

#include <stdbool.h>
#include <stdio.h>

#include "base/crypto.h"
#include "base/err.h"

#define TAR_NAME_MAX 100 /* with the NUL; our names are short */

struct tar_entry {
    char name[TAR_NAME_MAX];
    int64_t size_bytes;
    int64_t modified_s; /* Unix seconds */
};

/* Copies exactly size_bytes of fd. hex may be NULL. ERR_IO: errno says; also when the file became
 * shorter. */
MUST_USE enum err tar_put_fd(FILE *out, const char *name, int fd, int64_t size_bytes,
                             int64_t modified_s, char hex[SHA256_HEX_SIZE]);
MUST_USE enum err tar_put_text(FILE *out, const char *name, const char *text, int64_t modified_s);
/* The two empty blocks; then the caller flushes. */
MUST_USE enum err tar_end(FILE *out);

/* The next entry; *ret_end true at the archive's end. ERR_INVALID: not a tar archive or damaged;
 * ERR_IO. */
MUST_USE enum err tar_next(FILE *in, struct tar_entry *ret_entry, bool *ret_end);
/* The content of the entry just read, with its padding, into fd (-1: nowhere). hex may be NULL. */
MUST_USE enum err tar_get_fd(FILE *in, const struct tar_entry *entry, int fd,
                             char hex[SHA256_HEX_SIZE]);
/* The same into memory; ERR_TOO_LARGE beyond max. text: max + 1 bytes. */
MUST_USE enum err tar_get_text(FILE *in, const struct tar_entry *entry, char *text, size_t max);

#endif
