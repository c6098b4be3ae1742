/* The address under which platforms and people reach this installation. */
#ifndef INTERFLOW_CHANNELS_BASE_URL_H
#define INTERFLOW_CHANNELS_BASE_URL_H

#include "core/app.h"
#include "core/config.h"
#include "core/ctx.h"

/* Without a slash at the end; in the arena. */
static inline const char *base_url(struct ctx *c)
{
    const struct config *f = c->app->config;
    if (f->public_url) return f->public_url;
    return arena_printf(c->arena, "http://%s:%d", f->listen_host, f->listen_port);
}

#endif
