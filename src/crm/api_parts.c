/* Routes of what hangs on one customer: contacts, tags, notes, stage, values of custom fields. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "crm/crm.h"
#include "crm/schemas.h"
#include "crm/values.h"
#include "sql.h"

#define CUSTOMER "/api/{organizationId}/customers/{customerId}"

/* --- contacts -------------------------------------------------------------------------- */

/* p of contact_add and contact_update: the identity when there is one, label and isPrimary when
 * given. */
static enum err contact_draft(struct ctx *c, const char *kind, json_t **ret)
{
    struct crm_home h;
    json_t *p = NULL;
    const char *identifier = in_text(c, "identifier");
    if (identifier) {
        enum err e = crm_home_load(c, &h);
        if (!e) e = contact_input(c, &h, "identifier", kind, identifier, &p);
        if (e) return e;
    } else {
        p = json_object();
    }
    *ret = arena_json(c, p);
    if (in_has(c, "label")) json_object_set(p, "label", in_json(c, "label"));
    if (in_has(c, "isPrimary")) json_object_set(p, "isPrimary", in_json(c, "isPrimary"));
    return ERR_OK;
}

static enum err add_contact(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    json_t *draft = NULL;
    const char *json = NULL;
    enum err e = contact_draft(c, contact_kind_of(in_text(c, "kind")), &draft);
    if (!e) e = db_json(c, &SQL_CONTACT_ADD, PARAMS(P_JSON("p", draft)), &json);
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

static enum err update_contact(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    json_t *draft = NULL;
    struct rows *rows = NULL;
    const char *json = NULL;
    enum err e = db_one(c, &SQL_CONTACT_KIND, NULL, &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CONTACT_NOT_FOUND", "There is no such contact");
    if (!e) e = contact_draft(c, rows_text(rows, 0, "kind"), &draft);
    if (!e) e = db_json(c, &SQL_CONTACT_UPDATE, PARAMS(P_JSON("p", draft)), &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static const struct field contact_add_fields[] = {
    {.name = "kind", .type = F_ENUM, .values = CONTACT_KINDS, .required = true},
    {.name = "identifier",
     .type = F_TEXT,
     .required = true,
     .min = 1,
     .max = 320,
     .example = "\"11 98421-7730\""},
    {.name = "label", .type = F_TEXT, .max = 60},
    {.name = "isPrimary", .type = F_BOOL},
    {.name = "allowDuplicateContacts", .type = F_BOOL, .otherwise = "false"},
    {0},
};
static const struct field contact_update_fields[] = {
    {.name = "identifier", .type = F_TEXT, .min = 1, .max = 320},
    {.name = "label", .type = F_TEXT, .max = 60},
    {.name = "isPrimary", .type = F_BOOL},
    {0},
};

/* --- values ---------------------------------------------------------------------------- */

static enum err put_value(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct crm_home h;
    const char *value = NULL;
    const char *json = NULL;
    const char *slug = in_text(c, "slug");
    const char *id = in_text(c, "field_definition_id");
    if (!slug && !id)
        return fault_field(c, "slug", "REQUIRED", "Name the field by slug or field_definition_id");
    enum err e = crm_home_load(c, &h);
    if (e) return e;
    const json_t *def = crm_field_find(&h, slug ? slug : id);
    if (!def) return fault(c, ERR_NOT_FOUND, "FIELD_NOT_FOUND", "There is no such custom field");
    e = values_read_one(c, &h, "value", def, in_json(c, "value"), &value);
    if (e) return e;
    const char *field = json_get_text(def, "id");
    const char *values = arena_printf(c->arena, "{\"%s\":%s}", field, value);
    if (!values) return ERR_NO_MEMORY;
    e = db_json(c, &SQL_FIELD_VALUE_PUT,
                PARAMS(P_TEXT("values", values), P_TEXT("slug", json_get_text(def, "slug")),
                       P_TEXT("field", field)),
                &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static const struct field value_fields[] = {
    {.name = "slug", .type = F_SLUG, .max = 40},
    {.name = "field_definition_id", .type = F_UUID},
    {.name = "value",
     .type = F_JSON,
     .required = true,
     .nullable = true,
     .help = "Checked by the field's kind; null clears."},
    {0},
};
static const struct field value_item_fields[] = {
    {.name = "fieldId", .type = F_UUID, .required = true},
    {.name = "slug", .type = F_SLUG, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "kind", .type = F_ENUM, .values = FIELD_KINDS, .required = true},
    {.name = "required", .type = F_ENUM, .values = "no|close|always", .required = true},
    {.name = "value", .type = F_JSON, .nullable = true, .required = true},
    {.name = "updatedAt", .type = F_DATETIME, .nullable = true, .required = true},
    {0},
};
static const struct field values_answer_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data",
     .type = F_ARRAY,
     .of = F_OBJECT,
     SCHEMA_REF(value_item_fields),
     .required = true},
    {0},
};
static const struct field value_set_fields[] = {
    {.name = "slug", .type = F_SLUG, .required = true},
    {.name = "fieldId", .type = F_UUID, .required = true},
    {.name = "value", .type = F_JSON, .nullable = true, .required = true},
    {0},
};
static const struct field value_answer_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(value_set_fields), .required = true},
    {0},
};
static const struct schema schema_values = {.name = "FieldValuesAnswer",
                                            .fields = values_answer_fields};
static const struct schema schema_value = {.name = "FieldValueAnswer",
                                           .fields = value_answer_fields};

/* --- tags, notes, stage ---------------------------------------------------------------- */

static const struct field tag_add_fields[] = {
    {.name = "tagId", .type = F_UUID, .required = true},
    {.name = "chatId",
     .type = F_UUID,
     .help = "Where it was tagged: a chat of the customer; not kept."},
    {0},
};
static const struct field customer_tag_fields[] = {
    {.name = "customerId", .type = F_UUID, .required = true},
    {.name = "tagId", .type = F_UUID, .required = true},
    {.name = "tags",
     .type = F_ARRAY,
     .of = F_UUID,
     .required = true,
     .help = "All of the customer's now."},
    {0},
};
static const struct field customer_tag_answer_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(customer_tag_fields), .required = true},
    {0},
};
static const struct schema schema_customer_tag = {.name = "CustomerTagAnswer",
                                                  .fields = customer_tag_answer_fields};

static const struct field note_add_fields[] = {
    {.name = "title", .type = F_TEXT, .required = true, .min = 1, .max = 120},
    {.name = "content", .type = F_TEXT, .max = 10000},
    {0},
};
static const struct field note_update_fields[] = {
    {.name = "title", .type = F_TEXT, .min = 1, .max = 120},
    {.name = "content", .type = F_TEXT, .max = 10000},
    {.name = "id", .type = F_UUID, .help = "Accepted for integrations; the path says which note."},
    {0},
};
static const struct field removed_data_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {0},
};
static const struct field removed_fields[] = {
    {.name = "success", .type = F_BOOL, .required = true},
    {.name = "data", .type = F_OBJECT, SCHEMA_REF(removed_data_fields), .required = true},
    {0},
};
static const struct schema schema_removed = {.name = "Removed", .fields = removed_fields};
static const struct field page_fields[] = {PAGE_FIELDS, {0}};

static const struct field stage_put_fields[] = {
    {.name = "stageId",
     .type = F_UUID,
     .required = true,
     .nullable = true,
     .help = "null takes the customer out of the funnel."},
    {.name = "stageOrder",
     .type = F_NUMBER,
     .help = "Place in the stage, lowest on top; on top when left out."},
    {.name = "notes", .type = F_TEXT, .max = 1000, .help = "Why; kept in the history."},
    {.name = "chatId",
     .type = F_UUID,
     .nullable = true,
     .help = "The chat in which it was decided."},
    {0},
};

#define NOT_FOUND    "404 CUSTOMER_NOT_FOUND"
#define WRITE_ERRORS NOT_FOUND "|409 CUSTOMER_MERGED"
#define PART(m, p, i, s)                                                                           \
    .method = m, .path = CUSTOMER p, .id = i, .summary = s, .group = "Customers"

const struct route crm_part_routes[] = {
    {PART(HTTP_POST, "/contacts", "customers.addContact", "Add a contact; answers the customer"),
     .creates = true, .permission = PERMISSION_CUSTOMERS_EDIT, .fields = contact_add_fields,
     .answer = &schema_customer,
     .errors = WRITE_ERRORS "|409 CUSTOMER_DUPLICATE|409 CONTACT_DUPLICATE|409 LIMIT_REACHED",
     .handler = add_contact},
    {PART(HTTP_PATCH, "/contacts/{contactId}", "customers.updateContact",
          "Change a contact; answers the customer"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .fields = contact_update_fields,
     .answer = &schema_customer,
     .errors = WRITE_ERRORS "|404 CONTACT_NOT_FOUND|409 CUSTOMER_DUPLICATE",
     .handler = update_contact},
    {PART(HTTP_DELETE, "/contacts/{contactId}", "customers.removeContact",
          "Take a contact away; answers the customer"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .answer = &schema_customer,
     .errors = WRITE_ERRORS "|404 CONTACT_NOT_FOUND", .sql = &SQL_CONTACT_REMOVE},
    {PART(HTTP_POST, "/tags", "customers.addTag", "Tag a customer"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .creates = true, .status = 200,
     .fields = tag_add_fields, .answer = &schema_customer_tag,
     .errors = WRITE_ERRORS "|400 UNKNOWN_REFERENCE", .sql = &SQL_CUSTOMER_TAG_ADD},
    {PART(HTTP_DELETE, "/tags/{tagId}", "customers.removeTag", "Take a tag off"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .answer = &schema_customer_tag,
     .errors = WRITE_ERRORS "|404 TAG_NOT_FOUND", .sql = &SQL_CUSTOMER_TAG_REMOVE},
    {PART(HTTP_GET, "/notes", "customers.notes", "The notes, newest first"),
     .permission = PERMISSION_CUSTOMERS_VIEW, .fields = page_fields, .answer = &schema_note,
     .shape = ANSWER_LIST, .errors = NOT_FOUND "|400 INVALID_CURSOR",
     .sql = &SQL_CUSTOMER_NOTE_LIST},
    {PART(HTTP_POST, "/notes", "customers.addNote", "Write a note"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .creates = true, .fields = note_add_fields,
     .answer = &schema_note_done, .errors = WRITE_ERRORS "|409 LIMIT_REACHED",
     .sql = &SQL_CUSTOMER_NOTE_ADD},
    {PART(HTTP_PUT, "/notes/{noteId}", "customers.updateNote", "Change a note"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .fields = note_update_fields,
     .answer = &schema_note_done, .errors = WRITE_ERRORS "|404 NOTE_NOT_FOUND",
     .sql = &SQL_CUSTOMER_NOTE_UPDATE},
    {PART(HTTP_DELETE, "/notes/{noteId}", "customers.removeNote", "Remove a note"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .answer = &schema_removed,
     .errors = WRITE_ERRORS "|404 NOTE_NOT_FOUND", .sql = &SQL_CUSTOMER_NOTE_REMOVE},
    {PART(HTTP_PUT, "/stage", "customers.stage", "Move a customer to a stage"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .fields = stage_put_fields,
     .answer = &schema_customer_done, .errors = WRITE_ERRORS "|400 UNKNOWN_REFERENCE",
     .sql = &SQL_CUSTOMER_STAGE},
    {PART(HTTP_GET, "/field-values", "customers.fieldValues",
          "All custom fields of a customer, filled or not"),
     .permission = PERMISSION_CUSTOMERS_VIEW, .answer = &schema_values, .errors = NOT_FOUND,
     .sql = &SQL_FIELD_VALUE_LIST},
    {PART(HTTP_POST, "/field-values", "customers.setFieldValue", "Set the value of a custom field"),
     .permission = PERMISSION_CUSTOMERS_EDIT, .creates = true, .status = 200,
     .fields = value_fields, .answer = &schema_value,
     .errors = WRITE_ERRORS "|400 FIELDS_REQUIRED|404 FIELD_NOT_FOUND", .handler = put_value},
    {0},
};
