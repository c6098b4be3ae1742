/* The hub over real sockets, with a table of events that is only an array: who gets what, catching
 * up without gap or double while news come in, limits, closing, draining. The doubles below take
 * the place of events.c. */
#include <stdio.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/hub.h"
#include "core/metrics.h"
#include "peer.h"

#include "check.h"

/* --- the doubles: events committed to `table` are seen by the reader some time later --- */

#define TABLE_MAX 20000

struct row {
    struct event e;
    char position[32];
    char payload[64];
};

static struct row *table;
static int table_count, given_count; /* committed; given out by the reader */
static void (*listener)(void *arg, const struct event *e);
static void *listener_arg;
static bool reader_started = true;
static int oldest_kept;
static int64_t query_ms; /* what a query takes */
static struct app app;

void event_reader_on(struct event_reader *r, void (*cb)(void *arg, const struct event *e),
                     void *arg)
{
    (void)r;
    listener = cb;
    listener_arg = arg;
}

bool event_reader_started(const struct event_reader *r)
{
    (void)r;
    return reader_started;
}

enum err events_since(struct ctx *c, const char *position, int limit,
                      void (*cb)(void *arg, const struct event *e), void *arg,
                      const char **ret_last, bool *ret_more)
{
    int id = (int)strtol(strchr(position, '-') + 1, NULL, 10);
    int count = table_count; /* the snapshot, taken before the wait of the way back */
    enum err e = loop_sleep(app.loop, query_ms);
    if (e) return e;
    if (id < oldest_kept) return ERR_NOT_FOUND;
    int n = 0;
    *ret_last = position;
    *ret_more = false;
    for (int i = id; i < count; i++) {
        if (!uuid_equal(table[i].e.org, c->org)) continue;
        if (n++ == limit) {
            *ret_more = true;
            break;
        }
        cb(arg, &table[i].e);
        *ret_last = table[i].position;
    }
    return ERR_OK;
}

enum err events_position(struct ctx *c, const char **ret_position)
{
    int count = table_count;
    enum err e = loop_sleep(app.loop, query_ms);
    *ret_position = arena_printf(c->arena, "%d-%d", 100 + count / 10, count);
    return e;
}

/* Commit one; ids go up by one, several share a transaction. */
static void commit(struct uuid org, const char *type, struct uuid user)
{
    assert_true(table_count < TABLE_MAX);
    struct row *r = &table[table_count++];
    *r = (struct row){0};
    r->e = (struct event){.xid = (uint64_t)(100 + table_count / 10),
                          .id = table_count,
                          .org = org,
                          .type = type,
                          .user = user};
    (void)snprintf(r->position, sizeof(r->position), "%d-%d", (int)r->e.xid, table_count);
    (void)snprintf(r->payload, sizeof(r->payload), "{\"n\":%d}", table_count);
    r->e.position = r->position;
    r->e.payload = r->payload;
}

static void give(void)
{
    while (given_count < table_count)
        listener(listener_arg, &table[given_count++].e);
}

/* --- the kind -------------------------------------------------------------------------- */

struct reader {
    struct uuid user;
};

static int opened, closed, receives_cancelled;
static struct uuid org_a = {.b = {1, [15] = 1}}, org_b = {.b = {1, [15] = 2}}, nobody,
                   ana = {.b = {7}}, rui = {.b = {8}};

static const char *filter(struct hub_conn *conn, const struct event *e, struct buf *out)
{
    const struct reader *r = hub_data(conn);
    if (strcmp(e->type, "kick") == 0) {
        hub_close(conn, 4001, "rights changed");
        return NULL;
    }
    if (!uuid_is_nil(e->user) && !uuid_equal(e->user, r->user)) return NULL;
    if (strcmp(e->type, "own") == 0) {
        buf_addf(out, "{\"you\":%d}", r->user.b[0]);
        return "own.changed";
    }
    return e->type;
}

static void receive(struct ctx *c, struct hub_conn *conn, const json_t *frame)
{
    const char *type = json_get_text(frame, "type");
    if (type && strcmp(type, "echo") == 0) {
        char data[64];
        (void)snprintf(data, sizeof(data), "{\"n\":%lld,\"lang\":\"%s\"}",
                       (long long)json_get_int(frame, "n", 0), c->actor.language);
        hub_send(conn, "echo", data);
    } else if (type && strcmp(type, "wait") == 0) {
        if (loop_sleep(c->app->loop, 60000) == ERR_CANCELLED) receives_cancelled++;
        assert_non_null(hub_data(conn)); /* still there */
    }
}

static void on_opened(struct hub_conn *conn)
{
    (void)conn;
    opened++;
}

static bool anyone(struct hub_conn *conn, void *arg)
{
    (void)conn;
    (void)arg;
    return true;
}

static void on_closed(struct hub_conn *conn)
{
    closed++;
    mem_free(hub_data(conn));
}

static const struct hub_kind kind = {
    .name = "test", .filter = filter, .receive = receive, .opened = on_opened, .closed = on_closed};

/* --- the server ------------------------------------------------------------------------ */

static struct http_server *server;
static int port;

static void handle(void *arg, struct ctx *c, struct request *r, struct reply *p)
{
    (void)arg;
    struct reader *reader = mem_alloc(sizeof(*reader));
    reader->user = strstr(r->path, "/rui") ? rui : ana;
    c->org = strstr(r->path, "/b") == r->path ? org_b : org_a;
    c->actor.language = "pt";
    enum err e = hub_accept(c, r, p, &kind, reader, *r->query ? r->query : NULL);
    if (!e) return;
    mem_free(reader);
    reply_fault(c, p, e);
}

static enum err accept_request(void *arg, struct request *r, size_t *ret_body_max,
                               int64_t *ret_upload_max)
{
    (void)arg;
    (void)r;
    *ret_body_max = 0;
    *ret_upload_max = 0;
    return ERR_OK;
}

static void start(int max)
{
    struct http_server_options o = {.host = "127.0.0.1", .listen_fd = -1};
    struct http_callbacks cb = {.accept = accept_request, .handle = handle};
    app.loop = loop_new(2000, 0);
    table_count = given_count = oldest_kept = opened = closed = receives_cancelled = 0;
    query_ms = 0;
    reader_started = true;
    app.hub = hub_new(&app, max);
    assert_int_equal(http_server_new(&app, app.loop, &o, &cb, &server), ERR_OK);
    port = http_server_port(server);
}

static void stop(void)
{
    http_server_free(server);
    hub_free(app.hub);
    assert_null(app.hub);
    assert_int_equal(opened, closed);
    loop_free(app.loop);
}

static void client_main(void *arg)
{
    void (*const *fn)(struct loop *) = arg;
    (*fn)(app.loop);
    loop_stop(app.loop);
}

static void with_hub(void (*fn)(struct loop *l))
{
    start(1000);
    assert_int_equal(loop_spawn(app.loop, client_main, &fn, NULL), ERR_OK);
    loop_run(app.loop);
    stop();
}

/* --- a WebSocket client ---------------------------------------------------------------- */

static struct peer ws_open(struct loop *l, const char *target, int status)
{
    char request[400];
    struct peer p = peer_connect(l, port);
    (void)snprintf(
        request, sizeof(request),
        "GET %s HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        target);
    struct peer_answer a = peer_ask(&p, request);
    assert_int_equal(a.status, status);
    if (status == 101)
        assert_string_equal(peer_header(&a, "Sec-WebSocket-Accept"),
                            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    peer_answer_free(&a);
    return p;
}

static void ws_say(struct peer *p, unsigned char opcode, const char *text)
{
    size_t len = strlen(text);
    unsigned char frame[200] = {opcode, (unsigned char)(0x80 | len), 1, 2, 3, 4};
    assert_true(len < 126);
    for (size_t i = 0; i < len; i++)
        frame[6 + i] = (unsigned char)(text[i] ^ (char)(1 + i % 4));
    (void)peer_send(p, frame, 6 + len);
}

/* The next frame's opcode and payload; 0 when closed, or when nothing comes within ms. */
static int ws_hear(struct peer *p, struct buf *out, int64_t ms)
{
    for (;;) {
        const unsigned char *d = (unsigned char *)p->in.data;
        size_t head = 2, len = p->in.len >= 2 ? d[1] : 0;
        if (len == 126) head = 4;
        if (len == 127) head = 10;
        if (p->in.len >= head && len >= 126) {
            size_t n = 0;
            for (size_t i = 2; i < head; i++)
                n = n << 8 | d[i];
            len = n;
        }
        if (p->in.len >= 2 && p->in.len >= head + len) {
            int opcode = d[0] & 0x0f;
            buf_clear(out);
            buf_add(out, d + head, len);
            buf_drop(&p->in, head + len);
            return opcode;
        }
        if (!peer_more(p, ms)) return 0;
    }
}

/* The next text frame must be exactly this. */
static void ws_expect(struct peer *p, const char *text)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    int opcode = ws_hear(p, &b, PEER_WAIT_MS);
    if (opcode != 1 || strcmp(buf_str(&b), text) != 0)
        fail_msg("expected %s, got %d %s", text, opcode, buf_str(&b));
}

static void ws_silent(struct peer *p)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    int opcode = ws_hear(p, &b, 40);
    if (opcode != 0 || p->closed) fail_msg("expected silence, got %d %s", opcode, buf_str(&b));
}

static void ws_expect_close(struct peer *p, int code)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    int opcode = 0;
    do
        opcode = ws_hear(p, &b, PEER_WAIT_MS);
    while (opcode == 1 || opcode == 9);
    assert_int_equal(opcode, 8);
    assert_int_equal((unsigned char)b.data[0] << 8 | (unsigned char)b.data[1], code);
}

#define HELLO(p)  "{\"type\":\"hello\",\"position\":\"" p "\",\"data\":{\"position\":\"" p "\"}}"
#define RELOAD(p) "{\"type\":\"reload\",\"position\":\"" p "\",\"data\":{\"position\":\"" p "\"}}"

/* --- tests ----------------------------------------------------------------------------- */

static void who_gets_what(struct loop *l)
{
    struct peer p1 = ws_open(l, "/a/ana", 101), p2 = ws_open(l, "/a/rui", 101),
                p3 = ws_open(l, "/b/ana", 101);
    ws_expect(&p1, HELLO("100-0"));
    ws_expect(&p2, HELLO("100-0"));
    ws_expect(&p3, HELLO("100-0"));
    assert_int_equal(hub_count(app.hub), 3);
    commit(org_a, "message.created", nobody);
    commit(org_b, "message.created", nobody);
    commit(org_a, "secret", rui);
    commit(org_a, "own", nobody);
    give();
    ws_expect(&p1, "{\"type\":\"message.created\",\"id\":\"100-1\",\"data\":{\"n\":1}}");
    ws_expect(&p1, "{\"type\":\"own.changed\",\"id\":\"100-4\",\"data\":{\"you\":7}}");
    ws_expect(&p2, "{\"type\":\"message.created\",\"id\":\"100-1\",\"data\":{\"n\":1}}");
    ws_expect(&p2, "{\"type\":\"secret\",\"id\":\"100-3\",\"data\":{\"n\":3}}");
    ws_expect(&p2, "{\"type\":\"own.changed\",\"id\":\"100-4\",\"data\":{\"you\":8}}");
    ws_expect(&p3, "{\"type\":\"message.created\",\"id\":\"100-2\",\"data\":{\"n\":2}}");
    hub_each(app.hub, org_a, anyone, "typing", "{\"on\":true}", NULL);
    ws_expect(&p1, "{\"type\":\"typing\",\"data\":{\"on\":true}}");
    ws_expect(&p2, "{\"type\":\"typing\",\"data\":{\"on\":true}}");
    ws_silent(&p3);
    assert_true(hub_any(app.hub, org_b, anyone, NULL));
    peer_close(&p3);
    assert_int_equal(loop_sleep(l, 20), ERR_OK);
    assert_false(hub_any(app.hub, org_b, anyone, NULL));
    assert_int_equal(closed, 1);
    commit(org_a, "kick", nobody);
    commit(org_a, "message.created", nobody);
    give();
    ws_expect_close(&p1, 4001);
    ws_expect_close(&p2, 4001);
    peer_close(&p1);
    peer_close(&p2);
}

static void test_who_gets_what(void **state)
{
    (void)state;
    with_hub(who_gets_what);
}

static void messages_in(struct loop *l)
{
    struct peer p = ws_open(l, "/a", 101);
    ws_expect(&p, HELLO("100-0"));
    ws_say(&p, 0x81, "{\"type\":\"ping\"}");
    ws_expect(&p, "{\"type\":\"pong\"}");
    for (int i = 0; i < 20; i++) { /* in order */
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"type\":\"echo\",\"n\":%d}", i);
        ws_say(&p, 0x81, text);
    }
    for (int i = 0; i < 20; i++) {
        char text[100];
        (void)snprintf(text, sizeof(text),
                       "{\"type\":\"echo\",\"data\":{\"n\":%d,\"lang\":\"pt\"}}", i);
        ws_expect(&p, text);
    }
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    ws_say(&p, 0x89, "abc");
    assert_int_equal(ws_hear(&p, &b, PEER_WAIT_MS), 10);
    assert_string_equal(buf_str(&b), "abc");
    ws_say(&p, 0x8a, "");
    ws_say(&p, 0x88, "\x03\xe8");
    ws_expect_close(&p, 1000);
    assert_int_equal(ws_hear(&p, &b, PEER_WAIT_MS), 0);
    assert_true(p.closed);
    peer_close(&p);
    p = ws_open(l, "/a", 101);
    ws_expect(&p, HELLO("100-0"));
    ws_say(&p, 0x81, "not json");
    ws_expect_close(&p, 1008);
    peer_close(&p);
    p = ws_open(l, "/a", 101); /* one works, so the others wait: too many is too many */
    for (int i = 0; i < 50; i++)
        ws_say(&p, 0x81, "{\"type\":\"wait\"}");
    ws_expect_close(&p, 1008);
    assert_int_equal(closed, 2); /* the third is not freed while its message is being handled */
    peer_close(&p);
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    assert_int_equal(closed, 3);
    assert_int_equal(receives_cancelled, 1);
    assert_int_equal(hub_count(app.hub), 0);
}

static void test_messages_in(void **state)
{
    (void)state;
    with_hub(messages_in);
}

static void handshakes(struct loop *l)
{
    static const char *const bad[] = {
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "
        "websocket\r\nSec-WebSocket-Version: 8\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "
        "websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: "
        "websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct peer p = peer_connect(l, port);
        struct peer_answer a = peer_ask(&p, bad[i]);
        assert_int_equal(a.status, 400);
        assert_non_null(strstr(buf_str(&a.body), "WEBSOCKET_EXPECTED"));
        peer_answer_free(&a);
        peer_close(&p);
    }
    assert_int_equal(hub_count(app.hub), 0);
    /* Gone before the answer: what was kept for it is released. */
    struct peer p = peer_connect(l, port);
    (void)peer_sends(
        &p, "GET /a HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    assert_int_equal(hub_count(app.hub), 0);
    assert_int_equal(closed, 1);
    opened++; /* closed without having been opened: keeps the sums of stop() right */
    peer_close(&p);
}

static void test_handshakes(void **state)
{
    (void)state;
    with_hub(handshakes);
}

static void resume(struct loop *l)
{
    for (int i = 0; i < 30; i++)
        commit(i % 3 == 2 ? org_b : org_a, "message.created", nobody);
    give();
    struct peer p = ws_open(l, "/a?102-25", 101);
    ws_expect(&p, HELLO("102-25"));
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"102-26\",\"data\":{\"n\":26}}");
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"102-28\",\"data\":{\"n\":28}}");
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"102-29\",\"data\":{\"n\":29}}");
    ws_silent(&p);
    peer_close(&p);
    /* Nonsense, or too old: load afresh, from where it is now. */
    static const char *const bad[] = {
        "/a?x", "/a?-", "/a?1", "/a?5-", "/a?-5-3", "/a?99999999999999999999999-1", "/a?5-1x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        p = ws_open(l, bad[i], 101);
        ws_expect(&p, RELOAD("103-30"));
        peer_close(&p);
    }
    oldest_kept = 20;
    p = ws_open(l, "/a?100-5", 101);
    ws_expect(&p, HELLO("100-5"));
    ws_expect(&p, RELOAD("103-30"));
    commit(org_a, "message.created", nobody);
    give();
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"103-31\",\"data\":{\"n\":31}}");
    peer_close(&p);
    /* Too much to replay. */
    oldest_kept = 0;
    for (int i = 0; i < 5000; i++)
        commit(org_a, "message.created", nobody);
    give();
    p = ws_open(l, "/a?100-5", 101);
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    int frames = 0;
    while (ws_hear(&p, &b, PEER_WAIT_MS) == 1 && !strstr(buf_str(&b), "reload"))
        frames++;
    assert_in_range(frames, 1000, 3000);
    peer_close(&p);
}

static void test_resume(void **state)
{
    (void)state;
    with_hub(resume);
}

/* A reader that lags, a table that grows, clients that come and go at every moment: each must see
 * every event after its position once, in order. */
#define FLOOD_EVENTS  3000
#define FLOOD_CLIENTS 30

static int flood_left;

static void flood_client(void *arg)
{
    unsigned *seed = arg;
    struct loop *l = app.loop;
    char cursor[32] = "100-0", target[64];
    int last = 0;
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    while (last < FLOOD_EVENTS) {
        (void)snprintf(target, sizeof(target), "/a?%s", cursor);
        struct peer p = ws_open(l, target, 101);
        *seed = *seed * 1103515245 + 12345;
        int hear = (int)(*seed >> 16) % 400;
        for (int i = 0; i < hear && last < FLOOD_EVENTS; i++) {
            if (ws_hear(&p, &b, PEER_WAIT_MS) != 1) break;
            const char *n = strstr(buf_str(&b), "{\"n\":");
            if (!n) continue; /* hello */
            int number = (int)strtol(n + 5, NULL, 10);
            if (number != last + 1) fail_msg("after %d came %d", last, number);
            last = number;
            assert_int_equal(sscanf(buf_str(&b), "{\"type\":\"m\",\"id\":\"%31[^\"]", cursor), 1);
        }
        peer_close(&p);
    }
    if (--flood_left == 0) loop_stop(l);
}

static void flood_writer(void *arg)
{
    (void)arg;
    while (table_count < FLOOD_EVENTS) {
        for (int i = 0; i < 7 && table_count < FLOOD_EVENTS; i++)
            commit(org_a, "m", nobody);
        if (loop_sleep(app.loop, 1) != ERR_OK) return;
        if (table_count % 5 == 0) give(); /* sometimes late */
    }
    give();
}

static void test_no_gap_no_double(void **state)
{
    (void)state;
    static unsigned seeds[FLOOD_CLIENTS];
    start(1000);
    query_ms = 3;
    flood_left = FLOOD_CLIENTS;
    assert_int_equal(loop_spawn(app.loop, flood_writer, NULL, NULL), ERR_OK);
    for (int i = 0; i < FLOOD_CLIENTS; i++) {
        seeds[i] = (unsigned)i * 7919 + 1;
        assert_int_equal(loop_spawn(app.loop, flood_client, &seeds[i], NULL), ERR_OK);
    }
    loop_run(app.loop);
    stop();
}

/* The catch-up waits until the worker's reader knows where it begins. */
static void before_the_reader(struct loop *l)
{
    reader_started = false;
    commit(org_a, "message.created", nobody);
    struct peer p = ws_open(l, "/a?100-0", 101);
    hub_each(app.hub, org_a, anyone, "typing", "{}", NULL); /* passing: not before the hello */
    ws_silent(&p);
    commit(org_a, "message.created", nobody);
    given_count = table_count; /* the reader begins after it */
    reader_started = true;
    ws_expect(&p, HELLO("100-0"));
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"100-1\",\"data\":{\"n\":1}}");
    ws_expect(&p, "{\"type\":\"message.created\",\"id\":\"100-2\",\"data\":{\"n\":2}}");
    peer_close(&p);
}

static void test_before_the_reader(void **state)
{
    (void)state;
    with_hub(before_the_reader);
}

/* Does not read: it is cut, the others do not notice. */
static void slow_reader(struct loop *l)
{
    struct peer slow = ws_open(l, "/a", 101), quick = ws_open(l, "/a", 101);
    int small = 4096;
    (void)setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    ws_expect(&slow, HELLO("100-0"));
    ws_expect(&quick, HELLO("100-0"));
    char *big = mem_alloc(20001);
    memset(big, 'x', 20000);
    big[0] = big[19999] = '"';
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    for (int i = 0; i < 300; i++) {
        hub_each(app.hub, org_a, anyone, "big", big, NULL);
        assert_int_equal(ws_hear(&quick, &b, PEER_WAIT_MS), 1);
        assert_true(b.len > 20000);
    }
    mem_free(big);
    assert_int_equal(loop_sleep(l, 4000), ERR_OK); /* it had 2 s to take its leave */
    assert_int_equal(hub_count(app.hub), 1);
    peer_close(&slow);
    peer_close(&quick);
}

static void test_slow_reader(void **state)
{
    (void)state;
    with_hub(slow_reader);
}

/* A burst of one turn, more than the kernel takes at once: whoever reads gets all of it. */
static void burst(struct loop *l)
{
    struct peer p = ws_open(l, "/a", 101);
    ws_expect(&p, HELLO("100-0"));
    char *big = mem_alloc(20001);
    memset(big, 'x', 20000);
    big[0] = big[19999] = '"';
    for (int i = 0; i < 40; i++)
        hub_each(app.hub, org_a, anyone, "big", big, NULL);
    mem_free(big);
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(ws_hear(&p, &b, PEER_WAIT_MS), 1);
        assert_true(b.len > 20000);
    }
    assert_int_equal(hub_count(app.hub), 1);
    peer_close(&p);
}

static void test_burst(void **state)
{
    (void)state;
    with_hub(burst);
}

static void many(struct loop *l)
{
    struct peer p[100];
    for (int i = 0; i < 100; i++)
        p[i] = ws_open(l, i % 2 ? "/a" : "/b", 101);
    struct peer more = ws_open(l, "/a", 503);
    peer_close(&more);
    for (int i = 0; i < 100; i++)
        ws_expect(&p[i], HELLO("100-0"));
    commit(org_a, "m", nobody);
    give();
    for (int i = 1; i < 100; i += 2)
        ws_expect(&p[i], "{\"type\":\"m\",\"id\":\"100-1\",\"data\":{\"n\":1}}");
    for (int i = 0; i < 100; i += 3)
        peer_abort(&p[i]);
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    assert_int_equal(hub_count(app.hub), 66);
    int64_t began = clock_mono_ms();
    hub_drain(app.hub);
    for (int i = 0; i < 100; i++) {
        if (i % 3 == 0) continue;
        ws_expect_close(&p[i], 1012);
        ws_say(&p[i], 0x88, "\x03\xf4");
        peer_close(&p[i]);
    }
    assert_in_range(clock_mono_ms() - began, 500, 3500);
    more = ws_open(l, "/a", 503);
    peer_close(&more);
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    assert_int_equal(hub_count(app.hub), 0);
}

static void test_many_and_drain(void **state)
{
    (void)state;
    start(100);
    void (*fn)(struct loop *) = many;
    assert_int_equal(loop_spawn(app.loop, client_main, &fn, NULL), ERR_OK);
    loop_run(app.loop);
    stop();
}

static void left_open(struct loop *l)
{
    static struct peer p[4];
    query_ms = 60000; /* they are freed in the middle of catching up */
    for (int i = 0; i < 4; i++)
        p[i] = ws_open(l, "/a?100-0", 101);
    ws_say(&p[0], 0x81, "{\"type\":\"wait\"}");
    assert_int_equal(loop_sleep(l, 30), ERR_OK);
}

static void test_free_while_open(void **state)
{
    (void)state;
    with_hub(left_open);
    assert_int_equal(receives_cancelled, 1);
}

static int set_up(void **state)
{
    (void)state;
    table = mem_array(TABLE_MAX, sizeof(*table));
    return crypto_init() == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mem_free(table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_gets_what),    cmocka_unit_test(test_messages_in),
        cmocka_unit_test(test_handshakes),       cmocka_unit_test(test_resume),
        cmocka_unit_test(test_no_gap_no_double), cmocka_unit_test(test_before_the_reader),
        cmocka_unit_test(test_slow_reader),      cmocka_unit_test(test_burst),
        cmocka_unit_test(test_many_and_drain),   cmocka_unit_test(test_free_while_open),
    };
    return cmocka_run_group_tests_name("hub", tests, set_up, tear_down);
}
