/* JSON in, by jansson: refuses what could hurt (depth over 64, duplicate keys, NUL, invalid UTF-8,
 * size) before jansson's recursion sees it. JSON out is mostly made by PostgreSQL, small pieces
 * with buf_add_json. */
#ifndef INTERFLOW_BASE_JSON_H
#define INTERFLOW_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define JSON_MAX_DEPTH  64
#define JSON_MAX_VALUES 200000 /* arrays, objects and members together: some 25 MB at worst */
#define JSON_MAX_SIZE   (16 * MIB)

/* Parse len bytes of a whole JSON text (any value, not only objects and arrays). On success
 * *ret_json is a new reference; with an arena it is released with the arena (do not decref).
 * ERR_INVALID, and *ret_json untouched: *ret_why (ret_why may be NULL; static or arena text) says
 * what and where, as "line 3: ...". */
MUST_USE enum err json_parse(struct arena *a, const char *text, size_t len, json_t **ret_json,
                             const char **ret_why);
/* Compact text in the arena; NULL when that is too small, or the text would pass JSON_MAX_SIZE. */
char *json_text(struct arena *a, const json_t *j);
/* For scopes without an arena jansson brings the cleanup function json_decrefp. */

/* Readers that never fail: the default when absent or of another type. */
const char *json_get_text(const json_t *obj, const char *key); /* NULL when absent */
int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *obj, const char *key, bool otherwise);

/* True when s is valid UTF-8 without NUL and control characters other than \t \n \r. */
bool text_valid(const char *s, size_t len);
/* A copy for which text_valid holds: invalid bytes become U+FFFD, control characters go. For what
 * arrives from platforms and mailboxes and must not be refused. NULL only when the arena's limit is
 * met. */
char *text_clean(struct arena *a, const char *s, size_t len);
/* Number of code points of valid UTF-8. */
size_t text_length(const char *s);

#endif
