/* The HTTP server over real sockets: plain and hostile clients, bodies, uploads, ranges, conditions, limits of size, time
 * and number, upgrade, and the end of the server. The clients are coroutines of the same loop. */
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/http.h"
#include "core/metrics.h"
#include "peer.h"

#include "check.h"

#define FILE_SIZE 300000

static struct app app;
static struct http_server *server;
static int port;
static char folder[64], file_path[96];
static int cancelled;         /* handlers that were cancelled */
static int upgrades, refused_upgrades;
static int64_t handler_deadline_ms;

/* --- the handlers ------------------------------------------------------------------------------------------------ */

static void echo(struct ctx *c, struct request *r, struct reply *p)
{
    const char *cookie = request_cookie(c, r, "sid");
    json_t *j = json_pack("{s:s,s:s,s:s,s:I,s:s,s:b,s:s}", "method", http_method_names[r->method], "path", r->path, "query",
                          r->query, "length", (json_int_t)r->body.len, "address", c->address, "secure", (int)r->secure, "cookie",
                          cookie ? cookie : "");
    char hex[SHA256_HEX_SIZE];
    (void)json_object_set_new(j, "sha256", json_string(sha256_hex(r->body.data, r->body.len, hex)));
    reply_jsonf(c, p, 200, j);
    json_decref(j);
}

static void form(struct ctx *c, struct request *r, struct reply *p)
{
    json_t *j = json_pack("{s:O,s:[]}", "form", r->form, "files");
    for (int i = 0; i < r->upload_count; i++) {
        const struct upload *u = &r->uploads[i];
        (void)json_array_append_new(json_object_get(j, "files"),
                                    json_pack("{s:s,s:s,s:I,s:b}", "field", u->field, "name", u->name, "size",
                                              (json_int_t)u->size_bytes, "there", access(u->path, R_OK) == 0));
    }
    reply_jsonf(c, p, 201, j);
    json_decref(j);
}

static void send_file(struct ctx *c, struct reply *p)
{
    p->kind = REPLY_FILE;
    p->status = 200;
    p->content_type = "application/octet-stream";
    p->fd = open(file_path, O_RDONLY | O_CLOEXEC);
    p->size_bytes = FILE_SIZE;
    p->etag = "\"file-1\"";
    reply_header(c, p, "Last-Modified", "Wed, 01 Jul 2026 10:00:00 GMT");
    reply_header(c, p, "X-Frame-Options", "");
}

static void on_upgraded(void *arg, int fd, const void *extra, size_t extra_len)
{
    (void)arg;
    if (fd < 0) {
        refused_upgrades++;
        return;
    }
    upgrades++;
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    assert_int_equal(write(fd, "ours:", 5), 5);
    if (extra_len > 0) assert_int_equal(write(fd, extra, extra_len), (ssize_t)extra_len);
    (void)close(fd);
}

static void wait_a_little(struct ctx *c, struct request *r, struct reply *p)
{
    enum err e = loop_sleep(c->app->loop, strtol(r->query, NULL, 10));
    if (e) {
        cancelled++;
        reply_fault(c, p, e);
        return;
    }
    reply_json(c, p, 200, "{\"slept\":true}");
}

static void handle(void *arg, struct ctx *c, struct request *r, struct reply *p)
{
    (void)arg;
    if (handler_deadline_ms) c->deadline_ms = clock_mono_ms() + handler_deadline_ms;
    if (strncmp(r->path, "/echo", 5) == 0) {
        echo(c, r, p);
    } else if (strcmp(r->path, "/form") == 0) {
        form(c, r, p);
    } else if (strcmp(r->path, "/file") == 0) {
        send_file(c, p);
    } else if (strcmp(r->path, "/empty") == 0) {
        send_file(c, p);
        p->size_bytes = 0;
    } else if (strcmp(r->path, "/sleep") == 0) {
        wait_a_little(c, r, p);
    } else if (strcmp(r->path, "/none") == 0) {
        return;
    } else if (strcmp(r->path, "/nothing") == 0) {
        reply_empty(p, 204);
    } else if (strcmp(r->path, "/upgrade") == 0) {
        p->kind = REPLY_UPGRADE;
        p->status = 101;
        p->upgrade = on_upgraded;
        reply_header(c, p, "Upgrade", "test");
    } else if (strcmp(r->path, "/large") == 0) {
        size_t size = (size_t)strtoul(r->query, NULL, 10);
        char *text = arena_alloc(c->arena, size + 1);
        memset(text, 'x', size);
        reply_json(c, p, 200, text);
    } else {
        reply_fault(c, p, ERR_NOT_FOUND);
    }
}

static enum err accept_request(void *arg, struct request *r, size_t *ret_body_max, int64_t *ret_upload_max)
{
    (void)arg;
    *ret_body_max = strcmp(r->path, "/echo/small") == 0 ? 100 : 0;
    *ret_upload_max = strcmp(r->path, "/form") == 0 ? INT64_MAX : 0;
    return ERR_OK;
}

/* --- the frame ---------------------------------------------------------------------------------------------------- */

static void start(const struct http_server_options *o)
{
    struct http_server_options usual = {
        .host = "127.0.0.1", .listen_fd = -1, .json_body_max = 100000, .upload_max_bytes = 400000, .upload_dir = folder,
        .trusted_proxies = "127.0.0.1, 127.0.0.7"};
    struct http_callbacks cb = {.accept = accept_request, .handle = handle};
    app.loop = loop_new(1000, 0);
    if (o) {
        usual.idle_timeout_s = o->idle_timeout_s;
        usual.connections_max = o->connections_max;
        usual.connections_per_address_max = o->connections_per_address_max;
        if (o->host) usual.host = o->host;
        if (o->trusted_proxies) usual.trusted_proxies = o->trusted_proxies;
    }
    assert_int_equal(http_server_new(&app, app.loop, &usual, &cb, &server), ERR_OK);
    port = http_server_port(server);
    assert_true(port > 0);
    handler_deadline_ms = 0;
}

static void stop(void)
{
    http_server_free(server);
    loop_free(app.loop);
    server = NULL;
}

struct client {
    void (*fn)(struct loop *l);
};

static int clients;

static void client_main(void *arg)
{
    struct client *k = arg;
    k->fn(app.loop);
    if (--clients == 0) loop_stop(app.loop);
}

static void run_many(void (*fn)(struct loop *l), int n)
{
    struct client k = {.fn = fn};
    clients = n;
    for (int i = 0; i < n; i++) assert_int_equal(loop_spawn(app.loop, client_main, &k, NULL), ERR_OK);
    loop_run(app.loop);
}

/* One test: a server with the usual options, one client. */
static void with_server(void (*fn)(struct loop *l))
{
    start(NULL);
    run_many(fn, 1);
    stop();
}

static void check_answer(struct peer_answer *a, int status, const char *part)
{
    if (a->status != status) fail_msg("expected %d, got %d: %s", status, a->status, buf_str(&a->body));
    if (part && !strstr(buf_str(&a->body), part)) fail_msg("no %s in %s", part, buf_str(&a->body));
    peer_answer_free(a);
}

static void expect(struct peer *p, const char *request, int status, const char *part)
{
    struct peer_answer a = peer_ask(p, request);
    if (a.status != status) print_message("%.200s\n", request);
    check_answer(&a, status, part);
}

/* On a connection of its own. */
static void alone(struct loop *l, const char *request, int status, const char *part)
{
    struct peer p = peer_connect(l, port);
    expect(&p, request, status, part);
    peer_close(&p);
}

#define H " HTTP/1.1\r\nHost: x\r\n"

/* --- plain requests ----------------------------------------------------------------------------------------------- */

static void basics(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    struct peer_answer a = peer_ask(&p, "GET /echo/%C3%A9?a=%20b" H "Cookie: x=1; sid=abc\r\n\r\n");
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(buf_str(&a.body), "\"path\":\"/echo/\xc3\xa9\""));
    assert_non_null(strstr(buf_str(&a.body), "\"query\":\"a=%20b\""));
    assert_non_null(strstr(buf_str(&a.body), "\"cookie\":\"abc\""));
    assert_string_equal(peer_header(&a, "Content-Type"), "application/json; charset=utf-8");
    assert_string_equal(peer_header(&a, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(peer_header(&a, "Referrer-Policy"), "same-origin");
    assert_string_equal(peer_header(&a, "X-Frame-Options"), "DENY");
    assert_string_equal(peer_header(&a, "Cache-Control"), "no-store");
    assert_int_equal(strlen(peer_header(&a, "X-Request-Id")), 32);
    peer_answer_free(&a);
    a = peer_ask(&p, "HEAD /echo" H "\r\n");
    assert_int_equal(a.status, 200);
    assert_true(strtol(peer_header(&a, "Content-Length"), NULL, 10) > 50);
    assert_int_equal(p.in.len, 0);
    peer_answer_free(&a);
    expect(&p, "POST /echo" H "Content-Length: 5\r\n\r\nhello", 200, "\"length\":5");
    expect(&p, "DELETE /nothing" H "\r\n", 204, NULL);
    expect(&p, "GET /unknown" H "\r\n", 404, "NOT_FOUND");
    expect(&p, "GET /none" H "\r\n", 500, "INTERNAL_ERROR");
    expect(&p, "OPTIONS /echo" H "\r\n", 200, "OPTIONS");
    expect(&p, "BREW /echo" H "\r\n", 405, "METHOD_NOT_ALLOWED");
    expect(&p, "GET http://x/echo/abs?q" H "\r\n", 200, "\"path\":\"/echo/abs\"");
    expect(&p, "GET /sleep?10" H "\r\n", 200, "slept");
    peer_close(&p);
}

static void test_basics(void **state)
{
    (void)state;
    with_server(basics);
}

static void targets(struct loop *l)
{
    static const char *const bad[] = {"/a%00b", "/%ff", "/../etc/passwd", "/a/%2e%2e/b", "/a%0d%0aX:y", "/%", "*", "echo", "/a%2"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char request[200];
        (void)snprintf(request, sizeof(request), "GET %s" H "\r\n", bad[i]);
        alone(l, request, 400, "BAD_REQUEST");
    }
    struct peer p = peer_connect(l, port);
    (void)peer_send(&p, "GET /echo\0/x HTTP/1.1\r\nHost: x\r\n\r\n", 35);
    struct peer_answer a = peer_read(&p, false);
    assert_true(a.status == 0 || a.status == 400 || a.status == 200); /* whatever, but alive */
    peer_answer_free(&a);
    peer_close(&p);
    alone(l, "GET /echo" H "X: \xff\xfe\r\n\r\n", 200, NULL);
}

static void test_targets(void **state)
{
    (void)state;
    with_server(targets);
}

/* Where the body ends must not be open to two readings. */
static void smuggling(struct loop *l)
{
    alone(l, "POST /echo" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "BAD_REQUEST");
    alone(l, "POST /echo" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "BAD_REQUEST");
    alone(l, "POST /echo" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "BAD_REQUEST");
    alone(l, "GET /echo" H "Host: y\r\n\r\n", 400, "BAD_REQUEST");
    alone(l, "POST /echo" H "Content-Length: -1\r\n\r\n", 400, NULL);
    alone(l, "POST /echo" H "Content-Length: 1x\r\n\r\na", 400, NULL);
    alone(l, "GET /echo HTTP/1.1\r\n\r\n", 400, NULL);
    alone(l, "POST /echo" H "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415, "UNSUPPORTED_MEDIA");
}

static void test_smuggling(void **state)
{
    (void)state;
    with_server(smuggling);
}

static void header_limits(struct loop *l)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(200000);
    buf_adds(&b, "GET /echo" H);
    for (int i = 0; i < 120; i++) buf_addf(&b, "X-%d: 1\r\n", i);
    buf_adds(&b, "\r\n");
    alone(l, b.data, 431, "HEADERS_TOO_LARGE");
    buf_clear(&b);
    buf_adds(&b, "GET /echo" H "X: ");
    for (int i = 0; i < 15 * 1024; i++) buf_addc(&b, 'x'); /* the library holds at most half of its 32 KB: 16,384 */
    buf_adds(&b, "\r\n\r\n");
    alone(l, b.data, 200, NULL);
    buf_clear(&b);
    buf_adds(&b, "GET /echo" H "X: ");
    for (int i = 0; i < 60000; i++) buf_addc(&b, 'x');
    buf_adds(&b, "\r\n\r\n");
    struct peer p = peer_connect(l, port);
    (void)peer_send(&p, b.data, b.len);
    struct peer_answer a = peer_read(&p, false);
    assert_true(a.status == 431 || a.status == 413 || a.status == 0); /* the library's own page, or a reset */
    peer_answer_free(&a);
    peer_close(&p);
}

static void test_header_limits(void **state)
{
    (void)state;
    with_server(header_limits);
}

/* --- timing of bytes ---------------------------------------------------------------------------------------------- */

static void pipelined(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    CLEANUP(buf_free) struct buf b = BUF_INIT(100000);
    for (int i = 0; i < 50; i++) {
        buf_addf(&b, "POST /echo/%d" H "Content-Length: 3\r\n\r\nabc", i);
        buf_addf(&b, "GET /sleep?%d" H "\r\n", i % 3);
    }
    assert_true(peer_send(&p, b.data, b.len));
    for (int i = 0; i < 50; i++) {
        char part[32];
        (void)snprintf(part, sizeof(part), "\"/echo/%d\"", i);
        struct peer_answer a = peer_read(&p, false);
        check_answer(&a, 200, part);
        a = peer_read(&p, false);
        check_answer(&a, 200, "slept");
    }
    peer_close(&p);
}

static void test_pipelined(void **state)
{
    (void)state;
    with_server(pipelined);
}

static void dripped(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    static const char request[] = "POST /echo" H "Content-Length: 5\r\n\r\nhello"
                                  "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_true(peer_send(&p, request + i, 1));
        assert_int_equal(loop_sleep(l, i % 7 == 0 ? 1 : 0), ERR_OK);
    }
    struct peer_answer a = peer_read(&p, false);
    check_answer(&a, 200, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"); /* of "hello" */
    a = peer_read(&p, false);
    check_answer(&a, 200, "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c"); /* of "abcde" */
    peer_close(&p);
}

static void test_dripped(void **state)
{
    (void)state;
    with_server(dripped);
}

/* Clients that leave at every moment; the server goes on. */
static void aborted(struct loop *l)
{
    static const char *const parts[] = {
        "", "G", "GET /echo", "GET /echo" H, "GET /echo" H "\r\n", "GET /sleep?30" H "\r\n",
        "POST /echo" H "Content-Length: 100\r\n\r\nabc", "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /form" H "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nabc",
        "GET /large?5000000" H "\r\n", "GET /file" H "\r\n", "GET /upgrade" H "Connection: Upgrade\r\nUpgrade: test\r\n\r\n"};
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
            struct peer p = peer_connect(l, port);
            (void)peer_sends(&p, parts[i]);
            assert_int_equal(loop_sleep(l, round), ERR_OK);
            if (round % 2) {
                peer_abort(&p);
            } else {
                peer_close(&p);
            }
        }
    }
    assert_int_equal(loop_sleep(l, 100), ERR_OK);
    alone(l, "GET /echo" H "\r\n", 200, NULL);
    assert_int_equal(loop_sleep(l, 20), ERR_OK);
    assert_int_equal(http_server_active(server), 0);
}

static void test_aborted(void **state)
{
    (void)state;
    with_server(aborted);
}

/* --- bodies ------------------------------------------------------------------------------------------------------- */

static void expect_continue(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    struct peer_answer a = peer_ask(&p, "POST /echo" H "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    check_answer(&a, 100, NULL);
    expect(&p, "four", 200, "\"length\":4");
    peer_close(&p);
    /* Too large: refused before a byte of it. */
    alone(l, "POST /echo" H "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n", 413, "TOO_LARGE");
    alone(l, "POST /echo/small" H "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n", 413, "TOO_LARGE");
    alone(l, "POST /form" H "Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
          413, "FILE_TOO_LARGE");
}

static void test_expect_continue(void **state)
{
    (void)state;
    with_server(expect_continue);
}

static void send_body(struct peer *p, const char *path, size_t size, bool chunked)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * MIB);
    buf_addf(&b, "POST %s" H, path);
    if (chunked) {
        buf_adds(&b, "Transfer-Encoding: chunked\r\n\r\n");
    } else {
        buf_addf(&b, "Content-Length: %zu\r\n\r\n", size);
    }
    for (size_t sent = 0; sent < size; sent += 1000) {
        size_t n = size - sent < 1000 ? size - sent : 1000;
        if (chunked) buf_addf(&b, "%zx\r\n", n);
        for (size_t i = 0; i < n; i++) buf_addc(&b, 'b');
        if (chunked) buf_adds(&b, "\r\n");
    }
    if (chunked) buf_adds(&b, "0\r\n\r\n");
    (void)peer_send(p, b.data, b.len);
}

static void sizes(struct loop *l)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        struct peer p = peer_connect(l, port);
        send_body(&p, "/echo", 100000, chunked);
        struct peer_answer a = peer_read(&p, false);
        check_answer(&a, 200, "\"length\":100000");
        /* Somewhat too large: the answer comes through, the connection stays. */
        send_body(&p, "/echo", 100001, chunked);
        a = peer_read(&p, false);
        check_answer(&a, 413, "TOO_LARGE");
        expect(&p, "GET /echo" H "\r\n", 200, NULL);
        send_body(&p, "/echo/small", 101, chunked);
        a = peer_read(&p, false);
        check_answer(&a, 413, "TOO_LARGE");
        peer_close(&p);
    }
    /* Far too large: an answer at once when it was announced, the end of the connection when not. */
    struct peer p = peer_connect(l, port);
    struct peer_answer a = peer_ask(&p, "POST /echo" H "Content-Length: 50000000\r\n\r\n");
    check_answer(&a, 413, "TOO_LARGE");
    peer_close(&p);
    p = peer_connect(l, port);
    send_body(&p, "/echo", 30 * MIB, true);
    a = peer_read(&p, false);
    assert_int_equal(a.status, 0);
    peer_answer_free(&a);
    peer_close(&p);
}

static void test_sizes(void **state)
{
    (void)state;
    with_server(sizes);
}

static void send_form(struct peer *p, const char *path, size_t file_size, size_t more)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(8 * MIB), head = BUF_INIT(KIB);
    buf_adds(&b, "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nol\xc3\xa1\r\n");
    buf_adds(&b, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n");
    for (size_t i = 0; i < file_size; i++) buf_addc(&b, (char)(i * 7));
    buf_adds(&b, "\r\n--b--\r\n");
    for (size_t i = 0; i < more; i++) buf_addc(&b, 'e');
    buf_addf(&head, "POST %s" H "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n", path, b.len);
    (void)peer_send(p, head.data, head.len);
    (void)peer_send(p, b.data, b.len);
}

static int files_left(void)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "ls %s | grep -c upload", folder);
    FILE *f = popen(command, "r");
    int n = -1;
    assert_int_equal(fscanf(f, "%d", &n), 1);
    (void)pclose(f);
    return n;
}

static void uploads(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    send_form(&p, "/form", 400000, 0);
    struct peer_answer a = peer_read(&p, false);
    assert_non_null(strstr(buf_str(&a.body), "\"content\":\"ol\xc3\xa1\""));
    assert_non_null(strstr(buf_str(&a.body), "\"there\":true"));
    check_answer(&a, 201, "\"size\":400000");
    send_form(&p, "/form", 400001, 0);
    a = peer_read(&p, false);
    check_answer(&a, 413, "FILE_TOO_LARGE");
    send_form(&p, "/form", 10, 0);
    a = peer_read(&p, false);
    check_answer(&a, 201, "\"size\":10");
    send_form(&p, "/echo", 10, 0);
    a = peer_read(&p, false);
    check_answer(&a, 415, "UNSUPPORTED_MEDIA");
    expect(&p, "POST /form" H "Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc", 400, "MULTIPART_INVALID");
    expect(&p, "POST /form" H "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3\r\n\r\nabc", 400,
           "MULTIPART_INVALID");
    peer_close(&p);
    assert_int_equal(files_left(), 0);
}

static void test_uploads(void **state)
{
    (void)state;
    with_server(uploads);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void expect_file(struct peer *p, const char *header, int status, int64_t from, int64_t len)
{
    char request[300];
    (void)snprintf(request, sizeof(request), "GET /file" H "%s\r\n", header);
    struct peer_answer a = peer_ask(p, request);
    if (a.status != status) fail_msg("%s: %d", header, a.status);
    if (status == 200 || status == 206) {
        assert_int_equal(a.body.len, len);
        for (int64_t i = 0; i < len; i++) {
            if ((unsigned char)a.body.data[i] != (unsigned char)((from + i) % 251)) fail_msg("%s: byte %d", header, (int)i);
        }
    }
    if (status == 206) {
        char range[64];
        (void)snprintf(range, sizeof(range), "bytes %d-%d/%d", (int)from, (int)(from + len - 1), FILE_SIZE);
        assert_string_equal(peer_header(&a, "Content-Range"), range);
    }
    if (status == 416) assert_string_equal(peer_header(&a, "Content-Range"), "bytes */300000");
    if (status == 304) {
        assert_string_equal(peer_header(&a, "ETag"), "\"file-1\"");
        assert_int_equal(a.body.len, 0);
    }
    if (status < 300) {
        assert_string_equal(peer_header(&a, "Accept-Ranges"), "bytes");
        assert_null(peer_header(&a, "X-Frame-Options")); /* left out on the handler's wish */
    }
    peer_answer_free(&a);
}

static void files(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    expect_file(&p, "", 200, 0, FILE_SIZE);
    expect_file(&p, "Range: bytes=0-0\r\n", 206, 0, 1);
    expect_file(&p, "Range: bytes=299990-\r\n", 206, 299990, 10);
    expect_file(&p, "Range: bytes=-5\r\n", 206, 299995, 5);
    expect_file(&p, "Range: bytes=100-250099\r\n", 206, 100, 250000);
    expect_file(&p, "Range: bytes=300000-\r\n", 416, 0, 0);
    expect_file(&p, "Range: bytes=0-1,5-6\r\n", 200, 0, FILE_SIZE);
    expect_file(&p, "Range: bytes=0-1\r\nIf-Range: \"file-1\"\r\n", 206, 0, 2);
    expect_file(&p, "Range: bytes=0-1\r\nIf-Range: \"file-0\"\r\n", 200, 0, FILE_SIZE);
    expect_file(&p, "Range: bytes=0-1\r\nIf-Range: Wed, 01 Jul 2026 10:00:00 GMT\r\n", 206, 0, 2);
    expect_file(&p, "If-None-Match: W/\"file-1\"\r\n", 304, 0, 0);
    expect_file(&p, "If-None-Match: \"x\"\r\nIf-Modified-Since: Wed, 01 Jul 2026 10:00:00 GMT\r\n", 200, 0, FILE_SIZE);
    expect_file(&p, "If-Modified-Since: Wed, 01 Jul 2026 10:00:00 GMT\r\n", 304, 0, 0);
    expect_file(&p, "If-Modified-Since: Wed, 01 Jul 2026 09:59:59 GMT\r\n", 200, 0, FILE_SIZE);
    struct peer_answer a = peer_ask(&p, "HEAD /file" H "Range: bytes=0-1\r\n\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(peer_header(&a, "Content-Length"), "300000");
    peer_answer_free(&a);
    expect(&p, "GET /empty" H "\r\n", 200, NULL);
    expect(&p, "GET /empty" H "Range: bytes=0-\r\n\r\n", 416, NULL);
    peer_close(&p);
}

static void test_files(void **state)
{
    (void)state;
    with_server(files);
}

/* --- proxies, upgrade --------------------------------------------------------------------------------------------- */

static void proxies(struct loop *l)
{
    alone(l, "GET /echo" H "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\n\r\n", 200, "\"address\":\"203.0.113.5\"");
    alone(l, "GET /echo" H "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.5, 127.0.0.7\r\n\r\n", 200,
          "\"address\":\"203.0.113.5\"");
    alone(l, "GET /echo" H "X-Forwarded-Proto: https\r\n\r\n", 200, "\"secure\":true");
    struct peer p = peer_connect_from(l, port, "127.0.0.9"); /* not a trusted one */
    struct peer_answer a = peer_ask(&p, "GET /echo" H "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\n\r\n");
    assert_non_null(strstr(buf_str(&a.body), "\"secure\":false"));
    check_answer(&a, 200, "\"address\":\"127.0.0.9\"");
    peer_close(&p);
}

static void test_proxies(void **state)
{
    (void)state;
    with_server(proxies);
}

static void upgrade(struct loop *l)
{
    upgrades = refused_upgrades = 0;
    struct peer p = peer_connect(l, port);
    struct peer_answer a = peer_ask(&p, "GET /upgrade" H "Connection: Upgrade\r\nUpgrade: test\r\n\r\nextra");
    assert_string_equal(peer_header(&a, "Upgrade"), "test");
    assert_string_equal(peer_header(&a, "Connection"), "Upgrade");
    check_answer(&a, 101, NULL);
    while (peer_more(&p, PEER_WAIT_MS)) continue;
    assert_true(p.closed);
    assert_string_equal(buf_str(&p.in), "ours:extra");
    peer_close(&p);
    assert_int_equal(upgrades, 1);
    /* HTTP/1.0 cannot be upgraded: the handler's part is released. */
    p = peer_connect(l, port);
    a = peer_ask(&p, "GET /upgrade HTTP/1.0\r\nHost: x\r\n\r\n");
    assert_int_not_equal(a.status, 101);
    peer_answer_free(&a);
    peer_close(&p);
    assert_int_equal(loop_sleep(l, 20), ERR_OK);
    assert_int_equal(upgrades, 1);
    assert_int_equal(refused_upgrades, 1);
    assert_int_equal(http_server_active(server), 0);
}

static void test_upgrade(void **state)
{
    (void)state;
    with_server(upgrade);
}

/* --- number and time ---------------------------------------------------------------------------------------------- */

static void crowd_member(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    for (int i = 0; i < 5; i++) {
        expect(&p, "GET /sleep?20" H "\r\n", 200, "slept");
        expect(&p, "POST /echo" H "Content-Length: 3\r\n\r\nabc", 200, "\"length\":3");
    }
    peer_close(&p);
}

static void test_crowd(void **state)
{
    (void)state;
    start(NULL);
    run_many(crowd_member, 200);
    assert_int_equal(http_server_active(server), 0);
    stop();
}

/* An IPv4 address of this machine that is not loopback (which is excepted from the limit), or "". */
static void own_address(char out[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;
    out[0] = '\0';
    if (getifaddrs(&all) != 0) return;
    for (struct ifaddrs *i = all; i && !out[0]; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK)) continue;
        (void)inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, out, INET_ADDRSTRLEN);
    }
    freeifaddrs(all);
}

static char outside[INET_ADDRSTRLEN];

static void address_limit(struct loop *l)
{
    struct peer p[5];
    for (int i = 0; i < 3; i++) p[i] = peer_connect_to(l, outside, port, NULL);
    for (int i = 0; i < 2; i++) expect(&p[i], "GET /echo" H "\r\n", 200, NULL);
    struct peer_answer a = peer_ask(&p[2], "GET /echo" H "\r\n");
    assert_int_equal(a.status, 0); /* the third of this address */
    peer_answer_free(&a);
    for (int i = 3; i < 5; i++) { /* loopback does not count */
        p[i] = peer_connect(l, port);
        expect(&p[i], "GET /echo" H "\r\n", 200, NULL);
    }
    peer_close(&p[0]);
    assert_int_equal(loop_sleep(l, 30), ERR_OK);
    peer_close(&p[2]);
    p[2] = peer_connect_to(l, outside, port, NULL); /* there is room again */
    expect(&p[2], "GET /echo" H "\r\n", 200, NULL);
    for (int i = 1; i < 5; i++) peer_close(&p[i]);
}

static void test_address_limit(void **state)
{
    (void)state;
    own_address(outside);
    if (!outside[0]) skip();
    start(&(struct http_server_options){.host = "0.0.0.0", .connections_per_address_max = 2});
    run_many(address_limit, 1);
    stop();
}

static void total_limit(struct loop *l)
{
    struct peer p[5];
    for (int i = 0; i < 5; i++) p[i] = peer_connect(l, port);
    for (int i = 0; i < 4; i++) expect(&p[i], "GET /echo" H "\r\n", 200, NULL);
    (void)peer_sends(&p[4], "GET /echo" H "\r\n"); /* waits in the backlog */
    assert_false(peer_more(&p[4], 100));
    assert_false(p[4].closed);
    peer_close(&p[0]);
    struct peer_answer a = peer_read(&p[4], false);
    check_answer(&a, 200, NULL);
    for (int i = 1; i < 5; i++) peer_close(&p[i]);
}

static void test_total_limit(void **state)
{
    (void)state;
    start(&(struct http_server_options){.connections_max = 4});
    run_many(total_limit, 1);
    stop();
}

/* How long a client lasts that sends a byte every 50 ms. */
static int64_t lasts(struct loop *l, const char *first, const char *drip)
{
    struct peer p = peer_connect(l, port);
    int64_t began = clock_mono_ms();
    (void)peer_sends(&p, first);
    for (size_t i = 0; clock_mono_ms() - began < 8000 && !p.closed; i++) {
        if (drip && !peer_send(&p, &drip[i % strlen(drip)], 1)) break;
        if (peer_more(&p, 50)) buf_clear(&p.in);
    }
    peer_close(&p);
    return clock_mono_ms() - began;
}

static void slow(struct loop *l)
{
    assert_in_range(lasts(l, "", NULL), 800, 4000);                                   /* says nothing */
    assert_in_range(lasts(l, "GET /echo" H "X: ", "x"), 800, 4000);                   /* a header without end */
    assert_in_range(lasts(l, "POST /echo" H "Content-Length: 5000\r\n\r\n", "b"), 800, 4000); /* 20 bytes a second */
    assert_in_range(lasts(l, "GET /echo" H "\r\n", "\r"), 800, 4000);                 /* an answer, then nothing real */
    alone(l, "GET /sleep?2500" H "\r\n", 200, "slept");                               /* a slow handler is not a slow client */
}

/* Takes a large answer without reading it. */
static void slow_reader(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    int small = 4096;
    (void)setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    (void)peer_sends(&p, "GET /large?9000000" H "\r\n");
    assert_int_equal(loop_sleep(l, 3500), ERR_OK);
    assert_int_equal(http_server_active(server), 0);
    peer_close(&p);
}

static void test_slow(void **state)
{
    (void)state;
    start(&(struct http_server_options){.idle_timeout_s = 1});
    run_many(slow, 1);
    run_many(slow_reader, 1);
    stop();
}

static void late_handler(struct loop *l)
{
    handler_deadline_ms = 100;
    cancelled = 0;
    struct peer p = peer_connect(l, port);
    expect(&p, "GET /sleep?60000" H "\r\n", 499, "CANCELLED"); /* 5 s beyond its deadline */
    assert_int_equal(cancelled, 1);
    peer_close(&p);
}

static void test_late_handler(void **state)
{
    (void)state;
    with_server(late_handler);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void quiesce(struct loop *l)
{
    struct peer busy = peer_connect(l, port), idle = peer_connect(l, port);
    expect(&idle, "GET /echo" H "\r\n", 200, NULL);
    (void)peer_sends(&busy, "GET /sleep?300" H "\r\n");
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    http_server_quiesce(server);
    http_server_quiesce(server);
    assert_int_equal(http_server_active(server), 1);
    struct peer_answer a = peer_ask(&idle, "GET /echo" H "\r\n");
    assert_string_equal(peer_header(&a, "Connection"), "close"); /* the last one on this connection */
    check_answer(&a, 200, NULL);
    a = peer_read(&busy, false);
    check_answer(&a, 200, "slept");
    assert_int_equal(loop_sleep(l, 20), ERR_OK);
    assert_int_equal(http_server_active(server), 0);
    peer_close(&busy);
    peer_close(&idle);
}

static void test_quiesce(void **state)
{
    (void)state;
    with_server(quiesce);
}

static void leave_running(struct loop *l)
{
    static struct peer p[3];
    for (int i = 0; i < 3; i++) {
        p[i] = peer_connect(l, port);
        (void)peer_sends(&p[i], i == 2 ? "POST /echo" H "Content-Length: 10\r\n\r\nab" : "GET /sleep?60000" H "\r\n");
    }
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    assert_int_equal(http_server_active(server), 3);
}

static void test_free_while_running(void **state)
{
    (void)state;
    start(NULL);
    cancelled = 0;
    run_many(leave_running, 1);
    stop();
    assert_int_equal(cancelled, 2);
}

static void test_inherited(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 10), 0);
    struct http_callbacks cb = {.accept = accept_request, .handle = handle};
    struct http_server_options o = {.host = "127.0.0.1", .listen_fd = fd, .upload_dir = folder};
    for (int round = 0; round < 2; round++) { /* the socket outlives a server that used it */
        app.loop = loop_new(100, 0);
        assert_int_equal(http_server_new(&app, app.loop, &o, &cb, &server), ERR_OK);
        port = http_server_port(server);
        run_many(basics, 1);
        stop();
    }
    /* A port in use is an error, not a crash. */
    app.loop = loop_new(10, 0);
    o.listen_fd = -1;
    o.port = port;
    assert_int_equal(http_server_new(&app, app.loop, &o, &cb, &server), ERR_IO);
    loop_free(app.loop);
    (void)close(fd);
}

static int set_up(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK) return -1;
    (void)snprintf(folder, sizeof(folder), "/tmp/test_http_XXXXXX");
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(file_path, sizeof(file_path), "%s/file", folder);
    FILE *f = fopen(file_path, "w");
    for (int i = 0; i < FILE_SIZE; i++) (void)fputc(i % 251, f);
    return fclose(f);
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basics),        cmocka_unit_test(test_targets),       cmocka_unit_test(test_smuggling),
        cmocka_unit_test(test_header_limits), cmocka_unit_test(test_pipelined),     cmocka_unit_test(test_dripped),
        cmocka_unit_test(test_aborted),       cmocka_unit_test(test_expect_continue), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_uploads),       cmocka_unit_test(test_files),         cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_upgrade),       cmocka_unit_test(test_crowd),         cmocka_unit_test(test_address_limit),
        cmocka_unit_test(test_total_limit),   cmocka_unit_test(test_slow),          cmocka_unit_test(test_late_handler),
        cmocka_unit_test(test_quiesce),       cmocka_unit_test(test_free_while_running), cmocka_unit_test(test_inherited),
    };
    return cmocka_run_group_tests_name("http_server", tests, set_up, tear_down);
}
