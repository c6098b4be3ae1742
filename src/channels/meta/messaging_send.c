/* The Send API of Messenger and Instagram: parts of a message one after the other, reactions, and
 * what tells the person that we read or type. Attachments leave as signed links that the platform
 * fetches; where our address is not public, Messenger gets the bytes and Instagram, which only
 * knows links, is refused before anything is asked. Outside the window nothing is sent: the
 * platform would refuse it, and count it against the account. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "channels/log.h"
#include "channels/meta/messaging.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_media.h"
#include "sql.h"

#define LINK_VALID_MS     (2 * HOUR_MS)
#define UPLOAD_MAX        ((int64_t)(25 * MIB))
#define DOUBT_MS          (30 * SECOND_MS) /* for the echo of a part whose answer did not come */
#define FETCH_MAX         ((int64_t)(100 * MIB))
#define MEDIA_INTERVAL_MS 100 /* audio and video: ten a second for an account */
#define MEDIA_BURST       10

bool messaging_by_login(const struct channel *ch)
{
    const char *login = json_get_text(ch->settings, "login");
    return strcmp(ch->kind, "instagram") == 0 && login && strcmp(login, "instagram") == 0;
}

enum graph_host messaging_host(const struct channel *ch)
{
    return messaging_by_login(ch) ? GRAPH_INSTAGRAM : GRAPH_FACEBOOK;
}

const char *messaging_token(const struct channel *ch)
{
    const char *token = json_get_text(ch->secrets, "token");
    return token ? token : "";
}

static void refuse(struct send_result *ret, const char *code, const char *message,
                   const char *advice)
{
    *ret = (struct send_result){.outcome = SEND_REFUSED,
                                .status = STATUS_FAILED,
                                .error_code = code,
                                .error_message = message,
                                .advice = advice};
}

/* --- files ----------------------------------------------------------------------------- */

/* The host of an address, without port and brackets. */
static const char *host_of(struct arena *a, const char *url)
{
    const char *from = strstr(url, "://");
    from = from ? from + 3 : url;
    if (*from == '[') return arena_strndup(a, from + 1, strcspn(from + 1, "]"));
    return arena_strndup(a, from, strcspn(from, ":/?#"));
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

bool messaging_reachable(struct arena *a, const char *our_url, const char *graph_url)
{
    if (!our_url) return false;
    const char *host = host_of(a, our_url);
    if (is_loopback(host)) return is_loopback(host_of(a, graph_url)); /* a stand-in beside us */
    bool numbers = strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0';
    if (numbers) return address_allowed(host, "");
    static const char *const inner[] = {".local", ".lan", ".internal", ".home.arpa", ".localhost"};
    size_t len = strlen(host);
    for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
        size_t n = strlen(inner[i]);
        if (len > n && strcasecmp(host + len - n, inner[i]) == 0) return false;
    }
    return strchr(host, '.') != NULL;
}

/* The content in memory that is released with the context. */
static enum err file_bytes(struct ctx *c, const struct file *f, struct bytes *ret)
{
    CLEANUP(fd_closep) int fd = open(files_path(c, f), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || f->size_bytes > UPLOAD_MAX)
        return fault(c, ERR_IO, NULL, "the file of a message cannot be read");
    unsigned char *data = mem_alloc((size_t)f->size_bytes + 1);
    arena_on_free(c->arena, mem_free, data);
    size_t have = 0;
    while (have < (size_t)f->size_bytes) {
        ssize_t n = read(fd, data + have, (size_t)f->size_bytes - have);
        if (n <= 0) return fault(c, ERR_IO, NULL, "the file of a message cannot be read");
        have += (size_t)n;
    }
    *ret = (struct bytes){.data = data, .len = have};
    return ERR_OK;
}

/* --- one call -------------------------------------------------------------------------- */

/* What stays the same for all parts of a message. */
struct sending {
    struct ctx *c;
    const struct channel *ch;
    const struct messaging_platform *p;
    const struct outbound *m;
    bool as_human;
    bool by_link;
};

static json_t *recipient(const char *identifier)
{
    return json_pack("{s:s}", "id", identifier);
}

/* The members beside `message`. */
static json_t *envelope(const struct sending *s, int part)
{
    json_t *body = meta_object(s->c->arena);
    json_object_set_new(body, "recipient", recipient(s->m->identifier));
    meta_set_text(body, "messaging_type", s->as_human ? "MESSAGE_TAG" : "RESPONSE");
    if (s->as_human) meta_set_text(body, "tag", "HUMAN_AGENT");
    if (part == 0 && s->m->reply_to_external_id)
        json_object_set_new(body, "reply_to",
                            json_pack("{s:s}", "mid", s->m->reply_to_external_id));
    return body;
}

static json_t *message_of(const struct sending *s, const struct messaging_part *part,
                          const char *metadata, const char *link)
{
    json_t *message = json_object();
    meta_set_text(message, "text", part->text);
    if (part->template_payload)
        json_object_set_new(
            message, "attachment",
            json_pack("{s:s, s:O}", "type", "template", "payload", part->template_payload));
    if (part->file) {
        json_t *payload = json_object();
        meta_set_text(payload, "url", link);
        if (!link) json_object_set_new(payload, "is_reusable", json_false());
        json_object_set_new(message, "attachment",
                            json_pack("{s:s, s:o}", "type", part->file_type, "payload", payload));
    }
    if (part->quick_replies) json_object_set(message, "quick_replies", part->quick_replies);
    meta_set_text(message, "metadata", metadata);
    (void)s;
    return message;
}

/* Multipart: the message's members as fields, the bytes as filedata. */
static enum err call_upload(const struct sending *s, const struct messaging_part *part,
                            const json_t *body, json_t *message, struct graph_request *request,
                            struct graph_answer *ret)
{
    struct arena *a = s->c->arena;
    struct graph_part *parts = arena_array(a, 8, sizeof *parts);
    int n = 0;
    json_object_set_new((json_t *)(uintptr_t)body, "message", message);
    const char *key;
    const json_t *value;
    void *object = (void *)(uintptr_t)body;
    json_object_foreach((json_t *)object, key, value)
    {
        const char *text = json_is_string(value) ? json_string_value(value) : json_text(a, value);
        parts[n++] = (struct graph_part){
            .name = key,
            .data = {.data = (const unsigned char *)text, .len = text ? strlen(text) : 0}};
    }
    struct graph_part *file = &parts[n++];
    *file = (struct graph_part){
        .name = "filedata", .filename = part->file->name, .type = part->file->type};
    enum err e = file_bytes(s->c, part->file, &file->data);
    if (e) return e;
    request->parts = parts;
    request->part_count = n;
    request->timeout_ms = 90000;
    return graph_call(s->c, s->ch, request, ret);
}

static enum err call_part(const struct sending *s, const struct messaging_part *part, int number,
                          bool last, struct graph_answer *ret)
{
    struct ctx *c = s->c;
    json_t *body = envelope(s, number);
    const char *metadata = messaging_metadata(c->arena, s->m->message, number, last);
    const char *link = NULL;
    if (part->file && s->by_link)
        link = arena_printf(c->arena, "%s%s", c->app->config->public_url,
                            files_signed_url(c, part->file, LINK_VALID_MS));
    json_t *message = message_of(s, part, metadata, link);
    struct graph_request request = {.what = "send",
                                    .method = "POST",
                                    .host = messaging_host(s->ch),
                                    .product = s->p->product,
                                    .path = "/me/messages",
                                    .token = messaging_token(s->ch),
                                    .timeout_ms = part->file ? 90000 : 30000,
                                    .message = s->m->message};
    if (part->file && !link) return call_upload(s, part, body, message, &request, ret);
    json_object_set_new(body, "message", message);
    request.body = body;
    return graph_call(c, s->ch, &request, ret);
}

/* --- the functions of the contract ----------------------------------------------------- */

/* Audio and video have a rate of their own. *ret_wait_ms > 0: not now. */
static enum err media_pace(struct ctx *c, const struct channel *ch,
                           const struct messaging_part *part, int64_t *ret_wait_ms)
{
    *ret_wait_ms = 0;
    if (!part->file_type) return ERR_OK;
    if (strcmp(part->file_type, "audio") != 0 && strcmp(part->file_type, "video") != 0)
        return ERR_OK;
    return pace_take(c, ch, "media", MEDIA_INTERVAL_MS, MEDIA_BURST, ret_wait_ms);
}

static const char *closed_words(struct arena *a, const struct messaging_platform *p, bool human)
{
    return human
               ? arena_printf(a, "%s takes no message more than seven days after the person wrote",
                              p->label)
               : arena_printf(a, "%s takes no message more than 24 hours after the person wrote",
                              p->label);
}

/* What Meta answered instead of taking a part. A right that only this message needs, or a reason of
 * its own kind (a subcode that we do not know), must not disconnect the whole account. */
static void refused(const struct sending *s, const struct meta_error *error,
                    struct send_result *ret)
{
    meta_error_result(error, s->m->tries, ret);
    if (ret->outcome != SEND_DISCONNECTED || strcmp(error->id, "META_PERMISSION") != 0) return;
    if (s->as_human && (error->code == 10 || error->code >= 200)) {
        refuse(ret, "META_HUMAN_AGENT",
               "Meta has not approved this app for answers after 24 hours (Human Agent)",
               "recipient");
        ret->error_raw = error->raw;
    } else if (error->code == 10 && error->subcode != 0 && error->subcode != 2018065) {
        refuse(ret, "META_REFUSED", error->message, "recipient");
        ret->error_raw = error->raw;
    }
}

/* Parts up to this one are out; the rest another time. */
static enum err go_on_later(struct ctx *c, int part, struct send_result *ret)
{
    *ret = (struct send_result){.outcome = SEND_LATER,
                                .error_message = c->fault.message,
                                .retry_after_ms = DOUBT_MS,
                                .part = part};
    fault_clear(c);
    return ERR_OK;
}

enum err messaging_send(struct ctx *c, const struct channel *ch, const struct messaging_platform *p,
                        const struct outbound *m, struct send_result *ret)
{
    struct arena *a = c->arena;
    enum messaging_window window = messaging_window(m, clock_unix_ms());
    if (window == WINDOW_CLOSED) {
        refuse(ret, "WINDOW_CLOSED", closed_words(a, p, m->human), "recipient");
        return ERR_OK;
    }
    struct messaging_parts *parts = arena_alloc(a, sizeof *parts);
    const char *code = NULL, *why = NULL;
    if (!messaging_parts(a, p, m, parts, &code, &why)) {
        refuse(ret, code, why, "content");
        return ERR_OK;
    }
    const struct config *config = c->app->config;
    const char *graph =
        messaging_by_login(ch) ? config->instagram_graph_url : config->meta_graph_url;
    struct sending s = {.c = c,
                        .ch = ch,
                        .p = p,
                        .m = m,
                        .as_human = window == WINDOW_HUMAN,
                        .by_link = messaging_reachable(a, config->public_url, graph)};
    *ret = (struct send_result){.outcome = SEND_OK, .status = STATUS_SENT};
    for (int i = m->part; i < parts->count; i++) {
        const struct messaging_part *part = &parts->items[i];
        if (part->file && !s.by_link && p->product == META_INSTAGRAM) {
            refuse(ret, "ADDRESS_NOT_PUBLIC",
                   "Instagram fetches files by a link, and this server has no public address",
                   "account");
            return ERR_OK;
        }
        int64_t wait_ms = 0;
        enum err e = media_pace(c, ch, part, &wait_ms);
        if (e) return e;
        if (wait_ms > 0) {
            *ret =
                (struct send_result){.outcome = SEND_LATER, .retry_after_ms = wait_ms, .part = i};
            return ERR_OK;
        }
        struct graph_answer answer = {0};
        e = call_part(&s, part, i, i == parts->count - 1, &answer);
        /* Those before are out and must not leave again; the echo of this one may still come. */
        if (e && i > m->part) return go_on_later(c, i, ret);
        if (e) return e;
        if (answer.error.class != META_FINE) {
            refused(&s, &answer.error, ret);
            ret->part = i;
            return ERR_OK;
        }
        ret->external_id = messaging_id(a, json_object_get(answer.json, "message_id"));
        if (!ret->external_id)
            return fault(c, ERR_UPSTREAM, "ANSWER_UNKNOWN", "%s answered without a message's id",
                         p->label);
        ret->part = i + 1;
        if (i + 1 < parts->count) {
            e = db_exec(c, &SQL_MESSAGE_PART_SENT,
                        PARAMS(P_UUID("message", m->message), P_INT("part", i + 1),
                               P_TEXT("external", ret->external_id)));
            if (e) return go_on_later(c, i + 1, ret);
        }
    }
    return ERR_OK;
}

static enum err action_call(struct ctx *c, const struct channel *ch,
                            const struct messaging_platform *p, const char *identifier,
                            const char *what, const char *action, json_t *payload,
                            struct graph_answer *ret)
{
    json_t *body = meta_object(c->arena);
    json_object_set_new(body, "recipient", recipient(identifier));
    meta_set_text(body, "sender_action", action);
    meta_set(body, "payload", payload);
    const struct graph_request request = {.what = what,
                                          .method = "POST",
                                          .host = messaging_host(ch),
                                          .product = p->product,
                                          .path = "/me/messages",
                                          .token = messaging_token(ch),
                                          .body = body,
                                          .timeout_ms = 15000};
    return graph_call(c, ch, &request, ret);
}

enum err messaging_react(struct ctx *c, const struct channel *ch,
                         const struct messaging_platform *p, const struct outbound *m,
                         const char *external_id, const char *emoji, struct send_result *ret)
{
    if (messaging_window(m, clock_unix_ms()) != WINDOW_OPEN) {
        refuse(ret, "WINDOW_CLOSED", closed_words(c->arena, p, false), "recipient");
        return ERR_OK;
    }
    json_t *payload = json_pack("{s:s}", "message_id", external_id);
    if (*emoji) {
        bool heart = strcmp(emoji, "\u2764\uFE0F") == 0 || strcmp(emoji, "\u2764") == 0;
        meta_set_text(payload, "reaction", heart ? "love" : emoji);
    }
    struct graph_answer answer = {0};
    enum err e = action_call(c, ch, p, m->identifier, "react", *emoji ? "react" : "unreact",
                             payload, &answer);
    if (e) return e;
    *ret = (struct send_result){.outcome = SEND_OK, .status = STATUS_SENT};
    if (answer.error.class != META_FINE) meta_error_result(&answer.error, m->tries, ret);
    return ERR_OK;
}

enum err messaging_action(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p, const char *identifier,
                          const char *action)
{
    struct graph_answer answer = {0};
    const char *what = strcmp(action, "mark_seen") == 0 ? "seen" : "typing";
    return action_call(c, ch, p, identifier, what, action, NULL, &answer);
}

enum err messaging_fetch(struct ctx *c, const struct channel *ch, const struct inbound_file *f,
                         struct file *ret_file)
{
    const char *url = json_get_text(f->source, "url");
    if (!url) return fault(c, ERR_NOT_FOUND, "MEDIA_GONE", "there is no address of the file");
    const struct meta_media media = {
        .url = url, .name = f->name, .type = f->type, .bytes_max = FETCH_MAX};
    return meta_media_fetch(c, ch, &media, ret_file);
}
