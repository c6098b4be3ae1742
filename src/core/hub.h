/* Live connections. The hub holds a small struct per WebSocket, gives each the events that it may
 * see, and knows no domain: a hub_kind (staff: src/inbox/live.c, visitors: src/channels/webchat)
 * says who may see what and in which words.
 *
 * Wire (text frames, one JSON object each): to the client {"type","id"?: position,"data"} and
 * {"type":"hello","position"},
 * {"type":"reload"}; from it {"type":"typing"|"viewing"|"ping"|…}. On connection the client gives
 * its last position
 * (?cursor=); it gets what it missed, then live ones, without gap or double; or "reload". hello and
 * reload carry the position both beside the type and in "data". {"type":"ping"} is answered
 * {"type":"pong"} by the hub itself; with its own pings the hub tells a connection that was sent
 * nothing how far it is ({"type":"tick","id"}), so that its position does not grow old.
 *
 * Limits: 1 MB queued per connection (frames are shared by all who get them) or 10 s without progress → closed 1013 (it resumes later);
 * frames in at most 16 KB; pings every 25 s, 60 s of silence closes. */
#ifndef INTERFLOW_CORE_HUB_H
#define INTERFLOW_CORE_HUB_H

#include "base/buf.h"
#include "core/app.h"
#include "core/events.h"
#include "core/http.h"

struct hub;
struct hub_conn;

struct hub_kind {
    const char *name;
    /* Limits in one worker; 0: none. Beyond them hub_accept answers 429 TOO_MANY_CONNECTIONS. */
    int per_actor;   /* of one person, key or visitor in the organization */
    int per_address; /* of one address, over all organizations */
    int share;       /* of all places, in percent: the rest is kept for other kinds */
    /* May this connection see e? When it may: append the frame's "data" JSON to out and return the
     * type to send (e->type, or another such as "chat.removed"); NULL: not for it. Runs on the
     * loop's stack for each connection of the organization: be quick. The hub caches the encoded
     * frame per (kind, type, payload) when out is left empty: then e->payload is sent as it is. */
    const char *(*filter)(struct hub_conn *conn, const struct event *e, struct buf *out);
    /* A frame from the client (pings too), in a coroutine with a fresh context (c->org and c->actor
     * as at connection). */
    void (*receive)(struct ctx *c, struct hub_conn *conn, const json_t *frame);
    void (*opened)(struct hub_conn *conn);
    /* The connection is gone (it no longer counts), or never came to be after hub_accept; no
     * receive of it runs any more. Must free what user_data owns. */
    void (*closed)(struct hub_conn *conn);
};

/* Hears all events of app->events from now on, which must exist. */
struct hub *hub_new(struct app *app, int connections_max);
/* Outside of loop_run: cuts all connections. NULL is fine, here and for every hub below. */
void hub_free(struct hub *h);

/* From a route's handler: answer with the upgrade (checks the WebSocket headers; Origin must be
 * allowed by the handler). user_data is the kind's own (actor copy, …), released by kind->closed
 * once this returned ERR_OK; on an error it stays the caller's. cursor NULL: from now on.
 * ERR_INVALID: no WebSocket handshake; ERR_UNAVAILABLE: too many, or stopping; ERR_RATE_LIMITED:
 * too many of this actor or address. */
MUST_USE enum err hub_accept(struct ctx *c, struct request *r, struct reply *p,
                             const struct hub_kind *kind, void *user_data, const char *cursor);
void *hub_data(const struct hub_conn *conn);
struct uuid hub_org(const struct hub_conn *conn);
struct app *hub_app(const struct hub_conn *conn);
const struct hub_kind *hub_conn_kind(const struct hub_conn *conn);
/* One frame to one connection, now: {"type":type,"data":data_json}. Ephemeral, not part of the
 * order. */
void hub_send(struct hub_conn *conn, const char *type, const char *data_json);
/* To all local connections of org for which pick says yes, and which were greeted (hello comes
 * first). */
void hub_each(struct hub *h, struct uuid org, bool (*pick)(struct hub_conn *conn, void *arg),
              const char *type, const char *data_json, void *arg);
/* Is there a local connection of org for which pick says yes? */
bool hub_any(struct hub *h, struct uuid org, bool (*pick)(struct hub_conn *conn, void *arg),
             void *arg);
/* Say goodbye (code: 1000-4999) and end. Safe anywhere, in filter and pick too; the connection
 * hears nothing after it. */
void hub_close(struct hub_conn *conn, int code, const char *reason);
int hub_count(const struct hub *h);
/* Tell all to reconnect elsewhere (restart): close 1012 spread over 2 s. */
void hub_drain(struct hub *h);

#endif
