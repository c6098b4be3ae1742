/* Evaluation of the tree: eval_node and its parts. Every node costs one operation of the budget,
 * what works on data costs more (eval_spend). Values are shared, not copied, until the result goes to
 * the caller's arena. */
#include "flows/expr_impl.h"

#include <math.h>
#include <string.h>

#define LOOKUP_COST 5

/* --- the evaluation itself --------------------------------------------------------------- */

static int operations_left(const struct flow_env *env)
{
    if (!env->work || *env->work > EXPR_OPERATIONS_MAX) return EXPR_OPERATIONS_MAX;
    return *env->work > 0 ? (int)*env->work : 0;
}

void eval_begin(struct eval *ev, const struct flow_env *env, struct flow_error *ret_error)
{
    *ret_error = (struct flow_error){0};
    *ev = (struct eval){
        .env = env,
        .arena = arena_new(EXPR_MEMORY_MAX),
        .error = ret_error,
        .operations = operations_left(env),
        .given = operations_left(env),
        .zones = env->zones,
        .language = locale_language(env->language),
    };
}

void eval_end(struct eval *ev)
{
    const struct flow_env *env = ev->env;
    if (env->work) *env->work -= ev->given - ev->operations;
    arena_freep(&ev->arena);
}

bool eval_done(struct eval *ev, struct arena *a, bool ok)
{
    struct flow_error *error = ev->error;
    if (ok) {
        *error = (struct flow_error){0};
    } else {
        /* The texts lie in what eval_end frees. */
        const char *message = arena_strdup(a, error->message);
        error->message = message ? message : "the expression failed";
        error->subject = arena_strdup(a, error->subject);
        error->row = arena_strdup(a, error->row);
    }
    eval_end(ev);
    return ok;
}

bool eval_fail(struct eval *ev, enum flow_code code, size_t at, const char *subject,
               const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *message = arena_vprintf(ev->arena, fmt, ap);
    va_end(ap);
    *ev->error = (struct flow_error){
        .code = code,
        .at = at,
        .message = message ? message : "the expression failed",
        .subject = flow_error_subject(ev->arena, subject),
    };
    return false;
}

bool eval_spend(struct eval *ev, size_t n, size_t at)
{
    if (n > (size_t)ev->operations) {
        ev->operations = 0;
        return eval_fail(ev, FLOW_BUDGET, at, NULL, "the expression takes too many operations");
    }
    ev->operations -= (int)n;
    return true;
}

void *eval_alloc(struct eval *ev, size_t count, size_t size_bytes, size_t at)
{
    void *p = arena_array(ev->arena, count, size_bytes);
    if (!p || arena_exceeded(ev->arena)) {
        (void)eval_fail(ev, FLOW_MEMORY, at, NULL, "the expression needs too much memory");
        return NULL;
    }
    return p;
}

bool eval_take_buf(struct eval *ev, const struct buf *b, size_t at, struct value *ret)
{
    if (buf_failed(b)) return eval_fail(ev, FLOW_TOO_LARGE, at, NULL, "the text gets too long");
    char *s = eval_alloc(ev, b->len + 1, 1, at);
    if (!s) return false;
    memcpy(s, buf_str(b), b->len);
    *ret = value_text_n(s, b->len);
    return true;
}

bool eval_result(struct eval *ev, size_t at, const struct value *v, struct arena *a,
                 struct value *ret)
{
    size_t max = ev->env->value_max_bytes ? ev->env->value_max_bytes : EXPR_VALUE_MAX;
    enum err e = value_copy(a, v, max, ret);
    if (e == ERR_TOO_LARGE)
        return eval_fail(ev, FLOW_TOO_LARGE, at, NULL, "the result is larger than %zu bytes", max);
    if (e == ERR_INVALID)
        return eval_fail(ev, FLOW_TOO_DEEP, at, NULL, "lists and objects are nested too deeply");
    if (e) return eval_fail(ev, FLOW_MEMORY, at, NULL, "there is no memory for the result");
    return true;
}

/* --- variables ------------------------------------------------------------------------- */

static bool walk(struct eval *ev, const struct path *path, size_t from, const struct value *base,
                 size_t at, struct value *ret)
{
    struct path rest = {.text = path->text, .count = path->count - from};
    if (rest.count == 0) {
        *ret = *base;
        return true;
    }
    rest.steps = path->steps + from;
    if (!eval_spend(ev, rest.count, at)) return false;
    if (path_get(ev->arena, &rest, base, ret) == ERR_OK) return true;
    return eval_fail(ev, FLOW_MEMORY, at, NULL, "the expression needs too much memory");
}

static bool eval_path(struct eval *ev, const struct expr *e, struct value *ret)
{
    const struct flow_env *env = ev->env;
    struct value v = value_empty();
    size_t used = 1;
    if (!eval_spend(ev, LOOKUP_COST, e->at)) return false;
    enum err err = env->lookup(env->arg, e->path, &used, &v);
    if (err == ERR_NOT_FOUND) {
        *ret = value_empty();
        return true;
    }
    if (err) {
        (void)eval_fail(ev, FLOW_UNAVAILABLE, e->at, e->path->text, "%s cannot be read now",
                        e->path->text);
        ev->error->err = err;
        return false;
    }
    return walk(ev, e->path, used < e->path->count ? used : e->path->count, &v, e->at, ret);
}

/* a[b]: by a number of a list, by a name of an object; a text's items are none. */
static bool eval_index(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value base, key;
    const struct value *found = NULL;
    if (!eval_node(ev, e->args[0], &base) || !eval_node(ev, e->args[1], &key)) return false;
    if (base.type == VALUE_LIST) {
        double n = 0;
        if (!eval_number(ev, &key, e->args[1]->at, &n)) return false;
        if (n == floor(n) && fabs(n) < 1e9) found = value_item(&base, (int64_t)n);
    } else if (base.type == VALUE_OBJECT) {
        struct value name;
        if (!eval_text(ev, &key, e->args[1]->at, &name)) return false;
        if (!eval_spend(ev, base.object.count / 16, e->at)) return false;
        found = value_member(&base, name.text.s, name.text.len);
    }
    *ret = found ? *found : value_empty();
    return true;
}

/* --- operators ------------------------------------------------------------------------- */

static bool eval_logic(struct eval *ev, const struct expr *e, struct value *ret)
{
    bool until = e->kind == NODE_OR; /* an arg of this truth decides */
    for (size_t i = 0; i < e->count; i++) {
        struct value v;
        if (!eval_node(ev, e->args[i], &v)) return false;
        if (value_is_yes(&v) == until) {
            *ret = value_bool(until);
            return true;
        }
    }
    *ret = value_bool(!until);
    return true;
}

static bool eval_default(struct eval *ev, const struct expr *e, struct value *ret)
{
    for (size_t i = 0; i < e->count; i++) {
        if (!eval_node(ev, e->args[i], ret)) return false;
        if (!value_is_blank(ret)) return true;
    }
    return true;
}

static bool eval_join(struct eval *ev, const struct expr *e, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    for (size_t i = 0; i < e->count; i++) {
        struct value v, text;
        if (!eval_node(ev, e->args[i], &v) || !eval_show(ev, &v, e->args[i]->at, &text))
            return false;
        buf_add(&b, text.text.s, text.text.len);
    }
    return eval_take_buf(ev, &b, e->at, ret);
}

static bool arithmetic(struct eval *ev, enum mark m, size_t at, double a, double b, double *ret)
{
    if ((m == M_DIVIDE || m == M_REST) && b == 0)
        return eval_fail(ev, FLOW_DIVISION, at, NULL, "division by zero");
    double n;
    switch (m) {
    case M_PLUS: n = a + b; break;
    case M_MINUS: n = a - b; break;
    case M_TIMES: n = a * b; break;
    case M_DIVIDE: n = a / b; break;
    default: n = fmod(a, b); break;
    }
    if (!isfinite(n)) return eval_fail(ev, FLOW_RANGE, at, NULL, "the number gets too large");
    *ret = value_round(n);
    return true;
}

static bool eval_arithmetic(struct eval *ev, const struct expr *e, struct value *ret)
{
    double sum = 0;
    for (size_t i = 0; i < e->count; i++) {
        struct value v;
        double n;
        if (!eval_node(ev, e->args[i], &v) || !eval_number(ev, &v, e->args[i]->at, &n))
            return false;
        if (i == 0)
            sum = n;
        else if (!arithmetic(ev, e->marks[i], e->mark_at[i], sum, n, &sum))
            return false;
    }
    *ret = value_number(sum);
    return true;
}

static bool alike(struct eval *ev, const struct value *a, const struct value *b, size_t at,
                  bool *ret)
{
    struct value x, y;
    if (!eval_show(ev, a, at, &x) || !eval_show(ev, b, at, &y)) return false;
    if (!eval_fold(ev, &x, at, &x) || !eval_fold(ev, &y, at, &y)) return false;
    *ret = x.text.len == y.text.len && memcmp(x.text.s, y.text.s, x.text.len) == 0;
    return true;
}

static bool eval_compare(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value a, b;
    bool same = false;
    int order = 0;
    enum mark m = e->marks[0];
    if (!eval_node(ev, e->args[0], &a) || !eval_node(ev, e->args[1], &b)) return false;
    if (m == M_EQUAL || m == M_UNEQUAL) {
        if (!eval_equal(ev, &a, &b, e->at, &same)) return false;
        *ret = value_bool(same == (m == M_EQUAL));
        return true;
    }
    if (m == M_ALIKE || m == M_UNALIKE) {
        if (!alike(ev, &a, &b, e->at, &same)) return false;
        *ret = value_bool(same == (m == M_ALIKE));
        return true;
    }
    if (!eval_order(ev, &a, &b, e->at, &order)) return false;
    bool yes = m == M_LESS         ? order < 0
               : m == M_LESS_EQUAL ? order <= 0
               : m == M_GREATER    ? order > 0
                                   : order >= 0;
    *ret = value_bool(yes);
    return true;
}

/* x in list (an equal item), in object (a member of that name), in text (a part of it). */
static bool eval_in(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value x, all;
    bool found = false;
    if (!eval_node(ev, e->args[0], &x) || !eval_node(ev, e->args[1], &all)) return false;
    size_t at = e->args[1]->at;
    if (all.type == VALUE_LIST) {
        for (size_t i = 0; i < all.list.count && !found; i++)
            if (!eval_spend(ev, 1, at) || !eval_equal(ev, &x, &all.list.items[i], at, &found))
                return false;
    } else if (all.type == VALUE_OBJECT) {
        struct value name;
        if (!eval_text(ev, &x, e->args[0]->at, &name) || !eval_spend(ev, all.object.count / 16, at))
            return false;
        found = value_member(&all, name.text.s, name.text.len) != NULL;
    } else if (all.type == VALUE_TEXT) {
        struct value part;
        if (!eval_text(ev, &x, e->args[0]->at, &part)) return false;
        if (!eval_spend(ev, all.text.len / 64, at)) return false;
        found = part.text.len == 0 ||
                memmem(all.text.s, all.text.len, part.text.s, part.text.len) != NULL;
    } else if (all.type != VALUE_EMPTY) {
        return eval_fail(ev, FLOW_NOT_LIST, at, value_type_name(all.type),
                         "after 'in' a list is needed, not %s", value_type_name(all.type));
    }
    *ret = value_bool(found == (e->kind == NODE_IN));
    return true;
}

/* --- lists, objects, calls ----------------------------------------------------------------- */

static bool eval_list(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value *items = eval_alloc(ev, e->count, sizeof(*items), e->at);
    if (!items) return false;
    for (size_t i = 0; i < e->count; i++)
        if (!eval_node(ev, e->args[i], &items[i])) return false;
    *ret = (struct value){.type = VALUE_LIST, .list = {items, e->count}};
    return true;
}

/* Of two members with one name the later one stays. */
static bool eval_object(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value_member *members = eval_alloc(ev, e->count, sizeof(*members), e->at);
    size_t count = 0;
    if (!members || !eval_spend(ev, e->count * e->count / 32, e->at)) return false;
    for (size_t i = 0; i < e->count; i++) {
        const struct value *key = &e->keys[i];
        size_t place = 0;
        struct value v;
        if (!eval_node(ev, e->args[i], &v)) return false;
        while (place < count && (members[place].key_len != key->text.len ||
                                 memcmp(members[place].key, key->text.s, key->text.len) != 0))
            place++;
        members[place] = (struct value_member){key->text.s, key->text.len, v};
        if (place == count) count++;
    }
    *ret = (struct value){.type = VALUE_OBJECT, .object = {members, count}};
    return true;
}

static bool eval_call(struct eval *ev, const struct expr *e, struct value *ret)
{
    /* Not on the stack: calls may stand inside each other. */
    struct value *args = eval_alloc(ev, e->count, sizeof(*args), e->at);
    size_t *at = args ? eval_alloc(ev, e->count, sizeof(*at), e->at) : NULL;
    if (!at) return false;
    for (size_t i = 0; i < e->count; i++) {
        struct value v;
        enum arg_type type = function_arg(e->function, i)->type;
        at[i] = e->args[i]->at;
        args[i] = value_empty();
        if (type == ARG_EACH) continue;
        if (!eval_node(ev, e->args[i], &v) || !eval_convert(ev, type, &v, at[i], &args[i]))
            return false;
    }
    struct call call = {.row = e->function,
                        .at = e->at,
                        .count = e->count,
                        .args = args,
                        .arg_at = at,
                        .nodes = e->args};
    return e->function->fn(ev, &call, ret);
}

bool eval_node(struct eval *ev, const struct expr *e, struct value *ret)
{
    struct value v;
    double n;
    if (!eval_spend(ev, 1, e->at)) return false;
    switch (e->kind) {
    case NODE_LITERAL: *ret = e->literal; return true;
    case NODE_PATH: return eval_path(ev, e, ret);
    case NODE_IT: *ret = ev->it ? *ev->it : value_empty(); return true;
    case NODE_STEPS: return eval_node(ev, e->args[0], &v) && walk(ev, e->path, 0, &v, e->at, ret);
    case NODE_INDEX: return eval_index(ev, e, ret);
    case NODE_CALL: return eval_call(ev, e, ret);
    case NODE_NOT:
        if (!eval_node(ev, e->args[0], &v)) return false;
        *ret = value_bool(!value_is_yes(&v));
        return true;
    case NODE_NEGATE:
        if (!eval_node(ev, e->args[0], &v) || !eval_number(ev, &v, e->args[0]->at, &n))
            return false;
        *ret = value_number(-n);
        return true;
    case NODE_AND:
    case NODE_OR: return eval_logic(ev, e, ret);
    case NODE_DEFAULT: return eval_default(ev, e, ret);
    case NODE_CHOOSE:
        return eval_node(ev, e->args[0], &v) &&
               eval_node(ev, e->args[value_is_yes(&v) ? 1 : 2], ret);
    case NODE_COMPARE: return eval_compare(ev, e, ret);
    case NODE_IN:
    case NODE_NOT_IN: return eval_in(ev, e, ret);
    case NODE_JOIN: return eval_join(ev, e, ret);
    case NODE_ARITHMETIC: return eval_arithmetic(ev, e, ret);
    case NODE_LIST: return eval_list(ev, e, ret);
    case NODE_OBJECT: return eval_object(ev, e, ret);
    }
    return eval_fail(ev, FLOW_SYNTAX, e->at, NULL, "not an expression");
}

/* --- doors ----------------------------------------------------------------------------- */

bool expr_eval(const struct expr *e, const struct flow_env *env, struct arena *a,
               struct value *ret_value, struct flow_error *ret_error)
{
    struct eval ev;
    struct value v;
    eval_begin(&ev, env, ret_error);
    bool ok = eval_node(&ev, e, &v) && eval_result(&ev, e->at, &v, a, ret_value);
    return eval_done(&ev, a, ok);
}

bool expr_run(const char *text, const struct flow_env *env, struct arena *a,
              struct value *ret_value, struct flow_error *ret_error)
{
    struct expr *e = NULL;
    return expr_parse(a, text, &e, ret_error) && expr_eval(e, env, a, ret_value, ret_error);
}
