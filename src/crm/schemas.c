/* The shapes of the CRM's answers (schemas.h), as SQL makes them in sql/functions/crm.sql: change
 * both together. */
#include "crm/schemas.h"

static const struct field contact_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "kind",
     .type = F_ENUM,
     .values = "phone|whatsapp|email|instagram|messenger|telegram|webchat|other",
     .required = true},
    {.name = "identifier", .type = F_TEXT, .required = true, .help = "As received; answered to."},
    {.name = "canonical",
     .type = F_TEXT,
     .required = true,
     .help = "The one form: +5511984217730."},
    {.name = "display", .type = F_TEXT, .required = true, .help = "For people: +55 11 98421-7730."},
    {.name = "label", .type = F_TEXT, .required = true},
    {.name = "isPrimary", .type = F_BOOL, .required = true},
    {.name = "masked",
     .type = F_BOOL,
     .required = true,
     .help = "True: the reader may not see contacts; the texts are masked."},
    {0},
};

static const struct field duplicate_fields[] = {
    DUPLICATE_MEMBERS,
    {0},
};

/* What a customer always has; two answers hold it. */
#define CUSTOMER_MEMBERS                                                                           \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "name", .type = F_TEXT, .required = true, .example = "\"Ana Souza\""},            \
        {.name = "kind", .type = F_ENUM, .values = "person|company", .required = true},            \
        {.name = "document", .type = F_TEXT, .nullable = true, .required = true},                  \
        {.name = "birthDate", .type = F_DATE, .nullable = true, .required = true},                 \
        {.name = "country", .type = F_TEXT, .nullable = true, .required = true},                   \
        {.name = "language",                                                                       \
         .type = F_ENUM,                                                                           \
         .values = "pt|es|en",                                                                     \
         .nullable = true,                                                                         \
         .required = true},                                                                        \
        {.name = "address", .type = F_OBJECT, .required = true},                                   \
        {.name = "avatarUrl", .type = F_TEXT, .nullable = true, .required = true},                 \
        {.name = "avatarFileId", .type = F_UUID, .nullable = true, .required = true},              \
        {.name = "pinnedNote", .type = F_TEXT, .required = true},                                  \
        {.name = "ownerId", .type = F_UUID, .nullable = true, .required = true},                   \
        {.name = "stageId", .type = F_UUID, .nullable = true, .required = true},                   \
        {.name = "stageOrder", .type = F_NUMBER, .nullable = true, .required = true},              \
        {.name = "stageSince", .type = F_DATETIME, .nullable = true, .required = true},            \
        {.name = "valueMinor",                                                                     \
         .type = F_INT,                                                                            \
         .nullable = true,                                                                         \
         .required = true,                                                                         \
         .help = "In the organization's currency, minor units."},                                  \
        {.name = "utm", .type = F_OBJECT, .required = true},                                       \
        {.name = "source", .type = F_TEXT, .required = true},                                      \
        {.name = "contacts",                                                                       \
         .type = F_ARRAY,                                                                          \
         .of = F_OBJECT,                                                                           \
         SCHEMA_REF(contact_fields),                                                               \
         .required = true},                                                                        \
        {.name = "tags", .type = F_ARRAY, .of = F_UUID, .required = true},                         \
        {.name = "fields",                                                                         \
         .type = F_OBJECT,                                                                         \
         .required = true,                                                                         \
         .help = "Custom fields: value by slug."},                                                 \
        {.name = "openChats", .type = F_INT, .required = true},                                    \
        {.name = "lastMessageAt", .type = F_DATETIME, .nullable = true, .required = true},         \
        {.name = "createdAt", .type = F_DATETIME, .required = true},                               \
        {.name = "updatedAt", .type = F_DATETIME, .required = true},                               \
        {.name = "version",                                                                        \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .help = "Send it back with a change to be told of others' changes."},                     \
    {                                                                                              \
        .name = "mergedIntoId", .type = F_UUID, .nullable = true, .required = true,                \
        .help = "Set: this record was merged into that one."                                       \
    }

const struct field customer_fields[] = {
    CUSTOMER_MEMBERS,
    {.name = "duplicateOf",
     .type = F_OBJECT,
     SCHEMA_REF(duplicate_fields),
     .help = "Perhaps the same person as that one."},
    {0},
};
const struct schema schema_customer = {
    .name = "Customer", .help = "A person or company.", .fields = customer_fields};

const struct field customer_item_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "kind", .type = F_ENUM, .values = "person|company", .required = true},
    {.name = "avatarUrl", .type = F_TEXT, .nullable = true, .required = true},
    {.name = "contacts",
     .type = F_ARRAY,
     .of = F_OBJECT,
     SCHEMA_REF(contact_fields),
     .required = true,
     .help = "The primary one, if any."},
    {.name = "tags", .type = F_ARRAY, .of = F_UUID, .required = true},
    {.name = "stageId", .type = F_UUID, .nullable = true, .required = true},
    {.name = "ownerId", .type = F_UUID, .nullable = true, .required = true},
    {.name = "valueMinor", .type = F_INT, .nullable = true, .required = true},
    {.name = "lastMessageAt", .type = F_DATETIME, .nullable = true, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "openChats", .type = F_INT, .required = true},
    {0},
};
const struct schema schema_customer_item = {
    .name = "CustomerItem", .help = "A customer in a list.", .fields = customer_item_fields};

static const struct field customer_done_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "message", .type = F_TEXT, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(customer_fields), .required = true},
    {0},
};
const struct schema schema_customer_done = {.name = "CustomerChanged",
                                            .fields = customer_done_fields};

/* The public path answers {success, …customer}. */
static const struct field customer_created_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    CUSTOMER_MEMBERS,
    {0},
};
const struct schema schema_customer_created = {.name = "CustomerCreated",
                                               .help = "success and all members of Customer.",
                                               .fields = customer_created_fields};

const struct field tag_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true, .example = "\"VIP\""},
    {.name = "color", .type = F_COLOR, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "updatedAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct field tag_done_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(tag_fields), .required = true},
    {0},
};
static const struct field tags_done_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_ARRAY, .of = F_OBJECT, SCHEMA_REF(tag_fields), .required = true},
    {0},
};
const struct schema schema_tag_done = {.name = "TagAnswer", .fields = tag_done_fields};
const struct schema schema_tags_done = {.name = "TagsAnswer", .fields = tags_done_fields};

const struct field note_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "customerId", .type = F_UUID, .required = true},
    {.name = "title", .type = F_TEXT, .required = true},
    {.name = "content", .type = F_TEXT, .required = true},
    {.name = "createdBy", .type = F_UUID, .nullable = true, .required = true},
    {.name = "authorName", .type = F_TEXT, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "updatedAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct field note_done_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(note_fields), .required = true},
    {0},
};
const struct schema schema_note = {.name = "Note", .fields = note_fields};
const struct schema schema_note_done = {.name = "NoteAnswer", .fields = note_done_fields};

static const struct field option_fields[] = {
    {.name = "id",
     .type = F_TEXT,
     .required = true,
     .help = "What values hold; stays when the label changes."},
    {.name = "label", .type = F_TEXT, .required = true},
    {.name = "color", .type = F_COLOR, .required = true},
    {0},
};
const struct field custom_field_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "slug", .type = F_SLUG, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "help", .type = F_TEXT, .required = true},
    {.name = "kind", .type = F_ENUM, .values = FIELD_KINDS, .required = true},
    {.name = "options",
     .type = F_ARRAY,
     .of = F_OBJECT,
     SCHEMA_REF(option_fields),
     .required = true},
    {.name = "required", .type = F_ENUM, .values = "no|close|always", .required = true},
    {.name = "position", .type = F_INT, .required = true},
    {0},
};
const struct schema schema_custom_field = {.name = "CustomField", .fields = custom_field_fields};

const struct field stage_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "funnelId", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "color", .type = F_COLOR, .required = true},
    {.name = "kind", .type = F_ENUM, .values = "open|won|lost", .required = true},
    {.name = "position", .type = F_INT, .required = true},
    {0},
};
const struct field funnel_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "position", .type = F_INT, .required = true},
    {.name = "stages", .type = F_ARRAY, .of = F_OBJECT, SCHEMA_REF(stage_fields), .required = true},
    {0},
};
const struct schema schema_stage = {.name = "Stage", .fields = stage_fields};
const struct schema schema_funnel = {.name = "Funnel", .fields = funnel_fields};
