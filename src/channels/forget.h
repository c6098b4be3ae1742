/* What platforms forbid to keep: addresses of stories beyond the stories' life, and what somebody
 * has taken back. */
#ifndef INTERFLOW_CHANNELS_FORGET_H
#define INTERFLOW_CHANNELS_FORGET_H

#include "core/jobs.h"
#include "core/router.h"

/* GET O/chats/{chatId}/messages/{messageId}/story. */
extern const struct route forget_routes[];
/* channel.stories, recurring; channel.forget {channelId, messageId, target} after a removal;
 * channel.erase {channelId, names} after a customer was erased;
 * channel.late {channelId, event}: an edit, removal or reaction that came before its message. */
extern const struct job_kind forget_jobs[];

#endif
