/* The visitor's live connection and how far they have read. */
#ifndef INTERFLOW_CHANNELS_WEBCHAT_LIVE_H
#define INTERFLOW_CHANNELS_WEBCHAT_LIVE_H

#include "channels/webchat/visitor.h"

/* Answer with the upgrade. The page asks for what it missed over GET …/messages once it is
 * connected. */
MUST_USE enum err webchat_live_connect(struct ctx *c, struct request *r, struct reply *p,
                                       const struct visit *visit);
/* The visitor has received ("delivered") or seen ("read") the team's messages up to this one. */
MUST_USE enum err webchat_progress_set(struct ctx *c, struct uuid channel, struct uuid visitor,
                                       struct uuid message, const char *status);

#endif
