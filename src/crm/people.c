/* People from outside (crm.h): finding or making the customer behind an identity, and the
 * first-touch rule for what a form, an advertisement or an integration says about them: it fills
 * what is empty and never overwrites what is known. Called by chat/create, by imports and by flows;
 * a message that comes in goes through crm_identity() in SQL directly. */
#include <string.h>

#include "base/json.h"
#include "crm/crm.h"
#include "crm/values.h"
#include "sql.h"

/* A further contact into p.extra; one that cannot be read is noted as skipped. */
static enum err add_extra(struct ctx *c, const struct crm_home *h, json_t *extra, json_t *invalid,
                          const char *kind, const char *identifier)
{
    struct contact_form form;
    if (!identifier || !*identifier) return ERR_OK;
    enum err e = contact_read(c->arena, kind, identifier, h->home.country, &form, NULL);
    if (e == ERR_INVALID) {
        json_array_append_new(invalid, json_pack("{s:s, s:s}", "field", kind, "reason", "invalid"));
        return ERR_OK;
    }
    if (e) return e;
    json_t *one = NULL;
    e = contact_input(c, h, kind, kind, identifier, &one);
    if (e) return e;
    json_array_append_new(extra, one);
    return ERR_OK;
}

static json_t *column_json(struct ctx *c, const struct rows *rows, const char *column)
{
    const char *text = rows_text(rows, 0, column);
    json_t *j = NULL;
    if (!text || json_parse(c->arena, text, strlen(text), &j, NULL) != ERR_OK)
        return arena_json(c, json_array());
    return j;
}

enum err crm_customer_find_or_create(struct ctx *c, const struct crm_person *p,
                                     struct crm_found *ret)
{
    struct crm_home h;
    enum err e = crm_home_load(c, &h);
    if (e) return e;
    json_t *input = NULL;
    e = contact_input(c, &h, p->field ? p->field : "contactValue", p->kind, p->identifier, &input);
    if (e) return e;
    (void)arena_json(c, input);
    json_t *invalid = arena_json(c, json_array());
    json_t *extra = arena_json(c, json_array());
    e = add_extra(c, &h, extra, invalid, "email", p->email);
    if (!e) e = add_extra(c, &h, extra, invalid, "phone", p->phone);
    if (e) return e;
    json_object_set(input, "extra", extra);
    char id[UUID_TEXT_SIZE];
    if (!uuid_is_nil(p->customer))
        json_object_set_new(input, "customerId", json_string(uuid_text(p->customer, id)));
    json_object_set_new(input, "name", json_string(p->name ? p->name : ""));
    json_object_set_new(input, "source", json_string(p->source ? p->source : "api"));

    struct rows *rows = NULL;
    e = db_one(c, &SQL_CRM_FIND_OR_CREATE, PARAMS(P_JSON("p", input)), &rows);
    if (e) return e;
    *ret = (struct crm_found){
        .customer = rows_uuid(rows, 0, "customer"),
        .contact = rows_uuid(rows, 0, "contact"),
        .name = rows_text(rows, 0, "name"),
        .created = rows_bool(rows, 0, "created"),
        .contacts_applied = column_json(c, rows, "applied"),
        .contacts_skipped = column_json(c, rows, "skipped"),
    };
    json_array_extend(ret->contacts_skipped, invalid);
    return ERR_OK;
}

/* [a, b] → [{key: a, reason}, …] at the end of list. */
static void add_reasons(json_t *list, const char *key, const json_t *names, const char *reason)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", key,
                                              json_string_value(json_array_get(names, i)), "reason",
                                              reason));
}

enum err crm_first_touch(struct ctx *c, struct uuid customer, const json_t *utm,
                         const json_t *fields, const json_t *tags, json_t **ret)
{
    struct crm_home h;
    const char *values = NULL;
    const char *text = NULL;
    json_t *said = NULL;
    json_t *skipped = arena_json(c, json_array());
    enum err e = crm_home_load(c, &h);
    if (!e) e = values_read(c, &h, "customFields", fields, skipped, &values);
    if (e) return e;
    json_t *p = arena_json(c, json_object());
    if (json_is_object(utm)) json_object_set(p, "utm", (json_t *)(uintptr_t)utm);
    if (json_is_array(tags)) json_object_set(p, "tags", (json_t *)(uintptr_t)tags);
    e = db_json(c, &SQL_CRM_FIRST_TOUCH,
                PARAMS(P_UUID("customer", customer), P_JSON("p", p), P_TEXT("values", values)),
                &text);
    if (e) return e;
    e = json_parse(c->arena, text, strlen(text), &said, NULL);
    if (e) return e;
    add_reasons(skipped, "slug", json_object_get(said, "fieldsFilled"), "already_filled");
    json_t *tags_skipped = json_array();
    add_reasons(tags_skipped, "name", json_object_get(said, "tagsMissing"), "not_found");
    *ret = arena_json(c, json_pack("{s:O, s:O, s:O, s:O, s:o}", "utmApplied",
                                   json_object_get(said, "utmApplied"), "customFieldsApplied",
                                   json_object_get(said, "fieldsApplied"), "customFieldsSkipped",
                                   skipped, "tagsApplied", json_object_get(said, "tagsApplied"),
                                   "tagsSkipped", tags_skipped));
    return *ret ? ERR_OK : ERR_NO_MEMORY;
}
