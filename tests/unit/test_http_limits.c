/* The HTTP server's limits: many connections, too many, slow clients, late handlers, and the end of
 * the server. */

#include "http_fixture.h"

/* --- number and time ------------------------------------------------------------------- */

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

/* 127.0.0.1 is excepted from the limit; the rest of that network is not, and is on every Linux. */
#define OUTSIDE "127.0.0.2"

static void address_limit(struct loop *l)
{
    struct peer p[5];
    for (int i = 0; i < 3; i++)
        p[i] = peer_connect_from(l, port, OUTSIDE);
    for (int i = 0; i < 2; i++)
        expect(&p[i], "GET /echo" H "\r\n", 200, NULL);
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
    p[2] = peer_connect_from(l, port, OUTSIDE); /* there is room again */
    expect(&p[2], "GET /echo" H "\r\n", 200, NULL);
    for (int i = 1; i < 5; i++)
        peer_close(&p[i]);
}

static void test_address_limit(void **state)
{
    (void)state;
    start(&(struct http_server_options){.connections_per_address_max = 2});
    run_many(address_limit, 1);
    stop();
}

static void total_limit(struct loop *l)
{
    struct peer p[5];
    for (int i = 0; i < 5; i++)
        p[i] = peer_connect(l, port);
    for (int i = 0; i < 4; i++)
        expect(&p[i], "GET /echo" H "\r\n", 200, NULL);
    (void)peer_sends(&p[4], "GET /echo" H "\r\n"); /* waits in the backlog */
    assert_false(peer_more(&p[4], 100));
    assert_false(p[4].closed);
    peer_close(&p[0]);
    struct peer_answer a = peer_read(&p[4], false);
    check_answer(&a, 200, NULL);
    for (int i = 1; i < 5; i++)
        peer_close(&p[i]);
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
    assert_in_range(lasts(l, "", NULL), 800, 4000);                 /* says nothing */
    assert_in_range(lasts(l, "GET /echo" H "X: ", "x"), 800, 4000); /* a header without end */
    assert_in_range(lasts(l, "POST /echo" H "Content-Length: 5000\r\n\r\n", "b"), 800,
                    4000); /* 20 bytes a second */
    assert_in_range(lasts(l, "GET /echo" H "\r\n", "\r"), 800,
                    4000);                              /* an answer, then nothing real */
    alone(l, "GET /sleep?2500" H "\r\n", 200, "slept"); /* a slow handler is not a slow client */
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

/* Bodies in memory, those of all connections together. */
static void bodies_limit(struct loop *l)
{
    char text[1500];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    char half[2000], whole[2000];
    (void)snprintf(half, sizeof half, "POST /echo" H "Content-Length: 2000\r\n\r\n%s", text);
    (void)snprintf(whole, sizeof whole, "POST /echo" H "Content-Length: 1499\r\n\r\n%s", text);
    struct peer first = peer_connect(l, port), second = peer_connect(l, port);
    (void)peer_sends(&first, half);
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    expect(&second, whole, 503, NULL);
    expect(&second, "GET /echo" H "\r\n", 200, NULL); /* without a body it is served */
    peer_close(&first);
    struct peer_answer a;
    for (int i = 0; i < 200; i++) { /* until the first one's end was seen */
        a = peer_ask(&second, whole);
        if (a.status != 503) break;
        peer_answer_free(&a);
        assert_int_equal(loop_sleep(l, 20), ERR_OK);
    }
    check_answer(&a, 200, "\"length\":1499");
    peer_close(&second);
}

static void test_bodies_limit(void **state)
{
    (void)state;
    start(&(struct http_server_options){.bodies_max = 2500});
    run_many(bodies_limit, 1);
    stop();
}

/* --- the end --------------------------------------------------------------------------- */

static void quiesce(struct loop *l)
{
    struct peer busy = peer_connect(l, port), idle = peer_connect(l, port);
    expect(&idle, "GET /echo" H "\r\n", 200, NULL);
    (void)peer_sends(&busy, "GET /sleep?300" H "\r\n");
    assert_int_equal(loop_sleep(l, 50), ERR_OK);
    http_server_quiesce(server, 60000);
    http_server_quiesce(server, 0); /* the first word holds */
    assert_int_equal(http_server_connections(server), 2);
    assert_int_equal(http_server_active(server), 1);
    struct peer_answer a = peer_ask(&idle, "GET /echo" H "\r\n");
    assert_string_equal(peer_header(&a, "Connection"),
                        "close"); /* the last one on this connection */
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
        (void)peer_sends(&p[i], i == 2 ? "POST /echo" H "Content-Length: 10\r\n\r\nab"
                                       : "GET /sleep?60000" H "\r\n");
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

static void one_request(struct loop *l)
{
    alone(l, "GET /echo" H "\r\n", 200, NULL);
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
        run_many(one_request, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd),        cmocka_unit_test(test_address_limit),
        cmocka_unit_test(test_total_limit),  cmocka_unit_test(test_slow),
        cmocka_unit_test(test_late_handler), cmocka_unit_test(test_bodies_limit),
        cmocka_unit_test(test_quiesce),      cmocka_unit_test(test_free_while_running),
        cmocka_unit_test(test_inherited),
    };
    return cmocka_run_group_tests_name("http_limits", tests, set_up, tear_down);
}
