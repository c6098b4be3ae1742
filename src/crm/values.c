/* Reading what many inputs have in common (values.h): custom field values by slug, identities, the
 * organization's defaults. Input is checked here once; the SQL functions trust what they get. */
#include "crm/values.h"

#include <string.h>

#include "base/json.h"
#include "sql.h"

#define VALUES_TEXT_MAX (4 * MIB)

static void release_json(void *arg)
{
    json_decref(arg);
}

json_t *arena_json(struct ctx *c, json_t *j)
{
    if (j) arena_on_free(c->arena, release_json, j);
    return j;
}

const char *decimal_text(struct arena *a, const json_t *number)
{
    const char *text = NULL;
    const char *code = NULL;
    const char *why = NULL;
    const struct field_def def = {.kind = "number"};
    const struct field_home home = {0};
    return field_value_read(a, &def, &home, number, &text, &code, &why) == ERR_OK ? text : "";
}

enum err crm_home_load(struct ctx *c, struct crm_home *ret)
{
    struct rows *rows = NULL;
    json_t *fields = NULL;
    enum err e = db_one(c, &SQL_CRM_HOME, NULL, &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "fields");
    e = json_parse(c->arena, text, strlen(text), &fields, NULL);
    if (e) return e;
    *ret = (struct crm_home){.home = {.country = rows_text(rows, 0, "country"),
                                      .currency = rows_text(rows, 0, "currency")},
                             .fields = fields};
    return ERR_OK;
}

const json_t *crm_field_find(const struct crm_home *h, const char *slug_or_id)
{
    for (size_t i = 0; slug_or_id && i < json_array_size(h->fields); i++) {
        const json_t *f = json_array_get(h->fields, i);
        if (strcmp(json_get_text(f, "slug"), slug_or_id) == 0 ||
            strcmp(json_get_text(f, "id"), slug_or_id) == 0)
            return f;
    }
    return NULL;
}

/* --- values ---------------------------------------------------------------------------- */

struct values {
    struct ctx *c;
    const struct crm_home *h;
    const char *name; /* of the input, for faults */
    json_t *skipped;  /* NULL: faults */
    bool failed;
    struct buf out;
};

/* Does the file exist? Other kinds need no look into the database. */
static enum err check_file(struct ctx *c, const json_t *def, const char *json, bool *ret_found)
{
    struct rows *rows = NULL;
    *ret_found = true;
    if (strcmp(json_get_text(def, "kind"), "file") != 0 || json[0] != '"') return ERR_OK;
    const char *id = arena_strndup(c->arena, json + 1, UUID_TEXT_SIZE - 1);
    enum err e = db_one(c, &SQL_CRM_FILE_EXISTS, PARAMS(P_TEXT("file", id)), &rows);
    if (e) return e;
    *ret_found = rows_bool(rows, 0, "found");
    return ERR_OK;
}

static enum err read_checked(struct ctx *c, const struct crm_home *h, const json_t *def,
                             const json_t *value, const char **ret_json, const char **ret_code,
                             const char **ret_why)
{
    const struct field_def d = {.kind = json_get_text(def, "kind"),
                                .options = json_object_get(def, "options")};
    enum err e = field_value_read(c->arena, &d, &h->home, value, ret_json, ret_code, ret_why);
    if (e) return e;
    bool found = true;
    e = check_file(c, def, *ret_json, &found);
    if (e || found) return e;
    *ret_code = "UNKNOWN_REFERENCE";
    *ret_why = "This file does not exist";
    return ERR_INVALID;
}

enum err values_read_one(struct ctx *c, const struct crm_home *h, const char *name,
                         const json_t *def, const json_t *value, const char **ret_json)
{
    const char *code = NULL;
    const char *why = NULL;
    enum err e = read_checked(c, h, def, value, ret_json, &code, &why);
    if (e == ERR_INVALID)
        return fault_field(c, name, code, "%s: %s", json_get_text(def, "slug"), why);
    return e;
}

static enum err refuse(struct values *v, const char *slug, const char *reason, const char *code,
                       const char *why)
{
    if (v->skipped) {
        json_array_append_new(v->skipped, json_pack("{s:s, s:s}", "slug", slug, "reason", reason));
        return ERR_OK;
    }
    v->failed = true;
    (void)fault_field(v->c, arena_printf(v->c->arena, "%s.%s", v->name, slug), code, "%s", why);
    return ERR_OK;
}

static enum err add_value(struct values *v, const char *slug, const json_t *value)
{
    const char *json = NULL;
    const char *code = NULL;
    const char *why = NULL;
    const json_t *def = crm_field_find(v->h, slug);
    if (!def)
        return refuse(v, slug, "not_found", "UNKNOWN_FIELD",
                      "There is no custom field of this name");
    enum err e = read_checked(v->c, v->h, def, value, &json, &code, &why);
    if (e == ERR_INVALID) return refuse(v, slug, "invalid", code, why);
    if (e) return e;
    if (v->skipped && strcmp(json, "null") == 0) return ERR_OK; /* nothing to fill in */
    buf_addf(&v->out, "%s\"%s\":%s", v->out.len > 1 ? "," : "", json_get_text(def, "id"), json);
    return ERR_OK;
}

/* One of [{slug, value}]. */
static enum err add_listed(struct values *v, size_t index, const json_t *item)
{
    const char *slug = json_get_text(item, "slug");
    if (slug) return add_value(v, slug, json_object_get(item, "value"));
    return refuse(v, arena_printf(v->c->arena, "%zu", index), "invalid", "INVALID_TYPE",
                  "Must be {slug, value}");
}

enum err values_read(struct ctx *c, const struct crm_home *h, const char *name, const json_t *input,
                     json_t *skipped, const char **ret_json)
{
    struct values v = {
        .c = c, .h = h, .name = name, .skipped = skipped, .out = BUF_INIT(VALUES_TEXT_MAX)};
    enum err e = ERR_OK;
    buf_addc(&v.out, '{');
    if (json_is_object(input)) {
        const char *slug;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)input, slug, value)
        {
            if (!e) e = add_value(&v, slug, value);
        }
    } else if (json_is_array(input)) {
        for (size_t i = 0; i < json_array_size(input) && !e; i++)
            e = add_listed(&v, i, json_array_get(input, i));
    } else if (input && !json_is_null(input) && !skipped) {
        e = fault_field(c, name, "INVALID_TYPE", "Must be an object of slugs and values");
    }
    buf_addc(&v.out, '}');
    if (!e && v.failed) e = ERR_INVALID;
    if (!e && buf_failed(&v.out)) e = ERR_TOO_LARGE;
    if (!e) *ret_json = arena_strndup(c->arena, buf_str(&v.out), v.out.len);
    if (!e && !*ret_json) e = ERR_NO_MEMORY;
    buf_free(&v.out);
    return e;
}

/* --- identities ------------------------------------------------------------------------ */

enum err contact_input(struct ctx *c, const struct crm_home *h, const char *field, const char *kind,
                       const char *identifier, json_t **ret)
{
    struct contact_form form;
    const char *code = NULL;
    enum err e = contact_read(c->arena, kind, identifier, h->home.country, &form, &code);
    if (e == ERR_INVALID)
        return fault_field(c, field, code, "This is not a valid %s contact", kind);
    if (e) return e;
    json_t *keys = json_array();
    for (int i = 0; i < form.key_count; i++)
        json_array_append_new(keys, json_string(form.keys[i]));
    *ret = json_pack("{s:s, s:s, s:s, s:o, s:s}", "kind", kind, "identifier", identifier,
                     "canonical", form.canonical, "keys", keys, "field", field);
    return *ret ? ERR_OK : ERR_NO_MEMORY;
}

enum err crm_search_keys(struct ctx *c, const char *text, const char **ret_json)
{
    static const char *const kinds[] = {"phone",     "email",     "whatsapp",
                                        "instagram", "messenger", "telegram"};
    struct rows *rows = NULL;
    *ret_json = "[]";
    if (!text || !*text) return ERR_OK;
    enum err e = db_one(c, &SQL_CRM_COUNTRY, NULL, &rows);
    if (e) return e;
    json_t *keys = arena_json(c, json_array());
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct contact_form form;
        e = contact_read(c->arena, kinds[k], text, rows_text(rows, 0, "country"), &form, NULL);
        if (e == ERR_INVALID) continue;
        if (e) return e;
        for (int i = 0; i < form.key_count; i++)
            json_array_append_new(keys, json_string(form.keys[i]));
    }
    *ret_json = json_text(c->arena, keys);
    return *ret_json ? ERR_OK : ERR_NO_MEMORY;
}
