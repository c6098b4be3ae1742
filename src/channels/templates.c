/* Templates: our copy kept in step, one filled in for sending, and the routes (templates.h). What
 * the platform must be asked for happens before the handler's transaction (.prepare). */
#include "channels/templates.h"

#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "sql.h"

#define COMPONENTS_MAX 20

/* --- in step --------------------------------------------------------------------------- */

enum err templates_sync(struct ctx *c, const struct channel *ch, int *ret_count)
{
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    json_t *list = NULL;
    if (!kind || !kind->templates)
        return fault(c, ERR_UNPROCESSABLE, "TEMPLATES_NONE", "this channel has no templates");
    int64_t since_ms = clock_unix_ms();
    enum err e = kind->templates->list(c, ch, &list);
    if (e) return e;
    if (ret_count) *ret_count = (int)json_array_size(list);
    return db_exec(
        c, &SQL_TEMPLATES_SYNC,
        PARAMS(P_UUID("channel", ch->id), P_INT("since_ms", since_ms), P_JSON("list", list)));
}

enum err template_prepare(struct ctx *c, struct uuid channel, const char *name,
                          const char *language, struct uuid id, const json_t *parameters,
                          struct template_filled *ret)
{
    const char *text = NULL, *field = NULL;
    json_t *t = NULL;
    enum err e = db_json(c, &SQL_TEMPLATE_FIND,
                         PARAMS(P_UUID("channel", channel), P_TEXT("name", name),
                                P_TEXT("language", language), P_UUID("id", id)),
                         &text);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "TEMPLATE_NOT_FOUND", "this channel has no such template");
    if (!e) e = json_parse(c->arena, text, strlen(text), &t, NULL);
    if (e) return e;
    const char *status = json_get_text(t, "status");
    if (!status || strcmp(status, "APPROVED") != 0)
        return fault(c, ERR_UNPROCESSABLE, "TEMPLATE_NOT_APPROVED",
                     "the platform has not approved this template, or stopped it");
    const char *why = template_fill(c->arena, t, parameters, ret, &field);
    if (!why) return ERR_OK;
    fault_field(c, field, "TEMPLATE_PARAMETERS", "%s", why);
    return ERR_INVALID;
}

/* --- routes ---------------------------------------------------------------------------- */

static enum err load(struct ctx *c, struct channel *ch, const struct template_functions **ret)
{
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, ch);
    if (e) return e;
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    *ret = kind ? kind->templates : NULL;
    if (!*ret)
        return fault(c, ERR_UNPROCESSABLE, "TEMPLATES_NONE", "this channel has no templates");
    return ERR_OK;
}

static enum err handle_sync(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct channel ch;
    int count = 0;
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (!e) e = templates_sync(c, &ch, &count);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *answer = json_pack("{s:i}", "count", count);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* The platform is asked before the row is made: what it refuses leaves nothing behind. */
static enum err prepare_create(struct ctx *c, const struct request *r)
{
    (void)r;
    struct channel ch;
    const struct template_functions *functions = NULL;
    enum err e = load(c, &ch, &functions);
    if (e) return e;
    const char *format = in_text(c, "format");
    json_t *t = json_pack("{s:s, s:s, s:s, s:s, s:O}", "name", in_text(c, "name"), "language",
                          in_text(c, "language"), "category", in_text(c, "category"), "format",
                          format ? format : "positional", "components", in_json(c, "components"));
    json_t *made = NULL;
    e = functions->create(c, &ch, t, &made);
    json_decref(t);
    if (e) return e;
    c->prepared = made;
    return ERR_OK;
}

static enum err handle_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const json_t *made = c->prepared;
    const char *text = NULL, *category = json_get_text(made, "category");
    enum err e = db_json(c, &SQL_TEMPLATE_ADD,
                         PARAMS(P_UUID("channelId", in_uuid(c, "channelId")),
                                P_TEXT("name", in_text(c, "name")),
                                P_TEXT("language", in_text(c, "language")),
                                P_TEXT("category", category ? category : in_text(c, "category")),
                                P_TEXT("format", in_text(c, "format")),
                                P_JSON("components", in_json(c, "components")),
                                P_TEXT("external_id", json_get_text(made, "externalId")),
                                P_TEXT("status", json_get_text(made, "status"))),
                         &text);
    if (e) return e;
    reply_json(c, p, 201, text);
    return ERR_OK;
}

static enum err handle_remove(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct channel ch;
    const struct template_functions *functions = NULL;
    struct rows *rows = NULL;
    struct uuid channel = in_uuid(c, "channelId"), id = in_uuid(c, "templateId");
    enum err e = load(c, &ch, &functions);
    if (!e)
        e = db_one(c, &SQL_TEMPLATE_NAMES,
                   PARAMS(P_UUID("channelId", channel), P_UUID("templateId", id)), &rows);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "TEMPLATE_NOT_FOUND", "this channel has no such template");
    if (!e)
        e = functions->remove(c, &ch, rows_text(rows, 0, "external_id"),
                              rows_text(rows, 0, "name"));
    if (!e)
        e = db_exec(c, &SQL_TEMPLATE_REMOVE,
                    PARAMS(P_UUID("channelId", channel), P_UUID("templateId", id)));
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field template_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "channelId", .type = F_UUID, .required = true},
    {.name = "externalId", .type = F_TEXT, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "language", .type = F_TEXT, .required = true},
    {.name = "category", .type = F_TEXT, .required = true},
    {.name = "status",
     .type = F_TEXT,
     .required = true,
     .help = "APPROVED can be sent; PENDING, REJECTED, PAUSED, DISABLED and others of the platform "
             "cannot."},
    {.name = "reason", .type = F_TEXT, .required = true},
    {.name = "quality", .type = F_TEXT, .required = true},
    {.name = "format", .type = F_ENUM, .values = "positional|named", .required = true},
    {.name = "components",
     .type = F_ARRAY,
     .of = F_JSON,
     .required = true,
     .help = "HEADER, BODY, FOOTER, BUTTONS, as the platform writes them."},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "updatedAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema template_schema = {
    "Template", "A message that the platform approved beforehand.", template_fields};

static const struct field count_fields[] = {
    {.name = "count", .type = F_INT, .required = true, .help = "Templates that there are now."},
    {0},
};
static const struct schema count_schema = {
    "TemplateSync", "What a synchronisation of templates found.", count_fields};

static const struct field usable_fields[] = {
    {.name = "channelId", .type = F_UUID, .in = IN_QUERY, .help = "Only of this account."},
    {0},
};

static const struct field create_fields[] = {
    {.name = "name",
     .type = F_TEXT,
     .required = true,
     .min = 1,
     .max = 512,
     .help = "a-z, 0-9 and _.",
     .example = "\"retorno_de_consulta\""},
    {.name = "language",
     .type = F_TEXT,
     .required = true,
     .min = 2,
     .max = 10,
     .help = "As the platform writes it.",
     .example = "\"pt_BR\""},
    {.name = "category",
     .type = F_ENUM,
     .values = "UTILITY|MARKETING|AUTHENTICATION",
     .required = true},
    {.name = "format",
     .type = F_ENUM,
     .values = "positional|named",
     .otherwise = "\"positional\"",
     .help = "Variables are {{1}}, {{2}}, … or {{name}}."},
    {.name = "components",
     .type = F_ARRAY,
     .of = F_JSON,
     .required = true,
     .min = 1,
     .max = COMPONENTS_MAX,
     .help = "HEADER, BODY, FOOTER, BUTTONS, with examples of the variables.",
     .example = "[{\"type\":\"BODY\",\"text\":\"Olá {{1}}, seu pedido chegou.\",\"example\":"
                "{\"body_text\":[[\"Ana\"]]}}]"},
    {0},
};

#define OF_CHANNEL "/api/{organizationId}/channels/{channelId}/templates"

const struct route templates_routes[] = {
    {.method = HTTP_GET,
     .path = OF_CHANNEL,
     .id = "templates.list",
     .summary = "Templates of an account, all states.",
     .group = "Templates",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &template_schema,
     .shape = ANSWER_LIST,
     .errors = "404 CHANNEL_NOT_FOUND",
     .sql = &SQL_TEMPLATES_LIST},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/templates",
     .id = "templates.usable",
     .summary = "Templates that can be sent, of all accounts or one.",
     .group = "Templates",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = usable_fields,
     .answer = &template_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_TEMPLATES_USABLE},
    {.method = HTTP_POST,
     .path = OF_CHANNEL "/sync",
     .id = "templates.sync",
     .summary = "Fetch an account's templates from the platform.",
     .group = "Templates",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .answer = &count_schema,
     .deadline_ms = 60000,
     .rate_per_minute = 20,
     .errors = "404 CHANNEL_NOT_FOUND|422 TEMPLATES_NONE|422 META_TOKEN",
     .handler = handle_sync},
    {.method = HTTP_POST,
     .path = OF_CHANNEL,
     .id = "templates.create",
     .summary = "Ask the platform to approve a new template.",
     .group = "Templates",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .creates = true,
     .fields = create_fields,
     .answer = &template_schema,
     .deadline_ms = 45000,
     .errors = "404 CHANNEL_NOT_FOUND|409 TEMPLATE_DUPLICATE|422 TEMPLATES_NONE|422 "
               "TEMPLATE_REFUSED",
     .prepare = prepare_create,
     .handler = handle_create},
    {.method = HTTP_DELETE,
     .path = OF_CHANNEL "/{templateId}",
     .id = "templates.remove",
     .summary = "Remove a template here and at the platform.",
     .group = "Templates",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .shape = ANSWER_EMPTY,
     .deadline_ms = 45000,
     .errors = "404 CHANNEL_NOT_FOUND|404 TEMPLATE_NOT_FOUND|422 TEMPLATES_NONE|422 "
               "TEMPLATE_REFUSED",
     .handler = handle_remove},
    {0},
};
