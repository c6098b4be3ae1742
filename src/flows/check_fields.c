/* The checks that the rows of fields give: what is required, how long, what exists, whether
 * templates, expressions and conditions can be read (check.h). One function per kind of field, in one
 * table. */
#include "flows/check_fields.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "flows/condition.h"

#define TEXT_MAX 16000 /* characters, where the row does not say */
#define LIST_MAX 100
#define DIGITS   "0123456789"

/* One field of one node (or trigger) under the checks. */
struct field_at {
    struct check *k;
    const struct node *n;
    const struct node_field *f;
    const char *at; /* "text", "options[2].title" */
};

static void say(struct field_at x, const char *code, json_t *data, const char *words)
{
    check_error(x.k, x.n, x.at, code, data, "%s", words);
}

static struct field_at inside(struct field_at x, size_t i, const char *key)
{
    struct arena *a = x.k->problems->arena;
    x.at = key && *key ? arena_printf(a, "%s[%zu].%s", x.at, i, key)
                       : arena_printf(a, "%s[%zu]", x.at, i);
    return x;
}

static void length(struct field_at x, const char *s, int64_t most)
{
    if (text_length(s) > (size_t)most)
        say(x, "TOO_LONG", json_pack("{s:I}", "max", (json_int_t)most), "is too long");
}

/* --- paths ------------------------------------------------------------------------------ */

static bool is(const struct path_step *s, const char *name)
{
    return s->name && s->name_len == strlen(name) && memcmp(s->name, name, s->name_len) == 0;
}

static void path_seen(void *arg, const struct path *p, size_t at)
{
    static const char *const known[] = {"chat",    "channel", "organization", "system",
                                        "message", "trigger", "flow",         "error"};
    struct field_at *x = arg;
    struct check *k = x->k;
    (void)at;
    if (p->count == 0 || !p->steps[0].name) return;
    const struct path_step *s = &p->steps[0];
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (is(s, known[i])) return;
    struct arena *a = k->problems->arena;
    if (is(s, "customer")) {
        if (p->count < 3 || !is(&p->steps[1], "fields") || !p->steps[2].name || !k->world->fields)
            return;
        const char *slug = arena_strndup(a, p->steps[2].name, p->steps[2].name_len);
        if (!json_object_get(k->world->fields, slug))
            check_error(k, x->n, x->at, "UNKNOWN_FIELD", json_pack("{s:s}", "name", slug),
                        "there is no field %s", slug);
        return;
    }
    if (is(s, "session")) {
        if (p->count < 2 || !p->steps[1].name) return;
        s = &p->steps[1];
    }
    const char *name = arena_strndup(a, s->name, s->name_len);
    if (!flow_variable(k->flow, name) && !json_object_get(k->names, name))
        check_warning(k, x->n, x->at, "UNKNOWN_VARIABLE", json_pack("{s:s}", "name", name),
                      "nothing in this flow sets %s", name);
}

static void language(struct field_at x, const struct flow_error *e)
{
    struct arena *a = x.k->problems->arena;
    if (e->row) x.at = arena_printf(a, "%s.%s", x.at, e->row);
    json_t *data = json_pack("{s:I}", "at", (json_int_t)e->at);
    if (e->subject) json_object_set_new(data, "subject", json_string(e->subject));
    say(x, flow_code_name(e->code), data, e->message ? e->message : "cannot be read");
}

static void template(struct field_at x, const char *s)
{
    struct flow_template *t = NULL;
    struct flow_error e = {0};
    if (!strstr(s, "{{")) return;
    if (!flow_template_parse(x.k->problems->arena, s, &t, &e))
        language(x, &e);
    else
        flow_template_each_path(t, path_seen, &x);
}

static void expression(struct field_at x, const char *s)
{
    struct expr *t = NULL;
    struct flow_error e = {0};
    if (!expr_parse(x.k->problems->arena, s, &t, &e))
        language(x, &e);
    else
        expr_each_path(t, path_seen, &x);
}

static void conditions(struct field_at x, const json_t *j)
{
    struct condition *t = NULL;
    struct flow_error e = {0};
    if (!condition_parse(x.k->problems->arena, j, &t, &e))
        language(x, &e);
    else
        condition_each_path(t, path_seen, &x);
}

/* --- what exists ------------------------------------------------------------------------ */

static const json_t *set_of(const struct check_world *w, enum node_field_kind kind)
{
    switch (kind) {
    case NF_CHANNEL:
    case NF_CHANNELS: return w->channels;
    case NF_TEAM: return w->teams;
    case NF_USER: return w->users;
    case NF_TAG:
    case NF_TAGS: return w->tags;
    case NF_STAGE: return w->stages;
    case NF_CLOSURE_TYPE: return w->closure_types;
    case NF_FLOW: return w->flows;
    case NF_FILE:
    case NF_FILES: return w->files;
    default: return NULL;
    }
}

static void exists(struct field_at x, const json_t *v)
{
    const json_t *set = set_of(x.k->world, x.f->kind);
    const char *id = json_string_value(v);
    if (!id)
        say(x, "INVALID_TYPE", NULL, "must be an id");
    else if (set && !json_object_get(set, id))
        say(x, "UNKNOWN_REFERENCE", json_pack("{s:s}", "kind", node_field_kind_names[x.f->kind]),
            "does not exist here");
}

static void file(struct field_at x, const json_t *v)
{
    const json_t *id = json_object_get(v, "fileId");
    if (!json_is_string(id))
        say(x, "REQUIRED", NULL, "needs a file");
    else
        exists(x, id);
}

/* --- kinds ------------------------------------------------------------------------------ */

static void check_text_field(struct field_at x, const json_t *v)
{
    const char *s = json_string_value(v);
    if (!s) {
        say(x, "INVALID_TYPE", NULL, "must be text");
        return;
    }
    length(x, s, x.f->max ? x.f->max : TEXT_MAX);
    if (x.f->kind == NF_TEMPLATE || x.f->kind == NF_URL || x.f->kind == NF_JSON) template(x, s);
    if (x.f->kind == NF_EXPRESSION) expression(x, s);
}

static void check_number(struct field_at x, const json_t *v)
{
    if (!json_is_number(v)) {
        say(x, "INVALID_TYPE", NULL, "must be a number");
        return;
    }
    if (x.f->kind == NF_DURATION && !json_is_integer(v)) {
        say(x, "INVALID_TYPE", NULL, "must be a whole number of milliseconds");
        return;
    }
    double d = json_number_value(v);
    if (d < (double)x.f->min || (x.f->max && d > (double)x.f->max))
        say(x, "OUT_OF_RANGE",
            json_pack("{s:I, s:I}", "min", (json_int_t)x.f->min, "max", (json_int_t)x.f->max),
            "is out of range");
}

static void check_enum(struct field_at x, const json_t *v)
{
    const char *s = json_string_value(v);
    size_t len = s ? strlen(s) : 0;
    for (const char *p = x.f->values; s && p && *p;) {
        size_t n = strcspn(p, "|");
        if (n == len && memcmp(p, s, n) == 0) return;
        p += n + (p[n] == '|');
    }
    say(x, "INVALID", NULL, "is not one of the values");
}

static void check_time(struct field_at x, const json_t *v)
{
    const char *s = json_string_value(v);
    bool fine = s && strlen(s) == 5 && s[2] == ':' && strspn(s, DIGITS) == 2 &&
                strspn(s + 3, DIGITS) == 2 && (s[0] - '0') * 10 + s[1] - '0' < 24 && s[3] < '6';
    if (!fine) say(x, "INVALID_TIME", NULL, "must be HH:MM");
}

static void check_weekdays(struct field_at x, const json_t *v)
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_int_t day = json_integer_value(json_array_get(v, i));
        if (day < 1 || day > 7) say(x, "INVALID", NULL, "days are 1 (Monday) to 7");
    }
}

static void check_zone(struct field_at x, const json_t *v)
{
    const char *s = json_string_value(v);
    if (s && *s && !flow_zone_get(x.k->zones, s))
        say(x, "UNKNOWN_ZONE", NULL, "there is no such time zone");
}

static void check_variable(struct field_at x, const json_t *v)
{
    const char *s = json_string_value(v);
    if (s && *s && !flow_name_valid(s)) say(x, "INVALID_NAME", NULL, "is no name of a variable");
}

static void check_node(struct field_at x, const json_t *v)
{
    if (!flow_node_by_id(x.k->flow, json_string_value(v)))
        say(x, "UNKNOWN_NODE", NULL, "there is no such node");
}

/* The items of options, weights, cases, pairs, mappings, assignments. */
static void check_item(struct field_at x, size_t i, const json_t *o)
{
    enum node_field_kind kind = x.f->kind;
    bool option = kind == NF_OPTIONS || kind == NF_WEIGHTS || kind == NF_CASES;
    const char *id = json_get_text(o, "id"), *title = json_get_text(o, "title");
    if (option && (!id || !*id || strlen(id) > NODE_ID_MAX))
        say(inside(x, i, "id"), "INVALID_ID", NULL, "needs an id");
    if (option && kind != NF_CASES && (!title || !title[strspn(title, " \t\r\n")]))
        say(inside(x, i, "title"), "REQUIRED", NULL, "is empty");
    if (title) template(inside(x, i, "title"), title);
    if (json_get_text(o, "description"))
        template(inside(x, i, "description"), json_get_text(o, "description"));
    if (kind == NF_WEIGHTS && json_get_int(o, "weight", 0) < 0)
        say(inside(x, i, "weight"), "OUT_OF_RANGE", NULL, "cannot be below 0");
    if (kind == NF_CASES) conditions(inside(x, i, "when"), json_object_get(o, "when"));
    if (kind == NF_PAIRS) {
        if (!json_get_text(o, "name") || !*json_get_text(o, "name"))
            say(inside(x, i, "name"), "REQUIRED", NULL, "is empty");
        if (json_get_text(o, "value")) template(inside(x, i, "value"), json_get_text(o, "value"));
    }
    if (kind == NF_MAPPING) {
        struct path p;
        struct flow_error e = {0};
        const char *path = json_get_text(o, "path");
        if (!path_parse(x.k->problems->arena, path ? path : "", &p, &e))
            language(inside(x, i, "path"), &e);
        check_variable(inside(x, i, "variable"), json_object_get(o, "variable"));
    }
    if (kind == NF_ASSIGNMENTS) {
        const char *name = json_get_text(o, "name"), *how = json_get_text(o, "kind"),
                   *value = json_get_text(o, "value");
        if (!name || !flow_name_valid(name))
            say(inside(x, i, "name"), "INVALID_NAME", NULL, "is no name of a variable");
        if (value && how && strcmp(how, "expression") == 0)
            expression(inside(x, i, "value"), value);
        else if (value)
            template(inside(x, i, "value"), value);
    }
}

static void check_list(struct field_at x, const json_t *v)
{
    size_t count = json_array_size(v);
    int64_t most = x.f->max ? x.f->max : LIST_MAX;
    if (!json_is_array(v)) {
        say(x, "INVALID_TYPE", NULL, "must be a list");
        return;
    }
    if (count < (size_t)x.f->min || count > (size_t)most)
        say(x, "TOO_MANY",
            json_pack("{s:I, s:I}", "min", (json_int_t)x.f->min, "max", (json_int_t)most),
            "too few or too many");
    CLEANUP(json_decrefp) json_t *ids = json_object();
    for (size_t i = 0; i < count; i++) {
        const json_t *o = json_array_get(v, i);
        enum node_field_kind kind = x.f->kind;
        if (kind == NF_CHANNELS || kind == NF_TAGS) {
            exists(inside(x, i, NULL), o);
        } else if (kind == NF_FILES) {
            file(inside(x, i, NULL), o);
        } else if (kind == NF_WORDS) {
            if (!json_is_string(o) || json_string_length(o) == 0 || json_string_length(o) > 1000)
                say(inside(x, i, NULL), "INVALID", NULL, "must be 1 to 1000 characters");
        } else if (!json_is_object(o)) {
            say(inside(x, i, NULL), "INVALID_TYPE", NULL, "must be an object");
        } else {
            const char *id = json_get_text(o, "id");
            if (id && json_object_get(ids, id))
                say(inside(x, i, "id"), "DUPLICATE", NULL, "is there twice");
            if (id) json_object_set_new(ids, id, json_true());
            check_item(x, i, o);
        }
    }
}

static void check_fields_map(struct field_at x, const json_t *v)
{
    const char *slug;
    json_t *value;
    struct arena *a = x.k->problems->arena;
    json_object_foreach((json_t *)(uintptr_t)v, slug, value)
    {
        struct field_at y = x;
        y.at = arena_printf(a, "%s.%s", x.at, slug);
        if (x.k->world->fields && !json_object_get(x.k->world->fields, slug))
            say(y, "UNKNOWN_FIELD", json_pack("{s:s}", "name", slug), "there is no such field");
        if (json_is_string(value)) template(y, json_string_value(value));
    }
}

static void check_wa_template(struct field_at x, const json_t *v)
{
    const char *name = json_get_text(v, "name"), *lang = json_get_text(v, "language");
    if (!name || !*name) {
        say(x, "REQUIRED", NULL, "needs a template");
        return;
    }
    struct arena *a = x.k->problems->arena;
    const char *key = arena_printf(a, "%s/%s", name, lang ? lang : "");
    if (x.k->world->templates && !json_object_get(x.k->world->templates, key))
        say(x, "UNKNOWN_REFERENCE", json_pack("{s:s}", "kind", "waTemplate"),
            "there is no such template");
    const char *slot;
    json_t *value;
    json_object_foreach(json_object_get(v, "parameters"), slot, value)
    {
        struct field_at y = x;
        y.at = arena_printf(a, "%s.parameters.%s", x.at, slot);
        if (json_is_string(value)) template(y, json_string_value(value));
    }
}

static void check_conditions(struct field_at x, const json_t *v)
{
    conditions(x, v);
}

static void check_bool(struct field_at x, const json_t *v)
{
    if (!json_is_boolean(v)) say(x, "INVALID_TYPE", NULL, "must be true or false");
}

static void nothing(struct field_at x, const json_t *v)
{
    (void)x;
    (void)v;
}

static void (*const by_kind[NF_KIND_COUNT])(struct field_at x, const json_t *v) = {
    [NF_TEMPLATE] = check_text_field,
    [NF_TEXT] = check_text_field,
    [NF_NUMBER] = check_number,
    [NF_BOOL] = check_bool,
    [NF_ENUM] = check_enum,
    [NF_DURATION] = check_number,
    [NF_TIME] = check_time,
    [NF_WEEKDAYS] = check_weekdays,
    [NF_ZONE] = check_zone,
    [NF_OPTIONS] = check_list,
    [NF_WEIGHTS] = check_list,
    [NF_CASES] = check_list,
    [NF_CONDITIONS] = check_conditions,
    [NF_EXPRESSION] = check_text_field,
    [NF_VARIABLE] = check_variable,
    [NF_MAPPING] = check_list,
    [NF_PAIRS] = check_list,
    [NF_FILE] = file,
    [NF_FILES] = check_list,
    [NF_CHANNEL] = exists,
    [NF_CHANNELS] = check_list,
    [NF_TEAM] = exists,
    [NF_USER] = exists,
    [NF_TAG] = exists,
    [NF_TAGS] = check_list,
    [NF_STAGE] = exists,
    [NF_CLOSURE_TYPE] = exists,
    [NF_FLOW] = exists,
    [NF_NODE] = check_node,
    [NF_FIELDS] = check_fields_map,
    [NF_ASSIGNMENTS] = check_list,
    [NF_WA_TEMPLATE] = check_wa_template,
    [NF_URL] = check_text_field,
    [NF_JSON] = check_text_field,
    [NF_WORDS] = check_list,
    [NF_TRIGGERS] = nothing,
};

static bool is_blank(const json_t *v)
{
    if (!v || json_is_null(v)) return true;
    if (json_is_string(v)) {
        const char *s = json_string_value(v);
        return s[strspn(s, " \t\r\n")] == 0;
    }
    return (json_is_array(v) && json_array_size(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0);
}

void check_fields(struct check *k, const struct node *n, const struct node_field *fields,
                  const json_t *data, const char *prefix)
{
    struct arena *a = k->problems->arena;
    for (const struct node_field *f = fields; f && f->name; f++) {
        if (!node_when_holds(&f->when, data)) continue;
        const json_t *v = json_object_get(data, f->name);
        struct field_at x = {k, n, f,
                             *prefix ? arena_printf(a, "%s.%s", prefix, f->name) : f->name};
        if (is_blank(v)) {
            if (f->required) say(x, "REQUIRED", NULL, "must be filled in");
        } else {
            by_kind[f->kind](x, v);
        }
    }
}

void check_conditions_at(struct check *k, const struct node *n, const char *at, const json_t *j)
{
    struct field_at x = {k, n, NULL, at};
    if (j && !json_is_null(j)) conditions(x, j);
}
