/* Rows of nodes: that each is whole, that the table of docs/FLOWS.md is theirs, and what their own
 * checks say, most of all about what channels take. */
#include "flow_check.h"

#include "base/buf.h"
#include "flows/flows.h"

#define START "{'id':'s','type':'start','data':{'triggers':[]}}"

struct fixture {
    struct arena *arena;
    struct problems problems;
    json_t *channels, *flows;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.arena = arena_new(16 * MIB), .flows = json_object()};
    f.channels = quoted("{'w':'whatsapp','c':'webchat','i':'instagram','e':'email'}");
    json_object_set_new(f.flows, "g", json_string("general"));
    json_object_set_new(f.flows, "q", json_string("closing"));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    json_decref(f->channels);
    json_decref(f->flows);
    arena_free(f->arena);
    return 0;
}

/* --- the rows themselves --------------------------------------------------------------- */

static const struct node_field *field_of(const struct flow_node *n, const char *name)
{
    for (const struct node_field *f = n->fields; f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

static void when_is_whole(const struct flow_node *n, const struct node_when *w)
{
    if (!w->field) return;
    const struct node_field *f = field_of(n, w->field);
    if (!f) fail_msg("%s: no field %s", n->type, w->field);
    if (f->kind != NF_ENUM) return;
    /* Each of its values is one of the enum's. */
    char values[256];
    snprintf(values, sizeof values, "|%s|", f->values);
    for (const char *p = w->in; *p;) {
        char one[64];
        size_t len = strcspn(p, "|");
        snprintf(one, sizeof one, "|%.*s|", (int)len, p);
        if (!strstr(values, one)) fail_msg("%s: %s is no %s", n->type, one, w->field);
        p += len + (p[len] == '|');
    }
}

static void field_is_whole(const struct flow_node *n, const struct node_field *f)
{
    for (const struct node_field *g = n->fields; g != f; g++)
        if (strcmp(g->name, f->name) == 0) fail_msg("%s: %s twice", n->type, f->name);
    if (f->otherwise) {
        json_t *j = json_loads(f->otherwise, JSON_DECODE_ANY, NULL);
        if (!j) fail_msg("%s.%s begins with what is no JSON", n->type, f->name);
        json_decref(j);
    }
    if (f->kind == NF_ENUM) assert_non_null(f->values);
    if (f->max && f->max < f->min) fail_msg("%s.%s: most below least", n->type, f->name);
    when_is_whole(n, &f->when);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; flow_nodes[i]; i++) {
        const struct flow_node *n = flow_nodes[i];
        assert_ptr_equal(flow_node_find(n->type), n);
        assert_non_null(n->run);
        assert_non_null(n->icon);
        assert_true(n->kinds != 0 && (n->kinds & ~FLOW_ALL_KINDS) == 0);
        for (const struct node_field *f = n->fields; f->name; f++)
            field_is_whole(n, f);
        if (n->summary && !field_of(n, n->summary)) fail_msg("%s: summary", n->type);
        if (n->ports_field) {
            const struct node_field *f = field_of(n, n->ports_field);
            assert_non_null(f);
            assert_true(f->kind == NF_OPTIONS || f->kind == NF_WEIGHTS || f->kind == NF_CASES);
        }
        for (const struct node_port *p = n->ports; p && p->id; p++)
            when_is_whole(n, &p->when);
        /* What waits, jumps or calls is for conversations alone: silent flows never wait. */
        bool turns = n->waits || strcmp(n->type, "jump") == 0 || strcmp(n->type, "call") == 0;
        if (turns && n->kinds != FLOW_TALKS) fail_msg("%s could stand in a silent flow", n->type);
        if (n->waits) assert_non_null(n->resume);
        if (n->category == NODE_SEND) assert_int_equal(n->kinds, FLOW_TALKS);
    }
    assert_int_equal(flow_node_find("start")->max, 1);
    assert_null(flow_node_find("teleport"));
}

/* --- the table in the documents ---------------------------------------------------------- */

static void add_field(struct buf *b, const struct node_field *f)
{
    buf_addf(b, "`%s`%s %s", f->name, f->required ? "*" : "",
             f->kind == NF_ENUM ? "" : node_field_kind_names[f->kind]);
    for (const char *p = f->kind == NF_ENUM ? f->values : ""; *p; p++)
        buf_add(b, *p == '|' ? "/" : p, 1);
    bool counted = f->kind != NF_DURATION && f->kind != NF_NUMBER;
    if (f->max && counted) buf_addf(b, " ≤ %lld", (long long)f->max);
}

static const char *row_text(struct fixture *x, const struct flow_node *n)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * KIB);
    buf_addf(&b, "| `%s` | %s | ", n->type, node_category_names[n->category]);
    if (n->kinds == FLOW_ALL_KINDS) buf_adds(&b, "all");
    for (int k = 0, some = 0; n->kinds != FLOW_ALL_KINDS && k < FLOW_KIND_COUNT; k++)
        if (n->kinds & FLOW_KIND_BIT(k))
            buf_addf(&b, "%s%s", some++ ? ", " : "", flow_kind_names[k]);
    buf_adds(&b, " | ");
    for (const struct node_field *f = n->fields; f->name; f++) {
        if (f != n->fields) buf_adds(&b, ", ");
        add_field(&b, f);
    }
    buf_adds(&b, " | ");
    if (n->ports_field) buf_addf(&b, "each of `%s`", n->ports_field);
    for (const struct node_port *p = n->ports; p && p->id; p++) {
        buf_addf(&b, "%s%s", p != n->ports || n->ports_field ? ", " : "", p->id);
        if (!p->when.field) continue;
        buf_addf(&b, " (with `%s`%s", p->when.field, *p->when.in ? " " : "");
        for (const char *v = p->when.in; *v; v++)
            buf_add(&b, *v == '|' ? "/" : v, 1);
        buf_adds(&b, ")");
    }
    buf_adds(&b, " |");
    return arena_strdup(x->arena, buf_str(&b));
}

static void test_documents(void **state)
{
    struct fixture *f = *state;
    char path[512], *text = calloc(1, 256 * KIB);
    snprintf(path, sizeof path, "%s/docs/FLOWS.md", getenv("INTERFLOW_SOURCE"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, 256 * KIB - 1, file) > 0);
    fclose(file);
    int missing = 0;
    for (size_t i = 0; flow_nodes[i]; i++) {
        const char *row = row_text(f, flow_nodes[i]);
        char about[64];
        snprintf(about, sizeof about, "- **%s**", flow_nodes[i]->type);
        if (!strstr(text, about)) missing++, print_message("no words: %s\n", about);
        if (!strstr(text, row)) missing++, print_message("%s\n", row);
    }
    free(text);
    if (missing) fail_msg("docs/FLOWS.md has not the lines above");
}

/* --- checks -------------------------------------------------------------------------------- */

/* One node behind the start. channel: of the trigger; "" none. */
static void checked(struct fixture *f, const char *node, const char *channel, enum flow_kind kind)
{
    char nodes[8192];
    struct check_world world = {.channels = f->channels, .flows = f->flows};
    snprintf(nodes, sizeof nodes,
             "[{'id':'s','type':'start','data':{'triggers':[%s%s%s]}},{'id':'x',%s}]",
             *channel ? "{'id':'t','kind':'channel','enabled':true,'channelIds':['" : "", channel,
             *channel ? "']}" : "", node);
    json_t *graph = graph_of(nodes, "[{'id':'1','from':'s','port':'next','to':'x'}]");
    f->problems = (struct problems){.arena = f->arena};
    assert_int_equal(flow_check(f->arena, graph, kind, &world, &f->problems), ERR_OK);
    json_decref(graph);
}

static const struct problem *found(struct fixture *f, const char *code)
{
    for (int i = 0; i < f->problems.count; i++)
        if (strcmp(f->problems.items[i].code, code) == 0 && f->problems.items[i].node_id &&
            strcmp(f->problems.items[i].node_id, "x") == 0)
            return &f->problems.items[i];
    return NULL;
}

struct rule {
    const char *node, *channel;
    enum flow_kind kind;
    const char *code;  /* that is found */
    const char *field; /* there; NULL: wherever */
    const char * not ; /* a node like it, for which it is not found */
    enum severity severity;
};

#define FOUR                                                                                       \
    "[{'id':'1','title':'Um'},{'id':'2','title':'Dois'},{'id':'3','title':'Tres'},{'id':'4',"      \
    "'title':'Quatro'}]"
#define TWO "[{'id':'1','title':'Um'},{'id':'2','title':'Dois'}]"

#define TEN           "0123456789"
#define FIFTY         TEN TEN TEN TEN TEN
#define SEVENTY_THREE FIFTY TEN TEN "012"
#define LONG_TEXT     /* longer than may stand above buttons of WhatsApp */                        \
    FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY      \
        FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

static const struct rule rules[] = {
    {"'type':'menu','data':{'text':'?','options':" FOUR "}", "w", FLOW_GENERAL, "CHANNEL_LIST",
     "options", "'type':'menu','data':{'text':'?','options':" TWO "}", PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','options':" TWO "}", "e", FLOW_GENERAL, "CHANNEL_NUMBERS",
     "options", "'type':'menu','data':{'text':'?','display':'numbers','options':" TWO "}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','options':[{'id':'a','title':'Mais de vinte caracteres'}]}",
     "w", FLOW_GENERAL, "CHANNEL_TITLE", "options[0].title",
     "'type':'menu','data':{'text':'?','options':[{'id':'a','title':'{{ customer.name }} aqui'}]}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','display':'list','options':[{'id':'a','title':'Mais de "
     "vinte "
     "e quatro caracteres'}]}",
     "w", FLOW_GENERAL, "CHANNEL_TITLE", "options[0].title",
     "'type':'menu','data':{'text':'?','display':'list','options':[{'id':'a','title':'Vinte e "
     "quatro, certinho'}]}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','display':'list','options':[{'id':'a','title':'A',"
     "'description':'" SEVENTY_THREE "'}]}",
     "w", FLOW_GENERAL, "CHANNEL_TITLE", "options[0].description",
     "'type':'menu','data':{'text':'?','options':[{'id':'a','title':'A','description':"
     "'" SEVENTY_THREE "'}]}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','options':[{'id':'a','title':'Quero falar com vendas "
     "hoje'},{'id':'b','title':'Quero falar com vendas amanha'}]}",
     "w", FLOW_GENERAL, "CHANNEL_SAME_TITLES", "options",
     "'type':'menu','data':{'text':'?','options':[{'id':'a','title':'Quero falar com "
     "vendas'},{'id':'b','title':'Quero falar com {{ customer.name }}'}]}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','options':[{'id':'a','title':'Sim'},{'id':'b','title':"
     "'SIM!'}]}",
     "c", FLOW_GENERAL, "TITLES_EQUAL", "options[1].title",
     "'type':'menu','data':{'text':'?','options':[{'id':'a','title':'Sim'},{'id':'b','title':"
     "'Sim sim'}]}",
     PROBLEM_WARNING},
    {"'type':'menu','data':{'text':'?','options':[{'id':'a','title':' '}]}", "c", FLOW_GENERAL,
     "REQUIRED", "options[0].title", "'type':'menu','data':{'text':'?','options':" TWO "}",
     PROBLEM_ERROR},
    {"'type':'menu','data':{'text':'" LONG_TEXT "{{ customer.name }}','options':" TWO "}", "w",
     FLOW_GENERAL, "CHANNEL_LIST", "text",
     "'type':'menu','data':{'text':'{{ a" LONG_TEXT " }}','options':" TWO "}", PROBLEM_WARNING},
    {"'type':'message','data':{'text':'" LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT "{{ x }}'}", "c",
     FLOW_GENERAL, "CHANNEL_TEXT", "text",
     "'type':'message','data':{'text':'" LONG_TEXT LONG_TEXT LONG_TEXT "{{ x }}'}", PROBLEM_ERROR},
    {"'type':'message','data':{'text':''}", "w", FLOW_GENERAL, "REQUIRED", "text",
     "'type':'message','data':{'text':'','files':[{'fileId':'1'}]}", PROBLEM_ERROR},
    {"'type':'message','data':{'text':' ','files':[{'fileId':'1'}],'buttons':" TWO "}", "w",
     FLOW_GENERAL, "REQUIRED", "text", "'type':'message','data':{'text':'x','buttons':" TWO "}",
     PROBLEM_ERROR},
    {"'type':'media','data':{'kind':'image','file':{'fileId':'1','mimeType':'video/mp4'}}", "w",
     FLOW_GENERAL, "FILE_KIND", "file",
     "'type':'media','data':{'kind':'video','file':{'fileId':'1','mimeType':'video/mp4'}}",
     PROBLEM_ERROR},
    {"'type':'media','data':{'kind':'image','file':{'fileId':'1','mimeType':'image/png',"
     "'size':99000000}}",
     "i", FLOW_GENERAL, "CHANNEL_FILE_SIZE", "file",
     "'type':'media','data':{'kind':'image','file':{'fileId':'1','mimeType':'image/png',"
     "'size':900}}",
     PROBLEM_ERROR},
    {"'type':'template','data':{'template':{'name':'a'}}", "c", FLOW_GENERAL, "CHANNEL_TEMPLATE",
     "template", NULL, PROBLEM_WARNING},
    {"'type':'template','data':{'template':{'name':'a','channelId':'nobody'}}", "w", FLOW_GENERAL,
     "UNKNOWN_REFERENCE", "template",
     "'type':'template','data':{'template':{'name':'a','channelId':'w'}}", PROBLEM_ERROR},
    {"'type':'email','data':{'subject':'a','text':'b'}", "w", FLOW_GENERAL, "CHANNEL_EMAIL",
     "channelId", "'type':'email','data':{'subject':'a','text':'b','channelId':'e','to':'x'}",
     PROBLEM_ERROR},
    {"'type':'email','data':{'subject':'a','text':'b','channelId':'w','to':'x'}", "w", FLOW_GENERAL,
     "CHANNEL_EMAIL", "channelId", NULL, PROBLEM_ERROR},
    {"'type':'email','data':{'subject':'a','text':'b','channelId':'e'}", "w", FLOW_GENERAL,
     "REQUIRED", "to", NULL, PROBLEM_ERROR},
    {"'type':'question','data':{'text':'?','kind':'number','min':5,'max':2}", "c", FLOW_GENERAL,
     "RANGE_EMPTY", "max", "'type':'question','data':{'text':'?','kind':'number','min':2,'max':2}",
     PROBLEM_ERROR},
    {"'type':'question','data':{'text':'?','kind':'text','pattern':'('}", "c", FLOW_GENERAL,
     "BAD_PATTERN", "pattern", "'type':'question','data':{'text':'?','kind':'date','pattern':'('}",
     PROBLEM_ERROR},
    {"'type':'condition','data':{'cases':[{'id':'a','title':'','when':{'op':'all','rows':[]}}]}",
     "c", FLOW_GENERAL, "CASE_ALWAYS", "cases[0].when", NULL, PROBLEM_WARNING},
    {"'type':'split','data':{'weights':[{'id':'a','title':'A','weight':0},{'id':'b','title':'B',"
     "'weight':0}]}",
     "c", FLOW_GENERAL, "WEIGHTS_ZERO", "weights",
     "'type':'split','data':{'weights':[{'id':'a','title':'A','weight':0},{'id':'b','title':'B',"
     "'weight':1}]}",
     PROBLEM_ERROR},
    {"'type':'split','data':{'weights':[{'id':'a','title':'A','weight':1}]}", "c", FLOW_GENERAL,
     "TOO_MANY", "weights", NULL, PROBLEM_ERROR},
    {"'type':'delay','data':{'mode':'time'}", "c", FLOW_GENERAL, "REQUIRED", "time",
     "'type':'delay','data':{'mode':'time','time':'08:00'}", PROBLEM_ERROR},
    {"'type':'delay','data':{'mode':'weekday','time':'08:00'}", "c", FLOW_GENERAL, "REQUIRED",
     "weekdays", "'type':'delay','data':{'mode':'weekday','weekdays':[1],'time':'08:00'}",
     PROBLEM_ERROR},
    {"'type':'delay','data':{'mode':'time','time':'08:00','zone':'Mars/Olympus'}", "c",
     FLOW_GENERAL, "UNKNOWN_ZONE", "zone",
     "'type':'delay','data':{'mode':'time','time':'08:00','zone':'America/Recife'}", PROBLEM_ERROR},
    {"'type':'jump','data':{'node':'nobody'}", "c", FLOW_GENERAL, "UNKNOWN_NODE", "node", NULL,
     PROBLEM_ERROR},
    {"'type':'jump','data':{'node':'x'}", "c", FLOW_GENERAL, "CYCLE_WITHOUT_WAIT", NULL, NULL,
     PROBLEM_ERROR},
    {"'type':'call','data':{'flowId':'q'}", "c", FLOW_GENERAL, "CALL_KIND", "flowId",
     "'type':'call','data':{'flowId':'g'}", PROBLEM_ERROR},
    {"'type':'call','data':{'flowId':'nobody'}", "c", FLOW_GENERAL, "UNKNOWN_REFERENCE", "flowId",
     NULL, PROBLEM_ERROR},
    {"'type':'http','data':{'method':'GET','url':'ftp://x'}", "c", FLOW_GENERAL, "URL_SCHEME",
     "url", "'type':'http','data':{'method':'GET','url':'{{base}}/x'}", PROBLEM_ERROR},
    {"'type':'http','data':{'method':'GET','url':'https://x','headers':[{'name':'a "
     "b','value':''}]}",
     "c", FLOW_GENERAL, "INVALID_NAME", "headers[0].name",
     "'type':'http','data':{'method':'GET','url':'https://"
     "x','headers':[{'name':'X-A','value':''}]}",
     PROBLEM_ERROR},
    {"'type':'http','data':{'method':'POST','url':'https://x','body':'{a'}", "c", FLOW_GENERAL,
     "BODY_NOT_JSON", "body",
     "'type':'http','data':{'method':'POST','url':'https://x','bodyType':'text','body':'{a'}",
     PROBLEM_ERROR},
    {"'type':'http','data':{'method':'GET','url':'https://x','timeoutMs':90000}", "c", FLOW_GENERAL,
     "OUT_OF_RANGE", "timeoutMs", NULL, PROBLEM_ERROR},
    {"'type':'http','data':{'method':'GET','url':'https://x'}", "", FLOW_CLOSING, "NODE_KIND", NULL,
     NULL, PROBLEM_ERROR},
    {"'type':'customer','data':{}", "c", FLOW_GENERAL, "CHANGES_NOTHING", NULL,
     "'type':'customer','data':{'name':'x'}", PROBLEM_WARNING},
    {"'type':'customer','data':{'stageId':'1'}", "", FLOW_STAGE, "STAGE_LOOP", "stageId",
     "'type':'customer','data':{'name':'x'}", PROBLEM_ERROR},
    {"'type':'transfer','data':{}", "", FLOW_TRANSFER, "NODE_KIND", NULL, NULL, PROBLEM_ERROR},
    {"'type':'close','data':{}", "", FLOW_CLOSING, "NODE_KIND", NULL, NULL, PROBLEM_ERROR},
    {"'type':'jump','data':{'node':'x'}", "", FLOW_TRANSFER, "NODE_KIND", NULL, NULL,
     PROBLEM_ERROR},
    {"'type':'note','data':{'text':''}", "", FLOW_CLOSING, "REQUIRED", "text",
     "'type':'note','data':{'text':'x'}", PROBLEM_ERROR},
};

static void test_checks(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *r = &rules[i];
        checked(f, r->node, r->channel, r->kind);
        const struct problem *x = found(f, r->code);
        if (!x) fail_msg("rule %zu: no %s of %s", i, r->code, r->node);
        if (r->field && (!x->field || strcmp(x->field, r->field) != 0))
            fail_msg("rule %zu: %s stands at %s", i, r->code, x->field);
        if (x->severity != r->severity) fail_msg("rule %zu: %s weighs otherwise", i, r->code);
        assert_true(*x->message != 0);
        if (!r->not ) continue;
        checked(f, r->not, r->channel, r->kind);
        if (found(f, r->code)) fail_msg("rule %zu: %s of %s", i, r->code, r->not );
    }
}

/* A channel counts only when it can start the flow. */
static void test_other_channels(void **state)
{
    struct fixture *f = *state;
    const char *menu = "'type':'menu','data':{'text':'?','options':" TWO "}";
    checked(f, menu, "w", FLOW_GENERAL);
    assert_null(found(f, "CHANNEL_NUMBERS"));
    checked(f, menu, "", FLOW_GENERAL); /* by hand: anywhere */
    assert_non_null(found(f, "CHANNEL_NUMBERS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_channels, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
