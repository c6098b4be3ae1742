/* Is it Meta that calls? (meta_signature.h) */
#include "channels/meta/meta_signature.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "core/http_rules.h"

#define CHALLENGE_MAX 200

bool meta_signature_valid(const char *header, struct bytes body, const char *const *secrets,
                          int secret_count)
{
    static const char prefix[] = "sha256=";
    unsigned char given[SHA256_SIZE], made[SHA256_SIZE];
    if (!header || strncmp(header, prefix, sizeof prefix - 1) != 0) return false;
    if (!hex_decode(header + sizeof prefix - 1, given, sizeof given)) return false;
    bool valid = false;
    for (int i = 0; i < secret_count; i++) {
        if (!secrets[i] || !*secrets[i]) continue;
        hmac_sha256(secrets[i], strlen(secrets[i]), body.data ? (const void *)body.data : "",
                    body.len, made);
        if (secret_equal(given, made, sizeof made)) valid = true; /* the others all the same */
    }
    return valid;
}

enum err meta_verify(struct ctx *c, const struct channel *ch, const struct request *r)
{
    const struct config *config = c->app->config;
    const char *secrets[META_SECRETS_MAX];
    int count = 0;
    bool instagram = strcmp(ch->kind, "instagram") == 0;
    const char *own = json_get_text(ch->secrets, "appSecret");
    if (own && *own) secrets[count++] = own;
    own = json_get_text(ch->secrets, "appSecretOld");
    if (own && *own) secrets[count++] = own;
    own = instagram ? json_get_text(ch->secrets, "instagramAppSecret") : NULL;
    if (own && *own) secrets[count++] = own;
    const json_t *list = json_object_get(ch->secrets, "appSecrets");
    for (size_t i = 0; i < json_array_size(list) && count < META_SECRETS_MAX; i++)
        secrets[count++] = json_string_value(json_array_get(list, i));
    if (count == 0) { /* the installation's app */
        secrets[count++] = config->meta_app_secret;
        if (instagram) secrets[count++] = config->instagram_app_secret;
    }
    if (meta_signature_valid(request_header(c, r, "X-Hub-Signature-256"), r->body, secrets, count))
        return ERR_OK;
    return fault(c, ERR_UNAUTHORIZED, "SIGNATURE_WRONG",
                 "the signature is not made with this account's app secret");
}

/* A value of a raw query, decoded; NULL when absent. */
static const char *query_value(struct ctx *c, const char *query, const char *name)
{
    size_t name_len = strlen(name);
    for (const char *p = query; p && *p;) {
        size_t len = strcspn(p, "&");
        if (len > name_len && strncmp(p, name, name_len) == 0 && p[name_len] == '=')
            return http_unescape(c->arena, p + name_len + 1, len - name_len - 1);
        p += len;
        if (*p == '&') p++;
    }
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b && *b && strlen(a) == strlen(b) && secret_equal(a, b, strlen(b));
}

enum err meta_handshake(struct ctx *c, const struct channel *ch, struct request *r, struct reply *p)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *mode = query_value(c, r->query, "hub.mode");
    const char *token = query_value(c, r->query, "hub.verify_token");
    const char *challenge = query_value(c, r->query, "hub.challenge");
    bool ours = same(token, json_get_text(ch->settings, "verifyToken")) ||
                same(token, c->app->config->meta_verify_token);
    size_t len = challenge ? strlen(challenge) : 0;
    if (!mode || strcmp(mode, "subscribe") != 0 || !ours)
        return fault(c, ERR_FORBIDDEN, "VERIFY_TOKEN_WRONG", "this is not our verify token");
    if (len == 0 || len > CHALLENGE_MAX || strspn(challenge, letters) != len)
        return fault(c, ERR_FORBIDDEN, "CHALLENGE_INVALID", "the challenge is not plain text");
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = "text/plain; charset=utf-8";
    p->body = (struct bytes){.data = (const unsigned char *)challenge, .len = len};
    return ERR_OK;
}
