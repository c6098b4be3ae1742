/* Paths: parsing and walking, as path.h says. The names in a path are looser than in expressions
 * (a dash is fine: nothing is subtracted here). Expressions build struct path themselves, with their
 * own lexer, and walk them with path_get. */
#include "flows/path.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

struct reading {
    struct arena *arena;
    const char *text;
    size_t at, len;
    struct path_step steps[PATH_STEPS_MAX];
    size_t count;
    struct flow_error *error;
};

static bool wrong(struct reading *r, enum flow_code code, const char *message)
{
    *r->error = (struct flow_error){.code = code, .at = r->at, .message = message};
    return false;
}

static char peek(const struct reading *r)
{
    return r->at < r->len ? r->text[r->at] : '\0';
}

static void skip_spaces(struct reading *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        r->at++;
}

static struct path_step *add_step(struct reading *r)
{
    if (r->count == PATH_STEPS_MAX) return NULL;
    r->steps[r->count] = (struct path_step){0};
    return &r->steps[r->count++];
}

static bool add_name(struct reading *r, const char *s, size_t len)
{
    struct path_step *step = add_step(r);
    if (!step) return wrong(r, FLOW_TOO_DEEP, "the path has too many steps");
    step->name = arena_strndup(r->arena, s, len);
    step->name_len = len;
    return step->name || wrong(r, FLOW_MEMORY, "the path needs too much memory");
}

static bool read_name(struct reading *r)
{
    size_t from = r->at;
    for (; r->at < r->len; r->at++)
        if (strchr(".[]\"' \t", r->text[r->at])) break;
    if (r->at == from) return wrong(r, FLOW_SYNTAX, "a name is expected here");
    return add_name(r, r->text + from, r->at - from);
}

/* "x y" within brackets, quotes and backslashes behind a backslash. */
static bool read_quoted(struct reading *r)
{
    char quote = r->text[r->at++];
    char name[PATH_TEXT_MAX];
    size_t len = 0;
    while (r->at < r->len && r->text[r->at] != quote) {
        if (r->text[r->at] == '\\' && r->at + 1 < r->len) r->at++;
        name[len++] = r->text[r->at++]; /* shorter than the text */
    }
    if (r->at == r->len) return wrong(r, FLOW_TEXT_OPEN, "the quoted name is not closed");
    r->at++;
    return add_name(r, name, len);
}

static bool read_index(struct reading *r)
{
    bool minus = peek(r) == '-';
    if (minus) r->at++;
    size_t from = r->at;
    int64_t index = 0;
    for (; peek(r) >= '0' && peek(r) <= '9' && r->at - from < 9; r->at++)
        index = index * 10 + (peek(r) - '0');
    if (r->at == from)
        return wrong(r, FLOW_SYNTAX, "a number, * or a quoted name is expected here");
    struct path_step *step = add_step(r);
    if (!step) return wrong(r, FLOW_TOO_DEEP, "the path has too many steps");
    step->index = minus ? -index : index;
    return true;
}

static bool read_bracket(struct reading *r)
{
    r->at++;
    skip_spaces(r);
    char c = peek(r);
    if (c == '"' || c == '\'') {
        if (!read_quoted(r)) return false;
    } else if (c == '*') {
        r->at++;
        struct path_step *step = add_step(r);
        if (!step) return wrong(r, FLOW_TOO_DEEP, "the path has too many steps");
        step->every = true;
    } else if (!read_index(r)) {
        return false;
    }
    skip_spaces(r);
    if (peek(r) != ']') return wrong(r, FLOW_SYNTAX, "a ] is expected here");
    r->at++;
    return true;
}

static bool read_steps(struct reading *r)
{
    skip_spaces(r);
    bool first = true;
    if (peek(r) == '$' && (r->at + 1 == r->len || strchr(".[ \t", r->text[r->at + 1]))) {
        r->at++;
        first = false;
    }
    for (;; first = false) {
        skip_spaces(r);
        if (r->at == r->len) return true;
        char c = peek(r);
        if (c == '[') {
            if (!read_bracket(r)) return false;
        } else if (first) {
            if (!read_name(r)) return false;
        } else if (c == '.') {
            r->at++;
            skip_spaces(r);
            if (!read_name(r)) return false;
        } else {
            return wrong(r, FLOW_SYNTAX, "a . or [ is expected here");
        }
    }
}

bool path_parse(struct arena *a, const char *text, struct path *ret_path,
                struct flow_error *ret_error)
{
    struct reading r = {.arena = a, .text = text, .len = strlen(text), .error = ret_error};
    if (r.len >= PATH_TEXT_MAX) return wrong(&r, FLOW_TOO_LONG, "the path is too long");
    if (!text_valid(text, r.len))
        return wrong(&r, FLOW_BAD_TEXT, "the path is not UTF-8, or has control characters");
    if (!read_steps(&r)) return false;
    struct path p = {.text = arena_strdup(a, text), .count = r.count};
    p.steps = arena_memdup(a, r.steps, r.count * sizeof(r.steps[0]));
    if (!p.text || !p.steps) return wrong(&r, FLOW_MEMORY, "the path needs too much memory");
    *ret_path = p;
    return true;
}

/* --- walking --------------------------------------------------------------------------- */

static enum err walk(struct arena *a, const struct path *p, size_t from, const struct value *v,
                     struct value *ret);

/* What follows a [*], of every item that has it. */
static enum err walk_every(struct arena *a, const struct path *p, size_t from,
                           const struct value *v, struct value *ret)
{
    *ret = value_empty();
    if (v->type != VALUE_LIST) return ERR_OK;
    struct value *items = arena_array(a, v->list.count, sizeof(*items));
    size_t count = 0;
    if (!items) return ERR_NO_MEMORY;
    for (size_t i = 0; i < v->list.count; i++) {
        enum err e = walk(a, p, from, &v->list.items[i], &items[count]);
        if (e) return e;
        if (items[count].type != VALUE_EMPTY) count++;
    }
    *ret = (struct value){.type = VALUE_LIST, .list = {items, count}};
    return ERR_OK;
}

static enum err walk(struct arena *a, const struct path *p, size_t from, const struct value *v,
                     struct value *ret)
{
    for (size_t i = from; i < p->count && v; i++) {
        const struct path_step *step = &p->steps[i];
        if (step->every) return walk_every(a, p, i + 1, v, ret);
        v = step->name ? value_member(v, step->name, step->name_len) : value_item(v, step->index);
    }
    *ret = v ? *v : value_empty();
    return ERR_OK;
}

enum err path_get(struct arena *a, const struct path *p, const struct value *from,
                  struct value *ret_value)
{
    struct value out;
    enum err e = walk(a, p, 0, from, &out);
    if (e) return e;
    *ret_value = out;
    return ERR_OK;
}

json_t *path_json(const struct path *p, json_t *from)
{
    json_t *at = from;
    for (size_t i = 0; i < p->count && at; i++) {
        const struct path_step *step = &p->steps[i];
        if (step->every) return NULL;
        if (step->name) {
            at = json_object_getn(at, step->name, step->name_len);
            continue;
        }
        int64_t index = step->index;
        if (index < 0) index += (int64_t)json_array_size(at);
        at = index >= 0 ? json_array_get(at, (size_t)index) : NULL;
    }
    return at;
}
