/* What a file is: rules over the detected type, the name and what the client said. Pure. */
#ifndef INTERFLOW_CORE_FILE_TYPE_H
#define INTERFLOW_CORE_FILE_TYPE_H

#include <stdbool.h>

#include "base/arena.h"

#define FILE_NAME_MAX 200 /* code points */

/* The media type to keep. detected is what the bytes say (libmagic) and decides; where it says too
 * little (a container that may hold sound or film, a zip that is an office document, plain text),
 * claimed or the ending of name refine it. Never a type that a browser would run. Static or arena
 * text; claimed may be NULL. */
const char *file_type_refine(struct arena *a, const char *detected, const char *claimed,
                             const char *name);
/* Programs and what installs them, by type or by the ending of the name: refused. */
bool file_type_refused(const char *type, const char *name);
/* "image" "video" "audio" "document": how the interface shows it. */
const char *file_type_kind(const char *type);
/* May a browser show it in place? Everything else is only ever downloaded. */
bool file_type_inline(const char *type);
/* A name without path, control or direction characters, of 1 to FILE_NAME_MAX code points, in the
 * arena. */
const char *file_name_clean(struct arena *a, const char *name);
/* The value of Content-Disposition for a clean name (RFC 6266, RFC 8187). */
const char *file_disposition(struct arena *a, const char *name, bool download);

#endif
