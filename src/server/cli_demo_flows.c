/* The demonstration's flows: two of the templates that everybody may begin with. One is live: who
 * writes "menu" on the shop's page, or anything in the on-line shop, meets it. The other is a
 * draft. */
#include "base/json.h"
#include "core/db.h"
#include "flows/starters.h"
#include "server/cli_demo.h"
#include "sql.h"

/* What starts the live one; %s: the channel of the on-line shop. */
#define LIVE_TRIGGERS                                                                              \
    "[{\"id\":\"shop\",\"kind\":\"channel\",\"enabled\":true,\"priority\":0,\"channelIds\":[\"%"   \
    "s\"],"                                                                                        \
    "\"hours\":\"any\",\"conditions\":null},"                                                      \
    "{\"id\":\"menu\",\"kind\":\"keyword\",\"enabled\":true,\"priority\":0,\"channelIds\":[],"     \
    "\"hours\":\"any\",\"words\":[\"menu\",\"opções\"],\"match\":\"contains\",\"conditions\":"   \
    "null},"                                                                                       \
    "{\"id\":\"hand\",\"kind\":\"manual\",\"enabled\":true,\"priority\":0,\"conditions\":null}]"

static enum err add(struct ctx *c, const char *starter, const char *name, json_t *triggers,
                    struct uuid *ret_id)
{
    enum flow_kind kind = FLOW_GENERAL;
    CLEANUP(json_decrefp) json_t *graph = starter_graph(starter, "pt", &kind);
    struct rows *rows = NULL;
    if (!graph) return ERR_INTERNAL;
    json_t *start = json_array_get(json_object_get(graph, "nodes"), 0);
    if (triggers) json_object_set(json_object_get(start, "data"), "triggers", triggers);
    enum err e = db_one(
        c, &SQL_DEMO_FLOW,
        PARAMS(P_TEXT("name", name), P_TEXT("kind", flow_kind_names[kind]), P_JSON("graph", graph)),
        &rows);
    if (!e) *ret_id = rows_uuid(rows, 0, "id");
    return e;
}

enum err demo_flows_add(struct ctx *c, struct uuid shop)
{
    char id[UUID_TEXT_SIZE];
    const char *text = arena_printf(c->arena, LIVE_TRIGGERS, uuid_text(shop, id));
    CLEANUP(json_decrefp) json_t *triggers = json_loads(text, 0, NULL);
    struct uuid live, draft;
    if (!triggers) return ERR_NO_MEMORY;
    enum err e = add(c, "welcome", "Boas-vindas e menu", triggers, &live);
    if (!e) e = db_exec(c, &SQL_DEMO_FLOW_PUBLISH, PARAMS(P_UUID("flow", live)));
    return e ? e : add(c, "satisfaction", "Pesquisa de satisfação", NULL, &draft);
}
