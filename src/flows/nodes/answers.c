/* Reading answers (answers.h). People do not fill in forms when they chat: they write "meu e-mail é
 * ana@x.com", "30 anos", "sim, pode". What is asked for is looked for in it where it is not to be
 * mistaken, and nowhere else. */
#include "flows/nodes/answers.h"

#include <string.h>

#include "base/json.h"
#include "core/field_text.h"
#include "crm/phone.h"

#define SPACES     " \t\r\n"
#define ANSWER_MAX 1000 /* bytes of what is looked through for a number, an address, a yes */

static const char *const kind_names[ANSWER_KIND_COUNT] = {
    [ANSWER_TEXT] = "text",   [ANSWER_NUMBER] = "number", [ANSWER_EMAIL] = "email",
    [ANSWER_PHONE] = "phone", [ANSWER_DATE] = "date",     [ANSWER_FILE] = "file",
    [ANSWER_YESNO] = "yesno",
};

enum answer_kind answer_kind_of(const char *name)
{
    for (int i = 0; i < ANSWER_KIND_COUNT; i++)
        if (strcmp(kind_names[i], name) == 0) return (enum answer_kind)i;
    return ANSWER_TEXT;
}

/* One reading under way. */
struct reading {
    const struct flow_env *env;
    struct arena *arena;
    const struct answer_rules *rules;
    const struct answer *answer;
    const char *text; /* of the answer, without spaces around it */
    struct value *ret;
    const char *why;
};

static bool no(struct reading *x, const char *why)
{
    x->why = why;
    return false;
}

static bool yes(struct reading *x, struct value v)
{
    *x->ret = v;
    return true;
}

/* The one word of the text for which fits() holds, without punctuation around it. NULL: none, or
 * several. */
static const char *only_word(const struct reading *x, bool (*fits)(const char *word))
{
    const char *found = NULL;
    for (const char *p = x->text; *p;) {
        p += strspn(p, SPACES);
        size_t len = strcspn(p, SPACES);
        const char *word = arena_strndup(x->arena, p, len);
        if (len > 0 && word && fits(word)) {
            if (found) return NULL;
            found = word;
        }
        p += len;
    }
    return found;
}

/* --- text ------------------------------------------------------------------------------ */

static bool read_text(struct reading *x)
{
    const struct answer_rules *r = x->rules;
    double chars = (double)text_length(x->text);
    struct flow_error e = {0};
    bool match = true;
    if (r->has_min && chars < r->min) return no(x, "too short");
    if (r->has_max && chars > r->max) return no(x, "too long");
    if (r->pattern && *r->pattern &&
        (!flow_regex_match(x->arena, r->pattern, x->text, true, NULL, &match, &e) || !match))
        return no(x, "does not match the pattern");
    return yes(x, value_text(x->text));
}

/* --- numbers --------------------------------------------------------------------------- */

static bool has_digit(const char *word)
{
    return strpbrk(word, "0123456789") != NULL;
}

static const char *without_stops(const struct reading *x, const char *word)
{
    size_t len = strlen(word);
    while (len > 0 && strchr(".,;:!?)", word[len - 1]))
        len--;
    return arena_strndup(x->arena, word, len);
}

static bool as_number(const struct reading *x, const char *s, struct value *ret)
{
    struct value text = value_text(s);
    return flow_value_as(x->env, x->arena, "number", &text, ret) && ret->type == VALUE_NUMBER;
}

static bool read_number(struct reading *x)
{
    const struct answer_rules *r = x->rules;
    struct value v;
    if (!as_number(x, x->text, &v)) {
        const char *word = strlen(x->text) <= ANSWER_MAX ? only_word(x, has_digit) : NULL;
        if (!word || !as_number(x, without_stops(x, word), &v)) return no(x, "not a number");
    }
    if (r->has_min && v.number < r->min) return no(x, "too small");
    if (r->has_max && v.number > r->max) return no(x, "too large");
    return yes(x, v);
}

/* --- addresses ------------------------------------------------------------------------- */

static bool has_at(const char *word)
{
    return strchr(word, '@') != NULL;
}

static bool read_email(struct reading *x)
{
    const char *word = strlen(x->text) <= ANSWER_MAX ? only_word(x, has_at) : NULL;
    if (!word) return no(x, "not one e-mail address");
    word += strspn(word, "<(\"'");
    size_t len = strlen(word);
    while (len > 0 && strchr(".,;:!?>)\"'", word[len - 1]))
        len--;
    char *address = arena_strndup(x->arena, word, len);
    if (!address || !field_email(address)) return no(x, "not an e-mail address");
    for (char *p = strchr(address, '@'); *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 32);
    return yes(x, value_text(address));
}

/* From the first digit, plus or bracket to the last digit; nothing but what is written in numbers
 * may lie between. */
static bool read_phone(struct reading *x)
{
    static const char inside[] = "0123456789+-.()/ ";
    const char *from = strpbrk(x->text, "+(0123456789");
    size_t len = from ? strlen(from) : 0;
    while (len > 0 && !strchr("0123456789", from[len - 1]))
        len--;
    const char *digits = len > 0 && len <= 64 ? arena_strndup(x->arena, from, len) : NULL;
    struct phone phone;
    if (!digits || strspn(digits, inside) != len ||
        phone_parse(x->arena, digits, x->env->country, &phone))
        return no(x, "not a telephone number");
    return yes(x, value_text(phone.e164));
}

/* --- dates ----------------------------------------------------------------------------- */

static int64_t day_of(const struct reading *x, const struct value *v)
{
    const struct flow_zone *zone =
        x->env->zones ? flow_zone_get(x->env->zones, x->env->zone ? x->env->zone : "UTC") : NULL;
    struct civil c = {0};
    if (v->day || !zone)
        c = civil_from_ms(v->date.unix_ms);
    else
        flow_zone_local(zone, v->date.unix_ms, &c);
    return value_day(&c).date.unix_ms;
}

static bool read_date(struct reading *x)
{
    struct value text = value_text(x->text), v;
    if (!flow_value_as(x->env, x->arena, "date", &text, &v) || v.type != VALUE_DATE)
        return no(x, "not a date");
    if (x->rules->range != 0 && x->env->now_ms) {
        struct value now = value_date(x->env->now_ms(x->env->arg), NULL);
        int64_t day = day_of(x, &v), today = day_of(x, &now);
        if (x->rules->range < 0 && day > today) return no(x, "in the future");
        if (x->rules->range > 0 && day < today) return no(x, "in the past");
    }
    return yes(x, v);
}

/* --- files ----------------------------------------------------------------------------- */

static bool read_file(struct reading *x)
{
    const char *want = x->rules->file_kind;
    bool any = !want || !*want || strcmp(want, "any") == 0;
    const json_t *files = x->answer->files;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *f = json_array_get(files, i);
        const char *kind = json_string_value(json_object_get(f, "kind"));
        if (!any && (!kind || strcmp(kind, want) != 0)) continue;
        return value_from_json(x->arena, f, x->ret) == ERR_OK || no(x, "not a file");
    }
    return no(x, json_array_size(files) > 0 ? "another kind of file" : "no file");
}

/* --- yes and no -------------------------------------------------------------------------- */

/* Folded. first: also at the beginning of more ("sim, pode ser"), whatever follows; others only
 * alone or before a comma ("no" is a word of Portuguese, too). */
static const struct {
    const char *word;
    bool yes, first;
} said[] = {
    {"sim", true, true},
    {"si", true, true},
    {"yes", true, true},
    {"yeah", true, true},
    {"yep", true, true},
    {"claro", true, true},
    {"ok", true, false},
    {"okay", true, false},
    {"sure", true, true},
    {"isso", true, false},
    {"pode", true, false},
    {"pode ser", true, false},
    {"com certeza", true, true},
    {"por supuesto", true, true},
    {"dale", true, false},
    {"of course", true, true},
    {"correto", true, false},
    {"correcto", true, false},
    {"s", true, false},
    {"y", true, false},
    {"true", true, false},
    {"1", true, false},
    {"\xF0\x9F\x91\x8D", true, false}, /* thumbs up */
    {"nao", false, true},
    {"no", false, false},
    {"n", false, false},
    {"nope", false, true},
    {"not", false, false},
    {"nunca", false, false},
    {"negativo", false, false},
    {"de jeito nenhum", false, true},
    {"para nada", false, true},
    {"false", false, false},
    {"0", false, false},
    {"2", false, false},
    {"\xF0\x9F\x91\x8E", false, false}, /* thumbs down */
};

static bool read_yesno(struct reading *x)
{
    size_t len = strlen(x->text);
    while (len > 0 && strchr(".!;,)", x->text[len - 1]))
        len--;
    const char *s = len <= ANSWER_MAX ? flow_fold(x->arena, x->text, len) : NULL;
    for (size_t i = 0; s && i < ARRAY_LEN(said); i++) {
        size_t n = strlen(said[i].word);
        if (strncmp(s, said[i].word, n) != 0) continue;
        bool whole = s[n] == 0 || strchr(",.!;", s[n]);
        if (whole || (said[i].first && s[n] == ' ')) return yes(x, value_bool(said[i].yes));
    }
    return no(x, "neither yes nor no");
}

/* --- all ------------------------------------------------------------------------------- */

static bool (*const readers[ANSWER_KIND_COUNT])(struct reading *x) = {
    [ANSWER_TEXT] = read_text,   [ANSWER_NUMBER] = read_number, [ANSWER_EMAIL] = read_email,
    [ANSWER_PHONE] = read_phone, [ANSWER_DATE] = read_date,     [ANSWER_FILE] = read_file,
    [ANSWER_YESNO] = read_yesno,
};

bool answer_read(const struct flow_env *env, struct arena *a, const struct answer_rules *rules,
                 const struct answer *answer, struct value *ret_value, const char **ret_why)
{
    const char *s = answer->text ? answer->text : "";
    s += strspn(s, SPACES);
    size_t len = strlen(s);
    while (len > 0 && strchr(SPACES, s[len - 1]))
        len--;
    struct reading x = {
        .env = env,
        .arena = a,
        .rules = rules,
        .answer = answer,
        .text = arena_strndup(a, s, len),
        .ret = ret_value,
    };
    bool blank = len == 0 && rules->kind != ANSWER_FILE;
    bool fits = x.text && (blank ? no(&x, "no text") : readers[rules->kind](&x));
    if (!fits) *ret_why = x.why ? x.why : "cannot be read";
    return fits;
}
