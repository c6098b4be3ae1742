/* The reading half of the IMAP client: lines, literals, and the few answers that it needs
 * (imap_read.h). A literal inside an answer is kept out of its line: a mail body goes to the sink in
 * pieces of a window, anything else is dropped; the line then holds "" in its place. What follows
 * is read as words with limits, never by position. */
#include "channels/email/imap_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#define IMAP_WINDOW ((size_t)16 * KIB)

void imap_reader_init(struct imap_reader *r, struct imap_source source)
{
    *r = (struct imap_reader){
        .source = source, .line = BUF_INIT(IMAP_LINE_MAX), .data = mem_alloc(IMAP_WINDOW)};
}

void imap_reader_end(struct imap_reader *r)
{
    buf_free(&r->line);
    mem_free(r->data);
    r->data = NULL;
}

static enum err fill(struct imap_reader *r)
{
    if (r->at < r->end) return ERR_OK;
    size_t got = 0;
    enum err e = r->source.read(r->source.arg, r->data, IMAP_WINDOW, &got);
    if (e) return e;
    if (got == 0 || got > IMAP_WINDOW) return ERR_IO;
    r->at = 0;
    r->end = got;
    return ERR_OK;
}

/* Adds bytes up to the line's end to r->line, without the end. */
static enum err read_physical(struct imap_reader *r)
{
    for (;;) {
        enum err e = fill(r);
        if (e) return e;
        const unsigned char *from = r->data + r->at;
        const unsigned char *end = memchr(from, '\n', r->end - r->at);
        size_t len = end ? (size_t)(end - from) : r->end - r->at;
        buf_add(&r->line, from, len);
        r->at += len + (end ? 1 : 0);
        if (buf_failed(&r->line)) return ERR_UPSTREAM;
        if (!end) continue;
        while (r->line.len > 0 && r->line.data[r->line.len - 1] == '\r')
            r->line.data[--r->line.len] = '\0';
        return ERR_OK;
    }
}

/* Does the line end with {123}, from *ret_at on? */
static bool literal_at_end(const struct buf *b, size_t *ret_at, uint64_t *ret_size)
{
    if (b->len < 3 || b->data[b->len - 1] != '}') return false;
    size_t i = b->len - 1;
    uint64_t size = 0, unit = 1;
    int digits = 0;
    while (i > 0 && b->data[i - 1] >= '0' && b->data[i - 1] <= '9') {
        if (++digits > 12) return false;
        size += unit * (uint64_t)(b->data[i - 1] - '0');
        unit *= 10;
        i--;
    }
    if (digits == 0 || i == 0 || b->data[i - 1] != '{') return false;
    i--;
    if (i > 0 && b->data[i - 1] == '~') i--;
    *ret_at = i;
    *ret_size = size;
    return true;
}

/* Is what stands before position at the name of a mail body: BODY[] or BODY[]<0>? */
static bool body_before(const struct buf *b, size_t at)
{
    while (at > 0 && b->data[at - 1] == ' ')
        at--;
    if (at > 0 && b->data[at - 1] == '>') {
        while (at > 0 && b->data[at - 1] != '<')
            at--;
        if (at > 0) at--;
    }
    return at >= 6 && strncasecmp(b->data + at - 6, "BODY[]", 6) == 0;
}

static enum err take(struct imap_reader *r, size_t size, const void *data, size_t len)
{
    return r->bodies.take ? r->bodies.take(r->bodies.arg, size, data, len) : ERR_OK;
}

static enum err read_literal(struct imap_reader *r, uint64_t size, bool body)
{
    if (size > (body ? IMAP_BODY_MAX : IMAP_LITERAL_MAX)) return ERR_UPSTREAM;
    enum err e = body ? take(r, (size_t)size, "", 0) : ERR_OK;
    for (size_t left = (size_t)size; left > 0 && !e;) {
        e = fill(r);
        if (e) return e;
        size_t len = r->end - r->at < left ? r->end - r->at : left;
        if (body) e = take(r, (size_t)size, r->data + r->at, len);
        r->at += len;
        left -= len;
    }
    return e;
}

/* The value of BODY[] as a quoted string, which some servers send for small mails. */
static enum err quoted_body(struct imap_reader *r, const char *rest, bool *ret_has)
{
    const char *at = strcasestr(rest, "BODY[]");
    if (!at) return ERR_OK;
    at += 6;
    if (*at == '<') at += strcspn(at, ">") + (strchr(at, '>') ? 1 : 0);
    while (*at == ' ')
        at++;
    if (*at != '"') return ERR_OK;
    CLEANUP(buf_free) struct buf out = BUF_INIT(IMAP_LINE_MAX);
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1]) at++;
        buf_addc(&out, *at);
    }
    *ret_has = true;
    enum err e = take(r, out.len, "", 0);
    return e || out.len == 0 ? e : take(r, out.len, out.data, out.len);
}

static enum imap_status status_of(const char *word)
{
    static const struct {
        const char *word;
        enum imap_status status;
    } rows[] = {{"OK", IMAP_OK},
                {"NO", IMAP_NO},
                {"BAD", IMAP_BAD},
                {"BYE", IMAP_BYE},
                {"PREAUTH", IMAP_PREAUTH}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcasecmp(word, rows[i].word) == 0) return rows[i].status;
    return IMAP_NO_STATUS;
}

/* Cuts the next word out of *text (NUL behind it) and goes on after it. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " ");
    char *end = word + strcspn(word, " ");
    *text = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool number_of(const char *word, uint32_t *ret)
{
    uint64_t n = 0;
    if (!*word) return false;
    for (; *word; word++) {
        if (*word < '0' || *word > '9') return false;
        n = n * 10 + (uint64_t)(*word - '0');
        if (n > UINT32_MAX) return false;
    }
    *ret = (uint32_t)n;
    return true;
}

static enum err understand(char *text, struct imap_line *ret)
{
    if (*text == '+') {
        ret->kind = IMAP_CONTINUE;
        ret->rest = text + 1;
        return ERR_OK;
    }
    char *tag = next_word(&text);
    if (!*tag) return ERR_UPSTREAM;
    ret->kind = strcmp(tag, "*") == 0 ? IMAP_UNTAGGED : IMAP_TAGGED;
    uint32_t n = 0;
    if (ret->kind == IMAP_TAGGED && *tag == 'I' && number_of(tag + 1, &n)) ret->tag = n;
    char *word = next_word(&text);
    if (ret->kind == IMAP_UNTAGGED && number_of(word, &ret->number)) word = next_word(&text);
    ret->word = word;
    ret->rest = text;
    ret->status = status_of(word);
    return ret->kind == IMAP_TAGGED && ret->status == IMAP_NO_STATUS ? ERR_UPSTREAM : ERR_OK;
}

enum err imap_read(struct imap_reader *r, struct imap_line *ret)
{
    *ret = (struct imap_line){.word = "", .rest = ""};
    buf_clear(&r->line);
    for (;;) {
        enum err e = read_physical(r);
        if (e) return e;
        size_t at = 0;
        uint64_t size = 0;
        if (!literal_at_end(&r->line, &at, &size)) break;
        bool body = body_before(&r->line, at);
        r->line.len = at;
        r->line.data[at] = '\0';
        buf_adds(&r->line, body ? "NIL" : "\"\"");
        e = read_literal(r, size, body);
        if (e) return e;
        ret->has_body |= body;
    }
    for (size_t i = 0; i < r->line.len; i++)
        if (r->line.data[i] == '\0') r->line.data[i] = ' ';
    if (r->line.len == 0) return ERR_UPSTREAM;
    enum err e = understand(r->line.data, ret);
    if (!e && !ret->has_body && strcasecmp(ret->word, "FETCH") == 0)
        e = quoted_body(r, ret->rest, &ret->has_body);
    return e;
}

/* --- answers ------------------------------------------------------------------------------------ */

/* "21-Nov-2026 13:05:00 +0100", a blank instead of the day's first digit allowed. */
static int64_t date_of(const char *s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day = 0, year = 0, hour = 0, minute = 0, second = 0, zone = 0;
    char month[4] = "", sign = '+';
    if (sscanf(s, " %2d-%3[A-Za-z]-%4d %2d:%2d:%2d %c%4d", &day, month, &year, &hour, &minute,
               &second, &sign, &zone) < 6)
        return 0;
    for (int i = 0; i < 12; i++) {
        if (strncasecmp(months + (size_t)i * 3, month, 3) != 0) continue;
        char text[40];
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, i + 1,
                       day, hour, minute, second, sign == '-' ? '-' : '+', zone / 100 % 100,
                       zone % 100);
        int64_t ms = 0;
        return time_parse(text, &ms) ? ms : 0;
    }
    return 0;
}

static bool is_name(const char *at, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(at, name, len) == 0;
}

static void flags_read(const char *at, size_t len, struct imap_fetch *ret)
{
    ret->has_flags = true;
    for (const char *end = at + len; at < end;) {
        size_t n = strcspn(at, " ()");
        if (n > (size_t)(end - at)) n = (size_t)(end - at);
        if (is_name(at, n, "\\Seen")) ret->seen = true;
        if (is_name(at, n, "\\Answered")) ret->answered = true;
        if (is_name(at, n, "\\Deleted")) ret->deleted = true;
        at += n > 0 ? n : 1;
    }
}

/* The length of the value at at: a quoted string, a list in brackets (to its matching end), or an
 * atom. */
static size_t value_length(const char *at)
{
    const char *p = at;
    int depth = 0;
    bool quoted = false;
    for (; *p; p++) {
        if (quoted) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '"')
                quoted = false;
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '(') {
            depth++;
        } else if (*p == ')') {
            if (depth == 0) break;
            depth--;
        } else if (*p == ' ' && depth == 0) {
            break;
        }
    }
    return (size_t)(p - at);
}

void imap_fetch_read(const char *rest, struct imap_fetch *ret)
{
    *ret = (struct imap_fetch){0};
    const char *at = rest + strspn(rest, " ");
    if (*at == '(') at++;
    while (*at && *at != ')') {
        at += strspn(at, " ");
        const char *name = at;
        size_t name_len = strcspn(at, " )");
        at += name_len;
        at += strspn(at, " ");
        size_t len = value_length(at);
        char number[24];
        (void)snprintf(number, sizeof(number), "%.*s", (int)(len < 23 ? len : 23), at);
        if (is_name(name, name_len, "UID")) (void)number_of(number, &ret->uid);
        if (is_name(name, name_len, "RFC822.SIZE")) {
            unsigned long long size = 0;
            if (sscanf(number, "%llu", &size) == 1) ret->size_bytes = size;
        }
        if (is_name(name, name_len, "INTERNALDATE") && *at == '"')
            ret->date_unix_ms = date_of(at + 1);
        if (is_name(name, name_len, "FLAGS")) flags_read(at, len, ret);
        at += len;
        if (name_len == 0 && len == 0) break;
    }
}

bool imap_code_number(const char *rest, const char *code, uint32_t *ret)
{
    const char *at = strchr(rest, '[');
    if (!at) return false;
    at++;
    size_t len = strlen(code);
    if (strncasecmp(at, code, len) != 0 || at[len] != ' ') return false;
    char number[12];
    (void)snprintf(number, sizeof(number), "%.*s", (int)strspn(at + len + 1, "0123456789"),
                   at + len + 1);
    return number_of(number, ret);
}

bool imap_list_has(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (*list) {
        list += strspn(list, " ");
        size_t n = strcspn(list, " ]");
        if (n == len && strncasecmp(list, word, len) == 0) return true;
        list += n + (list[n] == ']' ? 1 : 0);
    }
    return false;
}

/* --- commands ----------------------------------------------------------------------------------- */

static const char base64_names[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static void add_units(struct buf *out, const uint16_t *units, size_t count)
{
    uint32_t bits = 0;
    int have = 0;
    buf_addc(out, '&');
    for (size_t i = 0; i < count; i++) {
        bits = bits << 16 | units[i];
        have += 16;
        while (have >= 6) {
            have -= 6;
            buf_addc(out, base64_names[bits >> have & 63]);
        }
        bits &= (1U << have) - 1;
    }
    if (have > 0) buf_addc(out, base64_names[bits << (6 - have) & 63]);
    buf_addc(out, '-');
}

bool imap_folder_write(struct buf *out, const char *name)
{
    uint16_t units[64];
    size_t count = 0, len = strlen(name);
    buf_addc(out, '"');
    for (size_t i = 0; i <= len;) {
        uint32_t point = 0;
        size_t n = i < len ? utf8_next(name + i, len - i, &point) : 1;
        if (n == 0 || (i < len && (point < 0x20 || point == 0x7f))) return false;
        bool plain = i == len || (point >= 0x20 && point < 0x7f);
        if (count > 0 && (plain || count + 2 > ARRAY_LEN(units))) {
            add_units(out, units, count);
            count = 0;
        }
        if (i < len && plain) {
            if (point == '"' || point == '\\') buf_addc(out, '\\');
            buf_addc(out, (char)point);
            if (point == '&') buf_addc(out, '-');
        } else if (i < len && point >= 0x10000) {
            units[count++] = (uint16_t)(0xd800 + ((point - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xdc00 + ((point - 0x10000) & 0x3ff));
        } else if (i < len) {
            units[count++] = (uint16_t)point;
        }
        i += n;
    }
    buf_addc(out, '"');
    return !buf_failed(out);
}

void imap_day(int64_t unix_ms, char out[16])
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t s = (time_t)(unix_ms / SECOND_MS);
    struct tm tm = {0};
    (void)gmtime_r(&s, &tm);
    (void)snprintf(out, 16, "%02u-%s-%04u", (unsigned)tm.tm_mday % 100,
                   months[(unsigned)tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000);
}
