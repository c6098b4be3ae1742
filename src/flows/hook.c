/* Webhook triggers, the pure part (hook.h). */
#include "flows/hook.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/address.h"
#include "core/query.h"
#include "flows/flows.h"
#include "flows/path.h"

#define ARGUMENTS_MAX 200
#define ADDRESSES_MAX 4096 /* bytes of the list */
#define IDENTITY_MAX  320  /* bytes of a text that names somebody */
#define HIDDEN        "•••"

/* --- who calls ------------------------------------------------------------------------- */

static bool address_fits(const json_t *list, const char *text)
{
    struct address a;
    CLEANUP(buf_free) struct buf b = BUF_INIT(ADDRESSES_MAX);
    size_t i;
    json_t *one;
    if (json_array_size(list) == 0) return true;
    json_array_foreach(list, i, one)
    {
        if (i) buf_addc(&b, ',');
        buf_adds(&b, json_string_value(one));
    }
    return !buf_failed(&b) && address_parse(text, &a) && address_in(&a, buf_str(&b));
}

/* Of any lengths: their hashes are compared. */
static bool same_secret(const char *given, const char *secret)
{
    unsigned char a[SHA256_SIZE], b[SHA256_SIZE];
    if (!given) return false;
    sha256(given, strlen(given), a);
    sha256(secret, strlen(secret), b);
    return secret_equal(a, b, sizeof a);
}

static const char *header(struct arena *a, const struct hook_call *call, const char *name)
{
    char *key = arena_strdup(a, name);
    for (char *p = key; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + ('a' - 'A'));
    return key ? json_get_text(call->headers, key) : NULL;
}

static bool bearer_right(struct arena *a, const struct hook_call *call, const char *secret)
{
    const char *value = header(a, call, "authorization");
    if (!value || strncasecmp(value, "bearer ", 7) != 0) return false;
    value += 7;
    while (*value == ' ')
        value++;
    return same_secret(value, secret);
}

/* "sha256=<hex>", "<hex>" or base64, as the usual senders write it. */
static bool signature_right(struct arena *a, const struct hook_call *call, const char *name,
                            const char *algorithm, const char *secret)
{
    unsigned char right[HMAC_SIZE_MAX], given[HMAC_SIZE_MAX];
    const char *value = header(a, call, name);
    size_t len =
        hmac_by_name(algorithm, secret, strlen(secret), call->body.data, call->body.len, right);
    size_t prefix = strlen(algorithm);
    if (!value || len == 0) return false;
    if (strncasecmp(value, algorithm, prefix) == 0 && value[prefix] == '=') value += prefix + 1;
    if (strlen(value) == 2 * len && hex_decode(value, given, len))
        return secret_equal(given, right, len);
    struct bytes decoded;
    return strlen(value) < 2 * len && base64_decode(a, value, &decoded) && decoded.len == len &&
           secret_equal(decoded.data, right, len);
}

const char *hook_refuses(struct arena *a, const json_t *trigger, const char *secret,
                         const struct hook_call *call)
{
    const char *check = json_get_text(trigger, "check"),
               *name = json_get_text(trigger, "checkName"),
               *algorithm = json_get_text(trigger, "algorithm");
    bool right = false;
    if (!address_fits(json_object_get(trigger, "addresses"), call->address)) return "HOOK_ADDRESS";
    if (check && strcmp(check, "none") == 0) return NULL;
    if (!secret || !*secret) return "HOOK_SECRET_MISSING";
    if (!check || strcmp(check, "bearer") == 0)
        right = bearer_right(a, call, secret);
    else if (!name || !*name)
        right = false;
    else if (strcmp(check, "header") == 0)
        right = same_secret(header(a, call, name), secret);
    else if (strcmp(check, "query") == 0)
        right = same_secret(json_get_text(call->query, name), secret);
    else if (strcmp(check, "hmac") == 0)
        right = signature_right(a, call, name, algorithm ? algorithm : "sha256", secret);
    return right ? NULL : "HOOK_SIGNATURE";
}

/* --- what is in it --------------------------------------------------------------------- */

json_t *hook_body(struct arena *a, const struct hook_call *call)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = header(a, call, "content-type");
    const char *text = (const char *)call->body.data;
    json_t *j = NULL;
    if (type && strncasecmp(type, form, sizeof form - 1) == 0) {
        j = json_object();
        if (query_parse(text, call->body.len, ARGUMENTS_MAX, j) == ERR_OK) return j;
        json_decref(j);
        return NULL;
    }
    return json_parse(NULL, text ? text : "", call->body.len, &j, NULL) == ERR_OK ? j : NULL;
}

static json_t *at(struct arena *a, const char *path, json_t *body)
{
    struct path p;
    struct flow_error error;
    if (!path || !*path || !path_parse(a, path, &p, &error)) return NULL;
    return path_json(&p, body);
}

static const char *as_text(struct arena *a, const json_t *v)
{
    if (json_is_string(v)) {
        const char *s = json_string_value(v);
        size_t len = strlen(s);
        while (len > 0 && strchr(" \t\r\n", *s)) {
            s++;
            len--;
        }
        while (len > 0 && strchr(" \t\r\n", s[len - 1]))
            len--;
        return len > 0 && len <= IDENTITY_MAX ? arena_strndup(a, s, len) : NULL;
    }
    if (json_is_integer(v)) return arena_printf(a, "%lld", (long long)json_integer_value(v));
    return NULL;
}

const char *hook_text(struct arena *a, const json_t *trigger, const char *field, json_t *body)
{
    return as_text(a, at(a, json_get_text(trigger, field), body));
}

bool hook_wants(struct arena *a, const json_t *trigger, json_t *body)
{
    const json_t *events = json_object_get(trigger, "events");
    const char *path = json_get_text(trigger, "eventPath");
    size_t i;
    json_t *one;
    if (!path || !*path || json_array_size(events) == 0) return true;
    const char *event = hook_text(a, trigger, "eventPath", body);
    json_array_foreach(events, i, one)
    {
        const char *name = json_string_value(one);
        if (event && name && strcmp(name, event) == 0) return true;
    }
    return false;
}

json_t *hook_variables(struct arena *a, const json_t *trigger, json_t *body)
{
    json_t *vars = json_object(), *row;
    size_t i;
    json_array_foreach(json_object_get(trigger, "mapping"), i, row)
    {
        const char *name = json_get_text(row, "variable");
        json_t *v = at(a, json_get_text(row, "path"), body);
        if (!name || !*name || !v) continue;
        if (json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > FLOW_VALUE_MAX_BYTES) continue;
        json_object_set(vars, name, v);
    }
    return vars;
}

/* --- for people ------------------------------------------------------------------------ */

static void hide(json_t *all, const char *name)
{
    const char *key;
    json_t *v;
    void *next;
    json_object_foreach_safe(all, next, key, v)
    {
        if (name && strcasecmp(key, name) == 0) json_object_set_new(all, key, json_string(HIDDEN));
    }
}

json_t *hook_shown(const json_t *trigger, const struct hook_call *call, json_t *body)
{
    static const char *const secrets[] = {"authorization", "cookie", "proxy-authorization",
                                          "x-api-key"};
    json_t *headers = json_copy((json_t *)(uintptr_t)call->headers);
    json_t *query = json_copy((json_t *)(uintptr_t)call->query);
    const char *check = json_get_text(trigger, "check"),
               *name = json_get_text(trigger, "checkName");
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        hide(headers, secrets[i]);
    if (check && (strcmp(check, "header") == 0 || strcmp(check, "hmac") == 0)) hide(headers, name);
    if (check && strcmp(check, "query") == 0) hide(query, name);
    return json_pack("{s:s, s:o, s:o, s:O?}", "method", "POST", "query", query, "headers", headers,
                     "body", body);
}
