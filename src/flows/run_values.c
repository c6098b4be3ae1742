/* What a run knows and sets: the paths of expressions, variables, templates, conditions, and what is
 * noted of them for the log (run.h). */
#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "flows/condition.h"
#include "flows/run.h"

#define NOTE_TEXT_MAX 300 /* bytes of one value in the log */

/* --- paths ------------------------------------------------------------------------------ */

#define CONTEXT_TRIGGER 4 /* the other names are members of run->context */

static const char *const context_names[] = {"customer", "chat", "channel", "organization",
                                            "trigger"};

static bool name_is(const struct path_step *s, const char *name)
{
    return s->name && s->name_len == strlen(name) && memcmp(s->name, name, s->name_len) == 0;
}

void run_context_changed(struct run *r)
{
    memset(r->seen_made, 0, sizeof r->seen_made);
}

static enum err context_value(struct run *r, size_t i, struct value *ret)
{
    if (!r->seen_made[i]) {
        const json_t *j =
            i == CONTEXT_TRIGGER ? r->trigger : json_object_get(r->context, context_names[i]);
        enum err e = value_from_json(r->arena, j, &r->seen[i]);
        if (e) return e;
        r->seen_made[i] = true;
    }
    *ret = r->seen[i];
    return ERR_OK;
}

static const struct flow_variable *declared_as(const struct flow *f, const char *name, size_t len)
{
    for (int i = 0; i < f->variable_count; i++)
        if (strlen(f->variables[i].name) == len && memcmp(f->variables[i].name, name, len) == 0)
            return &f->variables[i];
    return NULL;
}

/* Kept for the next time: texts name a list again and again, and each reading of it takes memory. */
static void remember(struct run *r, json_t *j, const struct flow_variable *declared,
                     const struct value *v)
{
    if (!r->known) r->known = arena_array(r->arena, RUN_KNOWN_MAX, sizeof *r->known);
    if (!r->known || r->known_count == RUN_KNOWN_MAX) return;
    arena_on_free(r->arena, (void (*)(void *))json_decref, json_incref(j));
    r->known[r->known_count++] = (struct run_known){j, declared, *v};
}

/* As it was stored, in its declared type: dates are texts in JSON. */
static enum err variable_value(struct run *r, const char *name, size_t len, struct value *ret)
{
    const struct flow_variable *declared = declared_as(r->flow, name, len);
    const json_t *j = json_object_getn(r->vars, name, len);
    if (!j && declared) j = declared->otherwise;
    *ret = value_empty();
    if (!j) return ERR_OK;
    for (int i = 0; i < r->known_count; i++) {
        const struct run_known *k = &r->known[i];
        if (k->json != j || k->declared != declared) continue;
        *ret = k->value;
        return ERR_OK;
    }
    enum err e = value_from_json(r->arena, j, ret);
    if (!e && declared && ret->type == VALUE_TEXT && strcmp(declared->type, "text") != 0)
        (void)flow_value_as(&r->env, r->arena, declared->type, ret, ret);
    if (!e) remember(r, (json_t *)(uintptr_t)j, declared, ret);
    return e;
}

static struct value part(const struct path *p, size_t *used, const char *name, struct value v,
                         struct value otherwise)
{
    if (p->count < 2 || !name_is(&p->steps[1], name)) return otherwise;
    *used = 2;
    return v;
}

static struct value two(const char *a, const char *b, const char *code, const char *message,
                        const struct path *p, size_t *used)
{
    struct value v = part(p, used, a, value_text(code), value_empty());
    return part(p, used, b, value_text(message), v);
}

static enum err message_value(struct run *r, const struct path *p, size_t *used, struct value *ret)
{
    const struct answer *m = &r->last;
    struct value v = value_empty();
    v = part(p, used, "text", value_text(m->text ? m->text : ""), v);
    v = part(p, used, "kind", value_text(m->kind ? m->kind : ""), v);
    v = part(p, used, "option", value_text(m->option), v);
    if (m->at_ms > 0) v = part(p, used, "at", value_date(m->at_ms, NULL), v);
    enum err e = ERR_OK;
    if (p->count >= 2 && name_is(&p->steps[1], "files") && m->files) {
        e = value_from_json(r->arena, m->files, &v);
        *used = 2;
    } else if (p->count >= 2 && name_is(&p->steps[1], "data") && m->data) {
        e = value_from_json(r->arena, m->data, &v);
        *used = 2;
    }
    *ret = v;
    return e;
}

static struct value system_value(struct run *r, const struct path *p, size_t *used)
{
    int64_t now_ms = run_now_ms(r);
    const struct flow_zone *zone = run_zone(r, NULL);
    struct civil local = {0};
    flow_zone_local(zone, now_ms, &local);
    struct value today = value_day(&local);
    const char *clock = arena_printf(r->arena, "%02d:%02d", local.hour, local.minute);
    struct value v = part(p, used, "now", value_date(now_ms, NULL), value_empty());
    v = part(p, used, "today", today, v);
    v = part(p, used, "time", value_text(clock), v);
    v = part(p, used, "language", value_text(r->env.language), v);
    return part(p, used, "weekday", value_number(local.weekday ? local.weekday : 7), v);
}

static enum err lookup(void *arg, const struct path *p, size_t *ret_used, struct value *ret)
{
    struct run *r = arg;
    const struct path_step *first = &p->steps[0];
    *ret_used = 1;
    for (size_t i = 0; i < ARRAY_LEN(context_names); i++)
        if (name_is(first, context_names[i])) return context_value(r, i, ret);
    if (name_is(first, "message")) return message_value(r, p, ret_used, ret);
    if (name_is(first, "system")) {
        *ret = system_value(r, p, ret_used);
        return ERR_OK;
    }
    if (name_is(first, "flow")) {
        *ret = part(p, ret_used, "name", value_text(r->flow->name), value_empty());
        return ERR_OK;
    }
    if (name_is(first, "error")) {
        *ret = two("code", "message", r->error.code, r->error.message, p, ret_used);
        return ERR_OK;
    }
    if (name_is(first, "session") && p->count >= 2 && p->steps[1].name) {
        *ret_used = 2;
        first = &p->steps[1];
    }
    return variable_value(r, first->name, first->name_len, ret);
}

static int64_t env_now(void *arg)
{
    return run_now_ms(arg);
}

static uint64_t env_random(void *arg)
{
    struct run *r = arg;
    uint64_t high = r->host->random(r);
    return high << 32 | r->host->random(r);
}

void run_begin(struct run *r)
{
    r->env.arg = r;
    r->env.lookup = lookup;
    r->env.now_ms = env_now;
    r->env.random = env_random;
    r->env.value_max_bytes = FLOW_VALUE_MAX_BYTES;
    r->env.work = &r->work;
    r->work = FLOW_RUN_WORK_MAX;
    r->last.text = r->last.kind = "";
}

const struct flow_zone *run_zone(struct run *r, const char *name)
{
    const struct flow_zone *z = name && *name ? flow_zone_get(r->env.zones, name) : NULL;
    if (!z && r->env.zone) z = flow_zone_get(r->env.zones, r->env.zone);
    return z ? z : flow_zone_get(r->env.zones, "UTC");
}

/* --- variables -------------------------------------------------------------------------- */

/* Set with what JSON holds; the total is looked at afterwards, and a step that fails is undone. */
static enum err store(struct run *r, const char *name, json_t *j)
{
    if (!j) return ERR_NO_MEMORY;
    if (!r->vars_before) r->vars_before = json_copy(r->vars);
    if (json_object_set_new(r->vars, name, j)) return ERR_NO_MEMORY;
    if (json_dumpb(r->vars, NULL, 0, JSON_COMPACT) > FLOW_VARS_MAX_BYTES) {
        (void)run_limit(r, "VARS_LARGE", "the variables together are larger than %d KB",
                        FLOW_VARS_MAX_BYTES / 1024);
        return ERR_TOO_LARGE;
    }
    return ERR_OK;
}

enum err run_set(struct run *r, const char *name, const struct value *v)
{
    const struct flow_variable *declared = flow_variable(r->flow, name);
    struct value as = *v;
    if (declared && !flow_value_as(&r->env, r->arena, declared->type, v, &as))
        return run_refuse(r, "VALUE_TYPE", "%s cannot be a %s", value_type_name(v->type),
                          declared->type);
    if (value_size(&as, FLOW_VALUE_MAX_BYTES + 1) > FLOW_VALUE_MAX_BYTES) {
        (void)run_limit(r, "VALUE_LARGE", "%s is larger than %d KB", name,
                        FLOW_VALUE_MAX_BYTES / 1024);
        return ERR_TOO_LARGE;
    }
    enum err e = store(r, name, value_store(&as));
    if (e) return e;
    run_note_text(r, name, flow_value_text(&r->env, r->arena, &as));
    return ERR_OK;
}

/* Texts of a form or a key's owner: "12,5" for a number. What cannot be so stays as it was given. */
void run_vars_typed(struct run *r)
{
    for (int i = 0; i < r->flow->variable_count; i++) {
        const struct flow_variable *declared = &r->flow->variables[i];
        json_t *j = json_object_get(r->vars, declared->name);
        struct value v, as;
        if (!j || value_from_json(r->arena, j, &v)) continue;
        if (flow_value_as(&r->env, r->arena, declared->type, &v, &as))
            json_object_set_new(r->vars, declared->name, value_store(&as));
    }
}

enum err run_set_text(struct run *r, const char *name, const char *text)
{
    struct value v = value_text(text);
    return run_set(r, name, &v);
}

enum err run_set_json(struct run *r, const char *name, const json_t *j)
{
    struct value v;
    enum err e = value_from_json(r->arena, j, &v);
    if (e == ERR_INVALID) return run_refuse(r, "VALUE_TYPE", "nested too deeply");
    return e ? e : run_set(r, name, &v);
}

/* --- the log ---------------------------------------------------------------------------- */

void run_note(struct run *r, const char *key, json_t *v)
{
    if (!r->note) r->note = json_object();
    json_object_set_new(r->note, key, v ? v : json_null());
    if (json_dumpb(r->note, NULL, 0, JSON_COMPACT) > FLOW_STEP_DATA_MAX_BYTES)
        json_object_set_new(r->note, key, json_string("…"));
    if (json_dumpb(r->note, NULL, 0, JSON_COMPACT) > FLOW_STEP_DATA_MAX_BYTES)
        json_object_del(r->note, key);
}

void run_note_text(struct run *r, const char *key, const char *text)
{
    if (!text) text = "";
    size_t len = strlen(text);
    if (len <= NOTE_TEXT_MAX) {
        run_note(r, key, json_string(text));
        return;
    }
    len = NOTE_TEXT_MAX;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--; /* not inside of a character */
    run_note(r, key, json_string(arena_printf(r->arena, "%.*s…", (int)len, text)));
}

/* --- templates, expressions, conditions -------------------------------------------------- */

static enum err language_fault(struct run *r, const struct flow_error *f)
{
    if (f->code == FLOW_UNAVAILABLE && f->err && !flow_refuses(f->err)) return f->err;
    if (f->code == FLOW_BUDGET && *r->env.work <= 0) {
        (void)run_limit(r, "WORK_LIMIT", "the expressions of one run take too many operations");
        return ERR_TOO_LARGE;
    }
    return run_refuse(r, flow_code_name(f->code), "%s", f->message ? f->message : "");
}

const char *run_fill(struct run *r, const char *template, enum template_use use)
{
    const char *text = NULL;
    struct flow_error f = {0};
    if (!strstr(template, "{{")) return template;
    if (flow_template_run(template, &r->env, use, TEMPLATE_TEXT_MAX, r->arena, &text, &f))
        return text;
    enum err e = language_fault(r, &f);
    if (!flow_refuses(e)) r->abort = e;
    return NULL;
}

const char *run_text(struct run *r, const struct node *n, const char *field)
{
    return run_fill(r, node_text(n, field), TEMPLATE_PLAIN);
}

enum err run_fill_value(struct run *r, const char *template, struct value *ret_value)
{
    struct flow_template *t = NULL;
    struct flow_error f = {0};
    if (flow_template_parse(r->arena, template, &t, &f) &&
        flow_template_value(t, &r->env, r->arena, ret_value, &f))
        return ERR_OK;
    return language_fault(r, &f);
}

enum err run_expression(struct run *r, const char *text, struct value *ret_value)
{
    struct flow_error f = {0};
    if (expr_run(text, &r->env, r->arena, ret_value, &f)) return ERR_OK;
    return language_fault(r, &f);
}

static void note_condition(struct run *r, const char *key, const struct condition_trace *trace,
                           bool yes)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < trace->count; i++) {
        const struct condition_seen *s = &trace->rows[i];
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:s, s:s, s:b}", "row", s->row, "left", s->left,
                                        "op", s->op, "right", s->right, "yes", s->yes));
    }
    run_note(r, key, json_pack("{s:b, s:o}", "yes", yes, "rows", rows));
}

enum err run_condition(struct run *r, const json_t *conditions, const char *key, bool *ret_yes)
{
    struct condition *parsed = NULL;
    struct flow_error f = {0};
    struct condition_trace trace = {0};
    *ret_yes = true;
    if (!conditions || json_is_null(conditions)) return ERR_OK;
    if (!condition_parse(r->arena, conditions, &parsed, &f) ||
        !condition_eval(parsed, &r->env, r->arena, ret_yes, key ? &trace : NULL, &f))
        return language_fault(r, &f);
    if (key) note_condition(r, key, &trace, *ret_yes);
    return ERR_OK;
}
