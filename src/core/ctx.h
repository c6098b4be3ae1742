/* The context of one unit of work: a request, a job, a timer. It carries the arena, the
 * organization, who acts, the deadline, the input after validation, and the place for a fault.
 * Every function that can fail for a reason that a person should read takes it first. Lives as long
 * as the unit of work; what must outlive it is copied. */
#ifndef INTERFLOW_CORE_CTX_H
#define INTERFLOW_CORE_CTX_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/uuid.h"
#include "core/permission.h"

struct app;

#define FAULT_DETAILS_MAX 16

struct fault_detail {
    const char *field;   /* "contacts[0].value" */
    const char *message; /* English words; the interface translates by code */
    const char *code;    /* "REQUIRED", "TOO_LONG", … stable for translation */
};

/* What went wrong, for the answer and the log. The first fault that is set stays, details are
 * added. */
struct fault {
    enum err err;
    const char *code;    /* public code; NULL: the error's own */
    const char *message; /* NULL: the error's own */
    struct fault_detail details[FAULT_DETAILS_MAX];
    int detail_count;
    json_t *
        data; /* extra members of the answer ({"customerId": …}), owned by the arena; may be NULL */
};

enum actor_kind { ACTOR_NONE, ACTOR_USER, ACTOR_KEY, ACTOR_SYSTEM, ACTOR_VISITOR };

/* Who acts. Filled by src/auth; core only reads it. */
struct actor {
    enum actor_kind kind;
    struct uuid id;         /* user, API key or visitor; nil for the system */
    struct uuid session_id; /* of a user's login */
    const char *name;
    permission_set permissions; /* inside org */
    bool sees_all_chats;        /* false: only chats of own teams, or assigned to them */
    bool sees_contacts;         /* false: phone, e-mail and handles are masked everywhere */
    const char *team_ids;       /* PostgreSQL array text "{uuid,uuid}", never NULL */
    const char *language;       /* "pt", "es", "en" */
};

struct ctx {
    struct app *app;
    struct arena *arena;
    struct uuid org; /* nil outside an organization */
    struct actor actor;
    int64_t deadline_ms; /* clock_mono_ms */
    char trace[33];      /* 32 hex digits; the requestId of answers */
    const char *address; /* of the client, as text; "" when there is none */
    json_t *in;          /* the validated input, an object; never NULL */
    struct fault fault;
    struct db_tx *tx; /* the open transaction, or NULL: db_* calls join it by themselves */
    void *prepared;   /* what the route's .prepare left for its handler */
    uint32_t wakes;   /* WAKE_* bits gathered by statements, sent at the commit (db.c) */
};

/* A context for work that no request started (jobs, timers, tests). Free with ctx_free. */
struct ctx *ctx_new(struct app *app, size_t arena_limit_bytes, int64_t deadline_ms);
void ctx_free(struct ctx *c);
void ctx_freep(struct ctx **c);

/* Set the fault (the first stays) and return e, so that callers write `return fault(c,
 * ERR_CONFLICT, "CHAT_CLOSED", …)`. code may be NULL. */
MUST_USE enum err fault(struct ctx *c, enum err e, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Add a bad field: sets ERR_INVALID / VALIDATION_ERROR when there is no fault yet. Returns
 * ERR_INVALID. */
enum err fault_field(struct ctx *c, const char *field, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Extra member of the error's answer. Steals value. */
void fault_data(struct ctx *c, const char *key, json_t *value);

/* Forget the fault: for callers that go on after an error which they expected. */
void fault_clear(struct ctx *c);

/* --- the input, by name; validated, so types are known --------------------------------- */
bool in_has(const struct ctx *c, const char *name);         /* present, null included */
const char *in_text(const struct ctx *c, const char *name); /* NULL when absent or null */
int64_t in_int(const struct ctx *c, const char *name, int64_t otherwise);
bool in_bool(const struct ctx *c, const char *name, bool otherwise);
struct uuid in_uuid(const struct ctx *c, const char *name); /* nil when absent */
json_t *in_json(const struct ctx *c, const char *name);     /* borrowed, NULL when absent */

#endif
