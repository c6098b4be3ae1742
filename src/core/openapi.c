/* The OpenAPI 3.1 document, made from the route rows: what the router does and what the document
 * says cannot differ. It is deterministic (order of the tables), made once per process, and
 * carries what the tests need to call every route as every role: x-permission, x-access,
 * x-api-keys, x-codes.
 *
 * Served at GET /api/openapi.json, printed by `interflow openapi`; web/ makes its TypeScript
 * types from it. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/openapi_schema.h"
#include "core/router_impl.h"

#define SCHEMAS_MAX 400
#define CODES_MAX   32

static const char intro[] =
    "The API that Interflow's own interface uses.\n\n"
    "**Who asks.** An integration sends an API key, as `x-api-key: ak_...` or `Authorization: "
    "Bearer ak_...`; the key belongs "
    "to the organization in the path. A browser sends the session cookie, and with everything but "
    "GET the header "
    "`X-Requested-With: interflow`.\n\n"
    "**Answers** are JSON. Lists are `{items, next}`: send `next` as `cursor` for the following "
    "page, until it is null. "
    "Times are RFC 3339 in UTC, money is an integer of minor units with its currency.\n\n"
    "**Errors** are `{success: false, error, code, details, requestId}`: words for people in "
    "`error`, a stable `code` for "
    "programs, each bad field in `details`. Unknown fields are refused by name.\n\n"
    "**Once.** What creates takes the header `Idempotency-Key`: for 24 hours the same request with "
    "the same key gives the "
    "first answer again (with `Idempotency-Replayed: true`), another request with it is refused "
    "with 422.\n\n"
    "**Limits.** `X-RateLimit-Limit`, `-Remaining`, `-Reset` (Unix seconds) and, on 429, "
    "`Retry-After` (seconds).";

struct document {
    struct ctx *c;
    const struct router *router;
    struct schema_set set;
    const struct schema *schemas[SCHEMAS_MAX];
    json_t *bodies; /* components of request bodies, by name */
};

static void set_text(json_t *j, const char *key, const char *text)
{
    if (text) json_object_set_new(j, key, json_string(text));
}

/* --- what is in the document ----------------------------------------------------------- */

static bool documented(const struct route *r)
{
    return r->group != NULL;
}

static void collect_schemas(struct document *d)
{
    d->set.schemas = d->schemas;
    for (const struct route *const *r = d->router->rows; *r; r++) {
        const struct schema *s = documented(*r) ? (*r)->answer : NULL;
        bool there = s == NULL;
        for (size_t i = 0; i < d->set.count && !there; i++)
            there = strcmp(d->schemas[i]->name, s->name) == 0;
        if (!there && d->set.count < SCHEMAS_MAX) d->schemas[d->set.count++] = s;
    }
}

/* "chats.sendTemplate" → "ChatsSendTemplateBody" */
static const char *body_name(struct ctx *c, const char *id)
{
    char *name = arena_alloc(c->arena, strlen(id) + sizeof "Body");
    if (!name) return "Body";
    size_t n = 0;
    bool upper = true;
    for (const char *p = id; *p; p++) {
        bool letter =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (letter) name[n++] = (char)(upper && *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
        upper = !letter;
    }
    memcpy(name + n, "Body", sizeof "Body");
    return name;
}

/* --- parameters ------------------------------------------------------------------------ */

static json_t *parameter(const char *name, const char *in, bool required, json_t *schema,
                         const char *help)
{
    json_t *j = json_object();
    set_text(j, "name", name);
    set_text(j, "in", in);
    if (required) json_object_set_new(j, "required", json_true());
    set_text(j, "description", help);
    json_object_set_new(j, "schema", schema);
    return j;
}

static json_t *field_parameter(struct document *d, const struct field *f, const char *in)
{
    struct field plain = *f;
    plain.help = NULL; /* said once, beside the parameter */
    json_t *j = parameter(f->name, in, f->required || f->in == IN_PATH,
                          openapi_field(&d->set, &plain, true), f->help);
    if (f->type == F_ARRAY && f->in == IN_QUERY) {
        set_text(j, "style", "form");
        json_object_set_new(j, "explode", json_boolean(f->of == F_TEXT));
    }
    return j;
}

static const struct field *find_field(const struct field *fields, const char *name, size_t len)
{
    for (const struct field *f = fields; f && f->name; f++)
        if (strlen(f->name) == len && memcmp(f->name, name, len) == 0) return f;
    return NULL;
}

static json_t *parameters(struct document *d, const struct route *r)
{
    json_t *list = json_array();
    const char *pos = r->path;
    const char *name = NULL;
    size_t len = 0;
    while (route_param_next(&pos, &name, &len)) {
        const struct field *f = find_field(r->fields, name, len);
        if (f) {
            json_array_append_new(list, field_parameter(d, f, "path"));
        } else if (len == 14 && memcmp(name, "organizationId", len) == 0) {
            json_array_append_new(list, openapi_ref("parameters", "organizationId"));
        } else {
            const struct field id = {
                .name = arena_strndup(d->c->arena, name, len), .type = F_UUID, .in = IN_PATH};
            json_array_append_new(list, field_parameter(d, &id, "path"));
        }
    }
    for (const struct field *f = r->fields; f && f->name; f++) {
        if (f->in == IN_QUERY) json_array_append_new(list, field_parameter(d, f, "query"));
        if (f->in == IN_HEADER) json_array_append_new(list, field_parameter(d, f, "header"));
    }
    if (r->creates && r->access == ACCESS_ORG)
        json_array_append_new(list, openapi_ref("parameters", "idempotencyKey"));
    return list;
}

/* --- bodies ---------------------------------------------------------------------------- */

static bool has_place(const struct route *r, enum field_place place)
{
    for (const struct field *f = r->fields; f && f->name; f++)
        if (f->in == place) return true;
    return false;
}

static bool needs_body(const struct route *r)
{
    for (const struct field *f = r->fields; f && f->name; f++)
        if (f->in == IN_BODY && f->required) return true;
    return false;
}

static bool has_files(const struct route *r)
{
    for (const struct field *f = r->fields; f && f->name; f++)
        if (f->type == F_FILE) return true;
    return false;
}

/* The JSON body has no files; the form has all. */
static json_t *body_schema(struct document *d, const struct route *r, bool files)
{
    json_t *j = openapi_object(&d->set, r->fields, true);
    json_t *properties = json_object_get(j, "properties");
    json_t *required = json_object_get(j, "required");
    for (const struct field *f = r->fields; f && f->name && !files; f++) {
        if (f->type != F_FILE) continue;
        json_object_del(properties, f->name);
        for (size_t i = json_array_size(required); i > 0; i--)
            if (strcmp(json_string_value(json_array_get(required, i - 1)), f->name) == 0)
                json_array_remove(required, i - 1);
    }
    return j;
}

static bool needs_file(const struct route *r)
{
    for (const struct field *f = r->fields; f && f->name; f++)
        if (f->type == F_FILE && f->required) return true;
    return false;
}

static json_t *request_body(struct document *d, const struct route *r)
{
    if (r->raw_body) return json_pack("{s:{s:{s:{}}}}", "content", "*/*", "schema");
    if (!has_place(r, IN_BODY) || r->method == HTTP_GET) return NULL;
    json_t *j = json_object();
    json_t *content = json_object();
    if (needs_body(r)) json_object_set_new(j, "required", json_true());
    if (!needs_file(r)) {
        const char *name = body_name(d->c, r->id);
        json_object_set_new(d->bodies, name, body_schema(d, r, false));
        json_object_set_new(content, "application/json",
                            json_pack("{s:o,s:o}", "schema", openapi_ref("schemas", name),
                                      "example", openapi_example_object(r->fields, true, 0)));
    }
    if (r->multipart)
        json_object_set_new(content, "multipart/form-data",
                            json_pack("{s:o}", "schema", body_schema(d, r, has_files(r))));
    json_object_set_new(j, "content", content);
    return j;
}

/* --- answers --------------------------------------------------------------------------- */

static json_t *answer_schema(const struct route *r)
{
    json_t *one =
        r->answer ? openapi_ref("schemas", r->answer->name) : json_pack("{s:s}", "type", "object");
    if (r->shape != ANSWER_LIST) return one;
    return json_pack("{s:s,s:{s:{s:s,s:o},s:{s:[s,s],s:s}},s:[s,s]}", "type", "object",
                     "properties", "items", "type", "array", "items", one, "next", "type", "string",
                     "null", "description", "Cursor of the next page; null at the end.", "required",
                     "items", "next");
}

static json_t *answer_example(const struct route *r)
{
    if (!r->answer) return NULL;
    json_t *one = openapi_example_object(r->answer->fields, false, 0);
    return r->shape == ANSWER_LIST ? json_pack("{s:[o],s:n}", "items", one, "next") : one;
}

static json_t *success(const struct route *r)
{
    json_t *j = json_object();
    if (r->access == ACCESS_ORG && !r->no_keys) {
        json_t *headers = json_object();
        json_object_set_new(headers, "X-RateLimit-Limit", openapi_ref("headers", "RateLimitLimit"));
        json_object_set_new(headers, "X-RateLimit-Remaining",
                            openapi_ref("headers", "RateLimitRemaining"));
        json_object_set_new(headers, "X-RateLimit-Reset", openapi_ref("headers", "RateLimitReset"));
        json_object_set_new(j, "headers", headers);
    }
    if (r->shape == ANSWER_EMPTY) {
        set_text(j, "description", "Done");
        return j;
    }
    set_text(j, "description", r->answer && r->answer->help ? r->answer->help : "Done");
    if (r->shape == ANSWER_OTHER && !r->answer) {
        json_object_set_new(j, "content", json_pack("{s:{s:{}}}", "*/*", "schema"));
        return j;
    }
    json_t *media = json_pack("{s:o}", "schema", answer_schema(r));
    json_t *example = answer_example(r);
    if (example) json_object_set_new(media, "example", example);
    json_object_set_new(j, "content", json_pack("{s:o}", "application/json", media));
    return j;
}

/* The errors of a row, as "status code" pairs: those of the router and those that the row
 * declares. */
struct errors {
    int status[CODES_MAX];
    const char *code[CODES_MAX];
    int count;
};

static void add_error(struct errors *e, int status, const char *code)
{
    for (int i = 0; i < e->count; i++)
        if (e->status[i] == status && strcmp(e->code[i], code) == 0) return;
    if (e->count >= CODES_MAX) return;
    e->status[e->count] = status;
    e->code[e->count++] = code;
}

static struct errors errors_of(struct ctx *c, const struct route *r)
{
    struct errors e = {0};
    bool login = r->access == ACCESS_ORG || r->access == ACCESS_USER;
    bool body = has_place(r, IN_BODY);
    if (r->fields || strchr(r->path, '{')) add_error(&e, 400, "VALIDATION_ERROR");
    if (body) add_error(&e, 400, "MALFORMED_JSON");
    if (login) add_error(&e, 401, "UNAUTHORIZED");
    if (login) add_error(&e, 401, "API_KEY_INVALID");
    if (login) add_error(&e, 403, "FORBIDDEN");
    if (r->method != HTTP_GET && r->access != ACCESS_VISITOR && !r->raw_body)
        add_error(&e, 403, "CROSS_SITE");
    if (login && (r->no_keys || r->access == ACCESS_USER))
        add_error(&e, 403, "API_KEY_ROUTE_DENIED");
    if (r->access == ACCESS_ORG) {
        add_error(&e, 403, "NOT_A_MEMBER");
        add_error(&e, 403, "MEMBERSHIP_SUSPENDED");
        if (!r->no_keys) add_error(&e, 403, "API_KEY_IP_DENIED");
        if (!r->no_keys) add_error(&e, 403, "ORGANIZATION_MISMATCH");
    }
    if (strchr(r->path, '{')) add_error(&e, 404, "NOT_FOUND");
    if (body) add_error(&e, 413, "TOO_LARGE");
    if (body) add_error(&e, 415, "UNSUPPORTED_MEDIA");
    if (r->creates && r->access == ACCESS_ORG) add_error(&e, 422, "IDEMPOTENCY_KEY_REUSED");
    add_error(&e, 429, "RATE_LIMIT_EXCEEDED");
    for (const char *p = r->errors; p && *p;) {
        int64_t status = 0;
        size_t n = strcspn(p, "|");
        const char *space = memchr(p, ' ', n);
        for (const char *q = p; space && q < space; q++)
            status = status * 10 + (*q - '0');
        if (space)
            add_error(&e, (int)status,
                      arena_strndup(c->arena, space + 1, n - (size_t)(space + 1 - p)));
        p += n + (p[n] == '|');
    }
    return e;
}

static const char *status_words(int status)
{
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++)
        if (err_row((enum err)i)->status == status) return err_row((enum err)i)->text;
    return "the request failed";
}

static json_t *error_answer(struct ctx *c, const struct errors *e, int status)
{
    json_t *codes = json_array();
    const char *text = status_words(status);
    for (int i = 0; i < e->count; i++) {
        if (e->status[i] != status) continue;
        text =
            arena_printf(c->arena, "%s%s %s", text, json_array_size(codes) ? "," : ":", e->code[i]);
        json_array_append_new(codes, json_string(e->code[i]));
    }
    json_t *j = json_object();
    const char *first = json_string_value(json_array_get(codes, 0));
    set_text(j, "description", text);
    if (status == 429)
        json_object_set_new(
            j, "headers", json_pack("{s:o}", "Retry-After", openapi_ref("headers", "RetryAfter")));
    json_object_set_new(j, "content",
                        json_pack("{s:{s:o,s:{s:b,s:s,s:s,s:[],s:s}}}", "application/json",
                                  "schema", openapi_ref("schemas", "Error"), "example", "success",
                                  0, "error", status_words(status), "code", first ? first : "",
                                  "details", "requestId", "5f0c1d6f7a3b4c2e9d8f7a6b5c4d3e2f"));
    json_object_set_new(j, "x-codes", codes);
    return j;
}

static json_t *responses(struct ctx *c, const struct route *r)
{
    static const int statuses[] = {400, 401, 402, 403, 404, 409, 410, 412, 413,
                                   415, 416, 422, 423, 424, 429, 502, 503, 504};
    char key[8];
    json_t *j = json_object();
    int status = r->status ? r->status : r->shape == ANSWER_EMPTY ? 204 : r->creates ? 201 : 200;
    snprintf(key, sizeof key, "%d", status);
    json_object_set_new(j, key, success(r));
    struct errors e = errors_of(c, r);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        bool used = false;
        for (int k = 0; k < e.count; k++)
            used = used || e.status[k] == statuses[i];
        if (!used) continue;
        snprintf(key, sizeof key, "%d", statuses[i]);
        json_object_set_new(j, key, error_answer(c, &e, statuses[i]));
    }
    json_object_set_new(j, "default", openapi_ref("responses", "Failure"));
    return j;
}

/* --- operations ------------------------------------------------------------------------ */

static json_t *security(const struct route *r)
{
    switch (r->access) {
    case ACCESS_ORG:
        if (!r->no_keys) return json_pack("[{s:[]},{s:[]},{s:[]}]", "apiKey", "bearer", "cookie");
        return json_pack("[{s:[]}]", "cookie");
    case ACCESS_USER: return json_pack("[{s:[]}]", "cookie");
    case ACCESS_VISITOR: return json_pack("[{s:[]},{}]", "visitor");
    case ACCESS_PUBLIC: break;
    }
    return json_array();
}

static json_t *operation(struct document *d, const struct route *r)
{
    static const char *const access[] = {"organization", "user", "public", "visitor"};
    const struct router_auth *auth = d->c->app->tables ? d->c->app->tables->auth : NULL;
    json_t *j = json_object();
    set_text(j, "operationId", r->id);
    json_object_set_new(j, "tags", json_pack("[s]", r->group));
    set_text(j, "summary", r->summary);
    set_text(j, "x-access", access[r->access]); /* x-…: for the generated tests (tests/api) */
    if (r->permission > 0 && auth && auth->permission_name)
        set_text(j, "x-permission", auth->permission_name(r->permission));
    if (r->access == ACCESS_ORG) json_object_set_new(j, "x-api-keys", json_boolean(!r->no_keys));
    if (r->rate_per_minute > 0)
        json_object_set_new(j, "x-rate-per-minute", json_integer(r->rate_per_minute));
    json_t *params = parameters(d, r);
    if (json_array_size(params) > 0) json_object_set(j, "parameters", params);
    json_decref(params);
    json_t *body = request_body(d, r);
    if (body) json_object_set_new(j, "requestBody", body);
    json_object_set_new(j, "responses", responses(d->c, r));
    json_object_set_new(j, "security", security(r));
    return j;
}

static json_t *paths(struct document *d)
{
    static const char *const methods[] = {"get", "post", "put", "patch", "delete", "options"};
    json_t *j = json_object();
    for (const struct route *const *r = d->router->rows; *r; r++) {
        if (!documented(*r)) continue;
        json_t *path = json_object_get(j, (*r)->path);
        if (!path) {
            path = json_object();
            json_object_set_new(j, (*r)->path, path);
        }
        json_object_set_new(path, methods[(*r)->method], operation(d, *r));
    }
    return j;
}

/* --- the rest -------------------------------------------------------------------------- */

static json_t *tags(const struct document *d)
{
    json_t *list = json_array();
    for (const struct route *const *r = d->router->rows; *r; r++) {
        bool there = !documented(*r);
        for (size_t i = 0; i < json_array_size(list) && !there; i++)
            there = strcmp(json_get_text(json_array_get(list, i), "name"), (*r)->group) == 0;
        if (!there) json_array_append_new(list, json_pack("{s:s}", "name", (*r)->group));
    }
    return list;
}

static json_t *error_schema(const struct schema_set *set)
{
    static const struct field detail[] = {
        {.name = "field",
         .type = F_TEXT,
         .required = true,
         .help = "Path of the field, like contacts[0].value."},
        {.name = "message", .type = F_TEXT, .required = true, .nullable = true},
        {.name = "code",
         .type = F_TEXT,
         .required = true,
         .help = "REQUIRED, TOO_LONG, UNKNOWN_FIELD, ..."},
        {0},
    };
    static const struct field fields[] = {
        {.name = "success", .type = F_BOOL, .required = true},
        {.name = "error", .type = F_TEXT, .required = true, .help = "Words for people."},
        {.name = "code", .type = F_TEXT, .required = true, .help = "Stable, for programs."},
        {.name = "details", .type = F_ARRAY, .of = F_OBJECT, .fields = detail, .required = true},
        {.name = "requestId",
         .type = F_TEXT,
         .required = true,
         .help = "The same as header X-Request-Id; it is in our log."},
        {0},
    };
    return openapi_object(set, fields, false);
}

static json_t *schemas(struct document *d)
{
    json_t *j = json_object();
    json_object_set_new(j, "Error", error_schema(&d->set));
    for (size_t i = 0; i < d->set.count; i++) {
        json_t *s = openapi_object(&d->set, d->schemas[i]->fields, false);
        set_text(s, "description", d->schemas[i]->help);
        json_object_set_new(j, d->schemas[i]->name, s);
    }
    json_object_update(j, d->bodies);
    return j;
}

static json_t *header(const char *help)
{
    return json_pack("{s:s,s:{s:s}}", "description", help, "schema", "type", "integer");
}

static json_t *components(struct document *d)
{
    json_t *j = json_object();
    json_object_set_new(j, "schemas", schemas(d));
    const struct field key = {
        .name = "Idempotency-Key", .type = F_TEXT, .max = 200, .example = "\"order-4711\""};
    const struct field org = {.name = "organizationId", .type = F_UUID};
    json_object_set_new(
        j, "parameters",
        json_pack(
            "{s:o,s:o}", "organizationId",
            parameter("organizationId", "path", true, openapi_field(&d->set, &org, true),
                      "The organization."),
            "idempotencyKey",
            parameter("Idempotency-Key", "header", false, openapi_field(&d->set, &key, true),
                      "Made by the client; the same request with the same key is done once.")));
    json_t *headers = json_object();
    json_object_set_new(headers, "RateLimitLimit",
                        header("Requests a minute (answers to API keys)."));
    json_object_set_new(headers, "RateLimitRemaining", header("Requests that are left."));
    json_object_set_new(headers, "RateLimitReset",
                        header("Unix seconds when the full number is there again."));
    json_object_set_new(headers, "RetryAfter", header("Seconds to wait."));
    json_object_set_new(j, "headers", headers);
    json_object_set_new(j, "responses",
                        json_pack("{s:{s:s,s:{s:{s:o}}}}", "Failure", "description",
                                  "Our failure, or a moment without the database.", "content",
                                  "application/json", "schema", openapi_ref("schemas", "Error")));
    json_object_set_new(
        j, "securitySchemes",
        json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:s,s:s},s:{s:s,s:s,s:s},s:{s:s,s:s,s:s}}", "apiKey",
                  "type", "apiKey", "in", "header", "name", "x-api-key", "bearer", "type", "http",
                  "scheme", "bearer", "description", "The API key (ak_...).", "cookie", "type",
                  "apiKey", "in", "cookie", "name", "if_session", "visitor", "type", "apiKey", "in",
                  "header", "name", "X-Visitor"));
    return j;
}

static char *document_new(struct ctx *c, const struct router *r)
{
    struct document *d = arena_alloc(c->arena, sizeof *d);
    if (!d) return NULL;
    d->c = c;
    d->router = r;
    d->bodies = json_object();
    collect_schemas(d);
    json_t *j = json_object();
    set_text(j, "openapi", "3.1.0");
    json_object_set_new(j, "info",
                        json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "title", "Interflow", "version",
                                  INTERFLOW_VERSION, "description", intro, "license", "name",
                                  "Apache-2.0", "identifier", "Apache-2.0"));
    json_object_set_new(j, "servers", json_pack("[{s:s}]", "url", "/"));
    json_object_set_new(j, "tags", tags(d));
    json_object_set_new(j, "paths", paths(d));
    json_object_set_new(j, "components", components(d));
    size_t len = json_dumpb(j, NULL, 0, JSON_COMPACT);
    char *text = mem_alloc(len + 1);
    json_dumpb(j, text, len, JSON_COMPACT);
    json_decref(j);
    json_decref(d->bodies);
    return text;
}

const char *openapi_document(struct ctx *c, struct router *r)
{
    if (r->document) return r->document;
    r->document = document_new(c, r);
    if (r->document) {
        char hash[SHA256_HEX_SIZE];
        sha256_hex(r->document, strlen(r->document), hash);
        (void)snprintf(r->document_etag, sizeof r->document_etag, "\"%s\"", hash);
    }
    return r->document;
}

static enum err serve_document(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    reply_json(c, p, 200, openapi_document(c, c->app->router));
    p->body_static = true; /* it lives as long as the router */
    p->etag = c->app->router->document_etag;
    reply_header(c, p, "Access-Control-Allow-Origin", "*");
    reply_header(c, p, "Cache-Control", "public, max-age=300");
    return ERR_OK;
}

/* The page to read and try it (web/apidocs) lives among the pages. */
static enum err to_page(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    reply_empty(p, 302);
    reply_header(c, p, "Location", "/api-docs");
    return ERR_OK;
}

const struct route openapi_routes[] = {
    {HTTP_GET, "/api/openapi.json", "system.openapi", "This document.", "System",
     .access = ACCESS_PUBLIC, .handler = serve_document},
    {HTTP_GET, "/api/docs", "system.docs", .access = ACCESS_PUBLIC, .handler = to_page},
    {0},
};
