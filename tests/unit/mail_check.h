/* For the tests and fuzzers of mails: the fixtures in tests/channels/mail, and a judge of cleaned
 * HTML that shares no code with the cleaner: it accepts only what it knows to be harmless. */
#ifndef INTERFLOW_TESTS_MAIL_CHECK_H
#define INTERFLOW_TESTS_MAIL_CHECK_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/utf8.h"

/* A fixture by its name without ".eml", in the arena. */
MAYBE_UNUSED static struct bytes mail_fixture(struct arena *a, const char *name)
{
    char path[1024];
    const char *source = getenv("INTERFLOW_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/tests/channels/mail/%s.eml", source ? source : ".",
                   name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        abort();
    }
    size_t room = 4 * MIB;
    char *all = arena_alloc(a, room);
    size_t len = all ? fread(all, 1, room, f) : 0;
    (void)fclose(f);
    /* Exactly this size, so that reading on is seen. */
    return (struct bytes){arena_memdup(a, all, len), len};
}

MAYBE_UNUSED static bool text_is_clean(const char *s)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t n = utf8_next(s + i, len - i, &code);
        if (n == 0 || (code < 0x20 && code != '\n' && code != '\t') || code == 0x7f) return false;
        i += n;
    }
    return true;
}

static bool known(const char *name, size_t len, const char *list)
{
    for (const char *s = list; *s;) {
        size_t n = strcspn(s, " ");
        if (n == len && strncmp(s, name, len) == 0) return true;
        s += n + strspn(s + n, " ");
    }
    return false;
}

static bool value_has_word(const char *s, size_t len, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= len; i++)
        if (strncasecmp(s + i, word, strlen(word)) == 0) return true;
    return false;
}

/* Declarations, or rules of a sheet. */
static bool css_harmless(const char *s, size_t len)
{
    static const char *const never[] = {"url(",  "expression(", "script:", "@",
                                        "\\",    "import ",     "/*",      "var(",
                                        "attr(", "image(",      "image-",  "<"};
    static const char names[] =
        "position transform z-index filter behavior -moz-binding inset content animation cursor "
        "background-image clip clip-path top left right bottom all opacity mix-blend-mode";
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        if (value_has_word(s, len, never[i])) return false;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && !strchr(":;{}", s[i + n]))
            n++;
        if (i + n < len && s[i + n] == ':' && known(s + i, n, names)) return false;
        i += n + 1;
    }
    for (size_t i = 1; i < len; i++)
        if (s[i] == '-' && strchr(": ,(", s[i - 1]) &&
            (isdigit((unsigned char)s[i + 1]) || s[i + 1] == '.') && s[i + 1] != '0')
            return false; /* a negative length */
    return true;
}

static bool value_harmless(const char *name, size_t name_len, const char *s, size_t len)
{
    static const char *const links[] = {"http://", "https://", "mailto:", "tel:"};
    static const char *const pictures[] = {"http://", "https://", "data:image/", "/ours/"};
    for (size_t i = 0; i < len; i++)
        if (s[i] == '<' || s[i] == '>') return false;
    if (name_len == 5 && strncmp(name, "style", 5) == 0) return css_harmless(s, len);
    bool href = name_len == 4 && strncmp(name, "href", 4) == 0;
    bool src = (name_len == 3 && strncmp(name, "src", 3) == 0) ||
               (name_len == 15 && strncmp(name, "data-remote-src", 15) == 0);
    if (!href && !src) return true;
    for (size_t i = 0; i < 4; i++) {
        const char *with = href ? links[i] : pictures[i];
        if (len > strlen(with) && strncasecmp(s, with, strlen(with)) == 0) return true;
    }
    return false;
}

/* NULL: fine; else words about what is wrong. sheets: <style> is allowed. */
MAYBE_UNUSED static const char *html_wrong(const char *html, bool sheets)
{
    static const char tags[] =
        "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code "
        "col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 "
        "header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span "
        "strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr";
    static const char attrs[] =
        "align alt bgcolor border cellpadding cellspacing color colspan dir face height hspace "
        "lang nowrap reversed rowspan size span start title type valign vspace width class style "
        "href target rel src data-remote-src data-cid referrerpolicy";
    const char *open[300];
    size_t lens[300];
    int depth = 0;
    if (!text_is_clean(html)) return "not clean text";
    for (const char *s = html; *s;) {
        if (*s == '>') return "a lone >";
        if (*s != '<') {
            s++;
            continue;
        }
        bool closes = s[1] == '/';
        const char *name = s + 1 + closes;
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
        s = name + len;
        if (sheets && len == 5 && strncmp(name, "style", 5) == 0 && !closes && *s == '>') {
            const char *end = strstr(s + 1, "</style>");
            if (!end || memchr(s + 1, '<', (size_t)(end - s - 1))) return "a sheet without end";
            if (!css_harmless(s + 1, (size_t)(end - s - 1))) return "a harmful sheet";
            s = end + 8;
            continue;
        }
        if (!known(name, len, tags)) return "an unknown element";
        if (closes) {
            if (*s != '>' || depth == 0 || lens[depth - 1] != len ||
                strncmp(open[depth - 1], name, len) != 0)
                return "not well nested";
            depth--;
            s++;
            continue;
        }
        while (*s == ' ') {
            const char *attr = ++s;
            size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz-");
            s += n;
            if (!known(attr, n, attrs)) return "an unknown attribute";
            if (s[0] != '=' || s[1] != '"') return "an attribute without quotes";
            const char *value = s + 2;
            size_t value_len = strcspn(value, "\"");
            if (!value_harmless(attr, n, value, value_len)) return "a harmful value";
            s = value + value_len;
            if (*s++ != '"') return "an attribute without end";
        }
        if (*s++ != '>') return "a tag without end";
        if (known(name, len, "br hr img col wbr")) continue;
        if (depth == (int)ARRAY_LEN(open)) return "too deep";
        open[depth] = name;
        lens[depth++] = len;
    }
    return depth == 0 ? NULL : "left open";
}

#endif
