/* What the tests of the HTTP server share: a server with a handler for everything they ask, and
 * clients that are coroutines of the same loop. Included by one test program each. */
#ifndef INTERFLOW_TESTS_HTTP_FIXTURE_H
#define INTERFLOW_TESTS_HTTP_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/http.h"
#include "peer.h"

#include "check.h"

#define FILE_SIZE 300000

static struct app app;
static struct http_server *server;
static int port;
static char folder[64], file_path[96];
static int cancelled; /* handlers that were cancelled */
static int upgrades, refused_upgrades;
static int64_t handler_deadline_ms;

/* --- the handlers ---------------------------------------------------------------------- */

static void echo(struct ctx *c, struct request *r, struct reply *p)
{
    const char *cookie = request_cookie(c, r, "sid");
    json_t *j =
        json_pack("{s:s,s:s,s:s,s:I,s:s,s:b,s:s}", "method", http_method_names[r->method], "path",
                  r->path, "query", r->query, "length", (json_int_t)r->body.len, "address",
                  c->address, "secure", (int)r->secure, "cookie", cookie ? cookie : "");
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
                                    json_pack("{s:s,s:s,s:I,s:b}", "field", u->field, "name",
                                              u->name, "size", (json_int_t)u->size_bytes, "there",
                                              access(u->path, R_OK) == 0));
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

static enum err accept_request(void *arg, struct request *r, size_t *ret_body_max,
                               int64_t *ret_upload_max)
{
    (void)arg;
    *ret_body_max = strcmp(r->path, "/echo/small") == 0 ? 100 : 0;
    *ret_upload_max = strcmp(r->path, "/form") == 0 ? INT64_MAX : 0;
    return ERR_OK;
}

/* --- the frame ------------------------------------------------------------------------- */

static void start(const struct http_server_options *o)
{
    struct http_server_options usual = {.host = "127.0.0.1",
                                        .listen_fd = -1,
                                        .json_body_max = 100000,
                                        .upload_max_bytes = 400000,
                                        .upload_dir = folder,
                                        .trusted_proxies = "127.0.0.1, 127.0.0.7"};
    struct http_callbacks cb = {.accept = accept_request, .handle = handle};
    app.loop = loop_new(1000, 0);
    if (o) {
        usual.idle_timeout_s = o->idle_timeout_s;
        usual.connections_max = o->connections_max;
        usual.bodies_max = o->bodies_max;
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
    for (int i = 0; i < n; i++)
        assert_int_equal(loop_spawn(app.loop, client_main, &k, NULL), ERR_OK);
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
    if (a->status != status)
        fail_msg("expected %d, got %d: %s", status, a->status, buf_str(&a->body));
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

static int set_up(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK) return -1;
    (void)snprintf(folder, sizeof(folder), "/tmp/test_http_XXXXXX");
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(file_path, sizeof(file_path), "%s/file", folder);
    FILE *f = fopen(file_path, "w");
    for (int i = 0; i < FILE_SIZE; i++)
        (void)fputc(i % 251, f);
    return fclose(f);
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file_path);
    return rmdir(folder);
}

#endif
