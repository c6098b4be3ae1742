/* Routes of the customer itself: list, search, create, read, change, delete, merge, doubles,
 * timeline, erasure.
 *
 * POST and PUT are the public path known to integrations, so a body may say things in its words
 * (person_type, salePrice, selectedTags, customFields, contacts of {type, value}) or in ours (kind,
 * valueMinor, tags, fields, contacts of {kind, identifier}); both become one input for the SQL
 * functions, ours winning. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "crm/crm.h"
#include "crm/schemas.h"
#include "crm/values.h"
#include "sql.h"

#define CUSTOMERS "/api/{organizationId}/customers"

/* --- input ----------------------------------------------------------------------------- */

static const struct field contact_input_fields[] = {
    {.name = "kind", .type = F_ENUM, .values = CONTACT_KINDS, .help = "Or type."},
    {.name = "type", .type = F_ENUM, .values = CONTACT_KINDS},
    {.name = "identifier",
     .type = F_TEXT,
     .min = 1,
     .max = 320,
     .help = "Or value. Telephone numbers in any notation."},
    {.name = "value", .type = F_TEXT, .min = 1, .max = 320},
    {.name = "label", .type = F_TEXT, .max = 60},
    {.name = "isPrimary", .type = F_BOOL},
    {0},
};

static const struct field address_fields[] = {
    {.name = "street", .type = F_TEXT, .max = 200},
    {.name = "number", .type = F_TEXT, .max = 20},
    {.name = "complement", .type = F_TEXT, .max = 100},
    {.name = "district", .type = F_TEXT, .max = 100},
    {.name = "city", .type = F_TEXT, .max = 100},
    {.name = "state", .type = F_TEXT, .max = 60},
    {.name = "postalCode", .type = F_TEXT, .max = 20},
    {.name = "country", .type = F_TEXT, .max = 60},
    {0},
};

#define CUSTOMER_INPUT                                                                             \
    {.name = "name", .type = F_TEXT, .max = 120, .example = "\"Ana Souza\""},                      \
        {.name = "contacts",                                                                       \
         .type = F_ARRAY,                                                                          \
         .of = F_OBJECT,                                                                           \
         .fields = contact_input_fields,                                                           \
         .max = 20,                                                                                \
         .example = "[{\"type\":\"phone\",\"value\":\"11 98421-7730\"}]"},                         \
        {.name = "email", .type = F_EMAIL, .help = "Short for a contact of kind email."},          \
        {.name = "phone", .type = F_PHONE, .help = "Short for a contact of kind phone."},          \
        {.name = "document",                                                                       \
         .type = F_TEXT,                                                                           \
         .nullable = true,                                                                         \
         .max = 40,                                                                                \
         .help = "Blocks doubles by its letters and digits."},                                     \
        {.name = "kind", .type = F_ENUM, .values = "person|company"},                              \
        {.name = "person_type",                                                                    \
         .type = F_ENUM,                                                                           \
         .values = "person|company|individual|fisica|juridica|natural|pf|pj",                      \
         .help = "As kind."},                                                                      \
        {.name = "birthDate", .type = F_DATE, .nullable = true},                                   \
        {.name = "country",                                                                        \
         .type = F_TEXT,                                                                           \
         .nullable = true,                                                                         \
         .min = 2,                                                                                 \
         .max = 2,                                                                                 \
         .help = "ISO 3166 alpha-2.",                                                              \
         .example = "\"BR\""},                                                                     \
        {.name = "language", .type = F_ENUM, .values = "pt|es|en", .nullable = true},              \
        {.name = "address", .type = F_OBJECT, .fields = address_fields, .nullable = true},         \
        {.name = "avatarFileId", .type = F_UUID, .nullable = true},                                \
        {.name = "pinnedNote", .type = F_TEXT, .max = 4000},                                       \
        {.name = "ownerId", .type = F_UUID, .nullable = true},                                     \
        {.name = "stageId", .type = F_UUID, .nullable = true},                                     \
        {.name = "stageOrder", .type = F_NUMBER},                                                  \
        {.name = "valueMinor",                                                                     \
         .type = F_INT,                                                                            \
         .nullable = true,                                                                         \
         .min = -1000000000000000,                                                                 \
         .max = 1000000000000000},                                                                 \
        {.name = "salePrice",                                                                      \
         .type = F_NUMBER,                                                                         \
         .nullable = true,                                                                         \
         .help = "As valueMinor, in major units."},                                                \
        {.name = "utm", .type = F_OBJECT, .max = 4000},                                            \
        {.name = "tags", .type = F_ARRAY, .of = F_UUID, .max = 100},                               \
        {.name = "selectedTags", .type = F_ARRAY, .of = F_UUID, .max = 100, .help = "As tags."},   \
        {.name = "fields", .type = F_JSON, .help = "Custom fields: {slug: value}."},               \
        {.name = "customFields", .type = F_JSON, .help = "As fields; also [{slug, value}]."},      \
    {                                                                                              \
        .name = "allowDuplicateContacts", .type = F_BOOL, .otherwise = "false"                     \
    }

static const struct field create_fields[] = {
    CUSTOMER_INPUT,
    {.name = "source",
     .type = F_TEXT,
     .min = 1,
     .max = 40,
     .help = "Where the customer came from; api for keys, else manual."},
    {0},
};
static const struct field update_fields[] = {
    CUSTOMER_INPUT,
    {.name = "version",
     .type = F_INT,
     .min = 1,
     .help = "Refuses the change when the customer has another version by now."},
    {0},
};

/* A body on its way to the SQL functions. */
struct draft {
    struct ctx *c;
    struct crm_home h;
    json_t *p; /* what the functions call p */
    json_t *contacts;
    bool failed;
};

/* One contact: its kind and identifier by either name. */
static enum err draft_contact(struct draft *d, const char *field, const char *type,
                              const char *identifier, const json_t *from)
{
    json_t *one = NULL;
    const char *kind = contact_kind_of(type);
    if (!kind || !identifier) {
        d->failed = true;
        (void)fault_field(d->c, field, "REQUIRED", "A contact needs a type and a value");
        return ERR_OK;
    }
    enum err e = contact_input(d->c, &d->h, field, kind, identifier, &one);
    if (e == ERR_INVALID) d->failed = true;
    if (e) return e == ERR_INVALID ? ERR_OK : e;
    json_t *label = json_object_get(from, "label");
    json_t *primary = json_object_get(from, "isPrimary");
    if (label) json_object_set(one, "label", label);
    if (primary) json_object_set(one, "isPrimary", primary);
    json_array_append_new(d->contacts, one);
    return ERR_OK;
}

static enum err draft_contacts(struct draft *d)
{
    const json_t *list = in_json(d->c, "contacts");
    enum err e = ERR_OK;
    for (size_t i = 0; i < json_array_size(list) && !e; i++) {
        const json_t *k = json_array_get(list, i);
        const char *type = json_get_text(k, "kind");
        const char *identifier = json_get_text(k, "identifier");
        const char *name = identifier ? "identifier" : "value";
        e = draft_contact(d, arena_printf(d->c->arena, "contacts[%zu].%s", i, name),
                          type ? type : json_get_text(k, "type"),
                          identifier ? identifier : json_get_text(k, "value"), k);
    }
    if (!e && in_text(d->c, "email"))
        e = draft_contact(d, "email", "email", in_text(d->c, "email"), NULL);
    if (!e && in_text(d->c, "phone"))
        e = draft_contact(d, "phone", "phone", in_text(d->c, "phone"), NULL);
    if (!e && json_array_size(d->contacts) > 0) json_object_set(d->p, "contacts", d->contacts);
    return e;
}

/* Members that pass as they are: present ones only, null included. */
static void draft_plain(struct draft *d)
{
    static const char *const same[] = {"name",       "document", "kind",    "birthDate",
                                       "country",    "language", "address", "avatarFileId",
                                       "pinnedNote", "ownerId",  "stageId", "stageOrder",
                                       "valueMinor", "utm",      "source",  "version"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        json_t *v = in_json(d->c, same[i]);
        if (v) json_object_set(d->p, same[i], v);
    }
    json_object_set_new(d->p, "allowDoubles",
                        json_boolean(in_bool(d->c, "allowDuplicateContacts", false)));
}

static void draft_refuse(struct draft *d, const char *field, const char *code, const char *words)
{
    d->failed = true;
    (void)fault_field(d->c, field, code, "%s", words);
}

/* What the public path says in other words. */
static void draft_aliases(struct draft *d)
{
    struct ctx *c = d->c;
    const char *type = in_text(c, "person_type");
    if (type && !in_has(c, "kind")) {
        bool company = strcmp(type, "company") == 0 || strcmp(type, "juridica") == 0 ||
                       strcmp(type, "pj") == 0;
        json_object_set_new(d->p, "kind", json_string(company ? "company" : "person"));
    }
    const json_t *price = in_json(c, "salePrice");
    if (price && !in_has(c, "valueMinor")) {
        int64_t minor = 0;
        if (json_is_null(price))
            json_object_set_new(d->p, "valueMinor", json_null());
        else if (money_minor(decimal_text(c->arena, price), currency_decimals(d->h.home.currency),
                             &minor))
            json_object_set_new(d->p, "valueMinor", json_integer(minor));
        else
            draft_refuse(d, "salePrice", "INVALID_NUMBER",
                         "Must be an amount with at most the currency's decimals");
    }
    const char *tags = in_has(c, "tags") ? "tags" : "selectedTags";
    if (in_has(c, tags)) {
        json_object_set(d->p, "tagIds", in_json(c, tags));
        json_object_set_new(d->p, "tagsField", json_string(tags));
    }
    const char *country = in_text(c, "country");
    if (country && strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
        draft_refuse(d, "country", "INVALID_CHOICE", "Must be two capital letters (ISO 3166)");
}

/* c->in to p and values. ERR_INVALID names every bad field at once. */
static enum err draft_read(struct ctx *c, bool create, json_t **ret_p, const char **ret_values)
{
    struct draft d = {
        .c = c, .p = arena_json(c, json_object()), .contacts = arena_json(c, json_array())};
    const char *fields = in_has(c, "fields") ? "fields" : "customFields";
    enum err e = crm_home_load(c, &d.h);
    if (e) return e;
    draft_plain(&d);
    draft_aliases(&d);
    e = draft_contacts(&d);
    if (e) return e;
    e = values_read(c, &d.h, fields, in_json(c, fields), NULL, ret_values);
    if (e && e != ERR_INVALID) return e;
    if (create && json_array_size(d.contacts) == 0 && !d.failed)
        draft_refuse(&d, "contacts", "REQUIRED",
                     "A customer needs a contact: contacts, email or phone");
    if (create && !in_has(c, "source"))
        json_object_set_new(d.p, "source",
                            json_string(c->actor.kind == ACTOR_KEY ? "api" : "manual"));
    *ret_p = d.p;
    return e || d.failed ? ERR_INVALID : ERR_OK;
}

/* --- handlers -------------------------------------------------------------------------- */

static enum err list_customers(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    const char *keys = NULL;
    const char *search = in_text(c, "search");
    enum err e = ERR_OK;
    if (search && *search) {
        e = crm_search_keys(c, search, &keys);
        if (!e) e = db_json(c, &SQL_CUSTOMER_SEARCH, PARAMS(P_TEXT("keys", keys)), &json);
    } else {
        e = db_json(c, &SQL_CUSTOMER_LIST, NULL, &json);
    }
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err count_customers(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    const char *keys = NULL;
    enum err e = crm_search_keys(c, in_text(c, "search"), &keys);
    if (!e) e = db_json(c, &SQL_CUSTOMER_COUNT, PARAMS(P_TEXT("keys", keys)), &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err create_customer(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    json_t *draft = NULL;
    const char *values = NULL;
    const char *json = NULL;
    enum err e = draft_read(c, true, &draft, &values);
    if (!e)
        e = db_json(c, &SQL_CUSTOMER_CREATE, PARAMS(P_JSON("p", draft), P_TEXT("values", values)),
                    &json);
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

static enum err update_customer(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    json_t *draft = NULL;
    const char *values = NULL;
    const char *json = NULL;
    enum err e = draft_read(c, false, &draft, &values);
    if (!e)
        e = db_json(c, &SQL_CUSTOMER_UPDATE, PARAMS(P_JSON("p", draft), P_TEXT("values", values)),
                    &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field list_fields[] = {
    CUSTOMER_FILTERS,
    {.name = "sort",
     .type = F_ENUM,
     .in = IN_QUERY,
     .values = "recent|name|activity",
     .otherwise = "\"recent\""},
    PAGE_FIELDS,
    {0},
};

static const struct field count_fields[] = {CUSTOMER_FILTERS, {0}};

static const struct field count_answer_fields[] = {
    {.name = "count", .type = F_INT, .required = true},
    {.name = "capped",
     .type = F_BOOL,
     .required = true,
     .help = "There are more; counting stopped."},
    {0},
};
static const struct schema schema_count = {.name = "CustomerCount", .fields = count_answer_fields};

static const struct field file_item_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "type", .type = F_TEXT, .required = true},
    {.name = "kind", .type = F_ENUM, .values = "image|video|audio|document", .required = true},
    {.name = "sizeBytes", .type = F_INT, .required = true},
    {.name = "url", .type = F_TEXT, .required = true},
    {.name = "chatId", .type = F_UUID, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema schema_file_item = {.name = "CustomerFile", .fields = file_item_fields};

static const struct field merge_fields[] = {
    {.name = "mergeId",
     .type = F_UUID,
     .required = true,
     .help = "Goes into the customer of the path."},
    {.name = "values",
     .type = F_ARRAY,
     .of = F_TEXT,
     .max = 200,
     .help =
         "Where both records have something the customer of the path keeps theirs, but for what "
         "stands here: name, document, birthDate, address, owner, stage, value, pinnedNote, "
         "field:<slug>.",
     .example = "[\"name\",\"birthDate\"]"},
    {0},
};

static const struct field page_fields[] = {PAGE_FIELDS, {0}};

static const struct field timeline_item_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "type",
     .type = F_ENUM,
     .values = "chat|note|stage|merge|field|created",
     .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {.name = "actorId", .type = F_UUID, .nullable = true, .required = true},
    {.name = "actorName", .type = F_TEXT, .required = true},
    {.name = "data", .type = F_OBJECT, .required = true},
    {0},
};
static const struct schema schema_timeline_item = {.name = "TimelineItem",
                                                   .fields = timeline_item_fields};

static const struct field duplicate_item_fields[] = {
    DUPLICATE_MEMBERS,
    {.name = "customer", .type = F_OBJECT, SCHEMA_REF(customer_item_fields), .required = true},
    {0},
};
static const struct schema schema_duplicate_item = {.name = "DuplicateItem",
                                                    .fields = duplicate_item_fields};

#define NOT_FOUND    "404 CUSTOMER_NOT_FOUND"
#define WRITE_ERRORS NOT_FOUND "|409 CUSTOMER_MERGED"

const struct route crm_customer_routes[] = {
    {.method = HTTP_GET,
     .path = CUSTOMERS,
     .id = "customers.list",
     .summary = "Customers, by filters, or found by a search text",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .fields = list_fields,
     .answer = &schema_customer_item,
     .shape = ANSWER_LIST,
     .errors = "400 INVALID_CURSOR",
     .handler = list_customers},
    {.method = HTTP_POST,
     .path = CUSTOMERS,
     .id = "customers.create",
     .summary = "Make a customer",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_EDIT,
     .creates = true,
     .fields = create_fields,
     .answer = &schema_customer_created,
     .errors = "400 UNKNOWN_REFERENCE|400 FIELDS_REQUIRED|409 CUSTOMER_DUPLICATE|409 LIMIT_REACHED",
     .handler = create_customer},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/count",
     .id = "customers.count",
     .summary = "How many customers a filter matches, up to 10,000",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .fields = count_fields,
     .answer = &schema_count,
     .handler = count_customers},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/{customerId}/files",
     .id = "customers.files",
     .summary = "The files in a customer's messages, newest first",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .fields = page_fields,
     .answer = &schema_file_item,
     .shape = ANSWER_LIST,
     .errors = NOT_FOUND "|400 INVALID_CURSOR",
     .sql = &SQL_CUSTOMER_FILES},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/{customerId}",
     .id = "customers.get",
     .summary = "One customer",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .answer = &schema_customer,
     .errors = NOT_FOUND,
     .sql = &SQL_CUSTOMER_GET},
    {.method = HTTP_PUT,
     .path = CUSTOMERS "/{customerId}",
     .id = "customers.update",
     .summary = "Change what the body names; contacts are added, never removed",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_EDIT,
     .fields = update_fields,
     .answer = &schema_customer_done,
     .errors = WRITE_ERRORS
     "|400 UNKNOWN_REFERENCE|400 FIELDS_REQUIRED|409 CUSTOMER_DUPLICATE|409 VERSION_CONFLICT|409 "
     "LIMIT_REACHED",
     .handler = update_customer},
    {.method = HTTP_DELETE,
     .path = CUSTOMERS "/{customerId}",
     .id = "customers.delete",
     .summary = "Take a customer out of all lists; closed chats stay in the history",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_DELETE,
     .shape = ANSWER_EMPTY,
     .errors = WRITE_ERRORS "|409 CUSTOMER_HAS_OPEN_CHATS",
     .sql = &SQL_CUSTOMER_DELETE},
    {.method = HTTP_DELETE,
     .path = CUSTOMERS "/{customerId}/data",
     .id = "customers.erase",
     .summary = "Erase everything that is known of a person, chats and messages too (LGPD, GDPR)",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_DELETE,
     .deadline_ms = 60000,
     .shape = ANSWER_EMPTY,
     .errors = WRITE_ERRORS,
     .sql = &SQL_CUSTOMER_ERASE},
    {.method = HTTP_POST,
     .path = CUSTOMERS "/{customerId}/merge",
     .id = "customers.merge",
     .summary = "Merge another record of the same person into this one",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_MERGE,
     .fields = merge_fields,
     .answer = &schema_customer,
     .errors = WRITE_ERRORS "|400 SAME_CUSTOMER|400 INVALID_CHOICE",
     .sql = &SQL_CUSTOMER_MERGE},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/{customerId}/duplicates",
     .id = "customers.duplicates",
     .summary = "Other records that may be the same person",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .answer = &schema_duplicate_item,
     .shape = ANSWER_LIST,
     .errors = NOT_FOUND,
     .sql = &SQL_CUSTOMER_DUPLICATES},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/{customerId}/timeline",
     .id = "customers.timeline",
     .summary = "Everything that happened with a customer, newest first",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .fields = page_fields,
     .answer = &schema_timeline_item,
     .shape = ANSWER_LIST,
     .errors = NOT_FOUND "|400 INVALID_CURSOR",
     .sql = &SQL_CUSTOMER_TIMELINE},
    {.method = HTTP_GET,
     .path = CUSTOMERS "/{customerId}/chats",
     .id = "customers.chats",
     .summary = "The customer's chats, newest first",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .fields = page_fields,
     .shape = ANSWER_LIST,
     .errors = NOT_FOUND "|400 INVALID_CURSOR",
     .sql = &SQL_CUSTOMER_CHATS},
    {0},
};
