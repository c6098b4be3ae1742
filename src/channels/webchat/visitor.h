/* Who a visitor is, and which web chat they are on: shared by the routes and the live
 * connection. */
#ifndef INTERFLOW_CHANNELS_WEBCHAT_VISITOR_H
#define INTERFLOW_CHANNELS_WEBCHAT_VISITOR_H

#include "channels/webchat/webchat.h"

#define VISITOR_TOKEN_SIZE 80

struct visit {
    struct channel channel;
    struct uuid visitor;  /* nil before a token was given */
    const char *language; /* "pt" "es" "en": asked for by the page, else the organization's */
    const char *country;
    bool open;    /* within opening hours */
    bool staffed; /* somebody of the team is online */
};

/* The channel behind a public key: sets c->org and c->actor (visitor). ERR_NOT_FOUND for unknown,
 * paused or deleted ones; ERR_FORBIDDEN ORIGIN_DENIED when the page's origin is not on the
 * channel's list. */
MUST_USE enum err visit_open(struct ctx *c, struct request *r, struct visit *ret);
/* The same, and the visitor's token must be right (header X-Visitor, or the query's token where
 * headers cannot be set): ERR_UNAUTHORIZED VISITOR_UNKNOWN. */
MUST_USE enum err visit_authenticate(struct ctx *c, struct request *r, struct visit *ret);
/* The same by what was known of the channel a quarter of a second ago, without open and staffed:
 * for what visitors send. */
MUST_USE enum err visit_authenticate_recent(struct ctx *c, struct request *r, struct visit *ret);
/* "<visitor id>.<mac>" for this channel. Arena. */
const char *visitor_token(struct ctx *c, struct uuid channel, struct uuid visitor);

#endif
