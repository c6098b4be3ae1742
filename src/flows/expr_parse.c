/* The parser of expressions: precedence climbing over the lexer's tokens, weakest first
 *
 *   a ? b : c      ??      or      and      not      = != < <= > >= ~ !~ in, not in
 *   &      + -      * / %      -a      a.b a[b] f(x)
 *
 * Operators of one level become one node with many arguments, so that a long sum is not a deep tree.
 * Two limits keep recursion shallow, here and in everything that walks the tree: how often the
 * parser is inside itself (EXPR_DEPTH_MAX) and how deep the tree is (EXPR_NODES_DEEP). */
#include "flows/expr_impl.h"

#include <string.h>

#include "base/json.h"

enum level { L_DEFAULT, L_OR, L_AND, L_NOT, L_COMPARE, L_JOIN, L_SUM, L_PRODUCT, L_UNARY };

struct parser {
    struct lexer *lex;
    struct arena *arena;
    int inside; /* calls of parse_choice and parse_unary that are under way */
    int each;   /* of these, within an argument that is evaluated for every item */
};

static bool parse_choice(struct parser *p, struct expr **ret);
static bool parse_level(struct parser *p, enum level level, struct expr **ret);

static bool no_memory(struct parser *p, size_t at)
{
    return lex_fail(p->lex, FLOW_MEMORY, at, NULL, "the expression needs too much memory");
}

/* What was wanted, and what stands there instead. */
static bool expected(struct parser *p, const char *message)
{
    const struct token *t = &p->lex->now;
    const char *there = arena_strndup(p->arena, p->lex->text + t->at, t->len < 40 ? t->len : 0);
    return lex_fail(p->lex, FLOW_SYNTAX, t->at, there && *there ? there : NULL, message);
}

static bool is_mark(const struct parser *p, enum mark m)
{
    return p->lex->now.kind == T_MARK && p->lex->now.mark == m;
}

static bool is_word(const struct parser *p, const char *word)
{
    const struct token *t = &p->lex->now;
    return t->kind == T_NAME && t->text_len == strlen(word) &&
           memcmp(t->text, word, t->text_len) == 0;
}

/* The mark, or the message. */
static bool take_mark(struct parser *p, enum mark m, const char *message)
{
    return is_mark(p, m) ? lex_next(p->lex) : expected(p, message);
}

/* --- nodes ----------------------------------------------------------------------------- */

/* A list that grows while arguments are read. */
struct nodes {
    struct expr **items;
    enum mark *marks;
    size_t *at;
    size_t count, room;
};

static bool nodes_add(struct parser *p, struct nodes *n, struct expr *e, enum mark m, size_t at)
{
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : 4;
        struct nodes more = {.count = n->count, .room = room};
        more.items = arena_array(p->arena, room, sizeof(struct expr *));
        more.marks = arena_array(p->arena, room, sizeof(enum mark));
        more.at = arena_array(p->arena, room, sizeof(size_t));
        if (!more.items || !more.marks || !more.at) return no_memory(p, at);
        if (n->count > 0) {
            memcpy(more.items, n->items, n->count * sizeof(struct expr *));
            memcpy(more.marks, n->marks, n->count * sizeof(enum mark));
            memcpy(more.at, n->at, n->count * sizeof(size_t));
        }
        *n = more;
    }
    n->items[n->count] = e;
    n->marks[n->count] = m;
    n->at[n->count++] = at;
    return true;
}

static bool node_new(struct parser *p, enum node_kind kind, size_t at, const struct nodes *args,
                     struct expr **ret)
{
    struct expr *e = arena_alloc(p->arena, sizeof(*e));
    if (!e) return no_memory(p, at);
    *e = (struct expr){.kind = kind, .at = at, .depth = 1};
    if (args) {
        e->args = args->items;
        e->marks = args->marks;
        e->mark_at = args->at;
        e->count = args->count;
    }
    for (size_t i = 0; i < e->count; i++)
        if (e->args[i]->depth >= e->depth) e->depth = e->args[i]->depth + 1;
    if (e->depth > EXPR_NODES_DEEP)
        return lex_fail(p->lex, FLOW_TOO_DEEP, at, NULL, "the expression is nested too deeply");
    *ret = e;
    return true;
}

static bool literal(struct parser *p, struct value v, size_t at, struct expr **ret)
{
    if (!node_new(p, NODE_LITERAL, at, NULL, ret)) return false;
    (*ret)->literal = v;
    return true;
}

/* --- paths ----------------------------------------------------------------------------- */

struct steps {
    struct path_step *items; /* not an array here: the parser's frames should be small */
    size_t count, room;
    size_t at; /* of the first, in the text */
};

static bool add_step(struct parser *p, struct steps *s, struct path_step step)
{
    if (s->count == PATH_STEPS_MAX)
        return lex_fail(p->lex, FLOW_TOO_DEEP, s->at, NULL, "the path has too many steps");
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 4;
        struct path_step *more = arena_array(p->arena, room, sizeof(*more));
        if (!more) return no_memory(p, s->at);
        if (s->count > 0) memcpy(more, s->items, s->count * sizeof(*more));
        s->items = more;
        s->room = room;
    }
    if (step.name) {
        step.name = arena_strndup(p->arena, step.name, step.name_len);
        if (!step.name) return no_memory(p, s->at);
    }
    s->items[s->count++] = step;
    return true;
}

/* The steps as they would be written, without spaces. */
static const char *steps_text(struct parser *p, const struct steps *s)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_MAX);
    for (size_t i = 0; i < s->count; i++) {
        const struct path_step *step = &s->items[i];
        if (step->every)
            buf_adds(&b, "[*]");
        else if (!step->name)
            buf_addf(&b, "[%lld]", (long long)step->index);
        else if (strpbrk(step->name, " .[]\"'") || !*step->name)
            buf_addf(&b, "[\"%s\"]", step->name);
        else
            buf_addf(&b, "%s%s", b.len > 0 ? "." : "", step->name);
    }
    return arena_strndup(p->arena, buf_str(&b), b.len);
}

/* The steps that were gathered, as a path; none: NULL, which is fine. */
static bool steps_path(struct parser *p, const struct steps *s, const struct path **ret)
{
    *ret = NULL;
    if (s->count == 0) return true;
    struct path *path = arena_alloc(p->arena, sizeof(*path));
    if (!path) return no_memory(p, s->at);
    path->count = s->count;
    path->steps = s->items;
    path->text = steps_text(p, s);
    if (!path->text) return no_memory(p, s->at);
    *ret = path;
    return true;
}

/* Base and gathered steps to one node; the steps begin anew. base NULL: the steps are a variable. */
static bool flush_steps(struct parser *p, struct steps *s, struct expr **base)
{
    const struct path *path;
    if (s->count == 0) return true;
    if (!steps_path(p, s, &path)) return false;
    struct nodes args = {0};
    if (*base && !nodes_add(p, &args, *base, M_NONE, s->at)) return false;
    if (!node_new(p, *base ? NODE_STEPS : NODE_PATH, s->at, &args, base)) return false;
    (*base)->path = path;
    *s = (struct steps){0};
    return true;
}

/* A step in brackets that is known now: "x", 3, -1, *. *ret_known false: it is an expression (whose
 * first token is current). */
static bool fixed_step(struct parser *p, struct path_step *ret, bool *ret_known)
{
    struct lexer before = *p->lex;
    const struct token *t = &p->lex->now;
    bool minus = is_mark(p, M_MINUS);
    *ret = (struct path_step){0};
    *ret_known = false;
    if (minus && !lex_next(p->lex)) return false;
    if (t->kind == T_NUMBER && t->number <= 1e9 && t->number == (double)(int64_t)t->number) {
        ret->index = (int64_t)t->number * (minus ? -1 : 1);
        *ret_known = true;
    } else if (!minus && t->kind == T_TEXT) {
        ret->name = t->text;
        ret->name_len = t->text_len;
        *ret_known = true;
    } else if (!minus && is_mark(p, M_TIMES)) {
        ret->every = true;
        *ret_known = true;
    }
    if (*ret_known) {
        if (!lex_next(p->lex)) return false;
        if (is_mark(p, M_SQUARE_CLOSE)) return true;
    }
    *p->lex = before; /* 1 + 1, "a" & b */
    *ret_known = false;
    return true;
}

/* [ is current. */
static bool parse_bracket(struct parser *p, struct steps *s, struct expr **base)
{
    struct path_step step;
    bool known = false;
    size_t at = p->lex->now.at;
    if (!lex_next(p->lex) || !fixed_step(p, &step, &known)) return false;
    if (s->count == 0) s->at = at;
    if (known) {
        return add_step(p, s, step) && take_mark(p, M_SQUARE_CLOSE, "a ] is expected here");
    }
    struct nodes args = {0};
    struct expr *index = NULL;
    if (!flush_steps(p, s, base) || !parse_choice(p, &index)) return false;
    if (!nodes_add(p, &args, *base, M_NONE, at) || !nodes_add(p, &args, index, M_NONE, at))
        return false;
    if (!node_new(p, NODE_INDEX, at, &args, base)) return false;
    return take_mark(p, M_SQUARE_CLOSE, "a ] is expected here");
}

/* What follows a value: .name, [step]. base NULL: s holds the variable's name. */
static bool parse_steps(struct parser *p, struct steps *s, struct expr **base)
{
    for (;;) {
        if (is_mark(p, M_DOT)) {
            struct path_step step = {0};
            if (s->count == 0) s->at = p->lex->now.at;
            if (!lex_member(p->lex, &step.name, &step.name_len) || !add_step(p, s, step) ||
                !lex_next(p->lex))
                return false;
        } else if (is_mark(p, M_SQUARE_OPEN)) {
            if (!parse_bracket(p, s, base)) return false;
        } else {
            return flush_steps(p, s, base);
        }
    }
}

/* --- calls ----------------------------------------------------------------------------- */

/* A constant pattern must be one. */
static bool check_pattern(struct parser *p, const struct expr *e)
{
    struct flow_error error;
    if (e->kind != NODE_LITERAL || e->literal.type != VALUE_TEXT) return true;
    if (flow_regex_check(p->arena, e->literal.text.s, &error)) return true;
    *p->lex->error = error;
    p->lex->error->at = e->at;
    return false;
}

static bool parse_argument(struct parser *p, const struct function_row *row, struct nodes *args)
{
    size_t at = p->lex->now.at;
    struct expr *e = NULL;
    const struct arg *arg = function_arg(row, args->count);
    bool each = arg && arg->type == ARG_EACH;
    p->each += each;
    bool ok = parse_choice(p, &e);
    p->each -= each;
    if (!ok || (arg && arg->type == ARG_PATTERN && !check_pattern(p, e))) return false;
    return nodes_add(p, args, e, M_NONE, at);
}

static bool wrong_count(struct parser *p, const struct function_row *row, size_t at)
{
    size_t least, most;
    function_arity(row, &least, &most);
    const char *words;
    if (least == most)
        words = arena_printf(p->arena, "%s() takes %zu argument%s", row->name, least,
                             least == 1 ? "" : "s");
    else
        words = arena_printf(p->arena, "%s() takes %zu to %zu arguments", row->name, least, most);
    return lex_fail(p->lex, FLOW_ARGUMENTS, at, row->name, words ? words : "wrong arguments");
}

/* name( is behind us, its first argument or ) is current. */
static bool parse_call(struct parser *p, const struct function_row *row, size_t at,
                       struct expr **ret)
{
    struct nodes args = {0};
    size_t least, most;
    function_arity(row, &least, &most);
    while (!is_mark(p, M_CLOSE)) {
        if (args.count > 0 && !take_mark(p, M_COMMA, "a , or ) is expected here")) return false;
        if (args.count == most) return wrong_count(p, row, at);
        if (!parse_argument(p, row, &args)) return false;
    }
    if (args.count < least) return wrong_count(p, row, at);
    if (!node_new(p, NODE_CALL, at, &args, ret)) return false;
    (*ret)->function = row;
    return lex_next(p->lex);
}

/* A name is current: a word with a meaning, a call, or a variable. */
static bool parse_name(struct parser *p, struct expr **ret)
{
    const struct token name = p->lex->now;
    struct steps steps = {.at = name.at};
    static const char *const operators[] = {"and", "or", "in", "not"};
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (is_word(p, operators[i])) return expected(p, "a value is expected here");
    bool yes = is_word(p, "true"), no = is_word(p, "false");
    bool none = is_word(p, "empty") || is_word(p, "null");
    bool it = p->each > 0 && is_word(p, "it");
    if (!lex_next(p->lex)) return false;

    if (is_mark(p, M_OPEN)) {
        const struct function_row *row = function_find(name.text, name.text_len);
        if (!row) {
            const char *subject = arena_strndup(p->arena, name.text, name.text_len);
            return lex_fail(p->lex, FLOW_UNKNOWN_FUNCTION, name.at, subject,
                            "there is no function of this name");
        }
        if (!lex_next(p->lex) || !parse_call(p, row, name.at, ret)) return false;
    } else if (yes || no) {
        if (!literal(p, value_bool(yes), name.at, ret)) return false;
    } else if (none) {
        if (!literal(p, value_empty(), name.at, ret)) return false;
    } else if (it) {
        if (!node_new(p, NODE_IT, name.at, NULL, ret)) return false;
    } else {
        struct path_step step = {.name = name.text, .name_len = name.text_len};
        *ret = NULL;
        if (!add_step(p, &steps, step)) return false;
    }
    return parse_steps(p, &steps, ret);
}

/* --- literals -------------------------------------------------------------------------- */

static bool parse_list(struct parser *p, size_t at, struct expr **ret)
{
    struct nodes args = {0};
    while (!is_mark(p, M_SQUARE_CLOSE)) {
        struct expr *e = NULL;
        if (args.count > 0 && !take_mark(p, M_COMMA, "a , or ] is expected here")) return false;
        if (!parse_choice(p, &e) || !nodes_add(p, &args, e, M_NONE, at)) return false;
    }
    return node_new(p, NODE_LIST, at, &args, ret) && lex_next(p->lex);
}

/* "key": value or key: value */
static bool parse_member(struct parser *p, struct nodes *args, struct value **keys, size_t *room)
{
    const struct token key = p->lex->now;
    struct expr *e = NULL;
    if (key.kind != T_NAME && key.kind != T_TEXT) return expected(p, "a name is expected here");
    if (args->count == *room) {
        size_t more = *room ? 2 * *room : 4;
        struct value *grown = arena_array(p->arena, more, sizeof(*grown));
        if (!grown) return no_memory(p, key.at);
        if (args->count > 0) memcpy(grown, *keys, args->count * sizeof(*grown));
        *keys = grown;
        *room = more;
    }
    const char *copy = arena_strndup(p->arena, key.text, key.text_len);
    if (!copy) return no_memory(p, key.at);
    (*keys)[args->count] = value_text_n(copy, key.text_len);
    return lex_next(p->lex) && take_mark(p, M_COLON, "a : is expected here") &&
           parse_choice(p, &e) && nodes_add(p, args, e, M_NONE, key.at);
}

static bool parse_object(struct parser *p, size_t at, struct expr **ret)
{
    struct nodes args = {0};
    struct value *keys = NULL;
    size_t room = 0;
    while (!is_mark(p, M_CURLY_CLOSE)) {
        if (args.count > 0 && !take_mark(p, M_COMMA, "a , or } is expected here")) return false;
        if (!parse_member(p, &args, &keys, &room)) return false;
    }
    if (!node_new(p, NODE_OBJECT, at, &args, ret)) return false;
    (*ret)->keys = keys;
    return lex_next(p->lex);
}

static bool parse_primary(struct parser *p, struct expr **ret)
{
    const struct token t = p->lex->now;
    struct steps steps = {.at = t.at};
    bool ok;
    if (t.kind == T_NAME) return parse_name(p, ret);
    if (t.kind == T_NUMBER)
        return literal(p, value_number(t.number), t.at, ret) && lex_next(p->lex);
    if (t.kind == T_TEXT) {
        ok = literal(p, value_text_n(t.text, t.text_len), t.at, ret) && lex_next(p->lex);
    } else if (is_mark(p, M_OPEN)) {
        ok = lex_next(p->lex) && parse_choice(p, ret) &&
             take_mark(p, M_CLOSE, "a ) is expected here");
    } else if (is_mark(p, M_SQUARE_OPEN)) {
        ok = lex_next(p->lex) && parse_list(p, t.at, ret);
    } else if (is_mark(p, M_CURLY_OPEN)) {
        ok = lex_next(p->lex) && parse_object(p, t.at, ret);
    } else {
        return expected(p, "a value is expected here");
    }
    return ok && parse_steps(p, &steps, ret);
}

/* --- operators ------------------------------------------------------------------------- */

static bool go_in(struct parser *p)
{
    if (++p->inside <= EXPR_DEPTH_MAX) return true;
    return lex_fail(p->lex, FLOW_TOO_DEEP, p->lex->now.at, NULL,
                    "the expression is nested too deeply");
}

static bool parse_unary(struct parser *p, struct expr **ret)
{
    size_t at = p->lex->now.at;
    struct nodes args = {0};
    struct expr *e = NULL;
    if (!is_mark(p, M_MINUS)) return parse_primary(p, ret);
    if (!go_in(p) || !lex_next(p->lex) || !parse_unary(p, &e)) return false;
    p->inside--;
    return nodes_add(p, &args, e, M_NONE, at) && node_new(p, NODE_NEGATE, at, &args, ret);
}

/* not is current. What it denies reaches up to the next and, or, ??. */
static bool parse_not(struct parser *p, struct expr **ret)
{
    size_t at = p->lex->now.at;
    struct nodes args = {0};
    struct expr *e = NULL;
    if (!go_in(p) || !lex_next(p->lex) || !parse_level(p, L_NOT, &e)) return false;
    p->inside--;
    return nodes_add(p, &args, e, M_NONE, at) && node_new(p, NODE_NOT, at, &args, ret);
}

/* The level of the current token as an operator; L_UNARY: it is none. */
static enum level operator_level(const struct parser *p)
{
    if (p->lex->now.kind == T_NAME) {
        if (is_word(p, "or")) return L_OR;
        if (is_word(p, "and")) return L_AND;
        return is_word(p, "in") || is_word(p, "not") ? L_COMPARE : L_UNARY;
    }
    if (p->lex->now.kind != T_MARK) return L_UNARY;
    switch (p->lex->now.mark) {
    case M_OTHERWISE: return L_DEFAULT;
    case M_EQUAL:
    case M_UNEQUAL:
    case M_LESS:
    case M_LESS_EQUAL:
    case M_GREATER:
    case M_GREATER_EQUAL:
    case M_ALIKE:
    case M_UNALIKE: return L_COMPARE;
    case M_JOIN: return L_JOIN;
    case M_PLUS:
    case M_MINUS: return L_SUM;
    case M_TIMES:
    case M_DIVIDE:
    case M_REST: return L_PRODUCT;
    default: return L_UNARY;
    }
}

/* a = b, a in b, a not in b: one, not a chain. left becomes the whole. */
static bool parse_comparison(struct parser *p, struct expr **left)
{
    const enum mark mark = p->lex->now.mark;
    const size_t at = p->lex->now.at;
    struct nodes args = {0};
    struct expr *right = NULL;
    enum node_kind kind = NODE_COMPARE;
    if (is_word(p, "not")) {
        if (!lex_next(p->lex)) return false;
        if (!is_word(p, "in")) return expected(p, "'in' is expected after 'not'");
        kind = NODE_NOT_IN;
    } else if (is_word(p, "in")) {
        kind = NODE_IN;
    }
    if (!lex_next(p->lex) || !parse_level(p, L_COMPARE + 1, &right)) return false;
    if (operator_level(p) == L_COMPARE)
        return expected(p, "two comparisons in a row: write a < b and b < c");
    return nodes_add(p, &args, *left, mark, at) && nodes_add(p, &args, right, M_NONE, at) &&
           node_new(p, kind, at, &args, left);
}

/* left and all that follows it by operators of that level. left becomes the whole. */
static bool parse_chain(struct parser *p, enum level level, struct expr **left)
{
    static const enum node_kind kinds[] = {
        [L_DEFAULT] = NODE_DEFAULT, [L_OR] = NODE_OR,          [L_AND] = NODE_AND,
        [L_JOIN] = NODE_JOIN,       [L_SUM] = NODE_ARITHMETIC, [L_PRODUCT] = NODE_ARITHMETIC};
    size_t at = (*left)->at;
    struct nodes args = {0};
    if (!nodes_add(p, &args, *left, M_NONE, at)) return false;
    while (operator_level(p) == level) {
        const enum mark mark = p->lex->now.mark;
        const size_t operator_at = p->lex->now.at;
        struct expr *e = NULL;
        if (!lex_next(p->lex) || !parse_level(p, level + 1, &e) ||
            !nodes_add(p, &args, e, mark, operator_at))
            return false;
    }
    return node_new(p, kinds[level], at, &args, left);
}

/* Everything that binds at least as strongly as level. One call whatever the levels in between: the
 * stack grows by what is nested, not by what might be. */
static bool parse_level(struct parser *p, enum level level, struct expr **ret)
{
    struct expr *e = NULL;
    bool denied = level <= L_NOT && is_word(p, "not");
    if (!(denied ? parse_not(p, &e) : parse_unary(p, &e))) return false;
    for (enum level at; (at = operator_level(p)) >= level && at != L_UNARY;)
        if (!(at == L_COMPARE ? parse_comparison(p, &e) : parse_chain(p, at, &e))) return false;
    *ret = e;
    return true;
}

static bool parse_choice(struct parser *p, struct expr **ret)
{
    struct expr *yes = NULL, *no = NULL, *e = NULL;
    struct nodes args = {0};
    if (!go_in(p) || !parse_level(p, L_DEFAULT, &e)) return false;
    if (is_mark(p, M_QUESTION)) {
        size_t at = p->lex->now.at;
        if (!lex_next(p->lex) || !parse_choice(p, &yes) ||
            !take_mark(p, M_COLON, "a : is expected here") || !parse_choice(p, &no))
            return false;
        if (!nodes_add(p, &args, e, M_NONE, at) || !nodes_add(p, &args, yes, M_NONE, at) ||
            !nodes_add(p, &args, no, M_NONE, at) || !node_new(p, NODE_CHOOSE, at, &args, &e))
            return false;
    }
    p->inside--;
    *ret = e;
    return true;
}

bool expr_parse_at(struct lexer *l, struct expr **ret_expr)
{
    struct parser p = {.lex = l, .arena = l->arena};
    return parse_choice(&p, ret_expr);
}

bool expr_parse(struct arena *a, const char *text, struct expr **ret_expr,
                struct flow_error *ret_error)
{
    struct lexer l = {.arena = a, .text = text, .len = strlen(text), .error = ret_error};
    struct parser p = {.lex = &l, .arena = a};
    struct expr *e = NULL;
    *ret_error = (struct flow_error){0};
    if (l.len > EXPR_TEXT_MAX)
        return lex_fail(&l, FLOW_TOO_LONG, EXPR_TEXT_MAX, NULL, "the expression is too long");
    if (!text_valid(text, l.len))
        return lex_fail(&l, FLOW_BAD_TEXT, 0, NULL, "not UTF-8, or control characters");
    if (!lex_next(&l) || !parse_choice(&p, &e)) return false;
    if (l.now.kind != T_END) return expected(&p, "the expression should end here");
    *ret_expr = e;
    return true;
}

/* --- what it uses ----------------------------------------------------------------------- */

void expr_each_path(const struct expr *e, expr_path_fn *fn, void *arg)
{
    if (e->kind == NODE_PATH) fn(arg, e->path, e->at);
    for (size_t i = 0; i < e->count; i++)
        expr_each_path(e->args[i], fn, arg);
}
