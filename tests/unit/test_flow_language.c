/* The language of flows beyond single cases: budgets and limits, lazy look-ups, what an expression
 * names, keeping values, the rows' words, the examples of the docs. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/coroutine.h"
#include "flow_cases.h"
#include "flows/expr_impl.h"
#include "flows/functions.h"

static const char variables_text[] =
    "{\"customer\":{\"name\":\"Ana "
    "Souza\",\"tags\":[\"vip\",\"novo\"],\"fields\":{\"cpf\":\"123\"}},\"n\":3,"
    "\"long\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]}";

struct fixture {
    struct arena *arena;
    struct flow_world world;
    struct flow_env env;
};

static int setup(void **state)
{
    static struct fixture f;
    json_t *variables = NULL;
    f = (struct fixture){.arena = arena_new(16 * MIB)};
    assert_int_equal(json_parse(f.arena, variables_text, strlen(variables_text), &variables, NULL),
                     ERR_OK);
    f.world = (struct flow_world){
        .arena = f.arena, .variables = variables, .zones = flow_zones_new(), .random = 1};
    f.env = world_env(&f.world, NULL);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    flow_zones_free(f->world.zones);
    arena_freep(&f->arena);
    return 0;
}

static struct value good(struct fixture *f, const char *text)
{
    struct flow_error e;
    struct value v = value_empty();
    if (!expr_run(text, &f->env, f->arena, &v, &e))
        fail_msg("%s: %s at %zu: %s", text, flow_code_name(e.code), e.at, e.message);
    return v;
}

static enum flow_code bad(struct fixture *f, const char *text)
{
    struct flow_error e;
    struct value v;
    if (expr_run(text, &f->env, f->arena, &v, &e)) fail_msg("%s: no error", text);
    assert_non_null(e.message);
    assert_true(e.at <= strlen(text));
    return e.code;
}

/* --- limits ---------------------------------------------------------------------------- */

static void test_budget(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(good(f, "sum(map(long, sum(map(long, it))))").number, 30 * 465);
    assert_int_equal(bad(f, "map(long, map(long, map(long, it)))"), FLOW_BUDGET);
    /* Many matches, each within its own limit, are too many together. */
    assert_int_equal(bad(f, "map(long, map(long, matches(\"aaaaaaaaaaaaaaaa\", \"(a+)+$\")))"),
                     FLOW_BUDGET);
    /* One budget for a whole template. */
    CLEANUP(buf_free) struct buf b = BUF_INIT(TEMPLATE_TEXT_MAX);
    struct flow_error e;
    const char *out = NULL;
    for (int i = 0; i < 40; i++)
        buf_adds(&b, "{{sum(map(long, sum(long)))}}");
    assert_false(
        flow_template_run(buf_str(&b), &f->env, TEMPLATE_PLAIN, 10000, f->arena, &out, &e));
    assert_int_equal(e.code, FLOW_BUDGET);
}

static void test_memory(void **state)
{
    struct fixture *f = *state;
    size_t before = arena_used(f->arena);
    /* Texts of 45 kB, thirty of them. */
    assert_int_equal(bad(f, "map(map(long, pad(\"x\", 9000)), it & it & it & it & it)"),
                     FLOW_MEMORY);
    /* What is in between leaves nothing behind. */
    assert_true(arena_used(f->arena) - before < 64 * KIB);
    assert_int_equal(bad(f, "map(long, pad(\"x\", 9000))"), FLOW_TOO_LARGE);
    assert_int_equal(bad(f, "pad(\"x\", 9999) & pad(\"x\", 9999)"), FLOW_TOO_LARGE);
    f->env.value_max_bytes = 100;
    assert_int_equal(bad(f, "pad(\"x\", 200)"), FLOW_TOO_LARGE);
    assert_int_equal(good(f, "length(pad(\"x\", 200))").number, 200);
    /* A tree that shares its branches is small in memory and endless in writing. */
    f->env.value_max_bytes = 0;
    const char *shared = "map([1], [it, it])";
    for (int i = 0; i < 12; i++)
        shared = arena_printf(f->arena, "map(%s, [it, it, it, it])", shared);
    assert_int_equal(bad(f, shared), FLOW_TOO_LARGE);
    assert_int_equal(bad(f, arena_printf(f->arena, "length(toJson(%s))", shared)), FLOW_TOO_LARGE);
    assert_int_equal(bad(f, arena_printf(f->arena, "\"\" & %s", shared)), FLOW_TOO_LARGE);
    (void)good(f, arena_printf(f->arena, "%s = %s", shared, shared)); /* ends, whatever it says */
}

static char *repeated(struct fixture *f, const char *head, const char *piece, int count,
                      const char *tail)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(1 * MIB);
    buf_adds(&b, head);
    for (int i = 0; i < count; i++)
        buf_adds(&b, piece);
    buf_adds(&b, tail);
    return arena_strdup(f->arena, buf_str(&b));
}

static void test_depth(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bad(f, repeated(f, "", "(", 5000, "1")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "", "[", 5000, "1")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "", "not ", 4000, "1")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "", "-", 5000, "1")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "1", "?1:1", 3000, "")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "", "abs(", 3000, "1")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "n", "[n]", 3000, "")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "n", ".a", 3000, "")), FLOW_TOO_DEEP);
    assert_int_equal(bad(f, repeated(f, "1", " ", 20000, "")), FLOW_TOO_LONG);
    /* Wide is not deep. */
    assert_int_equal(good(f, repeated(f, "1", "+1", 4000, "")).number, 4001);
    assert_true(good(f, repeated(f, "true", " and 1", 2000, "")).yes);
    assert_int_equal(good(f, repeated(f, "\"\"", "&1", 3000, "")).text.len, 3000);
    /* A result may be nested 32 deep. */
    assert_int_equal(good(f, repeated(f, "", "[", 31, repeated(f, "1", "]", 31, ""))).type,
                     VALUE_LIST);
    assert_int_equal(bad(f, repeated(f, "", "[", 40, repeated(f, "1", "]", 40, ""))),
                     FLOW_TOO_DEEP);
}

/* The deepest of each kind that is let through, within what a coroutine of the server leaves. */
static void deepest(void *arg)
{
    static const char *const kinds[][2] = {
        {"(", ")"},         {"[", "]"},  {"{a:", "}"},      {"abs(1+2*(", "))"},
        {"map([1],", ")"},  {"n[", "]"}, {"first([", "])"}, {"true ? ", " : 0"},
        {"not (1 = ", ")"}, {"-", ""},   {"\"\" & ", ""},   {"1 in [2, 3 + ", "]"}};
    struct fixture *f = arg;
    volatile char used[64 * 1024]; /* the frames beneath */
    used[0] = used[sizeof(used) - 1] = 1;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        int allowed = 0;
        for (int depth = 1; depth <= 60; depth++) {
            struct flow_error e;
            struct value v;
            char *tail = repeated(f, "1", kinds[k][1], depth, "");
            char *text = repeated(f, "", kinds[k][0], depth, tail);
            if (expr_run(text, &f->env, f->arena, &v, &e) || e.code != FLOW_TOO_DEEP) allowed++;
        }
        assert_true(allowed >= 15);
    }
}

static void test_stack(void **state)
{
    struct co_pool *pool = co_pool_new(1);
    co_resume(co_new(pool, deepest, *state));
    assert_int_equal(co_pool_live(pool), 0);
    co_pool_free(pool);
}

static void test_regex(void **state)
{
    struct fixture *f = *state;
    struct flow_error e;
    bool match = false;
    assert_true(flow_regex_match(f->arena, "^ol[aá]$", "OLÁ", true, NULL, &match, &e));
    assert_true(match);
    assert_true(flow_regex_match(f->arena, "^olá$", "OLÁ", false, NULL, &match, &e));
    assert_false(match);
    assert_false(flow_regex_match(f->arena, "(", "x", false, NULL, &match, &e));
    assert_int_equal(e.code, FLOW_BAD_PATTERN);
    assert_non_null(e.subject);
    const char *text = repeated(f, "", "a", 40, "b");
    assert_false(flow_regex_match(f->arena, "(*LIMIT_MATCH=4000000000)(a+)+$", text, false, NULL,
                                  &match, &e));
    assert_int_equal(e.code, FLOW_PATTERN_COST);
    assert_false(flow_regex_check(f->arena, repeated(f, "", "a", 1001, ""), &e));
    assert_false(
        flow_regex_check(f->arena, repeated(f, "", "(", 45, repeated(f, "a", ")", 45, "")), &e));
    assert_true(flow_regex_check(f->arena, "^\\p{L}+$", &e));
}

/* --- look-ups -------------------------------------------------------------------------- */

static void test_lookups(void **state)
{
    struct fixture *f = *state;
    f->world.lookups = 0;
    (void)good(f, "true or customer.name");
    assert_int_equal(f->world.lookups, 0);
    (void)good(f, "n > 5 ? customer.name : \"no\"");
    assert_int_equal(f->world.lookups, 1);
}

/* A host that looks up two steps deep by itself. */
static enum err deep_lookup(void *arg, const struct path *path, size_t *ret_used, struct value *ret)
{
    (void)arg;
    if (strncmp(path->text, "customer.fields", 15) != 0 || path->count < 2) return ERR_NOT_FOUND;
    static const struct value_member members[] = {
        {"cpf", 3, {.type = VALUE_TEXT, .text = {"987", 3}}}};
    *ret_used = 2;
    *ret = (struct value){.type = VALUE_OBJECT, .object = {members, 1}};
    return ERR_OK;
}

static void test_deep_lookup(void **state)
{
    struct fixture *f = *state;
    f->env.lookup = deep_lookup;
    assert_string_equal(good(f, "customer.fields.cpf").text.s, "987");
    assert_int_equal(good(f, "customer.fields.none").type, VALUE_EMPTY);
    assert_int_equal(good(f, "customer.other").type, VALUE_EMPTY);
    assert_int_equal(good(f, "length(customer.fields)").number, 1);
}

static void add_name(void *arg, const struct path *path, size_t at)
{
    buf_addf(arg, "%s@%zu ", path->text, at);
}

static void test_paths(void **state)
{
    struct fixture *f = *state;
    struct flow_error e;
    struct expr *expr = NULL;
    struct flow_template *t = NULL;
    struct condition *c = NULL;
    json_t *j = NULL;
    CLEANUP(buf_free) struct buf b = BUF_INIT(4096);
    const char *text = "a + b.c[0]['x y'] + d[e.f].g + map(l, it.x & h) + true";
    assert_true(expr_parse(f->arena, text, &expr, &e));
    expr_each_path(expr, add_name, &b);
    assert_string_equal(buf_str(&b), "a@0 b.c[0][\"x y\"]@4 d@20 e.f@22 l@35 h@45 ");
    buf_clear(&b);
    assert_true(flow_template_parse(f->arena, "x {{a.b | upper}} {{ c }}", &t, &e));
    flow_template_each_path(t, add_name, &b);
    assert_string_equal(buf_str(&b), "a.b@4 c@21 ");
    buf_clear(&b);
    text = "{\"op\":\"any\",\"rows\":[{\"left\":\"a\",\"type\":\"text\",\"op\":\"equals\","
           "\"right\":\"{{b}}\"},"
           "{\"op\":\"all\",\"rows\":[{\"left\":\"c.d\",\"type\":\"text\",\"op\":\"empty\"}]}]}";
    assert_int_equal(json_parse(f->arena, text, strlen(text), &j, NULL), ERR_OK);
    assert_true(condition_parse(f->arena, j, &c, &e));
    condition_each_path(c, add_name, &b);
    assert_string_equal(buf_str(&b), "a@0 b@2 c.d@0 ");
}

/* --- values ---------------------------------------------------------------------------- */

static void test_store(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"1",
                                        "0.1 + 0.2",
                                        "1e300",
                                        "-5e-10",
                                        "\"olá\\n\"",
                                        "true",
                                        "empty",
                                        "[1, [\"a\", empty]]",
                                        "{a: {b: [1]}}",
                                        "now()",
                                        "today()",
                                        "inZone(now(), \"Asia/Tokyo\")",
                                        "[{at: now(), day: today()}]",
                                        "9007199254740993 & \"\""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct value v = good(f, texts[i]), again, copy;
        json_t *j = value_store(&v);
        assert_int_equal(value_from_json(f->arena, j, &again), ERR_OK);
        assert_true(value_same(&v, &again));
        assert_int_equal(v.type, again.type);
        assert_int_equal(v.day, again.day);
        if (v.type == VALUE_DATE && v.date.zone) assert_string_equal(v.date.zone, again.date.zone);
        json_decref(j);
        assert_int_equal(value_copy(f->arena, &v, 1000, &copy), ERR_OK);
        assert_true(value_same(&v, &copy));
    }
    struct value v = good(f, "[\"aaaa\"]"), copy;
    assert_int_equal(value_copy(f->arena, &v, 10, &copy), ERR_TOO_LARGE);
}

static void check_as(struct fixture *f, const char *type, const char *answer, const char *want)
{
    struct value in = value_text(answer), out = value_empty();
    CLEANUP(buf_free) struct buf b = BUF_INIT(4096);
    if (flow_value_as(&f->env, f->arena, type, &in, &out))
        value_add_json(&b, &out);
    else
        buf_adds(&b, "no");
    if (strcmp(buf_str(&b), want) != 0)
        fail_msg("%s as %s: %s, not %s", answer, type, buf_str(&b), want);
}

static void test_answers(void **state)
{
    struct fixture *f = *state;
    check_as(f, "text", " oi ", "\" oi \"");
    check_as(f, "number", "12,5", "12.5");
    check_as(f, "number", "R$ 1.234,00", "1234");
    check_as(f, "number", "1.500", "1500");
    check_as(f, "number", "1.5", "1.5");
    check_as(f, "number", "doze", "no");
    check_as(f, "number", "", "null");
    check_as(f, "date", "28/02/2026", "\"2026-02-28\"");
    check_as(f, "date", "amanhã às 9h", "\"2026-11-20T12:00:00.000Z\"");
    check_as(f, "date", "nunca", "no");
    check_as(f, "bool", "Sim", "true");
    check_as(f, "bool", "SÍ", "true");
    check_as(f, "bool", "não", "false");
    check_as(f, "bool", "talvez", "no");
    check_as(f, "list", "a", "[\"a\"]");
    check_as(f, "list", "", "[]");
    check_as(f, "json", "a", "\"a\"");
}

static void test_fold(void **state)
{
    struct fixture *f = *state;
    static const char *const pairs[][2] = {{"AÇÃO", "acao"},
                                           {"Straße", "strasse"},
                                           {"ŒUVRE", "oeuvre"},
                                           {"Łódź", "lodz"},
                                           {"ｆｕｌｌ", "full"},
                                           {"ﬁm", "fim"},
                                           {"İstanbul", "istanbul"},
                                           {"1º", "1o"},
                                           {"e\xcc\x81", "e"},
                                           {"👍\xef\xb8\x8f", "👍"},
                                           {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        assert_string_equal(flow_fold(f->arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
}

static void test_zones(void **state)
{
    struct fixture *f = *state;
    struct flow_zones *z = f->world.zones;
    const struct flow_zone *zone = flow_zone_get(z, "America/Sao_Paulo");
    assert_non_null(zone);
    assert_ptr_equal(zone, flow_zone_get(z, "America/Sao_Paulo"));
    assert_int_equal(flow_zone_offset_ms(zone, 0), -3 * HOUR_MS);
    static const char *const wrong[] = {"",
                                        "/etc/passwd",
                                        "../UTC",
                                        "America/../UTC",
                                        "America/",
                                        "America//Lima",
                                        "right/UTC",
                                        "leapseconds",
                                        "x",
                                        "BRT+3",
                                        "America/Sao_Paulo ",
                                        "+03:00",
                                        "America/Nowhere"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_null(flow_zone_get(z, wrong[i]));
    /* Every half hour of three years there and back, over gaps and repetitions. */
    zone = flow_zone_get(z, "Australia/Lord_Howe"); /* moves by half an hour */
    int64_t from = INT64_C(1767225600000);
    for (int64_t t = from; t < from + 3 * 365 * DAY_MS; t += 30 * MINUTE_MS) {
        struct civil c, d;
        flow_zone_local(zone, t, &c);
        int64_t back = flow_zone_instant(zone, &c);
        flow_zone_local(zone, back, &d);
        assert_memory_equal(&c, &d, sizeof(c));
        assert_true(back == t || back == t - 30 * MINUTE_MS);
    }
}

/* What was added is what lies between, there and back, in zones with and without summer time. */
static void test_calendar(void **state)
{
    struct fixture *f = *state;
    static const char *const zones[] = {"America/Sao_Paulo", "America/New_York", "Pacific/Apia",
                                        "Asia/Kathmandu"};
    static const char *const units[][2] = {{"addMinutes", "minutes"}, {"addHours", "hours"},
                                           {"addDays", "days"},       {"addWeeks", "weeks"},
                                           {"addMonths", "months"},   {"addYears", "years"}};
    uint64_t chance = 7;
    for (int i = 0; i < 3000; i++) {
        chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned int bits = (unsigned int)(chance >> 33);
        const char *const *unit = units[bits % ARRAY_LEN(units)];
        char day[64], text[300];
        int n = (int)(bits / 8 % 601) - 300;
        (void)snprintf(day, sizeof(day), "date(\"%04u-%02u-%02u%s\")", 1990 + bits / 64 % 50,
                       1 + bits / 4096 % 12, 1 + bits / 65536 % 28, bits & 32 ? "T12:00" : "");
        bool clock = strcmp(unit[1], "minutes") == 0 || strcmp(unit[1], "hours") == 0;
        (void)snprintf(text, sizeof(text), "diff(%s, %s(%s, %d), \"%s\")", day, unit[0], day, n,
                       unit[1]);
        f->env.zone = zones[bits / 8388608 % ARRAY_LEN(zones)];
        double got = good(f, text).number;
        /* Samoa left out 30 December 2011. */
        bool samoa = strcmp(f->env.zone, "Pacific/Apia") == 0 && !clock;
        if (got != n && !samoa) fail_msg("%s in %s: %g", text, f->env.zone, got);
        if (!samoa) {
            (void)snprintf(text, sizeof(text), "%s(%s(%s, %d), %d) = %s", unit[0], unit[0], day, n,
                           -n, day);
            if (!good(f, text).yes) fail_msg("%s in %s", text, f->env.zone);
        }
    }
}

/* --- rows ------------------------------------------------------------------------------- */

static void check_rows(struct fixture *f, const struct function_row *rows,
                       const struct function_help *help, bool formatters)
{
    size_t helps = 0, count = 0;
    for (const struct function_help *h = help; h->name; h++)
        helps++;
    for (const struct function_row *row = rows; row->name; row++, count++) {
        const struct function_help *h = help;
        while (h->name && strcmp(h->name, row->name) != 0)
            h++;
        if (!h->name) fail_msg("%s has no help", row->name);
        assert_true(*h->pt && *h->es && *h->en && strstr(h->example, row->name));
        struct flow_error e;
        struct flow_template *t = NULL;
        if (!formatters)
            (void)good(f, h->example);
        else if (!flow_template_parse(f->arena, h->example, &t, &e))
            fail_msg("%s: %s", h->example, e.message);
    }
    assert_int_equal(helps, count);
}

static void test_rows(void **state)
{
    struct fixture *f = *state;
    check_rows(f, flow_functions, flow_function_help, false);
    check_rows(f, flow_formatters, flow_formatter_help, true);
    CLEANUP(buf_free) struct buf b = BUF_INIT(1 * MIB);
    json_t *j = NULL;
    buf_addc(&b, '{');
    flow_functions_json(&b);
    buf_addc(&b, '}');
    assert_int_equal(json_parse(f->arena, buf_str(&b), b.len, &j, NULL), ERR_OK);
    assert_true(json_array_size(json_object_get(j, "functions")) > 60);
    assert_int_equal(json_array_size(json_object_get(j, "errors")), FLOW_CODE_COUNT - 1);
    const json_t *pad = NULL;
    for (size_t i = 0; i < json_array_size(json_object_get(j, "functions")); i++) {
        const json_t *one = json_array_get(json_object_get(j, "functions"), i);
        if (strcmp(json_get_text(one, "name"), "pad") == 0) pad = one;
    }
    assert_string_equal(json_get_text(pad, "args"), "text, length, fill?, side?");
    for (int i = 1; i < FLOW_CODE_COUNT; i++)
        assert_true(strlen(flow_code_name((enum flow_code)i)) > 5);
}

/* --- the docs ----------------------------------------------------------------------------- */

/* One line "expression → JSON" of a block. */
static void check_example(struct fixture *f, char *line, bool template)
{
    char *arrow = strstr(line, " → ");
    if (!arrow) fail_msg("no arrow in: %s", line);
    const char *want = arrow + strlen(" → ");
    *arrow = '\0';
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * KIB);
    struct flow_error e;
    const char *out = NULL;
    struct value v;
    if (template) {
        if (!flow_template_run(line, &f->env, TEMPLATE_PLAIN, 10000, f->arena, &out, &e))
            fail_msg("%s: %s", line, e.message);
        buf_adds(&b, out);
    } else if (expr_run(line, &f->env, f->arena, &v, &e)) {
        value_add_json(&b, &v);
    } else {
        buf_adds(&b, flow_code_name(e.code));
    }
    json_t *left = NULL, *right = NULL;
    bool same = strcmp(buf_str(&b), want) == 0 ||
                (!template && json_parse(f->arena, buf_str(&b), b.len, &left, NULL) == ERR_OK &&
                 json_parse(f->arena, want, strlen(want), &right, NULL) == ERR_OK &&
                 json_equal(left, right));
    if (!same) fail_msg("docs/EXPRESSIONS.md: %s → %s, not %s", line, buf_str(&b), want);
}

static void test_docs(void **state)
{
    struct fixture *f = *state;
    char path[900];
    CLEANUP(buf_free) struct buf variables = BUF_INIT(64 * KIB);
    char line[2000];
    enum { OUTSIDE, VARIABLES, EXPRESSIONS, TEMPLATES, OTHER } block = OUTSIDE;
    size_t examples = 0;
    (void)snprintf(path, sizeof(path), "%s/docs/EXPRESSIONS.md", getenv("INTERFLOW_SOURCE"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "```", 3) == 0) {
            if (block == VARIABLES) {
                json_t *j = NULL;
                assert_int_equal(json_parse(f->arena, buf_str(&variables), variables.len, &j, NULL),
                                 ERR_OK);
                f->world.variables = j;
            }
            block = block != OUTSIDE                     ? OUTSIDE
                    : strcmp(line, "```json vars") == 0  ? VARIABLES
                    : strcmp(line, "```expression") == 0 ? EXPRESSIONS
                    : strcmp(line, "```template") == 0   ? TEMPLATES
                                                         : OTHER;
        } else if (block == VARIABLES) {
            buf_adds(&variables, line);
        } else if ((block == EXPRESSIONS || block == TEMPLATES) && *line) {
            check_example(f, line, block == TEMPLATES);
            examples++;
        }
    }
    (void)fclose(file);
    assert_true(examples >= 80);
    /* Every function and formatter stands in it. */
    file = fopen(path, "r");
    CLEANUP(buf_free) struct buf text = BUF_INIT(256 * KIB);
    while (file && fgets(line, sizeof(line), file))
        buf_adds(&text, line);
    if (file) (void)fclose(file);
    for (const struct function_row *row = flow_functions; row->name; row++)
        if (!strstr(buf_str(&text), arena_printf(f->arena, "%s(", row->name)))
            fail_msg("docs/EXPRESSIONS.md lacks %s()", row->name);
    for (const struct function_row *row = flow_formatters; row->name; row++)
        if (!strstr(buf_str(&text), arena_printf(f->arena, "| %s", row->name)))
            fail_msg("docs/EXPRESSIONS.md lacks the formatter %s", row->name);
    for (const struct condition_operator *o = condition_operators; o->type; o++)
        if (!strstr(buf_str(&text), o->name)) fail_msg("docs/EXPRESSIONS.md lacks %s", o->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stack, setup, teardown),
        cmocka_unit_test_setup_teardown(test_regex, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lookups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep_lookup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calendar, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_docs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
