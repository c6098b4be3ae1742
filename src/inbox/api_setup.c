/* Shortcuts, closure types, saved filters over the API. Mostly rows with a query of their own;
 * shared shortcuts need a permission that one's own do not. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "core/template.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"
#include "sql.h"

#define RENDERED_MAX 8192

static bool may_share(const struct ctx *c)
{
    return (c->actor.permissions & PERMISSION_BIT(PERMISSION_SHORTCUTS_MANAGE)) != 0;
}

/* Run q when the actor may: shared shortcuts are the managers'. */
static enum err shortcut_statement(struct ctx *c, struct reply *p, const struct sql *q, bool shared,
                                   int status)
{
    if (shared && !may_share(c))
        return fault(c, ERR_FORBIDDEN, NULL,
                     "shared shortcuts need the permission shortcuts.manage");
    const char *json = NULL;
    enum err e = db_json(c, q, NULL, &json);
    if (e) return e;
    if (status == 204)
        reply_empty(p, 204);
    else
        reply_json(c, p, status, json);
    return ERR_OK;
}

/* What a shortcut names must be there: its teams, the files of its steps; and a step says
 * something. */
static enum err shortcut_check(struct ctx *c)
{
    struct rows *rows = NULL;
    if (json_array_size(in_json(c, "teamIds")) > 0) {
        enum err e =
            db_query(c, &SQL_TEAMS_MISSING, PARAMS(P_JSON("ids", in_json(c, "teamIds"))), &rows);
        if (e) return e;
        if (rows_count(rows) > 0)
            return fault_field(
                c, arena_printf(c->arena, "teamIds[%d]", (int)rows_int(rows, 0, "at", 0)),
                "NOT_FOUND", "there is no such team");
    }
    size_t i, n;
    json_t *step, *id;
    json_array_foreach(in_json(c, "steps"), i, step)
    {
        struct uuid files[MESSAGE_FILES_MAX];
        int count = 0;
        json_array_foreach(json_object_get(step, "fileIds"), n, id)
        {
            if (count < MESSAGE_FILES_MAX && uuid_parse(json_string_value(id), &files[count]))
                count++;
        }
        if (count == 0 && inbox_blank(json_get_text(step, "content")))
            return fault_field(c, arena_printf(c->arena, "steps[%zu].content", i), "REQUIRED",
                               "a step needs text or a file");
        enum err e =
            inbox_files_check(c, arena_printf(c->arena, "steps[%zu].fileIds", i), files, count);
        if (e) return e;
    }
    return ERR_OK;
}

static enum err shortcut_add(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err e = shortcut_check(c);
    if (e) return e;
    return shortcut_statement(c, p, &SQL_SHORTCUT_ADD, in_bool(c, "shared", false), 201);
}

static enum err shortcut_existing(struct ctx *c, struct reply *p, const struct sql *q, int status)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_SHORTCUT_FIND, NULL, &rows);
    if (e) return e;
    return shortcut_statement(c, p, q, rows_bool(rows, 0, "shared"), status);
}

static enum err shortcut_change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err e = shortcut_check(c);
    if (e) return e;
    return shortcut_existing(c, p, &SQL_SHORTCUT_CHANGE, 200);
}

static enum err shortcut_remove(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return shortcut_existing(c, p, &SQL_SHORTCUT_REMOVE, 204);
}

/* The steps with their variables filled in for a chat: what the composer shows before it is
 * sent. */
static enum err shortcut_render(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_SHORTCUT_USE, NULL, &rows);
    if (e) return e;
    json_t *steps = NULL, *vars = NULL, *step;
    const char *text = rows_text(rows, 0, "steps");
    e = json_parse(c->arena, text, strlen(text), &steps, NULL);
    if (e) return e;
    text = rows_text(rows, 0, "vars");
    e = json_parse(c->arena, text, strlen(text), &vars, NULL);
    if (e) return e;
    size_t i;
    json_array_foreach(steps, i, step)
    {
        const char *content = json_get_text(step, "content");
        e = template_render(c->arena, content ? content : "", vars, RENDERED_MAX, &content);
        if (e) return e;
        json_object_set_new(step, "content", json_string(content));
    }
    CLEANUP(json_decrefp) json_t *answer = json_pack("{s:O}", "steps", steps);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

static const struct field step_fields[] = {
    {.name = "content",
     .type = F_TEXT,
     .raw = true,
     .max = 4096,
     .otherwise = "\"\"",
     .example = "\"{{greeting}}, {{customer.firstName}}!\""},
    {.name = "fileIds", .type = F_ARRAY, .of = F_UUID, .max = 10, .otherwise = "[]"},
    {.name = "delayMs", .type = F_INT, .min = 0, .max = 600000, .otherwise = "0"},
    {0},
};

#define SHORTCUT_FIELDS(need)                                                                      \
    {.name = "keyword",                                                                            \
     .type = F_TEXT,                                                                               \
     .required = need,                                                                             \
     .min = 1,                                                                                     \
     .max = 40,                                                                                    \
     .help = "Without spaces; called by / and it.",                                                \
     .example = "\"ola\""},                                                                        \
        {.name = "title", .type = F_TEXT, .max = 120},                                             \
        {.name = "steps",                                                                          \
         .type = F_ARRAY,                                                                          \
         .of = F_OBJECT,                                                                           \
         .fields = step_fields,                                                                    \
         .required = need,                                                                         \
         .min = 1,                                                                                 \
         .max = MESSAGE_STEPS_MAX},                                                                \
    {                                                                                              \
        .name = "teamIds", .type = F_ARRAY, .of = F_UUID, .max = 50,                               \
        .help = "Only for these teams; empty: for all."                                            \
    }

static const struct field shortcut_add_fields[] = {
    SHORTCUT_FIELDS(true),
    {.name = "shared",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "Of the organization; needs shortcuts.manage."},
    {0},
};
static const struct field shortcut_change_fields[] = {SHORTCUT_FIELDS(false), {0}};
static const struct field render_fields[] = {{.name = "chatId", .type = F_UUID, .required = true},
                                             {0}};

static const struct field rendered_fields[] = {
    {.name = "steps", .type = F_ARRAY, .of = F_OBJECT, .fields = step_fields, .required = true},
    {0},
};
static const struct schema rendered_schema = {
    "ShortcutRendered", "The steps with variables filled in.", rendered_fields};

#define CLOSURE_FIELDS(need)                                                                       \
    {.name = "name", .type = F_TEXT, .required = need, .min = 1, .max = 60},                       \
        {.name = "color", .type = F_COLOR}, {.name = "needsNote", .type = F_BOOL},                 \
    {                                                                                              \
        .name = "position", .type = F_INT, .min = 0, .max = 10000                                  \
    }
static const struct field closure_add_fields[] = {CLOSURE_FIELDS(true), {0}};
static const struct field closure_change_fields[] = {CLOSURE_FIELDS(false), {0}};

#define VIEW_FIELDS(need)                                                                          \
    {.name = "name", .type = F_TEXT, .required = need, .min = 1, .max = 40},                       \
        {.name = "icon", .type = F_SLUG, .max = 40}, {.name = "color", .type = F_COLOR},           \
        {.name = "filter",                                                                         \
         .type = F_JSON,                                                                           \
         .max = 4096,                                                                              \
         .help = "The query of chats.list as an object."},                                         \
    {                                                                                              \
        .name = "position", .type = F_INT, .min = 0, .max = 10000                                  \
    }
static const struct field view_add_fields[] = {VIEW_FIELDS(true), {0}};
static const struct field view_change_fields[] = {VIEW_FIELDS(false), {0}};

#define O "/api/{organizationId}"

const struct route inbox_setup_routes[] = {
    {.method = HTTP_GET,
     .path = O "/shortcuts",
     .id = "shortcuts.list",
     .summary = "Shortcuts that I can use.",
     .group = "Shortcuts",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &inbox_schema_shortcut,
     .shape = ANSWER_LIST,
     .sql = &SQL_SHORTCUTS_LIST},
    {.method = HTTP_POST,
     .path = O "/shortcuts",
     .id = "shortcuts.create",
     .summary = "Make a shortcut.",
     .group = "Shortcuts",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .creates = true,
     .fields = shortcut_add_fields,
     .answer = &inbox_schema_shortcut,
     .errors = "409 SHORTCUT_DUPLICATE|409 LIMIT_REACHED",
     .handler = shortcut_add},
    {.method = HTTP_PATCH,
     .path = O "/shortcuts/{shortcutId}",
     .id = "shortcuts.update",
     .summary = "Change a shortcut.",
     .group = "Shortcuts",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .fields = shortcut_change_fields,
     .answer = &inbox_schema_shortcut,
     .errors = "409 SHORTCUT_DUPLICATE",
     .handler = shortcut_change},
    {.method = HTTP_DELETE,
     .path = O "/shortcuts/{shortcutId}",
     .id = "shortcuts.remove",
     .summary = "Remove a shortcut.",
     .group = "Shortcuts",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .shape = ANSWER_EMPTY,
     .handler = shortcut_remove},
    {.method = HTTP_POST,
     .path = O "/shortcuts/{shortcutId}/render",
     .id = "shortcuts.render",
     .summary = "Fill in a shortcut for a chat.",
     .group = "Shortcuts",
     .permission = PERMISSION_CHATS_REPLY,
     .no_keys = true,
     .fields = render_fields,
     .answer = &rendered_schema,
     .handler = shortcut_render},
    {.method = HTTP_GET,
     .path = O "/closure-types",
     .id = "closureTypes.list",
     .summary = "Why chats end.",
     .group = "Closure types",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &inbox_schema_closure_type,
     .shape = ANSWER_LIST,
     .sql = &SQL_CLOSURE_TYPES_LIST},
    {.method = HTTP_POST,
     .path = O "/closure-types",
     .id = "closureTypes.create",
     .summary = "Add a closure type.",
     .group = "Closure types",
     .permission = PERMISSION_CLOSURE_TYPES_MANAGE,
     .creates = true,
     .fields = closure_add_fields,
     .answer = &inbox_schema_closure_type,
     .errors = "409 CLOSURE_TYPE_DUPLICATE|409 LIMIT_REACHED",
     .sql = &SQL_CLOSURE_TYPE_ADD},
    {.method = HTTP_PATCH,
     .path = O "/closure-types/{closureTypeId}",
     .id = "closureTypes.update",
     .summary = "Change a closure type.",
     .group = "Closure types",
     .permission = PERMISSION_CLOSURE_TYPES_MANAGE,
     .fields = closure_change_fields,
     .answer = &inbox_schema_closure_type,
     .errors = "409 CLOSURE_TYPE_DUPLICATE",
     .sql = &SQL_CLOSURE_TYPE_CHANGE},
    {.method = HTTP_DELETE,
     .path = O "/closure-types/{closureTypeId}",
     .id = "closureTypes.remove",
     .summary = "Remove a closure type.",
     .group = "Closure types",
     .permission = PERMISSION_CLOSURE_TYPES_MANAGE,
     .shape = ANSWER_EMPTY,
     .sql = &SQL_CLOSURE_TYPE_REMOVE},
    {.method = HTTP_GET,
     .path = O "/views",
     .id = "views.list",
     .summary = "My saved filters.",
     .group = "Views",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .answer = &inbox_schema_view,
     .shape = ANSWER_LIST,
     .sql = &SQL_VIEWS_LIST},
    {.method = HTTP_POST,
     .path = O "/views",
     .id = "views.create",
     .summary = "Save a filter.",
     .group = "Views",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .creates = true,
     .fields = view_add_fields,
     .answer = &inbox_schema_view,
     .errors = "409 TOO_MANY_VIEWS",
     .sql = &SQL_VIEW_ADD},
    {.method = HTTP_PATCH,
     .path = O "/views/{viewId}",
     .id = "views.update",
     .summary = "Change a saved filter.",
     .group = "Views",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .fields = view_change_fields,
     .answer = &inbox_schema_view,
     .sql = &SQL_VIEW_CHANGE},
    {.method = HTTP_DELETE,
     .path = O "/views/{viewId}",
     .id = "views.remove",
     .summary = "Remove a saved filter.",
     .group = "Views",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .shape = ANSWER_EMPTY,
     .sql = &SQL_VIEW_REMOVE},
    {0},
};
