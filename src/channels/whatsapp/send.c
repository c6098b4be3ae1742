/* Sending: the parts of a message one after the other, each at the pace that the platform allows,
 * files first given to it. Our id goes along in every part, so that states and a rerun after a
 * crash find the message. What is out already (m->part) is not sent again. */
#include <string.h>

#include "base/clock.h"
#include "channels/log.h"
#include "channels/meta/meta_json.h"
#include "channels/whatsapp/build.h"
#include "channels/whatsapp/whatsapp.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"

/* Limits of the platform: 80 a second of one number (20 when it is also used in the phone app, up to
 * 1,000 where Meta raised it: settings.perSecond); one in 6 seconds to one person, of which 45 may
 * be borrowed from the future. */
#define NUMBER_PER_SECOND 80
#define SHARED_PER_SECOND 20
#define PAIR_INTERVAL_MS  6000
#define PAIR_BURST        45
#define SHORT_WAIT_MS     1500 /* so long a job waits itself */
/* Nobody knows whether a message left whose answer was lost: so long its "sent" may take to say. */
#define IN_DOUBT_MS (30 * SECOND_MS)

enum err whatsapp_call(struct ctx *c, const struct channel *ch, const char *what,
                       const char *method, const char *path, const json_t *body,
                       struct graph_answer *ret)
{
    struct graph_request r = {.what = what,
                              .method = method,
                              .product = META_WHATSAPP,
                              .path = path,
                              .token = json_get_text(ch->secrets, "token"),
                              .body = body};
    return graph_call(c, ch, &r, ret);
}

const char *whatsapp_setting(const struct channel *ch, const char *name)
{
    const char *text = json_get_text(ch->settings, name);
    return text ? text : "";
}

static const char *messages_path(struct ctx *c, const struct channel *ch)
{
    return arena_printf(c->arena, "/%s/messages",
                        graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId")));
}

/* --- pace ------------------------------------------------------------------------------ */

/* ERR_OK with *ret_wait_ms > 0: not now. */
static enum err pace(struct ctx *c, const struct channel *ch, const char *person, int64_t *ret_wait)
{
    bool shared = json_get_bool(ch->settings, "coexistence", false);
    int64_t per_second = json_get_int(ch->settings, "perSecond", 0);
    if (per_second < 1 || per_second > 1000)
        per_second = shared ? SHARED_PER_SECOND : NUMBER_PER_SECOND;
    /* A tenth at once, the rest evenly: no second has more than the limit. */
    int burst = per_second > 10 ? (int)(per_second / 10) : 1;
    int64_t even = per_second > burst ? per_second - burst : 1;
    int interval_ms = (int)((SECOND_MS + even - 1) / even);
    for (;;) {
        int64_t wait = 0;
        enum err e = pace_take(c, ch, "", interval_ms, burst, &wait);
        if (e) return e;
        if (wait == 0) break;
        if (wait > SHORT_WAIT_MS) {
            *ret_wait = wait;
            return ERR_OK;
        }
        e = loop_sleep(c->app->loop, wait);
        if (e) return e;
    }
    return pace_take(c, ch, person, PAIR_INTERVAL_MS, PAIR_BURST, ret_wait);
}

/* --- one part -------------------------------------------------------------------------- */

static void refuse(struct send_result *r, const char *code, const char *words, const char *advice)
{
    r->outcome = SEND_REFUSED;
    r->error_code = code;
    r->error_message = words;
    r->advice = advice;
}

/* No answer came: what we could not do ourselves is told, all else is tried again. */
static void no_answer(struct ctx *c, enum err e, struct send_result *r)
{
    *r = (struct send_result){.outcome = SEND_LATER};
    r->error_code = c->fault.code ? c->fault.code : err_row(e)->code;
    r->error_message = c->fault.message ? c->fault.message : err_row(e)->text;
    r->advice = "later";
    if (e == ERR_MEDIA_TYPE || e == ERR_TOO_LARGE || e == ERR_INVALID || e == ERR_NOT_FOUND) {
        r->outcome = SEND_REFUSED;
        r->advice = "content";
    }
    fault_clear(c);
}

/* Give the part's file to the platform and name it in the body. False: r says why. */
static enum err part_file(struct ctx *c, const struct channel *ch, const struct outbound *m,
                          struct wa_part *part, struct send_result *r, bool *ret_go)
{
    const struct file *f = &m->files[part->file];
    const char *type = json_get_text(part->body, "type"), *id = NULL;
    struct meta_error error;
    bool audio = type && strcmp(type, "audio") == 0, voice = false;
    bool wanted = audio && json_get_bool(m->data, "voice", false);
    *ret_go = false;
    enum err e = whatsapp_upload(c, ch, f, wanted, &id, &voice, &error);
    if (e == ERR_CANCELLED) return e;
    if (e) {
        no_answer(c, e, r);
        return ERR_OK;
    }
    if (!id) {
        meta_error_result(&error, m->tries, r);
        return ERR_OK;
    }
    meta_set_text(part->media, "id", id);
    if (voice) meta_set(part->media, "voice", json_true());
    *ret_go = true;
    return ERR_OK;
}

static void part_taken(struct ctx *c, const struct graph_answer *answer, struct send_result *r)
{
    const json_t *first = json_array_get(json_object_get(answer->json, "messages"), 0);
    const char *id = meta_id(c->arena, first, "id");
    const char *state = meta_text(first, "message_status");
    bool held = state &&
                (strcmp(state, "paused") == 0 || strcmp(state, "held_for_quality_assessment") == 0);
    r->outcome = SEND_OK;
    /* A template that is held back is taken, but on its way only when "sent" comes. */
    r->status = held ? STATUS_QUEUED : STATUS_SENT;
    r->external_id = id;
    if (!id) {
        r->outcome = SEND_LATER;
        r->error_code = "META_UNREADABLE";
        r->error_message = "Meta's answer could not be read.";
        r->advice = "later";
    }
}

/* Did the request reach the platform without our hearing what became of it? */
static bool in_doubt(struct ctx *c, enum err e)
{
    const char *code = c->fault.code;
    return e == ERR_DEADLINE || (code && strcmp(code, "CALL_FAILED") == 0);
}

/* ERR_OK: r says how it went. */
static enum err part_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                          struct wa_part *part, struct send_result *r)
{
    const char *person = json_get_text(part->body, "to");
    if (!person) person = json_get_text(part->body, "recipient");
    int64_t wait = 0;
    enum err e = pace(c, ch, person, &wait);
    if (e) return e;
    if (wait > 0) {
        r->outcome = SEND_LATER;
        r->retry_after_ms = wait;
        return ERR_OK;
    }
    if (part->file >= 0) {
        bool go = false;
        e = part_file(c, ch, m, part, r, &go);
        if (e || !go) return e;
    }
    struct graph_request q = {.what = "send",
                              .method = "POST",
                              .product = META_WHATSAPP,
                              .path = messages_path(c, ch),
                              .token = json_get_text(ch->secrets, "token"),
                              .body = part->body,
                              .message = m->message};
    struct graph_answer answer;
    e = graph_call(c, ch, &q, &answer);
    if (e == ERR_CANCELLED) return e;
    bool doubt = e ? in_doubt(c, e) : answer.error.class == META_LATER && !answer.error.raw;
    if (e)
        no_answer(c, e, r);
    else if (answer.error.class != META_FINE)
        meta_error_result(&answer.error, m->tries, r);
    else
        part_taken(c, &answer, r);
    if ((doubt || (!e && r->outcome == SEND_LATER && answer.error.class == META_FINE)) &&
        r->retry_after_ms < IN_DOUBT_MS)
        r->retry_after_ms = IN_DOUBT_MS;
    return ERR_OK;
}

/* A program that ends between two parts goes on with the next one. */
static void part_note(struct ctx *c, const struct outbound *m, int parts)
{
    if (db_exec(c, &SQL_WHATSAPP_PARTS_OUT,
                PARAMS(P_UUID("message", m->message), P_INT("parts", parts))))
        fault_clear(c); /* the next one, or the end, says it again */
}

enum err whatsapp_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                       struct send_result *ret_result)
{
    struct wa_plan *plan = arena_alloc(c->arena, sizeof *plan);
    struct send_result r = {0};
    if (!plan) return ERR_NO_MEMORY;
    whatsapp_plan(c->arena, m, plan);
    if (plan->code) {
        refuse(&r, plan->code, plan->words, plan->advice);
        *ret_result = r;
        return ERR_OK;
    }
    int first = m->part < plan->count ? m->part : plan->count - 1;
    for (int i = first; i < plan->count; i++) {
        r = (struct send_result){0};
        enum err e = part_send(c, ch, m, &plan->parts[i], &r);
        if (e) return e;
        r.part = i;
        if (r.outcome != SEND_OK) break;
        if (i + 1 < plan->count) part_note(c, m, i + 1);
    }
    *ret_result = r;
    return ERR_OK;
}

/* --- the small things ------------------------------------------------------------------ */

enum err whatsapp_react(struct ctx *c, const struct channel *ch, const struct outbound *m,
                        const char *external_id, const char *emoji, struct send_result *ret_result)
{
    struct send_result r = {0};
    struct graph_answer answer;
    json_t *body = whatsapp_reaction_body(c->arena, m, external_id, emoji);
    if (!body) {
        refuse(&r, "RECIPIENT_INVALID", "This person has no number that can be written to.",
               "recipient");
        *ret_result = r;
        return ERR_OK;
    }
    const char *person = json_get_text(body, "to");
    if (!person) person = json_get_text(body, "recipient");
    enum err e = pace(c, ch, person, &r.retry_after_ms);
    if (e) return e;
    if (r.retry_after_ms > 0) {
        r.outcome = SEND_LATER;
        *ret_result = r;
        return ERR_OK;
    }
    e = whatsapp_call(c, ch, "react", "POST", messages_path(c, ch), body, &answer);
    if (e == ERR_CANCELLED) return e;
    if (e)
        no_answer(c, e, &r);
    else if (answer.error.class != META_FINE)
        meta_error_result(&answer.error, m->tries, &r);
    else
        part_taken(c, &answer, &r);
    *ret_result = r;
    return ERR_OK;
}

enum err whatsapp_seen(struct ctx *c, const struct channel *ch, const char *identifier,
                       const char *external_id)
{
    (void)identifier;
    struct graph_answer answer;
    if (!external_id || !*external_id) return ERR_OK;
    enum err e = whatsapp_call(c, ch, "read", "POST", messages_path(c, ch),
                               whatsapp_read_body(c->arena, external_id, false), &answer);
    if (e) return e;
    /* A message of more than 30 days ago cannot be marked: nothing is lost. */
    if (answer.error.class == META_LATER || answer.error.class == META_SLOW)
        return fault(c, ERR_UPSTREAM, answer.error.id, "%s", answer.error.words);
    return ERR_OK;
}

/* Typing belongs to the person's newest message, which it marks as read; it ends by itself after 25
 * seconds or with our answer. */
void whatsapp_typing(struct ctx *c, const struct channel *ch, struct uuid chat,
                     const char *identifier, bool on)
{
    (void)identifier;
    struct graph_answer answer;
    const char *external_id = NULL;
    if (!on) return;
    enum err e = db_json(c, &SQL_CHAT_LAST_INBOUND, PARAMS(P_UUID("chat", chat)), &external_id);
    if (!e)
        e = whatsapp_call(c, ch, "typing", "POST", messages_path(c, ch),
                          whatsapp_read_body(c->arena, external_id, true), &answer);
    if (e) fault_clear(c);
}
