/* Inside of the database layer; nobody but db*.c and rows.c includes this.
 *
 * - db.c: the public calls: a statement of a context becomes a group, the coroutine waits, the
 * result is translated
 * - db_params.c: values of a statement's parameters, by name
 * - db_pool.c: queues: which group goes to which connection, leases, who waited too long
 * - db_wire.c: sending groups, matching results to groups, prepared statements of a connection
 * - db_conn.c: the life of a connection
 * - db_host.c: the addresses of the database's host, looked up on a thread
 * - db_tx.c: leases, transactions, retry
 * - db_error.c: SQLSTATE to error and fault; the table of constraint comments
 * - rows.c: reading results
 *
 * A group is what goes out before one Sync: [set_config of the organization] [Parse, the first
 * time] statement. The server answers groups in order, so each connection has a FIFO of groups on
 * the wire. A group belongs to the waiting coroutine while `waiter` is set; when that gives up
 * (deadline, cancelled), a group not yet sent is taken out of the queue, one on the wire is
 * "detached": the pool keeps it in the FIFO, drops its result and frees it. A detached statement that
 * goes on running is cancelled (db_conn_cancel): nobody wants it, and it holds up those behind it. The
 * cancellation may come too late and hit the next one: that is sent again elsewhere, which is safe
 * because a failed group has done nothing. Parameter values live
 * in the waiter's arena: libpq copies them when the group is sent, and a group that waits in the
 * queue always has a waiter or values that live for ever. */
#ifndef INTERFLOW_CORE_DB_IMPL_H
#define INTERFLOW_CORE_DB_IMPL_H

#include <libpq-fe.h>

#include "core/ctx.h"
#include "core/db.h"
#include "core/loop.h"

#define GROUP_COMMANDS_MAX 3

enum command { COMMAND_ORG, COMMAND_PARSE, COMMAND_RUN };
enum group_state { GROUP_NEW, GROUP_QUEUED, GROUP_SENT, GROUP_DONE };

struct group {
    struct group *next;
    enum group_state state;
    const struct sql *sql; /* NULL: `text` instead */
    const char *text;      /* BEGIN, COMMIT, ROLLBACK: static, without parameters */
    bool set_org;
    bool detached; /* nobody reads the result: the pool frees it */
    bool release;  /* when done the connection's lease ends */
    int again;     /* times sent again */
    bool in_tx;    /* on a leased connection: never sent elsewhere, wakes go with the commit */
    char org[UUID_TEXT_SIZE]; /* "" for none */
    const char *const *values;
    struct co *waiter;
    int64_t since_ms; /* queued or sent at */
    /* filled by the answers */
    enum command commands[GROUP_COMMANDS_MAX];
    int command_count, command_at;
    PGresult *result; /* of the statement, or the error */
    bool failed;      /* result is an error */
    bool lost;        /* the connection broke, or there was none in time */
};

enum conn_state {
    CONN_UNUSED, /* not needed so far */
    CONN_DOWN,   /* waits for its timer */
    CONN_CONNECTING,
    CONN_SETUP, /* settings sent */
    CONN_LIVE,
};

struct prepared {
    const struct sql *sql;
    bool ready; /* false: the Parse is on the wire */
};

struct conn {
    struct pool *pool;
    enum conn_state state;
    PGconn *pg;
    struct loop_watch *watch;
    struct loop_timer *timer; /* of the connect, or until the next try */
    uint32_t watching;
    int failures;         /* in a row */
    uint64_t attempt;     /* counts connects and closes: a look-up that ends late is for another */
    int64_t cancelled_ms; /* when its statement was last cancelled; 0: never */
    bool retire;          /* send nothing more; replace once quiet */
    bool leased;
    struct lease_wait *promised; /* leased to this waiter, whose coroutine has not run yet */
    struct db_tx *tx;            /* who holds the lease; NULL while a rollback is on its way */
    struct group *first, **last; /* on the wire */
    int on_wire;
    struct prepared *prepared; /* open addressing by pointer */
    int prepared_count, prepared_size;
};

enum pool_kind { POOL_SHARED, POOL_LEASED, POOL_SEARCH, POOL_REPORT, POOL_COUNT };

struct lease_wait { /* on the stack of the coroutine that waits */
    struct lease_wait *next;
    struct co *co;
    struct conn *conn; /* set when it is its turn */
    bool failed;
    int64_t since_ms;
};

struct pool {
    struct db *db;
    enum pool_kind kind;
    struct conn *conns;
    int count;
    int depth; /* groups on the wire of one connection */
    int timeout_ms;
    struct group *first, **last; /* queue */
    int queued;
    struct lease_wait *waiting, **waiting_last;
};

struct constraint {
    char *name;
    char *code;  /* NULL: none of its own */
    char *field; /* may be NULL */
};

struct db {
    struct loop *loop;
    char *url;
    char *role;
    void (*wake)(void *arg, uint32_t wakes);
    void *wake_arg;
    struct pool pools[POOL_COUNT];
    struct loop_timer *tick;
    struct constraint *constraints; /* sorted by name; loaded by the first connection */
    int constraint_count;
    bool constraints_loaded;
    bool said_away; /* logged that the database is away */
    int live;       /* connections */
};

struct db_tx {
    struct ctx *ctx;
    struct db *db;
    struct conn *conn; /* NULL: it broke */
    int depth;         /* nested db_begin */
    bool failed;       /* a statement failed: only a rollback can follow */
    bool inner_rollback;
    char org[UUID_TEXT_SIZE]; /* as the server knows it */
};

struct rows {
    PGresult *pg;
};

#define ORG_STATEMENT "interflow_org" /* the prepared set_config of every connection */

/* --- db_pool.c ------------------------------------------------------------------------- */
void db_pools_open(struct db *d, const struct db_options *o);
void db_pools_close(struct db *d);
int db_pools_waiting(const struct db *d);
struct group *db_group_new(const struct sql *q, const char *text, const char *const *values);
void db_group_free(struct group *g);
void db_group_org(struct group *g, struct uuid org);
/* The waiter leaves: g is freed now or when its answers came. */
void db_group_abandon(struct db *d, struct group *g);
/* Its answers came (or never will: lost): wakes the waiter, or frees a detached one. */
void db_group_done(struct db *d, struct group *g);
void db_group_lost(struct db *d, struct group *g);
/* Queue it, and send it when there is room. */
void db_pool_submit(struct pool *p, struct group *g);
void db_queue_add(struct pool *p, struct group *g, bool front);
/* Send what waits, as far as there is room. */
void db_pool_dispatch(struct pool *p);
/* Hand out free leased connections; open another when there are none. */
void db_pool_lease(struct pool *p);

/* --- db_wire.c ------------------------------------------------------------------------- */
/* Put g on the wire. False: nothing of it can have been executed (no Sync went out) and the
 * connection is broken. */
bool db_conn_send(struct conn *k, struct group *g);
/* On this leased connection, now. */
void db_conn_submit(struct conn *k, struct group *g);
void db_conn_flush(struct conn *k);
/* Take what has arrived. May complete groups, and may end with the connection lost. */
void db_conn_process(struct conn *k);

/* --- db_conn.c ------------------------------------------------------------------------- */
void db_conn_connect(struct conn *k);
void db_conn_close(struct conn *k);
/* Broken: its groups are lost, a new one comes. */
void db_conn_lost(struct conn *k, const char *why);
/* Quiet, but to be made anew. */
void db_conn_replace(struct conn *k);
/* End the statement at the head of the line, which nobody waits for. The connection is not used
 * again once it is quiet. */
void db_conn_cancel(struct conn *k);
/* The lease ends. */
void db_conn_release(struct conn *k);

/* db_params.c: array of q->param_count texts in the arena; NULL when the arena's limit is met. */
const char *const *db_params_values(struct ctx *c, const struct sql *q, const struct param *params);

/* db_error.c */
void db_constraints_load(struct db *d, const PGresult *r);
void db_constraints_free(struct db *d);
MUST_USE enum err db_error(struct ctx *c, const struct sql *q, const PGresult *r);

/* db.c: wait for g (submitted, waiter set), free it, give its result (PGresult owned by the
 * arena). */
MUST_USE enum err db_group_await(struct ctx *c, struct group *g, struct rows **ret_rows);

#endif
