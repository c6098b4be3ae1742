/* Routes of what an organization sets up for its CRM: tags (the public path), custom fields,
 * funnels and stages. All of them are queries; the rules are in sql/functions/crm_settings.sql. */
#include "auth/permissions.h"
#include "crm/crm.h"
#include "crm/schemas.h"
#include "sql.h"

#define TAGS    "/api/{organizationId}/tags"
#define FIELDS  "/api/{organizationId}/fields"
#define FUNNELS "/api/{organizationId}/funnels"
#define STAGES  "/api/{organizationId}/stages"

/* --- tags ------------------------------------------------------------------------------ */

static const struct field tag_create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 60, .example = "\"VIP\""},
    {.name = "color", .type = F_COLOR, .example = "\"#7c3aed\""},
    {0},
};
static const struct field tag_update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    {.name = "color", .type = F_COLOR},
    {0},
};

const struct route crm_tag_routes[] = {
    {.method = HTTP_GET,
     .path = TAGS,
     .id = "tags.list",
     .summary = "All tags",
     .group = "Tags",
     .answer = &schema_tags_done,
     .sql = &SQL_TAG_LIST},
    {.method = HTTP_POST,
     .path = TAGS,
     .id = "tags.create",
     .summary = "Make a tag",
     .group = "Tags",
     .permission = PERMISSION_TAGS_MANAGE,
     .creates = true,
     .fields = tag_create_fields,
     .answer = &schema_tag_done,
     .errors = "409 TAG_DUPLICATE|409 LIMIT_REACHED",
     .sql = &SQL_TAG_CREATE},
    {.method = HTTP_PUT,
     .path = TAGS "/{tagId}",
     .id = "tags.update",
     .summary = "Rename or recolour a tag",
     .group = "Tags",
     .permission = PERMISSION_TAGS_MANAGE,
     .fields = tag_update_fields,
     .answer = &schema_tag_done,
     .errors = "404 TAG_NOT_FOUND|409 TAG_DUPLICATE",
     .sql = &SQL_TAG_UPDATE},
    {.method = HTTP_DELETE,
     .path = TAGS "/{tagId}",
     .id = "tags.delete",
     .summary = "Remove a tag from everywhere",
     .group = "Tags",
     .permission = PERMISSION_TAGS_MANAGE,
     .answer = &schema_tag_done,
     .errors = "404 TAG_NOT_FOUND",
     .sql = &SQL_TAG_DELETE},
    {0},
};

/* --- custom fields --------------------------------------------------------------------- */

static const struct field option_input[] = {
    {.name = "id",
     .type = F_TEXT,
     .min = 1,
     .max = 40,
     .help = "Of an option that is there; left out for a new one."},
    {.name = "label", .type = F_TEXT, .required = true, .min = 1, .max = 80},
    {.name = "color", .type = F_COLOR},
    {0},
};

#define FIELD_INPUT                                                                                \
    {.name = "slug",                                                                               \
     .type = F_SLUG,                                                                               \
     .min = 1,                                                                                     \
     .max = 40,                                                                                    \
     .help = "Begins with a letter; made from the name when left out."},                           \
        {.name = "options",                                                                        \
         .type = F_ARRAY,                                                                          \
         .of = F_OBJECT,                                                                           \
         .fields = option_input,                                                                   \
         .max = 200,                                                                               \
         .help = "Of the select kinds."},                                                          \
        {.name = "required",                                                                       \
         .type = F_ENUM,                                                                           \
         .values = "no|close|always",                                                              \
         .help = "close: a chat cannot be closed while it is empty."},                             \
        {.name = "help", .type = F_TEXT, .max = 300},                                              \
    {                                                                                              \
        .name = "position", .type = F_INT, .min = 0, .max = 100000                                 \
    }

static const struct field field_create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 60},
    {.name = "kind", .type = F_ENUM, .values = FIELD_KINDS, .required = true},
    FIELD_INPUT,
    {0},
};
static const struct field field_update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    FIELD_INPUT,
    {0},
};

const struct route crm_field_routes[] = {
    {.method = HTTP_GET,
     .path = FIELDS,
     .id = "fields.list",
     .summary = "All custom fields",
     .group = "Custom fields",
     .answer = &schema_custom_field,
     .shape = ANSWER_LIST,
     .sql = &SQL_FIELD_LIST},
    {.method = HTTP_POST,
     .path = FIELDS,
     .id = "fields.create",
     .summary = "Define a custom field",
     .group = "Custom fields",
     .permission = PERMISSION_FIELDS_MANAGE,
     .creates = true,
     .fields = field_create_fields,
     .answer = &schema_custom_field,
     .errors = "400 INVALID_SLUG|400 INVALID_OPTIONS|409 FIELD_DUPLICATE|409 LIMIT_REACHED",
     .sql = &SQL_FIELD_CREATE},
    {.method = HTTP_PATCH,
     .path = FIELDS "/{fieldId}",
     .id = "fields.update",
     .summary = "Change a custom field; its kind stays",
     .group = "Custom fields",
     .permission = PERMISSION_FIELDS_MANAGE,
     .fields = field_update_fields,
     .answer = &schema_custom_field,
     .errors = "400 INVALID_SLUG|400 INVALID_OPTIONS|404 FIELD_NOT_FOUND|409 FIELD_DUPLICATE|409 "
               "FIELD_OPTION_IN_USE",
     .sql = &SQL_FIELD_UPDATE},
    {.method = HTTP_DELETE,
     .path = FIELDS "/{fieldId}",
     .id = "fields.delete",
     .summary = "Put a custom field and its values away",
     .group = "Custom fields",
     .permission = PERMISSION_FIELDS_MANAGE,
     .shape = ANSWER_EMPTY,
     .errors = "404 FIELD_NOT_FOUND",
     .sql = &SQL_FIELD_DELETE},
    {0},
};

/* --- funnels --------------------------------------------------------------------------- */

#define STAGE_INPUT                                                                                \
    {.name = "color", .type = F_COLOR},                                                            \
        {.name = "kind", .type = F_ENUM, .values = "open|won|lost"},                               \
    {                                                                                              \
        .name = "position", .type = F_INT, .min = 0, .max = 100000                                 \
    }

static const struct field stage_create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 60},
    STAGE_INPUT,
    {0},
};
static const struct field stage_update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    STAGE_INPUT,
    {0},
};
static const struct field funnel_create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 60},
    {.name = "position", .type = F_INT, .min = 0, .max = 100000},
    {.name = "stages",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = stage_create_fields,
     .max = 50,
     .help = "In their order."},
    {0},
};
static const struct field funnel_update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    {.name = "position", .type = F_INT, .min = 0, .max = 100000},
    {0},
};
static const struct field move_to_fields[] = {
    {.name = "moveToId",
     .type = F_UUID,
     .in = IN_QUERY,
     .help = "Stage that the customers go to; without it the answer is 409 while there are any."},
    {0},
};

const struct route crm_funnel_routes[] = {
    {.method = HTTP_GET,
     .path = FUNNELS,
     .id = "funnels.list",
     .summary = "All funnels with their stages",
     .group = "Funnels",
     .answer = &schema_funnel,
     .shape = ANSWER_LIST,
     .sql = &SQL_FUNNEL_LIST},
    {.method = HTTP_POST,
     .path = FUNNELS,
     .id = "funnels.create",
     .summary = "Make a funnel",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .creates = true,
     .fields = funnel_create_fields,
     .answer = &schema_funnel,
     .errors = "409 FUNNEL_DUPLICATE|409 LIMIT_REACHED",
     .sql = &SQL_FUNNEL_CREATE},
    {.method = HTTP_PATCH,
     .path = FUNNELS "/{funnelId}",
     .id = "funnels.update",
     .summary = "Rename or move a funnel",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .fields = funnel_update_fields,
     .answer = &schema_funnel,
     .errors = "404 FUNNEL_NOT_FOUND|409 FUNNEL_DUPLICATE",
     .sql = &SQL_FUNNEL_UPDATE},
    {.method = HTTP_DELETE,
     .path = FUNNELS "/{funnelId}",
     .id = "funnels.delete",
     .summary = "Remove a funnel",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .fields = move_to_fields,
     .shape = ANSWER_EMPTY,
     .errors = "400 UNKNOWN_REFERENCE|404 FUNNEL_NOT_FOUND|409 STAGE_IN_USE",
     .sql = &SQL_FUNNEL_DELETE},
    {.method = HTTP_POST,
     .path = FUNNELS "/{funnelId}/stages",
     .id = "stages.create",
     .summary = "Add a stage",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .creates = true,
     .fields = stage_create_fields,
     .answer = &schema_stage,
     .errors = "404 FUNNEL_NOT_FOUND|409 LIMIT_REACHED",
     .sql = &SQL_STAGE_CREATE},
    {.method = HTTP_PATCH,
     .path = STAGES "/{stageId}",
     .id = "stages.update",
     .summary = "Change a stage",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .fields = stage_update_fields,
     .answer = &schema_stage,
     .errors = "404 STAGE_NOT_FOUND",
     .sql = &SQL_STAGE_UPDATE},
    {.method = HTTP_DELETE,
     .path = STAGES "/{stageId}",
     .id = "stages.delete",
     .summary = "Remove a stage",
     .group = "Funnels",
     .permission = PERMISSION_FUNNELS_MANAGE,
     .fields = move_to_fields,
     .shape = ANSWER_EMPTY,
     .errors = "400 UNKNOWN_REFERENCE|404 STAGE_NOT_FOUND|409 STAGE_IN_USE",
     .sql = &SQL_STAGE_DELETE},
    {0},
};
