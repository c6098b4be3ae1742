/* The log of what is asked of platforms, and the pace of asking (log.h). What is secret never gets
 * into a row: of an address the values of its query, of texts every secret of the account and every
 * member whose name says that it is one. */
#include "channels/log.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "core/log.h"
#include "sql.h"

#define TEXT_MAX   (16 * KIB)
#define SECRET_MIN 6 /* shorter ones would blank half the text */

static const char *const secret_names[] = {
    "access_token", "client_secret", "refresh_token",     "password", "appsecret_proof",
    "pin",          "input_token",   "fb_exchange_token", "code",     "token",
};

/* The query's values go, its names stay. */
static const char *address_clean(struct ctx *c, const char *url)
{
    const char *query = strchr(url, '?');
    if (!query) return url;
    struct buf b = BUF_INIT(8 * KIB);
    buf_add(&b, url, (size_t)(query - url));
    char between = '?';
    for (const char *p = query + 1; *p;) {
        size_t name = strcspn(p, "=&"), all = strcspn(p, "&");
        bool plain = (name == 6 && strncmp(p, "fields", 6) == 0) ||
                     (name == 5 && strncmp(p, "limit", 5) == 0);
        buf_addc(&b, between);
        buf_add(&b, p, plain ? all : name);
        if (!plain && all > name) buf_adds(&b, "=…");
        between = '&';
        p += all;
        if (*p == '&') p++;
    }
    const char *text = arena_strdup(c->arena, buf_str(&b));
    buf_free(&b);
    return text;
}

/* "name":"value" and name=value lose their values where the name is a secret's. */
static void blank_named(char *text, const char *name)
{
    size_t len = strlen(name);
    for (char *p = strstr(text, name); p; p = strstr(p + len, name)) {
        char *v = p + len;
        bool starts = p == text || p[-1] == '"' || p[-1] == '&' || p[-1] == '?';
        if (!starts) continue;
        if (v[0] == '"' && v[1] == ':') {
            v += 2;
            while (*v == ' ')
                v++;
            if (*v++ != '"') continue;
            for (; *v && *v != '"'; v++)
                *v = '*';
        } else if (v[0] == '=') {
            for (v++; *v && *v != '&'; v++)
                *v = '*';
        }
    }
}

static void blank_value(char *text, const char *value)
{
    size_t len = strlen(value);
    if (len < SECRET_MIN) return;
    for (char *p = strstr(text, value); p; p = strstr(p + len, value))
        memset(p, '*', len);
}

static const char *text_clean_cut(struct ctx *c, const struct channel *ch, const void *bytes,
                                  size_t len)
{
    const char *data = bytes;
    if (!data || len == 0) return "";
    size_t cut = len < TEXT_MAX ? len : TEXT_MAX;
    if (memchr(data, 0, cut < 512 ? cut : 512)) return arena_printf(c->arena, "(%zu bytes)", len);
    while (cut < len && cut > 0 && ((unsigned char)data[cut] & 0xc0) == 0x80)
        cut--;
    char *text = text_clean(c->arena, data, cut);
    if (!text) return "";
    for (size_t i = 0; i < ARRAY_LEN(secret_names); i++)
        blank_named(text, secret_names[i]);
    const char *key;
    json_t *value;
    json_object_foreach(ch->secrets, key, value)
    {
        if (json_is_string(value)) blank_value(text, json_string_value(value));
    }
    return text;
}

static void row_add(struct ctx *c, const struct channel *ch, struct uuid message,
                    const struct param *rest)
{
    if (uuid_is_nil(ch->id) || c->tx) return;
    struct fault before = c->fault;
    struct param params[SQL_PARAMS_MAX];
    int n = 0;
    params[n++] = P_UUID("channel", ch->id);
    params[n++] = P_UUID("message", message);
    while (rest->type != PARAM_END)
        params[n++] = *rest++;
    params[n] = (struct param){0};
    if (db_exec(c, &SQL_CHANNEL_CALL_ADD, params))
        log_event(LOG_WARN, c->trace, "a line of the log of calls could not be written",
                  LOG_FIELDS(LOG_TEXT("error", c->fault.message ? c->fault.message : "")));
    c->fault = before;
}

enum err channel_call(struct ctx *c, const struct channel *ch, const char *what,
                      struct uuid message, const struct http_call *call,
                      struct http_answer *ret_answer)
{
    int64_t began_ms = clock_mono_ms();
    enum err e = http_call(c, call, ret_answer);
    int64_t took_ms = clock_mono_ms() - began_ms;
    bool file = call->write_fd > 0;
    row_add(c, ch, message,
            PARAMS(P_TEXT("what", what), P_TEXT("method", call->method),
                   P_TEXT("address_called", address_clean(c, call->url)),
                   P_INT("status", e ? 0 : ret_answer->status), P_INT("took_ms", took_ms),
                   P_TEXT("request", text_clean_cut(c, ch, call->body.data, call->body.len)),
                   P_TEXT("answer", e || file ? ""
                                              : text_clean_cut(c, ch, ret_answer->body.data,
                                                               ret_answer->body.len)),
                   P_TEXT("error", e ? (c->fault.code ? c->fault.code : err_row(e)->code) : "")));
    return e;
}

void channel_call_log(struct ctx *c, const struct channel *ch, const char *what, const char *method,
                      const char *address, int64_t took_ms, const char *request, const char *answer,
                      const char *error)
{
    const char *asked = request ? text_clean_cut(c, ch, request, strlen(request)) : "";
    const char *said = answer ? text_clean_cut(c, ch, answer, strlen(answer)) : "";
    row_add(c, ch, (struct uuid){0},
            PARAMS(P_TEXT("what", what), P_TEXT("method", method),
                   P_TEXT("address_called", address), P_INT("status", 0), P_INT("took_ms", took_ms),
                   P_TEXT("request", asked), P_TEXT("answer", said),
                   P_TEXT("error", error ? error : "")));
}

enum err pace_take(struct ctx *c, const struct channel *ch, const char *key, int interval_ms,
                   int burst, int64_t *ret_wait_ms)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_PACE_TAKE,
                        PARAMS(P_UUID("channel", ch->id), P_TEXT("key", key),
                               P_INT("interval_ms", interval_ms), P_INT("burst", burst)),
                        &rows);
    if (!e) *ret_wait_ms = rows_int(rows, 0, "wait_ms", 0);
    return e;
}
