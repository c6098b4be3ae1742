/* How an account logs in: by its password, or by an access token (XOAUTH2) that a refresh token
 * gives. Tokens are kept sealed until shortly before they end, so that all workers use one; services
 * that give a new refresh token with each (Microsoft) get theirs back. A refresh token that a person
 * entered anew makes what was kept worthless. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/email/email.h"
#include "channels/log.h"
#include "sql.h"

#define PURPOSE       "mail_tokens.sealed"
#define SECONDS_USUAL 3000
#define ANSWER_MAX    (64 * KIB)

static const char *secret(const struct channel *ch, const char *name)
{
    const char *s = json_get_text(ch->secrets, name);
    return s ? s : "";
}

static void add_form(struct buf *b, const char *name, const char *value)
{
    if (b->len > 0) buf_addc(b, '&');
    buf_addf(b, "%s=", name);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        buf_addf(b, plain ? "%c" : "%%%02X", *p);
    }
}

/* The sha256 of the refresh token that a person entered: what was kept for another is not ours. */
static const char *root_of(struct ctx *c, const struct channel *ch)
{
    char hex[SHA256_HEX_SIZE];
    const char *token = secret(ch, "refreshToken");
    return arena_strdup(c->arena, sha256_hex(token, strlen(token), hex));
}

/* Tokens that were kept; *ret_refresh is the newest refresh token. */
static enum err kept(struct ctx *c, const struct channel *ch, const char **ret_access,
                     const char **ret_refresh)
{
    struct rows *rows = NULL;
    if (uuid_is_nil(ch->id)) return ERR_OK;
    enum err e = db_query(c, &SQL_MAIL_TOKEN_GET, PARAMS(P_UUID("channel", ch->id)), &rows);
    if (e || rows_count(rows) == 0) return e;
    const char *plain = NULL;
    json_t *tokens = NULL;
    if (secret_open(c->arena, c->app->seal_key, PURPOSE, rows_text(rows, 0, "sealed"), &plain) ||
        json_parse(c->arena, plain, strlen(plain), &tokens, NULL))
        return ERR_OK;
    const char *root = json_get_text(tokens, "root"), *refresh = json_get_text(tokens, "refresh");
    if (!root || strcmp(root, root_of(c, ch)) != 0) return ERR_OK;
    if (refresh && *refresh) *ret_refresh = refresh;
    if (rows_bool(rows, 0, "fresh")) *ret_access = json_get_text(tokens, "access");
    return ERR_OK;
}

static enum err keep(struct ctx *c, const struct channel *ch, const char *access,
                     const char *refresh, int64_t seconds)
{
    if (uuid_is_nil(ch->id)) return ERR_OK;
    CLEANUP(json_decrefp)
    json_t *tokens =
        json_pack("{s:s, s:s, s:s}", "access", access, "refresh", refresh, "root", root_of(c, ch));
    const char *text = json_text(c->arena, tokens);
    const char *sealed = text ? secret_seal(c->arena, c->app->seal_key, PURPOSE, text) : NULL;
    if (!sealed) return ERR_NO_MEMORY;
    return db_exec(
        c, &SQL_MAIL_TOKEN_PUT,
        PARAMS(P_UUID("channel", ch->id), P_TEXT("sealed", sealed), P_INT("seconds", seconds)));
}

/* Encrypted, or to this machine: the request holds all that is needed to read the mailbox. */
static bool url_safe(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0) return true;
    if (strncasecmp(url, "http://", 7) != 0) return false;
    const char *host = url + 7;
    size_t len = strcspn(host, "/?#\\");
    if (memchr(host, '@', len)) return false;
    if (*host == '[') return strncmp(host, "[::1]", 5) == 0;
    len = strcspn(host, ":/?#\\");
    if (len == 9 && strncasecmp(host, "localhost", 9) == 0) return true;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len;
}

/* RFC 6749 section 6. */
static enum err ask(struct ctx *c, const struct channel *ch, const struct email_account *a,
                    const char *refresh, const char **ret_access)
{
    if (!url_safe(a->token_url))
        return fault(c, ERR_INVALID, "URL_INVALID",
                     "the address where access tokens are given must begin with https");
    CLEANUP(buf_free) struct buf body = BUF_INIT(ANSWER_MAX);
    add_form(&body, "grant_type", "refresh_token");
    add_form(&body, "refresh_token", refresh);
    const char *client = json_get_text(ch->settings, "clientId");
    add_form(&body, "client_id", client ? client : "");
    if (*secret(ch, "clientSecret")) add_form(&body, "client_secret", secret(ch, "clientSecret"));
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    struct http_call call = {.method = "POST",
                             .url = a->token_url,
                             .headers = headers,
                             .body = {(const unsigned char *)buf_str(&body), body.len},
                             .response_max = ANSWER_MAX};
    struct http_answer answer;
    enum err e = http_call(c, &call, &answer);
    if (e) return e;
    json_t *json = NULL;
    if (json_parse(c->arena, (const char *)answer.body.data, answer.body.len, &json, NULL))
        return fault(c, ERR_UPSTREAM, "TOKEN_SERVER", "the token server's answer is no JSON (%d)",
                     answer.status);
    const char *access = json_get_text(json, "access_token");
    if (answer.status >= 400 && answer.status < 500 && answer.status != 429) {
        const char *why = json_get_text(json, "error_description");
        if (!why) why = json_get_text(json, "error");
        return fault(c, ERR_UNAUTHORIZED, "TOKEN_REFUSED",
                     "the mail service does not let us in any more: %.300s", why ? why : "");
    }
    if (answer.status != 200 || !access || !*access)
        return fault(c, ERR_UPSTREAM, "TOKEN_SERVER", "the token server gave no token (%d)",
                     answer.status);
    const char *next = json_get_text(json, "refresh_token");
    int64_t seconds = json_get_int(json, "expires_in", SECONDS_USUAL);
    if (seconds < 60 || seconds > 86400) seconds = SECONDS_USUAL;
    *ret_access = access;
    return keep(c, ch, access, next && *next ? next : refresh, seconds);
}

/* They become part of commands: a line's end in one of them would begin another command. */
static bool one_line(const char *s)
{
    for (; s && *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return false;
    return true;
}

enum err email_login(struct ctx *c, const struct channel *ch, struct email_account *a)
{
    a->token_kept = false;
    if (!one_line(a->imap.user) || (!a->oauth && !one_line(secret(ch, "password"))))
        return fault(c, ERR_UNAUTHORIZED, "MAIL_LOGIN_FAILED",
                     "user name or password holds a line's end or another control character");
    if (!a->oauth) {
        a->imap.password = a->smtp.password = secret(ch, "password");
        return ERR_OK;
    }
    const char *access = NULL, *refresh = secret(ch, "refreshToken");
    enum err e = kept(c, ch, &access, &refresh);
    if (!e && !access && !*refresh)
        return fault(c, ERR_UNAUTHORIZED, "TOKEN_REFUSED", "there is no refresh token");
    a->token_kept = access != NULL;
    if (!e && !access) e = ask(c, ch, a, refresh, &access);
    if (!e && !one_line(access))
        e = fault(c, ERR_UPSTREAM, "TOKEN_SERVER", "the token server gave no usable token");
    a->imap.bearer = a->smtp.bearer = access;
    return e;
}

void email_token_forget(struct ctx *c, const struct channel *ch)
{
    (void)!db_exec(c, &SQL_MAIL_TOKEN_FORGET, PARAMS(P_UUID("channel", ch->id)));
}
