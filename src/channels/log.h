/* What is asked of platforms: each call leaves a line in the channel's log, and keeps to the pace
 * that all workers share. */
#ifndef INTERFLOW_CHANNELS_LOG_H
#define INTERFLOW_CHANNELS_LOG_H

#include "channels/channel.h"

/* http_call, with a row in channel_calls: method, address without its query's secrets, status,
 * milliseconds, request and answer as text cut at 16 KB with tokens blanked. message: nil unless it
 * is about one. An account that is not saved yet leaves no row. Errors as http_call; a row that
 * cannot be written is no error. Never inside a transaction. */
MUST_USE enum err channel_call(struct ctx *c, const struct channel *ch, const char *what,
                               struct uuid message, const struct http_call *call,
                               struct http_answer *ret_answer);
/* The same line for what is no HTTP (a mail server). error NULL: it went well. */
void channel_call_log(struct ctx *c, const struct channel *ch, const char *what, const char *method,
                      const char *address, int64_t took_ms, const char *request, const char *answer,
                      const char *error);

/* One message more at a pace of one per interval_ms, with burst at once (GCRA, shared by all
 * workers and machines). key "" is the account's own, else a person's. *ret_wait_ms 0: go, the
 * place is taken; else nothing was taken, try again in so many milliseconds. */
MUST_USE enum err pace_take(struct ctx *c, const struct channel *ch, const char *key,
                            int interval_ms, int burst, int64_t *ret_wait_ms);

#endif
