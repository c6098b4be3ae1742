/* The loop, on a host that only writes down what it is asked for: waits and what ends them, failures
 * that leave nothing behind, calls of flows, limits. Any graph: test_flow_any.c. */
#include "flow_check.h"

#include "flows/flows.h"
#include "flows/run.h"
#include "flows/zone.h"

#define START                   "{'id':'s','type':'start','data':{'triggers':[]}}"
#define WAY(id, from, port, to) "{'id':'" id "','from':'" from "','port':'" port "','to':'" to "'}"

struct house {
    struct arena *arena;
    struct flow_zones *zones;
    int64_t now_ms;
    char said[4096]; /* messages, parted by | */
    size_t kept;     /* of said, when the step began */
    int begun, undone;
    enum err send_answer; /* what sending gives */
    const struct flow *other, *root;
    uint32_t random;
    struct run run;
};

static struct house *house_of(struct run *r)
{
    return r->host_arg;
}

static int64_t now_ms(struct run *r)
{
    return house_of(r)->now_ms;
}

static uint32_t random_bits(struct run *r)
{
    struct house *h = house_of(r);
    h->random = h->random * 1664525u + 1013904223u;
    return h->random;
}

static enum err begin(struct run *r)
{
    house_of(r)->begun++;
    house_of(r)->kept = strlen(house_of(r)->said);
    return ERR_OK;
}

static enum err keep(struct run *r)
{
    (void)r;
    return ERR_OK;
}

static enum err undo(struct run *r)
{
    house_of(r)->undone++;
    house_of(r)->said[house_of(r)->kept] = 0;
    return ERR_OK;
}

static enum err send(struct run *r, const struct flow_message *m)
{
    struct house *h = house_of(r);
    if (h->send_answer && flow_refuses(h->send_answer))
        return run_refuse(r, "WINDOW_CLOSED", "closed");
    if (h->send_answer) return h->send_answer;
    size_t len = strlen(h->said);
    snprintf(h->said + len, sizeof h->said - len, "%s%s", len ? "|" : "", m->text);
    return ERR_OK;
}

static enum err flow_of(struct run *r, struct uuid id, const struct flow **ret)
{
    (void)id;
    *ret = house_of(r)->other;
    return *ret ? ERR_OK : run_refuse(r, "FLOW_NOT_LIVE", "not there");
}

static enum err version_of(struct run *r, struct uuid version, const struct flow **ret)
{
    (void)version;
    *ret = house_of(r)->root;
    return ERR_OK;
}

static const struct flow_host host = {
    .now_ms = now_ms,
    .random = random_bits,
    .begin = begin,
    .keep = keep,
    .undo = undo,
    .send = send,
    .flow = flow_of,
    .version = version_of,
};

static int set_up(void **state)
{
    static struct house h;
    h = (struct house){.arena = arena_new(64 * MIB), .zones = flow_zones_new(), .now_ms = 1000000};
    *state = &h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    if (h->run.vars) json_decref(h->run.vars);
    arena_free(h->arena);
    flow_zones_free(h->zones);
    return 0;
}

static struct run *ready(struct house *h, const char *nodes, const char *edges)
{
    struct problems problems = {.arena = h->arena};
    struct flow *flow = NULL;
    json_t *graph = graph_of(nodes, edges);
    assert_int_equal(graph_parse(h->arena, graph, &problems, &flow), ERR_OK);
    json_decref(graph);
    if (h->run.vars) json_decref(h->run.vars);
    h->run = (struct run){
        .arena = h->arena,
        .host = &host,
        .host_arg = h,
        .flow = h->root = flow,
        .vars = json_object(),
    };
    run_begin(&h->run);
    h->run.env.zones = h->zones;
    h->said[0] = 0;
    return &h->run;
}

/* What a session keeps between two runs; the rest is made anew. */
static void again(struct run *r)
{
    r->run_steps = 0;
    r->answers = NULL;
    r->answer_count = r->answer_next = 0;
}

static void hear(struct run *r, struct answer *list, int count)
{
    again(r);
    r->answers = list;
    r->answer_count = count;
}

static const char asking[] =
    "[" START ",{'id':'q','type':'question','data':{'text':'Nome?','kind':'text','variable':'nome',"
    "'timeoutMs':60000}},{'id':'m','type':'message','data':{'text':'Oi {{nome}}'}},"
    "{'id':'l','type':'message','data':{'text':'tarde'}}]";
static const char asking_ways[] = "[" WAY("1", "s", "next", "q") "," WAY(
    "2", "q", "next", "m") "," WAY("3", "q", "timeout", "l") "]";

static void test_answer(void **state)
{
    struct house *h = *state;
    struct run *r = ready(h, asking, asking_ways);
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_WAITING);
    assert_string_equal(h->said, "Nome?");
    assert_int_equal(r->wait.kind, WAIT_ANSWER);
    assert_int_equal(r->wait.until_ms, 1060000);
    again(r);
    assert_false(run_is_due(r));
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_WAITING); /* nothing came: nothing happens */
    assert_int_equal(r->steps, 2);
    struct answer a = {.text = "Ana", .kind = "text", .at_ms = 1000500};
    hear(r, &a, 1);
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_DONE);
    assert_string_equal(h->said, "Nome?|Oi Ana");
    assert_int_equal(run_answers_read(r), 1);
    assert_int_equal(r->steps, 4);
}

/* What came in time is an answer, even when the timer is looked at first; what came later is not. */
static void test_timeout(void **state)
{
    struct house *h = *state;
    struct answer early = {.text = "Ana", .kind = "text", .at_ms = 1059999},
                  late = {.text = "Ana", .kind = "text", .at_ms = 1060001};
    struct run *r = ready(h, asking, asking_ways);
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_WAITING);
    h->now_ms = 1070000;
    hear(r, &early, 1);
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_DONE);
    assert_string_equal(h->said, "Nome?|Oi Ana");
    h->now_ms = 1000000;
    r = ready(h, asking, asking_ways);
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_WAITING);
    h->now_ms = 1070000;
    hear(r, &late, 1);
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_DONE);
    assert_string_equal(h->said, "Nome?|tarde");
    assert_int_equal(run_answers_read(r), 0);
}

static void test_failure_leaves_nothing(void **state)
{
    struct house *h = *state;
    struct run *r = ready(h,
                          "[" START ",{'id':'a','type':'set','data':{'assignments':["
                          "{'name':'x','kind':'value','value':'1'},"
                          "{'name':'y','kind':'expression','value':'1/0'}]}},"
                          "{'id':'b','type':'message','data':{'text':'x={{x}} {{error.code}}'}}]",
                          "[" WAY("1", "s", "next", "a") "," WAY("2", "a", "error", "b") "]");
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_DONE);
    assert_string_equal(h->said, "x= EXPRESSION_DIVISION");
    assert_null(json_object_get(r->vars, "x"));
    assert_int_equal(h->undone, 1);
    assert_string_equal(r->log[1].port, "error");
    assert_string_equal(r->log[1].code, "EXPRESSION_DIVISION");
}

static void test_refusal_and_trouble(void **state)
{
    struct house *h = *state;
    const char *nodes = "[" START ",{'id':'a','type':'message','data':{'text':'oi'}}]";
    const char *edges = "[" WAY("1", "s", "next", "a") "]";
    struct run *r = ready(h, nodes, edges);
    h->send_answer = ERR_UNPROCESSABLE;
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_FAILED);
    assert_string_equal(r->fault.code, "WINDOW_CLOSED");
    assert_int_equal(r->sent, 0); /* its number is free again */
    r = ready(h, nodes, edges);
    h->send_answer = ERR_UNAVAILABLE; /* the machine's: all of it comes again */
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_ABORT);
    assert_int_equal(r->abort, ERR_UNAVAILABLE);
}

/* In a draft anything may be missing. */
static void test_option_without_id(void **state)
{
    struct house *h = *state;
    struct run *r = ready(
        h, "[" START ",{'id':'c','type':'condition','data':{'cases':[{'title':'x','when':null}]}}]",
        "[" WAY("1", "s", "next", "c") "]");
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_FAILED);
    assert_string_equal(r->fault.code, "NODE_FAILED");
}

static void test_limits(void **state)
{
    struct house *h = *state;
    struct run *r =
        ready(h,
              "[" START ",{'id':'a','type':'set','data':{'assignments':[{'name':'x','kind':'value',"
              "'value':'1'}]}}]",
              "[" WAY("1", "s", "next", "a") "," WAY("2", "a", "next",
                                                     "a") "," WAY("3", "a", "error", "a") "]");
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_FAILED);
    assert_string_equal(r->fault.code, "STEPS_LIMIT");
    assert_int_equal(r->steps, FLOW_RUN_STEPS_MAX);
    r = ready(h, "[" START ",{'id':'a','type':'message','data':{'text':'.'}}]",
              "[" WAY("1", "s", "next", "a") "," WAY("2", "a", "next",
                                                     "a") "," WAY("3", "a", "error", "a") "]");
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_FAILED);
    assert_string_equal(r->fault.code, "MESSAGES_LIMIT"); /* no error port leads around it */
    assert_int_equal(r->sent, FLOW_MESSAGES_PER_MINUTE);
    r = ready(h, asking, asking_ways);
    r->steps = FLOW_SESSION_STEPS_MAX;
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_FAILED);
    assert_string_equal(r->fault.code, "SESSION_LIMIT");
}

static void test_value_sizes(void **state)
{
    struct house *h = *state;
    struct run *r = ready(h, asking, asking_ways);
    char *big = malloc(FLOW_VALUE_MAX_BYTES + 2);
    memset(big, 'x', FLOW_VALUE_MAX_BYTES + 1);
    big[FLOW_VALUE_MAX_BYTES + 1] = 0;
    assert_int_equal(run_set_text(r, "x", big), ERR_TOO_LARGE);
    assert_true(r->limit);
    r->limit = false;
    r->fault = (struct run_fault){0};
    big[FLOW_VALUE_MAX_BYTES - 100] = 0;
    char name[8];
    enum err e = ERR_OK;
    int count = 0;
    for (; !e && count < 10; count++) {
        snprintf(name, sizeof name, "v%d", count);
        e = run_set_text(r, name, big);
    }
    assert_int_equal(e, ERR_TOO_LARGE);
    assert_int_equal(count, 5);
    assert_string_equal(r->fault.code, "VARS_LARGE");
    json_decref(r->vars_before);
    json_decref(r->note);
    free(big);
}

/* What began it answers nothing; what came right behind it does, as if the flow had been faster. */
static void test_begun_by_a_message(void **state)
{
    struct house *h = *state;
    struct run *r = ready(h, asking, asking_ways);
    struct answer two[] = {{.text = "oi", .kind = "text", .at_ms = 999990},
                           {.text = "Ana", .kind = "text", .at_ms = 999995}};
    hear(r, two, 2);
    r->started_by = 1;
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_DONE);
    assert_string_equal(h->said, "Nome?|Oi Ana");
    r = ready(h, asking, asking_ways);
    hear(r, two, 1);
    r->started_by = 1;
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_WAITING);
    assert_string_equal(r->last.text, "oi");
    assert_int_equal(run_answers_read(r), 1);
}

/* Messages of one moment are answers one after the other; a delay passes what came meanwhile. */
static void test_answers_in_order(void **state)
{
    struct house *h = *state;
    struct run *r = ready(
        h,
        "[" START ",{'id':'a','type':'question','data':{'text':'A?','kind':'text','variable':'a'}},"
        "{'id':'b','type':'question','data':{'text':'B?','kind':'text','variable':'b'}},"
        "{'id':'d','type':'delay','data':{'durationMs':1000}},"
        "{'id':'c','type':'question','data':{'text':'C?','kind':'text','variable':'c'}}]",
        "[" WAY("1", "s", "next", "a") "," WAY("2", "a", "next", "b") "," WAY(
            "3", "b", "next", "d") "," WAY("4", "d", "next", "c") "]");
    struct answer three[] = {{.text = "1", .kind = "text", .at_ms = 1000001},
                             {.text = "2", .kind = "text", .at_ms = 1000002},
                             {.text = "3", .kind = "text", .at_ms = 1000003}};
    assert_int_equal(run_go(r, WOKE_START, NULL), RUN_WAITING);
    hear(r, three, 3);
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_WAITING);
    assert_string_equal(h->said, "A?|B?");
    assert_string_equal(json_string_value(json_object_get(r->vars, "b")), "2");
    assert_int_equal(run_answers_read(r), 2);
    assert_string_equal(r->node->id, "d");
    h->now_ms += 1000;
    hear(r, &three[2], 1);
    assert_int_equal(run_go(r, WOKE_LOOK, NULL), RUN_WAITING);
    assert_string_equal(h->said, "A?|B?|C?");
    assert_int_equal(run_answers_read(r), 1); /* passed: no answer to C? */
    assert_null(json_object_get(r->vars, "c"));
    assert_string_equal(r->last.text, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_begun_by_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_timeout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusal_and_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_option_without_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_value_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers_in_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
