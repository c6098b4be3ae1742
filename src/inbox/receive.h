/* Between the ways in: one message at a time (receive.c), many together (receive_batch.c), what a
 * platform's webhook held (events.c). */
#ifndef INTERFLOW_INBOX_RECEIVE_H
#define INTERFLOW_INBOX_RECEIVE_H

#include "channels/channel.h"

/* Everything inbox_receive(p_org, p_channel, p) wants to know of a message, as one JSON object (a
 * new reference). ERR_INVALID: the identity cannot be read. */
MUST_USE enum err inbound_json(struct ctx *c, const struct channel *ch, const struct inbound *in,
                               json_t **ret);
/* Only the identity of it into p: identityKind, identifier, canonical, also, keys. */
MUST_USE enum err inbound_keys(struct ctx *c, const struct inbound *in, json_t *p);
/* May it go the short way? The database looks at the rest. */
bool inbound_is_usual(const struct inbound *in);

/* Store one message the long way; a double is fine. */
MUST_USE enum err inbox_receive_one(struct ctx *c, const struct channel *ch,
                                    const struct inbound *in);

/* The channel_sink's events(): see channels/channel.h. */
MUST_USE enum err inbox_events(struct ctx *c, const struct channel *ch,
                               const struct inbound_list *list);

#endif
