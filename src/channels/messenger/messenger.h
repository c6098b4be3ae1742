/* The channel kind "messenger": a Facebook page. */
#ifndef INTERFLOW_CHANNELS_MESSENGER_MESSENGER_H
#define INTERFLOW_CHANNELS_MESSENGER_MESSENGER_H

#include "channels/channel.h"
#include "channels/oauth.h"

extern const struct channel_kind messenger_kind;
extern const struct oauth_kind messenger_oauth;

/* kind->decode, for the fuzzer and the tests. */
enum err messenger_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                          const char **ret_why);

#endif
