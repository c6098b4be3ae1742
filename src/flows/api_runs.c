/* Sessions over the API: their list and trace, a person's hand on them, starting by hand. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/run_schemas.h"
#include "flows/store.h"
#include "sql.h"

#define O       "/api/{organizationId}"
#define FLOW    O "/flows/{flowId}"
#define SESSION O "/flow-sessions/{sessionId}"

/* --- sessions ------------------------------------------------------------------------------ */

enum err flow_session_reply(struct ctx *c, struct reply *p, int status, struct uuid session)
{
    const char *json = NULL;
    enum err e = db_json(c, &SQL_FLOW_SESSION_GET, PARAMS(P_UUID("sessionId", session)), &json);
    if (e == ERR_NOT_FOUND) return fault(c, e, "SESSION_NOT_FOUND", "there is no such session");
    if (!e) reply_json(c, p, status, json);
    return e;
}

static enum err change(struct ctx *c, struct reply *p, const char *what)
{
    const char *json = NULL;
    enum err e = db_json(c, &SQL_FLOW_SESSION_CHANGE, PARAMS(P_TEXT("what", what)), &json);
    if (e == ERR_NOT_FOUND && !c->fault.code)
        return fault(c, e, "SESSION_NOT_FOUND", "there is no such session");
    if (!e) reply_json(c, p, 200, json);
    return e;
}

static enum err stop(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return change(c, p, "stop");
}

static enum err pause_it(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return change(c, p, "pause");
}

static enum err resume(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return change(c, p, "resume");
}

static enum err retry(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return change(c, p, "retry");
}

/* --- by hand --------------------------------------------------------------------------------- */

static enum err hand_body(struct ctx *c, void *arg)
{
    struct uuid *session = arg;
    CLEANUP(json_decrefp)
    json_t *trigger = json_pack("{s:s, s:{s:s}}", "kind", "manual", "data", "by",
                                c->actor.name ? c->actor.name : "");
    return flow_start(c, in_uuid(c, "flowId"), in_uuid(c, "chatId"), trigger,
                      in_bool(c, "replace", false), session);
}

static enum err by_hand(struct ctx *c, struct request *r, struct reply *p)
{
    struct uuid session;
    (void)r;
    enum err e = db_one(c, &SQL_FLOW_CHAT_SEEN, NULL, NULL);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHAT_NOT_FOUND", "there is no such chat");
    if (!e) e = db_retry(c, hand_body, &session);
    return e ? e : flow_session_reply(c, p, 201, session);
}

/* --- rows --------------------------------------------------------------------------------------- */

static const struct field list_fields[] = {
    {.name = "status", .type = F_TEXT, .in = IN_QUERY, .help = "One or more, parted by commas."},
    {.name = "from", .type = F_DATETIME, .in = IN_QUERY},
    {.name = "to", .type = F_DATETIME, .in = IN_QUERY},
    {.name = "nodeId", .type = F_TEXT, .in = IN_QUERY, .max = NODE_ID_MAX},
    {.name = "search", .type = F_TEXT, .in = IN_QUERY, .max = 120, .help = "In customers' names."},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {0},
};
static const struct field resume_fields[] = {
    {.name = "skip",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "What the customer wrote meanwhile is no answer."},
    {0},
};
static const struct field hand_fields[] = {
    {.name = "flowId", .type = F_UUID, .required = true},
    {.name = "replace", .type = F_BOOL, .otherwise = "false", .help = "End what runs there."},
    {0},
};

#define VIEWS  .group = "Flow runs", .permission = PERMISSION_FLOWS_VIEW
#define RUNS   .group = "Flow runs", .permission = PERMISSION_FLOWS_RUN
#define DETAIL .answer = &flow_schema_session_detail

const struct route flow_run_routes[] = {
    {.method = HTTP_GET,
     .path = FLOW "/sessions",
     .id = "flows.sessions",
     .summary = "The sessions of a flow, newest first.",
     VIEWS,
     .fields = list_fields,
     .answer = &flow_schema_session,
     .shape = ANSWER_LIST,
     .errors = "404 FLOW_NOT_FOUND",
     .sql = &SQL_FLOW_SESSIONS_LIST},
    {.method = HTTP_GET,
     .path = SESSION,
     .id = "flows.session",
     .summary = "One session with its trace.",
     VIEWS,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND",
     .sql = &SQL_FLOW_SESSION_GET},
    {.method = HTTP_POST,
     .path = SESSION "/stop",
     .id = "flows.stopSession",
     .summary = "End a session; the chat is a person's.",
     RUNS,
     .answer = &flow_schema_session,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER",
     .handler = stop},
    {.method = HTTP_POST,
     .path = SESSION "/pause",
     .id = "flows.pauseSession",
     .summary = "Let a session rest; the chat is a person's.",
     RUNS,
     .answer = &flow_schema_session,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER",
     .handler = pause_it},
    {.method = HTTP_POST,
     .path = SESSION "/resume",
     .id = "flows.resumeSession",
     .summary = "Let a paused session go on; the chat is the flow's again.",
     RUNS,
     .fields = resume_fields,
     .answer = &flow_schema_session,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_NOT_PAUSED",
     .handler = resume},
    {.method = HTTP_POST,
     .path = SESSION "/retry",
     .id = "flows.retrySession",
     .summary = "Try the step that failed again.",
     RUNS,
     .answer = &flow_schema_session,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_NOT_FAILED|409 FLOW_RUNNING|409 CHAT_CLOSED",
     .handler = retry},
    {.method = HTTP_GET,
     .path = O "/chats/{chatId}/flows",
     .id = "flows.startableInChat",
     .summary = "The live flows with a trigger by hand, also for who may not see flows.",
     RUNS,
     .answer = &flow_schema_choice,
     .shape = ANSWER_LIST,
     .errors = "404 CHAT_NOT_FOUND",
     .sql = &SQL_FLOW_CHAT_FLOWS},
    {.method = HTTP_POST,
     .path = O "/chats/{chatId}/flow",
     .id = "flows.startInChat",
     .summary = "Start a flow in a chat.",
     RUNS,
     .status = 201,
     .fields = hand_fields,
     DETAIL,
     .errors = "404 CHAT_NOT_FOUND|409 FLOW_NOT_LIVE|409 FLOW_RUNNING|409 CHAT_CLOSED",
     .handler = by_hand},
    {0},
};
