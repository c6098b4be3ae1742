/* The rules of HTTP as pure functions (http_rules.h). Sources: RFC 9110 (semantics), RFC 9112
 * (messages), RFC 6265 (cookies), RFC 8187 (extended parameters). */
#include "core/http_rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "core/address.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char *http_unescape(struct arena *a, const char *s, size_t len)
{
    char *out = arena_alloc(a, len + 1);
    if (!out) return NULL;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '%') {
            if (i + 2 >= len) return NULL;
            int high = hex_value(s[i + 1]), low = hex_value(s[i + 2]);
            if (high < 0 || low < 0) return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return NULL;
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

static bool has_control(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    }
    return false;
}

static bool climbs(const char *path)
{
    for (const char *s = path; s; s = strchr(s + 1, '/')) {
        if (strncmp(s, "/..", 3) == 0 && (s[3] == '/' || s[3] == '\0')) return true;
    }
    return false;
}

bool http_target(struct arena *a, const char *raw, const char **ret_path, const char **ret_query)
{
    if (!raw) return false;
    if (strncasecmp(raw, "http://", 7) == 0 || strncasecmp(raw, "https://", 8) == 0) {
        raw = strstr(raw, "//") + 2;
        raw += strcspn(raw, "/?");
        if (*raw != '/') return false;
    }
    if (raw[0] != '/') return false;
    size_t path_len = strcspn(raw, "?#");
    char *path = http_unescape(a, raw, path_len);
    if (!path || has_control(path) || !text_valid(path, strlen(path)) || climbs(path)) return false;
    const char *query = raw[path_len] == '?' ? raw + path_len + 1 : "";
    size_t query_len = strcspn(query, "#");
    char *copy = arena_strndup(a, query, query_len);
    if (!copy || has_control(copy)) return false;
    *ret_path = path;
    *ret_query = copy;
    return true;
}

bool http_method_parse(const char *name, enum http_method *ret_method, bool *ret_head)
{
    *ret_head = strcmp(name, "HEAD") == 0;
    if (*ret_head) name = "GET";
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (strcmp(name, http_method_names[i]) == 0) {
            *ret_method = (enum http_method)i;
            return true;
        }
    }
    return false;
}

/* The opaque part without a weak mark. */
static const char *strong(const char *etag)
{
    return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

bool http_etag_listed(const char *header, const char *etag)
{
    if (!header || !etag) return false;
    etag = strong(etag);
    size_t len = strlen(etag);
    const char *s = header + strspn(header, " \t");
    if (strcmp(s, "*") == 0) return true;
    while (*s) {
        s += strspn(s, ", \t");
        s = strong(s);
        if (*s != '"') return false;
        const char *end = strchr(s + 1, '"');
        if (!end) return false;
        size_t n = (size_t)(end + 1 - s);
        if (n == len && memcmp(s, etag, n) == 0) return true;
        s = end + 1;
    }
    return false;
}

/* Digits to a number; false when there are none or too many. */
static bool digits(const char **s, int64_t *ret)
{
    int64_t n = 0;
    const char *p = *s;
    for (; isdigit((unsigned char)*p); p++) {
        if (p - *s > 17) return false;
        n = n * 10 + (*p - '0');
    }
    if (p == *s) return false;
    *s = p;
    *ret = n;
    return true;
}

enum http_range http_range(const char *header, int64_t size, int64_t *ret_from, int64_t *ret_len)
{
    if (!header || strncasecmp(header, "bytes=", 6) != 0 || strchr(header, ',')) return RANGE_NONE;
    const char *s = header + 6;
    s += strspn(s, " \t");
    int64_t from = 0, to = size - 1;
    if (*s == '-') { /* the last n bytes */
        int64_t last = 0;
        s++;
        if (!digits(&s, &last)) return RANGE_NONE;
        if (s[strspn(s, " \t")]) return RANGE_NONE;
        if (last == 0 || size == 0) return RANGE_BAD;
        from = last >= size ? 0 : size - last;
    } else {
        if (!digits(&s, &from) || *s != '-') return RANGE_NONE;
        s++;
        if (isdigit((unsigned char)*s)) {
            int64_t end = 0;
            if (!digits(&s, &end)) return RANGE_NONE;
            if (end < from) return RANGE_NONE;
            if (end < to) to = end;
        }
        if (s[strspn(s, " \t")]) return RANGE_NONE;
        if (from >= size) return RANGE_BAD;
    }
    *ret_from = from;
    *ret_len = to - from + 1;
    return RANGE_ONE;
}

bool http_token_listed(const char *header, const char *token)
{
    size_t len = strlen(token);
    for (const char *s = header ? header : ""; *s;) {
        s += strspn(s, ", \t");
        size_t n = strcspn(s, ",");
        size_t word = n;
        while (word > 0 && (s[word - 1] == ' ' || s[word - 1] == '\t'))
            word--;
        if (word == len && strncasecmp(s, token, len) == 0) return true;
        s += n;
    }
    return false;
}

const char *http_cookie(struct arena *a, const char *header, const char *name)
{
    size_t len = strlen(name);
    for (const char *s = header ? header : ""; *s;) {
        s += strspn(s, "; \t");
        size_t n = strcspn(s, ";");
        if (n > len && strncmp(s, name, len) == 0 && s[len] == '=') {
            const char *value = s + len + 1;
            size_t value_len = n - len - 1;
            while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
                value_len--;
            if (value_len >= 2 && value[0] == '"' && value[value_len - 1] == '"') {
                value++;
                value_len -= 2;
            }
            return arena_strndup(a, value, value_len);
        }
        s += n;
    }
    return NULL;
}

/* One parameter's value at s: a token or a quoted string, into out (as long as s); returns where it
 * ends. */
static const char *parameter_value(const char *s, char *out)
{
    size_t n = 0;
    if (*s != '"') {
        while (*s && *s != ';' && *s != ' ' && *s != '\t')
            out[n++] = *s++;
        out[n] = '\0';
        return s;
    }
    for (s++; *s && *s != '"'; s++) {
        /* Only these two are escapes: a backslash elsewhere is part of a Windows path. */
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\')) s++;
        out[n++] = *s;
    }
    out[n] = '\0';
    return *s == '"' ? s + 1 : s;
}

char *http_parameter(struct arena *a, const char *header, const char *name)
{
    size_t len = strlen(name);
    char *value = arena_alloc(a, strlen(header) + 1);
    const char *s = strchr(header, ';');
    while (value && s) {
        s++;
        s += strspn(s, " \t");
        size_t n = strcspn(s, "=;");
        bool same = n == len && strncasecmp(s, name, len) == 0;
        s += n;
        if (*s == '=') {
            s = parameter_value(s + 1, value);
            if (same) return value;
        }
        s = strchr(s, ';');
    }
    return NULL;
}

const char *http_client_address(struct arena *a, const char *peer, const char *forwarded_for,
                                const char *trusted)
{
    struct address address;
    const char *found = peer;
    if (!address_parse(peer, &address) || !address_in(&address, trusted))
        return arena_strdup(a, peer);
    char *list = arena_strdup(a, forwarded_for ? forwarded_for : "");
    while (list && *list) {
        char *comma = strrchr(list, ',');
        char *word = comma ? comma + 1 : list;
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        if (!address_parse(word, &address)) break; /* nonsense: the last one that we know stays */
        char text[ADDRESS_TEXT_SIZE];
        found = arena_strdup(a, address_text(&address, text));
        if (!address_in(&address, trusted) || !comma) break;
        *comma = '\0';
    }
    return arena_strdup(a, found);
}
