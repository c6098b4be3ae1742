/* What the program needs of the channels, for its list of all tables (src/server/tables.c). The
 * contract is in channel.h. */
#ifndef INTERFLOW_CHANNELS_CHANNELS_H
#define INTERFLOW_CHANNELS_CHANNELS_H

#include "core/app.h"
#include "core/router.h"

extern const struct route channels_routes[]; /* connected accounts */
extern const struct route webchat_routes[];  /* what a visitor's page asks for */

/* Module of the web chat: listens to what agents type, and keeps what is asked of its accounts for
 * a moment. */
enum err webchat_start(struct app *app);
void webchat_stop(struct app *app);

#endif
