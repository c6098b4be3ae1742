/* X-Hub-Signature-256: "sha256=" and 64 hex digits of HMAC-SHA256(app secret, raw body). The body
 * is taken as it came: parsing and writing it again would change escapes and break it. */
#ifndef INTERFLOW_CHANNELS_META_SIGNATURE_H
#define INTERFLOW_CHANNELS_META_SIGNATURE_H

#include <stdbool.h>

#include "base/util.h"
#include "channels/channel.h"

#define META_SECRETS_MAX 8

/* Does the header sign the body with one of the secrets (NULL and "" are skipped)? Compared in
 * constant time, all secrets are tried. header NULL: no. Digits of either case are taken. */
bool meta_signature_valid(const char *header, struct bytes body, const char *const *secrets,
                          int secret_count);
/* The same for a request of a channel: its secrets.appSecret, appSecretOld, instagramAppSecret (kind
 * instagram) and appSecrets (a list), else the installation's (META_APP_SECRET, INSTAGRAM_APP_SECRET).
 * ERR_UNAUTHORIZED (SIGNATURE_WRONG). */
MUST_USE enum err meta_verify(struct ctx *c, const struct channel *ch, const struct request *r);
/* The GET with hub.mode=subscribe, hub.verify_token, hub.challenge: answers the challenge as text
 * when the token is settings.verifyToken of the channel (the installation's META_VERIFY_TOKEN also
 * does), else ERR_FORBIDDEN. Challenges other than [A-Za-z0-9_-]{1,200} are refused. */
MUST_USE enum err meta_handshake(struct ctx *c, const struct channel *ch, struct request *r,
                                 struct reply *p);

#endif
