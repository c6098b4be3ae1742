/* What hub.c (registry, events, time) and hub_conn.c (one connection) share. Nobody else includes
 * it. */
#ifndef INTERFLOW_CORE_HUB_IMPL_H
#define INTERFLOW_CORE_HUB_IMPL_H

#include "core/hub.h"
#include "core/loop.h"
#include "core/ws.h"

#define QUEUE_MAX   MIB /* frames are shared by all who get them */
#define STALL_MS    (10 * SECOND_MS)
#define PING_MS     (25 * SECOND_MS)
#define SILENCE_MS  (60 * SECOND_MS)
#define GOODBYE_MS  (2 * SECOND_MS) /* for the client to answer our close */
#define HELD_MAX    2000            /* live events that wait behind a catch-up */
#define MISSED_MAX  2000            /* more than this missed: the client loads afresh */
#define BATCH       100             /* events per step of a catch-up */
#define QUEUE_SHORT (64 * KIB)      /* a catch-up goes on below this */
#define INBOX_MAX   32              /* messages of a client that wait for their coroutine */
#define SEND_BUFFER (64 * 1024)     /* the kernel's, per connection */

/* Encoded once, sent to many. */
struct frame {
    int refs;
    size_t len;
    unsigned char data[];
};

/* A copy of an event for those who are still catching up. */
struct held_event {
    int refs;
    struct event e;
};

struct position {
    uint64_t xid;
    int64_t id;
};

struct message {
    struct message *next;
    size_t len;
    char text[];
};

struct org_conns {
    struct uuid org;
    struct hub_conn *first;
    struct org_conns *next;
};

enum conn_state {
    CONN_NEW, /* accepted, not yet upgraded */
    CONN_OPEN,
    CONN_CLOSING, /* our close frame is on its way or answered */
    CONN_DEAD,    /* no descriptor, in no list; freed when nothing runs for it */
};

struct hub_conn {
    struct hub *hub;
    const struct hub_kind *kind;
    void *user_data;
    struct uuid org;
    struct actor actor; /* its texts are ours */
    char *texts[5];
    const char *address;
    const char *cursor; /* NULL: from now on */
    enum conn_state state;
    int fd;
    bool writing;     /* EPOLLOUT is asked for */
    bool dirty;       /* in the hub's list of those to flush */
    bool catching_up; /* live events are held back */
    bool overrun;     /* more were held than may be */
    bool greeted;     /* hello or reload was queued: passing news may follow */
    bool over;        /* both sides said goodbye: end it once the queue is out */
    bool draining;    /* `catching` waits for the queue to get short */
    struct loop_watch *watch;
    struct ws *ws;
    struct hub_conn *prev, *next;         /* all open ones */
    struct hub_conn *org_prev, *org_next; /* of the organization */
    struct hub_conn *next_dirty;
    struct frame **queue; /* a ring */
    size_t queue_cap, queue_first, queue_count;
    size_t queue_bytes, sent_of_first;
    int64_t moved_ms; /* the queue last got shorter */
    int64_t heard_ms;
    int64_t ping_ms; /* when the next one is due */
    int64_t goodbye_ms;
    struct position last; /* of what it was sent or not meant to see */
    struct position told; /* the last position that it knows */
    struct held_event **held;
    size_t held_count, held_cap;
    struct message *inbox, **inbox_last;
    int inbox_count;
    struct co *catching, *receiving; /* coroutines that run for it */
    int refs;
};

struct hub {
    struct app *app;
    struct loop *loop;
    int max, count;
    struct hub_conn *conns;
    struct org_conns **orgs; /* chains by organization */
    struct hub_conn *dirty;
    struct loop_timer *tick, *drain;
    bool draining;
    /* The frame made for the event that is being given out, for those who get its payload as it
     * is. */
    const struct event *current;
    struct frame *cached;
    const struct hub_kind *cached_kind;
    char *cached_type;
    struct frame *ping;
};

/* --- hub.c ----------------------------------------------------------------------------- */
void hub_enter(struct hub_conn *conn); /* into the lists, on opening */
void hub_leave(struct hub_conn *conn); /* out of them */
void hub_dirty(struct hub_conn *conn); /* flush it at the end of this turn */
void hub_count_metric(struct hub *h, bool cut, int frames);

/* --- hub_conn.c ------------------------------------------------------------------------ */
struct frame *frame_ping(void);
/* {"type":…,"id":position,"data":data}; position and data (JSON text) may be NULL. NULL when too
 * large. */
struct frame *frame_new(const char *type, const char *position, const char *data);
void frame_drop(struct frame *f);
struct held_event *held_new(const struct event *e);
void held_drop(struct held_event *h);
bool position_after(const struct position *a, const struct position *b);

struct hub_conn *conn_new(struct hub *h, struct ctx *c, const struct hub_kind *kind,
                          void *user_data, const char *cursor);
/* The callback of the upgrade. */
void conn_upgraded(void *arg, int fd, const void *extra, size_t extra_len);
/* Let go of a reference: a dead one is freed with its last. */
void hub_conn_release(struct hub_conn *conn);
/* Queue a frame; takes no reference. What does not fit cuts the connection. */
void conn_send(struct hub_conn *conn, struct frame *f);
/* Give it an event, or hold it back. *held: the shared copy, made on first need. */
void conn_event(struct hub_conn *conn, const struct event *e, struct held_event **held);
void conn_flush(struct hub_conn *conn);
/* Pings, stalls, silence. */
void conn_tick(struct hub_conn *conn, int64_t now_ms);
void conn_close(struct hub_conn *conn, int code, const char *reason);
/* End it without a word. */
void conn_cut(struct hub_conn *conn);

#endif
