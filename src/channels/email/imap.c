/* The IMAP client (imap.h): commands out, answers in, one after the other. Reading what comes is
 * imap_read.c's work; connecting and the login are mail_conn.c's. EXAMINE opens the folder
 * read-only and BODY.PEEK[] leaves the marks alone, so that people who look into the same mailbox
 * with their own program see no difference. */
#include "channels/email/imap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/loop.h"

#define SILENCE_MS (60 * SECOND_MS)
#define ANSWER_MS                                                                                  \
    (20 * MINUTE_MS) /* all of the answer to one command, a large mail on a slow line */
#define COMMAND_MAX (8 * KIB)
#define WORDS_MAX   300

struct imap {
    struct ctx *ctx;
    struct mail_conn *conn;
    struct imap_reader reader;
    int64_t deadline_ms; /* of the IDLE under way; 0: none */
    int64_t answer_ms;   /* until when the answer under way must be complete; 0: none is */
    unsigned tag;
    bool idle, esearch;
    bool news; /* EXISTS was said since the last look */
    /* What the answers of the command under way are put into. */
    struct imap_folder *folder;
    struct imap_items *items;
    struct arena *items_arena;
    int items_room;
    uint32_t items_from;
    uint32_t *smallest;
    struct imap_fetch fetched; /* the last one */
    bool got_body;
};

static enum err source_read(void *arg, void *out, size_t len, size_t *ret_len)
{
    struct imap *m = arg;
    int64_t now = clock_mono_ms(), until = now + SILENCE_MS;
    if (m->deadline_ms > 0) until = m->deadline_ms;
    if (m->answer_ms > 0 && now >= m->answer_ms) return ERR_DEADLINE;
    return mail_conn_receive(m->conn, out, len, until, ret_len);
}

/* The fault of a broken conversation; cancelled ones and those of a sink stay as they are. */
static enum err broken(struct imap *m, enum err e)
{
    struct ctx *c = m->ctx;
    switch (e) {
    case ERR_IO:
        return fault(c, e, "MAIL_CONNECTION_LOST", "the mail server closed the connection");
    case ERR_DEADLINE:
        return fault(c, e, "MAIL_SILENT", "the mail server does not answer any more");
    case ERR_UPSTREAM:
        return fault(c, e, "MAIL_PROTOCOL", "the mail server said something that is not IMAP");
    default: return e;
    }
}

static enum err send_text(struct imap *m, const char *text, size_t len)
{
    enum err e = mail_conn_send(m->conn, text, len, clock_mono_ms() + SILENCE_MS);
    return e ? broken(m, e) : ERR_OK;
}

static int by_uid(const void *a, const void *b)
{
    const struct imap_item *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* In the order of UIDs, each once, and not more than IMAP_ITEMS_MAX: the lowest ones, in whatever
 * order the server named them. */
static void items_settle(struct imap_items *items)
{
    if (items->count > 1) qsort(items->list, (size_t)items->count, sizeof(*items->list), by_uid);
    int kept = 0;
    for (int i = 0; i < items->count; i++)
        if (kept == 0 || items->list[kept - 1].uid != items->list[i].uid)
            items->list[kept++] = items->list[i];
    items->count = kept;
    if (kept <= IMAP_ITEMS_MAX) return;
    items->count = IMAP_ITEMS_MAX;
    items->cut = true;
}

static enum err add_item(struct imap *m, const struct imap_fetch *f)
{
    struct imap_items *items = m->items;
    if (f->uid < m->items_from || f->uid == UINT32_MAX || f->deleted || !f->has_flags)
        return ERR_OK;
    if (items->count == 2 * IMAP_ITEMS_MAX) items_settle(items);
    if (items->count == m->items_room) {
        int room = m->items_room > 0 ? 2 * m->items_room : 64;
        struct imap_item *more = arena_array(m->items_arena, (size_t)room, sizeof(*more));
        if (!more) return ERR_NO_MEMORY;
        if (items->count > 0) memcpy(more, items->list, (size_t)items->count * sizeof(*more));
        items->list = more;
        m->items_room = room;
    }
    items->list[items->count++] = (struct imap_item){.uid = f->uid,
                                                     .size_bytes = f->size_bytes,
                                                     .date_unix_ms = f->date_unix_ms,
                                                     .seen = f->seen,
                                                     .answered = f->answered};
    return ERR_OK;
}

/* "3 9 12", or "(TAG \"I5\") UID MIN 3": the smallest number that is a UID. */
static void search_read(struct imap *m, const struct imap_line *line)
{
    bool extended = strcasecmp(line->word, "ESEARCH") == 0;
    const char *at = line->rest;
    if (extended) {
        at = strcasestr(at, " MIN ");
        if (!at) return;
        at += 5;
    }
    while (*at) {
        char *end = NULL;
        unsigned long n = strtoul(at, &end, 10);
        if (end == at) return;
        if (n > 0 && n <= UINT32_MAX && (*m->smallest == 0 || n < *m->smallest))
            *m->smallest = (uint32_t)n;
        if (extended) return;
        at = end;
    }
}

/* What the server says without being asked, or as the content of an answer. */
static enum err untagged(struct imap *m, const struct imap_line *line)
{
    if (line->status == IMAP_BYE) {
        const char *words = text_clean(m->ctx->arena, line->rest, strnlen(line->rest, WORDS_MAX));
        return fault(m->ctx, ERR_IO, "MAIL_CONNECTION_LOST",
                     "the mail server ended the connection: %s", words ? words : "");
    }
    if (line->status == IMAP_OK && m->folder) {
        (void)imap_code_number(line->rest, "UIDVALIDITY", &m->folder->uid_validity);
        (void)imap_code_number(line->rest, "UIDNEXT", &m->folder->uid_next);
    }
    if (strcasecmp(line->word, "EXISTS") == 0) {
        if (m->folder)
            m->folder->exists = line->number;
        else
            m->news = true;
    }
    if (strcasecmp(line->word, "CAPABILITY") == 0) {
        m->idle = imap_list_has(line->rest, "IDLE");
        m->esearch = imap_list_has(line->rest, "ESEARCH");
    }
    if (m->smallest &&
        (strcasecmp(line->word, "SEARCH") == 0 || strcasecmp(line->word, "ESEARCH") == 0))
        search_read(m, line);
    if (strcasecmp(line->word, "FETCH") == 0) {
        m->got_body |= line->has_body;
        imap_fetch_read(line->rest, &m->fetched);
        if (m->items) return add_item(m, &m->fetched);
    }
    return ERR_OK;
}

/* Reads until the answer to the newest command, or (on_continue) until the server waits for more. */
static enum err answer(struct imap *m, bool on_continue, struct imap_line *ret)
{
    for (;;) {
        enum err e = imap_read(&m->reader, ret);
        if (e) return broken(m, e);
        if (ret->kind == IMAP_CONTINUE && on_continue) return ERR_OK;
        if (ret->kind == IMAP_TAGGED && ret->tag == m->tag) return ERR_OK;
        if (ret->kind != IMAP_UNTAGGED) continue;
        e = untagged(m, ret);
        if (e) return e;
    }
}

/* Send "I7 text" and read its answer. *ret (may be NULL): OK, NO or BAD. */
static enum err command(struct imap *m, struct imap_line *ret, const char *text)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(COMMAND_MAX);
    buf_addf(&out, "I%u %s\r\n", ++m->tag, text);
    if (buf_failed(&out)) return fault(m->ctx, ERR_INVALID, NULL, "a folder's name is too long");
    struct imap_line line;
    enum err e = send_text(m, out.data, out.len);
    m->answer_ms = clock_mono_ms() + ANSWER_MS;
    if (!e) e = answer(m, false, ret ? ret : &line);
    m->answer_ms = 0;
    return e;
}

static enum err refused(struct imap *m, const struct imap_line *line, enum err e, const char *code,
                        const char *what)
{
    const char *words = text_clean(m->ctx->arena, line->rest, strnlen(line->rest, WORDS_MAX));
    return fault(m->ctx, e, code, "%s: %s", what, words ? words : "");
}

enum err imap_open(struct ctx *c, const struct mail_login *login, struct imap **ret)
{
    CLEANUP(imap_freep) struct imap *m = mem_alloc(sizeof(*m));
    m->ctx = c;
    imap_reader_init(&m->reader, (struct imap_source){source_read, m});
    enum err e = mail_conn_open(c, login, &m->conn);
    if (e) return e;
    e = command(m, NULL, "CAPABILITY");
    if (e) return e;
    *ret = m;
    m = NULL;
    return ERR_OK;
}

void imap_free(struct imap *m)
{
    if (!m) return;
    mail_conn_free(m->conn);
    imap_reader_end(&m->reader);
    mem_free(m);
}

void imap_freep(struct imap **m)
{
    imap_free(*m);
}

bool imap_can_idle(const struct imap *m)
{
    return m->idle;
}

enum err imap_select(struct imap *m, const char *folder, struct imap_folder *ret)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(COMMAND_MAX);
    buf_adds(&text, "EXAMINE ");
    if (!imap_folder_write(&text, folder))
        return fault(m->ctx, ERR_NOT_FOUND, "MAIL_FOLDER_UNKNOWN", "no such folder: %s", folder);
    *ret = (struct imap_folder){0};
    struct imap_line line;
    m->folder = ret;
    enum err e = command(m, &line, text.data);
    m->folder = NULL;
    m->news = false;
    if (e) return e;
    if (line.status != IMAP_OK)
        return refused(m, &line, ERR_NOT_FOUND, "MAIL_FOLDER_UNKNOWN",
                       "the folder cannot be opened");
    return ERR_OK;
}

enum err imap_first_since(struct imap *m, int64_t since_unix_ms, uint32_t *ret_uid)
{
    char day[16];
    imap_day(since_unix_ms, day);
    *ret_uid = 0;
    CLEANUP(buf_free) struct buf text = BUF_INIT(COMMAND_MAX);
    buf_addf(&text, "UID SEARCH %sSINCE %s", m->esearch ? "RETURN (MIN) " : "", day);
    struct imap_line line;
    m->smallest = ret_uid;
    enum err e = command(m, &line, text.data);
    m->smallest = NULL;
    if (!e && line.status != IMAP_OK)
        e = refused(m, &line, ERR_UPSTREAM, "MAIL_PROTOCOL", "the mail server does not search");
    return e;
}

enum err imap_list(struct imap *m, struct arena *a, uint32_t from_uid, struct imap_items *ret)
{
    *ret = (struct imap_items){0};
    CLEANUP(buf_free) struct buf text = BUF_INIT(COMMAND_MAX);
    buf_addf(&text, "UID FETCH %u:* (UID RFC822.SIZE INTERNALDATE FLAGS)", from_uid);
    struct imap_line line;
    m->items = ret;
    m->items_arena = a;
    m->items_room = 0;
    m->items_from = from_uid;
    m->news = false;
    enum err e = command(m, &line, text.data);
    m->items = NULL;
    if (e) return e;
    /* An empty folder is refused by some servers: nothing is there then. */
    if (line.status == IMAP_BAD)
        return refused(m, &line, ERR_UPSTREAM, "MAIL_PROTOCOL", "the mail server does not list");
    items_settle(ret);
    return ERR_OK;
}

enum err imap_ask(struct imap *m, const struct imap_item *items, int count, size_t max_bytes)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(COMMAND_MAX);
    buf_addf(&text, "I%u UID FETCH ", ++m->tag);
    for (int i = 0; i < count; i++)
        buf_addf(&text, i > 0 ? ",%u" : "%u", items[i].uid);
    buf_adds(&text, " (UID BODY.PEEK[]");
    if (max_bytes > 0) buf_addf(&text, "<0.%zu>", max_bytes);
    buf_adds(&text, ")\r\n");
    return send_text(m, text.data, text.len);
}

enum err imap_fetch(struct imap *m, struct imap_body_sink sink, bool *ret_end, uint32_t *ret_uid)
{
    struct imap_line line;
    enum err e = ERR_OK;
    m->reader.bodies = sink;
    m->got_body = false;
    m->answer_ms = clock_mono_ms() + ANSWER_MS;
    *ret_end = false;
    while (!e && !*ret_end && !m->got_body) {
        e = imap_read(&m->reader, &line);
        if (e)
            e = broken(m, e);
        else if (line.kind == IMAP_UNTAGGED)
            e = untagged(m, &line);
        else
            *ret_end = line.kind == IMAP_TAGGED && line.tag == m->tag;
    }
    m->answer_ms = 0;
    m->reader.bodies = (struct imap_body_sink){0};
    *ret_uid = m->got_body ? m->fetched.uid : 0;
    return e;
}

/* One answer of an IDLE under way, or the end of its time. *ret_end: IDLE is over. */
static enum err idle_answer(struct imap *m, int64_t deadline_ms, bool *ret_end)
{
    struct imap_line line;
    m->deadline_ms = deadline_ms;
    enum err e = imap_read(&m->reader, &line);
    m->deadline_ms = 0;
    if (e == ERR_DEADLINE) {
        *ret_end = true;
        return m->reader.line.len > 0 ? broken(m, ERR_UPSTREAM) : ERR_OK;
    }
    if (e) return broken(m, e);
    if (line.kind == IMAP_UNTAGGED) return untagged(m, &line);
    /* It ended the IDLE by itself, or does not want it after all. */
    if (line.kind == IMAP_TAGGED) return broken(m, ERR_UPSTREAM);
    return ERR_OK;
}

static enum err idle(struct imap *m, int64_t deadline_ms)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(COMMAND_MAX);
    buf_addf(&out, "I%u IDLE\r\n", ++m->tag);
    struct imap_line line;
    enum err e = send_text(m, out.data, out.len);
    if (!e) e = answer(m, true, &line);
    if (e) return e;
    if (line.kind ==
        IMAP_TAGGED) { /* refused: the next waits are shorter and end with a question */
        m->idle = false;
        return ERR_OK;
    }
    for (bool end = false; !end && !m->news;) {
        e = idle_answer(m, deadline_ms, &end);
        if (e) return e;
    }
    e = send_text(m, "DONE\r\n", 6);
    return e ? e : answer(m, false, &line);
}

enum err imap_wait(struct imap *m, int64_t deadline_ms, bool *ret_news)
{
    enum err e = ERR_OK;
    if (!m->news && m->idle) {
        e = idle(m, deadline_ms);
    } else if (!m->news) {
        e = loop_sleep_until(m->ctx->app->loop, deadline_ms);
        if (!e || e == ERR_DEADLINE) e = command(m, NULL, "NOOP");
    }
    *ret_news = m->news;
    return e;
}
