/* Accounts of Messenger and Instagram: are they usable, are we subscribed to them, is their token
 * good for long enough, who are the people that write, and which accounts does a login offer. All
 * of it calls Meta; never inside a transaction. */
#ifndef INTERFLOW_CHANNELS_META_MESSAGING_ACCOUNT_H
#define INTERFLOW_CHANNELS_META_MESSAGING_ACCOUNT_H

#include "channels/meta/messaging.h"
#include "channels/oauth.h"

/* kind->check: the steps "token", "account", "permissions", "webhook" and, of a saved account,
 * "subscription", which is made where it is missing. */
enum err messaging_check(struct ctx *c, const struct channel *ch,
                         const struct messaging_platform *p, struct check_result *ret);
/* Subscribe the app to the page or account (kind->connected). */
enum err messaging_subscribe(struct ctx *c, const struct channel *ch,
                             const struct messaging_platform *p);
/* The contrary, unless another account of the organization is on the same page (kind->removed). */
enum err messaging_unsubscribe(struct ctx *c, const struct channel *ch,
                               const struct messaging_platform *p);
/* Hourly: subscribe again where Meta dropped us (it does after an hour in which nobody answered
 * it), renew a token of 60 days in time, say so when the token is gone. */
enum err messaging_upkeep(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p);
/* kind->profile. */
enum err messaging_profile(struct ctx *c, const struct channel *ch,
                           const struct messaging_platform *p, const char *identifier,
                           struct profile *ret);

/* --- login ----------------------------------------------------------------------------- */

bool messaging_offered_facebook(struct ctx *c);
enum err messaging_dialog_facebook(struct ctx *c, const struct oauth_begin *o, const char *scopes,
                                   const char **ret_url);
/* Pages of the person, or the Instagram accounts of these pages. */
enum err messaging_accounts_facebook(struct ctx *c, const struct messaging_platform *p,
                                     const struct oauth_finish *o, struct oauth_accounts *ret);
enum err messaging_dialog_instagram(struct ctx *c, const struct oauth_begin *o,
                                    const char **ret_url);
/* The one account that logged in, with a token of 60 days. */
enum err messaging_accounts_instagram(struct ctx *c, const struct oauth_finish *o,
                                      struct oauth_accounts *ret);

/* When a token that is good until expires (0: not known) of an account that is here since is renewed:
 * in its last ten days; where its end is not known, once it may be a day old, for the platform
 * renews no younger ones. Pure. */
bool messaging_token_due(int64_t expires_unix_ms, int64_t since_unix_ms, int64_t now_unix_ms);

#endif
