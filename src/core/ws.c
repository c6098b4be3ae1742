/* WebSocket framing by wslay (ws.h). wslay pulls its input and pushes its output by callbacks; here
 * the input is the piece given to ws_feed, and the output (pongs, close frames) goes straight to
 * the owner's queue. Limits on messages, masking, UTF-8, fragments and reserved bits are checked by
 * wslay, which then queues the right close frame. */
#include "core/ws.h"

#include <openssl/evp.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/mem.h"

struct ws {
    wslay_event_context_ptr wslay;
    const struct ws_events *ev;
    void *arg;
    const unsigned char *data;
    size_t len;
    bool refused; /* a binary message */
};

static ssize_t on_pull(wslay_event_context_ptr wslay, uint8_t *buf, size_t len, int flags,
                       void *user)
{
    (void)flags;
    struct ws *w = user;
    if (w->len == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > w->len) len = w->len;
    memcpy(buf, w->data, len);
    w->data += len;
    w->len -= len;
    return (ssize_t)len;
}

static ssize_t on_push(wslay_event_context_ptr wslay, const uint8_t *data, size_t len, int flags,
                       void *user)
{
    (void)wslay;
    (void)flags;
    struct ws *w = user;
    w->ev->output(w->arg, data, len);
    return (ssize_t)len;
}

static void on_message(wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *m,
                       void *user)
{
    struct ws *w = user;
    if (m->opcode == WSLAY_TEXT_FRAME) {
        w->ev->text(w->arg, (const char *)m->msg, m->msg_length);
    } else if (m->opcode == WSLAY_BINARY_FRAME && !w->refused) {
        static const char reason[] = "text only";
        w->refused = true;
        (void)wslay_event_queue_close(wslay, WSLAY_CODE_UNSUPPORTED_DATA, (const uint8_t *)reason,
                                      sizeof(reason) - 1);
        wslay_event_shutdown_read(wslay);
    }
}

struct ws *ws_new(const struct ws_events *ev, void *arg)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_pull, .send_callback = on_push, .on_msg_recv_callback = on_message};
    struct ws *w = mem_alloc(sizeof(*w));
    w->ev = ev;
    w->arg = arg;
    if (wslay_event_context_server_init(&w->wslay, &callbacks, w) != 0) {
        mem_free(w);
        return NULL;
    }
    wslay_event_config_set_max_recv_msg_length(w->wslay, WS_MESSAGE_MAX);
    return w;
}

void ws_free(struct ws *w)
{
    if (!w) return;
    wslay_event_context_free(w->wslay);
    mem_free(w);
}

bool ws_feed(struct ws *w, const void *data, size_t len)
{
    w->data = data;
    w->len = len;
    bool fine = wslay_event_recv(w->wslay) == 0;
    if (wslay_event_want_write(w->wslay) && wslay_event_send(w->wslay) != 0) fine = false;
    w->data = NULL;
    w->len = 0;
    if (!fine &&
        !wslay_event_get_close_sent(w->wslay)) { /* broken framing: wslay gives up without a word */
        unsigned char close[WS_CLOSE_FRAME_MAX];
        w->ev->output(w->arg, close, ws_close_frame(close, WSLAY_CODE_PROTOCOL_ERROR, NULL));
    }
    return fine && !wslay_event_get_close_received(w->wslay) &&
           !wslay_event_get_close_sent(w->wslay);
}

void ws_skip_pongs(const unsigned char **data, size_t *len)
{
    /* FIN + pong, masked, up to 125 bytes: 2 + 4 + n. */
    while (*len >= 6 && (*data)[0] == 0x8a && ((*data)[1] & 0x80) && ((*data)[1] & 0x7f) <= 125) {
        size_t whole = 6 + (size_t)((*data)[1] & 0x7f);
        if (*len < whole) return;
        *data += whole;
        *len -= whole;
    }
}

bool ws_accept_key(const char *key, char out[WS_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!key || strlen(key) != 24 || strspn(key, alphabet) != 22 || strcmp(key + 22, "==") != 0)
        return false;
    char both[24 + sizeof(guid)];
    memcpy(both, key, 24);
    memcpy(both + 24, guid, sizeof(guid));
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    if (EVP_Digest(both, 24 + sizeof(guid) - 1, digest, &digest_len, EVP_sha1(), NULL) != 1)
        return false;
    return EVP_EncodeBlock((unsigned char *)out, digest, (int)digest_len) == WS_ACCEPT_SIZE - 1;
}

size_t ws_head(unsigned char out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len)
{
    out[0] = (unsigned char)(0x80 | opcode);
    if (len < 126) {
        out[1] = (unsigned char)len;
        return 2;
    }
    size_t bytes = len <= 0xffff ? 2 : 8;
    out[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++)
        out[2 + i] = (unsigned char)((uint64_t)len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

size_t ws_close_frame(unsigned char out[WS_CLOSE_FRAME_MAX], int code, const char *reason)
{
    size_t n = reason ? strlen(reason) : 0;
    if (n > 123) n = 123;
    size_t head = ws_head(out, WS_CLOSE, 2 + n);
    out[head] = (unsigned char)(code >> 8);
    out[head + 1] = (unsigned char)code;
    if (n > 0) memcpy(out + head + 2, reason, n);
    return head + 2 + n;
}
