/* Dates as people of a language write them, and the reading of all three languages' ways: the order
 * of day and month goes by the language (English puts the month first), names of months and the
 * words for today, tomorrow and yesterday are known in all. */
#include "flows/expr_impl.h"

#include <stdio.h>
#include <string.h>

/* [language][month or weekday], Sunday first. */
static const char *const month_names[3][12] = {
    [LANGUAGE_EN] = {"January", "February", "March", "April", "May", "June", "July", "August",
                     "September", "October", "November", "December"},
    [LANGUAGE_PT] = {"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto",
                     "setembro", "outubro", "novembro", "dezembro"},
    [LANGUAGE_ES] = {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
                     "septiembre", "octubre", "noviembre", "diciembre"},
};
static const char *const weekday_names[3][7] = {
    [LANGUAGE_EN] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
    [LANGUAGE_PT] = {"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira",
                     "sexta-feira", "sábado"},
    [LANGUAGE_ES] = {"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
};
static const char *const weekday_short[3][7] = {
    [LANGUAGE_EN] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
    [LANGUAGE_PT] = {"dom.", "seg.", "ter.", "qua.", "qui.", "sex.", "sáb."},
    [LANGUAGE_ES] = {"dom", "lun", "mar", "mié", "jue", "vie", "sáb"},
};

/* --- writing --------------------------------------------------------------------------- */

/* The pattern behind a word; NULL: it is a pattern itself. */
static const char *preset(enum language language, const char *pattern, size_t len, bool day)
{
    bool en = language == LANGUAGE_EN;
    if (len == 5 && memcmp(pattern, "short", 5) == 0)
        return en ? (day ? "MM/dd/yyyy" : "MM/dd/yyyy h:mm a")
                  : (day ? "dd/MM/yyyy" : "dd/MM/yyyy HH:mm");
    if (len == 4 && memcmp(pattern, "date", 4) == 0) return en ? "MM/dd/yyyy" : "dd/MM/yyyy";
    if (len == 4 && memcmp(pattern, "time", 4) == 0) return en ? "h:mm a" : "HH:mm";
    if (len == 4 && memcmp(pattern, "long", 4) == 0)
        return en ? "MMMM d, yyyy" : "d 'de' MMMM 'de' yyyy";
    if (len == 4 && memcmp(pattern, "full", 4) == 0)
        return en ? "EEEE, MMMM d, yyyy" : "EEEE, d 'de' MMMM 'de' yyyy";
    return NULL;
}

/* RFC 3339 in the zone's own time: 2026-11-19T10:42:05-03:00. */
static void add_iso(struct buf *b, const struct civil *c, int64_t offset_ms, bool day)
{
    buf_addf(b, "%04d-%02d-%02d", c->year, c->month, c->day);
    if (day) return;
    int minutes = (int)(offset_ms / MINUTE_MS);
    int size = minutes < 0 ? -minutes : minutes;
    buf_addf(b, "T%02d:%02d:%02d", c->hour, c->minute, c->second);
    if (minutes == 0)
        buf_addc(b, 'Z');
    else
        buf_addf(b, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

/* The first three letters; the names of months and weekdays have no accent there but one. */
static void add_short_month(struct buf *b, enum language language, int month)
{
    buf_add(b, month_names[language][month], 3);
    if (language == LANGUAGE_PT) buf_addc(b, '.');
}

/* A run of one letter; false: unknown. */
static bool add_run(struct buf *b, enum language language, char letter, size_t run,
                    const struct civil *c)
{
    int hour12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
    switch (letter) {
    case 'y':
        if (run != 2 && run != 4) return false;
        buf_addf(b, run == 2 ? "%02d" : "%04d", run == 2 ? c->year % 100 : c->year);
        return true;
    case 'M':
        if (run == 4)
            buf_adds(b, month_names[language][c->month - 1]);
        else if (run == 3)
            add_short_month(b, language, c->month - 1);
        else
            buf_addf(b, run == 2 ? "%02d" : "%d", c->month);
        return run <= 4;
    case 'E':
        buf_adds(b, run == 4 ? weekday_names[language][c->weekday]
                             : weekday_short[language][c->weekday]);
        return run <= 4;
    case 'd': buf_addf(b, run == 2 ? "%02d" : "%d", c->day); return run <= 2;
    case 'H': buf_addf(b, run == 2 ? "%02d" : "%d", c->hour); return run <= 2;
    case 'h': buf_addf(b, run == 2 ? "%02d" : "%d", hour12); return run <= 2;
    case 'm': buf_addf(b, run == 2 ? "%02d" : "%d", c->minute); return run <= 2;
    case 's': buf_addf(b, run == 2 ? "%02d" : "%d", c->second); return run <= 2;
    case 'S': buf_addf(b, "%03d", c->ms); return run == 3;
    case 'a': buf_adds(b, c->hour < 12 ? "AM" : "PM"); return run == 1;
    default: return false;
    }
}

/* 'words', in them '' is an apostrophe, as it is outside. Bytes of it; 0: not closed. */
static size_t add_words(struct buf *b, const char *s, size_t len)
{
    if (len >= 2 && s[1] == '\'') {
        buf_addc(b, '\'');
        return 2;
    }
    for (size_t i = 1; i < len; i++) {
        bool quote = s[i] == '\'';
        if (quote && (i + 1 == len || s[i + 1] != '\'')) return i + 1;
        i += quote;
        buf_addc(b, s[i]);
    }
    return 0;
}

bool locale_date(struct buf *b, enum language language, const char *pattern, size_t len,
                 const struct civil *c, int64_t offset_ms, bool day)
{
    const char *known = preset(language, pattern, len, day);
    if (len == 3 && memcmp(pattern, "iso", 3) == 0) {
        add_iso(b, c, offset_ms, day);
        return true;
    }
    if (known) {
        pattern = known;
        len = strlen(known);
    }
    for (size_t i = 0, run; i < len; i += run) {
        char letter = pattern[i];
        run = 1;
        if (letter == '\'') {
            run = add_words(b, pattern + i, len - i);
            if (run == 0) return false;
        } else if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')) {
            while (i + run < len && pattern[i + run] == letter)
                run++;
            if (!add_run(b, language, letter, run, c)) return false;
        } else {
            buf_addc(b, letter);
        }
    }
    return true;
}

/* --- reading --------------------------------------------------------------------------- */

struct reading {
    const char *s; /* folded: lower case, no accents */
    enum language language;
    const struct civil *today;
};

static bool take_word(struct reading *r, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(r->s, word, n) != 0 || (r->s[n] >= 'a' && r->s[n] <= 'z')) return false;
    r->s += n;
    return true;
}

static void skip(struct reading *r, const char *chars)
{
    r->s += strspn(r->s, chars);
}

/* Up to most digits; *ret_count: how many. */
static bool take_number(struct reading *r, int most, int *ret, int *ret_count)
{
    int n = 0, count = 0;
    for (; count < most && r->s[count] >= '0' && r->s[count] <= '9'; count++)
        n = n * 10 + (r->s[count] - '0');
    if (count == 0 || (r->s[count] >= '0' && r->s[count] <= '9')) return false;
    r->s += count;
    *ret = n;
    *ret_count = count;
    return true;
}

/* A month by its name or first three letters in any of the languages. 0: none. */
static int take_month(struct reading *r)
{
    size_t len = strspn(r->s, "abcdefghijklmnopqrstuvwxyz");
    if (len < 3) return 0;
    for (size_t language = 0; language < 3; language++) {
        for (int i = 0; i < 12; i++) {
            const char *name = month_names[language][i];
            char plain[16]; /* lower case; "março" without its accent */
            size_t n = 0;
            for (const char *p = name; *p && n < sizeof(plain) - 1; p++) {
                if ((unsigned char)*p == 0xc3) continue;
                plain[n++] = (unsigned char)*p == 0xa7 ? 'c' : (char)(*p | 0x20);
            }
            bool sept = i == 8 && len == 4 && memcmp(r->s, "sept", 4) == 0;
            if ((len == n && memcmp(r->s, plain, n) == 0) ||
                (len == 3 && memcmp(r->s, plain, 3) == 0) || sept) {
                r->s += len;
                if (*r->s == '.') r->s++;
                return i + 1;
            }
        }
    }
    return 0;
}

static int full_year(const struct reading *r, int year, int digits)
{
    if (digits > 2) return year;
    int century = r->today->year / 100 * 100;
    int full = century + year;
    return full > r->today->year + 20 ? full - 100 : full; /* 85: 1985, 30: 2030 */
}

/* Without a year: the nearest one, from three months back on. */
static void guess_year(const struct reading *r, struct civil *c)
{
    c->year = r->today->year;
    int months = (c->month - r->today->month);
    if (months < -9) c->year++;
    if (months > 9) c->year--;
}

/* Day and month may be the wrong way round when only that makes sense. */
static void order(const struct reading *r, int first, int second, struct civil *c)
{
    bool month_first = r->language == LANGUAGE_EN;
    if (first > 12) month_first = false;
    if (second > 12) month_first = true;
    c->month = month_first ? first : second;
    c->day = month_first ? second : first;
}

/* 28/02/2026, 28-2-26, 28.02, 2026-02-28 */
static bool read_digits(struct reading *r, struct civil *c)
{
    int first = 0, second = 0, third = 0, count = 0, digits = 0;
    if (!take_number(r, 4, &first, &count)) return false;
    char mark = *r->s;
    if (mark != '/' && mark != '-' && mark != '.') return false;
    r->s++;
    if (!take_number(r, 2, &second, &digits)) return false;
    bool more = *r->s == mark && r->s[1] >= '0' && r->s[1] <= '9';
    if (more) {
        r->s++;
        if (!take_number(r, 4, &third, &digits) || digits == 3) return false;
    }
    if (count == 4) {
        *c = (struct civil){.year = first, .month = second, .day = third};
        return more && digits <= 2;
    }
    if (count > 2) return false;
    order(r, first, second, c);
    if (more)
        c->year = full_year(r, third, digits);
    else
        guess_year(r, c);
    return true;
}

static void skip_of(struct reading *r)
{
    skip(r, " ,-/");
    if (take_word(r, "de") || take_word(r, "del") || take_word(r, "of")) skip(r, " ");
}

/* 28 de fevereiro de 2026, 28 feb, February 28th, 2026 */
static bool read_named(struct reading *r, struct civil *c)
{
    int year = 0, digits = 0;
    c->month = take_month(r);
    if (c->month > 0) {
        skip_of(r);
        if (!take_number(r, 2, &c->day, &digits)) return false;
    } else {
        if (!take_number(r, 2, &c->day, &digits)) return false;
        if (strncmp(r->s, "o ", 2) == 0) r->s++; /* 1o de maio */
    }
    static const char *const endings[] = {"st", "nd", "rd", "th"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (take_word(r, endings[i])) break;
    if (c->month == 0) {
        skip_of(r);
        c->month = take_month(r);
        if (c->month == 0) return false;
    }
    const char *before = r->s;
    skip_of(r);
    if (take_number(r, 4, &year, &digits) && (digits == 4 || digits == 2) && *r->s != ':') {
        c->year = full_year(r, year, digits);
    } else {
        r->s = before;
        guess_year(r, c);
    }
    return true;
}

static bool read_word(struct reading *r, struct civil *c)
{
    static const struct {
        const char *word;
        int days;
    } words[] = {{"hoje", 0},         {"hoy", 0},
                 {"today", 0},        {"amanha", 1},
                 {"manana", 1},       {"tomorrow", 1},
                 {"ontem", -1},       {"ayer", -1},
                 {"yesterday", -1},   {"depois de amanha", 2},
                 {"pasado manana", 2}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!take_word(r, words[i].word)) continue;
        struct civil day = {.year = r->today->year, .month = r->today->month, .day = r->today->day};
        *c = civil_from_ms(ms_from_civil(&day) + words[i].days * DAY_MS);
        return true;
    }
    return false;
}

/* 14:30, 14h30, 14h, 2 pm, 2:30pm, às 14:30. False: something else stands there. */
static bool read_time(struct reading *r, struct civil *c, bool *ret_time)
{
    int digits = 0;
    *ret_time = false;
    skip(r, " ,t");
    static const char *const at[] = {"as", "a las", "a la", "at"};
    for (size_t i = 0; i < ARRAY_LEN(at); i++)
        if (take_word(r, at[i])) break;
    skip(r, " ");
    if (*r->s == '\0') return true;
    if (!take_number(r, 2, &c->hour, &digits)) return false;
    bool marked = *r->s == ':' || *r->s == 'h';
    if (marked) r->s++;
    if (marked && take_number(r, 2, &c->minute, &digits)) {
        if (digits != 2) return false;
        if (*r->s == ':') r->s++;
        (void)take_number(r, 2, &c->second, &digits);
    }
    if (marked) {
        static const char *const hours[] = {"oras", "oras.", "rs", "s", "min", "h"};
        for (size_t i = 0; i < ARRAY_LEN(hours); i++)
            if (take_word(r, hours[i])) break;
    }
    skip(r, " ");
    bool am = take_word(r, "am") || take_word(r, "a.m."),
         pm = take_word(r, "pm") || take_word(r, "p.m.");
    if (!marked && !am && !pm) return false;
    if ((am || pm) && (c->hour < 1 || c->hour > 12)) return false;
    if (am || pm) c->hour = c->hour % 12 + (pm ? 12 : 0);
    *ret_time = true;
    return true;
}

bool locale_parse_date(struct arena *a, enum language language, const char *s, size_t len,
                       const struct civil *today, struct civil *ret, bool *ret_time)
{
    if (len > 100) return false;
    struct reading r = {.s = flow_fold(a, s, len), .language = language, .today = today};
    struct civil c = {0};
    if (!r.s) return false;
    skip(&r, " \t\n");
    const char *from = r.s;
    bool ok = read_word(&r, &c);
    if (!ok) {
        r.s = from;
        ok = read_digits(&r, &c);
    }
    if (!ok) {
        r.s = from;
        c = (struct civil){0};
        ok = read_named(&r, &c);
    }
    if (!ok) return false;
    if (c.year < 1 || c.year > 9999 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > month_days(c.year, c.month))
        return false;
    if (!read_time(&r, &c, ret_time)) return false;
    skip(&r, " \t\n.");
    if (*r.s || c.hour > 23 || c.minute > 59 || c.second > 59) return false;
    *ret = c;
    return true;
}
