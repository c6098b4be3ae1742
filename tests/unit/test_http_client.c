/* Calls to the outside: methods, headers, redirects, limits of size and time, cancellation, and
 * above all the guard: what may be connected to. The peers are our own server and a small SMTP
 * server, both in the same loop. */
#include <fcntl.h>
#include <stdio.h>
#include <zlib.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/http.h"
#include "core/http_client.h"
#include "peer.h"

#include "check.h"

static struct config config;
static struct app app = {.config = &config};
static struct http_server *server;
static int port;
static unsigned char *bomb;
static size_t bomb_len;
static int requests_seen;

/* --- the peer -------------------------------------------------------------------------- */

static void echo(struct ctx *c, struct request *r, struct reply *p)
{
    const char *key = request_header(c, r, "X-Key"), *type = request_header(c, r, "Content-Type");
    json_t *j =
        json_pack("{s:s,s:s,s:s,s:s#,s:s,s:s}", "method", http_method_names[r->method], "path",
                  r->path, "key", key ? key : "", "body", r->body.data, (int)r->body.len, "type",
                  type ? type : "", "agent", request_header(c, r, "User-Agent"));
    reply_header(c, p, "X-Answer", "yes");
    reply_jsonf(c, p, 200, j);
    json_decref(j);
}

static void handle(void *arg, struct ctx *c, struct request *r, struct reply *p)
{
    (void)arg;
    requests_seen++;
    if (strcmp(r->path, "/redirect") == 0) { /* ?status to */
        const char *space = strchr(r->query, '+');
        reply_json(c, p, (int)strtol(r->query, NULL, 10), "{\"body\":\"of the redirect\"}");
        reply_header(c, p, "Location", space + 1);
    } else if (strcmp(r->path, "/loop") == 0) {
        reply_json(c, p, 302, "{}");
        reply_header(c, p, "Location", "/loop");
    } else if (strcmp(r->path, "/sleep") == 0) {
        if (loop_sleep(c->app->loop, strtol(r->query, NULL, 10)) != ERR_OK) return;
        echo(c, r, p);
    } else if (strcmp(r->path, "/status") == 0) {
        reply_json(c, p, (int)strtol(r->query, NULL, 10), "{}");
    } else if (strcmp(r->path, "/large") == 0) {
        size_t size = (size_t)strtoul(r->query, NULL, 10);
        char *text = arena_alloc(c->arena, size + 1);
        memset(text, 'x', size);
        reply_json(c, p, 200, text);
    } else if (strcmp(r->path, "/bomb") == 0) {
        reply_json(c, p, 200, "");
        p->body = (struct bytes){bomb, bomb_len};
        reply_header(c, p, "Content-Encoding", "gzip");
    } else {
        echo(c, r, p);
    }
}

static enum err accept_request(void *arg, struct request *r, size_t *ret_body_max,
                               int64_t *ret_upload_max)
{
    (void)arg;
    (void)r;
    *ret_body_max = 4 * MIB;
    *ret_upload_max = 0;
    return ERR_OK;
}

static void start(void)
{
    struct http_server_options o = {.host = "0.0.0.0", .listen_fd = -1};
    struct http_callbacks cb = {.accept = accept_request, .handle = handle};
    config = (struct config){.private_networks = "127.0.0.1/32"};
    app.loop = loop_new(500, 0);
    app.http_client = http_client_new(&app);
    assert_non_null(app.http_client);
    assert_int_equal(http_server_new(&app, app.loop, &o, &cb, &server), ERR_OK);
    port = http_server_port(server);
    requests_seen = 0;
}

static void stop(void)
{
    http_client_free(app.http_client);
    assert_null(app.http_client);
    http_server_free(server);
    loop_free(app.loop);
}

struct body_of_test {
    void (*fn)(struct ctx *c);
    int left;
};

static void run_main(void *arg)
{
    struct body_of_test *t = arg;
    struct ctx *c = ctx_new(&app, 16 * MIB, clock_mono_ms() + 20000);
    t->fn(c);
    ctx_free(c);
    if (--t->left == 0) loop_stop(app.loop);
}

static void run_many(void (*fn)(struct ctx *c), int n)
{
    struct body_of_test t = {.fn = fn, .left = n};
    start();
    for (int i = 0; i < n; i++)
        assert_int_equal(loop_spawn(app.loop, run_main, &t, NULL), ERR_OK);
    loop_run(app.loop);
    stop();
}

static const char *url_of(struct ctx *c, const char *host, const char *rest)
{
    return arena_printf(c->arena, "http://%s:%d%s", host, port, rest);
}

/* A context of its own, so that each has its own fault. */
static enum err call_with(struct ctx *c, struct http_call *call, struct http_answer *a,
                          const char *code)
{
    struct ctx *own = ctx_new(&app, 64 * MIB, c->deadline_ms);
    enum err e = http_call(own, call, a);
    if (code && (!own->fault.code || strcmp(own->fault.code, code) != 0)) {
        fail_msg("%s: error %d %s (%s)", call->url, (int)e,
                 own->fault.code ? own->fault.code : "no code",
                 own->fault.message ? own->fault.message : "");
    }
    if (!e) { /* what the tests look at */
        a->body.data = arena_memdup(c->arena, a->body.data, a->body.len + 1);
    }
    ctx_free(own);
    return e;
}

static const char *text_of(const struct http_answer *a)
{
    return (const char *)a->body.data;
}

static void expect(struct ctx *c, struct http_call call, int status, const char *part)
{
    struct http_answer a = {0};
    assert_int_equal(call_with(c, &call, &a, NULL), ERR_OK);
    assert_int_equal(a.status, status);
    if (part && !strstr(text_of(&a), part)) fail_msg("no %s in %s", part, text_of(&a));
}

static void expect_error(struct ctx *c, struct http_call call, enum err e, const char *code)
{
    struct http_answer a = {0};
    enum err got = call_with(c, &call, &a, code);
    if (got != e) fail_msg("%s: error %d", call.url, (int)got);
}

#define BODY(s)                                                                                    \
    {                                                                                              \
        (const unsigned char *)(s), sizeof(s) - 1                                                  \
    }
#define HEADERS(...)                                                                               \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* --- calls ----------------------------------------------------------------------------- */

static void methods(struct ctx *c)
{
    const char *url = url_of(c, "127.0.0.1", "/a");
    expect(c, (struct http_call){.url = url}, 200, "\"method\":\"GET\"");
    expect(c,
           (struct http_call){.method = "POST",
                              .url = url,
                              .body = BODY("hello"),
                              .headers = HEADERS("X-Key: k1", "Content-Type: text/plain")},
           200, "\"key\":\"k1\",\"body\":\"hello\",\"type\":\"text/plain\",\"agent\":\"Interflow/");
    expect(c, (struct http_call){.method = "POST", .url = url}, 200, "\"body\":\"\",\"type\":\"\"");
    expect(c, (struct http_call){.method = "PUT", .url = url, .body = BODY("x")}, 200,
           "\"method\":\"PUT\"");
    expect(c, (struct http_call){.method = "PATCH", .url = url, .body = BODY("x")}, 200,
           "\"method\":\"PATCH\"");
    expect(c, (struct http_call){.method = "DELETE", .url = url}, 200, "\"method\":\"DELETE\"");
    expect(c, (struct http_call){.url = url_of(c, "127.0.0.1", "/status?503")}, 503, NULL);
    expect(c, (struct http_call){.url = url_of(c, "127.0.0.1", "/status?204")}, 204, NULL);
    struct http_answer a = {0};
    struct http_call head = {.method = "HEAD", .url = url};
    assert_int_equal(http_call(c, &head, &a), ERR_OK);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 0);
    assert_string_equal(a.header(&a, "x-answer"), "yes");
    assert_null(a.header(&a, "X-Other"));
    assert_string_equal(a.content_type, "application/json; charset=utf-8");
    assert_string_equal(a.address, "127.0.0.1");
    char *large = arena_alloc(c->arena, 3 * MIB);
    memset(large, 'b', 3 * MIB - 1);
    struct http_call post = {
        .method = "POST", .url = url, .body = {(unsigned char *)large, 3 * MIB - 1}};
    assert_int_equal(http_call(c, &post, &a),
                     ERR_OK); /* more than 1 MiB: no "Expect" is waited for */
    assert_int_equal(a.status, 200);
}

static void test_methods(void **state)
{
    (void)state;
    (void)setenv("http_proxy", "http://127.0.0.1:9", 1); /* not for us */
    run_many(methods, 1);
    (void)unsetenv("http_proxy");
}

static void one_of_many(struct ctx *c)
{
    for (int i = 0; i < 5; i++)
        expect(c, (struct http_call){.url = url_of(c, "127.0.0.1", "/sleep?5")}, 200, "/sleep");
}

static void test_many_at_once(void **state)
{
    (void)state;
    run_many(one_of_many, 100);
}

static void guard(struct ctx *c)
{
    static const char *const refused[] = {
        "127.0.0.2",      "localhost",         "0.0.0.0",   "[::1]",       "[::ffff:127.0.0.2]",
        "[::]",           "169.254.169.254",   "10.0.0.1",  "192.168.1.1", "172.16.3.4",
        "100.64.1.1",     "[64:ff9b::7f00:2]", "[fd00::1]", "[fe80::1]",   "2130706434",
        "0x7f000002",     "0177.0.0.2",        "127.2",     "[ff02::1]",   "224.0.0.1",
        "255.255.255.255"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        config.private_networks = strcmp(refused[i], "localhost") == 0 ? NULL : "127.0.0.1/32";
        expect_error(c, (struct http_call){.url = url_of(c, refused[i], "/"), .timeout_ms = 3000},
                     ERR_FORBIDDEN, "ADDRESS_FORBIDDEN");
    }
    config.private_networks = "127.0.0.1/32";
    assert_int_equal(requests_seen, 0);
    /* A redirect is judged like any call. */
    char rest[100];
    (void)snprintf(rest, sizeof(rest), "/redirect?302+http://127.0.0.2:%d/secret", port);
    expect_error(c, (struct http_call){.url = url_of(c, "127.0.0.1", rest), .redirects_max = 3},
                 ERR_FORBIDDEN, "ADDRESS_FORBIDDEN");
    assert_int_equal(requests_seen, 1);
    expect_error(
        c,
        (struct http_call){.url = url_of(c, "127.0.0.1", "/redirect?302+file:///etc/passwd"),
                           .redirects_max = 3},
        ERR_INVALID, "URL_INVALID");
    /* A connection made without the guard is not lent to one with it. */
    config.private_networks = NULL;
    http_client_free(app.http_client);
    app.http_client = http_client_new(&app); /* settings do not change while a client lives */
    expect(c, (struct http_call){.url = url_of(c, "127.0.0.1", "/a"), .internal = true}, 200, NULL);
    expect_error(c, (struct http_call){.url = url_of(c, "127.0.0.1", "/a")}, ERR_FORBIDDEN,
                 "ADDRESS_FORBIDDEN");
    static const char *const bad[] = {"file:///etc/passwd",
                                      "ftp://127.0.0.1/",
                                      "gopher://x/",
                                      "127.0.0.1",
                                      "",
                                      "http://",
                                      "http://a b/",
                                      "http://x/\r\nHost: y",
                                      "javascript:alert(1)",
                                      "http://[::1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_error(c, (struct http_call){.url = bad[i]}, ERR_INVALID, "URL_INVALID");
    expect_error(c, (struct http_call){.url = NULL}, ERR_INVALID, "URL_INVALID");
    expect_error(c, (struct http_call){.url = "http://x/", .headers = HEADERS("A: b\r\nC: d")},
                 ERR_INVALID, "HEADER_INVALID");
}

static void test_guard(void **state)
{
    (void)state;
    run_many(guard, 1);
}

static void redirects(struct ctx *c)
{
    struct http_call call = {.method = "POST",
                             .body = BODY("b"),
                             .headers = HEADERS("X-Key: secret"),
                             .redirects_max = 3};
    call.url = url_of(c, "127.0.0.1", "/redirect?307+/target");
    expect(c, call, 200,
           "\"method\":\"POST\",\"path\":\"/target\",\"key\":\"secret\",\"body\":\"b\"");
    call.url = url_of(c, "127.0.0.1", "/redirect?302+/target");
    expect(c, call, 200,
           "\"method\":\"GET\",\"path\":\"/target\",\"key\":\"secret\",\"body\":\"\"");
    call.url = url_of(c, "127.0.0.1", "/redirect?303+target");
    expect(c, call, 200, "\"method\":\"GET\",\"path\":\"/target\"");
    /* To another host: without the key. */
    config.private_networks = "127.0.0.0/8, ::1";
    call.url = url_of(c, "127.0.0.1",
                      arena_printf(c->arena, "/redirect?308+http://127.0.0.3:%d/target", port));
    expect(c, call, 200, "\"method\":\"POST\",\"path\":\"/target\",\"key\":\"\",\"body\":\"b\"");
    /* As asked: not followed, or not for ever. */
    call.redirects_max = 0;
    expect(c, call, 308, "of the redirect");
    call.redirects_max = 3;
    call.url = url_of(c, "127.0.0.1", "/redirect?302+/redirect?302+/x");
    call.method = "GET";
    call.body = (struct bytes){0};
    expect(c, call, 200, "\"path\":\"/x\"");
    call.url = url_of(c, "127.0.0.1", "/loop");
    requests_seen = 0;
    expect_error(c, call, ERR_UPSTREAM, "TOO_MANY_REDIRECTS");
    assert_int_equal(requests_seen, 4);
}

static void test_redirects(void **state)
{
    (void)state;
    run_many(redirects, 1);
}

static void sizes(struct ctx *c)
{
    const char *url = url_of(c, "127.0.0.1", "/large?1000000");
    expect(c, (struct http_call){.url = url, .response_max = 1000000}, 200, NULL);
    expect_error(c, (struct http_call){.url = url, .response_max = 999999}, ERR_TOO_LARGE,
                 "ANSWER_TOO_LARGE");
    expect_error(
        c, (struct http_call){.url = url_of(c, "127.0.0.1", "/bomb"), .response_max = 1000000},
        ERR_TOO_LARGE, "ANSWER_TOO_LARGE"); /* counted after decompression */
    char path[] = "/tmp/test_http_client_XXXXXX";
    int fd = mkstemp(path);
    struct http_answer a = {0};
    struct http_call call = {.url = url, .write_fd = fd, .redirects_max = 1};
    assert_int_equal(http_call(c, &call, &a), ERR_OK);
    assert_int_equal(a.body.len, 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 1000000);
    call.url =
        url_of(c, "127.0.0.1", "/redirect?302+/a"); /* the redirect's own body does not go there */
    assert_int_equal(ftruncate(fd, 0), 0);
    (void)lseek(fd, 0, SEEK_SET);
    assert_int_equal(http_call(c, &call, &a), ERR_OK);
    char first[2] = "";
    assert_int_equal(pread(fd, first, 1, 0), 1);
    char all[500] = "";
    assert_true(pread(fd, all, sizeof(all) - 1, 0) > 0);
    assert_null(strstr(all, "of the redirect"));
    (void)close(fd);
    (void)unlink(path);
}

static void test_sizes(void **state)
{
    (void)state;
    uLongf room = 100000;
    unsigned char *zeros = mem_alloc(20 * MIB);
    z_stream z = {0};
    bomb = mem_alloc(room);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = zeros;
    z.avail_in = 20 * MIB;
    z.next_out = bomb;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    bomb_len = z.total_out;
    (void)deflateEnd(&z);
    mem_free(zeros);
    run_many(sizes, 1);
    mem_free(bomb);
}

static void cancel_me(void *arg)
{
    loop_cancel(app.loop, arg);
}

static void times(struct ctx *c)
{
    struct http_call slow = {.url = url_of(c, "127.0.0.1", "/sleep?10000"), .timeout_ms = 200};
    int64_t began = clock_mono_ms();
    expect_error(c, slow, ERR_DEADLINE, "CALL_TIMEOUT");
    assert_in_range(clock_mono_ms() - began, 150, 3000);
    struct ctx *hurry =
        ctx_new(&app, MIB, clock_mono_ms() + 150); /* the context's own deadline comes first */
    slow.timeout_ms = 0;
    began = clock_mono_ms();
    struct http_answer a = {0};
    assert_int_equal(http_call(hurry, &slow, &a), ERR_DEADLINE);
    assert_in_range(clock_mono_ms() - began, 100, 3000);
    assert_int_equal(http_call(hurry, &slow, &a), ERR_DEADLINE); /* nothing left: at once */
    ctx_free(hurry);
    expect_error(c, (struct http_call){.url = "http://127.0.0.1:1/"}, ERR_UPSTREAM,
                 "CONNECT_FAILED");
    char https[64];
    (void)snprintf(https, sizeof(https), "https://127.0.0.1:%d/", port);
    expect_error(c, (struct http_call){.url = https}, ERR_UPSTREAM, "TLS_FAILED");
    struct http_call unknown = {.url = "http://nowhere.invalid/", .timeout_ms = 3000};
    enum err e = call_with(c, &unknown, &a, NULL);
    assert_true(e == ERR_UPSTREAM ||
                e == ERR_DEADLINE); /* where there is no resolver at all it only times out */
    /* Cancelled: back at once, and the loop goes on. */
    (void)loop_timer(app.loop, clock_mono_ms() + 100, cancel_me, co_self());
    began = clock_mono_ms();
    assert_int_equal(http_call(c, &slow, &a), ERR_CANCELLED);
    assert_in_range(clock_mono_ms() - began, 50, 2000);
    assert_int_equal(http_call(c, &slow, &a), ERR_CANCELLED);
}

static void test_times(void **state)
{
    (void)state;
    run_many(times, 1);
}

static enum err left_result;

static void left_running(void *arg)
{
    (void)arg;
    struct ctx *c = ctx_new(&app, MIB, clock_mono_ms() + 20000);
    struct http_call slow = {.url = url_of(c, "127.0.0.1", "/sleep?10000")};
    struct http_answer a = {0};
    left_result = http_call(c, &slow, &a);
    enum err again = http_call(c, &slow, &a);
    assert_true(again == ERR_UNAVAILABLE || again == ERR_CANCELLED);
    ctx_free(c);
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void test_free_while_running(void **state)
{
    (void)state;
    start();
    assert_int_equal(loop_spawn(app.loop, left_running, NULL, NULL), ERR_OK);
    (void)loop_timer(app.loop, clock_mono_ms() + 100, stop_loop, app.loop);
    loop_run(app.loop);
    left_result = ERR_OK;
    stop();
    assert_int_equal(left_result, ERR_CANCELLED);
}

/* --- mail ------------------------------------------------------------------------------ */

/* One line of conversation: what must come (a beginning), and our answer. */
struct line {
    const char *hears, *says;
};

static struct buf mail; /* what came after DATA */

/* One connection; plays the script, then "250 ok" to what is not in it. */
static void smtp_talk(struct loop *l, int listener, const struct line *script)
{
    assert_int_equal(loop_wait_fd(l, listener, EPOLLIN, clock_mono_ms() + PEER_WAIT_MS, NULL),
                     ERR_OK);
    struct peer p = {.l = l,
                     .fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC),
                     .in = BUF_INIT(MIB)};
    bool in_data = false;
    (void)peer_sends(&p, "220 test\r\n");
    while (peer_more(&p, PEER_WAIT_MS)) {
        char *eol = NULL;
        while (p.in.len > 0 && (eol = memmem(p.in.data, p.in.len, "\r\n", 2))) {
            size_t n = (size_t)(eol - p.in.data);
            bool dot = n == 1 && p.in.data[0] == '.';
            if (in_data && !dot) {
                buf_add(&mail, p.in.data, n);
                buf_addc(&mail, '\n');
                buf_drop(&p.in, n + 2);
                continue;
            }
            const char *says = "250 ok\r\n";
            for (const struct line *s = script; s->hears; s++) {
                if (strncmp(p.in.data, s->hears, strlen(s->hears)) == 0) says = s->says;
            }
            in_data = !in_data && strncmp(says, "354", 3) == 0;
            buf_drop(&p.in, n + 2);
            (void)peer_sends(&p, says);
        }
    }
    peer_close(&p);
}

struct smtp_peer {
    int listener;
    const struct line *script;
};

static void smtp_main(void *arg)
{
    struct smtp_peer *s = arg;
    smtp_talk(app.loop, s->listener, s->script);
}

static void mail_case(struct ctx *c, const struct line *script, struct smtp_call call,
                      enum err expected, const char *code)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(any);
    struct smtp_peer s = {.listener =
                              socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                          .script = script};
    assert_int_equal(bind(s.listener, (struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(s.listener, 5), 0);
    assert_int_equal(getsockname(s.listener, (struct sockaddr *)&any, &len), 0);
    if (script) assert_int_equal(loop_spawn(app.loop, smtp_main, &s, NULL), ERR_OK);
    struct ctx *own = ctx_new(&app, MIB, c->deadline_ms);
    call.host = call.host ? call.host : "127.0.0.1";
    call.port = ntohs(any.sin_port);
    enum err e = smtp_send(own, &call);
    if (e != expected || (code && strcmp(own->fault.code, code) != 0)) {
        fail_msg("expected %s, got error %d %s %s", code ? code : "ok", (int)e,
                 own->fault.code ? own->fault.code : "-",
                 own->fault.message ? own->fault.message : "-");
    }
    ctx_free(own);
    assert_int_equal(loop_sleep(app.loop, 20), ERR_OK); /* the peer sees the end */
    (void)close(s.listener);
}

static void mails(struct ctx *c)
{
    static const struct line fine[] = {{"EHLO", "250-test\r\n250 AUTH PLAIN\r\n"},
                                       {"DATA", "354 go\r\n"},
                                       {"AUTH", "334 \r\n"},
                                       {"AHUAcA==", "235 in\r\n"}, /* NUL u NUL p */
                                       {NULL, NULL}};
    static const struct line no_rcpt[] = {
        {"RCPT TO:<no@x.example>", "550 unknown\r\n"}, {"DATA", "354 go\r\n"}, {NULL, NULL}};
    static const struct line busy[] = {{"MAIL", "451 later\r\n"}, {NULL, NULL}};
    static const struct line bad_login[] = {{"EHLO", "250-test\r\n250 AUTH PLAIN\r\n"},
                                            {"AUTH", "334 \r\n"},
                                            {"AHUAcA==", "535 no\r\n"},
                                            {NULL, NULL}};
    static const struct line full[] = {{"DATA", "354 go\r\n"}, {".", "552 full\r\n"}, {NULL, NULL}};
    struct smtp_call call = {.from = "loja@example.com",
                             .to = HEADERS("ana@x.example", "rui@x.example"),
                             .message = BODY("Subject: oi\r\n\r\n.dot\r\nol\xc3\xa1\r\n"),
                             .timeout_ms = 5000};
    mail = BUF_INIT(MIB);
    mail_case(c, fine, call, ERR_OK, NULL);
    assert_string_equal(buf_str(&mail), "Subject: oi\n\n..dot\nol\xc3\xa1\n");
    call.user = "u";
    call.password = "p";
    mail_case(c, fine, call, ERR_OK, NULL);
    mail_case(c, bad_login, call, ERR_UNPROCESSABLE, "SMTP_LOGIN_FAILED");
    call.user = NULL;
    mail_case(c, busy, call, ERR_UPSTREAM, "SMTP_BUSY");
    mail_case(c, full, call, ERR_UNPROCESSABLE, "SMTP_REFUSED");
    struct smtp_call other = call;
    other.to = HEADERS("no@x.example");
    mail_case(c, no_rcpt, other, ERR_UNPROCESSABLE, "SMTP_REFUSED");
    other = call;
    other.security = SMTP_STARTTLS; /* not offered: never sent in the clear */
    mail_case(c, fine, other, ERR_UPSTREAM, "TLS_FAILED");
    static const char *const bad[] = {"ana@x.example>\r\nRCPT TO:<eve@x.example", "ana", "",
                                      "a b@x.example", "<a@x.example>"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        other = call;
        other.from = bad[i];
        mail_case(c, NULL, other, ERR_INVALID, "ADDRESS_INVALID");
        other = call;
        other.to = HEADERS("fine@x.example", bad[i]);
        mail_case(c, NULL, other, ERR_INVALID, "ADDRESS_INVALID");
    }
    other = call;
    other.to = HEADERS(NULL);
    mail_case(c, NULL, other, ERR_INVALID, "ADDRESS_INVALID");
    static const struct line silent[] = {{"EHLO", ""}, {NULL, NULL}};
    other = call;
    other.timeout_ms = 300;
    mail_case(c, silent, other, ERR_DEADLINE, "CALL_TIMEOUT");
    other = call;
    other.host = "x/../y";
    mail_case(c, NULL, other, ERR_INVALID, "HOST_INVALID");
    config.private_networks = NULL;
    mail_case(c, NULL, call, ERR_FORBIDDEN, "ADDRESS_FORBIDDEN");
    config.private_networks = "127.0.0.1/32";
    (void)loop_timer(app.loop, clock_mono_ms() + 100, cancel_me, co_self());
    int64_t began = clock_mono_ms();
    struct ctx *own = ctx_new(&app, MIB, c->deadline_ms);
    call.host = "127.0.0.1";
    call.port = port; /* the HTTP server, which waits for us as we for it */
    call.timeout_ms = 20000;
    assert_int_equal(smtp_send(own, &call), ERR_CANCELLED);
    assert_in_range(clock_mono_ms() - began, 50, 3000);
    ctx_free(own);
    buf_free(&mail);
}

static void test_mails(void **state)
{
    (void)state;
    run_many(mails, 1);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_free_while_running),
        cmocka_unit_test(test_mails),
    };
    return cmocka_run_group_tests_name("http_client", tests, set_up, NULL);
}
