/* Files inside the binary: the interface (web/dist), the chat window's script and the pages of
 * src/server/pages. The rows are made by tools/embed.py, sorted by path. */
#ifndef INTERFLOW_SERVER_EMBEDDED_H
#define INTERFLOW_SERVER_EMBEDDED_H

#include "base/util.h"

struct embedded_file {
    const char *path; /* "/index.html", "/assets/index-Bx3f.js"; NULL ends the table */
    const char *type;
    const char *hash; /* of the content, 20 hex digits */
    struct bytes raw;
    struct bytes gzip; /* empty: not worth it */
    struct bytes brotli;
};
extern const struct embedded_file embedded_files[];
extern const size_t embedded_count;

#endif
