/* Templates: the text is cut at {{ and }} once, expressions and formatters are parsed then; filling
 * it in walks the pieces. One budget of operations holds for the whole text. */
#include "flows/template.h"

#include <string.h>

#include "base/json.h"
#include "flows/functions_impl.h"

#define FORMATTERS_MAX 10 /* of one expression */
#define FORMAT_ARGS    2  /* written behind a formatter's name */

struct formatter {
    const struct function_row *row;
    size_t at;
    size_t count;
    struct value args[FORMAT_ARGS]; /* texts */
    size_t arg_at[FORMAT_ARGS];
};

struct piece {
    struct piece *next;
    const char *text; /* plain; NULL: an expression */
    size_t len;
    struct expr *expr;
    size_t at;
    struct formatter *formatters;
    size_t formatter_count;
};

struct flow_template {
    struct piece *first;
    bool constant;
    const char *text;
};

/* --- parsing --------------------------------------------------------------------------- */

struct parser {
    struct arena *arena;
    struct lexer lex;
    struct piece *last;
    struct flow_template *t;
};

static bool closes(const struct lexer *l, size_t at)
{
    return l->len - at >= 2 && l->text[at] == '}' && l->text[at + 1] == '}';
}

/* A text as it stands, up to the next | or }} (or : when more may follow), without the spaces around. */
static void raw_argument(struct lexer *l, bool more, size_t *ret_from, size_t *ret_len)
{
    size_t from = l->at;
    while (l->at < l->len && l->text[l->at] != '|' && !closes(l, l->at) &&
           !(more && l->text[l->at] == ':'))
        l->at++;
    size_t end = l->at;
    while (end > from && strchr(" \t\n\r", l->text[end - 1]))
        end--;
    *ret_from = from;
    *ret_len = end - from;
}

/* l->at is behind the colon. Quoted, or raw. */
static bool parse_argument(struct parser *p, struct formatter *f, bool more)
{
    struct lexer *l = &p->lex;
    lex_skip_spaces(l);
    size_t from = l->at, len = 0;
    f->arg_at[f->count] = from;
    if (l->at < l->len && (l->text[l->at] == '"' || l->text[l->at] == '\'')) {
        if (!lex_next(l)) return false;
        f->args[f->count++] = value_text_n(l->now.text, l->now.text_len);
        lex_skip_spaces(l);
    } else {
        raw_argument(l, more, &from, &len);
        const char *copy = arena_strndup(p->arena, l->text + from, len);
        if (!copy)
            return lex_fail(l, FLOW_MEMORY, from, NULL, "the template needs too much memory");
        f->args[f->count++] = value_text_n(copy, len);
    }
    return true;
}

/* The name of a formatter is the next token; l->at ends behind the formatter. */
static bool parse_formatter(struct parser *p, struct formatter *f)
{
    struct lexer *l = &p->lex;
    size_t least, most;
    if (!lex_next(l)) return false;
    if (l->now.kind != T_NAME)
        return lex_fail(l, FLOW_SYNTAX, l->now.at, NULL, "a formatter's name is expected after |");
    f->at = l->now.at;
    f->row = formatter_find(l->now.text, l->now.text_len);
    if (!f->row)
        return lex_fail(l, FLOW_UNKNOWN_FORMATTER, f->at,
                        arena_strndup(p->arena, l->now.text, l->now.text_len),
                        "there is no formatter of this name");
    function_arity(f->row, &least, &most);
    lex_skip_spaces(l);
    while (l->at < l->len && l->text[l->at] == ':') {
        if (f->count + 1 >= most || f->count == FORMAT_ARGS)
            return lex_fail(l, FLOW_ARGUMENTS, l->at, f->row->name, "the formatter takes no more");
        l->at++;
        if (!parse_argument(p, f, f->count + 2 < most)) return false;
    }
    if (f->count + 1 < least)
        return lex_fail(l, FLOW_ARGUMENTS, f->at, f->row->name, "the formatter needs an argument");
    return true;
}

/* All of | name:argument | …; l->at ends at what follows. */
static bool parse_formatters(struct parser *p, struct piece *piece)
{
    struct lexer *l = &p->lex;
    struct formatter all[FORMATTERS_MAX] = {0};
    size_t count = 0;
    while (l->at < l->len && l->text[l->at] == '|') {
        if (count == FORMATTERS_MAX)
            return lex_fail(l, FLOW_TOO_DEEP, l->at, NULL, "too many formatters");
        l->at++;
        if (!parse_formatter(p, &all[count++])) return false;
        lex_skip_spaces(l);
    }
    piece->formatter_count = count;
    piece->formatters = arena_memdup(p->arena, all, count * sizeof(all[0]));
    if (piece->formatters) return true;
    return lex_fail(l, FLOW_MEMORY, l->at, NULL, "the template needs too much memory");
}

static struct piece *add_piece(struct parser *p, size_t at)
{
    struct piece *piece = arena_alloc(p->arena, sizeof(*piece));
    if (!piece) {
        (void)lex_fail(&p->lex, FLOW_MEMORY, at, NULL, "the template needs too much memory");
        return NULL;
    }
    piece->at = at;
    if (p->last)
        p->last->next = piece;
    else
        p->t->first = piece;
    p->last = piece;
    return piece;
}

static bool add_plain(struct parser *p, size_t from, size_t to)
{
    if (from == to) return true;
    struct piece *piece = add_piece(p, from);
    if (!piece) return false;
    piece->text = arena_strndup(p->arena, p->lex.text + from, to - from);
    piece->len = to - from;
    return piece->text ||
           lex_fail(&p->lex, FLOW_MEMORY, from, NULL, "the template needs too much memory");
}

/* lex.at is behind {{; ends behind }}. */
static bool parse_braces(struct parser *p, size_t open)
{
    struct lexer *l = &p->lex;
    struct piece *piece = add_piece(p, open);
    if (!piece || !lex_next(l)) return false;
    if (l->now.kind == T_END)
        return lex_fail(l, FLOW_BRACE_OPEN, open, NULL, "{{ is not closed by }}");
    piece->at = l->now.at;
    if (!expr_parse_at(l, &piece->expr)) return false;
    l->at = l->now.at; /* the token that ended it */
    if (!parse_formatters(p, piece)) return false;
    if (!closes(l, l->at)) {
        if (l->at == l->len)
            return lex_fail(l, FLOW_BRACE_OPEN, open, NULL, "{{ is not closed by }}");
        return lex_fail(l, FLOW_SYNTAX, l->at, NULL, "}} is expected here");
    }
    l->at += 2;
    p->t->constant = false;
    return true;
}

bool flow_template_parse(struct arena *a, const char *text, struct flow_template **ret_template,
                         struct flow_error *ret_error)
{
    struct parser p = {.arena = a,
                       .lex = {.arena = a, .text = text, .len = strlen(text), .error = ret_error}};
    struct lexer *l = &p.lex;
    *ret_error = (struct flow_error){0};
    if (l->len > TEMPLATE_TEXT_MAX)
        return lex_fail(l, FLOW_TOO_LONG, TEMPLATE_TEXT_MAX, NULL, "the text is too long");
    if (!text_valid(text, l->len))
        return lex_fail(l, FLOW_BAD_TEXT, 0, NULL, "not UTF-8, or control characters");
    p.t = arena_alloc(a, sizeof(*p.t));
    if (!p.t) return lex_fail(l, FLOW_MEMORY, 0, NULL, "the template needs too much memory");
    p.t->constant = true;
    p.t->text = arena_strdup(a, text);
    if (!p.t->text) return lex_fail(l, FLOW_MEMORY, 0, NULL, "the template needs too much memory");
    for (;;) {
        const char *open = memmem(text + l->at, l->len - l->at, "{{", 2);
        size_t at = open ? (size_t)(open - text) : l->len;
        if (!add_plain(&p, l->at, at)) return false;
        if (!open) break;
        l->at = at + 2;
        if (!parse_braces(&p, at)) return false;
    }
    *ret_template = p.t;
    return true;
}

/* --- filling in -------------------------------------------------------------------------- */

/* One formatter. Nothing stays nothing, but for default, which is there for it, and json. */
static bool apply(struct eval *ev, const struct formatter *f, size_t at, struct value *v)
{
    struct value args[1 + FORMAT_ARGS], in = *v;
    size_t arg_at[1 + FORMAT_ARGS] = {at};
    bool takes_blank = f->row->fn == format_default || f->row->fn == format_json;
    if (!eval_spend(ev, 1, f->at)) return false;
    if (!takes_blank && value_is_blank(&in)) {
        *v = value_text("");
        return true;
    }
    enum arg_type first = f->row->args[0].type;
    if (first == ARG_LIST && in.type != VALUE_LIST) return true; /* one value is its own list */
    if (first == ARG_TEXT && !eval_show(ev, &in, at, &in)) return false;
    args[0] = in;
    for (size_t i = 0; i < f->count; i++) {
        arg_at[i + 1] = f->arg_at[i];
        if (!eval_convert(ev, f->row->args[i + 1].type, &f->args[i], f->arg_at[i], &args[i + 1]))
            return false;
    }
    struct call call = {
        .row = f->row, .at = f->at, .count = 1 + f->count, .args = args, .arg_at = arg_at};
    return f->row->fn(ev, &call, v);
}

static bool piece_value(struct eval *ev, const struct piece *p, struct value *ret)
{
    if (!eval_node(ev, p->expr, ret)) return false;
    for (size_t i = 0; i < p->formatter_count; i++)
        if (!apply(ev, &p->formatters[i], p->at, ret)) return false;
    return true;
}

static bool ends_with(const struct piece *p, function_fn *fn)
{
    return p->formatter_count > 0 && p->formatters[p->formatter_count - 1].row->fn == fn;
}

/* As inside of a JSON string. */
static void add_json_escaped(struct buf *out, const struct value *text)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT * 6 + 2);
    value_add_json(&b, text);
    if (buf_failed(&b))
        out->failed = true;
    else
        buf_add(out, b.data + 1, b.len - 2);
}

static bool add_value(struct eval *ev, struct buf *b, const struct piece *p, enum template_use use)
{
    struct value v, text;
    if (!piece_value(ev, p, &v) || !eval_show(ev, &v, p->at, &text)) return false;
    if (use == TEMPLATE_URL && b->len > 0 && !ends_with(p, fn_url_encode))
        add_url_encoded(b, text.text.s, text.text.len);
    else if (use == TEMPLATE_JSON && !ends_with(p, format_json))
        add_json_escaped(b, &text);
    else
        buf_add(b, text.text.s, text.text.len);
    return true;
}

static bool render(struct eval *ev, const struct flow_template *t, enum template_use use,
                   size_t max, struct arena *a, const char **ret_text)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(max);
    size_t at = 0;
    for (const struct piece *p = t->first; p && !buf_failed(&b); p = p->next) {
        at = p->at;
        if (p->text)
            buf_add(&b, p->text, p->len);
        else if (!add_value(ev, &b, p, use))
            return false;
    }
    if (buf_failed(&b))
        return eval_fail(ev, FLOW_TOO_LARGE, at, NULL, "the text is longer than %zu bytes", max);
    const char *text = arena_strndup(a, buf_str(&b), b.len);
    if (!text) return eval_fail(ev, FLOW_MEMORY, 0, NULL, "there is no memory for the text");
    *ret_text = text;
    return true;
}

bool flow_template_render(const struct flow_template *t, const struct flow_env *env,
                          enum template_use use, size_t max_bytes, struct arena *a,
                          const char **ret_text, struct flow_error *ret_error)
{
    struct eval ev;
    if (t->constant && strlen(t->text) <= max_bytes) {
        *ret_error = (struct flow_error){0};
        *ret_text = t->text;
        return true;
    }
    eval_begin(&ev, env, ret_error);
    return eval_done(&ev, a, render(&ev, t, use, max_bytes, a, ret_text));
}

/* A single {{ … }} has a value of its own. */
static const struct piece *single(const struct flow_template *t)
{
    return t->first && !t->first->next && t->first->expr ? t->first : NULL;
}

bool template_eval(struct eval *ev, const struct flow_template *t, struct value *ret)
{
    const char *text = NULL;
    if (single(t)) return piece_value(ev, single(t), ret);
    if (t->constant) {
        *ret = value_text(t->text);
        return true;
    }
    if (!render(ev, t, TEMPLATE_PLAIN, EXPR_TEXT_LIMIT, ev->arena, &text)) return false;
    *ret = value_text(text);
    return true;
}

bool flow_template_value(const struct flow_template *t, const struct flow_env *env, struct arena *a,
                         struct value *ret_value, struct flow_error *ret_error)
{
    struct eval ev;
    struct value v;
    eval_begin(&ev, env, ret_error);
    bool ok = template_eval(&ev, t, &v) && eval_result(&ev, 0, &v, a, ret_value);
    return eval_done(&ev, a, ok);
}

bool flow_template_constant(const struct flow_template *t, const char **ret_text)
{
    if (t->constant && ret_text) *ret_text = t->text;
    return t->constant;
}

void flow_template_each_path(const struct flow_template *t, expr_path_fn *fn, void *arg)
{
    for (const struct piece *p = t->first; p; p = p->next)
        if (p->expr) expr_each_path(p->expr, fn, arg);
}

bool flow_template_run(const char *text, const struct flow_env *env, enum template_use use,
                       size_t max_bytes, struct arena *a, const char **ret_text,
                       struct flow_error *ret_error)
{
    struct flow_template *t = NULL;
    return flow_template_parse(a, text, &t, ret_error) &&
           flow_template_render(t, env, use, max_bytes, a, ret_text, ret_error);
}
