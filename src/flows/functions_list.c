/* Functions on lists and objects. Those with an expression argument evaluate it once for every item,
 * which it names `it`; inside of each other the innermost item is meant. */
#include "flows/functions_impl.h"

#include <string.h>

/* Items of a result while it grows; never longer than the list that it comes from. */
struct growing {
    struct value *items;
    size_t count;
};

static bool start(struct eval *ev, const struct call *call, struct growing *g)
{
    g->count = 0;
    g->items = eval_alloc(ev, call->args[0].list.count, sizeof(*g->items), call->at);
    return g->items != NULL;
}

static struct value finish(const struct growing *g)
{
    return (struct value){.type = VALUE_LIST, .list = {g->items, g->count}};
}

/* Argument number i for that item. Without the argument: the item itself. */
static bool of_item(struct eval *ev, const struct call *call, size_t i, const struct value *item,
                    struct value *ret)
{
    const struct value *outer = ev->it;
    if (call->count <= i) {
        *ret = *item;
        return eval_spend(ev, 1, call->at);
    }
    ev->it = item;
    bool ok = eval_node(ev, call->nodes[i], ret);
    ev->it = outer;
    return ok;
}

bool fn_map(struct eval *ev, const struct call *call, struct value *ret)
{
    struct growing g;
    if (!start(ev, call, &g)) return false;
    for (size_t i = 0; i < call->args[0].list.count; i++)
        if (!of_item(ev, call, 1, &call->args[0].list.items[i], &g.items[g.count++])) return false;
    *ret = finish(&g);
    return true;
}

bool fn_filter(struct eval *ev, const struct call *call, struct value *ret)
{
    struct growing g;
    if (!start(ev, call, &g)) return false;
    for (size_t i = 0; i < call->args[0].list.count; i++) {
        const struct value *item = &call->args[0].list.items[i];
        struct value yes;
        if (!of_item(ev, call, 1, item, &yes)) return false;
        if (value_is_yes(&yes)) g.items[g.count++] = *item;
    }
    *ret = finish(&g);
    return true;
}

/* How many items are yes; *ret_all: how many there are. stop_at: not further than that truth. */
static bool tally(struct eval *ev, const struct call *call, const bool *stop_at, size_t *ret_yes,
                  bool *ret_stopped)
{
    *ret_yes = 0;
    *ret_stopped = false;
    for (size_t i = 0; i < call->args[0].list.count; i++) {
        struct value v;
        if (!of_item(ev, call, 1, &call->args[0].list.items[i], &v)) return false;
        bool yes = value_is_yes(&v);
        *ret_yes += yes;
        *ret_stopped = stop_at && yes == *stop_at;
        if (*ret_stopped) return true;
    }
    return true;
}

bool fn_count(struct eval *ev, const struct call *call, struct value *ret)
{
    size_t yes = call->args[0].list.count;
    bool stopped = false;
    if (call->count > 1 && !tally(ev, call, NULL, &yes, &stopped)) return false;
    *ret = value_number((double)yes);
    return true;
}

bool fn_any(struct eval *ev, const struct call *call, struct value *ret)
{
    static const bool wanted = true;
    size_t yes = 0;
    bool stopped = false;
    if (!tally(ev, call, &wanted, &yes, &stopped)) return false;
    *ret = value_bool(stopped);
    return true;
}

bool fn_all(struct eval *ev, const struct call *call, struct value *ret)
{
    static const bool wanted = false;
    size_t yes = 0;
    bool stopped = false;
    if (!tally(ev, call, &wanted, &yes, &stopped)) return false;
    *ret = value_bool(!stopped);
    return true;
}

/* --- order ----------------------------------------------------------------------------- */

struct sorted {
    struct value key, item;
};

/* Blank keys come last. */
static bool in_order(struct eval *ev, const struct value *a, const struct value *b, size_t at,
                     bool *ret)
{
    int order = 0;
    bool blank_a = value_is_blank(a), blank_b = value_is_blank(b);
    if (blank_a || blank_b)
        order = (int)blank_a - (int)blank_b;
    else if (!eval_spend(ev, 1, at) || !eval_order(ev, a, b, at, &order))
        return false;
    *ret = order <= 0;
    return true;
}

/* Runs of `width` that are sorted become runs of twice that. */
static bool merge(struct eval *ev, const struct sorted *from, struct sorted *to, size_t count,
                  size_t width, size_t at)
{
    for (size_t begin = 0; begin < count; begin += 2 * width) {
        size_t middle = begin + width < count ? begin + width : count;
        size_t end = middle + width < count ? middle + width : count;
        size_t a = begin, b = middle;
        for (size_t i = begin; i < end; i++) {
            bool first = a < middle;
            if (a < middle && b < end && !in_order(ev, &from[a].key, &from[b].key, at, &first))
                return false;
            to[i] = first ? from[a++] : from[b++];
        }
    }
    return true;
}

bool fn_sort(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *list = &call->args[0];
    size_t count = list->list.count;
    struct growing g;
    struct sorted *from = eval_alloc(ev, count, sizeof(*from), call->at);
    struct sorted *to = from ? eval_alloc(ev, count, sizeof(*to), call->at) : NULL;
    if (!to || !start(ev, call, &g)) return false;
    for (size_t i = 0; i < count; i++) {
        from[i].item = list->list.items[i];
        if (!of_item(ev, call, 1, &from[i].item, &from[i].key)) return false;
    }
    for (size_t width = 1; width < count; width *= 2) {
        if (!merge(ev, from, to, count, width, call->at)) return false;
        struct sorted *swap = from;
        from = to;
        to = swap;
    }
    for (size_t i = 0; i < count; i++)
        g.items[g.count++] = from[i].item;
    *ret = finish(&g);
    return true;
}

bool fn_reverse(struct eval *ev, const struct call *call, struct value *ret)
{
    struct growing g;
    if (!start(ev, call, &g)) return false;
    for (size_t i = call->args[0].list.count; i > 0; i--)
        g.items[g.count++] = call->args[0].list.items[i - 1];
    *ret = finish(&g);
    return true;
}

/* The first of each kind stays, in the order of the list. */
bool fn_unique(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *list = &call->args[0];
    struct growing g, keys;
    if (!start(ev, call, &g) || !start(ev, call, &keys)) return false;
    for (size_t i = 0; i < list->list.count; i++) {
        const struct value *item = &list->list.items[i];
        struct value key;
        bool known = false;
        if (!of_item(ev, call, 1, item, &key) || !eval_spend(ev, keys.count / 8, call->at))
            return false;
        for (size_t k = 0; k < keys.count && !known; k++)
            if (!eval_equal(ev, &key, &keys.items[k], call->at, &known)) return false;
        if (known) continue;
        keys.items[keys.count++] = key;
        g.items[g.count++] = *item;
    }
    *ret = finish(&g);
    return true;
}

/* --- objects --------------------------------------------------------------------------- */

static bool members(struct eval *ev, const struct call *call, bool keys, struct value *ret)
{
    const struct value *v = &call->args[0];
    struct value *items = eval_alloc(ev, v->object.count, sizeof(*items), call->at);
    if (!items || !eval_spend(ev, v->object.count / 4, call->at)) return false;
    for (size_t i = 0; i < v->object.count; i++) {
        const struct value_member *m = &v->object.members[i];
        items[i] = keys ? value_text_n(m->key, m->key_len) : m->value;
    }
    *ret = (struct value){.type = VALUE_LIST, .list = {items, v->object.count}};
    return true;
}

bool fn_keys(struct eval *ev, const struct call *call, struct value *ret)
{
    return members(ev, call, true, ret);
}

bool fn_values(struct eval *ev, const struct call *call, struct value *ret)
{
    return members(ev, call, false, ret);
}

/* get(value, path, otherwise): for paths that are only known when it runs. */
bool fn_get(struct eval *ev, const struct call *call, struct value *ret)
{
    struct path path;
    struct flow_error error = {0};
    if (!eval_spend(ev, 5 + call->args[1].text.len / 16, call->at)) return false;
    if (!path_parse(ev->arena, call->args[1].text.s, &path, &error))
        return eval_fail(ev, error.code, call->arg_at[1], call->args[1].text.s, "%s",
                         error.message);
    if (path_get(ev->arena, &path, &call->args[0], ret))
        return eval_fail(ev, FLOW_MEMORY, call->at, NULL, "the expression needs too much memory");
    if (value_is_blank(ret) && call->count > 2) *ret = call->args[2];
    return true;
}
