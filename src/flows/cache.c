/* Published versions, parsed once per worker. A version never changes, so what is kept is right for
 * ever; it is kept while runs hold it and as long as there is room. Time zones live here, too. */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "flows/api.h"
#include "flows/store.h"
#include "inbox/inbox.h"
#include "sql.h"

#define KEPT_MAX       200
#define KEPT_BYTES_MAX (6 * MIB) /* of JSON text; as structs some five times that */
#define VERSION_ARENA  (24 * MIB)

struct kept {
    struct kept *next;
    struct uuid org, version;
    struct arena *arena;
    const struct flow *flow;
    size_t bytes;
    int users;
    uint64_t used; /* when last, by the count of askings */
};

struct flow_worker {
    struct kept *first;
    int count;
    size_t bytes;
    uint64_t asked;
    struct flow_zones *zones;
};

enum err flows_start(struct app *app)
{
    struct flow_worker *w = mem_alloc(sizeof *w);
    *w = (struct flow_worker){.zones = flow_zones_new()};
    app->flows = w;
    inbox_flows_set(&flow_public);
    return ERR_OK;
}

static void kept_free(struct kept *k)
{
    arena_free(k->arena);
    mem_free(k);
}

void flows_stop(struct app *app)
{
    struct flow_worker *w = app->flows;
    if (!w) return;
    while (w->first) {
        struct kept *k = w->first;
        w->first = k->next;
        kept_free(k);
    }
    flow_zones_free(w->zones);
    mem_free(w);
    app->flows = NULL;
}

struct flow_zones *flow_worker_zones(struct app *app)
{
    struct flow_worker *w = app->flows;
    return w->zones;
}

/* Make room: the one that was not used for the longest time, if nobody holds it. */
static void trim(struct flow_worker *w)
{
    while (w->count > KEPT_MAX || w->bytes > KEPT_BYTES_MAX) {
        struct kept **oldest = NULL;
        for (struct kept **at = &w->first; *at; at = &(*at)->next)
            if ((*at)->users == 0 && (!oldest || (*at)->used < (*oldest)->used)) oldest = at;
        if (!oldest) return;
        struct kept *k = *oldest;
        *oldest = k->next;
        w->count--;
        w->bytes -= k->bytes;
        kept_free(k);
    }
}

static void let_go(void *arg)
{
    struct kept *k = arg;
    k->users--;
}

static const struct flow *hold(struct ctx *c, struct kept *k)
{
    struct flow_worker *w = c->app->flows;
    k->used = ++w->asked;
    k->users++;
    arena_on_free(c->arena, let_go, k);
    return k->flow;
}

static struct kept *find(const struct flow_worker *w, struct uuid org, struct uuid version)
{
    for (struct kept *k = w->first; k; k = k->next)
        if (uuid_equal(k->version, version) && uuid_equal(k->org, org)) return k;
    return NULL;
}

static enum err parse(struct ctx *c, struct arena *a, json_t *graph, struct flow **ret)
{
    struct problems problems = {.arena = c->arena};
    enum err e = graph_parse(a, graph, &problems, ret);
    if (e == ERR_INVALID)
        return fault(c, e, "FLOW_GRAPH_INVALID", "%s: %s",
                     problems.count && problems.items[0].field ? problems.items[0].field : "graph",
                     problems.count ? problems.items[0].message : "cannot be read");
    return e;
}

/* Names of a row into the arena of the flow. */
static void put_names(struct arena *a, struct flow *f, struct uuid id, struct uuid version,
                      const char *name, const char *kind)
{
    f->id = id;
    f->version = version;
    f->name = arena_strdup(a, name ? name : "");
    (void)flow_kind_parse(kind, &f->kind);
}

enum err flow_version_get(struct ctx *c, struct uuid version, const struct flow **ret_flow)
{
    struct flow_worker *w = c->app->flows;
    struct kept *k = find(w, c->org, version);
    if (k) {
        *ret_flow = hold(c, k);
        return ERR_OK;
    }
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_VERSION_READ, PARAMS(P_UUID("version", version)), &rows);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "FLOW_VERSION_NOT_FOUND", "this version of the flow does not exist");
    if (e) return e;
    const char *text = rows_text(rows, 0, "graph");
    CLEANUP(arena_freep) struct arena *a = arena_new(VERSION_ARENA);
    json_t *graph = NULL;
    struct flow *f = NULL;
    e = json_parse(a, text, strlen(text), &graph, NULL);
    if (!e) e = parse(c, a, graph, &f);
    if (e) return e;
    put_names(a, f, rows_uuid(rows, 0, "flow_id"), version, rows_text(rows, 0, "name"),
              rows_text(rows, 0, "kind"));
    k = find(w, c->org, version); /* another coroutine may have been faster */
    if (!k) {
        k = mem_alloc(sizeof *k);
        *k = (struct kept){.next = w->first,
                           .org = c->org,
                           .version = version,
                           .arena = a,
                           .flow = f,
                           .bytes = strlen(text)};
        a = NULL;
        w->first = k;
        w->count++;
        w->bytes += k->bytes;
    }
    *ret_flow = hold(c, k);
    trim(w);
    return ERR_OK;
}

enum err flow_live_get(struct ctx *c, struct uuid flow, const struct flow **ret_flow)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_LIVE_VERSION, PARAMS(P_UUID("flow", flow)), &rows);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "FLOW_NOT_LIVE", "this flow is not there, or not switched on");
    return e ? e : flow_version_get(c, rows_uuid(rows, 0, "version_id"), ret_flow);
}

enum err flow_graph_read(struct ctx *c, json_t *graph, const struct flow **ret_flow)
{
    struct flow *f = NULL;
    enum err e = parse(c, c->arena, graph, &f);
    if (!e) *ret_flow = f;
    return e;
}
