/* What one worker process holds: the loop, the database, the hub, the tables of every domain. Made
 * by worker.c, passed through ctx->app; nothing here is global. The domains give their parts as
 * tables (src/server/tables.c). */
#ifndef INTERFLOW_CORE_APP_H
#define INTERFLOW_CORE_APP_H

#include "core/config.h"
#include "core/ctx.h"
#include "core/db.h"

struct loop;
struct db;
struct hub;
struct bus;
struct jobs;
struct event_reader;
struct files;
struct http_client;
struct http_server;
struct metrics;
struct rate_limiter;
struct router;
struct router_auth;
struct job_kind;
struct route;
struct hub_kind;

/* start: once in each worker, in a coroutine, when everything below exists except jobs and the HTTP
 * server, which begin after the last module. stop: in reverse order, when neither answers nor jobs
 * run any more. */
struct module {
    const char *name;
    enum err (*start)(struct app *app); /* may be NULL */
    void (*stop)(struct app *app);      /* may be NULL */
};

/* The lists of all tables, one place: src/server/tables.c. */
struct tables {
    const struct route *const *routes; /* NULL-ended list of tables */
    const struct job_kind *const
        *job_kinds;               /* NULL-ended list of tables, each ends with a row without name */
    const struct module *modules; /* ends with a row without name; started in order */
    const struct router_auth *auth;
};

struct app {
    const struct config *config;
    const struct tables *tables;
    struct loop *loop;
    struct db *db;
    struct bus *bus;
    struct hub *hub;
    struct event_reader *events;
    struct jobs *jobs;
    struct files *files;
    int thumbnails; /* that this worker makes now (thumbnail.c) */
    struct http_client *http_client;
    struct http_server *http_server;
    struct metrics *metrics;
    struct rate_limiter *rate_limiter; /* shared by the workers of this machine */
    struct router *router;
    void *auth;     /* src/auth's caches */
    void *channels; /* src/channels' cache of web chats */
    void *inbox;    /* src/inbox's queue of what comes in */
    void *flows;    /* src/flows' versions and time zones */
    void *webhooks; /* src/webhooks' reader of the events */
    unsigned char seal_key[32];
    int worker_index; /* 0… */
    bool stopping;
};

#endif
