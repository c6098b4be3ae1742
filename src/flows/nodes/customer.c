/* What is known of the customer: name, contacts, fields, tags, stage. A text that is blank once it is
 * filled in changes nothing: an answer that was not given wipes out no one that was. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/nodes.h"

static const char *const plain[] = {"name", "email", "phone", "document", "birthDate", "language"};

/* A value as the customer's rows take it: dates as 2026-02-28, whatever the language. NULL: it
 * cannot be read. */
static const char *filled(struct run *r, const char *key, const char *template)
{
    struct value v;
    bool date = strcmp(key, "birthDate") == 0;
    if (run_fill_value(r, template, &v)) return NULL;
    if (value_is_blank(&v)) return "";
    if (date && !flow_value_as(&r->env, r->arena, "date", &v, &v)) {
        (void)run_refuse(r, "INVALID_DATE", "%s is no date",
                         flow_value_text(&r->env, r->arena, &v));
        return NULL;
    }
    if (v.type != VALUE_DATE) return flow_value_text(&r->env, r->arena, &v);
    CLEANUP(json_decrefp) json_t *j = value_to_json(&v);
    const char *text = json_is_string(j) ? arena_strdup(r->arena, json_string_value(j)) : NULL;
    return text && date ? arena_strndup(r->arena, text, strcspn(text, "T")) : text;
}

/* Set key of changes to what a template gives; false: it cannot be read. */
static bool fill(struct run *r, json_t *changes, const char *key, const char *template)
{
    const char *text = filled(r, key, template);
    if (!text) return false;
    if (text[strspn(text, " \t\r\n")] == 0) return true;
    json_object_set_new(changes, key, json_string(text));
    run_note_text(r, key, text);
    return true;
}

static enum err set_fields(struct run *r, const struct node *n)
{
    json_t *changes = json_object(), *fields = json_object();
    const json_t *given = node_json(n, "fields");
    const char *slug;
    json_t *v;
    bool fine = true;
    arena_on_free(r->arena, (void (*)(void *))json_decref, changes);
    arena_on_free(r->arena, (void (*)(void *))json_decref, fields);
    for (size_t i = 0; fine && i < ARRAY_LEN(plain); i++)
        fine = fill(r, changes, plain[i], node_text(n, plain[i]));
    json_object_foreach((json_t *)(uintptr_t)given, slug, v) fine =
        fine && fill(r, fields, slug, json_is_string(v) ? json_string_value(v) : "");
    if (!fine) return r->abort ? r->abort : ERR_INVALID;
    if (json_object_size(fields) > 0) json_object_set(changes, "fields", fields);
    return json_object_size(changes) > 0 ? r->host->customer(r, changes) : ERR_OK;
}

static enum err set_tags(struct run *r, const struct node *n, const char *field, bool on)
{
    const json_t *list = node_json(n, field);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < json_array_size(list); i++) {
        struct uuid id;
        const char *s = json_string_value(json_array_get(list, i));
        if (s && uuid_parse(s, &id)) e = r->host->tag(r, id, on);
    }
    return e;
}

static enum step run(struct run *r, const struct node *n)
{
    struct uuid stage = node_uuid(n, "stageId");
    enum err e = set_fields(r, n);
    if (!e) e = set_tags(r, n, "tagsAdd", true);
    if (!e) e = set_tags(r, n, "tagsRemove", false);
    if (!e && !uuid_is_nil(stage)) e = r->host->stage(r, stage, "");
    return e ? run_error(r, e) : run_next(r);
}

static void check(struct check *k, const struct node *n)
{
    bool something = json_object_size(node_json(n, "fields")) > 0 ||
                     json_array_size(node_json(n, "tagsAdd")) > 0 ||
                     json_array_size(node_json(n, "tagsRemove")) > 0 || *node_text(n, "stageId");
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        something = something || *node_text(n, plain[i]);
    if (!something) check_warning(k, n, NULL, "CHANGES_NOTHING", NULL, "changes nothing");
    if (k->flow->kind == FLOW_STAGE && *node_text(n, "stageId"))
        check_error(k, n, "stageId", "STAGE_LOOP", NULL,
                    "a flow that a change of stage starts cannot change the stage");
}

static const struct node_field fields[] = {
    {.name = "name", .kind = NF_TEMPLATE, .max = 200},
    {.name = "email", .kind = NF_TEMPLATE, .max = 320},
    {.name = "phone", .kind = NF_TEMPLATE, .max = 100},
    {.name = "document", .kind = NF_TEMPLATE, .max = 100, .advanced = true},
    {.name = "birthDate", .kind = NF_TEMPLATE, .max = 100, .advanced = true},
    {.name = "language", .kind = NF_TEMPLATE, .max = 20, .advanced = true},
    {.name = "fields", .kind = NF_FIELDS, .max = 50},
    {.name = "tagsAdd", .kind = NF_TAGS, .max = 20},
    {.name = "tagsRemove", .kind = NF_TAGS, .max = 20},
    {.name = "stageId", .kind = NF_STAGE},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_customer = {
    .type = "customer",
    .category = NODE_DO,
    .icon = "user-pen",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .run = run,
    .check = check,
};
