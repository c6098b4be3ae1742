/* The rows of the triggers (trigger_rows.h). To add a kind: a row here, what fires it in
 * triggers.c, its words in web/src/lib/i18n. */
#include "flows/trigger_rows.h"

#include <string.h>

#include "flows/flows.h"

#define IDLE_MIN_MS (60LL * 1000)
#define IDLE_MAX_MS (30LL * 24 * 3600 * 1000)
#define CHANNELS                                                                                   \
    {                                                                                              \
        .name = "channelIds", .kind = NF_CHANNELS, .max = 50                                       \
    }
#define HOURS                                                                                      \
    {                                                                                              \
        .name = "hours", .kind = NF_ENUM, .values = "any|open|closed", .otherwise = "\"any\"",     \
        .advanced = true                                                                           \
    }

static const struct node_field channel_fields[] = {CHANNELS, HOURS, {0}};

static const struct node_field keyword_fields[] = {
    {.name = "words", .kind = NF_WORDS, .required = true, .min = 1, .max = 50},
    {.name = "match",
     .kind = NF_ENUM,
     .values = "exact|contains|regex",
     .required = true,
     .otherwise = "\"contains\""},
    CHANNELS,
    {.name = "interrupts", .kind = NF_BOOL, .otherwise = "false"},
    HOURS,
    {0}};

static const struct node_field idle_fields[] = {{.name = "who",
                                                 .kind = NF_ENUM,
                                                 .values = "customer|team",
                                                 .required = true,
                                                 .otherwise = "\"customer\""},
                                                {.name = "afterMs",
                                                 .kind = NF_DURATION,
                                                 .required = true,
                                                 .min = IDLE_MIN_MS,
                                                 .max = IDLE_MAX_MS,
                                                 .otherwise = "3600000"},
                                                CHANNELS,
                                                {0}};

/* Who calls is somebody's program: the address and the secret of the check are rows of flow_hooks,
 * so that neither drafts nor exports carry them. */
static const struct node_field webhook_fields[] = {
    {.name = "check",
     .kind = NF_ENUM,
     .values = "none|bearer|header|query|hmac",
     .required = true,
     .otherwise = "\"bearer\""},
    {.name = "checkName",
     .kind = NF_TEXT,
     .required = true,
     .max = 60,
     .otherwise = "\"X-Signature\"",
     .when = {"check", "header|query|hmac"}},
    {.name = "algorithm",
     .kind = NF_ENUM,
     .values = "sha1|sha256|sha512",
     .required = true,
     .otherwise = "\"sha256\"",
     .when = {"check", "hmac"}},
    {.name = "addresses", .kind = NF_WORDS, .max = 50, .advanced = true},
    {.name = "channelId", .kind = NF_CHANNEL, .required = true},
    {.name = "contactKind",
     .kind = NF_ENUM,
     .values = "phone|whatsapp|email|instagram|messenger|telegram|webchat",
     .required = true,
     .otherwise = "\"whatsapp\""},
    {.name = "contactPath", .kind = NF_TEXT, .required = true, .max = 200},
    {.name = "namePath", .kind = NF_TEXT, .max = 200},
    {.name = "emailPath", .kind = NF_TEXT, .max = 200, .advanced = true},
    {.name = "phonePath", .kind = NF_TEXT, .max = 200, .advanced = true},
    {.name = "mapping", .kind = NF_MAPPING, .max = 50},
    {.name = "eventPath", .kind = NF_TEXT, .max = 200, .advanced = true},
    {.name = "events", .kind = NF_WORDS, .max = 50, .when = {"eventPath", ""}, .advanced = true},
    {0}};

static const struct node_field tag_fields[] = {{.name = "tagId", .kind = NF_TAG, .required = true},
                                               {.name = "change",
                                                .kind = NF_ENUM,
                                                .values = "added|removed",
                                                .required = true,
                                                .otherwise = "\"added\""},
                                               {0}};

static const struct node_field stage_fields[] = {{.name = "stageId", .kind = NF_STAGE}, {0}};
static const struct node_field closing_fields[] = {
    {.name = "closureTypeId", .kind = NF_CLOSURE_TYPE}, CHANNELS, {0}};
static const struct node_field transfer_fields[] = {
    {.name = "teamId", .kind = NF_TEAM}, CHANNELS, {0}};
static const struct node_field no_fields[] = {{0}};

#define GENERAL FLOW_KIND_BIT(FLOW_GENERAL)

const struct flow_trigger flow_trigger_rows[] = {
    {"channel", "inbox", GENERAL, true, channel_fields},
    {"keyword", "message-square", GENERAL, true, keyword_fields},
    {"firstContact", "user-plus", GENERAL, true, channel_fields},
    {"inactivity", "clock", GENERAL, false, idle_fields},
    {"webhook", "webhook", GENERAL, false, webhook_fields},
    {"manual", "hand", GENERAL, false, no_fields},
    {"api", "code", GENERAL, false, no_fields},
    {"tag", "tag", GENERAL, false, tag_fields},
    {"stage", "columns-3", FLOW_KIND_BIT(FLOW_STAGE) | GENERAL, false, stage_fields},
    {"closing", "circle-check", FLOW_KIND_BIT(FLOW_CLOSING), false, closing_fields},
    {"transfer", "arrow-left-right", FLOW_KIND_BIT(FLOW_TRANSFER), false, transfer_fields},
    {0},
};

const struct flow_trigger *flow_trigger_find(const char *kind)
{
    for (const struct flow_trigger *t = flow_trigger_rows; kind && t->kind; t++)
        if (strcmp(t->kind, kind) == 0) return t;
    return NULL;
}

json_t *flow_triggers_json(void)
{
    json_t *items = json_array();
    for (const struct flow_trigger *t = flow_trigger_rows; t->kind; t++) {
        json_t *kinds = json_array();
        for (int k = 0; k < FLOW_KIND_COUNT; k++)
            if (t->kinds & FLOW_KIND_BIT(k))
                json_array_append_new(kinds, json_string(flow_kind_names[k]));
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:o, s:o}", "kind", t->kind, "icon", t->icon,
                                        "kinds", kinds, "fields", node_fields_json(t->fields)));
    }
    return json_pack("{s:o, s:n}", "items", items, "next");
}
