/* Shapes of the answers about sessions and tests (sql/functions/flows_read.sql makes them). */
#include "flows/run_schemas.h"

static const struct field request_fields[] = {
    {.name = "n", .type = F_INT, .help = "Of the session: part of its idempotency key."},
    {.name = "method", .type = F_TEXT, .required = true},
    {.name = "url", .type = F_TEXT, .required = true},
    {.name = "headers", .type = F_JSON, .nullable = true},
    {.name = "body", .type = F_TEXT, .nullable = true},
    {.name = "timeoutMs", .type = F_INT},
    {.name = "retries", .type = F_INT},
    {0},
};
static const struct field wait_fields[] = {
    {.name = "kind", .type = F_ENUM, .values = "answer|timer|http|call", .required = true},
    {.name = "nodeId", .type = F_TEXT, .required = true},
    {.name = "until", .type = F_DATETIME, .nullable = true},
    {.name = "request",
     .type = F_OBJECT,
     .nullable = true,
     .fields = request_fields,
     .help = "Of tests: the call to answer."},
    {0},
};
static const struct field error_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true},
    {.name = "message", .type = F_TEXT, .required = true},
    {.name = "nodeId", .type = F_TEXT, .nullable = true},
    {0},
};

#define SESSION_FIELDS                                                                             \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "flowId", .type = F_UUID, .required = true},                                      \
        {.name = "version", .type = F_INT, .nullable = true, .help = "Null: a draft."},            \
        {.name = "test", .type = F_BOOL, .required = true},                                        \
        {.name = "status",                                                                         \
         .type = F_ENUM,                                                                           \
         .values = "running|waiting|paused|done|failed|stopped",                                   \
         .required = true},                                                                        \
        {.name = "endedHow", .type = F_TEXT, .required = true},                                    \
        {.name = "chatId", .type = F_UUID, .nullable = true},                                      \
        {.name = "customerId", .type = F_UUID, .nullable = true},                                  \
        {.name = "customerName", .type = F_TEXT, .nullable = true},                                \
        {.name = "channelId", .type = F_UUID, .nullable = true},                                   \
        {.name = "nodeId", .type = F_TEXT, .nullable = true},                                      \
        {.name = "nodeName", .type = F_TEXT, .nullable = true},                                    \
        {.name = "wait", .type = F_OBJECT, .nullable = true, .fields = wait_fields},               \
        {.name = "steps", .type = F_INT, .required = true},                                        \
        {.name = "trigger", .type = F_JSON, .required = true},                                     \
        {.name = "error", .type = F_OBJECT, .nullable = true, .fields = error_fields},             \
        {.name = "masked",                                                                         \
         .type = F_BOOL,                                                                           \
         .required = true,                                                                         \
         .help = "Values are hidden from who may not see contacts."},                              \
        {.name = "startedAt", .type = F_DATETIME, .required = true},                               \
        {.name = "updatedAt", .type = F_DATETIME, .required = true},                               \
    {                                                                                              \
        .name = "endedAt", .type = F_DATETIME, .nullable = true                                    \
    }

static const struct field session_fields[] = {SESSION_FIELDS, {0}};

static const struct field log_fields[] = {
    {.name = "n", .type = F_INT, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "flowId", .type = F_UUID, .nullable = true},
    {.name = "nodeId", .type = F_TEXT, .required = true},
    {.name = "type", .type = F_TEXT, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "what",
     .type = F_ENUM,
     .values = "entered|answered|timeout|http|returned|retried",
     .required = true},
    {.name = "port", .type = F_TEXT, .nullable = true, .help = "Null: it waits, ended or failed."},
    {.name = "ms", .type = F_INT, .required = true},
    {.name = "us", .type = F_INT, .required = true},
    {.name = "data", .type = F_JSON, .required = true},
    {.name = "error", .type = F_OBJECT, .nullable = true, .fields = error_fields},
    {0},
};
static const struct field option_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true},
    {.name = "title", .type = F_TEXT, .required = true},
    {.name = "description", .type = F_TEXT},
    {0},
};
static const struct field event_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "text", .type = F_TEXT, .required = true},
    {0},
};
static const struct field line_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "from", .type = F_ENUM, .values = "flow|customer|event", .required = true},
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "text", .type = F_TEXT, .required = true},
    {.name = "options", .type = F_ARRAY, .of = F_OBJECT, .fields = option_fields, .nullable = true},
    {.name = "display", .type = F_TEXT, .nullable = true},
    {.name = "files", .type = F_JSON},
    {.name = "template", .type = F_JSON, .nullable = true},
    {.name = "event", .type = F_OBJECT, .fields = event_fields},
    {.name = "nodeId", .type = F_TEXT, .nullable = true},
    {0},
};
static const struct field detail_fields[] = {
    SESSION_FIELDS,
    {.name = "vars", .type = F_JSON, .required = true},
    {.name = "log",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = log_fields,
     .max = 500,
     .required = true},
    {.name = "transcript", .type = F_ARRAY, .of = F_OBJECT, .fields = line_fields, .max = 10000},
    {.name = "clock", .type = F_DATETIME, .help = "Of a test: its time."},
    {.name = "httpReal", .type = F_BOOL},
    {0},
};
static const struct field seen_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "text", .type = F_TEXT, .required = true},
    {.name = "options", .type = F_ARRAY, .of = F_TEXT, .required = true, .help = "Titles."},
    {.name = "event", .type = F_TEXT},
    {0},
};
#define RESULT_SHAPE                                                                               \
    {.name = "ok", .type = F_BOOL, .required = true},                                              \
        {.name = "message", .type = F_TEXT, .required = true},                                     \
        {.name = "step",                                                                           \
         .type = F_INT,                                                                            \
         .nullable = true,                                                                         \
         .help = "The act that was not possible, from 1."},                                        \
        {.name = "line",                                                                           \
         .type = F_INT,                                                                            \
         .nullable = true,                                                                         \
         .help = "The first line of the flow that differs, from 0."},                              \
        {.name = "expected", .type = F_OBJECT, .nullable = true, .fields = seen_fields},           \
    {                                                                                              \
        .name = "got", .type = F_OBJECT, .nullable = true, .fields = seen_fields                   \
    }

static const struct field result_fields[] = {
    RESULT_SHAPE, {.name = "at", .type = F_DATETIME, .required = true}, {0}};
static const struct field test_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "by", .type = F_UUID, .nullable = true},
    {.name = "lastResult", .type = F_OBJECT, .nullable = true, .fields = result_fields},
    {0},
};
const struct field flow_test_result_fields[] = {{.name = "id", .type = F_UUID, .required = true},
                                                {.name = "name", .type = F_TEXT, .required = true},
                                                RESULT_SHAPE,
                                                {0}};
static const struct field removed_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {0},
};

static const struct field pair_fields[] = {{.name = "name", .type = F_TEXT, .required = true},
                                           {.name = "value", .type = F_TEXT, .required = true},
                                           {0}};
static const struct field called_fields[] = {
    {.name = "method", .type = F_TEXT, .required = true},
    {.name = "url", .type = F_TEXT, .required = true},
    {.name = "headers", .type = F_ARRAY, .of = F_OBJECT, .fields = pair_fields, .required = true},
    {.name = "body", .type = F_TEXT, .required = true, .nullable = true},
    {0},
};
static const struct field set_fields[] = {
    {.name = "variable", .type = F_TEXT, .required = true},
    {.name = "path",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Null: the variable of the status, or of the whole answer."},
    {.name = "found", .type = F_BOOL, .required = true},
    {.name = "value", .type = F_JSON, .required = true, .nullable = true},
    {.name = "error", .type = F_OBJECT, .required = true, .nullable = true, .fields = error_fields},
    {0},
};
static const struct field http_test_fields[] = {
    {.name = "request", .type = F_OBJECT, .fields = called_fields, .required = true},
    {.name = "ok", .type = F_BOOL, .required = true, .help = "It answered below 400."},
    {.name = "status", .type = F_INT, .required = true, .help = "0: no answer."},
    {.name = "headers", .type = F_ARRAY, .of = F_OBJECT, .fields = pair_fields, .required = true},
    {.name = "body", .type = F_TEXT, .required = true, .help = "At most 64 KB."},
    {.name = "bodyTruncated", .type = F_BOOL, .required = true},
    {.name = "tookMs", .type = F_INT, .required = true},
    {.name = "error", .type = F_OBJECT, .required = true, .nullable = true, .fields = error_fields},
    {.name = "sets", .type = F_ARRAY, .of = F_OBJECT, .fields = set_fields, .required = true},
    {0},
};
const struct schema flow_schema_http_test = {"FlowHttpTest", "A call of a node, tried.",
                                             http_test_fields};

const struct schema flow_schema_session = {"FlowSession", "A session of a flow.", session_fields};
const struct schema flow_schema_session_detail = {"FlowSessionDetail", "A session with its trace.",
                                                  detail_fields};
const struct schema flow_schema_test = {"FlowTest", "A recorded test.", test_fields};
const struct schema flow_schema_test_result = {"FlowTestResult", "How a recorded test went.",
                                               flow_test_result_fields};
const struct schema flow_schema_test_removed = {"FlowTestRemoved", "A test that is gone.",
                                                removed_fields};
