/* The router: from a complete request to its answer, by the row that its path and method name
 * (router.h).
 *
 *     match (route_tree.c) → organization → login or key → permission → rate (router_guard.c)
 *       → bind fields (router_input.c) → idempotency key (idempotency.c)
 *       → handler or query → answer, one log line when it failed
 *
 * The invariant: no handler runs before all of that has passed, and each request gets exactly
 * one answer. Rows are checked when the program starts: a row that cannot work stops it with
 * words that name the row, which every test sees. http_server.c calls route_accept (before the
 * body is read) and route_handle (in a coroutine of the request's own). */
#include "core/router.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/log.h"
#include "core/router_impl.h"

#define DEADLINE_MS        (10 * SECOND_MS)
#define REPORT_DEADLINE_MS (60 * SECOND_MS)

/* --- the rows, checked ----------------------------------------------------------------- */

static void check(const struct route *route, bool fine, const char *words, const char *what)
{
    if (fine) return;
    log_event(LOG_ERROR, NULL, "a route row is wrong",
              LOG_FIELDS(LOG_TEXT("route", route->path), LOG_TEXT("id", route->id),
                         LOG_TEXT("why", words), LOG_TEXT("what", what)));
    abort();
}

static bool path_has(const struct route *route, const char *name, size_t len)
{
    const char *pos = route->path;
    const char *param = NULL;
    size_t param_len = 0;
    while (route_param_next(&pos, &param, &param_len))
        if (param_len == len && memcmp(param, name, len) == 0) return true;
    return false;
}

static const struct field *field_named(const struct field *fields, const char *name)
{
    for (const struct field *f = fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

/* Parameters of a query that the context answers by itself (db.h). */
static bool context_param(const char *name)
{
    static const char *const names[] = {
        "org",   "actor", "actor_id", "actor_kind", "actor_name", "sees_all", "sees_contacts",
        "teams", "lang",  "trace",    "address",    "now_ms",     "in"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static void check_fields(const struct route *route, const struct field *fields, bool nested)
{
    for (const struct field *f = fields; f && f->name; f++) {
        check(route, f->type != F_ENUM || f->values, "a choice without values", f->name);
        check(route, f->type != F_ARRAY || f->of != F_ARRAY, "a list of lists", f->name);
        check(route, f->type != F_ARRAY || f->of != F_ENUM || f->values,
              "a list of choices without values", f->name);
        check(route, f->type != F_FILE || (route->multipart && !nested), "a file without multipart",
              f->name);
        for (const struct field *g = fields; g < f; g++)
            check(route, strcmp(f->name, g->name) != 0, "a field twice", f->name);
        const char *texts[] = {f->otherwise, f->example};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            json_t *j = texts[i] ? json_loads(texts[i], JSON_DECODE_ANY, NULL) : NULL;
            check(route, !texts[i] || j, "a default or an example that is not JSON", f->name);
            json_decref(j);
        }
        if (!nested && f->in == IN_PATH)
            check(route, path_has(route, f->name, strlen(f->name)),
                  "a path field that the path lacks", f->name);
        if (f->fields && (f->type == F_OBJECT || f->type == F_ARRAY))
            check_fields(route, f->fields, true);
    }
}

/* A name in the document stands for one schema. */
static void check_answer(const struct router *router, size_t count, const struct route *row)
{
    for (size_t i = 0; row->answer && i < count; i++) {
        const struct schema *other = router->rows[i]->answer;
        check(row, !other || other == row->answer || strcmp(other->name, row->answer->name) != 0,
              "two schemas of one name", row->answer->name);
    }
}

static bool organization_path(const char *path)
{
    static const char start[] = "/api/{organizationId}";
    size_t len = sizeof start - 1;
    return strncmp(path, start, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static void check_row(const struct route *route)
{
    check(route, route->path[0] == '/', "the path must begin with /", NULL);
    check(route, (route->sql != NULL) != (route->handler != NULL), "either a query or a handler",
          NULL);
    check(route, route->access != ACCESS_ORG || organization_path(route->path),
          "rows of an organization begin with /api/{organizationId}", NULL);
    check(route, route->access != ACCESS_USER || route->permission == 0,
          "a permission without an organization", NULL);
    check(route, !route->group || (route->id && route->summary),
          "a documented row needs id and summary", NULL);
    check(route, route->permission >= 0 && route->permission < 64, "the permission is out of range",
          NULL);
    check_fields(route, route->fields, false);
    for (int i = 0; route->sql && i < route->sql->param_count; i++) {
        const char *name = route->sql->params[i];
        check(route,
              context_param(name) || field_named(route->fields, name) ||
                  path_has(route, name, strlen(name)),
              "a parameter of the query that no field declares", name);
    }
}

struct router *router_new(const struct route *const *tables)
{
    struct router *router = mem_alloc(sizeof *router);
    router->tree = route_tree_new();
    for (const struct route *const *t = tables; *t; t++)
        for (const struct route *row = *t; row->path; row++)
            router->count++;
    router->rows = mem_array(router->count + 1, sizeof *router->rows);
    size_t n = 0;
    for (const struct route *const *t = tables; *t; t++)
        for (const struct route *row = *t; row->path; row++) {
            check_row(row);
            check(row, route_tree_add(router->tree, row),
                  "there is another row for this method and path", NULL);
            for (size_t i = 0; i < n && row->id; i++)
                check(row, !router->rows[i]->id || strcmp(router->rows[i]->id, row->id) != 0,
                      "an id twice", row->id);
            check_answer(router, n, row);
            router->rows[n++] = row;
        }
    return router;
}

void router_free(struct router *r)
{
    if (!r) return;
    route_tree_free(r->tree);
    mem_free(r->rows);
    mem_free(r->document);
    mem_free(r);
}

const struct route *const *router_rows(const struct router *r)
{
    return r->rows;
}

/* --- the answer ------------------------------------------------------------------------ */

static int success_status(const struct route *route)
{
    if (route->status) return route->status;
    if (route->shape == ANSWER_EMPTY) return 204;
    return route->creates ? 201 : 200;
}

/* A query that found nothing: the 404 that the row announces ("404 CHAT_NOT_FOUND", the first of
 * several), so that the document tells the truth. */
static enum err nothing_found(struct visit *v)
{
    static const char mark[] = "404 ";
    const char *p = v->route->errors ? strstr(v->route->errors, mark) : NULL;
    if (!p || v->c->fault.code) return ERR_NOT_FOUND;
    p += sizeof mark - 1;
    return fault(v->c, ERR_NOT_FOUND, arena_strndup(v->c->arena, p, strcspn(p, "|")), "%s",
                 err_row(ERR_NOT_FOUND)->text);
}

static enum err run_sql(struct visit *v)
{
    const struct route *route = v->route;
    int status = success_status(route);
    if (route->shape == ANSWER_EMPTY) {
        enum err e = db_one(v->c, route->sql, NULL, NULL);
        if (e == ERR_NOT_FOUND) return nothing_found(v);
        if (e) return e;
        reply_empty(v->p, status);
        return ERR_OK;
    }
    const char *json = NULL;
    enum err e = db_json(v->c, route->sql, NULL, &json);
    if (e == ERR_NOT_FOUND) return nothing_found(v);
    if (e) return e;
    reply_json(v->c, v->p, status, json);
    return ERR_OK;
}

/* The row's own work. A handler that says ERR_OK has replied. */
static enum err work(struct visit *v)
{
    if (v->route->sql) return run_sql(v);
    enum err e = v->route->handler(v->c, v->r, v->p);
    if (e) return e;
    if (v->p->kind == REPLY_NONE && v->route->shape == ANSWER_EMPTY)
        reply_empty(v->p, success_status(v->route));
    return v->p->kind == REPLY_NONE ? fault(v->c, ERR_INTERNAL, NULL, "the handler did not reply")
                                    : ERR_OK;
}

static void set_deadline(struct visit *v)
{
    const struct route *route = v->route;
    int64_t ms = route->deadline_ms;
    if (ms <= 0)
        ms = route->sql && route->sql->db_class == DB_REPORT ? REPORT_DEADLINE_MS : DEADLINE_MS;
    v->c->deadline_ms = clock_mono_ms() + ms;
}

static enum err serve(struct visit *v)
{
    set_deadline(v);
    guard_cors(v, false);
    enum err e = guard_admit(v);
    if (e) return e;
    e = input_bind(v);
    if (e) return e;
    const char *key = v->route->creates && v->route->access == ACCESS_ORG
                          ? request_header(v->c, v->r, "Idempotency-Key")
                          : NULL;
    if (key) return idempotent_run(v, key, work);
    e = v->route->prepare ? v->route->prepare(v->c, v->r) : ERR_OK;
    return e ? e : work(v);
}

/* --- methods --------------------------------------------------------------------------- */

static const char *allow_text(struct ctx *c, uint32_t allowed)
{
    const char *text = "";
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (!(allowed & (1u << i)) && i != HTTP_OPTIONS) continue;
        text = arena_printf(c->arena, "%s%s%s", text, *text ? ", " : "", http_method_names[i]);
        if (i == HTTP_GET) text = arena_printf(c->arena, "%s, HEAD", text);
    }
    return text;
}

/* OPTIONS without a row of its own: what the path takes, and the preflight of the web chat. */
static enum err answer_options(struct visit *v)
{
    const char *wanted = request_header(v->c, v->r, "Access-Control-Request-Method");
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (!(v->match.allowed & (1u << i)) ||
            (wanted && strcmp(wanted, http_method_names[i]) != 0))
            continue;
        struct route_match m;
        route_tree_match(v->c->app->router->tree, (enum http_method)i, v->r->path, &m);
        v->route = m.route;
        guard_cors(v, true);
        if (m.route && m.route->access == ACCESS_VISITOR) break;
    }
    reply_header(v->c, v->p, "Allow", allow_text(v->c, v->match.allowed));
    reply_empty(v->p, 204);
    return ERR_OK;
}

/* "/api/nothing" fits "/api/{organizationId}", but is no organization: an unknown path like any
 * other. */
static bool no_organization(const struct visit *v)
{
    char text[UUID_TEXT_SIZE] = "";
    struct uuid id;
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (!(v->match.allowed & (1u << i))) continue;
        struct route_match m;
        route_tree_match(v->c->app->router->tree, (enum http_method)i, v->r->path, &m);
        if (!m.route || !organization_path(m.route->path)) return false;
        if (m.params[0].len < sizeof text) memcpy(text, m.params[0].data, m.params[0].len);
        return !uuid_parse(text, &id);
    }
    return false;
}

static enum err answer_unmatched(struct visit *v)
{
    if (v->match.allowed == 0 || no_organization(v)) return guard_unknown(v);
    if (v->r->method == HTTP_OPTIONS) return answer_options(v);
    reply_header(v->c, v->p, "Allow", allow_text(v->c, v->match.allowed));
    return fault(v->c, ERR_METHOD, NULL, "This address takes %s",
                 allow_text(v->c, v->match.allowed));
}

/* --- the two calls of http_server.c ---------------------------------------------------- */

static void finish_headers(struct visit *v)
{
    struct reply *p = v->p;
    if (p->kind == REPLY_UPGRADE) return;
    reply_header(v->c, p, "X-Request-Id", v->c->trace);
    reply_header(v->c, p, "X-Content-Type-Options", "nosniff");
    for (int i = 0; i < p->header_count; i++)
        if (strcmp(p->headers[i].name, "Cache-Control") == 0) return;
    if (p->kind == REPLY_TEXT && strncmp(v->r->path, "/api/", 5) == 0)
        reply_header(v->c, p, "Cache-Control", p->etag ? "private, no-cache" : "no-store");
}

static void log_failure(const struct visit *v, enum err e, int64_t started_ms)
{
    const struct ctx *c = v->c;
    int status = v->p->status;
    if (status < 400) return;
    char text[UUID_TEXT_SIZE];
    const char *org = uuid_is_nil(c->org) ? NULL : uuid_text(c->org, text);
    log_event(
        status >= 500 ? LOG_ERROR : LOG_INFO, c->trace, "request failed",
        LOG_FIELDS(
            LOG_TEXT("method", http_method_names[v->r->method]),
            LOG_TEXT("route", v->route ? (v->route->id ? v->route->id : v->route->path) : "none"),
            LOG_INT("status", status), LOG_INT("ms", clock_mono_ms() - started_ms),
            LOG_TEXT("org", org),
            LOG_TEXT("code", c->fault.code ? c->fault.code : err_row(e)->code),
            /* our own failures only: the words of a 400 may quote what was sent */
            LOG_TEXT("why", status >= 500 && c->fault.message ? c->fault.message : "")));
}

static void route_handle(void *arg, struct ctx *c, struct request *r, struct reply *p)
{
    struct app *app = arg;
    int64_t started_ms = clock_mono_ms();
    struct visit v = {.c = c, .r = r, .p = p};
    route_tree_match(app->router->tree, r->method, r->path, &v.match);
    v.route = r->route = v.match.route;
    enum err e = v.route ? serve(&v) : answer_unmatched(&v);
    if (e) reply_fault(c, p, e);
    finish_headers(&v);
    log_failure(&v, e, started_ms);
}

static enum err route_accept(void *arg, struct request *r, size_t *ret_body_max,
                             int64_t *ret_upload_max)
{
    struct app *app = arg;
    struct route_match m;
    route_tree_match(app->router->tree, r->method, r->path, &m);
    r->route = m.route;
    *ret_body_max = m.route ? m.route->body_max : 0;
    *ret_upload_max = 0;
    if (m.route && m.route->multipart)
        *ret_upload_max = m.route->upload_max > 0 ? m.route->upload_max : INT64_MAX;
    return ERR_OK;
}

void router_callbacks(struct app *app, struct http_callbacks *ret_cb)
{
    *ret_cb = (struct http_callbacks){.accept = route_accept, .handle = route_handle, .arg = app};
}
