/* The channel kind "instagram": a professional account, by a Facebook page or by Instagram's own
 * login. */
#ifndef INTERFLOW_CHANNELS_INSTAGRAM_INSTAGRAM_H
#define INTERFLOW_CHANNELS_INSTAGRAM_INSTAGRAM_H

#include "channels/channel.h"
#include "channels/oauth.h"

extern const struct channel_kind instagram_kind;
extern const struct oauth_kind instagram_oauth;

/* kind->decode, for the fuzzer and the tests. */
enum err instagram_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                          const char **ret_why);

#endif
