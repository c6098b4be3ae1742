/* The checks of a whole graph (check.h); of single fields in check_fields.c.
 *
 * The static half of the guard against run-aways: a circle of nodes none of which waits is an error.
 * Ports over which a node leaves without having waited (its error port) count as ways, too. The
 * other half, the counted steps, is in run.c. */
#include "flows/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "flows/check_fields.h"
#include "flows/expr.h"
#include "flows/flows.h"
#include "flows/nodes/choices.h"
#include "flows/trigger_rows.h"

#define PRIORITY_MAX 100

static void release(void *j)
{
    json_decref(j);
}

static void add(struct check *k, enum severity severity, const struct node *n, const char *field,
                const char *code, json_t *data, const char *words)
{
    struct arena *a = k->problems->arena;
    struct problem *x = problem_add(k->problems, severity, code);
    x->node_id = n ? n->id : NULL;
    x->field = field;
    x->message = words ? words : "";
    x->data = data;
    if (data) arena_on_free(a, release, data);
}

void check_error(struct check *k, const struct node *n, const char *field, const char *code,
                 json_t *data, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(k, PROBLEM_ERROR, n, field, code, data, arena_vprintf(k->problems->arena, fmt, ap));
    va_end(ap);
}

void check_warning(struct check *k, const struct node *n, const char *field, const char *code,
                   json_t *data, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(k, PROBLEM_WARNING, n, field, code, data, arena_vprintf(k->problems->arena, fmt, ap));
    va_end(ap);
}

/* --- ports ------------------------------------------------------------------------------ */

static enum port_open open_means(const struct node *n, const char *port)
{
    for (const struct node_port *p = n->type->ports; p && p->id; p++)
        if (strcmp(p->id, port) == 0) return p->open;
    return n->type->option_open;
}

static void check_ports(struct check *k, const struct node *n)
{
    for (int i = 0; i < n->port_count; i++) {
        const struct port *p = &n->ports[i];
        enum port_open means = p->target >= 0 ? OPEN_FINE : open_means(n, p->id);
        if (means == OPEN_FINE) continue;
        add(k, means == OPEN_ERROR ? PROBLEM_ERROR : PROBLEM_WARNING, n, NULL, "PORT_OPEN", NULL,
            "leads nowhere: the flow ends there");
        struct problem *x = &k->problems->items[k->problems->count - 1];
        x->port = p->id;
    }
}

/* --- ways ------------------------------------------------------------------------------- */

struct walk {
    const struct flow *f;
    int *index, *low, *stack;
    bool *on_stack, *reached;
    int next, top;
    struct check *k;
};

static bool waits(const struct node *n)
{
    return n->type->waits && (!n->type->waits_here || n->type->waits_here(n));
}

/* Calls fn for every node that can come after n; at_once: only without a wait at n. */
static void each_way(struct walk *w, const struct node *n, bool at_once,
                     void (*fn)(struct walk *w, int from, int to))
{
    bool held = at_once && waits(n);
    for (int i = 0; i < n->port_count; i++)
        if (n->ports[i].target >= 0 && (!held || strcmp(n->ports[i].id, "error") == 0))
            fn(w, n->index, n->ports[i].target);
    for (const struct node_field *f = n->type->fields; f && f->name; f++) {
        const struct node *to =
            f->kind == NF_NODE ? flow_node_by_id(w->f, json_get_text(n->data, f->name)) : NULL;
        if (to && !held) fn(w, n->index, to->index);
    }
}

static void reach(struct walk *w, int from, int to)
{
    (void)from;
    if (w->reached[to]) return;
    w->reached[to] = true;
    w->stack[w->top++] = to;
}

static void check_reached(struct walk *w)
{
    w->top = 0;
    reach(w, -1, w->f->start);
    while (w->top > 0)
        each_way(w, &w->f->nodes[w->stack[--w->top]], false, reach);
    for (int i = 0; i < w->f->node_count; i++)
        if (!w->reached[i])
            check_warning(w->k, &w->f->nodes[i], NULL, "NODE_UNREACHED", NULL,
                          "nothing leads here");
}

static void visit(struct walk *w, int v);

static void circle_way(struct walk *w, int from, int to)
{
    if (w->index[to] == 0) {
        visit(w, to);
        if (w->low[to] < w->low[from]) w->low[from] = w->low[to];
    } else if (w->on_stack[to] && w->index[to] < w->low[from]) {
        w->low[from] = w->index[to];
    }
}

static bool has_own_circle(const struct walk *w, const struct node *n)
{
    bool held = waits(n);
    for (int i = 0; i < n->port_count; i++)
        if (n->ports[i].target == n->index && (!held || strcmp(n->ports[i].id, "error") == 0))
            return true;
    for (const struct node_field *f = n->type->fields; f && f->name && !held; f++)
        if (f->kind == NF_NODE && flow_node_by_id(w->f, json_get_text(n->data, f->name)) == n)
            return true;
    return false;
}

/* Tarjan's components, as deep as the graph is long: at most FLOW_NODES_MAX small frames. */
static void visit(struct walk *w, int v)
{
    const struct node *n = &w->f->nodes[v];
    w->index[v] = w->low[v] = ++w->next;
    w->stack[w->top++] = v;
    w->on_stack[v] = true;
    each_way(w, n, true, circle_way);
    if (w->low[v] != w->index[v]) return;
    int from = w->top;
    do {
        w->on_stack[w->stack[--from]] = false;
    } while (w->stack[from] != v);
    if (w->top - from > 1 || has_own_circle(w, n)) {
        json_t *ids = json_array();
        for (int i = from; i < w->top; i++)
            json_array_append_new(ids, json_string(w->f->nodes[w->stack[i]].id));
        check_error(w->k, n, NULL, "CYCLE_WITHOUT_WAIT", json_pack("{s:o}", "nodes", ids),
                    "a circle in which nothing waits");
    }
    w->top = from;
}

static enum err check_ways(struct check *k)
{
    size_t count = (size_t)k->flow->node_count;
    struct arena *a = k->problems->arena;
    struct walk w = {
        .f = k->flow,
        .k = k,
        .index = arena_array(a, count, sizeof(int)),
        .low = arena_array(a, count, sizeof(int)),
        .stack = arena_array(a, count, sizeof(int)),
        .on_stack = arena_array(a, count, sizeof(bool)),
        .reached = arena_array(a, count, sizeof(bool)),
    };
    if (!w.index || !w.low || !w.stack || !w.on_stack || !w.reached) return ERR_NO_MEMORY;
    check_reached(&w);
    w.top = 0;
    for (int i = 0; i < k->flow->node_count; i++)
        if (w.index[i] == 0) visit(&w, i);
    return ERR_OK;
}

/* --- names that nodes set ------------------------------------------------------------------ */

static void name_add(struct check *k, const json_t *v)
{
    if (json_is_string(v)) json_object_set_new(k->names, json_string_value(v), json_true());
}

static void names_of(struct check *k, const struct node_field *fields, const json_t *data)
{
    for (const struct node_field *f = fields; f && f->name; f++) {
        const json_t *v = json_object_get(data, f->name);
        if (f->kind == NF_VARIABLE) name_add(k, v);
        if (f->kind != NF_MAPPING && f->kind != NF_ASSIGNMENTS) continue;
        const char *key = f->kind == NF_MAPPING ? "variable" : "name";
        for (size_t i = 0; i < json_array_size(v); i++)
            name_add(k, json_object_get(json_array_get(v, i), key));
    }
}

/* --- triggers --------------------------------------------------------------------------- */

static const json_t *triggers_of(const struct check *k)
{
    return node_json(&k->flow->nodes[k->flow->start], "triggers");
}

/* Keywords that are regular expressions. */
static void check_patterns(struct check *k, const struct node *start, const json_t *trigger,
                           const char *at)
{
    const char *match = json_get_text(trigger, "match");
    const json_t *words = json_object_get(trigger, "words");
    struct arena *a = k->problems->arena;
    if (!match || strcmp(match, "regex") != 0) return;
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        struct flow_error e = {0};
        if (word && !flow_regex_check(a, word, &e))
            check_error(k, start, arena_printf(a, "%s.words[%zu]", at, i), flow_code_name(e.code),
                        json_pack("{s:s}", "subject", e.subject ? e.subject : ""), "%s",
                        e.message ? e.message : "is no regular expression");
    }
}

static void check_triggers(struct check *k)
{
    const struct node *start = &k->flow->nodes[k->flow->start];
    const json_t *list = triggers_of(k);
    struct arena *a = k->problems->arena;
    CLEANUP(json_decrefp) json_t *ids = json_object();
    int enabled = 0;
    if (json_array_size(list) > FLOW_TRIGGERS_MAX)
        check_error(k, start, "triggers", "TOO_MANY", json_pack("{s:i}", "max", FLOW_TRIGGERS_MAX),
                    "too many triggers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *at = arena_printf(a, "triggers[%zu]", i), *id = json_get_text(o, "id");
        const struct flow_trigger *row = flow_trigger_find(json_get_text(o, "kind"));
        if (!id || !*id || strlen(id) > NODE_ID_MAX || json_object_get(ids, id))
            check_error(k, start, arena_printf(a, "%s.id", at), "INVALID_ID", NULL,
                        "needs an id of its own");
        if (id) json_object_set_new(ids, id, json_true());
        if (!row || !(row->kinds & FLOW_KIND_BIT(k->flow->kind))) {
            check_error(k, start, arena_printf(a, "%s.kind", at), "TRIGGER_KIND", NULL,
                        "cannot start a flow of this kind");
            continue;
        }
        if (!json_get_bool(o, "enabled", true)) continue;
        enabled++;
        const json_t *rank = json_object_get(o, "priority");
        if (rank && (!json_is_integer(rank) || llabs(json_integer_value(rank)) > PRIORITY_MAX))
            check_error(k, start, arena_printf(a, "%s.priority", at), "OUT_OF_RANGE",
                        json_pack("{s:i, s:i}", "min", -PRIORITY_MAX, "max", PRIORITY_MAX),
                        "is out of range");
        check_fields(k, start, row->fields, o, at);
        check_patterns(k, start, o, at);
        check_conditions_at(k, start, arena_printf(a, "%s.conditions", at),
                            json_object_get(o, "conditions"));
    }
    if (enabled == 0)
        check_warning(k, start, "triggers", "NO_TRIGGER", NULL,
                      "starts only by other flows, or by hand");
}

/* --- channels --------------------------------------------------------------------------- */

static void channel_kind_add(struct check *k, const char *kind)
{
    const struct channel_kind *x = kind ? channel_kind_find(kind) : NULL;
    if (!x || k->channel_count == (int)ARRAY_LEN(k->channels)) return;
    for (int i = 0; i < k->channel_count; i++)
        if (k->channels[i] == x) return;
    k->channels[k->channel_count++] = x;
}

static void channels_all(struct check *k)
{
    const char *id;
    json_t *kind;
    json_object_foreach((json_t *)(uintptr_t)k->world->channels, id, kind)
        channel_kind_add(k, json_string_value(kind));
}

static void channels_find(struct check *k)
{
    const json_t *list = triggers_of(k);
    bool named = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i), *ids = json_object_get(o, "channelIds"),
                     *one = json_object_get(o, "channelId");
        if (!json_get_bool(o, "enabled", true)) continue;
        if (json_array_size(ids) == 0 && !json_is_string(one)) {
            channels_all(k);
            return;
        }
        named = true;
        for (size_t c = 0; c < json_array_size(ids); c++)
            channel_kind_add(
                k, json_get_text(k->world->channels, json_string_value(json_array_get(ids, c))));
        if (json_is_string(one))
            channel_kind_add(k, json_get_text(k->world->channels, json_string_value(one)));
    }
    if (!named) channels_all(k);
}

/* What stands in a template whatever is filled in. */
static const char *fixed_part(struct arena *a, const char *text)
{
    const char *out = "", *open;
    while ((open = strstr(text, "{{")) != NULL) {
        const char *end = strstr(open, "}}");
        out = arena_printf(a, "%s%.*s", out, (int)(open - text), text);
        if (!end) return out;
        text = end + 2;
    }
    return *out ? arena_printf(a, "%s%s", out, text) : text;
}

void check_text_length(struct check *k, const struct node *n, const char *field, const char *text)
{
    const char *fixed = fixed_part(k->problems->arena, text);
    size_t chars = text_length(fixed);
    for (int i = 0; i < k->channel_count; i++) {
        const struct channel_limits *l = &k->channels[i]->limits;
        bool long_text = l->text_max > 0 && chars > (size_t)l->text_max;
        bool long_bytes = l->text_bytes_max > 0 && strlen(fixed) > (size_t)l->text_bytes_max;
        if (l->text_splits || (!long_text && !long_bytes)) continue;
        check_error(k, n, field, "CHANNEL_TEXT",
                    json_pack("{s:s, s:i}", "channel", k->channels[i]->kind, "max",
                              long_text ? l->text_max : l->text_bytes_max),
                    "longer than %s takes", k->channels[i]->label);
    }
}

/* A title or a description that the channel cuts. */
static void cut_on(struct check *k, const struct node *n, const char *at, const char *text,
                   const struct channel_kind *c, int most)
{
    if (!text || most == 0 || text_length(fixed_part(k->problems->arena, text)) <= (size_t)most)
        return;
    check_warning(k, n, at, "CHANNEL_TITLE",
                  json_pack("{s:s, s:i}", "channel", c->kind, "max", most),
                  "%s cuts it after %d characters", c->label, most);
}

/* Why numbers, or a list instead of buttons? */
static void other_style(struct check *k, const struct node *n, const char *field,
                        const json_t *known, size_t count, const struct channel_kind *c, bool list,
                        enum choice_style shown)
{
    const struct channel_limits *l = &c->limits;
    bool can = c->can & (list ? CAN_LIST : CAN_BUTTONS);
    int most = list ? l->list_rows_max : l->buttons_max;
    int title_max = list ? l->list_title_max : l->button_title_max;
    if (!can) {
        check_warning(k, n, field, "CHANNEL_NUMBERS", json_pack("{s:s}", "channel", c->kind),
                      "%s shows them as numbered lines", c->label);
    } else if (most > 0 && count > (size_t)most) {
        check_warning(k, n, field, shown == CHOICE_LIST ? "CHANNEL_LIST" : "CHANNEL_NUMBERS",
                      json_pack("{s:s, s:i}", "channel", c->kind, "max", most),
                      "%s takes at most %d", c->label, most);
    } else if (choices_alike(known, title_max)) {
        check_warning(k, n, field, "CHANNEL_SAME_TITLES",
                      json_pack("{s:s, s:i}", "channel", c->kind, "max", title_max),
                      "%s cuts them to %d characters: two are the same", c->label, title_max);
    } else {
        most = list ? l->list_text_max : l->buttons_text_max;
        check_warning(k, n, "text", shown == CHOICE_LIST ? "CHANNEL_LIST" : "CHANNEL_NUMBERS",
                      json_pack("{s:s, s:i}", "channel", c->kind, "max",
                                shown == CHOICE_LIST ? l->buttons_max : most),
                      "with what is chosen from %s takes at most %d characters", c->label, most);
    }
}

static void options_on(struct check *k, const struct node *n, const char *field,
                       const json_t *options, const json_t *known, const char *text,
                       const char *asked, const struct channel_kind *c)
{
    struct arena *a = k->problems->arena;
    const struct channel_limits *l = &c->limits;
    size_t count = json_array_size(options);
    bool list = strcmp(asked, "list") == 0;
    enum choice_style shown = choices_style(c, known, text, asked);
    /* Those with templates in their titles count, though they cannot be compared. */
    if (shown == CHOICE_BUTTONS && l->buttons_max > 0 && count > (size_t)l->buttons_max)
        shown = c->can & CAN_LIST ? CHOICE_LIST : CHOICE_NUMBERS;
    if (shown == CHOICE_LIST && l->list_rows_max > 0 && count > (size_t)l->list_rows_max)
        shown = CHOICE_NUMBERS;
    if (shown == CHOICE_NUMBERS || (shown == CHOICE_LIST && !list))
        other_style(k, n, field, known, count, c, list, shown);
    for (size_t i = 0; shown != CHOICE_NUMBERS && i < count; i++) {
        const json_t *o = json_array_get(options, i);
        cut_on(k, n, arena_printf(a, "%s[%zu].title", field, i), json_get_text(o, "title"), c,
               shown == CHOICE_LIST ? l->list_title_max : l->button_title_max);
        if (shown == CHOICE_LIST)
            cut_on(k, n, arena_printf(a, "%s[%zu].description", field, i),
                   json_get_text(o, "description"), c, l->list_description_max);
    }
}

/* A title that is written cannot be told from another one of the same menu. */
static void equal_titles(struct check *k, const struct node *n, const char *field,
                         const json_t *options)
{
    struct arena *a = k->problems->arena;
    CLEANUP(json_decrefp) json_t *seen = json_object();
    for (size_t i = 0; i < json_array_size(options); i++) {
        const char *title = json_get_text(json_array_get(options, i), "title");
        const char *said = title ? choices_said(a, title) : NULL;
        if (!said || !*said) continue;
        if (json_object_get(seen, said))
            check_warning(k, n, arena_printf(a, "%s[%zu].title", field, i), "TITLES_EQUAL", NULL,
                          "another one has the same title");
        json_object_set_new(seen, said, json_true());
    }
}

void check_options(struct check *k, const struct node *n, const char *field, const json_t *options,
                   const char *text, const char *style)
{
    if (json_array_size(options) == 0) return;
    equal_titles(k, n, field, options);
    if (strcmp(style, "numbers") == 0) return;
    const char *fixed = fixed_part(k->problems->arena, text);
    if (!fixed[strspn(fixed, " \t\r\n")]) fixed = "…";
    CLEANUP(json_decrefp) json_t *known = json_array();
    for (size_t i = 0; i < json_array_size(options); i++) {
        json_t *o = json_array_get(options, i);
        const char *title = json_get_text(o, "title");
        if (title && *title && !strstr(title, "{{")) json_array_append(known, o);
    }
    for (int i = 0; i < k->channel_count; i++)
        options_on(k, n, field, options, known, fixed, style, k->channels[i]);
}

/* --- all of it ---------------------------------------------------------------------------- */

static void check_one(struct check *k, const struct node *n, json_t *counts)
{
    const struct flow_node *t = n->type;
    json_int_t before = json_integer_value(json_object_get(counts, t->type));
    json_object_set_new(counts, t->type, json_integer(before + 1));
    if (t->max > 0 && before == t->max)
        check_error(k, n, NULL, "TOO_MANY_OF_TYPE", json_pack("{s:i}", "max", t->max),
                    "only %d of these in one flow", t->max);
    if (!(t->kinds & FLOW_KIND_BIT(k->flow->kind)))
        check_error(k, n, NULL, "NODE_KIND",
                    json_pack("{s:s}", "kind", flow_kind_names[k->flow->kind]),
                    "cannot stand in a flow of this kind");
    check_fields(k, n, t->fields, n->data, "");
    check_ports(k, n);
    if (t->check) t->check(k, n);
}

enum err flow_check(struct arena *a, json_t *graph, enum flow_kind kind,
                    const struct check_world *world, struct problems *p)
{
    struct flow *f = NULL;
    enum err e = graph_parse(a, graph, p, &f);
    if (e) return e == ERR_INVALID ? ERR_OK : e;
    f->kind = kind;
    CLEANUP(json_decrefp) json_t *names = json_object();
    CLEANUP(json_decrefp) json_t *counts = json_object();
    struct flow_zones *zones = flow_zones_new();
    struct check k = {
        .flow = f, .graph = graph, .world = world, .problems = p, .names = names, .zones = zones};
    channels_find(&k);
    for (int i = 0; i < f->node_count; i++)
        names_of(&k, f->nodes[i].type->fields, f->nodes[i].data);
    const json_t *triggers = triggers_of(&k);
    for (size_t i = 0; i < json_array_size(triggers); i++) {
        const json_t *o = json_array_get(triggers, i);
        const struct flow_trigger *row = flow_trigger_find(json_get_text(o, "kind"));
        if (row) names_of(&k, row->fields, o);
    }
    check_triggers(&k);
    for (int i = 0; i < f->node_count; i++)
        check_one(&k, &f->nodes[i], counts);
    e = check_ways(&k);
    flow_zones_free(zones);
    return e;
}
