/* Structured logs as log.h says. Each line is built in memory and leaves by one write(2), so that
 * lines of several threads and processes on one pipe do not mix (up to PIPE_BUF; longer ones are
 * rare). A value is cut at VALUE_MAX bytes: a log line is not the place for a body. */
#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define VALUE_MAX ((size_t)2000)
#define LINE_MAX  (64 * KIB)

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

/* Written by log_setup before there are threads, read by all afterwards. */
static struct log_options options = {.level = LOG_INFO, .json = true, .process = ""};

void log_setup(const struct log_options *o)
{
    options = *o;
    if (!options.process) options.process = "";
}

/* s, cut to VALUE_MAX bytes between two code points, as a JSON string. */
static void add_value(struct buf *b, const char *s)
{
    char cut[VALUE_MAX + sizeof("…")];
    size_t len = strlen(s);
    if (len > VALUE_MAX) {
        len = VALUE_MAX;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
        memcpy(cut, s, len);
        memcpy(cut + len, "…", sizeof("…"));
        s = cut;
    }
    buf_add_json(b, s);
}

static void add_member(struct buf *b, const char *name, const char *text)
{
    buf_addc(b, ',');
    buf_add_json(b, name);
    buf_addc(b, ':');
    add_value(b, text);
}

static void build_json(struct buf *b, enum log_level level, const char *trace, const char *message,
                       const struct log_field *fields)
{
    char now[TIME_TEXT_SIZE];
    buf_addf(b, "{\"time\":\"%s\",\"level\":\"%s\"", time_text(clock_unix_ms(), now),
             level_names[level]);
    if (*options.process) add_member(b, "process", options.process);
    if (trace) add_member(b, "trace", trace);
    add_member(b, "message", message);
    for (const struct log_field *f = fields; f && f->name; f++) {
        if (f->text) {
            add_member(b, f->name, f->text);
        } else {
            buf_addc(b, ',');
            buf_add_json(b, f->name);
            buf_addf(b, ":%lld", (long long)f->number);
        }
    }
    buf_adds(b, "}\n");
}

/* Bare when it is a plain word, else quoted: a value cannot fake other fields or lines. */
static void add_plain(struct buf *b, const char *s)
{
    bool plain = *s != '\0';
    for (const char *p = s; *p && plain; p++)
        plain = (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f && *p != '"' && *p != '=';
    if (plain && strlen(s) <= VALUE_MAX) {
        buf_adds(b, s);
    } else {
        add_value(b, s);
    }
}

static void build_readable(struct buf *b, enum log_level level, const char *trace,
                           const char *message, const struct log_field *fields)
{
    char now[TIME_TEXT_SIZE];
    (void)time_text(clock_unix_ms(), now);
    buf_addf(b, "%.12s %-5s ", now + 11, level_names[level]);
    if (*options.process) buf_addf(b, "[%s] ", options.process);
    for (const char *p = message; *p; p++) /* no control characters towards a terminal */
        buf_addc(b, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
    for (const struct log_field *f = fields; f && f->name; f++) {
        buf_addf(b, " %s=", f->name);
        if (f->text) {
            add_plain(b, f->text);
        } else {
            buf_addf(b, "%lld", (long long)f->number);
        }
    }
    if (trace) buf_addf(b, " trace=%s", trace);
    buf_addc(b, '\n');
}

void log_event(enum log_level level, const char *trace, const char *message,
               const struct log_field *fields)
{
    if (level < options.level) return;
    int saved = errno; /* logging must not disturb who is about to look at errno */
    CLEANUP(buf_free) struct buf b = BUF_INIT(LINE_MAX);
    void (*build)(struct buf *, enum log_level, const char *, const char *,
                  const struct log_field *) = options.json ? build_json : build_readable;
    build(&b, level, trace, message, fields);
    if (buf_failed(&b)) { /* absurdly many fields: better the message alone than nothing */
        buf_clear(&b);
        build(&b, level, trace, message, NULL);
    }
    ssize_t n;
    do {
        n = write(STDERR_FILENO, buf_str(&b), b.len);
    } while (n < 0 && errno == EINTR);
    errno = saved;
}
