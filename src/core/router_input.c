/* What was sent, into c->in: path, query, headers, body. Each place becomes a JSON object of
 * texts (or the parsed body) and goes through fields.c; a row's fields are the only description
 * of what is accepted. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/query.h"
#include "core/router_impl.h"

#define QUERY_ARGS_MAX 64
#define QUERY_MAX      (16 * KIB)
#define PATH_TEXT_MAX  2000

static void release_json(void *arg)
{
    json_decref(arg);
}

static json_t *object_new(struct ctx *c)
{
    json_t *j = json_object();
    arena_on_free(c->arena, release_json, j);
    return j;
}

struct bytes input_path(const struct visit *v, const char *name)
{
    const char *pos = v->route->path;
    const char *param = NULL;
    size_t len = 0;
    for (int i = 0; i < v->match.param_count && route_param_next(&pos, &param, &len); i++)
        if (strlen(name) == len && memcmp(name, param, len) == 0) return v->match.params[i];
    return (struct bytes){0};
}

static const struct field *field_find(const struct field *fields, const char *name, size_t len,
                                      enum field_place place)
{
    for (const struct field *f = fields; f && f->name; f++)
        if (f->in == place && strlen(f->name) == len && memcmp(f->name, name, len) == 0) return f;
    return NULL;
}

/* A parameter that no field declares: the organization is in c->org already, the rest of a path
 * is plain text, all others are UUIDs (router.h). */
static enum err bind_undeclared(struct visit *v, const char *name, size_t len, json_t *text)
{
    struct ctx *c = v->c;
    char *key = arena_strndup(c->arena, name, len);
    if (strcmp(key, "organizationId") == 0) return ERR_OK;
    json_t *one = object_new(c);
    json_object_set(one, key, text);
    const struct field field[] = {
        {.name = key,
         .type = name[len] == '*' ? F_TEXT : F_UUID,
         .in = IN_PATH,
         .raw = true,
         .max = PATH_TEXT_MAX},
        {0},
    };
    return fields_bind(c, field, IN_PATH, one);
}

static enum err bind_path(struct visit *v)
{
    struct ctx *c = v->c;
    json_t *texts = object_new(c);
    const char *pos = v->route->path;
    const char *name = NULL;
    size_t len = 0;
    enum err worst = ERR_OK;
    for (int i = 0; i < v->match.param_count && route_param_next(&pos, &name, &len); i++) {
        struct bytes value = v->match.params[i];
        json_t *text = json_stringn((const char *)value.data, value.len);
        if (!text) return fault(c, ERR_NOT_FOUND, NULL, "The address is not valid UTF-8");
        enum err e = ERR_OK;
        if (field_find(v->route->fields, name, len, IN_PATH))
            json_object_set(texts, arena_strndup(c->arena, name, len), text);
        else
            e = bind_undeclared(v, name, len, text);
        json_decref(text);
        if (e) worst = e;
    }
    enum err e = fields_bind(c, v->route->fields, IN_PATH, texts);
    return e ? e : worst;
}

static enum err bind_query(struct visit *v)
{
    struct ctx *c = v->c;
    if (!v->route->group) return ERR_OK; /* a page: its query is its script's business */
    const char *q = v->r->query ? v->r->query : "";
    if (strlen(q) > QUERY_MAX) return fault(c, ERR_INVALID, NULL, "The query is too long");
    json_t *args = object_new(c);
    switch (query_parse(q, strlen(q), QUERY_ARGS_MAX, args)) {
    case ERR_OK: break;
    case ERR_TOO_LARGE: return fault(c, ERR_INVALID, NULL, "The query has too many arguments");
    default: return fault(c, ERR_INVALID, NULL, "The query is not percent-encoded UTF-8");
    }
    return fields_bind(c, v->route->fields, IN_QUERY, args);
}

static enum err bind_headers(struct visit *v)
{
    json_t *texts = NULL;
    for (const struct field *f = v->route->fields; f && f->name; f++) {
        if (f->in != IN_HEADER) continue;
        if (!texts) texts = object_new(v->c);
        const char *value = request_header(v->c, v->r, f->name);
        if (!value) continue;
        json_t *text = json_string(value);
        if (!text) return fault(v->c, ERR_INVALID, NULL, "A header is not valid UTF-8");
        json_object_set_new(texts, f->name, text);
    }
    return texts ? fields_bind(v->c, v->route->fields, IN_HEADER, texts) : ERR_OK;
}

static bool is_json(const char *type)
{
    if (!type) return false;
    size_t len = strcspn(type, "; \t");
    if (len == 16 && strncasecmp(type, "application/json", 16) == 0) return true;
    return len > 17 && strncasecmp(type, "application/", 12) == 0 &&
           strncasecmp(type + len - 5, "+json", 5) == 0;
}

/* Files that the row needs and the form did not bring. */
static enum err check_files(struct visit *v)
{
    enum err e = ERR_OK;
    for (const struct field *f = v->route->fields; f && f->name; f++) {
        if (f->type != F_FILE || !f->required) continue;
        bool there = false;
        for (int i = 0; i < v->r->upload_count; i++)
            there = there || strcmp(v->r->uploads[i].field, f->name) == 0;
        if (!there) e = fault_field(v->c, f->name, "REQUIRED", "A file is needed");
    }
    for (int i = 0; i < v->r->upload_count; i++) {
        const char *name = v->r->uploads[i].field;
        const struct field *f = field_find(v->route->fields, name, strlen(name), IN_BODY);
        if (!f || f->type != F_FILE)
            e = fault_field(v->c, name, "UNKNOWN_FIELD", "There is no such file field");
    }
    return e;
}

static enum err bind_body(struct visit *v)
{
    struct ctx *c = v->c;
    struct request *r = v->r;
    const struct route *route = v->route;
    if (route->raw_body) return ERR_OK;
    if (r->form || r->upload_count > 0) {
        if (!route->multipart)
            return fault(c, ERR_MEDIA_TYPE, NULL, "Send the body as application/json");
        enum err e = fields_bind_form(c, route->fields, r->form);
        enum err files = check_files(v);
        return e ? e : files;
    }
    json_t *body = NULL;
    if (r->body.len > 0) {
        if (!is_json(request_header(c, r, "Content-Type")))
            return fault(c, ERR_MEDIA_TYPE, NULL, "Send the body as application/json");
        const char *why = NULL;
        enum err e = json_parse(c->arena, (const char *)r->body.data, r->body.len, &body, &why);
        if (e == ERR_INVALID)
            return fault(c, e, "MALFORMED_JSON", "The body is not JSON: %s",
                         why ? why : "unreadable");
        if (e) return e;
    }
    enum err e = fields_bind(c, route->fields, IN_BODY, body);
    enum err files = check_files(v);
    return e ? e : files;
}

enum err input_bind(struct visit *v)
{
    enum err (*const places[])(struct visit *) = {bind_path, bind_query, bind_headers, bind_body};
    enum err worst = ERR_OK;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        enum err e = places[i](v);
        if (e && e != ERR_INVALID) return e;
        if (e) worst = e;
    }
    return worst;
}
