/* Charsets. Senders write the wrong name, no name or a name that nobody knows, so the bytes have the
 * last word: what is convincingly UTF-8 is UTF-8 whatever a one-byte label says, and what calls
 * itself UTF-8 but is not is read as windows-1252.
 *
 * iconv is only ever opened with names from the table below, never with a name out of a mail.
 * Invariant: what leaves this file is valid UTF-8 without NUL. */
#include "channels/email/mail_charset.h"

#include <ctype.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/utf8.h"

#define LABEL_MAX 40
#define BAD_MAX   5000 /* places of a text that its charset does not know */

void mail_gmime_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, g_mime_init);
}

/* Labels without punctuation, in small letters → iconv's name. */
static const struct {
    const char *label, *name;
} labels[] = {
    {"iso88591", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"l1", "WINDOWS-1252"},
    {"iso885911987", "WINDOWS-1252"},
    {"ansi", "WINDOWS-1252"},
    {"xansi", "WINDOWS-1252"},
    {"iso88599", "WINDOWS-1254"},
    {"latin5", "WINDOWS-1254"},
    {"iso885911", "CP874"},
    {"tis620", "CP874"},
    {"windows874", "CP874"},
    {"iso88598i", "ISO-8859-8"},
    {"iso88598e", "ISO-8859-8"},
    {"iso88596i", "ISO-8859-6"},
    {"latin2", "ISO-8859-2"},
    {"latin9", "ISO-8859-15"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"xgbk", "GB18030"},
    {"cp936", "GB18030"},
    {"euccn", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"cnbig5", "BIG5-HKSCS"},
    {"shiftjis", "WINDOWS-31J"},
    {"sjis", "WINDOWS-31J"},
    {"xsjis", "WINDOWS-31J"},
    {"windows31j", "WINDOWS-31J"},
    {"cp932", "WINDOWS-31J"},
    {"ms932", "WINDOWS-31J"},
    {"eucjp", "EUC-JP"},
    {"xeucjp", "EUC-JP"},
    {"iso2022jp", "ISO-2022-JP"},
    {"csiso2022jp", "ISO-2022-JP"},
    {"iso2022jp1", "ISO-2022-JP-2"},
    {"iso2022jp2", "ISO-2022-JP-2"},
    {"iso2022jp3", "ISO-2022-JP-3"},
    {"cp50220", "ISO-2022-JP"},
    {"cp50221", "ISO-2022-JP"},
    {"euckr", "UHC"},
    {"ksc56011987", "UHC"},
    {"ksc5601", "UHC"},
    {"cp949", "UHC"},
    {"uhc", "UHC"},
    {"iso2022kr", "ISO-2022-KR"},
    {"koi8", "KOI8-R"},
    {"koi8r", "KOI8-R"},
    {"koi8u", "KOI8-U"},
    {"macintosh", "MACINTOSH"},
    {"mac", "MACINTOSH"},
    {"xmacroman", "MACINTOSH"},
    {"macroman", "MACINTOSH"},
    {"utf7", "UTF-7"},
    {"unicode11utf7", "UTF-7"},
    {"utf16", "UTF-16"},
    {"utf16le", "UTF-16LE"},
    {"utf16be", "UTF-16BE"},
    {"unicode", "UTF-16LE"},
    {"ucs2", "UTF-16"},
    {"utf32", "UTF-32"},
    {"utf32le", "UTF-32LE"},
    {"utf32be", "UTF-32BE"},
    {"cp437", "CP437"},
    {"ibm437", "CP437"},
    {"cp850", "CP850"},
    {"ibm850", "CP850"},
    {"cp852", "CP852"},
    {"ibm852", "CP852"},
    {"cp858", "CP858"},
    {"cp860", "CP860"},
    {"ibm860", "CP860"},
    {"cp866", "CP866"},
    {"ibm866", "CP866"},
    {"viscii", "VISCII"},
    {"tcvn", "TCVN5712-1"},
};

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Families with a number: iso-8859-N, windows-125N. room holds the name. */
static const char *family(const char *key, char room[LABEL_MAX])
{
    static const char *const iso[] = {"iso8859", "8859"};
    static const char *const windows[] = {"windows125", "cp125", "xcp125", "win125",
                                          "cswindows125"};
    for (size_t i = 0; i < ARRAY_LEN(iso); i++) {
        const char *n = key + strlen(iso[i]);
        bool digits = starts(key, iso[i]) && isdigit((unsigned char)n[0]) &&
                      (!n[1] || (isdigit((unsigned char)n[1]) && !n[2]));
        if (!digits) continue;
        (void)snprintf(room, LABEL_MAX, "ISO-8859-%s", n);
        return room;
    }
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        const char *n = key + strlen(windows[i]);
        if (!starts(key, windows[i]) || !(n[0] >= '0' && n[0] <= '8') || n[1]) continue;
        (void)snprintf(room, LABEL_MAX, "WINDOWS-125%s", n);
        return room;
    }
    return NULL;
}

enum label_kind { LABEL_NONE, LABEL_ASCII, LABEL_UTF8, LABEL_ICONV };

/* What a label of a mail means; the name of LABEL_ICONV is *ret_name (a constant, or in room). */
static enum label_kind label_read(const char *charset, char room[LABEL_MAX], const char **ret_name)
{
    char key[LABEL_MAX];
    size_t len = 0;
    for (const char *s = charset; s && *s; s++) {
        if (!isalnum((unsigned char)*s)) continue;
        if (len + 1 >= sizeof(key)) return LABEL_NONE;
        key[len++] = (char)tolower((unsigned char)*s);
    }
    key[len] = '\0';
    if (strcmp(key, "usascii") == 0 || strcmp(key, "ascii") == 0 || starts(key, "ansix34"))
        return LABEL_ASCII;
    if (strcmp(key, "utf8") == 0 || strcmp(key, "unicode11utf8") == 0 ||
        strcmp(key, "utf8mb4") == 0)
        return LABEL_UTF8;
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        if (strcmp(key, labels[i].label) != 0) continue;
        *ret_name = labels[i].name;
        return LABEL_ICONV;
    }
    *ret_name = family(key, room);
    return *ret_name ? LABEL_ICONV : LABEL_NONE;
}

bool mail_utf8_valid(struct bytes in, size_t *ret_multibyte)
{
    const char *s = (const char *)in.data;
    size_t multibyte = 0;
    for (size_t i = 0; i < in.len;) {
        if ((unsigned char)s[i] < 0x80) {
            i++;
            continue;
        }
        size_t n = utf8_next(s + i, in.len - i, NULL);
        if (n == 0) return false;
        multibyte++;
        i += n;
    }
    if (ret_multibyte) *ret_multibyte = multibyte;
    return true;
}

/* Writes what may stand in a text; out has room for 3 bytes per byte of in. The length. */
static size_t settle(const char *in, size_t len, char *out, size_t *ret_bad)
{
    size_t at = 0;
    size_t bad = 0;
    for (size_t i = 0; i < len;) {
        unsigned char ch = (unsigned char)in[i];
        uint32_t code = ch;
        size_t n = ch < 0x80 ? 1 : utf8_next(in + i, len - i, &code);
        if (n == 0) {
            memcpy(out + at, "\xef\xbf\xbd", 3);
            at += 3;
            bad++;
            i++;
            continue;
        }
        if (ch == '\r') {
            if (i + 1 >= len || in[i + 1] != '\n') out[at++] = '\n';
        } else if (ch == '\n' || ch == '\t' ||
                   (code >= 0x20 && !(code >= 0x7f && code <= 0x9f) &&
                    !(code == 0xfeff && i == 0))) {
            memcpy(out + at, in + i, n);
            at += n;
        }
        i += n;
    }
    *ret_bad = bad;
    return at;
}

static void found_raise(enum mail_charset_found *found, enum mail_charset_found to)
{
    if (found && *found < to) *found = to;
}

static char *settled(struct arena *a, struct bytes in, enum mail_charset_found *ret_found)
{
    size_t multibyte = 0;
    size_t bad = 0;
    size_t room = mail_utf8_valid(in, &multibyte) ? in.len : in.len * 3;
    char *out = arena_alloc(a, room + 1);
    if (!out) return NULL;
    out[settle((const char *)in.data, in.len, out, &bad)] = '\0';
    if (bad) found_raise(ret_found, MAIL_CHARSET_DAMAGED);
    return out;
}

uint32_t mail_windows_1252(unsigned char byte)
{
    static const uint16_t high[32] = {
        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    return byte >= 0x80 && byte <= 0x9f ? high[byte - 0x80] : byte;
}

static char *from_windows_1252(struct arena *a, struct bytes in, enum mail_charset_found *ret_found)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(in.len * 3 + 1);
    for (size_t i = 0; i < in.len; i++) {
        char room[4];
        uint32_t code = mail_windows_1252(in.data[i]);
        if (code == 0xfffd) found_raise(ret_found, MAIL_CHARSET_DAMAGED);
        buf_add(&b, room, utf8_put(code, room));
    }
    return settled(a, (struct bytes){(const unsigned char *)b.data, b.len}, NULL);
}

/* Through iconv; what does not fit becomes U+FFFD. False: no such conversion, the buffer is full, or
 * so much does not fit (each costs a call) that it is something else. */
static bool convert(struct buf *out, struct bytes in, const char *name, size_t *ret_bad)
{
    iconv_t cd = iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1) return false; /* NOLINT: the constant of POSIX */
    char *from = (char *)(uintptr_t)in.data;
    size_t left = in.len;
    *ret_bad = 0;
    while (left > 0 && !buf_failed(out)) {
        char room[4096];
        char *to = room;
        size_t space = sizeof(room);
        size_t r = iconv(cd, &from, &left, &to, &space);
        int error = r == (size_t)-1 ? errno : 0;
        buf_add(out, room, (size_t)(to - room));
        if (error == 0 || error == E2BIG) continue;
        buf_adds(out, "\xef\xbf\xbd");
        if (++*ret_bad > BAD_MAX) break;
        if (left == 0) break;
        from++;
        left--;
        (void)iconv(cd, NULL, NULL, NULL, NULL);
    }
    /* Some (windows-1255, 1258) hold a letter back, as a mark for it may follow. */
    char last[64];
    char *to = last;
    size_t space = sizeof(last);
    if (iconv(cd, NULL, NULL, &to, &space) != (size_t)-1) buf_add(out, last, (size_t)(to - last));
    (void)iconv_close(cd);
    return !buf_failed(out) && *ret_bad <= BAD_MAX;
}

static char *converted(struct arena *a, struct bytes in, const char *name,
                       enum mail_charset_found *ret_found)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(in.len * 4 + 64);
    size_t bad = 0;
    if (!convert(&b, in, name, &bad)) return NULL;
    if (bad) found_raise(ret_found, MAIL_CHARSET_DAMAGED);
    return settled(a, (struct bytes){(const unsigned char *)b.data, b.len}, NULL);
}

static bool has(struct bytes in, const char *what)
{
    return in.len > 0 && memmem(in.data, in.len, what, strlen(what));
}

/* Nothing said, or nothing true: UTF-8 when it is, Japanese when its escapes are there, else
 * windows-1252, in which every mail of the Americas makes some sense. */
static char *guessed(struct arena *a, struct bytes in, enum mail_charset_found *ret_found)
{
    size_t multibyte = 0;
    char *out = NULL;
    if (in.len >= 2 &&
        (memcmp(in.data, "\xff\xfe", 2) == 0 || memcmp(in.data, "\xfe\xff", 2) == 0)) {
        found_raise(ret_found, MAIL_CHARSET_GUESSED);
        out = converted(a, in, "UTF-16", ret_found);
    } else if (has(in, "\x1b$B") || has(in, "\x1b(J") || has(in, "\x1b$@")) {
        found_raise(ret_found, MAIL_CHARSET_GUESSED);
        out = converted(a, in, "ISO-2022-JP", ret_found);
    }
    if (out) return out;
    if (mail_utf8_valid(in, &multibyte)) {
        if (multibyte) found_raise(ret_found, MAIL_CHARSET_GUESSED);
        return settled(a, in, ret_found);
    }
    found_raise(ret_found, MAIL_CHARSET_GUESSED);
    return from_windows_1252(a, in, ret_found);
}

/* Calls itself UTF-8 and is not: a few broken bytes in much good text are damage, else it lies. */
static char *broken_utf8(struct arena *a, struct bytes in, enum mail_charset_found *ret_found)
{
    const char *s = (const char *)in.data;
    size_t good = 0;
    size_t bad = 0;
    for (size_t i = 0; i < in.len;) {
        size_t n = utf8_next(s + i, in.len - i, NULL);
        if (n > 1) good++;
        if (n == 0) bad++;
        i += n ? n : 1;
    }
    return good >= bad ? settled(a, in, ret_found) : guessed(a, in, ret_found);
}

static bool one_byte(const char *name)
{
    return starts(name, "WINDOWS-125") || starts(name, "ISO-8859-") || starts(name, "CP8") ||
           strcmp(name, "MACINTOSH") == 0;
}

char *mail_utf8(struct arena *a, struct bytes in, const char *charset,
                enum mail_charset_found *ret_found)
{
    char room[LABEL_MAX];
    const char *name = NULL;
    size_t multibyte = 0;
    if (in.len == 0) return arena_strdup(a, "");
    switch (label_read(charset, room, &name)) {
    case LABEL_UTF8:
        if (mail_utf8_valid(in, NULL)) return settled(a, in, ret_found);
        return broken_utf8(a, in, ret_found);
    case LABEL_ICONV:
        if (one_byte(name) && mail_utf8_valid(in, &multibyte) && multibyte) {
            found_raise(ret_found, MAIL_CHARSET_GUESSED);
            return settled(a, in, ret_found);
        }
        if (strcmp(name, "WINDOWS-1252") == 0) return from_windows_1252(a, in, ret_found);
        char *out = converted(a, in, name, ret_found);
        if (out) return out;
        break;
    case LABEL_ASCII: break;
    case LABEL_NONE:
        if (charset && *charset) found_raise(ret_found, MAIL_CHARSET_GUESSED);
        break;
    }
    return guessed(a, in, ret_found);
}

const char *mail_find(const char *s, const char *end, const char *mark)
{
    size_t len = strlen(mark);
    while (s < end && (size_t)(end - s) >= len) {
        s = memchr(s, *mark, (size_t)(end - s) - len + 1);
        if (!s) return NULL;
        if (memcmp(s, mark, len) == 0) return s;
        s++;
    }
    return NULL;
}

/* --- encoded words ----------------------------------------------------------------------- */

struct word {
    const char *charset;
    size_t charset_len;
    char encoding; /* 'q' or 'b' */
    const char *text;
    size_t text_len;
    const char *end; /* behind the word */
};

/* The encoded word at s ("=?"), which may lack its end when it is the last thing there. */
static bool word_read(const char *s, const char *end, struct word *w)
{
    const char *charset = s + 2;
    const char *mark = memchr(charset, '?', (size_t)(end - charset));
    if (!mark || mark == charset || mark - charset > 60 || end - mark < 4 || mark[2] != '?')
        return false;
    char encoding = (char)tolower((unsigned char)mark[1]);
    const char *text = mark + 3;
    const char *close = mail_find(text, end, "?=");
    bool open = !close;
    if (encoding != 'q' && encoding != 'b') return false;
    if (open) close = end;
    if (open && memchr(text, ' ', (size_t)(end - text))) return false;
    for (const char *c = charset; c < mark; c++)
        if (!isgraph((unsigned char)*c)) return false;
    const char *language = memchr(charset, '*', (size_t)(mark - charset));
    *w = (struct word){.charset = charset,
                       .charset_len = (size_t)((language ? language : mark) - charset),
                       .encoding = encoding,
                       .text = text,
                       .text_len = (size_t)(close - text),
                       .end = open ? end : close + 2};
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void word_bytes(const struct word *w, struct buf *out)
{
    if (w->encoding == 'b') {
        static const unsigned char padding[] = "==";
        unsigned char room[3 * KIB];
        int state = 0;
        guint32 save = 0;
        for (size_t at = 0; at < w->text_len; at += KIB) {
            size_t len = w->text_len - at < KIB ? w->text_len - at : KIB;
            size_t n = g_mime_encoding_base64_decode_step((const unsigned char *)w->text + at, len,
                                                          room, &state, &save);
            buf_add(out, room, n);
        }
        /* Padding that was left out (or cut off with the end): what is there counts. */
        buf_add(out, room, g_mime_encoding_base64_decode_step(padding, 2, room, &state, &save));
        return;
    }
    for (size_t i = 0; i < w->text_len; i++) {
        char c = w->text[i];
        int high = c == '=' && i + 2 < w->text_len ? hex_digit(w->text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(w->text[i + 2]) : -1;
        if (low >= 0) {
            buf_addc(out, (char)(high * 16 + low));
            i += 2;
        } else {
            buf_addc(out, c == '_' ? ' ' : c);
        }
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Receives the pieces of a header in order. */
struct sink {
    struct arena *a;
    struct buf *out;
    bool anew; /* words are written as words again */
    enum mail_charset_found *found;
};

static bool sink_word(struct sink *k, struct bytes raw, const char *charset)
{
    char *text = mail_utf8(k->a, raw, charset, k->found);
    if (!text) return false;
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\t') *c = ' ';
    if (k->anew && *text) {
        char *base64 = base64_encode(k->a, text, strlen(text));
        if (!base64) return false;
        buf_addf(k->out, "=?UTF-8?B?%s?=", base64);
    } else {
        buf_adds(k->out, text);
    }
    return true;
}

static bool sink_plain(struct sink *k, const char *s, size_t len)
{
    char *text =
        len ? mail_utf8(k->a, (struct bytes){(const unsigned char *)s, len}, NULL, k->found) : NULL;
    if (len && !text) return false;
    for (char *c = text; c && *c; c++)
        if (*c == '\n') *c = ' ';
    buf_adds(k->out, text);
    return true;
}

/* Words that follow each other with the same charset are one run of bytes: some programs cut inside
 * a character. Returns where the run ends, NULL when the arena is full. */
static const char *sink_run(struct sink *k, struct word w, const char *end)
{
    CLEANUP(buf_free) struct buf raw = BUF_INIT((size_t)(end - w.text) + KIB);
    char charset[64];
    (void)snprintf(charset, sizeof(charset), "%.*s", (int)w.charset_len, w.charset);
    word_bytes(&w, &raw);
    for (;;) {
        const char *next = w.end;
        struct word other;
        while (next < end && is_space(*next))
            next++;
        if (end - next < 6 || next[0] != '=' || next[1] != '?' || !word_read(next, end, &other))
            break;
        bool same = other.charset_len == w.charset_len &&
                    strncasecmp(other.charset, w.charset, w.charset_len) == 0;
        if (!same) {
            w.end = next; /* white space between words is none */
            break;
        }
        word_bytes(&other, &raw);
        w = other;
    }
    return sink_word(k, (struct bytes){(const unsigned char *)raw.data, raw.len}, charset) ? w.end
                                                                                           : NULL;
}

static char *words(struct arena *a, const char *raw, size_t len, bool anew,
                   enum mail_charset_found *ret_found)
{
    /* A line end inside a header is only a fold. */
    char *flat = arena_alloc(a, len + 1);
    size_t n = 0;
    if (!flat) return NULL;
    for (size_t i = 0; i < len; i++)
        if (raw[i] != '\r' && raw[i] != '\n' && raw[i] != '\0')
            flat[n++] = raw[i] == '\t' ? ' ' : raw[i];
    const char *s = flat;
    const char *end = flat + n;
    CLEANUP(buf_free) struct buf out = BUF_INIT(len * 8 + KIB);
    struct sink k = {.a = a, .out = &out, .anew = anew, .found = ret_found};
    while (s < end) {
        struct word w;
        const char *at = mail_find(s, end, "=?");
        const char *from = at;
        while (at && !word_read(at, end, &w)) {
            /* Without any end further on no later word can have one, but perhaps the last. */
            at = mail_find(at + 2, end, "=?");
            if (at && from && at - from > 4096) at = NULL;
        }
        if (!sink_plain(&k, s, (size_t)((at ? at : end) - s))) return NULL;
        if (!at) break;
        s = sink_run(&k, w, end);
        if (!s) return NULL;
    }
    const char *text = buf_str(&out);
    while (*text == ' ')
        text++;
    size_t keep = strlen(text);
    while (keep > 0 && text[keep - 1] == ' ')
        keep--;
    return buf_failed(&out) ? NULL : arena_strndup(a, text, keep);
}

char *mail_words(struct arena *a, const char *raw, size_t len, enum mail_charset_found *ret_found)
{
    return words(a, raw, len, false, ret_found);
}

char *mail_words_normal(struct arena *a, const char *raw, size_t len,
                        enum mail_charset_found *ret_found)
{
    return words(a, raw, len, true, ret_found);
}
