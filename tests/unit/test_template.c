/* Texts with variables: values, formatters, aliases, and what is left as written. */
#include "check.h"

#include "base/json.h"
#include "core/template.h"

static const char vars_text[] =
    "{\"customer\":{\"name\":\"Ana Lúcia "
    "Silva\",\"firstName\":\"Ana\",\"email\":null,\"age\":42,\"vip\":true,"
    "\"score\":1.5,\"tags\":[\"nova\",\"VIP\"],\"note\":\"{{customer.age}}\",\"blank\":\"  "
    "\",\"city\":\" São Tomé \"},"
    "\"organization\":{\"name\":\"Clínica Ñandú\"},\"greeting\":\"Bom "
    "dia\",\"channel\":{\"name\":\"WhatsApp\"},"
    "\"now\":{\"time\":\"13:42\",\"date\":\"19/11/2026\"},\"appointment\":{\"date\":\"20/"
    "11\",\"time\":\"09:00\","
    "\"endTime\":\"09:30\"},\"phone\":\"direct\",\"big\":9007199254740993,\"olá\":\"x\"}";

static const struct {
    const char *text, *expected;
} cases[] = {
    {"", ""},
    {"sem variáveis", "sem variáveis"},
    {"Oi {{customer.firstName}}!", "Oi Ana!"},
    {"{{ customer.firstName }}{{customer.firstName}}", "AnaAna"},
    {"{{greeting}}, {{customer.name|first}}", "Bom dia, Ana"},
    {"{{customer.age}} {{customer.vip}} {{customer.score}} {{big}}",
     "42 true 1.5 9007199254740993"},
    {"[{{customer.email}}][{{nothing}}][{{customer}}][{{customer.tags}}][{{customer.name.x}}]",
     "[][][][][]"},
    {"{{customer.tags.1}} {{customer.tags.7}}", "VIP "},
    {"{{customer.email|default:sem e-mail}}", "sem e-mail"},
    {"{{customer.firstName|default:amigo}}", "Ana"},
    {"{{customer.blank|default: amigo }}", "amigo"},
    {"{{customer.email|default:a|upper}}", "A"},
    {"{{customer.email|upper|default:a}}", "a"},
    {"{{customer.email|default}}.", "."},
    {"{{customer.email|default:às 10:30}}", "às 10:30"},
    {"{{customer.name|upper}}", "ANA LÚCIA SILVA"},
    {"{{organization.name | lower}}", "clínica ñandú"},
    {"{{organization.name|upper}}", "CLÍNICA ÑANDÚ"},
    {"[{{customer.city|trim}}]", "[São Tomé]"},
    {"{{customer.city|first|upper}}", "SÃO"},
    {"{{olá}}", "x"},
    /* old names */
    {"{{customer_name}} {{current_time}} {{current_date}}", "Ana Lúcia Silva 13:42 19/11/2026"},
    {"{{name|first}} {{hour}}-{{end_time}} {{date}} {{organization}} {{channel_name}}",
     "Ana 09:00-09:30 20/11 Clínica Ñandú WhatsApp"},
    {"{{phone}}", "direct"}, /* what is there goes before an alias */
    {"{{customer_email|default:-}}", "-"},
    /* values are not looked at again */
    {"{{customer.note}}", "{{customer.age}}"},
    /* left as written */
    {"{{customer.age|money}}", "{{customer.age|money}}"},
    {"{{customer.age", "{{customer.age"},
    {"{{customer.age}", "{{customer.age}"},
    {"{{}} {{ }} {{|upper}}", "{{}} {{ }} {{|upper}}"},
    {"{{a b}} {{1+1}} {{'x'}}", "{{a b}} {{1+1}} {{'x'}}"},
    {"{{customer.age|}}", "{{customer.age|}}"},
    {"{customer.age} }} {", "{customer.age} }} {"},
    {"{{{customer.age}}}", "{42}"},
    {"{{ {{customer.age}}", "{{ 42"},
    {"{{customer.age|default:{{greeting}}}}", "{{customer.age|default:Bom dia}}"},
    {"{\"a\":{{customer.age}}}", "{\"a\":42}"},
    {"{{", "{{"},
    {"{{.}}{{..}}{{customer.}}{{.customer}}", ""},
};

static void texts_are_rendered(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *vars = NULL;
    assert_int_equal(json_parse(a, vars_text, strlen(vars_text), &vars, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *out = NULL;
        assert_int_equal(template_render(a, cases[i].text, vars, 10000, &out), 0);
        if (strcmp(out, cases[i].expected) != 0)
            fail_msg("%s\n gave %s\n  not %s", cases[i].text, out, cases[i].expected);
    }
}

static void without_variables(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    const char *out = NULL;
    assert_int_equal(template_render(a, "Oi {{name|default:amigo}}", NULL, 100, &out), 0);
    assert_string_equal(out, "Oi amigo");
}

static void the_limit_is_kept(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *vars = NULL;
    assert_int_equal(json_parse(a, vars_text, strlen(vars_text), &vars, NULL), 0);
    const char *out = NULL;
    assert_int_equal(template_render(a, "{{customer.firstName}}", vars, 3, &out), 0);
    assert_string_equal(out, "Ana");
    out = NULL;
    assert_int_equal(template_render(a, "{{customer.firstName}}", vars, 2, &out), ERR_TOO_LARGE);
    assert_int_equal(template_render(a, "abcd", vars, 3, &out), ERR_TOO_LARGE);
    assert_null(out);
}

static void many_braces_cost_little(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    char *text = arena_alloc(a, MIB);
    for (size_t i = 0; i + 4 < MIB; i += 3)
        memcpy(text + i, "{{x", 3);
    const char *out = NULL;
    assert_int_equal(template_render(a, text, NULL, MIB, &out), 0);
    assert_string_equal(out, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_rendered),
        cmocka_unit_test(without_variables),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(many_braces_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
