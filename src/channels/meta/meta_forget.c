/* What must not be kept goes out of a webhook's body (meta_forget.h). The body is read and written
 * anew: its signature was looked at when it came, and is not needed again. */
#include "channels/meta/meta_forget.h"

#include <string.h>

#include "channels/meta/meta_json.h"

#define DEPTH_MAX 64

/* Members that tell which message it is, of whom and when. */
static bool is_kept(const char *key)
{
    static const char *const keys[] = {"mid",       "id",      "from",   "to",
                                       "timestamp", "type",    "app_id", "message_id",
                                       "status",    "is_echo", "wa_id",  "user_id"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

/* Every text and every broken number below. */
static bool blank_all(json_t *j, int depth)
{
    bool changed = false;
    if (depth > DEPTH_MAX) return false;
    if (json_is_string(j) && json_string_length(j) > 0) return json_string_set(j, "") == 0;
    if (json_is_real(j) && json_real_value(j) != 0.0) return json_real_set(j, 0.0) == 0;
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(j)) {
        json_object_foreach(j, key, value)
        {
            if (!is_kept(key) && blank_all(value, depth + 1)) changed = true;
        }
    }
    if (json_is_array(j)) {
        json_array_foreach(j, i, value)
        {
            if (blank_all(value, depth + 1)) changed = true;
        }
    }
    return changed;
}

static bool blank_url(json_t *holder)
{
    json_t *url = json_object_get(holder, "url");
    return json_is_string(url) && json_string_length(url) > 0 && json_string_set(url, "") == 0;
}

static bool text_is(const json_t *j, const char *text)
{
    return json_is_string(j) && strcmp(json_string_value(j), text) == 0;
}

static bool is_story(const json_t *type)
{
    return text_is(type, "story") || text_is(type, "story_mention") || text_is(type, "ig_story");
}

static bool walk(json_t *j, const char *external_id, int depth)
{
    bool changed = false;
    if (depth > DEPTH_MAX) return false;
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_array(j)) {
        json_array_foreach(j, i, value)
        {
            if (walk(value, external_id, depth + 1)) changed = true;
        }
    }
    if (!json_is_object(j)) return changed;
    if (external_id && (text_is(json_object_get(j, "mid"), external_id) ||
                        text_is(json_object_get(j, "id"), external_id)))
        return blank_all(j, depth);
    if (blank_url(json_object_get(j, "story"))) changed = true;
    if (blank_all(json_object_get(j, "state_sync"), depth)) changed = true; /* an address book */
    if (is_story(json_object_get(j, "type"))) {
        if (blank_url(j)) changed = true;
        if (blank_url(json_object_get(j, "payload"))) changed = true;
    }
    json_object_foreach(j, key, value)
    {
        if (walk(value, external_id, depth + 1)) changed = true;
    }
    return changed;
}

bool meta_body_forget(struct arena *a, struct bytes body, const char *external_id,
                      struct bytes *ret_body)
{
    json_t *j = NULL;
    if (meta_json_parse(a, body, &j, NULL) != ERR_OK) return false;
    if (!walk(j, external_id, 0)) return false;
    const char *text = json_text(a, j);
    if (!text) return false;
    *ret_body = (struct bytes){(const unsigned char *)text, strlen(text)};
    return true;
}
