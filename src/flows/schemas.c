/* Shapes of the answers about flows. The JSON itself is made by flow_json and its kin
 * (sql/functions/flow_api.sql) and by the rows of nodes and triggers. */
#include "flows/schemas.h"

#include "flows/run_schemas.h"

/* --- flows ----------------------------------------------------------------------------- */

static const struct field trigger_brief[] = {
    {.name = "kind", .type = F_TEXT, .required = true, .example = "\"keyword\""},
    {.name = "enabled", .type = F_BOOL, .required = true},
    {.name = "channelIds", .type = F_ARRAY, .of = F_UUID},
    {.name = "words", .type = F_ARRAY, .of = F_TEXT, .help = "At most ten of them."},
    {0},
};

#define FLOW_SHAPE                                                                                 \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "name", .type = F_TEXT, .required = true, .example = "\"Boas-vindas\""},          \
        {.name = "kind",                                                                           \
         .type = F_ENUM,                                                                           \
         .values = "general|closing|stage|transfer",                                               \
         .required = true},                                                                        \
        {.name = "enabled", .type = F_BOOL, .required = true},                                     \
        {.name = "priority", .type = F_INT, .required = true, .example = "0"},                     \
        {.name = "publishedVersion", .type = F_INT, .required = true, .nullable = true},           \
        {.name = "draftRevision", .type = F_INT, .required = true, .example = "31"},               \
        {.name = "changed",                                                                        \
         .type = F_BOOL,                                                                           \
         .required = true,                                                                         \
         .help = "The draft differs from the live version."},                                      \
        {.name = "triggers",                                                                       \
         .type = F_ARRAY,                                                                          \
         .of = F_OBJECT,                                                                           \
         .fields = trigger_brief,                                                                  \
         .required = true,                                                                         \
         .help = "Of the live version; of the draft as long as there is none."},                   \
        {.name = "nodeCount", .type = F_INT, .required = true},                                    \
        {.name = "sessionsRunning",                                                                \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .help = "That run, wait or pause now."},                                                  \
        {.name = "draftAt", .type = F_DATETIME, .required = true},                                 \
        {.name = "draftBy", .type = F_UUID, .required = true, .nullable = true},                   \
    {                                                                                              \
        .name = "createdAt", .type = F_DATETIME, .required = true                                  \
    }

static const struct field flow_fields[] = {FLOW_SHAPE, {0}};
const struct schema flow_schema_item = {"Flow", "A flow.", flow_fields};

static const struct field problem_fields[] = {
    {.name = "severity", .type = F_ENUM, .values = "error|warning", .required = true},
    {.name = "nodeId", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "field",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Of the node's data.",
     .example = "\"options[2].title\""},
    {.name = "port", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "code", .type = F_TEXT, .required = true, .example = "\"PORT_OPEN\""},
    {.name = "message", .type = F_TEXT, .required = true},
    {.name = "data",
     .type = F_JSON,
     .required = true,
     .nullable = true,
     .help = "Numbers and names for the words."},
    {0},
};

#define PROBLEMS                                                                                   \
    {                                                                                              \
        .name = "problems", .type = F_ARRAY, .of = F_OBJECT, .fields = problem_fields,             \
        .required = true                                                                           \
    }

static const struct field published_brief[] = {
    {.name = "number", .type = F_INT, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "by", .type = F_UUID, .required = true, .nullable = true},
    {.name = "note", .type = F_TEXT, .required = true},
    {0},
};
static const struct field detail_fields[] = {
    FLOW_SHAPE,
    {.name = "draft", .type = F_JSON, .required = true, .help = "The graph."},
    PROBLEMS,
    {.name = "published",
     .type = F_OBJECT,
     .fields = published_brief,
     .required = true,
     .nullable = true},
    {0},
};
const struct schema flow_schema_detail = {"FlowDetail", "A flow with its draft.", detail_fields};

static const struct field draft_fields[] = {
    {.name = "revision", .type = F_INT, .required = true},
    PROBLEMS,
    {.name = "savedAt", .type = F_DATETIME, .required = true},
    {0},
};
const struct schema flow_schema_draft = {"FlowDraft", "A draft was kept.", draft_fields};

static const struct field checked_fields[] = {PROBLEMS, {0}};
const struct schema flow_schema_problems = {"FlowProblems", "What a check found.", checked_fields};

static const struct field publish_fields[] = {
    {.name = "version", .type = F_INT, .required = true, .example = "8"},
    {.name = "flow", .type = F_OBJECT, .fields = flow_fields, .required = true},
    {.name = "tests",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = flow_test_result_fields,
     .required = true,
     .help = "How the recorded ones went."},
    {0},
};
const struct schema flow_schema_published = {"FlowPublished", "The live version.", publish_fields};

#define VERSION_SHAPE                                                                              \
    {.name = "number", .type = F_INT, .required = true},                                           \
        {.name = "note", .type = F_TEXT, .required = true},                                        \
        {.name = "by", .type = F_UUID, .required = true, .nullable = true},                        \
    {                                                                                              \
        .name = "at", .type = F_DATETIME, .required = true                                         \
    }

static const struct field version_tests[] = {
    {.name = "passed", .type = F_INT, .required = true},
    {.name = "failed", .type = F_INT, .required = true},
    {.name = "forced", .type = F_BOOL, .required = true, .help = "Published all the same."},
    {0},
};
static const struct field version_fields[] = {
    VERSION_SHAPE,
    {.name = "tests",
     .type = F_OBJECT,
     .fields = version_tests,
     .required = true,
     .nullable = true,
     .help = "Recorded ones, at publishing; null: there were none."},
    {.name = "live", .type = F_BOOL, .required = true},
    {.name = "sessions", .type = F_INT, .required = true, .help = "Unfinished ones on it."},
    {0},
};
const struct schema flow_schema_version = {"FlowVersion", "What was published.", version_fields};

static const struct field version_graph_fields[] = {
    VERSION_SHAPE, {.name = "graph", .type = F_JSON, .required = true}, {0}};
const struct schema flow_schema_version_graph = {"FlowVersionGraph", "A version with its graph.",
                                                 version_graph_fields};

/* --- files and templates --------------------------------------------------------------- */

static const struct field file_fields[] = {
    {.name = "format", .type = F_INT, .required = true, .example = "1"},
    {.name = "kind", .type = F_ENUM, .values = "interflow.flow", .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "flowKind",
     .type = F_ENUM,
     .values = "general|closing|stage|transfer",
     .required = true},
    {.name = "graph", .type = F_JSON, .required = true},
    {.name = "refs",
     .type = F_JSON,
     .required = true,
     .help = "{kind: {id: name}} of what the graph points to: found by name where it is imported."},
    {0},
};
const struct schema flow_schema_file = {"FlowFile", "A flow as a file.", file_fields};

static const struct field missing_fields[] = {
    {.name = "kind",
     .type = F_ENUM,
     .values = "team|tag|field|channel|user|stage|closureType|flow|file|waTemplate",
     .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "nodes",
     .type = F_ARRAY,
     .of = F_TEXT,
     .required = true,
     .help = "Ids of the nodes that name it."},
    {0},
};
static const struct field imported_fields[] = {
    {.name = "flowId", .type = F_UUID, .required = true},
    {.name = "missing",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = missing_fields,
     .required = true,
     .help = "What the file names and this organization has not."},
    {0},
};
const struct schema flow_schema_imported = {"FlowImported", "A flow out of a file.",
                                            imported_fields};

static const struct field words_fields[] = {{.name = "pt", .type = F_TEXT, .required = true},
                                            {.name = "es", .type = F_TEXT, .required = true},
                                            {.name = "en", .type = F_TEXT, .required = true},
                                            {0}};
static const struct field template_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true, .example = "\"welcome\""},
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "name", .type = F_OBJECT, .fields = words_fields, .required = true},
    {.name = "text", .type = F_OBJECT, .fields = words_fields, .required = true},
    {.name = "nodeCount", .type = F_INT, .required = true},
    {0},
};
const struct schema flow_schema_template = {"FlowTemplate", "A flow to begin with.",
                                            template_fields};

/* --- rows ------------------------------------------------------------------------------ */

static const struct field when_fields[] = {
    {.name = "field", .type = F_TEXT, .required = true},
    {.name = "in",
     .type = F_ARRAY,
     .of = F_TEXT,
     .required = true,
     .help = "One of these values; empty: whatever it has."},
    {0},
};
static const struct field row_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "kind", .type = F_TEXT, .required = true, .example = "\"template\""},
    {.name = "required", .type = F_BOOL, .required = true},
    {.name = "min", .type = F_INT, .required = true, .nullable = true},
    {.name = "max", .type = F_INT, .required = true, .nullable = true},
    {.name = "values", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "default", .type = F_JSON, .required = true, .nullable = true},
    {.name = "of", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "when", .type = F_OBJECT, .fields = when_fields, .required = true, .nullable = true},
    {.name = "advanced", .type = F_BOOL, .required = true},
    {0},
};
static const struct field port_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true},
    {.name = "role", .type = F_TEXT, .required = true},
    {.name = "when", .type = F_OBJECT, .fields = when_fields, .required = true, .nullable = true},
    {0},
};
static const struct field node_fields[] = {
    {.name = "type", .type = F_TEXT, .required = true, .example = "\"menu\""},
    {.name = "category", .type = F_ENUM, .values = "send|ask|decide|do|other", .required = true},
    {.name = "icon", .type = F_TEXT, .required = true},
    {.name = "kinds", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "waits", .type = F_BOOL, .required = true},
    {.name = "max", .type = F_INT, .required = true, .nullable = true},
    {.name = "summary", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "fields", .type = F_ARRAY, .of = F_OBJECT, .fields = row_fields, .required = true},
    {.name = "ports", .type = F_ARRAY, .of = F_OBJECT, .fields = port_fields, .required = true},
    {.name = "portsField",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "A list among the fields whose items' ids are ports, too."},
    {0},
};
const struct schema flow_schema_node = {"FlowNode", "A kind of node.", node_fields};

static const struct field trigger_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true, .example = "\"keyword\""},
    {.name = "icon", .type = F_TEXT, .required = true},
    {.name = "kinds", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "fields", .type = F_ARRAY, .of = F_OBJECT, .fields = row_fields, .required = true},
    {0},
};
const struct schema flow_schema_trigger = {"FlowTrigger", "A kind of trigger.", trigger_fields};

static const struct field path_fields[] = {{.name = "path", .type = F_TEXT, .required = true},
                                           {.name = "type", .type = F_TEXT, .required = true},
                                           {0}};
static const struct field functions_fields[] = {
    {.name = "functions", .type = F_JSON, .required = true},
    {.name = "formatters", .type = F_JSON, .required = true},
    {.name = "operators", .type = F_JSON, .required = true},
    {.name = "errors", .type = F_JSON, .required = true},
    {.name = "paths", .type = F_ARRAY, .of = F_OBJECT, .fields = path_fields, .required = true},
    {0},
};
const struct schema flow_schema_functions = {
    "FlowFunctions", "What expressions and templates may use.", functions_fields};

static const struct field place_fields[] = {
    {.name = "at", .type = F_INT, .required = true, .help = "Bytes from the beginning."},
    {.name = "code", .type = F_TEXT, .required = true},
    {.name = "message", .type = F_TEXT, .required = true},
    {.name = "subject", .type = F_TEXT, .required = true, .nullable = true},
    {0},
};
static const struct field expression_fields[] = {
    {.name = "ok", .type = F_BOOL, .required = true},
    {.name = "error", .type = F_OBJECT, .fields = place_fields},
    {0},
};
const struct schema flow_schema_expression = {"FlowExpression", "Is it one?", expression_fields};

/* --- webhook triggers ------------------------------------------------------------------- */

#define HOOK_SHAPE                                                                                 \
    {.name = "triggerId", .type = F_TEXT, .required = true},                                       \
        {.name = "url", .type = F_TEXT, .required = true},                                         \
        {.name = "secretSet", .type = F_BOOL, .required = true},                                   \
        {.name = "listeningUntil", .type = F_DATETIME, .required = true, .nullable = true},        \
    {                                                                                              \
        .name = "lastCallAt", .type = F_DATETIME, .required = true, .nullable = true               \
    }
static const struct field hook_fields[] = {HOOK_SHAPE, {0}};
const struct schema flow_schema_hook = {"FlowHook", "The address of a webhook trigger.",
                                        hook_fields};
static const struct field hook_secret_fields[] = {
    HOOK_SHAPE,
    {.name = "secret",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .help = "Shown this once."},
    {0},
};
const struct schema flow_schema_hook_secret = {"FlowHookSecret", "The address and its new secret.",
                                               hook_secret_fields};

static const struct field call_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "status", .type = F_INT, .required = true, .help = "What was answered."},
    {.name = "code",
     .type = F_TEXT,
     .required = true,
     .help = "Why it was refused, or what became of it."},
    {.name = "method", .type = F_TEXT, .required = true},
    {.name = "query", .type = F_JSON, .required = true},
    {.name = "headers", .type = F_JSON, .required = true, .help = "Without secrets."},
    {.name = "body", .type = F_JSON, .required = true, .nullable = true},
    {.name = "sessionId", .type = F_UUID, .required = true, .nullable = true},
    {0},
};
static const struct field hook_calls_fields[] = {
    {.name = "listeningUntil", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "calls",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = call_fields,
     .required = true,
     .help = "Newest first."},
    {0},
};
const struct schema flow_schema_hook_calls = {"FlowHookCalls", "What was called lately.",
                                              hook_calls_fields};

/* --- figures and starting ---------------------------------------------------------------- */

static const struct field stat_port_fields[] = {{.name = "port", .type = F_TEXT, .required = true},
                                                {.name = "n", .type = F_INT, .required = true},
                                                {0}};
static const struct field stat_fields[] = {
    {.name = "nodeId", .type = F_TEXT, .required = true},
    {.name = "entered", .type = F_INT, .required = true},
    {.name = "waiting", .type = F_INT, .required = true, .help = "Now."},
    {.name = "answered", .type = F_INT, .required = true},
    {.name = "left", .type = F_INT, .required = true},
    {.name = "failed", .type = F_INT, .required = true},
    {.name = "ports",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = stat_port_fields,
     .required = true},
    {0},
};
static const struct field stats_fields[] = {
    {.name = "from", .type = F_DATE, .required = true},
    {.name = "to", .type = F_DATE, .required = true},
    {.name = "version", .type = F_INT, .required = true, .nullable = true},
    {.name = "nodes", .type = F_ARRAY, .of = F_OBJECT, .fields = stat_fields, .required = true},
    {0},
};
const struct schema flow_schema_stats = {"FlowStats", "What happened at each node.", stats_fields};

static const struct field started_fields[] = {
    {.name = "sessionId", .type = F_UUID, .required = true},
    {.name = "chatId", .type = F_UUID, .required = true},
    {.name = "customerId", .type = F_UUID, .required = true},
    {0},
};
const struct schema flow_schema_started = {"FlowStarted", "A session has begun.", started_fields};

static const struct field choice_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {0},
};
const struct schema flow_schema_choice = {"FlowChoice", "A flow that can be started by hand.",
                                          choice_fields};
