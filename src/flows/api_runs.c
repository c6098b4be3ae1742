/* Sessions over the API: their list and trace, a person's hand on them, starting by hand, the test
 * panel and recorded tests. */
#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/run_schemas.h"
#include "flows/testing.h"
#include "sql.h"

#define O       "/api/{organizationId}"
#define FLOW    O "/flows/{flowId}"
#define SESSION O "/flow-sessions/{sessionId}"

/* --- sessions ------------------------------------------------------------------------------ */

static enum err reply_detail(struct ctx *c, struct reply *p, int status, struct uuid session)
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
    return e ? e : reply_detail(c, p, 201, session);
}

/* --- the test panel --------------------------------------------------------------------------- */

static enum err test_begin(struct ctx *c, struct request *r, struct reply *p)
{
    struct uuid session;
    int64_t clock_ms = 0;
    const char *clock = in_text(c, "clock");
    const json_t *graph = in_json(c, "graph");
    (void)r;
    if (clock) (void)time_parse(clock, &clock_ms);
    struct test_do d = {
        .act = TEST_BEGIN,
        .flow = in_uuid(c, "flowId"),
        .channel_kind = in_text(c, "channelKind"),
        .customer = in_json(c, "customer"),
        .trigger = in_json(c, "trigger"),
        .graph = (json_t *)(uintptr_t)graph,
        .http_real = in_bool(c, "httpReal", false),
        .clock_ms = clock_ms,
    };
    if (!channel_kind_find(d.channel_kind))
        return fault_field(c, "channelKind", "NOT_FOUND", "there is no such kind of channel");
    enum err e = flow_test_do(c, &d, &session);
    return e ? e : reply_detail(c, p, 201, session);
}

static enum err test_act(struct ctx *c, struct reply *p, struct test_do *d)
{
    d->session = in_uuid(c, "sessionId");
    enum err e = flow_test_do(c, d, NULL);
    return e ? e : reply_detail(c, p, 200, d->session);
}

static enum err test_say(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct test_do d = {.act = TEST_SAY,
                        .text = in_text(c, "text"),
                        .option = in_text(c, "optionId"),
                        .file = in_uuid(c, "fileId")};
    if (!d.text && !d.option && uuid_is_nil(d.file))
        return fault_field(c, "text", "REQUIRED", "say something");
    return test_act(c, p, &d);
}

static enum err test_skip(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct test_do d = {.act = TEST_SKIP, .skip_ms = in_int(c, "ms", 0)};
    return test_act(c, p, &d);
}

static enum err test_answer(struct ctx *c, struct request *r, struct reply *p)
{
    const char *body = in_text(c, "body");
    json_t *json = NULL;
    (void)r;
    if (body && json_parse(c->arena, body, strlen(body), &json, NULL)) json = NULL;
    struct flow_reply reply = {
        .status = (int)in_int(c, "status", 200),
        .code = "",
        .error = "",
        .body = body ? body : "",
        .json = json,
        .tries = 1,
    };
    if (reply.status == 0) {
        reply.code = "CALL_TIMEOUT";
        reply.error = "no answer";
    }
    struct test_do d = {.act = TEST_ANSWER, .reply = &reply};
    return test_act(c, p, &d);
}

/* --- recorded tests ----------------------------------------------------------------------------- */

static enum err record(struct ctx *c, struct request *r, struct reply *p)
{
    json_t *script = NULL;
    const char *json = NULL;
    (void)r;
    enum err e = flow_test_script(c, in_uuid(c, "sessionId"), &script);
    if (!e) e = db_json(c, &SQL_FLOW_TEST_ADD, PARAMS(P_JSON("script", script)), &json);
    if (e == ERR_NOT_FOUND && !c->fault.code)
        return fault(c, e, "FLOW_NOT_FOUND", "there is no such flow");
    if (!e) reply_json(c, p, 201, json);
    return e;
}

static enum err replay_one(struct ctx *c, const struct rows *rows, int i, json_t *items)
{
    char at[TIME_TEXT_SIZE];
    const char *id = rows_text(rows, i, "id"), *text = rows_text(rows, i, "script"), *why = NULL;
    json_t *script = NULL;
    enum err e = json_parse(c->arena, text, strlen(text), &script, NULL);
    if (!e) e = flow_test_replay(c, in_uuid(c, "flowId"), NULL, script, &why);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *result = json_pack("{s:b, s:s, s:s}", "ok", why == NULL, "at",
                               time_text(clock_unix_ms(), at), "message", why ? why : "");
    e = db_exec(c, &SQL_FLOW_TEST_RESULT, PARAMS(P_TEXT("testId", id), P_JSON("result", result)));
    json_array_append_new(items, json_pack("{s:s, s:b, s:s}", "id", id, "ok", why == NULL,
                                           "message", why ? why : ""));
    return e;
}

static enum err replay(struct ctx *c, struct request *r, struct reply *p)
{
    struct rows *rows = NULL;
    json_t *items = flow_arena_json(c, json_array());
    (void)r;
    enum err e = flow_not_found(c, db_one(c, &SQL_FLOW_HEAD, NULL, NULL));
    if (!e) e = db_query(c, &SQL_FLOW_TESTS_RUN, NULL, &rows);
    for (int i = 0; !e && i < rows_count(rows); i++)
        e = replay_one(c, rows, i, items);
    if (e) return e;
    reply_jsonf(c, p, 200, flow_arena_json(c, json_pack("{s:O, s:n}", "items", items, "next")));
    return ERR_OK;
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
static const struct field begin_fields[] = {
    {.name = "channelKind", .type = F_TEXT, .max = 20, .otherwise = "\"webchat\""},
    {.name = "customer", .type = F_JSON, .max = 8192, .help = "{name, phone, email, …}."},
    {.name = "trigger", .type = F_JSON, .max = 8192, .help = "{kind, text}: text is said first."},
    {.name = "graph", .type = F_JSON, .max = FLOW_GRAPH_MAX_BYTES, .help = "Instead of the draft."},
    {.name = "httpReal", .type = F_BOOL, .otherwise = "false", .help = "Calls leave the house."},
    {.name = "clock", .type = F_DATETIME, .help = "The clock stands there until it is moved."},
    {0},
};
static const struct field say_fields[] = {
    {.name = "text", .type = F_TEXT, .max = 4096},
    {.name = "optionId", .type = F_TEXT, .max = NODE_ID_MAX},
    {.name = "fileId", .type = F_UUID},
    {0},
};
static const struct field skip_fields[] = {
    {.name = "ms",
     .type = F_INT,
     .min = 0,
     .max = FLOW_WAIT_MAX_MS,
     .otherwise = "0",
     .help = "So far; 0: to the time that it waits for."},
    {0},
};
static const struct field answer_fields[] = {
    {.name = "status", .type = F_INT, .min = 0, .max = 599, .otherwise = "200", .help = "0: none."},
    {.name = "body", .type = F_TEXT, .raw = true, .max = FLOW_HTTP_MAX_BYTES},
    {0},
};
static const struct field record_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 80},
    {.name = "sessionId", .type = F_UUID, .required = true},
    {0},
};

#define VIEWS  .group = "Flow runs", .permission = PERMISSION_FLOWS_VIEW
#define RUNS   .group = "Flow runs", .permission = PERMISSION_FLOWS_RUN
#define DRAWS  .group = "Flow runs", .permission = PERMISSION_FLOWS_EDIT
#define DETAIL .answer = &flow_schema_session_detail
#define TAKES  65000 /* ms: a real call may be under way */

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
    {.method = HTTP_POST,
     .path = FLOW "/tests/session",
     .id = "flows.testBegin",
     .summary = "Begin a conversation with the draft.",
     DRAWS,
     .status = 201,
     .deadline_ms = TAKES,
     .body_max = 2 * FLOW_GRAPH_MAX_BYTES,
     .fields = begin_fields,
     DETAIL,
     .errors = "404 FLOW_NOT_FOUND|400 FLOW_GRAPH_INVALID",
     .handler = test_begin},
    {.method = HTTP_POST,
     .path = SESSION "/say",
     .id = "flows.testSay",
     .summary = "Say something in a test, or press a button.",
     DRAWS,
     .deadline_ms = TAKES,
     .fields = say_fields,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER",
     .handler = test_say},
    {.method = HTTP_POST,
     .path = SESSION "/skip",
     .id = "flows.testSkip",
     .summary = "Let time pass in a test.",
     DRAWS,
     .deadline_ms = TAKES,
     .fields = skip_fields,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER|409 NOTHING_TO_SKIP",
     .handler = test_skip},
    {.method = HTTP_POST,
     .path = SESSION "/answer-http",
     .id = "flows.testAnswer",
     .summary = "Answer the call that a test waits for.",
     DRAWS,
     .deadline_ms = TAKES,
     .body_max = 2 * FLOW_HTTP_MAX_BYTES,
     .fields = answer_fields,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER|409 NO_REQUEST",
     .handler = test_answer},
    {.method = HTTP_GET,
     .path = FLOW "/tests",
     .id = "flows.tests",
     .summary = "The recorded tests of a flow.",
     VIEWS,
     .answer = &flow_schema_test,
     .shape = ANSWER_LIST,
     .errors = "404 FLOW_NOT_FOUND",
     .sql = &SQL_FLOW_TESTS_LIST},
    {.method = HTTP_POST,
     .path = FLOW "/tests",
     .id = "flows.recordTest",
     .summary = "Keep a conversation as a test.",
     DRAWS,
     .status = 201,
     .fields = record_fields,
     .answer = &flow_schema_test,
     .errors = "404 FLOW_NOT_FOUND|404 SESSION_NOT_FOUND|409 LIMIT_REACHED",
     .handler = record},
    {.method = HTTP_POST,
     .path = FLOW "/tests/run",
     .id = "flows.runTests",
     .summary = "Run the recorded tests against the draft.",
     DRAWS,
     .deadline_ms = TAKES,
     .answer = &flow_schema_test_result,
     .shape = ANSWER_LIST,
     .errors = "404 FLOW_NOT_FOUND",
     .handler = replay},
    {.method = HTTP_DELETE,
     .path = FLOW "/tests/{testId}",
     .id = "flows.removeTest",
     .summary = "Forget a recorded test.",
     DRAWS,
     .answer = &flow_schema_test_removed,
     .errors = "404 TEST_NOT_FOUND",
     .sql = &SQL_FLOW_TEST_REMOVE},
    {0},
};
