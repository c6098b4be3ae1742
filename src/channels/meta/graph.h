/* The Graph API client of the three Meta channels: address of version and host, token, JSON or
 * multipart out, JSON in, errors decoded, a row in the channel's log (channel_call). Hosts and
 * version are settings of the installation (META_GRAPH_URL …). Blocks (coroutine); never inside a
 * transaction. */
#ifndef INTERFLOW_CHANNELS_META_GRAPH_H
#define INTERFLOW_CHANNELS_META_GRAPH_H

#include "base/buf.h"
#include "channels/channel.h"
#include "channels/meta/meta_errors.h"

enum graph_host {
    GRAPH_FACEBOOK,      /* META_GRAPH_URL/META_GRAPH_VERSION */
    GRAPH_INSTAGRAM,     /* INSTAGRAM_GRAPH_URL/META_GRAPH_VERSION */
    GRAPH_INSTAGRAM_API, /* INSTAGRAM_API_URL, without version: the code exchange */
};

/* One part of a multipart body. */
struct graph_part {
    const char *name;
    const char *filename; /* NULL: a text field */
    const char *type;     /* media type of a file */
    struct bytes data;
};

struct graph_request {
    const char *what;   /* for the log: "send", "media.upload", "check.token" */
    const char *method; /* "GET" "POST" "DELETE" */
    enum graph_host host;
    enum meta_product product;
    const char *path;               /* "/123/messages", with its query; without version */
    bool no_version;                /* Instagram's /access_token and /refresh_access_token */
    const char *token;              /* sent as Bearer; NULL: none */
    const json_t *body;             /* JSON; NULL: none */
    const json_t *form;             /* object of texts, sent as x-www-form-urlencoded; NULL: none */
    const struct graph_part *parts; /* multipart; NULL: none */
    int part_count;
    int timeout_ms;      /* default 30,000 */
    struct uuid message; /* that it is about, for the log; nil: none */
};
struct graph_answer {
    int status;
    json_t *json; /* of the arena; NULL when the answer is no JSON */
    struct meta_error error;
};

/* ERR_OK: an answer came, error.class tells whether it was granted. Otherwise as http_call: no
 * answer. */
MUST_USE enum err graph_call(struct ctx *c, const struct channel *ch, const struct graph_request *r,
                             struct graph_answer *ret);
/* Percent-encoded for a query or form value. */
const char *graph_escape(struct arena *a, const char *text);
/* The multipart body of parts into out, whose maximum bounds it. Pure. */
void graph_multipart(struct buf *out, const struct graph_part *parts, int count,
                     const char *boundary);

#endif
