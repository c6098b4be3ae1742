/* Connections that are held for accounts (kind->watch): each account by one worker at a time, begun
 * again with back-off when they break, ended when the account is changed, paused or removed. */
#ifndef INTERFLOW_CHANNELS_WATCH_H
#define INTERFLOW_CHANNELS_WATCH_H

#include "core/app.h"

/* Module. */
MUST_USE enum err watch_start(struct app *app);
void watch_stop(struct app *app);

#endif
