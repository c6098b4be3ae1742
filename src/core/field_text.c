/* The forms of short texts (field_text.h). Nothing here follows a standard to its last corner: a
 * check refuses what cannot be meant, and lets pass what a person or a platform may really have. */
#include "core/field_text.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "base/uuid.h"

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_lower(char ch)
{
    return ch >= 'a' && ch <= 'z';
}

bool field_int(const char *s, int64_t *ret_n)
{
    bool negative = s[0] == '-';
    const char *p = negative ? s + 1 : s;
    size_t len = strlen(p);
    if (len == 0 || len > 19 || strspn(p, "0123456789") != len) return false;
    uint64_t n = 0; /* 19 digits cannot overflow it */
    for (; *p; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    if (n > (uint64_t)INT64_MAX) return false;
    *ret_n = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

bool field_uuid(const char *s)
{
    struct uuid u;
    return uuid_parse(s, &u);
}

static bool visible(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f) return false;
    return true;
}

bool field_email(const char *s)
{
    size_t len = strlen(s);
    const char *at = strchr(s, '@');
    if (!at || at == s || at - s > 64 || len > 254 || !visible(s, len)) return false;
    if (strpbrk(s, "<>()[]\\,;:\"") || strstr(s, "..") || s[0] == '.' || at[-1] == '.')
        return false;
    const char *domain = at + 1;
    size_t domain_len = strlen(domain);
    if (strchr(domain, '@') || domain_len < 3 || domain[0] == '.' || domain[0] == '-') return false;
    for (const char *p = domain; *p; p++) {
        bool letter =
            (*p >= 'A' && *p <= 'Z') || is_lower(*p) || is_digit(*p) || (unsigned char)*p >= 0x80;
        if (!letter && *p != '.' && *p != '-') return false;
    }
    const char *dot = strrchr(domain, '.');
    return dot && strlen(dot + 1) >= 2;
}

bool field_phone(const char *s)
{
    int digits = 0;
    for (const char *p = s; *p; p++) {
        if (is_digit(*p))
            digits++;
        else if (*p == '+' ? p != s && !(p == s + 1 && *s == '(') : !strchr(" .-()/", *p))
            return false;
    }
    return digits >= 6 && digits <= 18; /* 15 by E.164, and a carrier or trunk code before it */
}

bool field_url(const char *s)
{
    const char *host = strncmp(s, "https://", 8) == 0  ? s + 8
                       : strncmp(s, "http://", 7) == 0 ? s + 7
                                                       : NULL;
    if (!host || !visible(s, strlen(s)) || strpbrk(s, "<>\"\\^`{|}")) return false;
    size_t authority = strcspn(host, "/?#");
    return authority > 0 && host[0] != ':' && host[0] != '.' && !memchr(host, '@', authority);
}

bool field_color(const char *s)
{
    return s[0] == '#' && strlen(s) == 7 && strspn(s + 1, "0123456789abcdefABCDEF") == 6;
}

bool field_date(const char *s)
{
    return date_valid(s);
}

bool field_datetime(const char *s)
{
    int64_t unix_ms;
    return time_parse(s, &unix_ms);
}

bool field_slug(const char *s)
{
    if (!*s) return false;
    for (; *s; s++)
        if (!is_lower(*s) && !is_digit(*s) && *s != '_' && *s != '-') return false;
    return true;
}

bool field_choice(const char *values, const char *text, size_t len)
{
    if (len == 0) return false;
    for (const char *p = values; *p;) {
        size_t n = strcspn(p, "|");
        if (n == len && memcmp(p, text, n) == 0) return true;
        p += n + (p[n] == '|');
    }
    return false;
}

/* Bytes of the white space that starts at s, 0 when there is none: ASCII, no-break and
 * ideographic space, the spaces of U+2000, and the byte order mark that pasted text brings
 * along. */
static size_t space_at(const char *s, size_t len)
{
    uint32_t code = 0;
    size_t n = utf8_next(s, len, &code);
    bool space = code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0 || code == 0x3000 ||
                 code == 0xfeff || (code >= 0x2000 && code <= 0x200b) || code == 0x2028 ||
                 code == 0x2029;
    return space ? n : 0;
}

/* Bytes of the white space that ends at s+len. */
static size_t space_before(const char *s, size_t len)
{
    size_t start = len;
    do
        start--;
    while (start > 0 && len - start < 4 && ((unsigned char)s[start] & 0xc0) == 0x80);
    return space_at(s + start, len - start) == len - start ? len - start : 0;
}

void field_text_clean(const char *s, size_t len, bool trim, struct buf *out)
{
    size_t n;
    while (trim && len > 0 && (n = space_at(s, len)) > 0) {
        s += n;
        len -= n;
    }
    while (trim && len > 0 && (n = space_before(s, len)) > 0)
        len -= n;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\r') {
            if (i + 1 < len && s[i + 1] == '\n') continue;
            buf_addc(out, '\n');
        } else {
            buf_addc(out, s[i]);
        }
    }
}

void field_lower(char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] >= 'A' && s[i] <= 'Z') s[i] = (char)(s[i] + ('a' - 'A'));
}
