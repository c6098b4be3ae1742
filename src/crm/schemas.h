/* The shapes of the CRM's answers, and field rows that several routes share. Inside src/crm, and
 * for the documents of other domains (a chat's answer names a customer). */
#ifndef INTERFLOW_CRM_SCHEMAS_H
#define INTERFLOW_CRM_SCHEMAS_H

#include "core/router.h"

extern const struct field customer_fields[];
extern const struct field customer_item_fields[];
extern const struct field tag_fields[];
extern const struct field note_fields[];
extern const struct field stage_fields[];
extern const struct field funnel_fields[];
extern const struct field custom_field_fields[];
extern const struct schema schema_customer, schema_customer_item, schema_customer_done,
    schema_customer_created;
extern const struct schema schema_tag_done, schema_tags_done, schema_note, schema_note_done,
    schema_custom_field;
extern const struct schema schema_funnel, schema_stage;

/* Query rows of every list. */
#define PAGE_FIELDS                                                                                \
    {.name = "limit",                                                                              \
     .type = F_INT,                                                                                \
     .in = IN_QUERY,                                                                               \
     .min = 1,                                                                                     \
     .max = 200,                                                                                   \
     .otherwise = "50",                                                                            \
     .help = "Rows of a page."},                                                                   \
    {                                                                                              \
        .name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 400,                              \
        .help = "next of the page before."                                                         \
    }

/* Query rows of what filters customers: list, count, export. */
#define CUSTOMER_FILTERS                                                                           \
    {.name = "search",                                                                             \
     .type = F_TEXT,                                                                               \
     .in = IN_QUERY,                                                                               \
     .max = 200,                                                                                   \
     .help =                                                                                       \
         "Name (accents ignored), telephone number in any notation, e-mail, handle, document."},   \
        {.name = "tagId", .type = F_UUID, .in = IN_QUERY},                                         \
        {.name = "stageId", .type = F_UUID, .in = IN_QUERY},                                       \
        {.name = "ownerId", .type = F_UUID, .in = IN_QUERY},                                       \
        {.name = "channelKind",                                                                    \
         .type = F_ENUM,                                                                           \
         .in = IN_QUERY,                                                                           \
         .values = "phone|whatsapp|email|instagram|messenger|telegram|webchat|other"},             \
        {.name = "createdFrom", .type = F_DATETIME, .in = IN_QUERY},                               \
    {                                                                                              \
        .name = "createdTo", .type = F_DATETIME, .in = IN_QUERY, .help = "Exclusive."              \
    }

/* Why a record looks like another one's double: members of both answers that say so. */
#define DUPLICATE_MEMBERS                                                                          \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "name", .type = F_TEXT, .required = true},                                        \
    {                                                                                              \
        .name = "reason", .type = F_ENUM, .values = "phone|email|document|handle|name",            \
        .required = true                                                                           \
    }

#define CONTACT_KINDS "phone|whatsapp|email|instagram|messenger|facebook|telegram|webchat|other"
#define FIELD_KINDS                                                                                \
    "text|long_text|number|money|date|datetime|select|multi_select|yes_no|link|phone|email|file"

#endif
