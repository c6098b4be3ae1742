/* What the program needs of the channels, for its list of all tables (src/server/tables.c). The
 * contract is in channel.h. */
#ifndef INTERFLOW_CHANNELS_CHANNELS_H
#define INTERFLOW_CHANNELS_CHANNELS_H

#include "core/app.h"
#include "core/jobs.h"
#include "core/router.h"

struct channel;

extern const struct route channels_routes[]; /* connected accounts */
extern const struct route webchat_routes[];  /* what a visitor's page asks for */
extern const struct route email_routes[];    /* the mail behind a message */
extern const struct route channels_log_routes[];
extern const struct route hooks_routes[]; /* what platforms call us for */
extern const struct job_kind channels_jobs[];

/* Module: what a worker keeps of channels (worker.h). */
enum err channels_start(struct app *app);
void channels_stop(struct app *app);

/* Module of the web chat: listens to what agents type. */
enum err webchat_start(struct app *app);

/* The account works ("connected"), is being tried again ("reconnecting") or must be repaired by a
 * person ("disconnected"): kept with its reason, told when it is news. code and message (English)
 * may be NULL with "connected". A paused account stays paused. What waited to be sent leaves when it
 * is connected again. */
MUST_USE enum err channel_state_set(struct ctx *c, const struct channel *ch, const char *state,
                                    const char *code, const char *message);

#endif
