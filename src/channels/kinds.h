/* What each kind of channel can do and needs, as JSON: for the composer, the forms, the editor of
 * flows. */
#ifndef INTERFLOW_CHANNELS_KINDS_H
#define INTERFLOW_CHANNELS_KINDS_H

#include "channels/channel.h"

/* [{kind, label, can, identityKind, opens, limits, …}, …] as text in the arena; NULL when there is
 * no room. forms: with the rows of settings and secrets, and whether it is connected by login. */
const char *channel_kinds_json(struct ctx *c, bool forms);

#endif
