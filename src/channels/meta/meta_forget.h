/* Bodies of Meta's webhooks without what must not be kept. */
#ifndef INTERFLOW_CHANNELS_META_META_FORGET_H
#define INTERFLOW_CHANNELS_META_META_FORGET_H

#include "base/json.h"

/* kind->forget of the Meta channels: blanks addresses of stories, the people of a phone's address
 * book and, where external_id is not NULL, the texts, addresses and places of the message with that id (mid, or WhatsApp's id). What tells
 * which message it is and whose stays. Pure. False: there was nothing of it, or the body is no JSON;
 * *ret_body is then untouched, else of the arena. */
bool meta_body_forget(struct arena *a, struct bytes body, const char *external_id,
                      struct bytes *ret_body);

#endif
