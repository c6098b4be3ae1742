/* Folding: lower case without accents. Each character is decomposed (compatibility forms too, so
 * that full-width and ligatures become plain), marks are dropped, the rest is made small; a few
 * letters that do not decompose are spelled out, as PostgreSQL's unaccent does, which the search of
 * customers goes by. */
#include <glib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "flows/expr_impl.h"

static const struct {
    uint32_t code;
    const char *plain;
} spelled[] = {
    {0xdf, "ss"}, {0xe6, "ae"}, {0xf0, "d"},  {0xf8, "o"},   {0xfe, "th"}, {0x111, "d"},
    {0x127, "h"}, {0x131, "i"}, {0x142, "l"}, {0x153, "oe"}, {0x167, "t"},
};

/* Characters that are there and not seen: joiners, zero-width spaces. */
static bool is_invisible(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || code == 0x2060 || code == 0xfeff || code == 0xad;
}

static void add_folded(struct buf *b, uint32_t code)
{
    char out[4];
    code = g_unichar_tolower(code);
    for (size_t i = 0; i < ARRAY_LEN(spelled); i++) {
        if (spelled[i].code == code) {
            buf_adds(b, spelled[i].plain);
            return;
        }
    }
    buf_add(b, out, utf8_put(code, out));
}

static char *fold_ascii(struct arena *a, const char *s, size_t len)
{
    char *out = arena_strndup(a, s, len);
    for (size_t i = 0; out && i < len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z') out[i] = (char)(out[i] + ('a' - 'A'));
    return out;
}

char *flow_fold(struct arena *a, const char *s, size_t len)
{
    size_t plain = 0;
    while (plain < len && (unsigned char)s[plain] < 0x80)
        plain++;
    if (plain == len) return fold_ascii(a, s, len);

    CLEANUP(buf_free) struct buf b = BUF_INIT(len * 16 + 64);
    for (size_t n, i = 0; i < len; i += n) {
        uint32_t code = 0;
        gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
        n = utf8_next(s + i, len - i, &code);
        if (n == 0) {
            n = 1;
            continue;
        }
        gsize count = g_unichar_fully_decompose(code, TRUE, parts, ARRAY_LEN(parts));
        for (gsize k = 0; k < count && k < ARRAY_LEN(parts); k++)
            if (!g_unichar_ismark(parts[k]) && !is_invisible(parts[k])) add_folded(&b, parts[k]);
    }
    return buf_failed(&b) ? NULL : arena_strndup(a, buf_str(&b), b.len);
}
