/* Numbers and money as people of a language write them, and the reading of both.
 *
 * Separators: pt 1.234,56 · en 1,234.56 · es as the organization's currency is written at home
 * (pesos of Mexico, soles, quetzales, … with a point; all others with a comma). Symbols: the
 * currency's own one in its organization ("$"), the unmistakable one elsewhere ("MX$"). Plain
 * spaces: the texts go to chats, where a no-break space only hinders. */
#include "flows/expr_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "crm/field_value.h"

struct currency {
    char code[4];
    const char *home;   /* the symbol where it is the organization's */
    const char *abroad; /* elsewhere */
    bool point;         /* 1,234.56 in Spanish */
    bool tight;         /* no space behind the symbol in Spanish */
};

static const struct currency currencies[] = {
    {"BRL", "R$", "R$", false, false},  {"USD", "$", "US$", true, true},
    {"EUR", "€", "€", false, false},    {"MXN", "$", "MX$", true, true},
    {"ARS", "$", "AR$", false, false},  {"CLP", "$", "CL$", false, true},
    {"COP", "$", "CO$", false, false},  {"UYU", "$", "UY$", false, false},
    {"PYG", "₲", "₲", false, false},    {"PEN", "S/", "S/", true, false},
    {"BOB", "Bs", "Bs", false, false},  {"VES", "Bs.", "Bs.", false, false},
    {"GTQ", "Q", "GTQ", true, true},    {"HNL", "L", "HNL", true, false},
    {"NIO", "C$", "C$", true, true},    {"CRC", "₡", "₡", false, true},
    {"PAB", "B/.", "PAB", true, false}, {"DOP", "RD$", "RD$", true, true},
    {"CUP", "$", "CU$", true, true},    {"GBP", "£", "£", true, false},
    {"JPY", "¥", "JP¥", true, false},   {"CAD", "$", "CA$", true, false},
    {"AUD", "$", "A$", true, false},    {"CHF", "CHF", "CHF", true, false},
};

static const struct currency *currency_find(const char *code)
{
    for (size_t i = 0; code && i < ARRAY_LEN(currencies); i++)
        if (strcmp(currencies[i].code, code) == 0) return &currencies[i];
    return NULL;
}

enum language locale_language(const char *name)
{
    if (name && strncmp(name, "pt", 2) == 0) return LANGUAGE_PT;
    if (name && strncmp(name, "es", 2) == 0) return LANGUAGE_ES;
    return LANGUAGE_EN;
}

/* True: 1,234.56. */
static bool decimal_point(enum language language, const char *currency)
{
    const struct currency *c = currency_find(currency);
    if (language == LANGUAGE_ES) return c && c->point;
    return language == LANGUAGE_EN;
}

/* --- writing --------------------------------------------------------------------------- */

/* digits with a mark between groups of three. */
static void add_grouped(struct buf *b, const char *digits, size_t len, char group)
{
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) buf_addc(b, group);
        buf_addc(b, digits[i]);
    }
}

void locale_number(struct buf *b, enum language language, const char *currency, double n,
                   int decimals)
{
    char text[400]; /* 309 digits at most before the point */
    bool point = decimal_point(language, currency);
    if (decimals > 15) decimals = 15;
    if (decimals < 0) {
        /* As many as it has. Where the plain text has an exponent, none. */
        char plain[VALUE_NUMBER_SIZE];
        const char *dot = strchr(value_number_text(n, plain), '.');
        decimals = dot && !strchr(plain, 'e') ? (int)strlen(dot + 1) : 0;
    }
    (void)snprintf(text, sizeof(text), "%.*f", decimals, fabs(n));
    size_t whole = strspn(text, "0123456789");
    if (n < 0 && strspn(text, "0.") != strlen(text)) buf_addc(b, '-');
    add_grouped(b, text, whole, point ? ',' : '.');
    if (text[whole] == '.') {
        buf_addc(b, point ? '.' : ',');
        buf_adds(b, text + whole + 1);
    }
}

void locale_money(struct buf *b, enum language language, const char *currency, const char *home,
                  double minor)
{
    const struct currency *c = currency_find(currency);
    int decimals = currency_decimals(currency);
    bool own = home && strcmp(home, currency) == 0;
    const char *symbol = c ? (own ? c->home : c->abroad) : currency;
    bool after = language == LANGUAGE_ES && strcmp(currency, "EUR") == 0;
    double major = value_round(minor / (decimals == 0 ? 1 : decimals == 3 ? 1000 : 100));
    if (minor < 0) buf_addc(b, '-');
    if (!after) {
        buf_adds(b, symbol);
        /* English writes "$5" but "CHF 5", Spanish as at home: "$5" in Mexico, "$ 5" in Argentina. */
        bool letters = strspn(symbol, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(symbol);
        bool tight = language == LANGUAGE_EN   ? !letters
                     : language == LANGUAGE_ES ? own && c && c->tight
                                               : false;
        if (!tight) buf_addc(b, ' ');
    }
    locale_number(b, language, home, fabs(major), decimals);
    if (after) buf_addf(b, " %s", symbol);
}

/* --- reading --------------------------------------------------------------------------- */

/* What may stand around a number: spaces, currency signs and codes, %. */
static size_t skip_around(const char *s, size_t len)
{
    static const char *const words[] = {
        "BRL", "USD", "EUR", "MXN",      "ARS", "CLP", "COP", "UYU",   "PEN",  "PYG",   "BOB",
        "R$",  "US$", "RD$", "MX$",      "C$",  "S/",  "Bs",  "€",     "£",    "¥",     "₲",
        "₡",   "$",   "%",   "\xc2\xa0", " ",   "\t",  "\n",  "reais", "real", "pesos", "peso"};
    size_t at = 0;
    for (bool more = true; more && at < len;) {
        more = false;
        for (size_t i = 0; i < ARRAY_LEN(words) && !more; i++) {
            size_t n = strlen(words[i]);
            more = len - at >= n && memcmp(s + at, words[i], n) == 0;
            if (more) at += n;
        }
    }
    return at;
}

/* Which of the separators parts the decimals: the last one, when there are both; a single one,
 * unless exactly three digits follow and the language groups by it; several alike are groups. */
static char decimal_mark(const char *s, size_t len, bool point)
{
    size_t points = 0, commas = 0, last = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.') points++;
        if (s[i] == ',') commas++;
        if (s[i] == '.' || s[i] == ',') last = i;
    }
    if (points + commas == 0) return '\0';
    if (points > 0 && commas > 0) return s[last];
    if (points + commas > 1) return '\0';
    bool three = len - last == 4;
    bool groups = s[last] == (point ? ',' : '.');
    bool leading_zero = last == 1 && s[0] == '0';
    return three && groups && !leading_zero && last > 0 && last <= 3 ? '\0' : s[last];
}

/* The mark at i stands between digits and is followed by just three of them. */
static bool is_group(const char *s, size_t i, size_t len)
{
    size_t n = 0;
    while (i + 1 + n < len && s[i + 1 + n] >= '0' && s[i + 1 + n] <= '9')
        n++;
    return i > 0 && n == 3;
}

bool locale_parse_number(enum language language, const char *currency, const char *s, size_t len,
                         double *ret)
{
    char plain[64];
    size_t out = 0;
    size_t at = skip_around(s, len);
    bool minus = false;
    if (len - at > 0 && (s[at] == '-' || s[at] == '+')) {
        minus = s[at] == '-';
        at++;
        at += skip_around(s + at, len - at);
    }
    s += at;
    len -= at;
    size_t count = 0;
    while (count < len && strchr("0123456789.,'", s[count]))
        count++;
    if (skip_around(s + count, len - count) != len - count || count == 0 ||
        count >= sizeof(plain) - 2)
        return false;
    char mark = decimal_mark(s, count, decimal_point(language, currency));
    if (minus) plain[out++] = '-';
    for (size_t i = 0; i < count; i++) {
        if (s[i] == mark && memchr(s + i + 1, mark, count - i - 1)) return false; /* 1,2.3,4 */
        if (s[i] == mark)
            plain[out++] = '.';
        else if (s[i] >= '0' && s[i] <= '9')
            plain[out++] = s[i];
        else if (!is_group(s, i, count))
            return false;
    }
    return value_number_parse(plain, out, ret);
}
