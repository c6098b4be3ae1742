/* A call to another system. The node waits for its answer; what it takes from it goes into variables.
 * Whatever does not succeed (no answer, an answer from 400 on, one that is too large) leaves by the
 * port "error", with the status in its variable all the same. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "flows/nodes/nodes.h"
#include "flows/path.h"

#define URL_MAX       4000
#define TIMEOUT_MIN   1000
#define TIMEOUT_MAX   60000
#define TIMEOUT_USUAL 10000
#define RETRIES_MAX   5
#define PAIRS_MAX     30
#define MAPPINGS_MAX  30

static bool has_body(const struct node *n)
{
    const char *method = node_text(n, "method");
    return strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0 && *node_text(n, "body");
}

static bool is_json(const struct node *n)
{
    return strcmp(node_text(n, "bodyType"), "text") != 0;
}

/* --- asking ---------------------------------------------------------------------------- */

/* The address with its query, values percent-encoded. NULL: a fault was said. */
static const char *url_of(struct run *r, const struct node *n)
{
    const char *url = run_fill(r, node_text(n, "url"), TEMPLATE_URL);
    const json_t *query = node_json(n, "query");
    if (!url) return NULL;
    CLEANUP(buf_free) struct buf b = BUF_INIT(URL_MAX);
    size_t base = strcspn(url, "#");
    buf_add(&b, url, base);
    bool first = memchr(url, '?', base) == NULL;
    for (size_t i = 0; i < json_array_size(query); i++) {
        const json_t *o = json_array_get(query, i);
        const char *name = json_get_text(o, "name"), *value = json_get_text(o, "value");
        value = run_fill(r, value ? value : "", TEMPLATE_PLAIN);
        if (!value) return NULL;
        if (!name || !*name) continue;
        buf_adds(&b, first ? "?" : "&");
        add_url_encoded(&b, name, strlen(name));
        buf_adds(&b, "=");
        add_url_encoded(&b, value, strlen(value));
        first = false;
    }
    if (buf_failed(&b)) {
        (void)run_refuse(r, "URL_INVALID", "the address is longer than %d bytes", URL_MAX);
        return NULL;
    }
    return arena_strndup(r->arena, buf_str(&b), b.len);
}

/* {name: value}; NULL: a fault was said. */
static json_t *headers_of(struct run *r, const struct node *n)
{
    const json_t *list = node_json(n, "headers");
    json_t *out = json_object();
    bool typed = false;
    arena_on_free(r->arena, (void (*)(void *))json_decref, out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *name = json_get_text(o, "name"), *value = json_get_text(o, "value");
        value = run_fill(r, value ? value : "", TEMPLATE_PLAIN);
        if (!value) return NULL;
        if (!name || !*name) continue;
        typed = typed || strcasecmp(name, "Content-Type") == 0;
        json_object_set_new(out, name, json_string(value));
    }
    if (!typed && has_body(n))
        json_object_set_new(
            out, "Content-Type",
            json_string(is_json(n) ? "application/json" : "text/plain; charset=utf-8"));
    return out;
}

/* False: a fault was said. *ret NULL: none. */
static bool body_of(struct run *r, const struct node *n, const char **ret)
{
    *ret = NULL;
    if (!has_body(n)) return true;
    const char *text =
        run_fill(r, node_text(n, "body"), is_json(n) ? TEMPLATE_JSON : TEMPLATE_PLAIN);
    if (!text) return false;
    json_t *j = NULL;
    const char *why = "";
    if (is_json(n) && json_parse(r->arena, text, strlen(text), &j, &why)) {
        (void)run_refuse(r, "BODY_NOT_JSON", "the body is no JSON once it is filled in: %s", why);
        return false;
    }
    *ret = text;
    return true;
}

static enum step run(struct run *r, const struct node *n)
{
    const char *method = node_text(n, "method"), *body = NULL;
    const char *url = url_of(r, n);
    json_t *headers = url ? headers_of(r, n) : NULL;
    if (!headers || !body_of(r, n, &body)) return run_error(r, ERR_INVALID);
    int64_t timeout_ms = node_int(n, "timeoutMs", 0), retries = node_int(n, "retries", 0);
    if (timeout_ms == 0) timeout_ms = TIMEOUT_USUAL;
    struct flow_request q = {
        .method = *method ? method : "GET",
        .url = url,
        .headers = headers,
        .body = body,
        .timeout_ms = (int)(timeout_ms < TIMEOUT_MIN   ? TIMEOUT_MIN
                            : timeout_ms > TIMEOUT_MAX ? TIMEOUT_MAX
                                                       : timeout_ms),
        .retries = (int)(retries < 0             ? 0
                         : retries > RETRIES_MAX ? RETRIES_MAX
                                                 : retries),
    };
    /* Without the query: keys stand there. */
    run_note_text(r, "request",
                  arena_printf(r->arena, "%s %.*s", q.method, (int)strcspn(url, "?"), url));
    return run_wait_http(r, &q, NULL);
}

/* --- the answer ------------------------------------------------------------------------ */

/* What a mapping or a variable takes must fit into a variable: here that is the answer's fault, not
 * a limit of the session. */
static enum err keep(struct run *r, const char *name, const struct value *v)
{
    if (value_size(v, FLOW_VALUE_MAX_BYTES + 1) > FLOW_VALUE_MAX_BYTES)
        return run_refuse(r, "ANSWER_LARGE", "what %s would take is larger than %d KB", name,
                          FLOW_VALUE_MAX_BYTES / 1024);
    return run_set(r, name, v);
}

/* All of the answer as a value: JSON, else its text. */
static enum err whole(struct run *r, const struct flow_reply *a, struct value *ret)
{
    *ret = value_text(a->body ? a->body : "");
    if (!a->json) return ERR_OK;
    enum err e = value_from_json(r->arena, a->json, ret);
    return e == ERR_INVALID ? run_refuse(r, "ANSWER_DEEP", "the answer is nested too deeply") : e;
}

/* What stands at the path of a mapping. */
static enum err mapped(struct run *r, const json_t *mapping, const struct value *all,
                       struct value *ret)
{
    const char *text = json_get_text(mapping, "path");
    struct path path;
    struct flow_error why;
    if (!path_parse(r->arena, text ? text : "", &path, &why))
        return run_refuse(r, "BAD_PATH", "the path %s cannot be read", text);
    return path_get(r->arena, &path, all, ret);
}

static enum err take(struct run *r, const struct node *n, const struct value *all)
{
    const json_t *list = node_json(n, "mapping");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *name = json_get_text(o, "variable");
        struct value v = value_empty();
        if (!name || !*name) continue;
        enum err e = mapped(r, o, all, &v);
        if (!e) e = keep(r, name, &v);
        if (e) return e;
    }
    return ERR_OK;
}

/* One line of http_sets; how it went is said there, not in the run. */
static void sets_one(struct run *r, json_t *list, const char *name, const char *path, enum err e,
                     const struct value *v)
{
    if (!e) e = keep(r, name, v);
    json_t *set = e ? NULL : json_object_get(r->vars, name);
    struct value stored = value_empty();
    if (set && value_from_json(r->arena, set, &stored)) stored = value_empty();
    json_t *why = e ? json_pack("{s:s, s:s}", "code", r->fault.code ? r->fault.code : "", "message",
                                r->fault.message ? r->fault.message : "")
                    : json_null();
    json_array_append_new(list, json_pack("{s:s, s:s?, s:b, s:o, s:o}", "variable", name, "path",
                                          path, "found", v->type != VALUE_EMPTY, "value",
                                          value_to_json(&stored), "error", why));
    r->fault = (struct run_fault){0};
    r->limit = false;
}

json_t *http_sets(struct run *r, const struct node *n, const struct flow_reply *a)
{
    const char *status = node_text(n, "statusVariable"), *body = node_text(n, "bodyVariable");
    const json_t *mappings = node_json(n, "mapping");
    json_t *list = json_array();
    struct value code = value_number(a->status), all = value_empty();
    if (*status) sets_one(r, list, status, NULL, ERR_OK, &code);
    if (a->status == 0) return list;
    enum err e = whole(r, a, &all);
    if (*body) sets_one(r, list, body, NULL, e, &all);
    for (size_t i = 0; a->status < 400 && i < json_array_size(mappings); i++) {
        const json_t *o = json_array_get(mappings, i);
        const char *name = json_get_text(o, "variable"), *path = json_get_text(o, "path");
        struct value v = value_empty();
        if (!name || !*name) continue;
        if (!e) e = mapped(r, o, &all, &v);
        sets_one(r, list, name, path ? path : "", e, &v);
        e = ERR_OK;
    }
    return list;
}

/* Out by the error port with what was kept so far: the step itself did not fail. */
static enum step unlucky(struct run *r, const char *code, const char *words)
{
    (void)run_fail(r, code, "%s", words);
    r->error = r->fault;
    run_note_text(r, "error", arena_printf(r->arena, "%s: %s", code, words));
    return run_port(r, "error");
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    const struct flow_reply *a = w->http;
    const char *status = node_text(n, "statusVariable"), *body = node_text(n, "bodyVariable");
    struct value code = value_number(a ? a->status : 0), all = value_empty();
    enum err e = *status ? keep(r, status, &code) : ERR_OK;
    if (e) return run_error(r, e);
    if (!a || a->status == 0) {
        const char *why = a && a->code && *a->code ? a->code : "HTTP_NO_ANSWER";
        return unlucky(r, why, a && a->error && *a->error ? a->error : "no answer came");
    }
    run_note(r, "status", json_integer(a->status));
    if (a->tries > 1) run_note(r, "tries", json_integer(a->tries));
    e = whole(r, a, &all);
    if (!e && *body) e = keep(r, body, &all);
    if (!e && a->status < 400) e = take(r, n, &all);
    if (e) return run_error(r, e);
    if (a->status < 400) return run_next(r);
    return unlucky(r, "HTTP_STATUS", arena_printf(r->arena, "it answered %d", a->status));
}

/* --- the row --------------------------------------------------------------------------- */

static bool header_valid(const char *name)
{
    return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789!#$%&'*+-.^_`|~")];
}

static void check(struct check *k, const struct node *n)
{
    const char *url = node_text(n, "url");
    const json_t *headers = node_json(n, "headers");
    if (*url && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0 &&
        strncmp(url, "{{", 2) != 0)
        check_error(k, n, "url", "URL_SCHEME", NULL, "must begin with https://");
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const char *name = json_get_text(json_array_get(headers, i), "name");
        if (name && *name && !header_valid(name))
            check_error(k, n, arena_printf(k->problems->arena, "headers[%zu].name", i),
                        "INVALID_NAME", NULL, "is no name of a header");
    }
    if (has_body(n) && is_json(n) && !strstr(node_text(n, "body"), "{{")) {
        json_t *j = NULL;
        const char *why = "", *body = node_text(n, "body");
        if (json_parse(k->problems->arena, body, strlen(body), &j, &why))
            check_error(k, n, "body", "BODY_NOT_JSON", NULL, "is no JSON: %s", why);
    }
}

static const struct node_field fields[] = {
    {.name = "method",
     .kind = NF_ENUM,
     .values = "GET|POST|PUT|PATCH|DELETE",
     .required = true,
     .otherwise = "\"GET\""},
    {.name = "url", .kind = NF_URL, .required = true, .max = 2000},
    {.name = "query", .kind = NF_PAIRS, .max = PAIRS_MAX, .advanced = true},
    {.name = "headers", .kind = NF_PAIRS, .max = PAIRS_MAX},
    {.name = "bodyType",
     .kind = NF_ENUM,
     .values = "json|text",
     .otherwise = "\"json\"",
     .when = {"method", "POST|PUT|PATCH"},
     .advanced = true},
    {.name = "body", .kind = NF_JSON, .max = 16000, .when = {"method", "POST|PUT|PATCH"}},
    {.name = "mapping", .kind = NF_MAPPING, .max = MAPPINGS_MAX},
    {.name = "statusVariable", .kind = NF_VARIABLE, .advanced = true},
    {.name = "bodyVariable", .kind = NF_VARIABLE, .advanced = true},
    {.name = "timeoutMs",
     .kind = NF_DURATION,
     .min = TIMEOUT_MIN,
     .max = TIMEOUT_MAX,
     .otherwise = "10000",
     .advanced = true},
    {.name = "retries", .kind = NF_NUMBER, .max = RETRIES_MAX, .otherwise = "0", .advanced = true},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_WARNING, {0}},
    {"error", PORT_ERROR, OPEN_WARNING, {0}},
    {0},
};

const struct flow_node node_http = {
    .type = "http",
    .category = NODE_DO,
    .icon = "globe",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .waits = true,
    .summary = "url",
    .run = run,
    .resume = resume,
    .check = check,
};
