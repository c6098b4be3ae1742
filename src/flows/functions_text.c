/* Functions on texts. Positions and lengths are in characters (code points), never bytes. What reads
 * (json, fromBase64, extract) gives empty when there is nothing to read. */
#include "flows/functions_impl.h"

#include <glib.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/utf8.h"
#include "crm/phone.h"

/* --- letters --------------------------------------------------------------------------- */

enum letters { LETTERS_UPPER, LETTERS_LOWER, LETTERS_TITLE };

/* Words that stay small within names in Portuguese and Spanish: Maria da Silva, Luis de la Cruz. */
static bool stays_small(const struct eval *ev, const char *s, size_t len)
{
    static const char *const words[] = {"da", "de",  "do", "das", "dos", "e",
                                        "y",  "del", "la", "las", "los"};
    size_t n = 0;
    if (ev->language == LANGUAGE_EN) return false;
    while (n < len && ((s[n] | 0x20) >= 'a' && (s[n] | 0x20) <= 'z'))
        n++;
    if (n < len && s[n] != ' ') return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i]) == n && strncasecmp(words[i], s, n) == 0) return true;
    return false;
}

/* title: the first letter of each word large, the rest small. */
static bool letters(struct eval *ev, const struct call *call, enum letters how, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const struct value *text = &call->args[0];
    bool inside = false; /* of a word */
    if (!eval_spend(ev, text->text.len / 64, call->at)) return false;
    for (size_t n, i = 0; i < text->text.len; i += n) {
        uint32_t code = 0;
        char out[4];
        n = utf8_next(text->text.s + i, text->text.len - i, &code);
        if (n == 0) break;
        bool small = how == LETTERS_LOWER || (how == LETTERS_TITLE && inside) ||
                     (how == LETTERS_TITLE && i > 0 &&
                      stays_small(ev, text->text.s + i, text->text.len - i));
        bool letter = g_unichar_isalnum(code) || g_unichar_ismark(code);
        inside = letter || (inside && (code == '\'' || code == 0x2019));
        uint32_t changed = small                  ? g_unichar_tolower(code)
                           : how == LETTERS_TITLE ? g_unichar_totitle(code)
                                                  : g_unichar_toupper(code);
        buf_add(&b, out, utf8_put(changed, out));
    }
    return eval_take_buf(ev, &b, call->at, ret);
}

bool fn_upper(struct eval *ev, const struct call *call, struct value *ret)
{
    return letters(ev, call, LETTERS_UPPER, ret);
}

bool fn_lower(struct eval *ev, const struct call *call, struct value *ret)
{
    return letters(ev, call, LETTERS_LOWER, ret);
}

bool fn_title(struct eval *ev, const struct call *call, struct value *ret)
{
    return letters(ev, call, LETTERS_TITLE, ret);
}

bool fn_fold(struct eval *ev, const struct call *call, struct value *ret)
{
    return eval_fold(ev, &call->args[0], call->at, ret);
}

/* --- pieces ---------------------------------------------------------------------------- */

/* The part of v from byte `from`, len bytes long, NUL-terminated as all texts are. */
static bool part(struct eval *ev, const struct value *v, size_t from, size_t len, size_t at,
                 struct value *ret)
{
    char *s = eval_alloc(ev, len + 1, 1, at);
    if (!s) return false;
    memcpy(s, v->text.s + from, len);
    *ret = value_text_n(s, len);
    return true;
}

bool fn_trim(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *v = &call->args[0];
    size_t from = v->text.len, to = 0;
    if (!eval_spend(ev, v->text.len / 64, call->at)) return false;
    for (size_t n, i = 0; i < v->text.len; i += n) {
        uint32_t code = 0;
        n = utf8_next(v->text.s + i, v->text.len - i, &code);
        if (n == 0) break;
        if (lex_is_space(code)) continue;
        if (from == v->text.len) from = i;
        to = i + n;
    }
    return part(ev, v, from, to > from ? to - from : 0, call->at, ret);
}

/* Byte position of character number n (v's length when it has fewer). */
static size_t char_at(const struct value *v, int64_t n)
{
    size_t i = 0;
    for (; n > 0 && i < v->text.len; n--) {
        size_t bytes = utf8_next(v->text.s + i, v->text.len - i, NULL);
        i += bytes ? bytes : 1;
    }
    return i;
}

static int64_t char_count(const struct value *v)
{
    return (int64_t)text_length(v->text.s);
}

bool fn_length(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *v = &call->args[0];
    size_t n = 0;
    if (v->type == VALUE_LIST) {
        n = v->list.count;
    } else if (v->type == VALUE_OBJECT) {
        n = v->object.count;
    } else {
        struct value text;
        if (!eval_text(ev, v, call->arg_at[0], &text) ||
            !eval_spend(ev, text.text.len / 64, call->at))
            return false;
        n = (size_t)char_count(&text);
    }
    *ret = value_number((double)n);
    return true;
}

/* from and to as in slice: negative ones count from the end; within 0 and count. */
static void bounds(const struct call *call, int64_t count, int64_t *ret_from, int64_t *ret_to)
{
    int64_t from = (int64_t)call->args[1].number;
    int64_t to = call->count > 2 ? (int64_t)call->args[2].number : count;
    if (from < 0) from += count;
    if (to < 0) to += count;
    *ret_from = from < 0 ? 0 : from > count ? count : from;
    *ret_to = to < *ret_from ? *ret_from : to > count ? count : to;
}

/* Items from..to of a list, shared. */
static struct value items(const struct value *v, int64_t from, int64_t to)
{
    return (struct value){.type = VALUE_LIST, .list = {v->list.items + from, (size_t)(to - from)}};
}

static bool chars(struct eval *ev, const struct value *v, int64_t from, int64_t to, size_t at,
                  struct value *ret)
{
    size_t start = char_at(v, from);
    size_t end = char_at(v, to);
    return part(ev, v, start, end - start, at, ret);
}

bool fn_slice(struct eval *ev, const struct call *call, struct value *ret)
{
    struct value text;
    int64_t from, to;
    if (call->args[0].type == VALUE_LIST) {
        bounds(call, (int64_t)call->args[0].list.count, &from, &to);
        *ret = items(&call->args[0], from, to);
        return true;
    }
    if (!eval_text(ev, &call->args[0], call->arg_at[0], &text) ||
        !eval_spend(ev, text.text.len / 32, call->at))
        return false;
    bounds(call, char_count(&text), &from, &to);
    return chars(ev, &text, from, to, call->at, ret);
}

/* first, last: one item or character; with a number, as many of them. */
static bool end_of(struct eval *ev, const struct call *call, bool last, struct value *ret)
{
    const struct value *v = &call->args[0];
    bool one = call->count == 1;
    double wanted = one ? 1 : call->args[1].number;
    struct value text;
    if (v->type != VALUE_LIST && (!eval_text(ev, v, call->arg_at[0], &text) ||
                                  !eval_spend(ev, text.text.len / 32, call->at)))
        return false;
    int64_t count = v->type == VALUE_LIST ? (int64_t)v->list.count : char_count(&text);
    int64_t n = wanted < 0 ? 0 : wanted > (double)count ? count : (int64_t)wanted;
    int64_t from = last ? count - n : 0;
    if (v->type != VALUE_LIST) return chars(ev, &text, from, from + n, call->at, ret);
    *ret = !one ? items(v, from, from + n) : n == 1 ? v->list.items[from] : value_empty();
    return true;
}

bool fn_first(struct eval *ev, const struct call *call, struct value *ret)
{
    return end_of(ev, call, false, ret);
}

bool fn_last(struct eval *ev, const struct call *call, struct value *ret)
{
    return end_of(ev, call, true, ret);
}

bool fn_first_name(struct eval *ev, const struct call *call, struct value *ret)
{
    struct value text;
    struct call trim = *call;
    if (!fn_trim(ev, &trim, &text)) return false;
    size_t len = strcspn(text.text.s, " \t\n");
    return part(ev, &text, 0, len, call->at, ret);
}

bool fn_digits(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const struct value *v = &call->args[0];
    if (!eval_spend(ev, v->text.len / 64, call->at)) return false;
    for (size_t i = 0; i < v->text.len; i++)
        if (v->text.s[i] >= '0' && v->text.s[i] <= '9') buf_addc(&b, v->text.s[i]);
    return eval_take_buf(ev, &b, call->at, ret);
}

/* --- looking for something ------------------------------------------------------------------ */

enum place { PLACE_ANYWHERE, PLACE_START, PLACE_END };

static bool found_in(const struct value *text, const struct value *what, enum place place)
{
    size_t n = what->text.len, len = text->text.len;
    if (n > len) return false;
    if (n == 0) return true;
    if (place == PLACE_START) return memcmp(text->text.s, what->text.s, n) == 0;
    if (place == PLACE_END) return memcmp(text->text.s + len - n, what->text.s, n) == 0;
    return memmem(text->text.s, len, what->text.s, n) != NULL;
}

/* Folded, unless the third argument asks for the exact letters. */
static bool find(struct eval *ev, const struct call *call, enum place place, struct value *ret)
{
    struct value text = call->args[0], what = call->args[1];
    bool exact = call->count > 2 && call->args[2].yes;
    if (!eval_text(ev, &text, call->arg_at[0], &text) ||
        !eval_text(ev, &what, call->arg_at[1], &what) ||
        !eval_spend(ev, text.text.len / 64, call->at))
        return false;
    if (!exact &&
        (!eval_fold(ev, &text, call->at, &text) || !eval_fold(ev, &what, call->at, &what)))
        return false;
    *ret = value_bool(found_in(&text, &what, place));
    return true;
}

/* Is there an item equal to what? Texts without regard to case and accents, unless exact. */
static bool list_contains(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *list = &call->args[0], *what = &call->args[1];
    bool exact = call->count > 2 && call->args[2].yes, found = false;
    struct value wanted;
    if (!exact && what->type == VALUE_TEXT && !eval_fold(ev, what, call->at, &wanted)) return false;
    for (size_t i = 0; i < list->list.count && !found; i++) {
        const struct value *item = &list->list.items[i];
        if (!eval_spend(ev, 1, call->at)) return false;
        if (!exact && what->type == VALUE_TEXT && item->type == VALUE_TEXT) {
            struct value folded;
            if (!eval_fold(ev, item, call->at, &folded)) return false;
            found = value_same(&folded, &wanted);
        } else if (!eval_equal(ev, item, what, call->at, &found)) {
            return false;
        }
    }
    *ret = value_bool(found);
    return true;
}

bool fn_contains(struct eval *ev, const struct call *call, struct value *ret)
{
    if (call->args[0].type == VALUE_LIST) return list_contains(ev, call, ret);
    return find(ev, call, PLACE_ANYWHERE, ret);
}

bool fn_starts_with(struct eval *ev, const struct call *call, struct value *ret)
{
    return find(ev, call, PLACE_START, ret);
}

bool fn_ends_with(struct eval *ev, const struct call *call, struct value *ret)
{
    return find(ev, call, PLACE_END, ret);
}

bool fn_matches(struct eval *ev, const struct call *call, struct value *ret)
{
    bool found = false;
    bool exact = call->count > 2 && call->args[2].yes;
    if (!eval_regex(ev, &call->args[1], &call->args[0], !exact, 0, call->arg_at[1], &found, NULL))
        return false;
    *ret = value_bool(found);
    return true;
}

/* The group that was asked for; else the first one, when the pattern has one; else the match. */
bool fn_extract(struct eval *ev, const struct call *call, struct value *ret)
{
    bool found = false;
    int64_t group = call->count > 2 ? (int64_t)call->args[2].number : 1;
    *ret = value_empty();
    if (!eval_regex(ev, &call->args[1], &call->args[0], true, group, call->arg_at[1], &found, ret))
        return false;
    if (!found || call->count > 2 || ret->type != VALUE_EMPTY) return true;
    return eval_regex(ev, &call->args[1], &call->args[0], true, 0, call->arg_at[1], &found, ret);
}

/* --- changing -------------------------------------------------------------------------- */

bool fn_replace(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const struct value *v = &call->args[0], *what = &call->args[1], *by = &call->args[2];
    const char *s = v->text.s, *end = s + v->text.len;
    if (what->text.len == 0) {
        *ret = *v;
        return true;
    }
    if (!eval_spend(ev, v->text.len / 32, call->at)) return false;
    while (!buf_failed(&b)) {
        const char *hit = memmem(s, (size_t)(end - s), what->text.s, what->text.len);
        if (!hit) break;
        buf_add(&b, s, (size_t)(hit - s));
        buf_add(&b, by->text.s, by->text.len);
        s = hit + what->text.len;
    }
    buf_add(&b, s, (size_t)(end - s));
    return eval_take_buf(ev, &b, call->at, ret);
}

/* How many pieces; with items, writes them. */
static bool cut(struct eval *ev, const struct call *call, struct value *list, size_t *ret_count)
{
    const struct value *v = &call->args[0], *by = &call->args[1];
    size_t from = 0, count = 0;
    while (from <= v->text.len) {
        const char *hit =
            by->text.len ? memmem(v->text.s + from, v->text.len - from, by->text.s, by->text.len)
                         : NULL;
        size_t end = hit ? (size_t)(hit - v->text.s) : v->text.len;
        if (by->text.len == 0) { /* into characters */
            if (from == v->text.len) break;
            end = from + utf8_next(v->text.s + from, v->text.len - from, NULL);
        }
        if (list && !part(ev, v, from, end - from, call->at, &list[count])) return false;
        count++;
        from = by->text.len ? (hit ? end + by->text.len : v->text.len + 1) : end;
    }
    *ret_count = count;
    return true;
}

bool fn_split(struct eval *ev, const struct call *call, struct value *ret)
{
    size_t count = 0;
    if (!eval_spend(ev, call->args[0].text.len / 32, call->at)) return false;
    if (value_is_blank(&call->args[0])) {
        *ret = (struct value){.type = VALUE_LIST};
        return true;
    }
    if (!cut(ev, call, NULL, &count) || !eval_spend(ev, count / 4, call->at)) return false;
    struct value *list = eval_alloc(ev, count, sizeof(*list), call->at);
    if (!list || !cut(ev, call, list, &count)) return false;
    *ret = (struct value){.type = VALUE_LIST, .list = {list, count}};
    return true;
}

bool fn_join(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const struct value *list = &call->args[0];
    for (size_t i = 0; i < list->list.count && !buf_failed(&b); i++) {
        struct value text;
        if (!eval_spend(ev, 1, call->at) || !eval_show(ev, &list->list.items[i], call->at, &text))
            return false;
        if (i > 0 && call->count > 1) buf_add(&b, call->args[1].text.s, call->args[1].text.len);
        if (i > 0 && call->count == 1) buf_adds(&b, ", ");
        buf_add(&b, text.text.s, text.text.len);
    }
    return eval_take_buf(ev, &b, call->at, ret);
}

/* pad(text, length, fill, side): fill is repeated in front ("start", usual) or behind ("end"). */
bool fn_pad(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const struct value *v = &call->args[0];
    struct value fill = call->count > 2 ? call->args[2] : value_text(" ");
    bool end = call->count > 3 && strcmp(call->args[3].text.s, "end") == 0;
    double wanted = call->args[1].number - (double)char_count(v);
    if (wanted > 10000)
        return eval_fail(ev, FLOW_RANGE, call->arg_at[1], NULL,
                         "at most 10000 characters are added");
    if (!eval_spend(ev, wanted > 0 ? (size_t)wanted / 64 : 0, call->at)) return false;
    if (end) buf_add(&b, v->text.s, v->text.len);
    size_t from = 0;
    for (int64_t i = 0; i < (int64_t)wanted && fill.text.len > 0; i++) {
        size_t n = utf8_next(fill.text.s + from, fill.text.len - from, NULL);
        buf_add(&b, fill.text.s + from, n);
        from = from + n < fill.text.len ? from + n : 0;
    }
    if (!end) buf_add(&b, v->text.s, v->text.len);
    return eval_take_buf(ev, &b, call->at, ret);
}

/* At most so many characters, the last of them "…" when something was cut. */
bool fn_truncate(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *v = &call->args[0];
    int64_t most = (int64_t)call->args[1].number;
    struct value head;
    if (!eval_spend(ev, v->text.len / 32, call->at)) return false;
    if (most < 1) return eval_fail(ev, FLOW_RANGE, call->arg_at[1], NULL, "at least 1 is needed");
    if (char_count(v) <= most) {
        *ret = *v;
        return true;
    }
    if (!chars(ev, v, 0, most - 1, call->at, &head)) return false;
    const char *s = arena_printf(ev->arena, "%s…", head.text.s);
    if (!s)
        return eval_fail(ev, FLOW_MEMORY, call->at, NULL, "the expression needs too much memory");
    *ret = value_text(s);
    return true;
}

/* --- other notations --------------------------------------------------------------------- */

bool fn_url_encode(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    if (!eval_spend(ev, call->args[0].text.len / 32, call->at)) return false;
    add_url_encoded(&b, call->args[0].text.s, call->args[0].text.len);
    return eval_take_buf(ev, &b, call->at, ret);
}

void add_url_encoded(struct buf *b, const char *s, size_t len)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < len; i++) {
        if (s[i] && memchr(safe, s[i], sizeof(safe) - 1))
            buf_addc(b, s[i]);
        else
            buf_addf(b, "%%%02X", (unsigned int)(unsigned char)s[i]);
    }
}

bool fn_base64(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct value *v = &call->args[0];
    if (!eval_spend(ev, v->text.len / 32, call->at)) return false;
    *ret = value_text(base64_encode(ev->arena, v->text.s, v->text.len));
    if (ret->type == VALUE_TEXT && !arena_exceeded(ev->arena)) return true;
    return eval_fail(ev, FLOW_MEMORY, call->at, NULL, "the expression needs too much memory");
}

bool fn_from_base64(struct eval *ev, const struct call *call, struct value *ret)
{
    struct bytes out = {0};
    *ret = value_empty();
    if (!eval_spend(ev, call->args[0].text.len / 32, call->at)) return false;
    if (base64_decode(ev->arena, call->args[0].text.s, &out) &&
        text_valid((const char *)out.data, out.len))
        *ret = value_text_n((const char *)out.data, out.len);
    return true;
}

bool fn_json(struct eval *ev, const struct call *call, struct value *ret)
{
    json_t *j = NULL;
    const struct value *v = &call->args[0];
    *ret = value_empty();
    if (!eval_spend(ev, v->text.len / 8, call->at)) return false;
    if (v->text.len == 0 || json_parse(ev->arena, v->text.s, v->text.len, &j, NULL)) return true;
    enum err e = value_from_json(ev->arena, j, ret);
    if (e == ERR_NO_MEMORY || arena_exceeded(ev->arena))
        return eval_fail(ev, FLOW_MEMORY, call->at, NULL, "the expression needs too much memory");
    return true;
}

bool fn_to_json(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    value_add_json(&b, &call->args[0]);
    return eval_spend(ev, b.len / 32, call->at) && eval_take_buf(ev, &b, call->at, ret);
}

bool fn_phone(struct eval *ev, const struct call *call, struct value *ret)
{
    struct phone phone;
    const struct value *v = &call->args[0];
    if (!eval_spend(ev, 10 + v->text.len / 32, call->at)) return false;
    *ret = *v; /* what is no number stays as it is */
    if (v->text.len > 64 || phone_parse(ev->arena, v->text.s, ev->env->country, &phone))
        return true;
    *ret = value_text(phone_format(ev->arena, phone.e164));
    return true;
}

bool fn_type(struct eval *ev, const struct call *call, struct value *ret)
{
    (void)ev;
    *ret = value_text(value_type_name(call->args[0].type));
    return true;
}
