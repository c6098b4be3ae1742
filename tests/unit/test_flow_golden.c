/* The language of flows by cases: every file of tests/flows/expressions holds variables, settings and
 * a list of {expression | template | condition | path} with the value that it must give, or the
 * error with its place. */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow_cases.h"

struct run {
    struct arena *arena;
    const char *file;
    size_t number;
    const json_t *one; /* the case */
    struct flow_world world;
    struct flow_env env;
    int failed;
};

static void wrong(struct run *r, const char *what, const char *got)
{
    char *text = json_dumps(r->one, JSON_COMPACT | JSON_ENCODE_ANY);
    print_error("%s, case %zu: %s: %s\n    %s\n", r->file, r->number, what, got, text);
    free(text);
    r->failed++;
}

static const char *error_text(struct run *r, const struct flow_error *e)
{
    return arena_printf(r->arena, "%s at %zu%s%s (%s%s%s)", flow_code_name(e->code), e->at,
                        e->row ? " in " : "", e->row ? e->row : "", e->message,
                        e->subject ? "; " : "", e->subject ? e->subject : "");
}

static void check_error(struct run *r, const struct flow_error *e)
{
    const json_t *want = json_object_get(r->one, "error");
    const char *row = json_get_text(want, "row"), *subject = json_get_text(want, "subject");
    bool ok = e->message && strcmp(flow_code_name(e->code), json_get_text(want, "code")) == 0 &&
              (int64_t)e->at == json_get_int(want, "at", (int64_t)e->at);
    if (row) ok = ok && e->row && strcmp(row, e->row) == 0;
    if (subject) ok = ok && e->subject && strcmp(subject, e->subject) == 0;
    if (!ok) wrong(r, "another error", error_text(r, e));
}

static void check_value(struct run *r, const struct value *v)
{
    json_t *got = value_to_json(v);
    const json_t *want = json_object_get(r->one, "is");
    const char *type = json_get_text(r->one, "type");
    if (!want || !json_equal(got, want))
        wrong(r, "another value", json_text(r->arena, got));
    else if (type && strcmp(type, value_type_name(v->type)) != 0)
        wrong(r, "another type", value_type_name(v->type));
    json_decref(got);
}

/* ok: what the function under test said. False: there was an error, and it was checked. */
static bool went_well(struct run *r, bool ok, const struct flow_error *e)
{
    bool want_error = json_object_get(r->one, "error") != NULL;
    if (ok && want_error) wrong(r, "no error", "fine");
    if (ok) return !want_error;
    if (want_error)
        check_error(r, e);
    else
        wrong(r, "an error", error_text(r, e));
    return false;
}

static void run_expression(struct run *r, const char *text)
{
    struct flow_error e;
    struct value v;
    bool ok = expr_run(text, &r->env, r->arena, &v, &e);
    if (went_well(r, ok, &e)) check_value(r, &v);
}

static void run_template(struct run *r, const char *text)
{
    struct flow_error e;
    struct flow_template *t = NULL;
    const char *use = json_get_text(r->one, "use"), *out = NULL,
               *want = json_get_text(r->one, "text");
    struct value v;
    bool ok = flow_template_parse(r->arena, text, &t, &e);
    if (!want && json_object_get(r->one, "is")) {
        ok = ok && flow_template_value(t, &r->env, r->arena, &v, &e);
        if (went_well(r, ok, &e)) check_value(r, &v);
        return;
    }
    enum template_use how = use && strcmp(use, "url") == 0    ? TEMPLATE_URL
                            : use && strcmp(use, "json") == 0 ? TEMPLATE_JSON
                                                              : TEMPLATE_PLAIN;
    ok = ok && flow_template_render(t, &r->env, how, 10000, r->arena, &out, &e);
    if (went_well(r, ok, &e) && (!want || strcmp(want, out) != 0)) wrong(r, "another text", out);
}

static void run_condition(struct run *r, const json_t *j)
{
    struct flow_error e;
    struct condition *c = NULL;
    struct condition_trace trace;
    bool yes = false;
    bool ok = condition_parse(r->arena, j, &c, &e) &&
              condition_eval(c, &r->env, r->arena, &yes, &trace, &e);
    if (went_well(r, ok, &e) && yes != json_is_true(json_object_get(r->one, "is")))
        wrong(r, "another truth", yes ? "true" : "false");
}

static void run_path(struct run *r, const char *text)
{
    struct flow_error e = {0};
    struct path p;
    struct value v, all;
    bool ok = path_parse(r->arena, text, &p, &e);
    if (!went_well(r, ok, &e)) return;
    assert_int_equal(value_from_json(r->arena, r->world.variables, &all), ERR_OK);
    assert_int_equal(path_get(r->arena, &p, &all, &v), ERR_OK);
    check_value(r, &v);
    json_t *j = path_json(&p, (json_t *)(uintptr_t)r->world.variables);
    if (!strchr(text, '*') && !json_equal(j ? j : json_null(), json_object_get(r->one, "is")))
        wrong(r, "another value in JSON", "see above");
}

static void run_case(struct run *r, const json_t *file)
{
    const json_t *own = json_object_get(r->one, "settings");
    const json_t *variables = json_object_get(r->one, "variables");
    const json_t *condition = json_object_get(r->one, "condition");
    const char *text;
    r->world.arena = r->arena;
    r->world.variables = variables ? variables : json_object_get(file, "variables");
    r->world.broken = json_get_text(r->one, "broken");
    r->env = world_env(&r->world, own ? own : json_object_get(file, "settings"));
    if ((text = json_get_text(r->one, "expression")))
        run_expression(r, text);
    else if ((text = json_get_text(r->one, "template")))
        run_template(r, text);
    else if ((text = json_get_text(r->one, "path")))
        run_path(r, text);
    else if (condition)
        run_condition(r, condition);
    else
        wrong(r, "no case", "");
}

/* The number of cases in a file. */
static size_t run_file(struct run *r, const char *folder, const char *name)
{
    char path[1200];
    json_error_t error;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!file) fail_msg("%s line %d: %s", path, error.line, error.text);
    const json_t *cases = json_object_get(file, "cases");
    size_t count = json_array_size(cases);
    r->file = name;
    for (r->number = 0; r->number < count; r->number++) {
        r->arena = arena_new(4 * MIB);
        r->one = json_array_get(cases, r->number);
        r->world.random = 1;
        run_case(r, file);
        arena_freep(&r->arena);
    }
    json_decref(file);
    return count;
}

static void test_cases(void **state)
{
    (void)state;
    const char *root = getenv("INTERFLOW_SOURCE");
    char folder[900];
    size_t count = 0, files = 0;
    struct run r = {.world = {.zones = flow_zones_new()}};
    assert_non_null(root);
    (void)snprintf(folder, sizeof(folder), "%s/tests/flows/expressions", root);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0) continue;
        count += run_file(&r, folder, entry->d_name);
        files++;
    }
    (void)closedir(dir);
    flow_zones_free(r.world.zones);
    print_message("%zu cases in %zu files\n", count, files);
    assert_true(files >= 8 && count >= 300);
    assert_int_equal(r.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
