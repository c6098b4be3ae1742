/* The router without a server and without a database: matching, methods, who may, input,
 * idempotency, answers. The functions of http_server.c and db.c that it calls are replaced below
 * by small ones over plain arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/log.h"
#include "core/rate_limit.h"
#include "core/route_tree.h"
#include "sql.h"

#define ORG "0190a5f0-7b3a-7c4e-8000-0123456789ab"
#define ID  "0190a5f0-7b3a-7c4e-8000-0123456789ac"

/* --- the server, replaced -------------------------------------------------------------- */

struct headers {
    const char *pairs[20]; /* name, value, …, NULL */
};

const char *request_header(const struct ctx *c, const struct request *r, const char *name)
{
    (void)c;
    const struct headers *h = r->impl;
    for (int i = 0; h && h->pairs[i]; i += 2)
        if (strcasecmp(h->pairs[i], name) == 0) return h->pairs[i + 1];
    return NULL;
}

const char *request_cookie(struct ctx *c, const struct request *r, const char *name)
{
    (void)c, (void)r, (void)name;
    return NULL;
}

/* --- the database, replaced: one table of kept answers --------------------------------- */

struct kept {
    char key[64], hash[80], body[400];
    int status;
    bool used;
};
static struct {
    struct kept rows[4], before[4];
    const char *json; /* answer of db_json */
    enum err json_error;
    int begins, commits, rollbacks;
} fake;

struct rows {
    const struct kept *row;
};

static const char *param_text(const struct param *params, const char *name)
{
    for (; params && params->type != PARAM_END; params++)
        if (strcmp(params->name, name) == 0) return params->text;
    return NULL;
}

static struct kept *kept_find(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(fake.rows); i++)
        if (fake.rows[i].used && strcmp(fake.rows[i].key, key) == 0) return &fake.rows[i];
    return NULL;
}

enum err db_query(struct ctx *c, const struct sql *q, const struct param *params,
                  struct rows **ret_rows)
{
    struct rows *rows = arena_alloc(c->arena, sizeof *rows);
    const char *key = param_text(params, "key");
    struct kept *row = kept_find(key);
    if (q == &SQL_IDEMPOTENCY_TAKE && !row) {
        for (size_t i = 0; !row; i++)
            if (!fake.rows[i].used) row = &fake.rows[i];
        row->used = true;
        snprintf(row->key, sizeof row->key, "%s", key);
        snprintf(row->hash, sizeof row->hash, "%s", param_text(params, "request_hash"));
        rows->row = row;
    } else if (q == &SQL_IDEMPOTENCY_GET) {
        rows->row = row;
    }
    if (ret_rows) *ret_rows = rows;
    return ERR_OK;
}

enum err db_one(struct ctx *c, const struct sql *q, const struct param *params,
                struct rows **ret_rows)
{
    if (q != &SQL_IDEMPOTENCY_GET) return fake.json_error;
    struct rows *rows = NULL;
    enum err e = db_query(c, q, params, &rows);
    if (e) return e;
    if (!rows->row) return ERR_NOT_FOUND;
    if (ret_rows) *ret_rows = rows;
    return ERR_OK;
}

enum err db_json(struct ctx *c, const struct sql *q, const struct param *params,
                 const char **ret_text)
{
    (void)c, (void)q, (void)params;
    if (fake.json_error) return fake.json_error;
    *ret_text = fake.json;
    return ERR_OK;
}

enum err db_exec(struct ctx *c, const struct sql *q, const struct param *params)
{
    (void)c;
    if (q != &SQL_IDEMPOTENCY_KEEP) return ERR_OK;
    struct kept *row = kept_find(param_text(params, "key"));
    for (const struct param *p = params; p->type != PARAM_END; p++)
        if (strcmp(p->name, "status") == 0) row->status = (int)p->number;
    snprintf(row->body, sizeof row->body, "%s", param_text(params, "body"));
    return ERR_OK;
}

enum err db_retry(struct ctx *c, enum err (*body)(struct ctx *c, void *arg), void *arg)
{
    fake.begins++;
    memcpy(fake.before, fake.rows, sizeof fake.rows);
    enum err e = body(c, arg);
    if (e) {
        memcpy(fake.rows, fake.before, sizeof fake.rows);
        fake.rollbacks++;
    } else {
        fake.commits++;
    }
    return e;
}

int rows_count(const struct rows *r)
{
    return r->row ? 1 : 0;
}

const char *rows_text(const struct rows *r, int row, const char *column)
{
    (void)row;
    if (strcmp(column, "request_hash") == 0) return r->row->hash;
    return strcmp(column, "body") == 0 ? r->row->body : "application/json; charset=utf-8";
}

int64_t rows_int(const struct rows *r, int row, const char *column, int64_t otherwise)
{
    (void)row, (void)column, (void)otherwise;
    return r->row->status;
}

/* --- rows under test ------------------------------------------------------------------- */

static int handler_runs;

static enum err echo(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    handler_runs++;
    reply_jsonf(c, p, 200, c->in);
    return ERR_OK;
}

static enum err create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    handler_runs++;
    const char *name = in_text(c, "name");
    if (strcmp(name, "taken") == 0)
        return fault(c, ERR_CONFLICT, "TAG_DUPLICATE", "There is a tag %s", name);
    if (strcmp(name, "teapot") == 0) {
        reply_json(c, p, 418, "{\"teapot\":true}");
        return ERR_OK;
    }
    reply_json(c, p, 201, arena_printf(c->arena, "{\"run\":%d}", handler_runs));
    return ERR_OK;
}

static enum err broken(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r, (void)p;
    return fault(c, ERR_INTERNAL, "SECRET_CODE", "password=hunter2");
}

static enum err silent(struct ctx *c, struct request *r, struct reply *p)
{
    (void)c, (void)r, (void)p;
    return ERR_OK;
}

static const struct field name_field[] = {
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "page", .type = F_INT, .in = IN_QUERY},
    {.name = "X-Version", .type = F_INT, .in = IN_HEADER},
    {0},
};
static const struct field search_fields[] = {{.name = "q", .type = F_TEXT, .in = IN_QUERY}, {0}};
static const struct field slug_fields[] = {
    {.name = "slug", .type = F_SLUG, .in = IN_PATH, .required = true}, {0}};

static const char *const tag_params[] = {"org", "tagId", NULL};
static const struct sql tag_sql = {
    .name = "tag_get", .text = "", .params = tag_params, .param_count = 2};

static const struct route table_one[] = {
    {HTTP_GET, "/api/{organizationId}/tags", "tags.list", "List", "Tags", .permission = 3,
     .fields = search_fields, .handler = echo},
    {HTTP_POST, "/api/{organizationId}/tags", "tags.create", "Make", "Tags", .permission = 4,
     .fields = name_field, .creates = true, .handler = create},
    {HTTP_GET, "/api/{organizationId}/tags/search", "tags.search", "Search", "Tags",
     .fields = search_fields, .handler = echo},
    {HTTP_GET, "/api/{organizationId}/tags/{tagId}", "tags.get", "Get", "Tags", .sql = &tag_sql},
    {HTTP_PUT, "/api/{organizationId}/tags/{tagId}", "tags.update", "Change", "Tags",
     .no_keys = true, .fields = name_field, .handler = echo},
    {HTTP_DELETE, "/api/{organizationId}/tags/{tagId}", "tags.delete", "Delete", "Tags",
     .shape = ANSWER_EMPTY, .sql = &tag_sql},
    {HTTP_GET, "/api/{organizationId}/broken", "broken", "Broken", "Tags", .handler = broken},
    {HTTP_GET, "/api/{organizationId}/silent", "silent", "Silent", "Tags", .handler = silent},
    {0},
};
static const struct route table_two[] = {
    {HTTP_GET, "/", .access = ACCESS_PUBLIC, .handler = echo},
    {HTTP_GET, "/{path*}", .access = ACCESS_PUBLIC, .handler = echo},
    {HTTP_GET, "/assets/{path*}", .access = ACCESS_PUBLIC, .handler = echo},
    {HTTP_POST, "/api/auth/login", "auth.login", "Log in", "Access", .access = ACCESS_PUBLIC,
     .rate_per_minute = 2, .fields = name_field, .handler = echo},
    {HTTP_GET, "/api/auth/me", "auth.me", "Me", "Access", .access = ACCESS_USER, .handler = echo},
    {HTTP_POST, "/api/webchat/{slug}/messages", "webchat.send", "Send", "Web chat",
     .access = ACCESS_VISITOR, .fields = slug_fields, .handler = echo},
    {HTTP_POST, "/api/hooks/{slug}", "hooks.in", "Hook", "Hooks", .access = ACCESS_PUBLIC,
     .raw_body = true, .fields = slug_fields, .handler = echo},
    {0},
};
static const struct route *const tables[] = {table_one, table_two, NULL};

/* "user": a session with permissions 3 and 4; "key": the same as a key; "weak": a session
 * without permissions. */
static enum err authenticate(struct ctx *c, struct request *r, struct reply *p)
{
    (void)p;
    const char *who = request_header(c, r, "Who");
    const char *key = request_header(c, r, "X-Api-Key");
    if (key && strcmp(key, "ak_bad") == 0) return ERR_UNAUTHORIZED;
    if (!who && !key) return ERR_UNAUTHORIZED;
    c->actor.kind = key ? ACTOR_KEY : ACTOR_USER;
    c->actor.id = uuid_v7();
    if (key || strcmp(who, "user") == 0)
        c->actor.permissions = PERMISSION_BIT(3) | PERMISSION_BIT(4);
    return ERR_OK;
}

static const char *permission_name(int permission)
{
    return permission == 3 ? "tags.view" : "tags.manage";
}

/* --- asking ---------------------------------------------------------------------------- */

struct answer {
    int status;
    char body[2000];
    char code[64];
    struct ctx *c;
    struct reply p;
};

static struct app app;
static struct http_callbacks callbacks;

static const char *answer_header(const struct answer *a, const char *name)
{
    for (int i = 0; i < a->p.header_count; i++)
        if (strcasecmp(a->p.headers[i].name, name) == 0) return a->p.headers[i].value;
    return NULL;
}

static struct answer ask(enum http_method method, const char *target, const char *body,
                         struct headers h)
{
    struct answer a = {.c = ctx_new(&app, 4 * MIB, INT64_MAX)};
    char *path = arena_strdup(a.c->arena, target);
    char *query = strchr(path, '?');
    if (query) *query++ = '\0';
    struct request r = {.method = method, .path = path, .query = query ? query : "", .impl = &h};
    if (body) r.body = (struct bytes){(const unsigned char *)body, strlen(body)};
    a.c->address = "10.0.0.1";
    size_t body_max;
    int64_t upload_max;
    assert_int_equal(callbacks.accept(callbacks.arg, &r, &body_max, &upload_max), ERR_OK);
    callbacks.handle(callbacks.arg, a.c, &r, &a.p);
    a.status = a.p.status;
    snprintf(a.body, sizeof a.body, "%.*s", (int)a.p.body.len, (const char *)a.p.body.data);
    json_t *j = json_loads(a.body, 0, NULL);
    const char *code = j ? json_get_text(j, "code") : NULL;
    snprintf(a.code, sizeof a.code, "%s", code ? code : "");
    if (a.status >= 400 && a.status != 418) {
        assert_non_null(j);
        assert_string_equal(json_get_text(j, "requestId"), a.c->trace);
        assert_true(json_is_false(json_object_get(j, "success")));
    }
    assert_string_equal(answer_header(&a, "X-Request-Id"), a.c->trace);
    json_decref(j);
    return a;
}

#define USER         "Who", "user", "X-Requested-With", "interflow", "Content-Type", "application/json"
#define KEY          "X-Api-Key", "ak_good", "Content-Type", "application/json"
#define HEADERS(...) ((struct headers){{__VA_ARGS__}})

static void expect(int status, const char *code, enum http_method method, const char *target,
                   const char *body, struct headers h)
{
    struct answer a = ask(method, target, body, h);
    if (a.status != status || strcmp(a.code, code) != 0)
        fail_msg("%s %s: expected %d %s, got %d %s", http_method_names[method], target, status,
                 code, a.status, a.body);
    ctx_free(a.c);
}

static int set_up(void **state)
{
    (void)state;
    static const struct router_auth auth = {authenticate, permission_name};
    static const struct tables all = {.routes = tables, .auth = &auth};
    static const struct config config = {.public_url = "https://desk.example.com"};
    log_setup(&(struct log_options){.level = LOG_ERROR + 1});
    app = (struct app){.tables = &all,
                       .config = &config,
                       .router = router_new(tables),
                       .rate_limiter = rate_limiter_new(64)};
    router_callbacks(&app, &callbacks);
    memset(&fake, 0, sizeof fake);
    fake.json = "{\"id\":\"x\"}";
    handler_runs = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    router_free(app.router);
    rate_limiter_free(app.rate_limiter);
    return 0;
}

/* --- tests ----------------------------------------------------------------------------- */

static void test_matching(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path, *id;
        uint32_t allowed;
    } rows[] = {
        {HTTP_GET, "/api/" ORG "/tags", "tags.list", 0},
        {HTTP_GET, "/api/" ORG "/tags/search", "tags.search", 0},
        {HTTP_PUT, "/api/" ORG "/tags/search", "tags.update", 0},
        {HTTP_GET, "/api/" ORG "/tags/" ID, "tags.get", 0},
        {HTTP_POST, "/api/" ORG "/tags/" ID, NULL,
         1u << HTTP_GET | 1u << HTTP_PUT | 1u << HTTP_DELETE},
        {HTTP_GET, "/api/" ORG "/tags/" ID "/more", NULL, 0},
        {HTTP_GET, "/api/" ORG "/tags/", NULL, 0},
        {HTTP_GET, "/api/" ORG "//tags", NULL, 0},
        {HTTP_GET, "/api", NULL, 0},
        {HTTP_GET, "/api/nothing/here", NULL, 0},
        {HTTP_GET, "/api/auth/me", "auth.me", 0},
        {HTTP_GET, "/api/auth/tags", "tags.list",
         0}, /* auth is no organization: the guard says 404 */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct route_tree *t = route_tree_new();
        for (const struct route *r = table_one; r->path; r++)
            assert_true(route_tree_add(t, r));
        for (const struct route *r = table_two; r->path; r++)
            assert_true(route_tree_add(t, r));
        assert_false(route_tree_add(t, &table_one[3]));
        struct route_match m;
        route_tree_match(t, rows[i].method, rows[i].path, &m);
        if (!rows[i].id)
            assert_null(m.route);
        else if (!m.route || strcmp(m.route->id, rows[i].id) != 0)
            fail_msg("%s: got %s", rows[i].path, m.route ? m.route->id : "none");
        if (rows[i].allowed) assert_int_equal(m.allowed, rows[i].allowed);
        route_tree_free(t);
    }
    expect(200, "", HTTP_GET, "/", NULL, HEADERS(0));
    expect(200, "", HTTP_GET, "/inbox/deep/link?utm=1", NULL, HEADERS(0));
    expect(200, "", HTTP_GET, "/assets/a.js", NULL, HEADERS(0));
    expect(405, "METHOD_NOT_ALLOWED", HTTP_POST, "/inbox", NULL, HEADERS(0));
    expect(404, "NOT_FOUND", HTTP_GET, "/api/unknown", NULL, HEADERS(USER));
    expect(404, "NOT_FOUND", HTTP_GET, "/api/not-a-uuid/tags", NULL, HEADERS(USER));
}

static void test_methods(void **state)
{
    (void)state;
    struct answer a = ask(HTTP_POST, "/api/" ORG "/tags/" ID, NULL, HEADERS(USER));
    assert_int_equal(a.status, 405);
    assert_string_equal(answer_header(&a, "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
    ctx_free(a.c);
    a = ask(HTTP_OPTIONS, "/api/" ORG "/tags", NULL,
            HEADERS("Origin", "https://evil.example", "Access-Control-Request-Method", "POST"));
    assert_int_equal(a.status, 204);
    assert_null(answer_header(&a, "Access-Control-Allow-Origin"));
    ctx_free(a.c);
    a = ask(HTTP_OPTIONS, "/api/webchat/shop/messages", NULL,
            HEADERS("Origin", "https://shop.example", "Access-Control-Request-Method", "POST",
                    "Access-Control-Request-Headers", "content-type"));
    assert_int_equal(a.status, 204);
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "https://shop.example");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Headers"), "content-type");
    assert_null(answer_header(&a, "Access-Control-Allow-Credentials"));
    ctx_free(a.c);
    expect(404, "NOT_FOUND", HTTP_OPTIONS, "/api/unknown", NULL, HEADERS(0));
}

static void test_who_may(void **state)
{
    (void)state;
    expect(401, "UNAUTHORIZED", HTTP_GET, "/api/" ORG "/tags", NULL, HEADERS(0));
    expect(200, "", HTTP_GET, "/api/" ORG "/tags", NULL, HEADERS("Who", "user"));
    expect(403, "FORBIDDEN", HTTP_GET, "/api/" ORG "/tags", NULL, HEADERS("Who", "weak"));
    expect(200, "", HTTP_GET, "/api/" ORG "/tags/search", NULL, HEADERS("Who", "weak"));
    expect(200, "", HTTP_GET, "/api/" ORG "/tags", NULL, HEADERS(KEY));
    expect(401, "UNAUTHORIZED", HTTP_GET, "/api/" ORG "/tags", NULL,
           HEADERS("X-Api-Key", "ak_bad"));
    expect(403, "API_KEY_ROUTE_DENIED", HTTP_PUT, "/api/" ORG "/tags/" ID, "{\"name\":\"x\"}",
           HEADERS(KEY));
    expect(403, "API_KEY_ROUTE_DENIED", HTTP_GET, "/api/auth/me", NULL, HEADERS(KEY));
    expect(403, "API_KEY_ROUTE_DENIED", HTTP_GET, "/api/" ORG "/unknown", NULL, HEADERS(KEY));
    expect(403, "API_KEY_ROUTE_DENIED", HTTP_GET, "/api/" ORG "/unknown", NULL,
           HEADERS("Authorization", "Bearer ak_x", "Who", "user"));
    expect(401, "UNAUTHORIZED", HTTP_GET, "/api/" ORG "/unknown", NULL,
           HEADERS("X-Api-Key", "ak_bad"));
    struct answer a = ask(HTTP_GET, "/api/" ORG "/tags", NULL, HEADERS("Who", "weak"));
    assert_non_null(strstr(a.body, "\"permission\":\"tags.view\""));
    ctx_free(a.c);
}

static void test_forgery(void **state)
{
    (void)state;
    const char *body = "{\"name\":\"x\"}";
    const char *target = "/api/" ORG "/tags";
    expect(403, "CROSS_SITE", HTTP_POST, target, body,
           HEADERS("Who", "user", "Content-Type", "application/json"));
    expect(201, "", HTTP_POST, target, body, HEADERS(USER));
    expect(201, "", HTTP_POST, target, body, HEADERS(USER, "Origin", "https://desk.example.com"));
    expect(201, "", HTTP_POST, target, body,
           HEADERS(USER, "Origin", "http://127.0.0.1:8080", "Host", "127.0.0.1:8080"));
    expect(403, "CROSS_SITE", HTTP_POST, target, body,
           HEADERS(USER, "Origin", "https://desk.example.com.evil.example"));
    expect(403, "CROSS_SITE", HTTP_POST, target, body,
           HEADERS(USER, "Origin", "https://desk.example"));
    expect(403, "CROSS_SITE", HTTP_POST, target, body, HEADERS(USER, "Origin", "null"));
    expect(201, "", HTTP_POST, target, body, HEADERS(KEY));
    struct headers elsewhere =
        HEADERS("Origin", "https://evil.example", "Content-Type", "application/json");
    expect(403, "CROSS_SITE", HTTP_POST, "/api/auth/login", body, elsewhere);
    expect(200, "", HTTP_POST, "/api/hooks/meta", body, elsewhere);
    expect(200, "", HTTP_POST, "/api/webchat/shop/messages", "{}", elsewhere);
    expect(403, "CROSS_SITE", HTTP_GET, target, NULL,
           HEADERS("Who", "user", "Upgrade", "websocket", "Origin", "https://evil.example"));
    expect(200, "", HTTP_GET, target, NULL,
           HEADERS("Who", "user", "Upgrade", "websocket", "Origin", "https://desk.example.com"));
}

static void test_input(void **state)
{
    (void)state;
    const char *target = "/api/" ORG "/tags/" ID;
    struct answer a =
        ask(HTTP_PUT, target, "{\"name\":\"caf\\u00e9\"}", HEADERS(USER, "X-Version", "7"));
    assert_string_equal(a.body, "{\"tagId\":\"" ID "\",\"X-Version\":7,\"name\":\"café\"}");
    ctx_free(a.c);
    expect(400, "VALIDATION_ERROR", HTTP_PUT, "/api/" ORG "/tags/zero", "{\"name\":\"x\"}",
           HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_PUT, target, "{\"name\":7}", HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_PUT, target, "[]", HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_PUT, target, NULL, HEADERS(USER));
    expect(400, "MALFORMED_JSON", HTTP_PUT, target, "{\"name\":", HEADERS(USER));
    expect(400, "MALFORMED_JSON", HTTP_PUT, target, "{\"name\":\"\xff\"}", HEADERS(USER));
    expect(400, "MALFORMED_JSON", HTTP_PUT, target, "{\"name\":\"a\\u0000\"}", HEADERS(USER));
    expect(415, "UNSUPPORTED_MEDIA", HTTP_PUT, target, "name=x",
           HEADERS("Who", "user", "X-Requested-With", "interflow", "Content-Type",
                   "application/x-www-form-urlencoded"));
    expect(415, "UNSUPPORTED_MEDIA", HTTP_PUT, target, "{}",
           HEADERS("Who", "user", "X-Requested-With", "interflow"));
    expect(400, "VALIDATION_ERROR", HTTP_PUT, "/api/" ORG "/tags/" ID "?page=x", "{\"name\":\"x\"}",
           HEADERS(USER));
    expect(200, "", HTTP_PUT, "/api/" ORG "/tags/" ID "?page=2&", "{\"name\":\"x\"}",
           HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_GET, "/api/" ORG "/tags?unknown=1", NULL, HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_GET, "/api/" ORG "/tags?q=%zz", NULL, HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_GET, "/api/" ORG "/tags?q=%2", NULL, HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_GET, "/api/" ORG "/tags?q=%ff", NULL, HEADERS(USER));
    expect(400, "VALIDATION_ERROR", HTTP_GET, "/api/" ORG "/tags?q=a%00b", NULL, HEADERS(USER));
    a = ask(HTTP_GET, "/api/" ORG "/tags?q=S%C3%A3o+Paulo%21", NULL, HEADERS(USER));
    assert_string_equal(a.body, "{\"q\":\"São Paulo!\"}");
    ctx_free(a.c);
    a = ask(HTTP_PUT, "/api/" ORG "/tags/zero?page=x", "{\"name\":7,\"b\":1}", HEADERS(USER));
    assert_int_equal(a.c->fault.detail_count, 4); /* every place is checked */
    ctx_free(a.c);
    expect(200, "", HTTP_POST, "/api/hooks/meta", "not json", HEADERS(0));
}

static void test_answers(void **state)
{
    (void)state;
    const char *target = "/api/" ORG "/tags/" ID;
    expect(200, "", HTTP_GET, target, NULL, HEADERS(USER));
    expect(204, "", HTTP_DELETE, target, NULL, HEADERS(USER));
    fake.json_error = ERR_NOT_FOUND;
    expect(404, "NOT_FOUND", HTTP_GET, target, NULL, HEADERS(USER));
    expect(404, "NOT_FOUND", HTTP_DELETE, target, NULL, HEADERS(USER));
    fake.json_error = ERR_DEADLINE;
    expect(504, "DEADLINE_EXCEEDED", HTTP_GET, target, NULL, HEADERS(USER));
    struct answer a = ask(HTTP_GET, "/api/" ORG "/broken", NULL, HEADERS(USER));
    assert_int_equal(a.status, 500);
    assert_null(strstr(a.body, "hunter2"));
    assert_null(strstr(a.body, "SECRET"));
    assert_string_equal(answer_header(&a, "Cache-Control"), "no-store");
    ctx_free(a.c);
    expect(500, "INTERNAL_ERROR", HTTP_GET, "/api/" ORG "/silent", NULL, HEADERS(USER));
}

static void test_public_rate(void **state)
{
    (void)state;
    const char *body = "{\"name\":\"x\"}";
    struct headers json = HEADERS("Content-Type", "application/json");
    expect(200, "", HTTP_POST, "/api/auth/login", body, json);
    expect(200, "", HTTP_POST, "/api/auth/login", body, json);
    struct answer a = ask(HTTP_POST, "/api/auth/login", body, json);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.code, "RATE_LIMIT_EXCEEDED");
    assert_string_equal(answer_header(&a, "X-RateLimit-Limit"), "2");
    assert_string_equal(answer_header(&a, "X-RateLimit-Remaining"), "0");
    assert_string_equal(answer_header(&a, "Retry-After"), "30");
    assert_non_null(strstr(a.body, "\"retryAfter\":30"));
    ctx_free(a.c);
    expect(200, "", HTTP_GET, "/inbox", NULL, HEADERS(0)); /* another bucket */
}

static void test_idempotency(void **state)
{
    (void)state;
    const char *target = "/api/" ORG "/tags";
    struct answer a =
        ask(HTTP_POST, target, "{\"name\":\"x\"}", HEADERS(USER, "Idempotency-Key", "k1"));
    assert_int_equal(a.status, 201);
    assert_string_equal(a.body, "{\"run\":1}");
    assert_null(answer_header(&a, "Idempotency-Replayed"));
    ctx_free(a.c);
    a = ask(HTTP_POST, target, "{\"name\":\"x\"}", HEADERS(USER, "Idempotency-Key", "k1"));
    assert_int_equal(a.status, 201);
    assert_string_equal(a.body, "{\"run\":1}");
    assert_string_equal(answer_header(&a, "Idempotency-Replayed"), "true");
    ctx_free(a.c);
    assert_int_equal(handler_runs, 1);
    expect(422, "IDEMPOTENCY_KEY_REUSED", HTTP_POST, target, "{\"name\":\"y\"}",
           HEADERS(USER, "Idempotency-Key", "k1"));
    expect(400, "VALIDATION_ERROR", HTTP_POST, target, "{\"name\":\"y\"}",
           HEADERS(USER, "Idempotency-Key", "a b"));
    /* Errors are undone and not kept: the same key works afterwards. */
    expect(409, "TAG_DUPLICATE", HTTP_POST, target, "{\"name\":\"taken\"}",
           HEADERS(USER, "Idempotency-Key", "k2"));
    expect(418, "", HTTP_POST, target, "{\"name\":\"teapot\"}",
           HEADERS(USER, "Idempotency-Key", "k2"));
    expect(201, "", HTTP_POST, target, "{\"name\":\"z\"}", HEADERS(USER, "Idempotency-Key", "k2"));
    assert_int_equal(fake.rollbacks, 2);
    /* Invalid input does not touch the key. */
    expect(400, "VALIDATION_ERROR", HTTP_POST, target, "{}",
           HEADERS(USER, "Idempotency-Key", "k3"));
    expect(201, "", HTTP_POST, target, "{\"name\":\"z\"}", HEADERS(USER, "Idempotency-Key", "k3"));
}

static void test_buckets(void **state)
{
    (void)state;
    struct rate_limiter *l = rate_limiter_new(16);
    struct rate_state s;
    for (int i = 0; i < 60; i++)
        assert_true(rate_take(l, "a", 1, 60, 1000, &s));
    assert_int_equal(s.remaining, 0);
    assert_false(rate_take(l, "a", 1, 60, 1000, &s));
    assert_int_equal(s.retry_after_s, 1);
    assert_true(rate_take(l, "b", 1, 60, 1000, &s));
    assert_false(rate_take(l, "a", 1, 60, 1999, &s));
    assert_true(rate_take(l, "a", 1, 60, 2000, &s));
    assert_false(rate_take(l, "a", 1, 60, 2000, &s));
    /* small steps add up */
    int taken = 0;
    for (int64_t now = 2000; now <= 12000; now += 7)
        taken += rate_take(l, "a", 1, 60, now, &s);
    assert_in_range(taken, 9, 10);
    /* bounded: thousands of keys do not grow it, and still answer */
    for (int i = 0; i < 5000; i++)
        assert_true(rate_take(l, &i, sizeof i, 1, 20000 + i, &s));
    /* another process counts in the same buckets */
    assert_true(rate_take(l, "shared", 6, 3, 90000, &s));
    pid_t child = fork();
    if (child == 0) _exit(rate_take(l, "shared", 6, 3, 90000, &s) ? s.remaining : 99);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(rate_take(l, "shared", 6, 3, 90000, &s));
    assert_false(rate_take(l, "shared", 6, 3, 90000, &s));
    rate_limiter_free(l);
    unsigned char one[64], two[64];
    size_t n = rate_address_key("2001:db8:1:2:3::4", one);
    assert_int_equal(n, rate_address_key("2001:db8:1:2:ffff::9", two));
    assert_memory_equal(one, two, n);
    assert_int_equal(rate_address_key("10.0.0.1", one), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_matching, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_public_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idempotency, set_up, tear_down),
        cmocka_unit_test(test_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
