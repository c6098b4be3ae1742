/* Connecting a WhatsApp number through Meta's embedded sign-up (channels/oauth.h). */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_SIGNUP_H
#define INTERFLOW_CHANNELS_WHATSAPP_SIGNUP_H

#include "channels/oauth.h"

extern const struct oauth_kind whatsapp_oauth;

#endif
