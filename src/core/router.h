/* Routes as rows: method, path, permission, fields, limits, help, answer. The same row validates
 * the input, checks the permission, writes the OpenAPI document and the TypeScript types. To add
 * an endpoint: a row in the domain's api_<thing>.c, a handler (or only a named query), nothing
 * else (docs/ADDING.md).
 *
 * Order of a request: match → organization → login or key → permission → rate limit → bind
 * fields → idempotency key → handler → answer. Unknown members of a body, and unknown query
 * arguments, are refused by name.
 *
 * Paths: a parameter that no field declares is a required UUID in c->in under its name;
 * {organizationId} is never declared and lands in c->org. "{path*}" as the last segment takes
 * the rest of the path (pages, assets), where no row names the segment itself. Rows without a
 * group are pages: not in the document, their query is not looked at. */
#ifndef INTERFLOW_CORE_ROUTER_H
#define INTERFLOW_CORE_ROUTER_H

#include "core/db.h"
#include "core/http.h"

enum field_type {
    F_TEXT,   /* min/max in characters; trimmed unless .raw; control characters other than \n\t
                 refused */
    F_INT,    /* min/max */
    F_NUMBER, /* any JSON number */
    F_BOOL,
    F_UUID,
    F_ENUM,     /* .values = "a|b|c" */
    F_EMAIL,    /* lower-cased */
    F_PHONE,    /* any notation, checked for plausibility, kept as written */
    F_URL,      /* http(s) */
    F_COLOR,    /* #rrggbb */
    F_DATE,     /* YYYY-MM-DD */
    F_DATETIME, /* RFC 3339 with a zone */
    F_SLUG,     /* a-z 0-9 _ - */
    F_OBJECT,   /* .fields */
    F_ARRAY,    /* of .of (with .fields when objects); min/max items */
    F_JSON,     /* anything, at most .max bytes as text (default 64 KiB) */
    F_FILE,     /* multipart only; documentation, uploads are in request->uploads */
};

enum field_place { IN_BODY, IN_QUERY, IN_PATH, IN_HEADER };

struct field {
    const char *name; /* NULL ends a list */
    enum field_type type;
    enum field_place in;
    bool required;
    bool nullable;      /* null is accepted and kept (clears a value) */
    bool raw;           /* F_TEXT: not trimmed */
    bool secret;        /* never logged, never in an example */
    int64_t min, max;   /* max 0: the type's default (text 1,000; arrays 100; ints no limit) */
    const char *values; /* F_ENUM */
    enum field_type of; /* F_ARRAY: type of the items */
    const struct field *fields; /* F_OBJECT, or items of F_ARRAY that are objects */
    int64_t item_max;           /* F_ARRAY of text: characters of an item */
    const char *otherwise;      /* default as JSON text, put into the input when absent */
    const char *help;           /* one English sentence */
    const char *example;        /* JSON text */
};

/* The shape of an answer, for the OpenAPI document, the types and the tests. Its fields use the
 * same rows. */
struct schema {
    const char *name; /* "Chat" */
    const char *help;
    const struct field *fields;
};
/* In a schema's fields, .fields may be given by name of another schema through this: */
#define SCHEMA_REF(s) .fields = (s)

enum access {
    ACCESS_ORG,     /* default: session or API key, member of {organizationId}, permission */
    ACCESS_USER,    /* session, no organization */
    ACCESS_PUBLIC,  /* nobody; throttled by address */
    ACCESS_VISITOR, /* the web chat's own tokens; the handler checks */
};

enum reply_shape {
    ANSWER_OBJECT,
    ANSWER_LIST /* {items:[…], next:"cursor"|null} */,
    ANSWER_EMPTY,
    ANSWER_OTHER
};

struct route {
    enum http_method method;
    const char *path;    /* "/api/{organizationId}/tags/{tagId}" */
    const char *id;      /* operationId: "tags.update"; also the key of the types */
    const char *summary; /* one English sentence */
    const char *group;   /* OpenAPI tag: "Tags"; NULL: a page, not in the document */
    enum access access;
    int permission;  /* enum permission of auth/permissions.h; 0 = any member */
    bool no_keys;    /* API keys get 403 API_KEY_ROUTE_DENIED */
    bool multipart;  /* also takes multipart/form-data: parts become fields and uploads */
    bool creates;    /* status 201. ACCESS_ORG: takes Idempotency-Key (kept 24 h per actor: the same
                        answer again);    the handler then runs inside a transaction and must not call the
                        outside world: .prepare may */
    bool raw_body;   /* the body is not parsed: the handler reads request->body (webhooks) */
    size_t body_max; /* 0: server default */
    int64_t upload_max;  /* multipart: bytes of one file; 0: what the installation takes */
    int deadline_ms;     /* 0: 10 s; 60 s when .sql is of class report */
    int rate_per_minute; /* ACCESS_PUBLIC, _VISITOR: per address, 0: 600 for all such rows together;
                            others: per actor, 0: none */
    const struct field *fields;
    const struct schema *answer; /* of one object, or of each item */
    enum reply_shape shape;
    int status; /* success status; 0 → 200 (201 when creates, 204 when ANSWER_EMPTY) */
    const char
        *errors; /* extra documented codes: "409 CUSTOMER_DUPLICATE|422 CHANNEL_DISCONNECTED" */
    /* What the handler needs from the outside world (a file by address): runs before it, outside
     * any transaction, and leaves what it found in c->prepared. NULL: nothing. Not run when an
     * Idempotency-Key already has its answer; may run more than once for one effect. */
    enum err (*prepare)(struct ctx *c, const struct request *r);
    /* Either a query that answers JSON by itself (404 when it gives no row) … */
    const struct sql *sql;
    /* … or a handler, which ends by replying or by returning an error (then the fault is the
     * answer). */
    enum err (*handler)(struct ctx *c, struct request *r, struct reply *p);
};

struct router;
/* Collects the tables (each ends with a row without path). Asserts on double rows, unknown path
 * fields, sql parameters that no field declares. */
struct router *router_new(const struct route *const *tables);
void router_free(struct router *r);
void router_callbacks(struct app *app, struct http_callbacks *ret_cb);
/* Every row, NULL at the end: for OpenAPI and the generated tests. */
const struct route *const *router_rows(const struct router *r);

/* Bind and check: from path, query, body (JSON or multipart) into c->in. ERR_INVALID names every
 * bad field. */
MUST_USE enum err fields_bind(struct ctx *c, const struct field *fields, enum field_place place,
                              const json_t *input);
/* The same for the text parts of a multipart form: numbers and booleans are read from text,
 * objects and arrays are JSON text (or a repeated part). F_FILE fields are left to the caller. */
MUST_USE enum err fields_bind_form(struct ctx *c, const struct field *fields, const json_t *form);
/* The OpenAPI 3.1 document as JSON text (openapi.c), made once: belongs to the router.
 * c->app->tables->auth names the permissions. */
const char *openapi_document(struct ctx *c, struct router *r);
/* GET /api/openapi.json, for src/server/tables.c. */
extern const struct route openapi_routes[];

/* What the router asks of src/auth. */
struct router_auth {
    /* Fill c->actor from the session cookie or the key, and c->org's membership.
     * ERR_UNAUTHORIZED, ERR_FORBIDDEN, ERR_RATE_LIMITED (keys; sets headers on p). ACCESS_PUBLIC
     * and ACCESS_VISITOR rows do not call it. */
    enum err (*authenticate)(struct ctx *c, struct request *r, struct reply *p);
    const char *(*permission_name)(int permission);
};

#endif
