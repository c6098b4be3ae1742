/* Graphs: shape, structs, and the readers of a node's data (graph.h).
 *
 * The shape is looked at once more whenever a graph is parsed: whatever lies in a row, a run never
 * meets a graph that this file would refuse. */
#include "flows/graph.h"

#include <string.h>

#include "base/json.h"
#include "flows/flows.h"
#include "flows/node.h"

#define NAME_MAX_CHARS    80
#define PORT_MAX_BYTES    80
#define COMMENT_MAX_CHARS 4000

const char *const flow_kind_names[FLOW_KIND_COUNT] = {"general", "closing", "stage", "transfer"};

bool flow_kind_parse(const char *name, enum flow_kind *ret)
{
    for (int i = 0; name && i < FLOW_KIND_COUNT; i++) {
        if (strcmp(flow_kind_names[i], name) != 0) continue;
        *ret = (enum flow_kind)i;
        return true;
    }
    return false;
}

/* --- problems -------------------------------------------------------------------------- */

struct problem *problem_add(struct problems *p, enum severity severity, const char *code)
{
    if (severity == PROBLEM_ERROR) p->errors++;
    if (!p->items) p->items = arena_array(p->arena, PROBLEMS_MAX, sizeof *p->items);
    if (!p->items || p->count == PROBLEMS_MAX) p->more = true;
    struct problem *item = !p->items                 ? &p->spare
                           : p->count < PROBLEMS_MAX ? &p->items[p->count++]
                                                     : &p->items[PROBLEMS_MAX - 1];
    *item = (struct problem){.severity = severity, .code = code, .message = ""};
    return item;
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

json_t *problems_json(const struct problems *p)
{
    json_t *list = json_array();
    for (int i = 0; i < p->count; i++) {
        const struct problem *x = &p->items[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:o}", "severity",
                                              x->severity == PROBLEM_ERROR ? "error" : "warning",
                                              "nodeId", text_or_null(x->node_id), "field",
                                              text_or_null(x->field), "port", text_or_null(x->port),
                                              "code", x->code, "message", x->message, "data",
                                              x->data ? json_incref(x->data) : json_object()));
    }
    return list;
}

/* --- the shape ------------------------------------------------------------------------- */

struct shape {
    struct problems *p;
    struct arena *a;
    json_t *ids; /* of nodes: {id: index} */
    int starts;
};

static void bad(struct shape *s, const char *field, const char *code, const char *message)
{
    struct problem *x = problem_add(s->p, PROBLEM_ERROR, code);
    x->field = field;
    x->message = message;
}

static bool id_valid(const char *s)
{
    size_t len = s ? strlen(s) : 0;
    return len >= 1 && len <= NODE_ID_MAX &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static bool name_valid(const char *s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    size_t len = s ? strlen(s) : 0;
    return len >= 1 && len <= NODE_ID_MAX && strchr(letters, s[0]) &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* What paths begin with that are not variables. */
static bool name_reserved(const char *s)
{
    static const char *const taken[] = {"customer", "chat",    "channel", "organization", "system",
                                        "message",  "session", "flow",    "error",        "trigger",
                                        "true",     "false",   "null",    "and",          "or",
                                        "not",      "in"};
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (strcmp(taken[i], s) == 0) return true;
    return false;
}

bool flow_name_valid(const char *name)
{
    return name_valid(name) && !name_reserved(name);
}

static void text_at_most(struct shape *s, const json_t *o, const char *key, const char *at,
                         size_t most)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v)) return;
    if (!json_is_string(v))
        bad(s, arena_printf(s->a, "%s.%s", at, key), "INVALID_TYPE", "must be text");
    else if (text_length(json_string_value(v)) > most)
        bad(s, arena_printf(s->a, "%s.%s", at, key), "TOO_LONG",
            arena_printf(s->a, "at most %zu characters", most));
}

static void numbers(struct shape *s, const json_t *o, const char *at, const char *const *keys)
{
    for (; *keys; keys++) {
        const json_t *v = json_object_get(o, *keys);
        if (v && !json_is_number(v))
            bad(s, arena_printf(s->a, "%s.%s", at, *keys), "INVALID_TYPE", "must be a number");
    }
}

/* An array of at most `most` objects under key; NULL: not there, or wrong (said). */
static const json_t *list_of(struct shape *s, const json_t *graph, const char *key, size_t most,
                             bool required)
{
    const json_t *list = json_object_get(graph, key);
    if (!list || json_is_null(list)) {
        if (required) bad(s, key, "REQUIRED", "is missing");
        return NULL;
    }
    if (!json_is_array(list)) {
        bad(s, key, "INVALID_TYPE", "must be a list");
        return NULL;
    }
    if (json_array_size(list) > most) {
        bad(s, key, "TOO_MANY", arena_printf(s->a, "at most %zu", most));
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_is_object(json_array_get(list, i))) continue;
        bad(s, arena_printf(s->a, "%s[%zu]", key, i), "INVALID_TYPE", "must be an object");
        return NULL;
    }
    return list;
}

static void shape_node(struct shape *s, size_t i, const json_t *o)
{
    static const char *const places[] = {"x", "y", NULL};
    const char *at = arena_printf(s->a, "nodes[%zu]", i);
    const char *id = json_get_text(o, "id"), *type = json_get_text(o, "type");
    if (!id_valid(id))
        bad(s, arena_printf(s->a, "%s.id", at), "INVALID_ID",
            "must be 1 to 40 letters, digits, _ or -");
    else if (json_object_get(s->ids, id))
        bad(s, arena_printf(s->a, "%s.id", at), "DUPLICATE", "another node has this id");
    else
        json_object_set_new(s->ids, id, json_integer((json_int_t)i));
    const struct flow_node *row = type ? flow_node_find(type) : NULL;
    if (!row) {
        struct problem *x = problem_add(s->p, PROBLEM_ERROR, "UNKNOWN_TYPE");
        x->node_id = id_valid(id) ? id : NULL;
        x->field = arena_printf(s->a, "%s.type", at);
        x->message = "there is no such kind of node";
        x->data = json_pack("{s:s}", "type", type ? type : "");
        arena_on_free(s->p->arena, (void (*)(void *))json_decref, x->data);
    }
    if (row && strcmp(row->type, "start") == 0) s->starts++;
    text_at_most(s, o, "name", at, NAME_MAX_CHARS);
    numbers(s, o, at, places);
    const json_t *data = json_object_get(o, "data");
    if (data && !json_is_object(data))
        bad(s, arena_printf(s->a, "%s.data", at), "INVALID_TYPE", "must be an object");
}

static void shape_edges(struct shape *s, const json_t *list)
{
    CLEANUP(json_decrefp) json_t *seen = json_object();
    CLEANUP(json_decrefp) json_t *ids = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *at = arena_printf(s->a, "edges[%zu]", i);
        const char *id = json_get_text(o, "id"), *from = json_get_text(o, "from"),
                   *to = json_get_text(o, "to"), *port = json_get_text(o, "port");
        if (!id_valid(id) || json_object_get(ids, id))
            bad(s, arena_printf(s->a, "%s.id", at), "INVALID_ID",
                "must be 1 to 40 letters, digits, _ or -, and no other edge's");
        else
            json_object_set_new(ids, id, json_true());
        if (!from || !json_object_get(s->ids, from))
            bad(s, arena_printf(s->a, "%s.from", at), "UNKNOWN_NODE", "there is no such node");
        if (!to || !json_object_get(s->ids, to))
            bad(s, arena_printf(s->a, "%s.to", at), "UNKNOWN_NODE", "there is no such node");
        if (!port || !*port || strlen(port) > PORT_MAX_BYTES) {
            bad(s, arena_printf(s->a, "%s.port", at), "INVALID", "must be 1 to 80 characters");
        } else if (from) {
            const char *key = arena_printf(s->a, "%s %s", from, port);
            if (json_object_get(seen, key))
                bad(s, arena_printf(s->a, "%s.port", at), "PORT_TWICE",
                    "this port leads somewhere already");
            json_object_set_new(seen, key, json_true());
        }
    }
}

static void shape_boxes(struct shape *s, const json_t *graph)
{
    static const char *const places[] = {"x", "y", "w", "h", NULL};
    static const char *const keys[] = {"groups", "comments"};
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        const json_t *list = list_of(s, graph, keys[k], FLOW_GROUPS_MAX, false);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *at = arena_printf(s->a, "%s[%zu]", keys[k], i);
            const json_t *o = json_array_get(list, i);
            if (!id_valid(json_get_text(o, "id")))
                bad(s, arena_printf(s->a, "%s.id", at), "INVALID_ID",
                    "must be 1 to 40 letters, digits, _ or -");
            text_at_most(s, o, "name", at, NAME_MAX_CHARS);
            text_at_most(s, o, "color", at, 20);
            text_at_most(s, o, "text", at, COMMENT_MAX_CHARS);
            numbers(s, o, at, places);
        }
    }
}

static bool variable_type_known(const char *t)
{
    static const char *const types[] = {"text", "number", "bool", "date", "list", "json"};
    for (size_t i = 0; t && i < ARRAY_LEN(types); i++)
        if (strcmp(types[i], t) == 0) return true;
    return false;
}

static void shape_variables(struct shape *s, const json_t *graph)
{
    const json_t *list = list_of(s, graph, "variables", FLOW_VARIABLES_MAX, false);
    CLEANUP(json_decrefp) json_t *names = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *at = arena_printf(s->a, "variables[%zu]", i);
        const char *name = json_get_text(o, "name");
        if (!name_valid(name))
            bad(s, arena_printf(s->a, "%s.name", at), "INVALID_NAME",
                "must begin with a letter, then letters, digits and _, at most 40");
        else if (name_reserved(name))
            bad(s, arena_printf(s->a, "%s.name", at), "NAME_RESERVED", "is a name of ours");
        else if (json_object_get(names, name))
            bad(s, arena_printf(s->a, "%s.name", at), "DUPLICATE", "is there twice");
        else
            json_object_set_new(names, name, json_true());
        if (!variable_type_known(json_get_text(o, "type")))
            bad(s, arena_printf(s->a, "%s.type", at), "INVALID",
                "must be text, number, bool, date, list or json");
        text_at_most(s, o, "help", at, 200);
        const json_t *otherwise = json_object_get(o, "default");
        if (otherwise && json_dumpb(otherwise, NULL, 0, JSON_ENCODE_ANY) > FLOW_VALUE_MAX_BYTES)
            bad(s, arena_printf(s->a, "%s.default", at), "TOO_LARGE", "at most 16 KB");
    }
}

static void shape_settings(struct shape *s, const json_t *graph)
{
    const json_t *o = json_object_get(graph, "settings");
    if (!o || json_is_null(o)) return;
    if (!json_is_object(o)) {
        bad(s, "settings", "INVALID_TYPE", "must be an object");
        return;
    }
    const json_t *ms = json_object_get(o, "debounceMs");
    if (ms && (!json_is_integer(ms) || json_integer_value(ms) < 0 ||
               json_integer_value(ms) > FLOW_DEBOUNCE_MAX_MS))
        bad(s, "settings.debounceMs", "OUT_OF_RANGE", "between 0 and 30000");
    const json_t *language = json_object_get(o, "language");
    const char *text = json_string_value(language);
    if (language && !json_is_null(language) &&
        (!text || (strcmp(text, "") != 0 && strcmp(text, "pt") != 0 && strcmp(text, "es") != 0 &&
                   strcmp(text, "en") != 0)))
        bad(s, "settings.language", "INVALID", "must be pt, es, en or empty");
}

enum err graph_shape(const json_t *graph, struct problems *p)
{
    CLEANUP(json_decrefp) json_t *ids = json_object();
    struct shape s = {.p = p, .a = p->arena, .ids = ids};
    int before = p->errors;
    if (!json_is_object(graph)) {
        bad(&s, "graph", "INVALID_TYPE", "must be an object");
        return ERR_INVALID;
    }
    if (json_get_int(graph, "format", 0) != 1)
        bad(&s, "format", "UNKNOWN_FORMAT", "only format 1 is known");
    if (json_dumpb(graph, NULL, 0, JSON_COMPACT) > FLOW_GRAPH_MAX_BYTES) {
        bad(&s, "graph", "TOO_LARGE", "at most 1 MiB");
        return ERR_INVALID;
    }
    const json_t *nodes = list_of(&s, graph, "nodes", FLOW_NODES_MAX, true);
    for (size_t i = 0; i < json_array_size(nodes); i++)
        shape_node(&s, i, json_array_get(nodes, i));
    if (nodes && s.starts != 1) bad(&s, "nodes", "START_COUNT", "there must be exactly one start");
    const json_t *edges = list_of(&s, graph, "edges", FLOW_EDGES_MAX, true);
    if (edges) shape_edges(&s, edges);
    shape_boxes(&s, graph);
    shape_variables(&s, graph);
    shape_settings(&s, graph);
    return p->errors > before ? ERR_INVALID : ERR_OK;
}

/* --- to structs ------------------------------------------------------------------------ */

static bool ports_make(struct arena *a, struct node *n)
{
    const json_t *options =
        n->type->ports_field ? json_object_get(n->data, n->type->ports_field) : NULL;
    size_t fixed = 0, most = json_array_size(options);
    while (n->type->ports && n->type->ports[fixed].id)
        fixed++;
    struct port *ports = arena_array(a, most + fixed + 1, sizeof *ports);
    if (!ports) return false;
    int count = 0;
    for (size_t i = 0; i < json_array_size(options); i++) {
        const char *id = json_get_text(json_array_get(options, i), "id");
        if (id && *id) ports[count++] = (struct port){id, -1};
    }
    for (size_t i = 0; i < fixed; i++)
        if (node_when_holds(&n->type->ports[i].when, n->data))
            ports[count++] = (struct port){n->type->ports[i].id, -1};
    n->ports = ports;
    n->port_count = count;
    return true;
}

static void edges_make(struct flow *f, const json_t *edges)
{
    for (size_t i = 0; i < json_array_size(edges); i++) {
        const json_t *o = json_array_get(edges, i);
        const struct node *from = flow_node_by_id(f, json_get_text(o, "from"));
        const struct node *to = flow_node_by_id(f, json_get_text(o, "to"));
        const char *port = json_get_text(o, "port");
        for (int k = 0; from && to && k < from->port_count; k++)
            if (strcmp(from->ports[k].id, port) == 0)
                ((struct port *)from->ports)[k].target = to->index; /* ours until it is given out */
    }
}

static bool variables_make(struct arena *a, struct flow *f, const json_t *list)
{
    size_t count = json_array_size(list);
    struct flow_variable *v = arena_array(a, count + 1, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *o = json_array_get(list, i);
        const json_t *otherwise = json_object_get(o, "default");
        v[i] = (struct flow_variable){
            .name = json_get_text(o, "name"),
            .type = json_get_text(o, "type"),
            .otherwise = json_is_null(otherwise) ? NULL : otherwise,
        };
    }
    f->variables = v;
    f->variable_count = (int)count;
    return true;
}

static void json_release(void *j)
{
    json_decref(j);
}

enum err graph_parse(struct arena *a, json_t *graph, struct problems *p, struct flow **ret_flow)
{
    enum err e = graph_shape(graph, p);
    if (e) return e;
    arena_on_free(a, json_release, json_incref(graph));
    const json_t *nodes = json_object_get(graph, "nodes");
    int count = (int)json_array_size(nodes);
    struct flow *f = arena_alloc(a, sizeof *f);
    struct node *list = arena_array(a, (size_t)count, sizeof *list);
    if (!f || !list) return ERR_NO_MEMORY;
    json_t *none = json_object();
    arena_on_free(a, json_release, none);
    *f = (struct flow){.name = "", .nodes = list, .node_count = count, .language = ""};
    for (int i = 0; i < count; i++) {
        const json_t *o = json_array_get(nodes, (size_t)i), *data = json_object_get(o, "data");
        const char *name = json_get_text(o, "name");
        list[i] = (struct node){
            .index = i,
            .id = json_get_text(o, "id"),
            .type = flow_node_find(json_get_text(o, "type")),
            .name = name ? name : "",
            .data = data ? data : none,
        };
        if (strcmp(list[i].type->type, "start") == 0) f->start = i;
        if (!ports_make(a, &list[i])) return ERR_NO_MEMORY;
    }
    edges_make(f, json_object_get(graph, "edges"));
    if (!variables_make(a, f, json_object_get(graph, "variables"))) return ERR_NO_MEMORY;
    const json_t *settings = json_object_get(graph, "settings");
    const char *language = json_get_text(settings, "language");
    f->debounce_ms = (int)json_get_int(settings, "debounceMs", 0);
    if (language) f->language = language;
    *ret_flow = f;
    return ERR_OK;
}

const struct node *flow_node_by_id(const struct flow *f, const char *id)
{
    for (int i = 0; id && i < f->node_count; i++)
        if (strcmp(f->nodes[i].id, id) == 0) return &f->nodes[i];
    return NULL;
}

static const struct port *port_find(const struct node *n, const char *port)
{
    for (int i = 0; i < n->port_count; i++)
        if (strcmp(n->ports[i].id, port) == 0) return &n->ports[i];
    return NULL;
}

int node_target(const struct node *n, const char *port)
{
    const struct port *p = port_find(n, port);
    return p ? p->target : -1;
}

bool node_has_port(const struct node *n, const char *port)
{
    return port_find(n, port) != NULL;
}

/* --- a node's data ---------------------------------------------------------------------- */

const char *node_text(const struct node *n, const char *field)
{
    const char *s = json_get_text(n->data, field);
    return s ? s : "";
}

int64_t node_int(const struct node *n, const char *field, int64_t otherwise)
{
    const json_t *v = json_object_get(n->data, field);
    double real = json_real_value(v); /* a draft that is tested may hold anything */
    if (json_is_real(v)) return real > -1e15 && real < 1e15 ? (int64_t)real : otherwise;
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool node_bool(const struct node *n, const char *field, bool otherwise)
{
    return json_get_bool(n->data, field, otherwise);
}

const json_t *node_json(const struct node *n, const char *field)
{
    const json_t *v = json_object_get(n->data, field);
    return json_is_null(v) ? NULL : v;
}

struct uuid node_uuid(const struct node *n, const char *field)
{
    struct uuid id = {0};
    const char *s = json_get_text(n->data, field);
    if (s) (void)uuid_parse(s, &id);
    return id;
}

const struct flow_variable *flow_variable(const struct flow *f, const char *name)
{
    for (int i = 0; i < f->variable_count; i++)
        if (strcmp(f->variables[i].name, name) == 0) return &f->variables[i];
    return NULL;
}
