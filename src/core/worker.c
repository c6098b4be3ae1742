/* One worker process: makes every part of struct app in order, serves until SIGTERM, then ends in
 * order (worker.h).
 *
 * Order of making: loop, database, bus, events, hub, files, outgoing calls, router, the domains'
 * modules, and last what lets work in: jobs and the HTTP server. Ending goes the other way: first
 * nothing new comes in, then what is under way finishes (at most STOP_MS), then the parts go. A
 * worker holds nothing that matters: whatever it leaves undone is a row that another one takes up.
 *
 * A crash ends this process alone; starting it again is the supervisor's business
 * (supervisor.c). */
#include "core/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/events.h"
#include "core/files.h"
#include "core/http_client.h"
#include "core/hub.h"
#include "core/jobs.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/process.h"
#include "core/router.h"

#define STOP_MS  (10 * SECOND_MS) /* answers and jobs under way get this long */
#define DRAIN_MS (2 * SECOND_MS)  /* what was cut off after that unwinds */
#define CALM_MS  500              /* idle this long counts as done */
/* Kept-alive connections of a worker that ends: briefly where the whole server ends; where another
 * worker takes over, so long that nobody is about to use one (clients let go of them after a few
 * seconds, those in use meanwhile are told "Connection: close"). */
#define KEPT_MS           (1 * SECOND_MS)
#define KEPT_TAKEN_MS     (6 * SECOND_MS)
#define DATABASE_AWAIT_MS (5 * SECOND_MS)
#define SAMPLE_MS         (1 * SECOND_MS) /* gauges are taken this often */
#define COROUTINES_MAX    16000           /* two mappings each, of the kernel's 65,530 */
#define OFFLOAD_THREADS   2

struct worker {
    struct app app;
    bool taken_over; /* it ends because others have taken its place */
    struct arena *arena;
    const struct worker_options *options; /* NULL for the command line */
    int modules_started;
    int status;
    int signal_fd;
    /* command line only */
    int (*body)(struct ctx *c, void *arg);
    void *body_arg;
};

static void complain(const struct worker *w, const char *what, enum err e)
{
    if (w->options)
        log_event(LOG_ERROR, NULL, what, LOG_FIELDS(LOG_TEXT("error", err_row(e)->code)));
    else
        fprintf(stderr, "interflow: %s: %s\n", what, err_row(e)->text);
}

/* A commit of this worker wants others to look at events or jobs. */
static void on_commit_wake(void *arg, uint32_t wakes)
{
    struct worker *w = arg;
    if (w->app.bus) bus_wake(w->app.bus, wakes);
}

static void sample(void *arg)
{
    struct worker *w = arg;
    struct app *app = &w->app;
    int self = app->worker_index;
    metrics_set(app->metrics, self, METRIC_SOCKETS, hub_count(app->hub));
    metrics_set(app->metrics, self, METRIC_COROUTINES, loop_count(app->loop));
    if (app->http_server)
        metrics_set(app->metrics, self, METRIC_HTTP_ACTIVE, http_server_active(app->http_server));
    loop_timer(app->loop, loop_now(app->loop) + SAMPLE_MS, sample, w);
}

/* --- making ---------------------------------------------------------------------------- */

static enum err parts_make(struct worker *w, const struct config *config, const char *database_url)
{
    struct app *app = &w->app;
    enum err e = seal_key_load(data_path(w->arena, config, "seal.key"), app->seal_key);
    if (e) {
        complain(w,
                 "cannot read seal.key in the data folder (it must be readable by its owner alone)",
                 e);
        return e;
    }
    int coroutines = config->connections_max + 2000;
    app->loop =
        loop_new(coroutines < COROUTINES_MAX ? coroutines : COROUTINES_MAX, OFFLOAD_THREADS);
    if (!app->loop) return ERR_NO_MEMORY;
    struct db_options db = {
        .url = database_url,
        .role = "interflow_app",
        .shared = w->options ? 4 : 1,
        .leased = w->options ? 6 : 1,
        .search = w->options ? 2 : 1,
        .report = w->options ? 2 : 1,
        .fast_timeout_ms = 10000,
        .search_timeout_ms = 15000,
        .report_timeout_ms = 60000,
    };
    app->db = db_new(app->loop, &db, on_commit_wake, w);
    if (!app->db) return ERR_UNAVAILABLE;
    if (w->options) {
        app->bus = bus_new(app, &w->options->bus, app->worker_index);
        app->events = event_reader_new(app);
        app->hub = hub_new(app, config->sockets_max);
        if (!app->bus || !app->events || !app->hub) return ERR_NO_MEMORY;
    }
    e = files_new(app, config->data_dir, &app->files);
    if (e) {
        complain(w, "cannot open the folder of files", e);
        return e;
    }
    app->http_client = http_client_new(app);
    app->router = app->tables ? router_new(app->tables->routes) : NULL;
    return app->http_client ? ERR_OK : ERR_NO_MEMORY;
}

/* Coroutines that still wait (the event reader, statements) unwind before what they touch goes. */
static void parts_free(struct worker *w)
{
    struct app *app = &w->app;
    if (app->loop) (void)loop_drain(app->loop, clock_mono_ms() + DRAIN_MS);
    http_server_free(app->http_server);
    jobs_free(app->jobs);
    router_free(app->router);
    http_client_free(app->http_client);
    files_free(app->files);
    hub_free(app->hub);
    event_reader_free(app->events);
    bus_free(app->bus);
    db_free(app->db);
    loop_free(app->loop);
}

static enum err modules_start(struct worker *w)
{
    const struct module *m = w->app.tables ? w->app.tables->modules : NULL;
    for (; m && m->name; m++) {
        enum err e = m->start ? m->start(&w->app) : ERR_OK;
        if (e) {
            complain(w, m->name, e);
            return e;
        }
        w->modules_started++;
    }
    return ERR_OK;
}

static void modules_stop(struct worker *w)
{
    for (; w->modules_started > 0; w->modules_started--) {
        const struct module *m = &w->app.tables->modules[w->modules_started - 1];
        if (m->stop) m->stop(&w->app);
    }
}

static enum err server_start(struct worker *w)
{
    const struct config *config = w->app.config;
    struct http_server_options o = {
        .host = config->listen_host,
        .port = config->listen_port,
        .listen_fd = w->options->listen_fd,
        .connections_max = config->connections_max,
        .connections_per_address_max = config->connections_per_address,
        .idle_timeout_s = 30,
        .json_body_max = MIB,
        .upload_max_bytes = config->upload_max_bytes,
        .upload_dir = data_path(w->arena, config, "tmp"),
        .trusted_proxies = config->trusted_proxies,
    };
    struct http_callbacks cb = {0};
    router_callbacks(&w->app, &cb);
    return http_server_new(&w->app, w->app.loop, &o, &cb, &w->app.http_server);
}

/* A worker that says it is ready answers: so the connections come first. With a database that is
 * away it starts all the same, and answers 503 until that is back. */
static void database_await(struct worker *w)
{
    int64_t until = clock_mono_ms() + DATABASE_AWAIT_MS;
    while (!db_ready(w->app.db) && clock_mono_ms() < until && !w->app.stopping)
        if (loop_sleep(w->app.loop, 5) != ERR_OK) return;
}

/* In a coroutine: modules may ask the database. */
static void start(void *arg)
{
    struct worker *w = arg;
    database_await(w);
    enum err e = modules_start(w);
    if (!e && !w->app.stopping) {
        w->app.jobs = jobs_new(&w->app, w->app.tables->job_kinds);
        e = server_start(w);
        if (e) complain(w, "cannot serve", e);
    }
    if (e) {
        w->status = 1;
        loop_stop(w->app.loop);
        return;
    }
    sample(w);
    log_event(LOG_INFO, NULL, "worker ready", LOG_FIELDS(LOG_INT("pid", getpid())));
    if (w->options->ready_fd >= 0 && write(w->options->ready_fd, "r", 1) != 1)
        log_event(LOG_WARN, NULL, "nobody waits for this worker", NULL);
}

/* --- ending ---------------------------------------------------------------------------- */

/* In a coroutine, once: let what is under way finish, then leave the loop. */
static void stop(void *arg)
{
    struct worker *w = arg;
    struct app *app = &w->app;
    int64_t until = clock_mono_ms() + STOP_MS, calm_since = clock_mono_ms();
    if (app->http_server)
        http_server_quiesce(app->http_server, w->taken_over ? KEPT_TAKEN_MS : KEPT_MS);
    hub_drain(app->hub);
    for (;;) {
        bool jobs_calm = !app->jobs || jobs_quiesce(app->jobs);
        bool http_calm = !app->http_server ||
                         (http_server_active(app->http_server) == 0 &&
                          (!w->taken_over || http_server_connections(app->http_server) == 0));
        int64_t now = clock_mono_ms();
        if (!jobs_calm || !http_calm || hub_count(app->hub) > 0) calm_since = now;
        if (now - calm_since >= CALM_MS || now >= until) break;
        if (loop_sleep(app->loop, 20) != ERR_OK) break;
    }
    loop_stop(app->loop);
}

static void on_signal(void *arg, uint32_t events)
{
    (void)events;
    struct worker *w = arg;
    struct signalfd_siginfo info;
    while (read(w->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo == SIGTERM && !w->app.stopping) {
            w->app.stopping = true;
            w->taken_over = info.ssi_code == SI_QUEUE && info.ssi_int == WORKER_TAKEN_OVER;
            log_event(LOG_INFO, NULL, "worker ends: answers under way go on", NULL);
            struct co *co = NULL;
            if (loop_spawn(w->app.loop, stop, w, &co) != ERR_OK) loop_stop(w->app.loop);
        }
}

int worker_run(const struct worker_options *o)
{
    struct worker w = {.options = o, .signal_fd = -1, .arena = arena_new(MIB)};
    char name[32];
    snprintf(name, sizeof name, "worker %d", o->index + 1);
    log_setup(&(struct log_options){
        .level = o->config->log_level, .json = o->config->log_json, .process = name});
    w.app = (struct app){.config = o->config,
                         .tables = o->tables,
                         .metrics = o->metrics,
                         .rate_limiter = o->rate_limiter,
                         .worker_index = o->index};
    metrics_worker_started(o->metrics, o->index);

    /* Ctrl+C and a closed terminal reach the whole group: only the supervisor acts on them. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, NULL);
    w.signal_fd = signalfd(-1, &term, SFD_NONBLOCK | SFD_CLOEXEC);

    enum err e = parts_make(&w, o->config, o->database_url);
    if (!e && w.signal_fd >= 0) {
        struct loop_watch *watch = loop_watch(w.app.loop, w.signal_fd, EPOLLIN, on_signal, &w);
        struct co *co = NULL;
        e = loop_spawn(w.app.loop, start, &w, &co);
        if (!e) {
            loop_run(w.app.loop);
            /* What modules hold goes when nothing uses it any more: a request may still come in
             * over a kept connection. */
            (void)loop_drain(w.app.loop, clock_mono_ms() + DRAIN_MS);
            http_server_free(w.app.http_server);
            w.app.http_server = NULL;
            modules_stop(&w);
        }
        loop_unwatch(w.app.loop, watch);
    }
    if (e || w.signal_fd < 0) w.status = 1;
    parts_free(&w);
    if (w.signal_fd >= 0) close(w.signal_fd);
    arena_free(w.arena);
    return w.status;
}

/* --- the command line ------------------------------------------------------------------ */

static void run_body(void *arg)
{
    struct worker *w = arg;
    enum err e = modules_start(w);
    if (e) {
        w->status = 1;
    } else {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(&w->app, 256 * MIB, CLOCK_NEVER);
        c->actor.kind = ACTOR_SYSTEM;
        c->actor.name = "interflow";
        c->actor.sees_all_chats = true;
        c->actor.sees_contacts = true;
        w->status = w->body(c, w->body_arg);
    }
    modules_stop(w);
    loop_stop(w->app.loop);
}

int worker_run_once(const struct config *config, const struct tables *tables,
                    const char *database_url, int (*body)(struct ctx *c, void *arg), void *arg)
{
    struct worker w = {.signal_fd = -1, .arena = arena_new(MIB), .body = body, .body_arg = arg};
    w.app = (struct app){.config = config, .tables = tables};
    signal(SIGPIPE, SIG_IGN);
    enum err e = parts_make(&w, config, database_url);
    struct co *co = NULL;
    if (!e) e = loop_spawn(w.app.loop, run_body, &w, &co);
    if (!e)
        loop_run(w.app.loop);
    else
        complain(&w, "cannot start", e);
    parts_free(&w);
    arena_free(w.arena);
    return e ? 1 : w.status;
}
