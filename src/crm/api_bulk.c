/* One change to many customers: a list of ids, or everything that a filter matches, in stretches of
 * BULK_MAX. Each customer is a transaction of its own, so that one that cannot be changed does not
 * hold back the others; the answer names those that failed and why, and where a filter goes on.
 * Ids are taken in one order, so that two of these at once wait for each other instead of locking
 * up. */
#include <stdlib.h>
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "crm/crm.h"
#include "crm/schemas.h"
#include "sql.h"

#define BULK_MAX 500

struct bulk_action {
    const char *name;
    const struct sql *sql; /* for one customer: the same as that change's own route */
    int permission;
    const char *argument; /* must be in the input */
    bool may_be_null;     /* null: none, out of the funnel */
};

static const struct bulk_action actions[] = {
    {"tag", &SQL_CUSTOMER_TAG_ADD, PERMISSION_CUSTOMERS_EDIT, "tagId", false},
    {"untag", &SQL_CUSTOMER_TAG_REMOVE, PERMISSION_CUSTOMERS_EDIT, "tagId", false},
    {"stage", &SQL_CUSTOMER_STAGE, PERMISSION_CUSTOMERS_EDIT, "stageId", true},
    {"owner", &SQL_CUSTOMER_OWNER, PERMISSION_CUSTOMERS_EDIT, "ownerId", true},
    {"delete", &SQL_CUSTOMER_DELETE, PERMISSION_CUSTOMERS_DELETE, NULL, false},
};

static const struct bulk_action *action_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0) return &actions[i];
    return NULL;
}

/* What the action cannot do without, and what it points to: said once, not per customer. */
static enum err bulk_arguments(struct ctx *c, const struct bulk_action *a)
{
    if (!(c->actor.permissions & PERMISSION_BIT(a->permission)))
        return fault(c, ERR_FORBIDDEN, NULL, "this action needs a permission that you do not have");
    if (!a->argument) return ERR_OK;
    const json_t *given = in_json(c, a->argument);
    if (!given || (json_is_null(given) && !a->may_be_null))
        return fault_field(c, a->argument, "REQUIRED", "the action %s needs this", a->name);
    return db_exec(c, &SQL_CUSTOMER_BULK_CHECK, NULL);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

/* Those of the list, each once. */
static int ids_given(const json_t *list, struct uuid *ids)
{
    int count = 0, kept = 0;
    for (size_t i = 0; i < json_array_size(list) && count < BULK_MAX; i++)
        if (uuid_parse(json_string_value(json_array_get(list, i)), &ids[count])) count++;
    qsort(ids, (size_t)count, sizeof *ids, compare_ids);
    for (int i = 0; i < count; i++)
        if (i == 0 || !uuid_equal(ids[i], ids[kept - 1])) ids[kept++] = ids[i];
    return kept;
}

/* The next stretch of what the filter matches. *ret_more: there is another one. */
static enum err ids_matched(struct ctx *c, const json_t *filter, struct uuid *ids, int *ret_count,
                            bool *ret_more)
{
    const char *keys = NULL, *cursor = in_text(c, "cursor");
    struct rows *rows = NULL;
    struct uuid after = {0};
    if (cursor && !uuid_parse(cursor, &after))
        return fault_field(c, "cursor", "INVALID_CURSOR", "not a cursor of this list");
    enum err e = crm_search_keys(c, json_get_text(filter, "search"), &keys);
    if (!e)
        e = db_query(c, &SQL_CUSTOMER_BULK_IDS,
                     PARAMS(P_JSON("filter", filter), P_TEXT("keys", keys), P_UUID("after", after),
                            P_INT("limit", BULK_MAX + 1)),
                     &rows);
    if (e) return e;
    int count = rows_count(rows);
    *ret_more = count > BULK_MAX;
    *ret_count = *ret_more ? BULK_MAX : count;
    for (int i = 0; i < *ret_count; i++)
        ids[i] = rows_uuid(rows, i, "id");
    return ERR_OK;
}

/* Does the action to each. ERR_* only for what would fail for all that follow too. */
static enum err bulk_run(struct ctx *c, const struct bulk_action *a, const struct uuid *ids,
                         int count, int *ret_done, json_t *failed)
{
    for (int i = 0; i < count; i++) {
        enum err e = db_exec(c, a->sql,
                             PARAMS(P_UUID("customerId", ids[i]), P_NULL("chatId"),
                                    P_NULL("stageOrder"), P_TEXT("notes", "")));
        if (e == ERR_CANCELLED || e == ERR_DEADLINE || e == ERR_UNAVAILABLE) return e;
        if (!e) {
            ++*ret_done;
            continue;
        }
        char id[UUID_TEXT_SIZE];
        json_array_append_new(failed, json_pack("{s:s, s:s}", "id", uuid_text(ids[i], id), "code",
                                                c->fault.code ? c->fault.code : err_row(e)->code));
        fault_clear(c);
    }
    return ERR_OK;
}

static enum err bulk(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct bulk_action *a = action_find(in_text(c, "action"));
    const json_t *list = in_json(c, "customerIds"), *filter = in_json(c, "filter");
    if (!list == !filter)
        return fault_field(c, "customerIds", "REQUIRED",
                           "say which customers: either customerIds or filter");
    enum err e = bulk_arguments(c, a);
    if (e) return e;
    struct uuid *ids = arena_array(c->arena, BULK_MAX, sizeof *ids);
    int count = 0, done = 0;
    bool more = false;
    if (list)
        count = ids_given(list, ids);
    else
        e = ids_matched(c, filter, ids, &count, &more);
    CLEANUP(json_decrefp) json_t *failed = json_array();
    if (!e) e = bulk_run(c, a, ids, count, &done, failed);
    if (e) return e;
    char next[UUID_TEXT_SIZE];
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:i, s:O, s:s?}", "done", done, "failed", failed, "next",
                               more ? uuid_text(ids[count - 1], next) : NULL);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* --- two people after all -------------------------------------------------------------- */

static const struct field dismiss_fields[] = {
    {.name = "otherId", .type = F_UUID, .in = IN_PATH, .required = true},
    {0},
};

/* --- rows ------------------------------------------------------------------------------ */

static const struct field filter_fields[] = {CUSTOMER_FILTERS, {0}};

static const struct field bulk_fields[] = {
    {.name = "action", .type = F_ENUM, .values = "tag|untag|stage|owner|delete", .required = true},
    {.name = "customerIds", .type = F_ARRAY, .of = F_UUID, .min = 1, .max = BULK_MAX},
    {.name = "filter",
     .type = F_OBJECT,
     .fields = filter_fields,
     .help = "Everything that this matches, instead of customerIds: 500 at a time, see next."},
    {.name = "cursor",
     .type = F_TEXT,
     .max = 36,
     .help = "next of the answer before; with filter."},
    {.name = "tagId", .type = F_UUID, .help = "tag, untag"},
    {.name = "stageId", .type = F_UUID, .nullable = true, .help = "stage; null: out of the funnel"},
    {.name = "ownerId", .type = F_UUID, .nullable = true, .help = "owner; null: nobody"},
    {0},
};

static const struct field failed_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "code", .type = F_TEXT, .required = true},
    {0},
};
static const struct field bulk_answer_fields[] = {
    {.name = "done", .type = F_INT, .required = true},
    {.name = "failed", .type = F_ARRAY, .of = F_OBJECT, .fields = failed_fields, .required = true},
    {.name = "next",
     .type = F_TEXT,
     .nullable = true,
     .required = true,
     .help = "The filter matches more: the cursor of the next call. Null: that was all."},
    {0},
};
static const struct schema bulk_schema = {
    .name = "CustomerBulkResult",
    .help = "How many were changed, and which could not be.",
    .fields = bulk_answer_fields,
};

const struct route crm_bulk_routes[] = {
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/customers/bulk",
     .id = "customers.bulk",
     .summary = "One change to many customers",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_VIEW,
     .deadline_ms = 60000,
     .fields = bulk_fields,
     .answer = &bulk_schema,
     .errors = "400 UNKNOWN_REFERENCE|400 INVALID_CURSOR",
     .handler = bulk},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/customers/{customerId}/duplicates/{otherId}/dismiss",
     .id = "customers.dismissDuplicate",
     .summary = "Two people after all: not suggested as doubles any more",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_MERGE,
     .fields = dismiss_fields,
     .shape = ANSWER_EMPTY,
     .errors = "400 SAME_CUSTOMER|404 CUSTOMER_NOT_FOUND",
     .sql = &SQL_CUSTOMER_DISMISS_DUPLICATE},
    {0},
};
