/* Idempotency keys: a request that creates something may be sent twice (a lost answer, an
 * impatient thumb) and is done once. The client makes a key; for 24 hours the same actor, route
 * and key give the first answer again.
 *
 *     prepare        what the row needs from the outside world, unless the key has its answer
 *     begin
 *     insert the key waits here while another request works on the same one
 *       is taken     rollback; the same request: its answer again, with Idempotency-Replayed;
 *                    another request: 422 IDEMPOTENCY_KEY_REUSED
 *     the handler    its own db_begin joins this transaction
 *     keep the answer
 *     commit         after an error instead: rollback, nothing is kept, the key is free again
 *
 * The invariant: the answer is kept if and only if the work is committed. That is why handlers
 * of such rows must not call the outside world: what must happen there is a job row in the same
 * transaction, what they need from there is fetched before it (the row's .prepare). */
#include "core/idempotency.h"

#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/router_impl.h"
#include "sql.h"

#define KEY_MAX 200
#define ANSWER_MAX                                                                                 \
    ((size_t)MIB) /* what is larger is answered, but a second request then fails with 409 */

struct attempt {
    struct visit *v;
    const char *key;
    const char *hash;
    enum err (*work)(struct visit *v);
    struct reply before; /* with the headers that the checks have set */
    bool taken;          /* the key was used before: see the kept answer */
    bool refused;        /* the handler itself answered with an error status */
};

static bool key_valid(const char *key)
{
    size_t len = strlen(key);
    if (len < 1 || len > KEY_MAX) return false;
    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~') return false;
    return true;
}

/* What makes two requests the same: path, query, body, form and the content of files. */
static const char *request_hash(struct visit *v)
{
    const struct request *r = v->r;
    struct sha256_ctx *h = sha256_new();
    unsigned char sum[SHA256_SIZE];
    sha256_add(h, r->path, strlen(r->path) + 1);
    sha256_add(h, r->query ? r->query : "", (r->query ? strlen(r->query) : 0) + 1);
    sha256_add(h, r->body.data ? r->body.data : (const unsigned char *)"", r->body.len);
    const char *form = r->form ? json_text(v->c->arena, r->form) : NULL;
    if (form) sha256_add(h, form, strlen(form));
    for (int i = 0; i < r->upload_count; i++) {
        sha256_add(h, r->uploads[i].field, strlen(r->uploads[i].field) + 1);
        sha256_add(h, r->uploads[i].sha256, sizeof r->uploads[i].sha256);
    }
    sha256_end(h, sum);
    char *hex = arena_alloc(v->c->arena, SHA256_HEX_SIZE);
    hex_encode(sum, sizeof sum, hex);
    return hex;
}

static enum err keep(struct attempt *a)
{
    const struct reply *p = a->v->p;
    char *body = p->body.len <= ANSWER_MAX
                     ? arena_strndup(a->v->c->arena, (const char *)p->body.data, p->body.len)
                     : NULL;
    return db_exec(a->v->c, &SQL_IDEMPOTENCY_KEEP,
                   PARAMS(P_TEXT("route", a->v->route->id), P_TEXT("key", a->key),
                          P_INT("status", p->status), P_TEXT("content_type", p->content_type),
                          P_TEXT("body", body)));
}

/* One try, inside a transaction that db_retry begins, commits and repeats. */
static enum err attempt(struct ctx *c, void *arg)
{
    struct attempt *a = arg;
    *a->v->p = a->before;
    fault_clear(c);
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_IDEMPOTENCY_TAKE,
                          PARAMS(P_TEXT("route", a->v->route->id), P_TEXT("key", a->key),
                                 P_TEXT("request_hash", a->hash)),
                          &rows);
    if (e) return e;
    a->taken = rows_count(rows) == 0;
    if (a->taken) return ERR_OK;
    e = a->work(a->v);
    if (e) return e;
    a->refused = a->v->p->status >= 400;
    if (a->refused) return ERR_INVALID; /* undone; the handler's own answer stands */
    if (a->v->p->kind != REPLY_TEXT)
        return fault(c, ERR_INTERNAL, NULL, "an answer that cannot be kept");
    return keep(a);
}

static enum err answer_again(struct attempt *a)
{
    struct visit *v = a->v;
    struct rows *rows = NULL;
    enum err e = db_one(v->c, &SQL_IDEMPOTENCY_GET,
                        PARAMS(P_TEXT("route", v->route->id), P_TEXT("key", a->key)), &rows);
    if (e == ERR_NOT_FOUND)
        return fault(v->c, ERR_CONFLICT, "RETRY", "The key was released meanwhile, try again");
    if (e) return e;
    if (strcmp(rows_text(rows, 0, "request_hash"), a->hash) != 0)
        return fault(v->c, ERR_UNPROCESSABLE, "IDEMPOTENCY_KEY_REUSED",
                     "The key belongs to another request");
    int status = (int)rows_int(rows, 0, "status", 0);
    const char *type = rows_text(rows, 0, "content_type");
    const char *body = rows_text(rows, 0, "body");
    if (status == 0 || (type && !body))
        return fault(v->c, ERR_CONFLICT, "IDEMPOTENCY_ANSWER_LOST",
                     "It was done already; the answer is not kept");
    if (type)
        reply_json(v->c, v->p, status, body);
    else
        reply_empty(v->p, status);
    reply_header(v->c, v->p, "Idempotency-Replayed", "true");
    return ERR_OK;
}

/* What comes from the outside world, before the transaction: not for a key that has its answer. Of
 * several requests at once each may fetch; the transaction lets one of them work. */
static enum err prepare(struct attempt *a)
{
    struct visit *v = a->v;
    if (!v->route->prepare) return ERR_OK;
    struct rows *rows = NULL;
    enum err e = db_query(v->c, &SQL_IDEMPOTENCY_GET,
                          PARAMS(P_TEXT("route", v->route->id), P_TEXT("key", a->key)), &rows);
    if (e) return e;
    a->taken = rows_count(rows) > 0;
    return a->taken ? ERR_OK : v->route->prepare(v->c, v->r);
}

enum err idempotent_run(struct visit *v, const char *key, enum err (*work)(struct visit *v))
{
    if (!key_valid(key))
        return fault_field(v->c, "Idempotency-Key", "INVALID_TEXT",
                           "1 to %d visible ASCII characters", KEY_MAX);
    struct attempt a = {.v = v, .key = key, .hash = request_hash(v), .work = work, .before = *v->p};
    enum err e = prepare(&a);
    if (a.taken) return e ? e : answer_again(&a);
    if (!e) e = db_retry(v->c, attempt, &a);
    if (a.refused) return ERR_OK;
    if (e) return e;
    return a.taken ? answer_again(&a) : ERR_OK;
}

static enum job_outcome clean(struct ctx *c, struct job *j)
{
    if (db_exec(c, &SQL_IDEMPOTENCY_CLEAN, NULL) == ERR_OK) return JOB_DONE;
    j->error = c->fault.message;
    return JOB_RETRY;
}

const struct job_kind idempotency_jobs[] = {
    {.name = "platform.idempotency_clean",
     .help = "Forgets the kept answers of idempotency keys after 24 hours.",
     .every_s = 3600,
     .run = clean},
    {0},
};
