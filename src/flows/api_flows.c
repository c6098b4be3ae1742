/* Flows over the API: the list, one, new ones (empty, from a starter, as a copy, from a file), name,
 * priority and switch, removal, export. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/carry.h"
#include "flows/flows.h"
#include "flows/schemas.h"
#include "flows/starters.h"
#include "flows/store.h"
#include "flows/world.h"
#include "sql.h"

json_t *flow_arena_json(struct ctx *c, json_t *j)
{
    if (j) arena_on_free(c->arena, (void (*)(void *))json_decref, j);
    return j;
}

enum err flow_not_found(struct ctx *c, enum err e)
{
    return e == ERR_NOT_FOUND ? fault(c, e, "FLOW_NOT_FOUND", "There is no such flow") : e;
}

enum err flow_draft_load(struct ctx *c, const struct sql *q, struct flow_draft *ret)
{
    struct rows *rows = NULL;
    enum err e = flow_not_found(c, db_one(c, q, NULL, &rows));
    if (e) return e;
    const char *graph = rows_text(rows, 0, "draft");
    *ret = (struct flow_draft){
        .id = rows_uuid(rows, 0, "id"),
        .name = rows_text(rows, 0, "name"),
        .revision = rows_int(rows, 0, "draft_revision", 0),
        .version = rows_int(rows, 0, "published_version", 0),
    };
    (void)flow_kind_parse(rows_text(rows, 0, "kind"), &ret->kind);
    return json_parse(c->arena, graph, strlen(graph), &ret->graph, NULL);
}

/* A new flow of a graph whose shape is checked here. from: "empty", "template", "copy", "file". */
static enum err flow_make(struct ctx *c, const char *name, enum flow_kind kind, json_t *graph,
                          const char *from, struct rows **ret_rows)
{
    struct flow_checked checked;
    enum err e = flow_graph_check(c, (struct uuid){0}, graph, kind, &checked);
    if (e) return e;
    return db_one(c, &SQL_FLOW_ADD,
                  PARAMS(P_TEXT("name", name), P_TEXT("kind", flow_kind_names[kind]),
                         P_JSON("graph", graph), P_JSON("problems", checked.problems),
                         P_JSON("files", checked.files), P_TEXT("from", from)),
                  ret_rows);
}

static enum err add(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *starter = in_text(c, "templateId"), *language = in_text(c, "language");
    enum flow_kind kind = FLOW_GENERAL;
    struct rows *rows = NULL;
    (void)flow_kind_parse(in_text(c, "kind"), &kind);
    json_t *graph = starter ? starter_graph(starter, language ? language : c->actor.language, &kind)
                            : graph_empty();
    if (starter && !graph)
        return fault_field(c, "templateId", "NOT_FOUND", "There is no such template");
    enum err e = flow_make(c, in_text(c, "name"), kind, flow_arena_json(c, graph),
                           starter ? "template" : "empty", &rows);
    if (!e) reply_json(c, p, 201, rows_text(rows, 0, "json"));
    return e;
}

/* A name that no flow has, from this one. */
static enum err free_name(struct ctx *c, const char *name, const char **ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_NAME_FREE, PARAMS(P_TEXT("name", name)), &rows);
    if (!e) *ret = rows_text(rows, 0, "name");
    return e;
}

static enum err duplicate(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct flow_draft d;
    struct rows *rows = NULL;
    const char *name = NULL;
    enum err e = flow_draft_load(c, &SQL_FLOW_DRAFT, &d);
    if (!e) e = free_name(c, d.name, &name);
    if (!e) e = flow_make(c, name, d.kind, d.graph, "copy", &rows);
    if (!e) reply_json(c, p, 201, rows_text(rows, 0, "json"));
    return e;
}

/* What starts the flow follows its switch and priority, in the same commit. */
static enum err change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *json = NULL;
    enum err e = db_begin(c, &tx);
    if (!e) e = db_json(c, &SQL_FLOW_CHANGE, NULL, &json);
    if (!e) e = flow_triggers_put(c, in_uuid(c, "flowId"));
    if (!e) e = db_commit(c, &tx);
    if (!e) reply_json(c, p, 200, json);
    return e;
}

static enum err remove_flow(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    enum err e = db_begin(c, &tx);
    if (!e) e = flow_not_found(c, db_one(c, &SQL_FLOW_REMOVE, NULL, NULL));
    if (!e) e = flow_triggers_put(c, in_uuid(c, "flowId"));
    if (!e) e = db_commit(c, &tx);
    if (!e) reply_empty(p, 204);
    return e;
}

/* --- files ----------------------------------------------------------------------------- */

/* Names of all that the graph's ids mean here, with templates and fields when asked for. */
static enum err names_load(struct ctx *c, const json_t *graph, json_t **ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_NAMES, PARAMS(P_JSON("ids", flow_ids_in(c, graph))), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "names");
    return json_parse(c->arena, text, strlen(text), ret, NULL);
}

static enum err export_file(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct flow_draft d;
    json_t *names = NULL;
    enum err e = flow_draft_load(c, &SQL_FLOW_DRAFT, &d);
    if (!e) e = names_load(c, d.graph, &names);
    if (e) return e;
    json_t *file = flow_arena_json(c, carry_out(d.name, d.kind, d.graph, names));
    if (!file) return ERR_NO_MEMORY;
    reply_jsonf(c, p, 200, file);
    reply_header(c, p, "Content-Disposition", "attachment; filename=\"flow.json\"");
    return ERR_OK;
}

/* What of the file's ids is here: by the kinds of carry.h. */
static enum err here_load(struct ctx *c, const json_t *graph, json_t **ret)
{
    struct check_world w;
    enum err e = names_load(c, graph, ret);
    if (!e) e = flow_world_load(c, (struct uuid){0}, graph, &w);
    if (e) return e;
    json_object_set(*ret, "file", (json_t *)(uintptr_t)w.files);
    json_object_set(*ret, "field", (json_t *)(uintptr_t)w.fields);
    json_object_set(*ret, "waTemplate", (json_t *)(uintptr_t)w.templates);
    return ERR_OK;
}

static enum err found_load(struct ctx *c, const struct carried *f, json_t **ret)
{
    struct rows *rows = NULL;
    json_t *names = flow_arena_json(c, carry_names(f));
    enum err e = db_one(c, &SQL_FLOW_IDS, PARAMS(P_JSON("names", names)), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "ids");
    return json_parse(c->arena, text, strlen(text), ret, NULL);
}

static enum err import_file(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct carried f;
    struct rows *rows = NULL;
    json_t *here = NULL, *found = NULL;
    const char *field = NULL, *why = NULL, *name = NULL;
    char id[UUID_TEXT_SIZE];
    enum err e = carry_read(in_json(c, "file"), &f, &field, &why);
    if (e) return fault_field(c, field, "FLOW_FILE_INVALID", "%s", why);
    e = flow_graph_shape(c, f.graph);
    if (!e) e = here_load(c, f.graph, &here);
    if (!e) e = found_load(c, &f, &found);
    if (e) return e;
    json_t *missing = flow_arena_json(c, carry_link(&f, here, found));
    e = free_name(c, in_text(c, "name") ? in_text(c, "name") : f.name, &name);
    if (!e) e = flow_make(c, name, f.kind, f.graph, "file", &rows);
    if (e) return e;
    json_t *answer =
        flow_arena_json(c, json_pack("{s:s, s:O}", "flowId",
                                     uuid_text(rows_uuid(rows, 0, "id"), id), "missing", missing));
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

#define FLOW_KINDS "general|closing|stage|transfer"

static const struct field add_fields[] = {
    {.name = "name",
     .type = F_TEXT,
     .required = true,
     .min = 1,
     .max = 80,
     .example = "\"Boas-vindas\""},
    {.name = "kind", .type = F_ENUM, .values = FLOW_KINDS, .otherwise = "\"general\""},
    {.name = "templateId",
     .type = F_SLUG,
     .max = 40,
     .help = "From flows.templates; its kind counts then.",
     .example = "\"welcome\""},
    {.name = "language",
     .type = F_ENUM,
     .values = "pt|es|en",
     .help = "Of the template's texts; absent: who asks.",
     .example = "\"pt\""},
    {0},
};

static const struct field change_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 80, .example = "\"Boas-vindas\""},
    {.name = "enabled",
     .type = F_BOOL,
     .help = "Off: nothing starts any more; what runs goes on to its end."},
    {.name = "priority",
     .type = F_INT,
     .min = -100,
     .max = 100,
     .help = "Of two flows that could start, the higher one does.",
     .example = "0"},
    {0},
};

static const struct field import_fields[] = {
    {.name = "file",
     .type = F_JSON,
     .required = true,
     .max = FLOW_GRAPH_MAX_BYTES + 512 * 1024,
     .help = "What flows.export gave.",
     .example = "{\"format\":1,\"kind\":\"interflow.flow\",\"name\":\"Boas-vindas\",\"flowKind\":"
                "\"general\",\"graph\":{\"format\":1,\"nodes\":[{\"id\":\"start\",\"type\":"
                "\"start\",\"name\":\"\",\"x\":0,\"y\":0,\"data\":{\"triggers\":[]}}],\"edges\":[],"
                "\"groups\":[],\"comments\":[],\"variables\":[],\"settings\":{\"debounceMs\":0,"
                "\"language\":\"\"}},\"refs\":{}}"},
    {.name = "name", .type = F_TEXT, .min = 1, .max = 80, .help = "Absent: that of the file."},
    {0},
};

#define O     "/api/{organizationId}"
#define VIEWS .group = "Flows", .permission = PERMISSION_FLOWS_VIEW
#define EDITS .group = "Flows", .permission = PERMISSION_FLOWS_EDIT

const struct route flow_routes[] = {
    {.method = HTTP_GET,
     .path = O "/flows",
     .id = "flows.list",
     .summary = "All flows, by name.",
     VIEWS,
     .answer = &flow_schema_item,
     .shape = ANSWER_LIST,
     .sql = &SQL_FLOWS_LIST},
    {.method = HTTP_POST,
     .path = O "/flows",
     .id = "flows.create",
     .summary = "Make a flow: empty, or from a template.",
     EDITS,
     .creates = true,
     .fields = add_fields,
     .answer = &flow_schema_detail,
     .errors = "409 LIMIT_REACHED",
     .handler = add},
    {.method = HTTP_POST,
     .path = O "/flows/import",
     .id = "flows.import",
     .summary = "Make a flow from a file; says what the file names that is not here.",
     EDITS,
     .creates = true,
     .body_max = FLOW_GRAPH_MAX_BYTES * 2,
     .fields = import_fields,
     .answer = &flow_schema_imported,
     .errors = "400 FLOW_GRAPH_INVALID|409 LIMIT_REACHED",
     .handler = import_file},
    {.method = HTTP_GET,
     .path = O "/flows/{flowId}",
     .id = "flows.get",
     .summary = "One flow with its draft.",
     VIEWS,
     .answer = &flow_schema_detail,
     .errors = "404 FLOW_NOT_FOUND",
     .sql = &SQL_FLOW_GET},
    {.method = HTTP_PATCH,
     .path = O "/flows/{flowId}",
     .id = "flows.update",
     .summary = "Change name or priority, switch it on or off.",
     EDITS,
     .fields = change_fields,
     .answer = &flow_schema_item,
     .errors = "404 FLOW_NOT_FOUND|409 FLOW_NOT_PUBLISHED",
     .handler = change},
    {.method = HTTP_DELETE,
     .path = O "/flows/{flowId}",
     .id = "flows.remove",
     .summary = "Remove a flow; what runs on it goes on to its end.",
     EDITS,
     .shape = ANSWER_EMPTY,
     .errors = "404 FLOW_NOT_FOUND",
     .handler = remove_flow},
    {.method = HTTP_POST,
     .path = O "/flows/{flowId}/duplicate",
     .id = "flows.duplicate",
     .summary = "A copy of the draft as a new flow.",
     EDITS,
     .creates = true,
     .answer = &flow_schema_detail,
     .errors = "404 FLOW_NOT_FOUND|409 LIMIT_REACHED",
     .handler = duplicate},
    {.method = HTTP_GET,
     .path = O "/flows/{flowId}/export",
     .id = "flows.export",
     .summary = "The draft as a file, with the names of what it points to.",
     VIEWS,
     .answer = &flow_schema_file,
     .errors = "404 FLOW_NOT_FOUND",
     .handler = export_file},
    {0},
};
