/* One live connection: its queue out, its messages in, its catching up, its end (hub.h says what it
 * is all for).
 *
 * Out: frames wait in a ring and leave at the end of the turn, several per system call. Nothing
 * that runs for many connections (events, hub_each) ever ends one: it queues, marks, and at most
 * sets CLOSING; connections die in conn_flush, conn_tick and on_socket alone. A dead one is freed
 * when its coroutines and the list of dirty ones have let go of it.
 *
 * Catching up: the connection is in the lists before the table is read, and live events are held
 * back meanwhile. What the table gives is at least everything that was given out before; what was
 * held follows, and what is not after `last` was given already. Neither gap nor double can come
 * between.
 *
 * In: wslay reads (ws.c), messages are handled one after the other by one coroutine per
 * connection. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/hub_impl.h"

#define FRAME_TEXT_MAX (4 * MIB)
#define RECEIVE_MS     (10 * SECOND_MS)
#define CATCH_UP_MS    (30 * SECOND_MS)
#define IOV_MAX_HERE   16
#define START_POLL_MS  20

/* --- frames, positions, copies of events ----------------------------------------------- */

static struct frame *frame_alloc(size_t len)
{
    struct frame *f = mem_alloc(sizeof(*f) + len);
    f->refs = 1;
    f->len = len;
    return f;
}

/* Bytes as they go over the line. */
static struct frame *frame_of(const void *data, size_t len)
{
    struct frame *f = frame_alloc(len);
    memcpy(f->data, data, len);
    return f;
}

static struct frame *frame_raw(enum ws_opcode opcode, const void *data, size_t len)
{
    unsigned char head[WS_HEAD_MAX];
    size_t head_len = ws_head(head, opcode, len);
    struct frame *f = frame_alloc(head_len + len);
    memcpy(f->data, head, head_len);
    if (len > 0) memcpy(f->data + head_len, data, len);
    return f;
}

struct frame *frame_ping(void)
{
    return frame_raw(WS_PING, NULL, 0);
}

struct frame *frame_new(const char *type, const char *position, const char *data)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(FRAME_TEXT_MAX);
    buf_adds(&b, "{\"type\":");
    buf_add_json(&b, type);
    if (position) {
        buf_adds(&b, ",\"id\":");
        buf_add_json(&b, position);
    }
    if (data) {
        buf_adds(&b, ",\"data\":");
        buf_adds(&b, data);
    }
    buf_addc(&b, '}');
    if (buf_failed(&b)) return NULL;
    return frame_raw(WS_TEXT, b.data, b.len);
}

void frame_drop(struct frame *f)
{
    if (f && --f->refs == 0) mem_free(f);
}

bool position_after(const struct position *a, const struct position *b)
{
    return a->xid != b->xid ? a->xid > b->xid : a->id > b->id;
}

static bool position_parse(const char *text, struct position *ret)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    uint64_t xid = strtoull(text, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1])) return false;
    int64_t id = strtoll(end + 1, &end, 10);
    if (errno || *end) return false;
    *ret = (struct position){.xid = xid, .id = id};
    return true;
}

struct held_event *held_new(const struct event *e)
{
    struct held_event *h = mem_alloc(sizeof(*h));
    h->refs = 1;
    h->e = *e;
    h->e.position = mem_strdup(e->position);
    h->e.type = mem_strdup(e->type);
    h->e.payload = mem_strdup(e->payload);
    return h;
}

void held_drop(struct held_event *h)
{
    if (!h || --h->refs > 0) return;
    mem_free((void *)(uintptr_t)h->e.position);
    mem_free((void *)(uintptr_t)h->e.type);
    mem_free((void *)(uintptr_t)h->e.payload);
    mem_free(h);
}

/* --- birth and death ------------------------------------------------------------------- */

static const char *keep(struct hub_conn *conn, int i, const char *text)
{
    conn->texts[i] = mem_strdup(text);
    return conn->texts[i];
}

struct hub_conn *conn_new(struct hub *h, struct ctx *c, const struct hub_kind *kind,
                          void *user_data, const char *cursor)
{
    struct hub_conn *conn = mem_alloc(sizeof(*conn));
    conn->hub = h;
    conn->kind = kind;
    conn->user_data = user_data;
    conn->org = c->org;
    conn->actor = c->actor;
    conn->actor.name = keep(conn, 0, c->actor.name);
    conn->actor.team_ids = keep(conn, 1, c->actor.team_ids);
    conn->actor.language = keep(conn, 2, c->actor.language);
    conn->address = keep(conn, 3, c->address);
    conn->cursor = keep(conn, 4, cursor);
    conn->fd = -1;
    conn->inbox_last = &conn->inbox;
    h->count++;
    return conn;
}

static void conn_free(struct hub_conn *conn)
{
    if (conn->state == CONN_NEW) conn->hub->count--;
    conn->kind->closed(conn);
    for (size_t i = 0; i < ARRAY_LEN(conn->texts); i++)
        mem_free(conn->texts[i]);
    mem_free(conn);
}

void hub_conn_release(struct hub_conn *conn)
{
    if (--conn->refs == 0 && conn->state == CONN_DEAD) conn_free(conn);
}

static void queue_drop_last(struct hub_conn *conn)
{
    struct frame *f =
        conn->queue[(conn->queue_first + --conn->queue_count) & (conn->queue_cap - 1)];
    conn->queue_bytes -= f->len;
    frame_drop(f);
}

static void held_clear(struct hub_conn *conn)
{
    for (size_t i = 0; i < conn->held_count; i++)
        held_drop(conn->held[i]);
    mem_free(conn->held);
    conn->held = NULL;
    conn->held_count = conn->held_cap = 0;
}

static void inbox_clear(struct hub_conn *conn)
{
    while (conn->inbox) {
        struct message *m = conn->inbox;
        conn->inbox = m->next;
        mem_free(m);
    }
    conn->inbox_last = &conn->inbox;
    conn->inbox_count = 0;
}

void conn_cut(struct hub_conn *conn)
{
    if (conn->state == CONN_DEAD) return;
    conn->state = CONN_DEAD;
    conn->hub->count--;
    hub_leave(conn);
    loop_unwatch(conn->hub->loop, conn->watch);
    (void)close(conn->fd);
    conn->fd = -1;
    while (conn->queue_count > 0)
        queue_drop_last(conn);
    mem_free(conn->queue);
    conn->queue = NULL;
    held_clear(conn);
    inbox_clear(conn);
    ws_free(conn->ws);
    conn->ws = NULL;
    loop_cancel(conn->hub->loop, conn->catching);
    loop_cancel(conn->hub->loop, conn->receiving);
    if (conn->refs == 0) conn_free(conn);
}

/* --- out ------------------------------------------------------------------------------- */

static void queue_put(struct hub_conn *conn, struct frame *f)
{
    if (conn->queue_count == conn->queue_cap) {
        size_t cap = conn->queue_cap ? 2 * conn->queue_cap : 8;
        struct frame **ring = mem_array(cap, sizeof(struct frame *));
        for (size_t i = 0; i < conn->queue_count; i++) {
            ring[i] = conn->queue[(conn->queue_first + i) & (conn->queue_cap - 1)];
        }
        mem_free(conn->queue);
        conn->queue = ring;
        conn->queue_cap = cap;
        conn->queue_first = 0;
    }
    if (conn->queue_count == 0) conn->moved_ms = loop_now(conn->hub->loop);
    conn->queue[(conn->queue_first + conn->queue_count++) & (conn->queue_cap - 1)] = f;
    conn->queue_bytes += f->len;
    f->refs++;
    hub_dirty(conn);
}

void conn_send(struct hub_conn *conn, struct frame *f)
{
    if (!f || conn->state != CONN_OPEN) return;
    queue_put(conn, f);
    if (conn->queue_bytes <= QUEUE_MAX || conn->catching_up) return;
    /* It gets again what is dropped here: it comes back with the last position that it saw. */
    hub_count_metric(conn->hub, true, 0);
    while (conn->queue_count > (conn->sent_of_first > 0 ? 1 : 0))
        queue_drop_last(conn);
    conn_close(conn, 1013, "too slow");
}

void conn_close(struct hub_conn *conn, int code, const char *reason)
{
    if (conn->state != CONN_OPEN) return;
    unsigned char data[WS_CLOSE_FRAME_MAX];
    struct frame *f = frame_of(data, ws_close_frame(data, code, reason));
    queue_put(conn, f);
    frame_drop(f);
    conn->state = CONN_CLOSING;
    conn->goodbye_ms = loop_now(conn->hub->loop) + GOODBYE_MS;
    loop_cancel(conn->hub->loop, conn->catching);
}

/* n bytes have left. */
static void queue_advance(struct hub_conn *conn, size_t n)
{
    conn->moved_ms = loop_now(conn->hub->loop);
    while (n > 0) {
        struct frame *f = conn->queue[conn->queue_first];
        size_t left = f->len - conn->sent_of_first;
        if (n < left) {
            conn->sent_of_first += n;
            return;
        }
        n -= left;
        conn->sent_of_first = 0;
        conn->queue_first = (conn->queue_first + 1) & (conn->queue_cap - 1);
        conn->queue_count--;
        conn->queue_bytes -= f->len;
        frame_drop(f);
    }
}

/* One system call. 1: go on; 0: the kernel takes no more; -1: broken. */
static int send_some(struct hub_conn *conn)
{
    struct iovec iov[IOV_MAX_HERE];
    size_t n = 0;
    for (; n < conn->queue_count && n < IOV_MAX_HERE; n++) {
        struct frame *f = conn->queue[(conn->queue_first + n) & (conn->queue_cap - 1)];
        size_t skip = n == 0 ? conn->sent_of_first : 0;
        iov[n] = (struct iovec){.iov_base = f->data + skip, .iov_len = f->len - skip};
    }
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
    ssize_t sent = sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    queue_advance(conn, (size_t)sent);
    return 1;
}

static void want_write(struct hub_conn *conn, bool on)
{
    if (conn->writing == on) return;
    conn->writing = on;
    loop_watch_set(conn->hub->loop, conn->watch, EPOLLIN | (on ? (uint32_t)EPOLLOUT : 0));
}

void conn_flush(struct hub_conn *conn)
{
    if (conn->state == CONN_DEAD) return;
    int more = 1;
    while (conn->queue_count > 0 && more > 0)
        more = send_some(conn);
    if (more < 0 || (conn->over && conn->queue_count == 0)) {
        conn_cut(conn);
        return;
    }
    want_write(conn, conn->queue_count > 0);
    if (conn->queue_count == 0 && conn->queue_cap > 64) { /* a burst is over: give its ring back */
        mem_free(conn->queue);
        conn->queue = NULL;
        conn->queue_cap = conn->queue_first = 0;
    }
    if (conn->draining && conn->queue_bytes <= QUEUE_SHORT)
        loop_wake(conn->hub->loop, conn->catching);
}

/* --- events ---------------------------------------------------------------------------- */

/* The frame of e's payload as it is, made once while e is given out. */
static struct frame *shared_frame(struct hub_conn *conn, const struct event *e, const char *type)
{
    struct hub *h = conn->hub;
    if (h->current != e) return frame_new(type, e->position, e->payload);
    if (!h->cached || h->cached_kind != conn->kind || strcmp(h->cached_type, type) != 0) {
        frame_drop(h->cached);
        mem_free(h->cached_type);
        h->cached = frame_new(type, e->position, e->payload);
        h->cached_kind = conn->kind;
        h->cached_type = mem_strdup(type);
    }
    if (h->cached) h->cached->refs++;
    return h->cached;
}

static void deliver(struct hub_conn *conn, const struct event *e)
{
    struct position p = {.xid = e->xid, .id = e->id};
    if (conn->state != CONN_OPEN || !position_after(&p, &conn->last)) return;
    conn->last = p;
    CLEANUP(buf_free) struct buf out = BUF_INIT(FRAME_TEXT_MAX);
    const char *type = conn->kind->filter(conn, e, &out);
    if (!type || conn->state != CONN_OPEN) return;
    struct frame *f =
        out.len == 0 ? shared_frame(conn, e, type) : frame_new(type, e->position, buf_str(&out));
    conn->told = p;
    conn_send(conn, f);
    frame_drop(f);
}

void conn_event(struct hub_conn *conn, const struct event *e, struct held_event **held)
{
    if (!conn->catching_up) {
        deliver(conn, e);
        return;
    }
    if (conn->overrun) return;
    if (conn->held_count >= HELD_MAX) {
        held_clear(conn);
        conn->overrun = true;
        return;
    }
    if (conn->held_count == conn->held_cap) {
        conn->held_cap = conn->held_cap ? 2 * conn->held_cap : 16;
        conn->held = mem_realloc(conn->held, conn->held_cap * sizeof(struct held_event *));
    }
    if (!*held) *held = held_new(e);
    (*held)->refs++;
    conn->held[conn->held_count++] = *held;
}

/* --- catching up ----------------------------------------------------------------------- */

static void on_missed(void *arg, const struct event *e)
{
    deliver(arg, e);
}

/* hello and reload: where the client stands. */
static void send_position(struct hub_conn *conn, const char *type, const char *position)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * KIB);
    buf_adds(&b, "{\"type\":");
    buf_add_json(&b, type);
    buf_adds(&b, ",\"position\":");
    buf_add_json(&b, position);
    buf_adds(&b, ",\"data\":{\"position\":");
    buf_add_json(&b, position);
    buf_adds(&b, "}}");
    struct frame *f = frame_raw(WS_TEXT, buf_str(&b), b.len);
    conn->told = conn->last;
    conn->greeted = true;
    conn_send(conn, f);
    frame_drop(f);
}

static struct ctx *conn_ctx(struct hub_conn *conn, int64_t ms)
{
    struct ctx *c = ctx_new(conn->hub->app, 8 * MIB, clock_mono_ms() + ms);
    c->org = conn->org;
    c->actor = conn->actor;
    c->address = conn->address;
    return c;
}

/* Start at the newest position, and say so. */
static enum err start_here(struct hub_conn *conn, const char *type)
{
    CLEANUP(ctx_freep) struct ctx *c = conn_ctx(conn, CATCH_UP_MS);
    const char *position = NULL;
    conn->overrun =
        false; /* before asking: what is held from now on is after the position, or skipped */
    enum err e = events_position(c, &position);
    if (e) return e;
    if (!position_parse(position, &conn->last)) return ERR_INTERNAL;
    send_position(conn, type, position);
    return ERR_OK;
}

/* Wait until most of the queue has left. */
static enum err wait_for_queue(struct hub_conn *conn)
{
    enum err e = ERR_OK;
    conn->draining = true;
    while (!e && conn->state == CONN_OPEN && conn->queue_bytes > QUEUE_SHORT) {
        e = loop_park(conn->hub->loop,
                      CLOCK_NEVER); /* conn_tick cuts those that stall, which cancels us */
    }
    conn->draining = false;
    if (!e && conn->state != CONN_OPEN) e = ERR_CANCELLED;
    return e;
}

/* What was committed after the client's position. ERR_NOT_FOUND: too much, or too old. */
static enum err give_missed(struct hub_conn *conn)
{
    char *at = mem_strdup(conn->cursor);
    enum err e = position_parse(at, &conn->last) ? ERR_OK : ERR_NOT_FOUND;
    if (!e) send_position(conn, "hello", at);
    bool more = true;
    for (int given = 0; !e && more; given += BATCH) {
        if (given >= MISSED_MAX) {
            e = ERR_NOT_FOUND;
            break;
        }
        CLEANUP(ctx_freep) struct ctx *c = conn_ctx(conn, CATCH_UP_MS);
        const char *last = NULL;
        more = false;
        e = events_since(c, at, BATCH, on_missed, conn, &last, &more);
        if (!e && last) {
            mem_free(at);
            at = mem_strdup(last);
        }
        if (!e) e = wait_for_queue(conn);
    }
    mem_free(at);
    return e;
}

/* What came live meanwhile, until nothing is left. */
static enum err give_held(struct hub_conn *conn)
{
    enum err e = ERR_OK;
    while (!e && (conn->held_count > 0 || conn->overrun)) {
        if (conn->overrun) {
            e = start_here(conn, "reload");
            continue;
        }
        size_t n = conn->held_count < BATCH ? conn->held_count : BATCH;
        for (size_t i = 0; i < n; i++) {
            deliver(conn, &conn->held[i]->e);
            held_drop(conn->held[i]);
        }
        conn->held_count -= n;
        memmove(conn->held, conn->held + n, conn->held_count * sizeof(struct held_event *));
        e = wait_for_queue(conn);
    }
    return e;
}

static void catch_up(void *arg)
{
    struct hub_conn *conn = arg;
    struct hub *h = conn->hub;
    enum err e = ERR_OK;
    /* A worker that just started: its reader must know where it begins before the table is read for
     * anybody. */
    while (!e && !event_reader_started(h->app->events))
        e = loop_sleep(h->loop, START_POLL_MS);
    if (!e) e = conn->cursor ? give_missed(conn) : start_here(conn, "hello");
    if (e == ERR_NOT_FOUND && conn->state == CONN_OPEN) e = start_here(conn, "reload");
    if (!e) e = give_held(conn);
    if (!e) {
        held_clear(conn);
        conn->catching_up = false;
    } else {
        conn_close(conn, 1013, "try again");
    }
    conn->catching = NULL;
    hub_conn_release(conn);
}

/* --- in -------------------------------------------------------------------------------- */

static void handle_message(struct hub_conn *conn, const struct message *m)
{
    CLEANUP(ctx_freep) struct ctx *c = conn_ctx(conn, RECEIVE_MS);
    json_t *frame = NULL;
    if (json_parse(c->arena, m->text, m->len, &frame, NULL) != ERR_OK || !json_is_object(frame)) {
        conn_close(conn, 1008, "not a JSON object");
        return;
    }
    const char *type = json_get_text(frame, "type");
    if (type && strcmp(type, "ping") == 0) {
        hub_send(conn, "pong", NULL);
    }
    if (conn->kind->receive) conn->kind->receive(c, conn, frame);
}

static void receive(void *arg)
{
    struct hub_conn *conn = arg;
    while (conn->inbox && conn->state == CONN_OPEN) {
        struct message *m = conn->inbox;
        conn->inbox = m->next;
        if (!conn->inbox) conn->inbox_last = &conn->inbox;
        conn->inbox_count--;
        handle_message(conn, m);
        mem_free(m);
    }
    conn->receiving = NULL;
    hub_conn_release(conn);
}

static void on_text(void *arg, const char *text, size_t len)
{
    struct hub_conn *conn = arg;
    if (conn->state != CONN_OPEN) return;
    if (conn->inbox_count >= INBOX_MAX) {
        conn_close(conn, 1008, "too many messages");
        return;
    }
    struct message *m = mem_alloc(sizeof(*m) + len + 1);
    m->len = len;
    if (len > 0) memcpy(m->text, text, len);
    *conn->inbox_last = m;
    conn->inbox_last = &m->next;
    conn->inbox_count++;
    if (conn->receiving) return;
    if (loop_spawn(conn->hub->loop, receive, conn, &conn->receiving) == ERR_OK) {
        conn->refs++;
    } else {
        conn_close(conn, 1013, "too busy");
    }
}

static void on_output(void *arg, const void *data, size_t len)
{
    struct hub_conn *conn = arg;
    if (conn->state != CONN_OPEN) return;
    struct frame *f = frame_of(data, len);
    conn_send(conn, f);
    frame_drop(f);
}

static const struct ws_events ws_events = {.text = on_text, .output = on_output};

static void take(struct hub_conn *conn, const unsigned char *data, size_t len)
{
    conn->heard_ms = loop_now(conn->hub->loop);
    if (!conn->ws) ws_skip_pongs(&data, &len);
    if (len == 0) return;
    if (!conn->ws) conn->ws = ws_new(&ws_events, conn);
    if (conn->ws && ws_feed(conn->ws, data, len)) return;
    /* Over: the last words are in the queue already. */
    conn->over = true;
    if (conn->state == CONN_OPEN) {
        conn->state = CONN_CLOSING;
        conn->goodbye_ms = loop_now(conn->hub->loop) + GOODBYE_MS;
        loop_cancel(conn->hub->loop, conn->catching);
    }
    hub_dirty(conn);
}

static void on_socket(void *arg, uint32_t events)
{
    struct hub_conn *conn = arg;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        unsigned char data[16 * 1024];
        ssize_t n = recv(conn->fd, data, sizeof(data), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            conn_cut(conn);
            return;
        }
        if (n > 0 && !conn->over) take(conn, data, (size_t)n);
    }
    if (events & EPOLLOUT) conn_flush(conn);
}

void conn_upgraded(void *arg, int fd, const void *extra, size_t extra_len)
{
    struct hub_conn *conn = arg;
    struct hub *h = conn->hub;
    conn->watch = fd >= 0 ? loop_watch(h->loop, fd, EPOLLIN, on_socket, conn) : NULL;
    if (!conn->watch) {
        if (fd >= 0) (void)close(fd);
        conn_free(conn);
        return;
    }
    int size = SEND_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    int64_t now_ms = loop_now(h->loop);
    uint32_t chance = 0;
    crypto_random(&chance, sizeof(chance));
    conn->fd = fd;
    conn->state = CONN_OPEN;
    conn->heard_ms = now_ms;
    conn->ping_ms =
        now_ms + PING_MS / 2 + (int64_t)(chance % (uint32_t)(PING_MS / 2)); /* not all at once */
    conn->catching_up = true;
    hub_enter(conn);
    if (conn->kind->opened) conn->kind->opened(conn);
    if (h->draining) {
        conn_close(conn, 1012, "restart");
    } else if (loop_spawn(h->loop, catch_up, conn, &conn->catching) == ERR_OK) {
        conn->refs++;
    } else {
        conn_close(conn, 1013, "too busy");
    }
    if (extra_len > 0) take(conn, extra, extra_len);
}

/* --- time ------------------------------------------------------------------------------ */

static void send_ping(struct hub_conn *conn)
{
    conn_send(conn, conn->hub->ping);
    if (conn->catching_up || !position_after(&conn->last, &conn->told)) return;
    char text[64];
    (void)snprintf(text, sizeof(text), "%llu-%lld", (unsigned long long)conn->last.xid,
                   (long long)conn->last.id);
    struct frame *f = frame_new("tick", text, NULL);
    conn->told = conn->last;
    conn_send(conn, f);
    frame_drop(f);
}

void conn_tick(struct hub_conn *conn, int64_t now_ms)
{
    bool stalled = conn->queue_count > 0 && now_ms - conn->moved_ms > STALL_MS;
    if (stalled) hub_count_metric(conn->hub, true, 0);
    if (stalled || now_ms - conn->heard_ms > SILENCE_MS ||
        (conn->state == CONN_CLOSING && now_ms >= conn->goodbye_ms)) {
        conn_cut(conn);
        return;
    }
    if (conn->state == CONN_OPEN && now_ms >= conn->ping_ms) {
        conn->ping_ms = now_ms + PING_MS;
        send_ping(conn);
    }
}
