/* WebSocket framing (RFC 6455), server side, without a socket: bytes in, messages and bytes out.
 * Reading is wslay's; the frames that we send are plain enough to make by hand, once for all who
 * get them. */
#ifndef INTERFLOW_CORE_WS_H
#define INTERFLOW_CORE_WS_H

#include <stdbool.h>

#include "base/util.h"

#define WS_MESSAGE_MAX     (16 * KIB) /* of a message from the client */
#define WS_ACCEPT_SIZE     29
#define WS_HEAD_MAX        10
#define WS_CLOSE_FRAME_MAX (4 + 123)

enum ws_opcode { WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

struct ws_events {
    /* A complete text message of valid UTF-8; gone when this returns. */
    void (*text)(void *arg, const char *text, size_t len);
    /* Bytes to be sent as they are: answers to pings and to a close. */
    void (*output)(void *arg, const void *data, size_t len);
};

struct ws;

/* A reader; costs about 9 KB: make it when the first bytes come. ev must stay. */
struct ws *ws_new(const struct ws_events *ev, void *arg);
void ws_free(struct ws *w); /* NULL is fine */
/* The next bytes. False: it is over (closed by the client, or by us for a violation); output had
 * the close frame. */
bool ws_feed(struct ws *w, const void *data, size_t len);

/* Step over complete, short pongs at the front: what an idle browser sends, so that it needs no
 * reader. */
void ws_skip_pongs(const unsigned char **data, size_t *len);
/* The value of Sec-WebSocket-Accept. False: not a key (16 bytes in base64). */
bool ws_accept_key(const char *key, char out[WS_ACCEPT_SIZE]);
/* Head of an unmasked final frame; returns its length. */
size_t ws_head(unsigned char out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len);
/* A whole close frame; reason may be NULL and is cut. Returns its length. */
size_t ws_close_frame(unsigned char out[WS_CLOSE_FRAME_MAX], int code, const char *reason);

#endif
