/* Web chat: a conversation from any web page, by one script tag (web/widget). A real channel:
 * visitors are contacts of kind "webchat" whose identifier is an id that the server made; their
 * token proves it (HMAC, nothing stored). */
#ifndef INTERFLOW_CHANNELS_WEBCHAT_WEBCHAT_H
#define INTERFLOW_CHANNELS_WEBCHAT_WEBCHAT_H

#include "channels/channel.h"
#include "channels/channels.h"
#include "core/hub.h"

#define WEBCHAT_FILE_MAX (16 * (int64_t)MIB) /* of one file, both ways */

extern const struct channel_kind webchat_kind;
extern const struct hub_kind webchat_hub_kind;

#endif
