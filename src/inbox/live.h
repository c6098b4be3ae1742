/* Live news to the staff: the route's handler and the ephemeral news that others may send. */
#ifndef INTERFLOW_INBOX_LIVE_H
#define INTERFLOW_INBOX_LIVE_H

#include "core/app.h"
#include "core/http.h"

struct live_chat {
    struct uuid id, team, assignee, customer, channel;
    const char *identifier; /* of the contact, for the channel */
};

/* What live news must know of a chat; ERR_NOT_FOUND also when the actor may not see it. */
MUST_USE enum err live_chat_load(struct ctx *c, struct uuid id, struct live_chat *ret);
/* Somebody types: a user, or (user nil) the customer. Reaches the staff that sees the chat. */
void live_typing(struct app *app, struct uuid org, const struct live_chat *chat, struct uuid user,
                 const char *name, bool on);
enum err live_connect(struct ctx *c, struct request *r, struct reply *p);
void live_start(struct app *app);

#endif
