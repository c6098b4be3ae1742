/* Random flows: graphs of all kinds of nodes, filled in so that publishing takes most of them (FIT),
 * carelessly (LOOSE), or as nobody would (WILD). The same dice give the same graph. */
#ifndef INTERFLOW_TESTS_FLOW_ANY_H
#define INTERFLOW_TESTS_FLOW_ANY_H

#include "flow_check.h"

#include "flows/condition.h"
#include "flows/flows.h"
#include "flows/nodes/nodes.h"

struct dice {
    uint64_t s;
};

static inline uint32_t roll(struct dice *d) /* splitmix64 */
{
    uint64_t z = d->s += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static inline int below(struct dice *d, int n)
{
    return (int)(roll(d) % (uint32_t)n);
}

static inline bool one_in(struct dice *d, int n)
{
    return below(d, n) == 0;
}

#define PICK(d, list) ((list)[below((d), (int)ARRAY_LEN(list))])

/* Flows that a graph can call. */
#define ANY_FLOWS 3
static const char *const any_flow_ids[ANY_FLOWS] = {"01900000-0000-7000-8000-00000000000a",
                                                    "01900000-0000-7000-8000-00000000000b",
                                                    "01900000-0000-7000-8000-00000000000c"};

enum care { FIT, LOOSE, WILD };

struct any {
    struct dice *d;
    enum care care;
    int nodes; /* n0 … besides the start */
    int at;    /* the node under way */
};

static inline const char *any_text(struct any *g)
{
    static const char *const texts[] = {
        "Oi",
        "Oi {{nome}}, {{n + 1}}",
        "{{customer.name | upper}} {{system.time}}",
        "{{error.code}}: {{error.message}}",
        "<{{message.text}}> {{message.kind}} {{message.files[0].name}}",
        "{{n / 0}}",
        "{{longo}}",
        "{{longo}}{{longo}}{{longo}}{{longo}}{{longo}}{{longo}}",
        "{{nada}}",
        "{{lista | json}} {{dados.a.b[0]}}",
        "{{now() | date}} {{today}}",
        "👍 é {{session.nome ?? \"?\"}}",
        "{{random(1, 6)}}",
        /* refused at publishing */
        "",
        "{{ nope( }}",
    };
    if (g->care == FIT) return texts[below(g->d, (int)ARRAY_LEN(texts) - 2)];
    return PICK(g->d, texts);
}

static inline const char *any_expression(struct dice *d)
{
    static const char *const texts[] = {
        "n + 1",      "longo & longo & \"0123456789abcdef\"",
        "[lista, n]", "{a: {b: [n, nome]}}",
        "1 / 0",      "length(longo)",
        "now()",      "message.text & nome",
        "customer.x", "random(1, 100)",
        "lista[0]",   "n > 3 ? nome : empty",
    };
    return PICK(d, texts);
}

static inline const char *any_name(struct dice *d)
{
    static const char *const names[] = {"n", "nome", "longo", "lista", "dados", "dia", "sim"};
    return PICK(d, names);
}

static inline json_t *any_id(struct dice *d)
{
    static const char *const ids[] = {"01900000-0000-7000-8000-000000000001",
                                      "01900000-0000-7000-8000-000000000002"};
    return json_string(PICK(d, ids));
}

/* Of any type, as hands or programs may have put it there. */
static inline json_t *any_junk(struct any *g, int depth)
{
    struct dice *d = g->d;
    json_t *list = json_array();
    switch (below(d, 9)) {
    case 0: json_decref(list); return json_null();
    case 1: json_decref(list); return json_boolean(one_in(d, 2));
    case 2: json_decref(list); return json_integer(INT64_MAX - below(d, 3));
    case 3: json_decref(list); return json_integer(INT64_MIN + below(d, 3));
    case 4: json_decref(list); return json_real(one_in(d, 2) ? 1e300 : -0.5);
    case 5: json_decref(list); return json_string(any_text(g));
    case 6: json_decref(list); return json_string("99:99");
    case 7:
        json_decref(list);
        return json_pack("{s:o, s:o}", "id", depth ? any_junk(g, depth - 1) : json_string("a"),
                         "value", depth ? any_junk(g, depth - 1) : json_null());
    default:
        for (int i = below(d, 4); depth && i > 0; i--)
            json_array_append_new(list, any_junk(g, depth - 1));
        return list;
    }
}

static inline json_t *any_right(struct any *g, const char *type, enum condition_right how)
{
    struct dice *d = g->d;
    switch (how) {
    case RIGHT_NONE: return json_null();
    case RIGHT_RANGE: return json_pack("[s, s]", "1", "{{n}}");
    case RIGHT_VALUES: return json_pack("[s, s]", "a", any_text(g));
    case RIGHT_PERIOD: return json_pack("{s:i, s:s}", "n", 3, "unit", "days");
    case RIGHT_WEEKDAYS: return json_pack("[i, i]", 1, 5);
    case RIGHT_PATTERN: return json_string(one_in(d, 5) ? "^(a+)+$" : "^\\w+$");
    case RIGHT_VALUE: break;
    }
    static const char *const values[] = {"3", "nome", "true", "2026-01-01", "{{n}}"};
    if (g->care == FIT)
        return json_string(strcmp(type, "date") == 0   ? "2026-01-01"
                           : strcmp(type, "bool") == 0 ? "true"
                                                       : "3");
    return json_string(PICK(d, values));
}

static inline json_t *any_conditions(struct any *g)
{
    struct dice *d = g->d;
    json_t *rows = json_array();
    int operators = 0;
    while (condition_operators[operators].type)
        operators++;
    for (int i = below(d, 3); i >= 0; i--) {
        const struct condition_operator *o = &condition_operators[below(d, operators)];
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:o}", "left",
                                              one_in(d, 3) ? any_expression(d) : any_name(d),
                                              "type", o->type, "op", o->name, "right",
                                              any_right(g, o->type, o->right)));
    }
    return json_pack("{s:s, s:o}", "op", one_in(d, 2) ? "all" : "any", "rows", rows);
}

static inline json_t *any_item(struct any *g, const struct node_field *f, int i)
{
    static const char *const ids[] = {"a", "b", "c"};
    struct dice *d = g->d;
    switch ((int)f->kind) {
    case NF_OPTIONS: {
        static const char *const titles[] = {"Banho", "Consulta", "2", "{{nome}}", "Não"};
        return json_pack("{s:s, s:s}", "id", ids[i], "title", PICK(d, titles));
    }
    case NF_WEIGHTS:
        return json_pack("{s:s, s:s, s:i}", "id", ids[i], "title", ids[i], "weight", below(d, 4));
    case NF_CASES:
        return json_pack("{s:s, s:s, s:o}", "id", ids[i], "title", "", "when", any_conditions(g));
    case NF_MAPPING: {
        static const char *const paths[] = {"a.b[0]", "c", "$.items[*].name", "deep", "", "a["};
        int most = g->care == FIT ? 4 : (int)ARRAY_LEN(paths);
        return json_pack("{s:s, s:s}", "path", paths[below(d, most)], "variable", any_name(d));
    }
    case NF_PAIRS:
        return json_pack("{s:s, s:s}", "name", one_in(d, 4) ? "Content-Type" : "X-A", "value",
                         any_text(g));
    case NF_ASSIGNMENTS: {
        bool value = one_in(d, 3);
        return json_pack("{s:s, s:s, s:s}", "name", any_name(d), "kind",
                         value ? "value" : "expression", "value",
                         value ? any_text(g) : any_expression(d));
    }
    case NF_FILES:
        return json_pack("{s:o, s:s, s:s, s:i}", "fileId", any_id(d), "name", "a.png", "mimeType",
                         "image/png", "size", 10);
    case NF_WEEKDAYS: return json_integer(1 + below(d, 7));
    case NF_WORDS: return json_string("oi");
    default: return any_id(d);
    }
}

static inline json_t *any_number(struct dice *d, const struct node_field *f)
{
    static const int64_t durations[] = {1000, 5000, 60000, 3600000, FLOW_WAIT_MAX_MS};
    int64_t most = f->max > 0 ? f->max : 100, least = f->min;
    int64_t v = f->kind == NF_DURATION ? PICK(d, durations) : least + below(d, 5);
    return json_integer(v < least ? least : v > most ? most : v);
}

static inline json_t *any_enum(struct dice *d, const char *values)
{
    int count = 1;
    for (const char *p = values; *p; p++)
        count += *p == '|';
    const char *at = values;
    for (int i = below(d, count); i > 0; i--)
        at = strchr(at, '|') + 1;
    return json_stringn(at, strcspn(at, "|"));
}

static inline json_t *any_field(struct any *g, const struct node_field *f)
{
    struct dice *d = g->d;
    if (g->care == WILD && one_in(d, 6)) return any_junk(g, 3);
    switch ((int)f->kind) {
    case NF_NUMBER:
    case NF_DURATION: return any_number(d, f);
    case NF_BOOL: return json_boolean(one_in(d, 2));
    case NF_ENUM: return any_enum(d, f->values);
    case NF_TIME: return json_string(one_in(d, 2) ? "08:30" : "23:59");
    case NF_ZONE: return json_string(one_in(d, 2) ? "America/Sao_Paulo" : "");
    case NF_CONDITIONS: return any_conditions(g);
    case NF_EXPRESSION: return json_string(any_expression(d));
    case NF_VARIABLE: return json_string(any_name(d));
    case NF_NODE: {
        char id[16];
        int least = g->care == FIT && g->at + 1 < g->nodes ? g->at + 1 : 0;
        snprintf(id, sizeof id, "n%d", least + below(d, g->nodes - least));
        return json_string(id);
    }
    case NF_FLOW: return json_string(any_flow_ids[below(d, ANY_FLOWS)]);
    case NF_FIELDS: return json_pack("{s:s}", "cor", any_text(g));
    case NF_WA_TEMPLATE:
        return json_pack("{s:o, s:s, s:s, s:{s:s}}", "channelId", any_id(d), "name", "retomada",
                         "language", "pt_BR", "parameters", "body.1", any_text(g));
    case NF_URL: return json_string("https://peer.example/{{n}}?q={{nome}}");
    case NF_JSON: return json_string(one_in(d, 4) ? "{{longo}}" : "{\"a\": \"{{nome}}\"}");
    case NF_TRIGGERS: return json_array();
    case NF_FILE: return any_item(g, &(struct node_field){.kind = NF_FILES}, 0);
    case NF_TEXT: return json_string(one_in(d, 2) ? "^[a-z]+$" : "x");
    case NF_TEMPLATE: {
        const char *text = f->max > 0 && f->max <= 20 && g->care == FIT ? "pt" : any_text(g);
        return json_string(f->required && !*text ? "Oi" : text);
    }
    case NF_OPTIONS:
    case NF_WEIGHTS:
    case NF_CASES:
    case NF_MAPPING:
    case NF_PAIRS:
    case NF_ASSIGNMENTS:
    case NF_FILES:
    case NF_CHANNELS:
    case NF_TAGS:
    case NF_WEEKDAYS:
    case NF_WORDS: {
        json_t *list = json_array();
        int count = below(d, 3) + (f->required ? 1 : 0);
        if (count < f->min) count = (int)f->min;
        for (int i = 0; i < count && i < 3; i++)
            json_array_append_new(list, any_item(g, f, i));
        return list;
    }
    default: return any_id(d); /* a team, a tag … */
    }
}

static inline json_t *any_data(struct any *g, const struct flow_node *type)
{
    json_t *data = json_object();
    for (const struct node_field *f = type->fields; f && f->name; f++)
        if (f->required || !one_in(g->d, 3)) json_object_set_new(data, f->name, any_field(g, f));
    if (g->care != FIT) return data;
    const char *kind = json_string_value(json_object_get(data, "kind"));
    json_t *file = json_object_get(data, "file");
    if (type == &node_media && file)
        json_object_set_new(file, "mimeType",
                            json_string(strcmp(kind, "video") == 0   ? "video/mp4"
                                        : strcmp(kind, "audio") == 0 ? "audio/ogg"
                                        : strcmp(kind, "image") == 0 ? "image/png"
                                                                     : "application/pdf"));
    if (type == &node_message && !json_object_get(data, "text"))
        json_object_set_new(data, "text", json_string(any_text(g)));
    return data;
}

/* Ways out of every port that a node has, but some. */
static inline void any_ways(struct any *g, const struct flow *flow, json_t *edges, int open)
{
    for (int i = 0; i < flow->node_count; i++)
        for (int p = 0; p < flow->nodes[i].port_count; p++) {
            const char *port = flow->nodes[i].ports[p].id;
            char id[24], to[16];
            if (i > 0 && one_in(g->d, open)) continue;
            /* Back only from where it waited. */
            bool waits = flow->nodes[i].type == &node_delay ||
                         (flow->nodes[i].type == &node_question && strcmp(port, "error") != 0);
            int least = g->care == FIT && !waits ? i : 0;
            if (least >= g->nodes) continue;
            snprintf(id, sizeof id, "e%d_%d", i, p);
            snprintf(to, sizeof to, "n%d", least + below(g->d, g->nodes - least));
            json_array_append_new(edges, json_pack("{s:s, s:s, s:s, s:s}", "id", id, "from",
                                                   flow->nodes[i].id, "port", port, "to", to));
        }
}

/* A graph; NULL: not even its shape is right (wild ones). */
static inline json_t *any_graph(struct arena *a, struct dice *d, enum care care)
{
    int types = 0;
    while (flow_nodes[types])
        types++;
    struct any g = {.d = d, .care = care, .nodes = 2 + below(d, 9)};
    json_t *nodes = quoted("[{'id':'s','type':'start','data':{'triggers':[]}}]");
    json_t *variables =
        quoted("[{'name':'n','type':'number','default':1},{'name':'dia','type':'date'},"
               "{'name':'lista','type':'list'},{'name':'longo','type':'text','default':''}]");
    char longer[3001];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    json_object_set_new(json_array_get(variables, 3), "default", json_string(longer));
    for (int i = 0; i < g.nodes; i++) {
        char id[16];
        const struct flow_node *type = flow_nodes[1 + below(d, types - 1)];
        g.at = i;
        snprintf(id, sizeof id, "n%d", i);
        json_array_append_new(nodes, json_pack("{s:s, s:s, s:o}", "id", id, "type", type->type,
                                               "data", any_data(&g, type)));
    }
    json_t *edges = json_array();
    json_t *graph = json_pack("{s:i, s:o, s:o, s:o, s:{}}", "format", 1, "nodes", nodes, "edges",
                              edges, "variables", variables, "settings");
    struct problems problems = {.arena = a};
    struct flow *flow = NULL;
    if (graph_parse(a, graph, &problems, &flow)) {
        json_decref(graph);
        return NULL;
    }
    any_ways(&g, flow, edges, 2 + below(d, 6));
    return graph;
}

#endif
