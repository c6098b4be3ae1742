/* One call of a receiver: the signed request, and what its answer means.
 *
 * Signature: X-Interflow-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">. While a
 * secret is being changed there are two v1, the new secret's first; receivers accept either. The
 * time is inside what is signed, so that an old notification cannot be played back much later. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "core/http_client.h"
#include "sql.h"
#include "webhooks/webhooks.h"

#define TIMEOUT_MS  (10 * SECOND_MS)
#define ANSWER_KEEP 4096
#define ANSWER_MAX  MIB /* a receiver that goes on talking is cut off there */

/* "v1=…" of one sealed secret; NULL when it cannot be opened. */
static const char *signature(struct ctx *c, const char *sealed, const char *time, const char *body)
{
    const char *secret = NULL;
    if (secret_open(c->arena, c->app->seal_key, WEBHOOK_SECRET_PURPOSE, sealed, &secret) != ERR_OK)
        return NULL;
    const char *text = arena_printf(c->arena, "%s.%s", time, body);
    unsigned char mac[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    if (!text) return NULL;
    hmac_sha256(secret, strlen(secret), text, strlen(text), mac);
    hex_encode(mac, sizeof mac, hex);
    return arena_printf(c->arena, "v1=%s", hex);
}

/* What a receiver said, as text that can be kept and shown. */
static const char *answer_text(struct ctx *c, struct bytes body)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(3 * ANSWER_KEEP + 1);
    const char *s = (const char *)body.data;
    for (size_t at = 0; at < body.len;) {
        uint32_t code = 0;
        size_t n = utf8_next(s + at, body.len - at, &code);
        bool fine = n > 0 && (code >= 0x20 || code == '\n' || code == '\t') && code != 0x7f;
        if (fine)
            buf_add(&b, s + at, n);
        else if (code != '\r' && !(n == 0 && body.len - at < 4))
            buf_adds(&b, "\xef\xbf\xbd");
        at += n > 0 ? n : 1;
    }
    const char *text = arena_strndup(c->arena, buf_str(&b), b.len);
    return text ? text : "";
}

static void judge(struct ctx *c, const struct http_answer *a, struct webhook_try *ret)
{
    ret->status = a->status;
    ret->took_ms = a->took_ms;
    ret->answer = answer_text(c, a->body);
    if (a->status >= 200 && a->status < 300) return;
    if (a->status == 410) {
        ret->code = "GONE";
        ret->error = "the receiver says that this address is gone for good";
    } else if (a->status >= 300 && a->status < 400) {
        ret->code = "REDIRECT";
        ret->error = "the receiver sends elsewhere, which is not followed";
    } else {
        ret->code = "HTTP_STATUS";
        ret->error = arena_printf(c->arena, "the receiver answered %d", a->status);
    }
}

enum err webhook_call(struct ctx *c, const struct rows *rows, int row, struct webhook_try *ret)
{
    *ret = (struct webhook_try){.code = "", .error = "", .answer = ""};
    const char *body = rows_text(rows, row, "body");
    const char *previous = rows_text(rows, row, "previous_secret");
    const char *time = arena_printf(c->arena, "%lld", (long long)(clock_unix_ms() / SECOND_MS));
    const char *now = signature(c, rows_text(rows, row, "secret"), time, body);
    const char *before = previous ? signature(c, previous, time, body) : NULL;
    if (!now) {
        ret->code = "SECRET_UNREADABLE";
        ret->error = "the secret cannot be read: another key file?";
        return ERR_OK;
    }
    const char *headers[] = {
        "Content-Type: application/json; charset=utf-8",
        arena_printf(c->arena, "X-Interflow-Event: %s", rows_text(rows, row, "type")),
        arena_printf(c->arena, "X-Interflow-Event-Id: %s", rows_text(rows, row, "event_id")),
        arena_printf(c->arena, "X-Interflow-Delivery-Id: %s", rows_text(rows, row, "id")),
        arena_printf(c->arena, "X-Interflow-Attempt: %d", (int)rows_int(rows, row, "tries", 0) + 1),
        arena_printf(c->arena, "X-Interflow-Signature: t=%s,%s%s%s", time, now, before ? "," : "",
                     before ? before : ""),
        NULL,
    };
    for (size_t i = 0; i + 1 < ARRAY_LEN(headers); i++)
        if (!headers[i]) return fault(c, ERR_NO_MEMORY, NULL, "Too much data for one call");
    struct http_call call = {
        .method = "POST",
        .url = rows_text(rows, row, "url"),
        .headers = headers,
        .body = {(const unsigned char *)body, strlen(body)},
        .timeout_ms = TIMEOUT_MS,
        .response_max = ANSWER_MAX,
        .keep_max = ANSWER_KEEP,
    };
    struct http_answer answer = {0};
    int64_t began_ms = clock_mono_ms();
    enum err e = http_call(c, &call, &answer);
    if (e == ERR_CANCELLED || e == ERR_UNAVAILABLE) return e;
    if (!e) {
        judge(c, &answer, ret);
        return ERR_OK;
    }
    ret->took_ms = clock_mono_ms() - began_ms;
    ret->code = c->fault.code ? c->fault.code : err_row(e)->code;
    ret->error = c->fault.message ? c->fault.message : err_row(e)->text;
    fault_clear(c);
    return ERR_OK;
}
