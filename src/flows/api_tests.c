/* The test panel, recorded tests and a call tried over the API. */
#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/recorded.h"
#include "flows/run_schemas.h"
#include "flows/testing.h"
#include "sql.h"

#define CALLS_PER_MINUTE 30 /* to the outside, of one person, while a node is drawn */

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
    return e ? e : flow_session_reply(c, p, 201, session);
}

static enum err test_act(struct ctx *c, struct reply *p, struct test_do *d)
{
    d->session = in_uuid(c, "sessionId");
    enum err e = flow_test_do(c, d, NULL);
    return e ? e : flow_session_reply(c, p, 200, d->session);
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
    (void)r;
    struct flow_reply reply = flow_test_reply(c, (int)in_int(c, "status", 200), in_text(c, "body"));
    struct test_do d = {.act = TEST_ANSWER, .reply = &reply};
    return test_act(c, p, &d);
}

/* --- recorded tests ----------------------------------------------------------------------------- */

static enum err record(struct ctx *c, struct request *r, struct reply *p)
{
    json_t *script = NULL;
    const char *json = NULL;
    (void)r;
    enum err e = recorded_script(c, in_uuid(c, "sessionId"), &script);
    if (!e) e = db_json(c, &SQL_FLOW_TEST_ADD, PARAMS(P_JSON("script", script)), &json);
    if (e == ERR_NOT_FOUND && !c->fault.code)
        return fault(c, e, "FLOW_NOT_FOUND", "there is no such flow");
    if (!e) reply_json(c, p, 201, json);
    return e;
}

static enum err replay(struct ctx *c, struct request *r, struct reply *p)
{
    json_t *items = NULL;
    int failed = 0;
    (void)r;
    enum err e = flow_not_found(c, db_one(c, &SQL_FLOW_HEAD, NULL, NULL));
    if (!e) e = recorded_run(c, in_uuid(c, "flowId"), NULL, &items, &failed);
    if (e) return e;
    reply_jsonf(c, p, 200, flow_arena_json(c, json_pack("{s:O, s:n}", "items", items, "next")));
    return ERR_OK;
}

/* --- rows ---------------------------------------------------------------------------------- */

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

static const struct field http_fields[] = {
    {.name = "nodeId", .type = F_TEXT, .max = NODE_ID_MAX, .help = "Of the draft."},
    {.name = "data",
     .type = F_JSON,
     .max = 256 * KIB,
     .help = "The node's data as it is drawn; instead of the draft's.",
     .example = "{\"method\":\"GET\",\"url\":\"https://example.com/\"}"},
    {.name = "variables", .type = F_JSON, .max = FLOW_VARS_MAX_BYTES, .help = "{name: value}"},
    {.name = "customer", .type = F_JSON, .max = 8192, .help = "{name, phone, email, …}."},
    {0},
};

#define FLOW    "/api/{organizationId}/flows/{flowId}"
#define SESSION "/api/{organizationId}/flow-sessions/{sessionId}"
#define VIEWS   .group = "Flow runs", .permission = PERMISSION_FLOWS_VIEW
#define DRAWS   .group = "Flow runs", .permission = PERMISSION_FLOWS_EDIT
#define DETAIL  .answer = &flow_schema_session_detail

const struct route flow_test_routes[] = {
    {.method = HTTP_POST,
     .path = FLOW "/tests/session",
     .id = "flows.testBegin",
     .summary = "Begin a conversation with the draft.",
     DRAWS,
     .status = 201,
     .deadline_ms = FLOW_TESTS_MS,
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
     .deadline_ms = FLOW_TESTS_MS,
     .fields = say_fields,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER",
     .handler = test_say},
    {.method = HTTP_POST,
     .path = SESSION "/skip",
     .id = "flows.testSkip",
     .summary = "Let time pass in a test.",
     DRAWS,
     .deadline_ms = FLOW_TESTS_MS,
     .fields = skip_fields,
     DETAIL,
     .errors = "404 SESSION_NOT_FOUND|409 SESSION_OVER|409 NOTHING_TO_SKIP",
     .handler = test_skip},
    {.method = HTTP_POST,
     .path = SESSION "/answer-http",
     .id = "flows.testAnswer",
     .summary = "Answer the call that a test waits for.",
     DRAWS,
     .deadline_ms = FLOW_TESTS_MS,
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
     .deadline_ms = FLOW_TESTS_MS,
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
    {.method = HTTP_POST,
     .path = FLOW "/http-test",
     .id = "flows.httpTest",
     .summary = "Make the call of an http node once; says what it would put into variables.",
     DRAWS,
     .deadline_ms = FLOW_TESTS_MS,
     .rate_per_minute = CALLS_PER_MINUTE,
     .body_max = 512 * KIB,
     .fields = http_fields,
     .answer = &flow_schema_http_test,
     .errors = "400 FLOW_NODE_INVALID|404 FLOW_NOT_FOUND|404 NODE_NOT_FOUND",
     .handler = flow_http_test},
    {0},
};
