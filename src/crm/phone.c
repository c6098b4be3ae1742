/* Telephone numbers: any notation in, one canonical form and the set of forms that mean the same
 * line out.
 *
 * Reading goes in three steps. (1) The text is reduced to digits; "+", "00" and "(0)" are
 * understood, anything that no telephone number contains refuses it. (2) The digits are read as a
 * national number of the default country, or as an international one. (3) The plan's row says
 * whether the national number can exist, and the country's own rule lists its other forms:
 *
 *   Brazil     Mobiles got a 9 in front between 2012 and 2016; WhatsApp still knows many without
 * it. Only an 8-digit number beginning with 6-9 was a mobile: landlines (2-5) are never touched,
 * nor are mobiles given out since, such as 91234-5678, which had no 8-digit form. Mexico Mobiles
 * were 52 1 + 10 digits until 2019; now 52 + 10 for all. With a 1 or without: the same ten digits
 * are one line only. Argentina  Mobiles are 54 9 + area + number from abroad, 0 + area + 15 +
 * number at home, and the bare ten digits in messages. The ten digits name one line only, mobile or
 * not.
 *
 * The identifier as received is kept by the caller and answered to: nothing here rewrites it. */
#include "crm/phone.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "crm/phone_plan.h"

#define TEXT_MAX          ((size_t)64) /* bytes of a text worth looking at */
#define DIGITS_MAX        20           /* a carrier code and "00" included */
#define E164_MAX          15
#define INTERNATIONAL_MIN 8
#define FOREIGN_MIN       12 /* digits that may be another country's without saying so */

/* A text reduced to its digits. */
struct dialled {
    char digits[DIGITS_MAX + 1];
    size_t len;
    bool international; /* it said so: "+" or "00", which are cut off */
};

/* A national number and its other forms. */
struct line {
    char number[E164_MAX + 1];                          /* the canonical national form */
    char other[PHONE_CANDIDATES_MAX - 1][E164_MAX + 1]; /* "" where there is none */
};

/* --- step 1: text to digits ------------------------------------------------------------ */

/* Signs that people and address books put between digits, bidirectional marks of pasted contacts
 * among them. */
static bool is_filler(uint32_t c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '.':
    case '-':
    case '/':
    case '(':
    case ')':
    case 0xa0:
    case 0x2060:
    case 0x2212:
    case 0xfeff: return true;
    default:
        return (c >= 0x2000 && c <= 0x2015) || (c >= 0x2028 && c <= 0x202f) ||
               (c >= 0x2066 && c <= 0x2069);
    }
}

/* "tel:" before, and what WhatsApp puts behind its identifiers. */
static size_t skip_wrapping(const char **text)
{
    static const char *const tails[] = {"@s.whatsapp.net", "@c.us"};
    if (strncmp(*text, "tel:", 4) == 0) *text += 4;
    size_t len = strnlen(*text, TEXT_MAX + 1);
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
        size_t tail = strlen(tails[i]);
        if (len > tail && strncmp(*text + len - tail, tails[i], tail) == 0) return len - tail;
    }
    return len;
}

static bool read_digits(const char *text, struct dialled *d)
{
    *d = (struct dialled){0};
    size_t len = skip_wrapping(&text);
    if (len > TEXT_MAX) return false;
    for (size_t used; len > 0; text += used, len -= used) {
        uint32_t c = 0;
        used = utf8_next(text, len, &c);
        if (used == 0) return false;
        if (d->international && len >= 3 && strncmp(text, "(0)", 3) == 0) {
            used = 3; /* "+44 (0) 20 …": not dialled from abroad */
        } else if (c >= '0' && c <= '9') {
            if (d->len == DIGITS_MAX) return false;
            d->digits[d->len++] = (char)c;
        } else if (c == '+') {
            if (d->len > 0 || d->international) return false;
            d->international = true;
        } else if (!is_filler(c)) {
            return false;
        }
    }
    if (!d->international && d->len > 2 && strncmp(d->digits, "00", 2) == 0) {
        d->international = true;
        d->len -= 2;
        memmove(d->digits, d->digits + 2, d->len + 1);
    }
    return d->len > 0;
}

/* --- step 3: national numbers ---------------------------------------------------------- */

static void set_other(struct line *l, int i, const char *before, size_t before_len,
                      const char *insert, const char *after)
{
    char *out = l->other[i];
    memcpy(out, before, before_len);
    size_t n = before_len + strlen(insert);
    memcpy(out + before_len, insert, n - before_len);
    memcpy(out + n, after, strlen(after) + 1);
}

static bool fit_brazil(const char *n, size_t len, struct line *l)
{
    /* Area codes by first digit; special numbers (0800, 0300 …) have no area. */
    static const char *const areas[10] = {"",     "123456789", "12478",  "1234578",   "123456789",
                                          "1345", "123456789", "134579", "123456789", "123456789"};
    static const char *const special[] = {"300", "303", "400", "500", "800", "900"};
    for (size_t i = 0; i < ARRAY_LEN(special); i++) {
        if (strncmp(n, special[i], 3) != 0) continue;
        memcpy(l->number, n, len + 1);
        return len == 10;
    }
    if (!strchr(areas[n[0] - '0'], n[1])) return false;
    char first = n[2];
    if (len == 11) {
        if (first != '9' || n[3] == '0') return false;
        memcpy(l->number, n, len + 1);
        if (n[3] >= '6') set_other(l, 0, n, 2, "", n + 3);
        return true;
    }
    if (first < '2') return false;
    if (first <= '5') { /* landline */
        memcpy(l->number, n, len + 1);
        return true;
    }
    memcpy(l->number, n, 2);
    l->number[2] = '9';
    memcpy(l->number + 3, n + 2, len - 1);
    memcpy(l->other[0], n, len + 1);
    return true;
}

static bool fit_mexico(const char *n, size_t len, struct line *l)
{
    memcpy(l->number, n, len + 1);
    set_other(l, 0, "1", 1, "", n);
    return true;
}

/* Digits of the area code that begins n: 11 is Buenos Aires, those listed have three, all others
 * four. */
static size_t argentina_area(const char *n)
{
    static const char three[] =
        "220 221 223 230 236 237 249 260 261 263 264 266 280 291 294 297 298 299 336 341 "
        "342 343 345 348 351 353 354 358 362 364 370 376 379 380 381 383 385 387 388 ";
    if (strncmp(n, "11", 2) == 0) return 2;
    for (const char *t = three; *t; t += 4)
        if (strncmp(t, n, 3) == 0) return 3;
    return 4;
}

static bool fit_argentina(const char *n, size_t len, struct line *l)
{
    bool mobile = len == 11;
    if (mobile != (n[0] == '9')) return false;
    const char *ten = mobile ? n + 1 : n;
    bool special = ten[0] == '6' || ten[0] == '8'; /* 0800, 0810, 0610 … */
    if (special) {
        memcpy(l->number, n, len + 1);
        return !mobile;
    }
    if (strncmp(ten, "11", 2) != 0 && ten[0] != '2' && ten[0] != '3') return false;
    memcpy(l->number, n, len + 1);
    set_other(l, 0, mobile ? "" : "9", mobile ? 0 : 1, "", ten);
    return true;
}

/* Does n look like a national number of this plan, exactly as it stands? */
static bool fit(const struct phone_plan *p, const char *n, struct line *l)
{
    size_t len = strlen(n);
    *l = (struct line){0};
    if (p->lengths == 0) { /* a short row; what is left of a trunk zero is no number */
        const char *trunk = p->prefixes[0];
        if (trunk && trunk[0] == '0' && strncmp(n, trunk, strlen(trunk)) == 0) return false;
        if (len < 4 || len + strlen(p->code) > E164_MAX) return false;
        if (len + strlen(p->code) < INTERNATIONAL_MIN) return false;
        memcpy(l->number, n, len + 1);
        return true;
    }
    if (len > E164_MAX || !(p->lengths >> len & 1u)) return false;
    if (*p->first && !strchr(p->first, n[0])) return false;
    switch (p->rule) {
    case PHONE_BRAZIL: return fit_brazil(n, len, l);
    case PHONE_MEXICO: return fit_mexico(n, len, l);
    case PHONE_ARGENTINA: return fit_argentina(n, len, l);
    case PHONE_NANP:
        if (n[1] == '9' || n[3] < '2') return false;
        break;
    case PHONE_PLAIN: break;
    }
    memcpy(l->number, n, len + 1);
    return true;
}

/* Argentina: [9] area 15 number. The 15 is dialled at home only; 9 takes its place. */
static bool fit_argentina_15(const struct phone_plan *p, const char *n, struct line *l)
{
    if (*n == '9') n++;
    char mobile[E164_MAX + 1] = "9";
    size_t area = argentina_area(n);
    if (strlen(n) != 12 || strncmp(n + area, "15", 2) != 0) return false;
    memcpy(mobile + 1, n, area);
    memcpy(mobile + 1 + area, n + area + 2, 12 - area - 2 + 1);
    return fit(p, mobile, l);
}

/* Old and domestic ways of dialling that prefixes alone do not describe. */
static bool fit_special(const struct phone_plan *p, const char *n, struct line *l)
{
    size_t len = strlen(n);
    if (p->rule == PHONE_BRAZIL) /* 0 + carrier (two digits) + area + number */
        return n[0] == '0' && len >= 13 && len <= 14 && n[1] != '0' && fit(p, n + 3, l);
    if (p->rule == PHONE_MEXICO) /* 52 1 + 10 digits */
        return n[0] == '1' && len == 11 && fit(p, n + 1, l);
    if (p->rule == PHONE_ARGENTINA) return fit_argentina_15(p, *n == '0' ? n + 1 : n, l);
    return false;
}

/* A national number as dialled at home, or as it follows the calling code: there people leave a
 * trunk zero in by mistake, but a 1 or 8 belongs to the number. */
static bool read_national(const struct phone_plan *p, const char *n, bool after_code,
                          struct line *l)
{
    bool short_row = p->lengths == 0;
    if (!short_row && fit(p, n, l)) return true;
    for (size_t i = 0; i < PHONE_PREFIXES_MAX && p->prefixes[i]; i++) {
        size_t len = strlen(p->prefixes[i]);
        if (after_code && p->prefixes[i][0] != '0') continue;
        if (strncmp(n, p->prefixes[i], len) == 0 && fit(p, n + len, l)) return true;
    }
    if (fit_special(p, n, l)) return true;
    return short_row && fit(p, n, l);
}

/* --- step 2: whose number is it -------------------------------------------------------- */

static bool read_international(const char *digits, char ret_code[4], struct line *l)
{
    size_t code_len = 0;
    size_t len = strlen(digits);
    if (len < INTERNATIONAL_MIN || digits[0] == '0') return false;
    const struct phone_plan *p = phone_plan_of_number(digits, &code_len);
    memcpy(ret_code, digits, code_len);
    ret_code[code_len] = '\0';
    if (p && (p->lengths || digits[code_len] == '0'))
        return read_national(p, digits + code_len, true, l);
    if (len > E164_MAX) return false; /* a country without rules: as it stands */
    *l = (struct line){0};
    memcpy(l->number, digits + code_len, len - code_len + 1);
    return true;
}

static bool read_number(const struct dialled *d, const struct phone_plan *home, char ret_code[4],
                        struct line *l)
{
    if (d->international || !home) return read_international(d->digits, ret_code, l);

    bool north_america = home->rule == PHONE_NANP;
    if (north_america && d->len > 11 && strncmp(d->digits, "011", 3) == 0) /* their "00" */
        return read_international(d->digits + 3, ret_code, l);

    size_t code_len = strlen(home->code);
    memcpy(ret_code, home->code, code_len + 1);
    bool has_code = strncmp(d->digits, home->code, code_len) == 0;
    if (home->lengths == 0) /* no lengths to go by: long ones that begin with the code have it */
        return read_national(home, d->digits + (has_code && d->len >= 11 ? code_len : 0), false, l);
    if (read_national(home, d->digits, false, l)) return true;
    if (has_code && read_national(home, d->digits + code_len, true, l)) return true;

    /* Digits as platforms give them, of another country; only where a full row can confirm it, and
     * longer than what one digit too many makes of a number of home. */
    size_t foreign_len = 0;
    const struct phone_plan *p = phone_plan_of_number(d->digits, &foreign_len);
    if (d->len < FOREIGN_MIN || !p || p->lengths == 0) return false;
    return read_international(d->digits, ret_code, l);
}

enum err phone_parse(struct arena *a, const char *text, const char *default_country,
                     struct phone *ret_phone)
{
    struct dialled d;
    struct line l;
    char code[4] = "";
    if (!text || !read_digits(text, &d)) return ERR_INVALID;
    if (!read_number(&d, phone_plan_of_country(default_country), code, &l)) return ERR_INVALID;

    struct phone phone = {.e164 = arena_printf(a, "+%s%s", code, l.number)};
    if (!phone.e164) return ERR_NO_MEMORY;
    phone.candidates[phone.candidate_count++] = phone.e164 + 1;
    for (int i = 0; i < PHONE_CANDIDATES_MAX - 1 && l.other[i][0]; i++) {
        const char *form = arena_printf(a, "%s%s", code, l.other[i]);
        if (!form) return ERR_NO_MEMORY;
        phone.candidates[phone.candidate_count++] = form;
    }
    *ret_phone = phone;
    return ERR_OK;
}

/* --- for people ------------------------------------------------------------------------ */

static size_t places(const char *layout)
{
    size_t n = 0;
    for (; *layout; layout++)
        n += *layout == '#';
    return n;
}

/* Groups of three; a last single digit joins the group before it. */
static void put_groups(const char *n, char *out)
{
    size_t left = strlen(n);
    while (left > 0) {
        size_t take = left == 4 || left < 3 ? left : 3;
        memcpy(out, n, take);
        out += take;
        n += take;
        left -= take;
        if (left > 0) *out++ = ' ';
    }
    *out = '\0';
}

static void put_layout(const char *layout, const char *n, char *out)
{
    for (; *layout; layout++)
        *out++ = *layout == '#' ? *n++ : *layout;
    *out = '\0';
}

/* The layout of a national number; scratch is for those that have to be made up. NULL: none
 * known. */
static const char *layout_of(const struct phone_plan *p, const char *n, char scratch[24])
{
    if (p->rule == PHONE_ARGENTINA && n[0] != '6' && n[0] != '8') {
        const char *number[] = {"####-####", "###-####", "##-####"};
        size_t mobile = n[0] == '9';
        size_t area = argentina_area(n + mobile);
        memcpy(scratch, "# ####", 6);
        scratch[2 + area] = ' ';
        memcpy(scratch + 3 + area, number[area - 2], strlen(number[area - 2]) + 1);
        return mobile ? scratch : scratch + 2;
    }
    for (size_t i = 0; i < PHONE_LAYOUTS_MAX && p->layouts[i]; i++)
        if (places(p->layouts[i]) == strlen(n)) return p->layouts[i];
    return NULL;
}

const char *phone_format(struct arena *a, const char *e164)
{
    size_t len = strlen(e164);
    size_t code_len = 0;
    if (e164[0] != '+' || len < INTERNATIONAL_MIN + 1 || len > E164_MAX + 1 || e164[1] == '0' ||
        strspn(e164 + 1, "0123456789") != len - 1)
        return arena_strdup(a, e164);
    const struct phone_plan *p = phone_plan_of_number(e164 + 1, &code_len);
    const char *n = e164 + 1 + code_len;
    char scratch[24];
    char out[2 * E164_MAX + 2];
    const char *layout = p ? layout_of(p, n, scratch) : NULL;
    if (layout && places(layout) == strlen(n)) {
        put_layout(layout, n, out);
    } else {
        put_groups(n, out);
    }
    return arena_printf(a, "+%.*s %s", (int)code_len, e164 + 1, out);
}
