/* Starting a flow from outside over the API, and what happened at its nodes. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "crm/crm.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/schemas.h"
#include "flows/store.h"
#include "inbox/inbox.h"
#include "sql.h"

/* --- starting -------------------------------------------------------------------------- */

struct start {
    struct uuid chat, customer, session;
};

static enum err chat_of_contact(struct ctx *c, struct start *s)
{
    struct channel ch;
    struct inbox_opened opened = {0};
    struct crm_person person = {
        .customer = in_uuid(c, "customerId"),
        .kind = contact_kind_of(in_text(c, "contactType")),
        .identifier = in_text(c, "contactValue"),
        .name = in_text(c, "customerName"),
        .email = in_text(c, "email"),
        .phone = in_text(c, "phone"),
    };
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHANNEL_NOT_FOUND", "There is no such channel");
    if (!e) e = inbox_chat_open(c, &ch, &person, (struct uuid){0}, BEGIN_BOT, &opened);
    s->chat = opened.chat;
    s->customer = opened.customer;
    return e;
}

static enum err chat_given(struct ctx *c, struct start *s)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_START_CHAT, NULL, &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHAT_NOT_FOUND", "There is no such chat");
    if (e) return e;
    s->chat = rows_uuid(rows, 0, "id");
    s->customer = rows_uuid(rows, 0, "customer_id");
    return ERR_OK;
}

static enum err start_body(struct ctx *c, void *arg)
{
    struct start *s = arg;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const json_t *vars = in_json(c, "variables");
    json_t *trigger =
        flow_arena_json(c, json_pack("{s:s, s:O}", "kind", "api", "vars",
                                     vars ? vars : flow_arena_json(c, json_object())));
    enum err e = db_begin(c, &tx);
    if (!e) e = in_has(c, "chatId") ? chat_given(c, s) : chat_of_contact(c, s);
    if (!e)
        e = flow_start(c, in_uuid(c, "flowId"), s->chat, trigger, in_bool(c, "replace", false),
                       &s->session);
    if (!e) e = db_commit(c, &tx);
    return e;
}

static enum err flow_called(struct ctx *c, struct uuid flow, const char **ret_name)
{
    struct rows *rows = NULL;
    enum err e =
        flow_not_found(c, db_one(c, &SQL_FLOW_CALLED, PARAMS(P_UUID("flow", flow)), &rows));
    if (!e) *ret_name = arena_strdup(c->arena, rows_text(rows, 0, "name"));
    return e;
}

static enum err public_begin(struct ctx *c, struct uuid flow, struct uuid chat, const json_t *vars,
                             bool replace, struct uuid *ret_session, const char **ret_name)
{
    json_t *trigger = flow_arena_json(c, json_pack("{s:s, s:O?}", "kind", "api", "vars", vars));
    enum err e = flow_called(c, flow, ret_name);
    return e ? e : flow_start(c, flow, chat, trigger, replace, ret_session);
}

static enum err public_on_answer(struct ctx *c, struct uuid flow, struct uuid chat,
                                 const json_t *vars, const char **ret_name)
{
    enum err e = flow_called(c, flow, ret_name);
    if (!e) e = flow_vars_check(c, vars);
    if (e) return e;
    return db_exec(c, &SQL_FLOW_RESPONSE_SET,
                   PARAMS(P_UUID("flow", flow), P_UUID("chat", chat), P_JSON("vars", vars)));
}

const struct inbox_flows flow_public = {public_begin, public_on_answer};

static enum err start_check(struct ctx *c)
{
    const char *type = in_text(c, "contactType");
    const json_t *vars = in_json(c, "variables");
    if (vars && !json_is_object(vars))
        return fault_field(c, "variables", "INVALID_TYPE", "Must be an object");
    if (in_text(c, "chatId")) return ERR_OK;
    if (!in_text(c, "channelId"))
        fault_field(c, "channelId", "REQUIRED", "Give a chat, or a channel and a contact");
    if (!in_text(c, "contactValue"))
        fault_field(c, "contactValue", "REQUIRED", "Give a chat, or a channel and a contact");
    if (!type || !contact_kind_of(type))
        fault_field(c, "contactType", "INVALID_VALUE", "This type of contact is not known");
    return c->fault.detail_count > 0 ? ERR_INVALID : ERR_OK;
}

static enum err start(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct start s = {0};
    char session[UUID_TEXT_SIZE], chat[UUID_TEXT_SIZE], customer[UUID_TEXT_SIZE];
    enum err e = start_check(c);
    if (!e) e = flow_not_found(c, db_one(c, &SQL_FLOW_HEAD, NULL, NULL));
    if (!e) e = db_retry(c, start_body, &s);
    if (e) return e;
    json_t *answer = flow_arena_json(
        c, json_pack("{s:s, s:s, s:s}", "sessionId", uuid_text(s.session, session), "chatId",
                     uuid_text(s.chat, chat), "customerId", uuid_text(s.customer, customer)));
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field start_fields[] = {
    {.name = "chatId", .type = F_UUID, .help = "An open chat; or a channel and a contact:"},
    {.name = "channelId", .type = F_UUID},
    {.name = "contactType",
     .type = F_TEXT,
     .max = 20,
     .help = "As in chat/create.",
     .example = "\"whatsapp\""},
    {.name = "contactValue", .type = F_TEXT, .max = 320, .example = "\"+5511984217730\""},
    {.name = "customerId", .type = F_UUID, .help = "Whose contact this is, when it is known."},
    {.name = "customerName",
     .type = F_TEXT,
     .max = 120,
     .help = "Used while the customer has none."},
    {.name = "email", .type = F_EMAIL},
    {.name = "phone", .type = F_PHONE},
    {.name = "variables",
     .type = F_JSON,
     .max = FLOW_VARS_MAX_BYTES,
     .help = "{name: value} of the flow's variables.",
     .example = "{\"order\":\"4711\"}"},
    {.name = "replace",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "End what runs in the chat; otherwise 409 FLOW_RUNNING."},
    {0},
};
static const struct field no_fields[] = {{0}};
static const struct field stats_fields[] = {
    {.name = "from", .type = F_DATE, .in = IN_QUERY, .help = "UTC; absent: 30 days ago."},
    {.name = "to", .type = F_DATE, .in = IN_QUERY, .help = "The last day; absent: today."},
    {.name = "version",
     .type = F_INT,
     .in = IN_QUERY,
     .min = 1,
     .max = INT32_MAX,
     .help = "Only of this version; absent: of all."},
    {0},
};

#define O "/api/{organizationId}/flows/{flowId}"

const struct route flow_start_routes[] = {
    {.method = HTTP_POST,
     .path = O "/start",
     .id = "flows.start",
     .summary = "Start the live version for a customer; finds or makes customer and chat.",
     .group = "Flows",
     .permission = PERMISSION_FLOWS_RUN,
     .creates = true,
     .fields = start_fields,
     .answer = &flow_schema_started,
     .errors = "400 INVALID_PHONE|404 FLOW_NOT_FOUND|404 CHAT_NOT_FOUND|404 CHANNEL_NOT_FOUND|404 "
               "CUSTOMER_NOT_FOUND|409 FLOW_NOT_LIVE|409 FLOW_RUNNING|409 CHAT_CLOSED|409 "
               "CHAT_ASSIGNED|409 CUSTOMER_DUPLICATE|422 CONTACT_NOT_REACHABLE",
     .handler = start},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/chats/{chatId}/response-flow",
     .id = "flows.dropResponse",
     .summary = "Take away the flow that would start when the customer answers.",
     .group = "Flows",
     .permission = PERMISSION_FLOWS_RUN,
     .fields = no_fields,
     .shape = ANSWER_EMPTY,
     .errors = "404 CHAT_NOT_FOUND",
     .sql = &SQL_FLOW_RESPONSE_DROP},
    {.method = HTTP_GET,
     .path = O "/stats",
     .id = "flows.stats",
     .summary = "What happened at each node in a period; tests do not count.",
     .group = "Flows",
     .permission = PERMISSION_FLOWS_VIEW,
     .fields = stats_fields,
     .answer = &flow_schema_stats,
     .errors = "404 FLOW_NOT_FOUND",
     .sql = &SQL_FLOW_STATS},
    {0},
};
