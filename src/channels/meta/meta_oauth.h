/* Tokens of Meta: a code from a dialog becomes a token, a short one a long one, and debug_token
 * tells what a token may do. The app is the installation's own (META_APP_ID, META_APP_SECRET), or
 * the channel's (settings.appId, secrets.appSecret). All block; refusals come back in
 * answer->error. */
#ifndef INTERFLOW_CHANNELS_META_OAUTH_H
#define INTERFLOW_CHANNELS_META_OAUTH_H

#include "channels/meta/graph.h"

struct meta_app {
    const char *id, *secret; /* NULL: not set */
};
/* Of the channel, else of the installation. */
struct meta_app meta_app_of(struct ctx *c, const struct channel *ch);

struct meta_token {
    const char *token;
    int64_t expires_unix_ms; /* 0: never, or unknown */
};
/* GET /oauth/access_token with code; redirect_uri NULL for the JavaScript SDK (embedded sign-up).
 * ERR_UNPROCESSABLE (META_CODE_REFUSED): the platform refused, its words are the fault's. */
MUST_USE enum err meta_code_exchange(struct ctx *c, const struct channel *ch,
                                     const struct meta_app *app, const char *code,
                                     const char *redirect_uri, struct meta_token *ret);
/* A user token of an hour to one of 60 days (grant_type=fb_exchange_token). Errors as above. */
MUST_USE enum err meta_token_extend(struct ctx *c, const struct channel *ch,
                                    const struct meta_app *app, const char *token,
                                    struct meta_token *ret);

struct meta_token_info {
    bool valid;
    const char *app_id, *user_id, *type;
    int64_t expires_unix_ms;      /* 0: never */
    int64_t data_expires_unix_ms; /* data_access_expires_at; 0: never */
    const json_t *scopes;         /* array of texts; NULL: none */
    const json_t *granular;       /* [{scope, target_ids}]; NULL: none */
    struct meta_error error;      /* why it is not valid */
};
/* GET /debug_token, with the app's token "id|secret", else with the token itself. ERR_OK also when
 * the token is not valid. */
MUST_USE enum err meta_token_debug(struct ctx *c, const struct channel *ch,
                                   const struct meta_app *app, const char *token,
                                   struct meta_token_info *ret);
bool meta_token_scope(const struct meta_token_info *i, const char *scope);
/* May it use this id under the scope? True also when the scope names no ids. */
bool meta_token_target(const struct meta_token_info *i, const char *scope, const char *id);

#endif
