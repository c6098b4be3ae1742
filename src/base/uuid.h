/* UUIDs (RFC 9562). Ours are version 7: they sort by time, so new rows touch the right end of an
 * index. */
#ifndef INTERFLOW_BASE_UUID_H
#define INTERFLOW_BASE_UUID_H

#include <stdbool.h>

#include "base/util.h"

struct uuid {
    unsigned char b[16];
};

#define UUID_TEXT_SIZE 37 /* with the NUL */

struct uuid uuid_v7(void);
/* Text of 36 characters, either case; false leaves ret_u untouched. */
bool uuid_parse(const char *s, struct uuid *ret_u);
/* Writes lower case into out and returns it. */
const char *uuid_text(struct uuid u, char out[UUID_TEXT_SIZE]);
bool uuid_is_nil(struct uuid u);
bool uuid_equal(struct uuid a, struct uuid b);

#endif
