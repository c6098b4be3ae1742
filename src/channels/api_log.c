/* The log of an account: bodies that came in, calls that went out, and reading a body again. */
#include "auth/permissions.h"
#include "channels/channels.h"
#include "sql.h"

static const struct field list_fields[] = {
    {.name = "direction", .type = F_ENUM, .in = IN_QUERY, .values = "in|out"},
    {.name = "state", .type = F_ENUM, .in = IN_QUERY, .values = "waiting|done|parked|failed"},
    {.name = "search", .type = F_TEXT, .in = IN_QUERY, .min = 2, .max = 100},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 100},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 100, .otherwise = "50"},
    {0},
};

static const struct field error_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true},
    {.name = "message", .type = F_TEXT, .required = true},
    {0},
};

#define LINE_FIELDS                                                                                \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "direction", .type = F_ENUM, .values = "in|out", .required = true},               \
        {.name = "at", .type = F_DATETIME, .required = true},                                      \
        {.name = "what", .type = F_TEXT, .required = true},                                        \
        {.name = "state",                                                                          \
         .type = F_ENUM,                                                                           \
         .values = "waiting|done|parked|failed",                                                   \
         .required = true},                                                                        \
        {.name = "status",                                                                         \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .nullable = true,                                                                         \
         .help = "Of the answer; 0: none came."},                                                  \
        {.name = "tookMs", .type = F_INT, .required = true, .nullable = true},                     \
        {.name = "method", .type = F_TEXT, .required = true, .nullable = true},                    \
        {.name = "address", .type = F_TEXT, .required = true, .nullable = true},                   \
        {.name = "summary",                                                                        \
         .type = F_JSON,                                                                           \
         .required = true,                                                                         \
         .help = "How many of what a body held."},                                                 \
    {                                                                                              \
        .name = "error", .type = F_OBJECT, .fields = error_fields, .required = true,               \
        .nullable = true                                                                           \
    }

static const struct field line_fields[] = {LINE_FIELDS, {0}};
static const struct field entry_fields[] = {
    LINE_FIELDS,
    {.name = "request", .type = F_TEXT, .required = true},
    {.name = "answer", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "messageId", .type = F_UUID, .required = true, .nullable = true},
    {0},
};
static const struct field replay_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "state", .type = F_TEXT, .required = true},
    {0},
};
static const struct schema line_schema = {
    "ChannelLogLine", "A body that came in, or a call that went out.", line_fields};
static const struct schema entry_schema = {"ChannelLogEntry", "The same with its texts.",
                                           entry_fields};
static const struct schema replay_schema = {"ChannelLogReplay", "A body that is read again.",
                                            replay_fields};

#define LOG "/api/{organizationId}/channels/{channelId}/log"
#define ROW(m, p, i, s, a, q)                                                                      \
    .method = m, .path = LOG p, .id = "channels." i, .summary = s, .group = "Channels",            \
    .permission = PERMISSION_CHANNELS_MANAGE, .answer = a, .sql = q

const struct route channels_log_routes[] = {
    {ROW(HTTP_GET, "", "log", "What came in and what was asked, newest first.", &line_schema,
         &SQL_CHANNEL_LOG),
     .fields = list_fields, .shape = ANSWER_LIST, .errors = "404 CHANNEL_NOT_FOUND"},
    {ROW(HTTP_GET, "/{entryId}", "logEntry", "One of them, with its texts.", &entry_schema,
         &SQL_CHANNEL_LOG_ENTRY)},
    {ROW(HTTP_POST, "/{entryId}/replay", "logReplay", "Read a body again.", &replay_schema,
         &SQL_CHANNEL_LOG_REPLAY),
     .status = 202},
    {0},
};
