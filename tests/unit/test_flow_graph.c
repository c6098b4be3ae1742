/* Graphs: what is no graph, how ports find their nodes, and what the checks of publishing say. */
#include "flow_check.h"

#include "flows/flows.h"

#define START "{'id':'s','type':'start','data':{'triggers':[]}}"
#define SET   "'type':'set','data':{'assignments':[{'name':'x','kind':'value','value':'1'}]}"

struct fixture {
    struct arena *arena;
    struct problems problems;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.arena = arena_new(16 * MIB)};
    f.problems.arena = f.arena;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(f->arena);
    return 0;
}

static void refused(struct fixture *f, json_t *graph, const char *field, const char *code)
{
    f->problems = (struct problems){.arena = f->arena};
    assert_int_equal(graph_shape(graph, &f->problems), ERR_INVALID);
    for (int i = 0; i < f->problems.count; i++) {
        const struct problem *x = &f->problems.items[i];
        if (strcmp(x->code, code) == 0 && x->field && strcmp(x->field, field) == 0) {
            json_decref(graph);
            return;
        }
    }
    fail_msg("no %s at %s; the first is %s at %s", code, field, f->problems.items[0].code,
             f->problems.items[0].field);
}

static void test_shape(void **state)
{
    struct fixture *f = *state;
    refused(f, json_array(), "graph", "INVALID_TYPE");
    refused(f, quoted("{'format':2,'nodes':[" START "],'edges':[]}"), "format", "UNKNOWN_FORMAT");
    refused(f, quoted("{'format':1,'edges':[]}"), "nodes", "REQUIRED");
    refused(f, graph_of("[]", "[]"), "nodes", "START_COUNT");
    refused(f, graph_of("[" START "," START "]", "[]"), "nodes[1].id", "DUPLICATE");
    refused(f, graph_of("[{'id':'a b','type':'start'}]", "[]"), "nodes[0].id", "INVALID_ID");
    refused(f, graph_of("[" START ",{'id':'x','type':'teleport'}]", "[]"), "nodes[1].type",
            "UNKNOWN_TYPE");
    refused(f, graph_of("[" START "]", "[{'id':'e','from':'s','port':'next','to':'nobody'}]"),
            "edges[0].to", "UNKNOWN_NODE");
    refused(f,
            graph_of("[" START ",{'id':'e','type':'end'}]",
                     "[{'id':'a','from':'s','port':'next','to':'e'},"
                     "{'id':'b','from':'s','port':'next','to':'e'}]"),
            "edges[1].port", "PORT_TWICE");
    refused(f,
            quoted("{'format':1,'nodes':[" START "],'edges':[],'variables':[{'name':'message',"
                   "'type':'text'}]}"),
            "variables[0].name", "NAME_RESERVED");
    refused(f,
            quoted("{'format':1,'nodes':[" START "],'edges':[],'settings':{'debounceMs':30001}}"),
            "settings.debounceMs", "OUT_OF_RANGE");
}

static void test_too_many_nodes(void **state)
{
    struct fixture *f = *state;
    json_t *graph = graph_of("[" START "]", "[]"), *nodes = json_object_get(graph, "nodes");
    for (int i = 0; i < FLOW_NODES_MAX; i++)
        json_array_append_new(nodes,
                              json_pack("{s:o, s:s}", "id", json_sprintf("n%d", i), "type", "end"));
    refused(f, graph, "nodes", "TOO_MANY");
}

static void test_too_many_ways(void **state)
{
    struct fixture *f = *state;
    json_t *graph = graph_of("[" START ",{'id':'n','type':'end'}]", "[]");
    for (int i = 0; i <= FLOW_EDGES_MAX; i++)
        json_array_append_new(json_object_get(graph, "edges"),
                              json_pack("{s:o, s:s, s:s, s:s}", "id", json_sprintf("e%d", i),
                                        "from", "s", "port", "next", "to", "n"));
    refused(f, graph, "edges", "TOO_MANY");
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    json_t *graph = graph_of("[" START ",{'id':'n','type':'note','data':{}}]", "[]");
    char *text = malloc(FLOW_GRAPH_MAX_BYTES);
    memset(text, 'x', FLOW_GRAPH_MAX_BYTES - 1);
    text[FLOW_GRAPH_MAX_BYTES - 1] = 0;
    json_t *data = json_object_get(json_array_get(json_object_get(graph, "nodes"), 1), "data");
    json_object_set_new(data, "text", json_string(text));
    free(text);
    refused(f, graph, "graph", "TOO_LARGE");
}

static void test_ports(void **state)
{
    struct fixture *f = *state;
    json_t *graph = graph_of(
        "[" START ",{'id':'m','type':'menu','data':{'text':'?','options':[{'id':'a','title':'A'},"
        "{'id':'b','title':'B'}]}},{'id':'e','type':'end'}]",
        "[{'id':'1','from':'s','port':'next','to':'m'},{'id':'2','from':'m','port':'b','to':'e'},"
        "{'id':'3','from':'m','port':'gone','to':'e'},"
        "{'id':'4','from':'m','port':'timeout','to':'e'}]");
    struct flow *flow = NULL;
    assert_int_equal(graph_parse(f->arena, graph, &f->problems, &flow), ERR_OK);
    const struct node *m = flow_node_by_id(flow, "m");
    assert_int_equal(flow->start, 0);
    assert_int_equal(node_target(m, "a"), -1);
    assert_int_equal(node_target(m, "b"), 2);
    assert_true(node_has_port(m, "nomatch"));
    assert_false(node_has_port(m, "gone"));
    assert_false(node_has_port(m, "timeout")); /* only with timeoutMs */
    assert_int_equal(node_target(m, "timeout"), -1);
    json_decref(graph);
}

/* Options keep their way when they are renamed or moved: edges hold ids. */
static void test_renamed_option(void **state)
{
    struct fixture *f = *state;
    const char *edges = "[{'id':'1','from':'s','port':'next','to':'m'},"
                        "{'id':'2','from':'m','port':'b','to':'e'}]";
    const char *const variants[] = {
        "[{'id':'a','title':'A'},{'id':'b','title':'B'}]",
        "[{'id':'b','title':'Something else'},{'id':'a','title':'B'}]",
    };
    for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
        char nodes[512];
        snprintf(nodes, sizeof nodes,
                 "[" START ",{'id':'m','type':'menu','data':{'text':'?','options':%s}},"
                 "{'id':'e','type':'end'}]",
                 variants[i]);
        json_t *graph = graph_of(nodes, edges);
        struct flow *flow = NULL;
        assert_int_equal(graph_parse(f->arena, graph, &f->problems, &flow), ERR_OK);
        assert_int_equal(node_target(flow_node_by_id(flow, "m"), "b"), 2);
        json_decref(graph);
    }
}

static void checked(struct fixture *f, json_t *graph, enum flow_kind kind)
{
    static const struct check_world nothing;
    f->problems = (struct problems){.arena = f->arena};
    assert_int_equal(flow_check(f->arena, graph, kind, &nothing, &f->problems), ERR_OK);
    json_decref(graph);
}

static void test_circles(void **state)
{
    struct fixture *f = *state;
    const char *edges = "[{'id':'1','from':'s','port':'next','to':'a'},"
                        "{'id':'2','from':'a','port':'next','to':'b'},"
                        "{'id':'3','from':'b','port':'next','to':'a'}]";
    checked(f, graph_of("[" START ",{'id':'a'," SET "},{'id':'b'," SET "}]", edges), FLOW_GENERAL);
    assert_true(has_code(&f->problems, "CYCLE_WITHOUT_WAIT", NULL));
    assert_true(f->problems.errors > 0);
    checked(f,
            graph_of("[" START ",{'id':'a'," SET
                     "},{'id':'b','type':'delay','data':{'durationMs':1000}}]",
                     edges),
            FLOW_GENERAL);
    assert_false(has_code(&f->problems, "CYCLE_WITHOUT_WAIT", NULL));
    /* A node that waits, but leaves over its error port before it does. */
    checked(
        f,
        graph_of("[" START
                 ",{'id':'a','type':'question','data':{'text':'?','kind':'text'}},{'id':'b'," SET
                 "}]",
                 "[{'id':'1','from':'s','port':'next','to':'a'},"
                 "{'id':'2','from':'a','port':'error','to':'b'},"
                 "{'id':'3','from':'b','port':'next','to':'a'}]"),
        FLOW_GENERAL);
    assert_true(has_code(&f->problems, "CYCLE_WITHOUT_WAIT", NULL));
}

static void test_own_circle_and_unreached(void **state)
{
    struct fixture *f = *state;
    checked(f,
            graph_of("[" START ",{'id':'a'," SET "},{'id':'z','type':'end'}]",
                     "[{'id':'1','from':'s','port':'next','to':'a'},"
                     "{'id':'2','from':'a','port':'next','to':'a'}]"),
            FLOW_GENERAL);
    assert_true(has_code(&f->problems, "CYCLE_WITHOUT_WAIT", "a"));
    assert_true(has_code(&f->problems, "NODE_UNREACHED", "z"));
}

static void test_fields(void **state)
{
    struct fixture *f = *state;
    checked(f,
            graph_of("[" START ",{'id':'m','type':'menu','data':{'text':'{{ nope( }}','options':["
                     "{'id':'a','title':''}]}}]",
                     "[{'id':'1','from':'s','port':'next','to':'m'}]"),
            FLOW_GENERAL);
    assert_true(has_code(&f->problems, "REQUIRED", "m")); /* the title */
    assert_true(f->problems.errors >= 2);                 /* and the template */
    assert_true(has_code(&f->problems, "PORT_OPEN", "m"));
    checked(f, graph_of("[" START "]", "[]"), FLOW_GENERAL);
    assert_true(has_code(&f->problems, "PORT_OPEN", "s"));
    assert_true(has_code(&f->problems, "NO_TRIGGER", "s"));
}

static void test_silent(void **state)
{
    struct fixture *f = *state;
    const char *edges = "[{'id':'1','from':'s','port':'next','to':'m'}]";
    checked(f, graph_of("[" START ",{'id':'m','type':'message','data':{'text':'oi'}}]", edges),
            FLOW_CLOSING);
    assert_true(has_code(&f->problems, "NODE_KIND", "m"));
    checked(f, graph_of("[" START ",{'id':'m','type':'delay','data':{'durationMs':1000}}]", edges),
            FLOW_STAGE);
    assert_true(has_code(&f->problems, "NODE_KIND", "m"));
}

static void test_variables(void **state)
{
    struct fixture *f = *state;
    checked(f,
            graph_of("[" START ",{'id':'m','type':'message','data':{'text':'{{nome}} {{x}} "
                     "{{customer.name}} {{system.now}}'}},{'id':'a'," SET "}]",
                     "[{'id':'1','from':'s','port':'next','to':'a'},"
                     "{'id':'2','from':'a','port':'next','to':'m'}]"),
            FLOW_GENERAL);
    int unknown = 0;
    for (int i = 0; i < f->problems.count; i++)
        unknown += strcmp(f->problems.items[i].code, "UNKNOWN_VARIABLE") == 0;
    assert_int_equal(unknown, 1); /* nome: nothing sets it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_nodes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_renamed_option, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_circles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_circle_and_unreached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_variables, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
