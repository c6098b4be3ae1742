/* The HTTP server over real sockets: plain and malformed requests, bytes that come in every order,
 * bodies, uploads, files with ranges and conditions, proxies, upgrade. Limits of number and time,
 * and the end: test_http_limits.c. */
#include "http_fixture.h"

/* --- plain requests -------------------------------------------------------------------- */

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
    static const char *const bad[] = {"/a%00b",      "/%ff",        "/../etc/passwd",
                                      "/a/%2e%2e/b", "/a%0d%0aX:y", "/%",
                                      "*",           "echo",        "/a%2"};
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
    alone(l, "POST /echo" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
          "BAD_REQUEST");
    alone(l, "POST /echo" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400,
          "BAD_REQUEST");
    alone(l, "POST /echo" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
          "BAD_REQUEST");
    alone(l, "GET /echo" H "Host: y\r\n\r\n", 400, "BAD_REQUEST");
    alone(l, "POST /echo" H "Content-Length: -1\r\n\r\n", 400, NULL);
    alone(l, "POST /echo" H "Content-Length: 1x\r\n\r\na", 400, NULL);
    alone(l, "GET /echo HTTP/1.1\r\n\r\n", 400, NULL);
    alone(l, "POST /echo" H "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415,
          "UNSUPPORTED_MEDIA");
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
    for (int i = 0; i < 120; i++)
        buf_addf(&b, "X-%d: 1\r\n", i);
    buf_adds(&b, "\r\n");
    alone(l, b.data, 431, "HEADERS_TOO_LARGE");
    buf_clear(&b);
    buf_adds(&b, "GET /echo" H "X: ");
    for (int i = 0; i < 15 * 1024; i++)
        buf_addc(&b, 'x'); /* the library holds at most half of its 32 KB: 16,384 */
    buf_adds(&b, "\r\n\r\n");
    alone(l, b.data, 200, NULL);
    buf_clear(&b);
    buf_adds(&b, "GET /echo" H "X: ");
    for (int i = 0; i < 60000; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\r\n\r\n");
    struct peer p = peer_connect(l, port);
    (void)peer_send(&p, b.data, b.len);
    struct peer_answer a = peer_read(&p, false);
    assert_true(a.status == 431 || a.status == 413 ||
                a.status == 0); /* the library's own page, or a reset */
    peer_answer_free(&a);
    peer_close(&p);
}

static void test_header_limits(void **state)
{
    (void)state;
    with_server(header_limits);
}

/* --- timing of bytes ------------------------------------------------------------------- */

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
    static const char request[] =
        "POST /echo" H "Content-Length: 5\r\n\r\nhello"
        "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_true(peer_send(&p, request + i, 1));
        assert_int_equal(loop_sleep(l, i % 7 == 0 ? 1 : 0), ERR_OK);
    }
    struct peer_answer a = peer_read(&p, false);
    check_answer(
        &a, 200,
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"); /* of "hello" */
    a = peer_read(&p, false);
    check_answer(
        &a, 200,
        "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c"); /* of "abcde" */
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
        "",
        "G",
        "GET /echo",
        "GET /echo" H,
        "GET /echo" H "\r\n",
        "GET /sleep?30" H "\r\n",
        "POST /echo" H "Content-Length: 100\r\n\r\nabc",
        "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /form" H
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nabc",
        "GET /large?5000000" H "\r\n",
        "GET /file" H "\r\n",
        "GET /upgrade" H "Connection: Upgrade\r\nUpgrade: test\r\n\r\n"};
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

/* --- bodies ---------------------------------------------------------------------------- */

static void expect_continue(struct loop *l)
{
    struct peer p = peer_connect(l, port);
    struct peer_answer a =
        peer_ask(&p, "POST /echo" H "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    check_answer(&a, 100, NULL);
    expect(&p, "four", 200, "\"length\":4");
    peer_close(&p);
    /* Too large: refused before a byte of it. */
    alone(l, "POST /echo" H "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n", 413,
          "TOO_LARGE");
    alone(l, "POST /echo/small" H "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n", 413,
          "TOO_LARGE");
    alone(l,
          "POST /form" H "Content-Type: multipart/form-data; boundary=b\r\nExpect: "
          "100-continue\r\nContent-Length: 99999999\r\n\r\n",
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
        for (size_t i = 0; i < n; i++)
            buf_addc(&b, 'b');
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
    /* Far too large: an answer at once when it was announced, the end of the connection when
     * not. */
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
    buf_adds(&b,
             "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n");
    for (size_t i = 0; i < file_size; i++)
        buf_addc(&b, (char)(i * 7));
    buf_adds(&b, "\r\n--b--\r\n");
    for (size_t i = 0; i < more; i++)
        buf_addc(&b, 'e');
    buf_addf(&head,
             "POST %s" H
             "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n",
             path, b.len);
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
    expect(&p, "POST /form" H "Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
           400, "MULTIPART_INVALID");
    expect(&p,
           "POST /form" H
           "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3\r\n\r\nabc",
           400, "MULTIPART_INVALID");
    peer_close(&p);
    assert_int_equal(files_left(), 0);
}

static void test_uploads(void **state)
{
    (void)state;
    with_server(uploads);
}

/* --- files ----------------------------------------------------------------------------- */

static void expect_file(struct peer *p, const char *header, int status, int64_t from, int64_t len)
{
    char request[300];
    (void)snprintf(request, sizeof(request), "GET /file" H "%s\r\n", header);
    struct peer_answer a = peer_ask(p, request);
    if (a.status != status) fail_msg("%s: %d", header, a.status);
    if (status == 200 || status == 206) {
        assert_int_equal(a.body.len, len);
        for (int64_t i = 0; i < len; i++) {
            if ((unsigned char)a.body.data[i] != (unsigned char)((from + i) % 251))
                fail_msg("%s: byte %d", header, (int)i);
        }
    }
    if (status == 206) {
        char range[64];
        (void)snprintf(range, sizeof(range), "bytes %d-%d/%d", (int)from, (int)(from + len - 1),
                       FILE_SIZE);
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
    expect_file(&p, "If-None-Match: \"x\"\r\nIf-Modified-Since: Wed, 01 Jul 2026 10:00:00 GMT\r\n",
                200, 0, FILE_SIZE);
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

/* --- proxies, upgrade ------------------------------------------------------------------ */

static void proxies(struct loop *l)
{
    alone(l, "GET /echo" H "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\n\r\n", 200,
          "\"address\":\"203.0.113.5\"");
    alone(l,
          "GET /echo" H
          "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.5, 127.0.0.7\r\n\r\n",
          200, "\"address\":\"203.0.113.5\"");
    alone(l, "GET /echo" H "X-Forwarded-Proto: https\r\n\r\n", 200, "\"secure\":true");
    struct peer p = peer_connect_from(l, port, "127.0.0.9"); /* not a trusted one */
    struct peer_answer a = peer_ask(
        &p, "GET /echo" H "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\n\r\n");
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
    struct peer_answer a =
        peer_ask(&p, "GET /upgrade" H "Connection: Upgrade\r\nUpgrade: test\r\n\r\nextra");
    assert_string_equal(peer_header(&a, "Upgrade"), "test");
    assert_string_equal(peer_header(&a, "Connection"), "Upgrade");
    check_answer(&a, 101, NULL);
    while (peer_more(&p, PEER_WAIT_MS))
        continue;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basics),    cmocka_unit_test(test_targets),
        cmocka_unit_test(test_smuggling), cmocka_unit_test(test_header_limits),
        cmocka_unit_test(test_pipelined), cmocka_unit_test(test_dripped),
        cmocka_unit_test(test_aborted),   cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_uploads),
        cmocka_unit_test(test_files),     cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_upgrade),
    };
    return cmocka_run_group_tests_name("http_server", tests, set_up, tear_down);
}
