/* Reading what Meta sends: JSON that is sometimes not quite JSON (texts cut in the middle of an
 * emoji, \u0000), ids that are texts or bare numbers, seconds or milliseconds as text or number.
 * Pure functions. */
#ifndef INTERFLOW_CHANNELS_META_JSON_H
#define INTERFLOW_CHANNELS_META_JSON_H

#include "base/json.h"

/* As json_parse; what is broken only in single characters (half surrogates, \u0000, invalid UTF-8)
 * is read with U+FFFD in their place. */
MUST_USE enum err meta_json_parse(struct arena *a, struct bytes body, json_t **ret_json,
                                  const char **ret_why);
/* Text or whole number under key, as text; NULL when absent, empty or something else. */
const char *meta_id(struct arena *a, const json_t *obj, const char *key);
/* Non-empty text under key, else NULL. */
const char *meta_text(const json_t *obj, const char *key);
/* Unix milliseconds of a time in seconds or milliseconds, text or number; 0 when absent or
 * nonsense (before 2005, after 2100). */
int64_t meta_time(const json_t *value);
/* A member set, json_null and NULL left out; value is stolen. */
void meta_set(json_t *obj, const char *key, json_t *value);
/* The same for a text; NULL and "" are left out. */
void meta_set_text(json_t *obj, const char *key, const char *text);
/* A new object that is released with the arena; NULL only without memory. */
json_t *meta_object(struct arena *a);
json_t *meta_array(struct arena *a);

#endif
