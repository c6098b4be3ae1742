/* Drafts and versions over the API: keeping a draft, checking it, publishing, going back. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/recorded.h"
#include "flows/schemas.h"
#include "flows/store.h"
#include "flows/world.h"
#include "sql.h"

static enum err flow_head(struct ctx *c, enum flow_kind *ret_kind)
{
    struct rows *rows = NULL;
    enum err e = flow_not_found(c, db_one(c, &SQL_FLOW_HEAD, NULL, &rows));
    if (!e) (void)flow_kind_parse(rows_text(rows, 0, "kind"), ret_kind);
    return e;
}

static enum err draft_save(struct ctx *c, json_t *graph, enum flow_kind kind, int64_t revision,
                           const char **ret_json)
{
    struct flow_checked checked;
    enum err e = flow_graph_check(c, in_uuid(c, "flowId"), graph, kind, &checked);
    if (e) return e;
    return db_json(c, &SQL_FLOW_DRAFT_SAVE,
                   PARAMS(P_JSON("graph", graph), P_JSON("problems", checked.problems),
                          P_JSON("files", checked.files), P_INT("revision", revision)),
                   ret_json);
}

static enum err put_draft(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum flow_kind kind = FLOW_GENERAL;
    const char *json = NULL;
    enum err e = flow_head(c, &kind);
    if (!e) e = draft_save(c, in_json(c, "graph"), kind, in_int(c, "revision", 0), &json);
    if (!e) reply_json(c, p, 200, json);
    return e;
}

/* The draft, or a graph that is not kept. */
static enum err check(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct flow_draft d;
    struct flow_checked checked;
    json_t *given = in_json(c, "graph");
    enum err e = flow_draft_load(c, &SQL_FLOW_DRAFT, &d);
    if (!e) e = flow_graph_check(c, d.id, given ? given : d.graph, d.kind, &checked);
    if (e) return e;
    json_t *answer = flow_arena_json(c, json_pack("{s:O}", "problems", checked.problems));
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* The draft of this revision, without faults. q: as flow_draft_load. */
static enum err faultless(struct ctx *c, const struct sql *q, int64_t revision,
                          struct flow_draft *ret)
{
    struct flow_checked checked;
    enum err e = flow_draft_load(c, q, ret);
    if (e) return e;
    if (revision >= 0 && revision != ret->revision) {
        fault_data(c, "revision", json_integer(ret->revision));
        return fault(c, ERR_CONFLICT, "REVISION_CONFLICT", "Somebody changed the draft meanwhile");
    }
    e = flow_graph_check(c, ret->id, ret->graph, ret->kind, &checked);
    if (e || checked.found.errors == 0) return e;
    e = fault(c, ERR_INVALID, "FLOW_INVALID", "The flow has faults that must be put right");
    fault_data(c, "problems", json_incref(checked.problems));
    return e;
}

/* The recorded tests, before it goes live. *ret_kept, the arena's: what the version says of them;
 * JSON null when there are none. */
static enum err tests_pass(struct ctx *c, const struct flow_draft *d, json_t **ret_items,
                           json_t **ret_kept)
{
    int failed = 0;
    bool force = in_bool(c, "force", false);
    enum err e = recorded_run(c, d->id, d->graph, ret_items, &failed);
    int count = (int)json_array_size(*ret_items);
    if (e) return e;
    *ret_kept =
        flow_arena_json(c, count == 0 ? json_null()
                                      : json_pack("{s:i, s:i, s:b}", "passed", count - failed,
                                                  "failed", failed, "forced", failed > 0 && force));
    if (failed == 0 || force) return ERR_OK;
    e = fault(c, ERR_CONFLICT, "FLOW_TESTS_FAILED", "%d of %d recorded tests failed", failed,
              count);
    fault_data(c, "tests", json_incref(*ret_items));
    return e;
}

/* What is published is what was checked and tested: tests run before, for they commit; the same
 * revision is then locked until it is live. */
static enum err publish(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct flow_draft d, locked;
    json_t *items = NULL, *kept = NULL, *answer = NULL;
    const char *json = NULL;
    enum err e = faultless(c, &SQL_FLOW_DRAFT, in_int(c, "revision", -1), &d);
    if (!e) e = tests_pass(c, &d, &items, &kept);
    if (!e) e = db_begin(c, &tx);
    if (!e) e = faultless(c, &SQL_FLOW_LOCK, d.revision, &locked);
    if (!e) e = db_json(c, &SQL_FLOW_PUBLISH, PARAMS(P_JSON("tests", kept)), &json);
    if (!e) e = flow_triggers_put(c, d.id);
    if (!e) e = db_commit(c, &tx);
    if (!e) e = json_parse(c->arena, json, strlen(json), &answer, NULL);
    if (e) return e;
    json_object_set(answer, "tests", items);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* A version becomes the draft again; what the draft was is gone, as when somebody draws over it. */
static enum err restore(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *rows = NULL;
    json_t *graph = NULL;
    enum flow_kind kind = FLOW_GENERAL;
    const char *json = NULL;
    enum err e = db_one(c, &SQL_FLOW_VERSION_GRAPH, NULL, &rows);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "FLOW_VERSION_NOT_FOUND", "There is no such version");
    if (e) return e;
    const char *text = rows_text(rows, 0, "graph");
    (void)flow_kind_parse(rows_text(rows, 0, "kind"), &kind);
    e = json_parse(c->arena, text, strlen(text), &graph, NULL);
    if (!e) e = db_begin(c, &tx);
    if (!e) e = draft_save(c, graph, kind, rows_int(rows, 0, "draft_revision", 0), &json);
    if (!e)
        e = db_exec(
            c, &SQL_FLOW_AUDIT,
            PARAMS(P_TEXT("action", "flow.restored"),
                   P_JSON("changes",
                          flow_arena_json(c, json_pack("{s:I}", "version",
                                                       (json_int_t)in_int(c, "number", 0))))));
    if (!e) e = db_commit(c, &tx);
    if (!e) e = flow_not_found(c, db_json(c, &SQL_FLOW_GET, NULL, &json));
    if (!e) reply_json(c, p, 200, json);
    return e;
}

/* --- rows ------------------------------------------------------------------------------ */

#define GRAPH_EXAMPLE                                                                              \
    "{\"format\":1,\"nodes\":[{\"id\":\"start\",\"type\":\"start\",\"name\":\"\",\"x\":0,\"y\":0," \
    "\"data\":{\"triggers\":[]}}],\"edges\":[],\"groups\":[],\"comments\":[],\"variables\":[],"    \
    "\"settings\":{\"debounceMs\":0,\"language\":\"\"}}"

static const struct field draft_fields[] = {
    {.name = "graph",
     .type = F_JSON,
     .required = true,
     .max = FLOW_GRAPH_MAX_BYTES,
     .example = GRAPH_EXAMPLE},
    {.name = "revision",
     .type = F_INT,
     .required = true,
     .min = 0,
     .max = INT32_MAX,
     .help = "Of the draft that was changed.",
     .example = "1"},
    {0},
};
static const struct field check_fields[] = {
    {.name = "graph",
     .type = F_JSON,
     .max = FLOW_GRAPH_MAX_BYTES,
     .help = "Absent: the draft.",
     .example = GRAPH_EXAMPLE},
    {0},
};
static const struct field publish_fields[] = {
    {.name = "note", .type = F_TEXT, .max = 500, .otherwise = "\"\""},
    {.name = "revision",
     .type = F_INT,
     .min = 0,
     .max = INT32_MAX,
     .help = "Publish only when this is the draft."},
    {.name = "force",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "Also when recorded tests fail; the version says so."},
    {0},
};
static const struct field list_fields[] = {
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 20},
    {0},
};
static const struct field version_fields[] = {
    {.name = "number", .type = F_INT, .in = IN_PATH, .required = true, .min = 1, .max = INT32_MAX},
    {0},
};

#define O     "/api/{organizationId}/flows/{flowId}"
#define VIEWS .group = "Flows", .permission = PERMISSION_FLOWS_VIEW
#define EDITS .group = "Flows", .permission = PERMISSION_FLOWS_EDIT

const struct route flow_draft_routes[] = {
    {.method = HTTP_PUT,
     .path = O "/draft",
     .id = "flows.saveDraft",
     .summary = "Keep the draft; says what hinders publishing it.",
     EDITS,
     .body_max = FLOW_GRAPH_MAX_BYTES + 64 * 1024,
     .fields = draft_fields,
     .answer = &flow_schema_draft,
     .errors = "400 FLOW_GRAPH_INVALID|404 FLOW_NOT_FOUND|409 REVISION_CONFLICT",
     .handler = put_draft},
    {.method = HTTP_POST,
     .path = O "/check",
     .id = "flows.check",
     .summary = "What hinders publishing the draft, or a graph that is not kept.",
     VIEWS,
     .body_max = FLOW_GRAPH_MAX_BYTES + 64 * 1024,
     .fields = check_fields,
     .answer = &flow_schema_problems,
     .errors = "400 FLOW_GRAPH_INVALID|404 FLOW_NOT_FOUND",
     .handler = check},
    {.method = HTTP_POST,
     .path = O "/publish",
     .id = "flows.publish",
     .summary = "Make the draft the live version, if its recorded tests pass; the first one "
                "switches the flow on.",
     EDITS,
     .deadline_ms = FLOW_TESTS_MS,
     .fields = publish_fields,
     .answer = &flow_schema_published,
     .errors = "400 FLOW_INVALID|400 FLOW_GRAPH_INVALID|404 FLOW_NOT_FOUND|409 REVISION_CONFLICT|"
               "409 FLOW_TESTS_FAILED",
     .handler = publish},
    {.method = HTTP_GET,
     .path = O "/versions",
     .id = "flows.versions",
     .summary = "What was published, newest first.",
     VIEWS,
     .fields = list_fields,
     .answer = &flow_schema_version,
     .shape = ANSWER_LIST,
     .errors = "404 FLOW_NOT_FOUND",
     .sql = &SQL_FLOW_VERSIONS_LIST},
    {.method = HTTP_GET,
     .path = O "/versions/{number}",
     .id = "flows.version",
     .summary = "One version with its graph.",
     VIEWS,
     .fields = version_fields,
     .answer = &flow_schema_version_graph,
     .errors = "404 FLOW_VERSION_NOT_FOUND",
     .sql = &SQL_FLOW_VERSION_GET},
    {.method = HTTP_POST,
     .path = O "/versions/{number}/restore",
     .id = "flows.restore",
     .summary = "Make a version the draft again.",
     EDITS,
     .fields = version_fields,
     .answer = &flow_schema_detail,
     .errors = "404 FLOW_VERSION_NOT_FOUND|409 REVISION_CONFLICT",
     .handler = restore},
    {0},
};
