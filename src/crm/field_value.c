/* Values of custom fields (field_value.h): a row per kind, a reader each. Nothing is rounded,
 * nothing is guessed that could be meant in two ways; what is refused says why in a stable code. */
#include "crm/field_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "core/field_text.h"
#include "crm/phone.h"

#define NUMBER_LIMIT 1e15 /* beyond it doubles lose whole units */
#define DECIMAL_MAX  32   /* characters of a number as text */

struct reading {
    struct arena *a;
    const struct field_def *def;
    const struct field_home *home;
    const json_t *value;
    const char *json; /* the result */
    const char *code, *why;
};

static enum err bad(struct reading *r, const char *code, const char *why)
{
    r->code = code;
    r->why = why;
    return ERR_INVALID;
}

static enum err done(struct reading *r, const char *json)
{
    r->json = json;
    return json ? ERR_OK : ERR_NO_MEMORY;
}

static enum err done_text(struct reading *r, const char *text)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    buf_add_json(&b, text);
    return done(r, buf_failed(&b) ? NULL : arena_strndup(r->a, b.data, b.len));
}

/* The value as trimmed text; NULL when it is none. */
static const char *plain(struct reading *r)
{
    const char *s = json_string_value(r->value);
    if (!s) return NULL;
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    field_text_clean(s, strlen(s), true, &b);
    return buf_failed(&b) ? NULL : arena_strdup(r->a, buf_str(&b));
}

/* --- text ------------------------------------------------------------------------------ */

static enum err read_any_text(struct reading *r, size_t max, bool lines)
{
    const char *s = plain(r);
    if (!s) return bad(r, "INVALID_TYPE", "Must be text");
    if (!text_valid(s, strlen(s)) || (!lines && strchr(s, '\n')))
        return bad(r, "INVALID_TEXT", "Must be one line of text");
    if (text_length(s) > max) return bad(r, "TOO_LONG", "Is too long");
    return done_text(r, s);
}

static enum err read_text(struct reading *r)
{
    return read_any_text(r, FIELD_TEXT_MAX, false);
}

static enum err read_long_text(struct reading *r)
{
    return read_any_text(r, FIELD_LONG_TEXT_MAX, true);
}

static enum err read_link(struct reading *r)
{
    const char *s = plain(r);
    if (!s || !field_url(s))
        return bad(r, "INVALID_URL", "Must be an address that begins with http:// or https://");
    if (text_length(s) > FIELD_TEXT_MAX) return bad(r, "TOO_LONG", "Is too long");
    return done_text(r, s);
}

static enum err read_phone(struct reading *r)
{
    const char *s = plain(r);
    struct phone p;
    enum err e = s ? phone_parse(r->a, s, r->home->country, &p) : ERR_INVALID;
    if (e == ERR_INVALID) return bad(r, "INVALID_PHONE", "Must be a telephone number");
    if (e) return e;
    return done_text(r, p.e164);
}

static enum err read_email(struct reading *r)
{
    const char *s = plain(r);
    if (!s || !field_email(s) || strstr(s, "•"))
        return bad(r, "INVALID_EMAIL", "Must be an e-mail address");
    char *lower = arena_strdup(r->a, s);
    if (!lower) return ERR_NO_MEMORY;
    field_lower(lower, strlen(lower));
    return done_text(r, lower);
}

static enum err read_file(struct reading *r)
{
    const char *s = plain(r);
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    if (!s || !uuid_parse(s, &id)) return bad(r, "INVALID_UUID", "Must be the id of a file");
    return done_text(r, uuid_text(id, text));
}

/* --- numbers and money ----------------------------------------------------------------- */

/* "-12.50": digits, at most one point. */
static bool is_decimal(const char *s)
{
    if (*s == '-') s++;
    size_t whole = strspn(s, "0123456789");
    if (whole == 0 || strlen(s) > DECIMAL_MAX) return false;
    s += whole;
    if (*s == '\0') return true;
    size_t part = strspn(s + 1, "0123456789");
    return *s == '.' && part > 0 && s[1 + part] == '\0';
}

/* The shortest text that reads back as x. */
static const char *number_text(struct arena *a, double x)
{
    const char *text = NULL;
    for (int digits = 15; digits <= 17; digits++) {
        text = arena_printf(a, "%.*g", digits, x);
        if (!text || strtod(text, NULL) == x) break;
    }
    return text;
}

static enum err read_number(struct reading *r)
{
    double x;
    if (json_is_integer(r->value)) {
        x = (double)json_integer_value(r->value);
        if (fabs(x) <= NUMBER_LIMIT)
            return done(r, arena_printf(r->a, "%lld", (long long)json_integer_value(r->value)));
    } else if (json_is_real(r->value)) {
        x = json_real_value(r->value);
    } else {
        const char *s = plain(r);
        if (!s || !is_decimal(s)) return bad(r, "INVALID_NUMBER", "Must be a number");
        x = strtod(s, NULL);
    }
    if (!(fabs(x) <= NUMBER_LIMIT)) return bad(r, "OUT_OF_RANGE", "The number is too large");
    return done(r, number_text(r->a, x == 0 ? 0 : x)); /* no "-0" */
}

int currency_decimals(const char *currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    if (strlen(currency) != 3) return 2;
    if (strstr(none, currency)) return 0;
    return strstr(three, currency) ? 3 : 2;
}

bool money_minor(const char *decimal, int decimals, int64_t *ret_minor)
{
    if (!is_decimal(decimal)) return false;
    bool negative = *decimal == '-';
    int64_t n = 0;
    int after = -1; /* digits after the point; -1 before it */
    for (const char *p = decimal + negative; *p; p++) {
        if (*p == '.') {
            after = 0;
            continue;
        }
        if (after >= 0 && after++ >= decimals) {
            if (*p != '0') return false;
            continue;
        }
        if (n > INT64_MAX / 100) return false;
        n = n * 10 + (*p - '0');
    }
    for (int i = after > 0 ? after : 0; i < decimals; i++) {
        if (n > INT64_MAX / 100) return false;
        n *= 10;
    }
    if (n > (int64_t)NUMBER_LIMIT) return false;
    *ret_minor = negative ? -n : n;
    return true;
}

static bool is_currency(const char *s)
{
    return strlen(s) == 3 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static enum err done_money(struct reading *r, int64_t minor, const char *currency)
{
    return done(r, arena_printf(r->a, "{\"amountMinor\":%lld,\"currency\":\"%s\"}",
                                (long long)minor, currency));
}

static enum err read_money(struct reading *r)
{
    const char *currency = r->home->currency ? r->home->currency : "BRL";
    int64_t minor = 0;
    if (json_is_object(r->value)) {
        const json_t *amount = json_object_get(r->value, "amountMinor");
        const json_t *given = json_object_get(r->value, "currency");
        if (given && !json_is_null(given)) currency = json_string_value(given);
        if (!currency || !is_currency(currency))
            return bad(r, "INVALID_CURRENCY", "currency must have three capital letters");
        if (!json_is_integer(amount))
            return bad(r, "INVALID_NUMBER", "amountMinor must be a whole number");
        minor = (int64_t)json_integer_value(amount);
        if (minor > (int64_t)NUMBER_LIMIT || minor < -(int64_t)NUMBER_LIMIT)
            return bad(r, "OUT_OF_RANGE", "The amount is too large");
        return done_money(r, minor, currency);
    }
    const char *text = plain(r);
    if (json_is_integer(r->value))
        text = arena_printf(r->a, "%lld", (long long)json_integer_value(r->value));
    if (json_is_real(r->value)) text = number_text(r->a, json_real_value(r->value));
    if (!text || !money_minor(text, currency_decimals(currency), &minor))
        return bad(
            r, "INVALID_NUMBER",
            "Must be an amount like {\"amountMinor\": 1990, \"currency\": \"BRL\"}, or 19.90");
    return done_money(r, minor, currency);
}

/* --- dates ----------------------------------------------------------------------------- */

static enum err read_date(struct reading *r)
{
    const char *s = plain(r);
    if (!s || !date_valid(s)) return bad(r, "INVALID_DATE", "Must be a date like 2026-12-31");
    return done_text(r, s);
}

static enum err read_datetime(struct reading *r)
{
    const char *s = plain(r);
    int64_t ms = 0;
    char text[TIME_TEXT_SIZE];
    if (!s || !time_parse(s, &ms))
        return bad(r, "INVALID_DATETIME", "Must be a time like 2026-12-31T09:30:00-03:00");
    return done_text(r, time_text(ms, text));
}

static enum err read_yes_no(struct reading *r)
{
    static const char yes[] = "|true|yes|sim|si|1|on|";
    static const char no[] = "|false|no|nao|0|off|";
    if (json_is_boolean(r->value)) return done(r, json_is_true(r->value) ? "true" : "false");
    if (json_is_integer(r->value) &&
        (json_integer_value(r->value) == 0 || json_integer_value(r->value) == 1))
        return done(r, json_integer_value(r->value) ? "true" : "false");
    const char *s = plain(r);
    const char *word = s && strlen(s) <= 8 ? arena_printf(r->a, "|%s|", text_fold(r->a, s)) : NULL;
    if (word && strstr(yes, word)) return done(r, "true");
    if (word && strstr(no, word)) return done(r, "false");
    return bad(r, "INVALID_BOOLEAN", "Must be true or false");
}

/* --- options --------------------------------------------------------------------------- */

char *text_fold(struct arena *a, const char *s)
{
    /* U+00C0…U+017F without their marks; '.' keeps the letter as it is. */
    static const char plain_of[] =
        "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo.."
        "rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    size_t len = strlen(s);
    char *out = arena_alloc(a, len + 1);
    if (!out) return NULL;
    char *p = out;
    for (size_t n; len > 0; s += n, len -= n) {
        uint32_t code = 0;
        n = utf8_next(s, len, &code);
        if (n == 0) {
            n = 1;
            continue;
        }
        char letter =
            code >= 0xc0 && code - 0xc0 < sizeof plain_of - 1 ? plain_of[code - 0xc0] : '.';
        if (letter != '.') {
            *p++ = letter;
        } else {
            memcpy(p, s, n);
            p += n;
        }
    }
    *p = '\0';
    field_lower(out, (size_t)(p - out));
    return out;
}

/* Index of the option that value names by id or label, -1 when none. */
static int option_index(struct reading *r, const json_t *value)
{
    const char *s = json_string_value(value);
    if (!s) return -1;
    size_t count = json_array_size(r->def->options);
    for (size_t i = 0; i < count; i++) {
        const char *id = json_get_text(json_array_get(r->def->options, i), "id");
        if (id && strcmp(id, s) == 0) return (int)i;
    }
    const char *wanted = text_fold(r->a, s);
    for (size_t i = 0; i < count && wanted; i++) {
        const char *label = json_get_text(json_array_get(r->def->options, i), "label");
        const char *folded = label ? text_fold(r->a, label) : NULL;
        if (folded && strcmp(folded, wanted) == 0) return (int)i;
    }
    return -1;
}

static enum err read_select(struct reading *r)
{
    int i = option_index(r, r->value);
    if (i < 0)
        return bad(r, "INVALID_CHOICE",
                   "Must be the id or the label of one of the field's options");
    return done_text(r, json_get_text(json_array_get(r->def->options, (size_t)i), "id"));
}

static enum err read_multi_select(struct reading *r)
{
    size_t options = json_array_size(r->def->options);
    bool *chosen = arena_array(r->a, options + 1, sizeof *chosen);
    if (!chosen) return ERR_NO_MEMORY;
    size_t count = json_is_array(r->value) ? json_array_size(r->value) : 1;
    if (count > FIELD_CHOICES_MAX) return bad(r, "TOO_MANY", "Too many choices");
    for (size_t i = 0; i < count; i++) {
        int at = option_index(r, json_is_array(r->value) ? json_array_get(r->value, i) : r->value);
        if (at < 0) return bad(r, "INVALID_CHOICE", "Must be ids or labels of the field's options");
        chosen[at] = true;
    }
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    for (size_t i = 0; i < options; i++) {
        if (!chosen[i]) continue;
        buf_addc(&b, b.len == 0 ? '[' : ',');
        buf_add_json(&b, json_get_text(json_array_get(r->def->options, i), "id"));
    }
    buf_addc(&b, ']');
    return done(r, buf_failed(&b) ? NULL : arena_strndup(r->a, b.data, b.len));
}

/* --- the table ------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    enum err (*read)(struct reading *r);
} kinds[] = {
    {"text", read_text},     {"long_text", read_long_text},
    {"number", read_number}, {"money", read_money},
    {"date", read_date},     {"datetime", read_datetime},
    {"select", read_select}, {"multi_select", read_multi_select},
    {"yes_no", read_yes_no}, {"link", read_link},
    {"phone", read_phone},   {"email", read_email},
    {"file", read_file},
};

/* null, blank text and an empty list clear a value. */
static bool clears(struct reading *r)
{
    if (!r->value || json_is_null(r->value)) return true;
    if (json_is_array(r->value)) return json_array_size(r->value) == 0;
    const char *s = plain(r);
    return s && *s == '\0';
}

enum err field_value_read(struct arena *a, const struct field_def *def,
                          const struct field_home *home, const json_t *value, const char **ret_json,
                          const char **ret_code, const char **ret_why)
{
    struct reading r = {
        .a = a, .def = def, .home = home, .value = value, .code = "INVALID", .why = "Is not valid"};
    enum err e = ERR_INVALID;
    if (clears(&r)) {
        e = done(&r, "null");
    } else {
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            if (strcmp(kinds[i].kind, def->kind) == 0) e = kinds[i].read(&r);
    }
    if (e == ERR_OK) *ret_json = r.json;
    if (e == ERR_INVALID) {
        *ret_code = r.code;
        *ret_why = r.why;
    }
    return e;
}
