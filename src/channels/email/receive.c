/* A mail becomes a message: read on a thread, its raw form and attachments kept as files, its chat
 * found by what it names, stored through the inbox, noted in `mails`.
 *
 * Exactly once: the message's external id is the Message-ID, which the database holds unique per
 * account; message, rows of files and row in `mails` are one commit. A run that dies anywhere is
 * repeated: what was stored is a double, what was not is stored. Another mail with a Message-ID that is taken (broken programs number
 * theirs from one) differs in sender, date or subject and gets that digest behind its id.
 *
 * What cannot be read is a message as well: the reason as its text, the raw mail as its file. A
 * bounce of a mail of ours is the failed state of its message; any other bounce a message that no
 * program answers. Mails of our own address are ours: known ones are dropped, others are shown as
 * sent elsewhere. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/email/email.h"
#include "channels/email/mail_auto.h"
#include "channels/email/mail_dsn.h"
#include "channels/email/mail_html.h"
#include "channels/email/mail_quote.h"
#include "core/loop.h"
#include "crm/crm.h"
#include "sql.h"

#define CONTENT_MAX   ((size_t)32 * KIB) /* bytes of a message's text; the rest is in the raw mail */
#define MAIL_ID_MAX   900
#define ADDRESSES_MAX 50 /* shown of To and of Cc */
#define ARENA_MORE    (24 * MIB)
#define WORDS_MAX     500

/* An address that nobody has (RFC 2606), for mails that do not say who wrote them. */
#define NOBODY "unknown-sender@mail.invalid"

/* What is done on a thread. */
struct reading {
    struct arena *arena;
    struct bytes bytes;
    struct mail_limits limits;
    struct mail_in mail;
    enum mail_fault fault;
    struct mail_quote quote;
    char sha256[SHA256_HEX_SIZE]; /* of all of it, where it has no Message-ID; else "" */
};

struct taking {
    struct ctx *c;
    const struct channel *ch;
    const struct mail_raw *raw;
    struct reading *r;
    const struct mail_in *mail;
    struct email_account account;
    const char *peer_name, *peer; /* as received */
    struct contact_form form;
    bool echo; /* written by the business elsewhere */
    const char *mail_id, *digest, *subject_key;
    json_t *refs; /* owned by the arena */
    struct uuid thread_chat;
    const char *parent;
    struct file raw_file;
    json_t *rows; /* of files, to be written with the message; owned by the arena */
    json_t *data; /* owned by the arena */
    struct inbound in;
};

static void json_release(void *j)
{
    json_decref(j);
}

static json_t *arena_json(struct ctx *c, json_t *j)
{
    arena_on_free(c->arena, json_release, j);
    return j;
}

static void read_run(void *arg)
{
    struct reading *r = arg;
    r->fault = mail_parse(r->arena, r->bytes, &r->limits, &r->mail);
    if (!*r->mail.message_id || r->mail.message_id_made)
        (void)sha256_hex(r->bytes.data, r->bytes.len, r->sha256);
    const char *text = r->mail.text;
    struct mail_quote html;
    /* Where there is only HTML, its containers say better what is quoted than the words do. */
    if (r->mail.text_from_html && r->mail.html && mail_quote_html(r->arena, r->mail.html, &html) &&
        *html.quoted) {
        const char *fresh =
            mail_html_text(r->arena, html.fresh, &(struct mail_html_text_options){.links = true});
        if (fresh && *fresh) {
            r->quote = (struct mail_quote){.fresh = fresh, .signature = "", .quoted = html.quoted};
            return;
        }
    }
    if (!mail_quote_text(r->arena, text, &r->quote)) r->quote.quoted = "";
    if (!r->quote.fresh || !r->quote.fresh[strspn(r->quote.fresh, " \r\n\t")])
        r->quote.fresh = text;
}

/* --- who ------------------------------------------------------------------------------------ */

static bool is_own(const struct taking *t, const char *address)
{
    return *t->account.address && strcasecmp(address, t->account.address) == 0;
}

/* The first address of the list that could be written to and, when asked, is not ours. */
static const struct mail_address *usable(const struct taking *t, const struct mail_addresses *list,
                                         bool not_own)
{
    for (int i = 0; i < list->count; i++) {
        const struct mail_address *a = &list->list[i];
        if (strchr(a->address, '@') && !(not_own && is_own(t, a->address))) return a;
    }
    return NULL;
}

/* Who is on the other side. A form on a web site writes in our own name and puts the person into
 * Reply-To; what else comes from our own address was written by us. */
static enum err find_peer(struct taking *t)
{
    const struct mail_in *m = t->mail;
    const struct mail_address *from = usable(t, &m->from, false);
    if (!from) from = usable(t, &m->sender, false);
    const struct mail_address *reply = usable(t, &m->reply_to, true);
    if (from && is_own(t, from->address)) {
        const struct mail_address *to = usable(t, &m->to, true);
        if (!to) to = usable(t, &m->cc, true);
        if (reply) {
            from = reply;
        } else if (to) {
            from = to;
            t->echo = true;
        }
    }
    if (!from) from = reply;
    t->peer = from ? from->address : NOBODY;
    t->peer_name = from ? from->name : "";
    enum err e = contact_normalise(t->c, "email", t->peer, &t->form);
    if (e != ERR_INVALID) return e;
    fault_clear(t->c);
    t->peer = NOBODY;
    return contact_normalise(t->c, "email", t->peer, &t->form);
}

/* --- what is known -------------------------------------------------------------------------- */

static void set_ids(struct taking *t)
{
    struct ctx *c = t->c;
    const struct mail_in *m = t->mail;
    const char *from = m->from.count > 0 ? m->from.list[0].address : "";
    t->digest = mail_digest(c->arena, from, m->date_unix_ms, m->subject);
    t->subject_key = mail_subject_key(c->arena, m->subject);
    t->mail_id = m->message_id;
    char hex[SHA256_HEX_SIZE];
    if (*t->r->sha256) {
        t->mail_id = arena_printf(c->arena, "sha256:%s", t->r->sha256);
    } else if (strlen(m->message_id) > MAIL_ID_MAX) {
        t->mail_id = arena_printf(c->arena, "sha256:%s",
                                  sha256_hex(m->message_id, strlen(m->message_id), hex));
    }
    t->refs = arena_json(c, json_array());
    for (int i = 0; i < m->references.count; i++)
        if (strlen(m->references.list[i]) <= MAIL_ID_MAX)
            json_array_append_new(t->refs, json_string(m->references.list[i]));
}

/* *ret_known: there is nothing to do. */
static enum err look(struct taking *t, bool *ret_known)
{
    bool answers = mail_subject_answers(t->mail->subject);
    for (int round = 0; round < 2; round++) {
        struct rows *rows = NULL;
        enum err e = db_one(t->c, &SQL_MAIL_LOOK,
                            PARAMS(P_UUID("channel", t->ch->id), P_TEXT("mail_id", t->mail_id),
                                   P_JSON("refs", t->refs), P_TEXT("key", t->form.keys[0]),
                                   P_TEXT("peer", t->form.canonical),
                                   P_TEXT("subject_key", answers ? t->subject_key : NULL)),
                            &rows);
        if (e) return e;
        const char *digest = rows_text(rows, 0, "digest");
        t->thread_chat = rows_uuid(rows, 0, "chat_id");
        t->parent = rows_text(rows, 0, "parent");
        if (!digest) return ERR_OK;
        const char *direction = rows_text(rows, 0, "direction");
        if (round > 0 || strcmp(direction, "out") == 0 || strcmp(digest, t->digest) == 0) {
            *ret_known = true;
            return ERR_OK;
        }
        t->mail_id = arena_printf(t->c->arena, "%s#%s", t->mail_id, t->digest);
    }
    return ERR_OK;
}

/* The row in `mails`, for a mail that became no message. */
static enum err note(struct taking *t, struct uuid chat)
{
    return db_exec(t->c, &SQL_MAIL_ADD,
                   PARAMS(P_UUID("channel", t->ch->id), P_TEXT("mail_id", t->mail_id),
                          P_TEXT("direction", "in"), P_NULL("message"), P_UUID("chat", chat),
                          P_TEXT("peer", t->form.canonical), P_TEXT("subject_key", t->subject_key),
                          P_JSON("refs", t->refs), P_TEXT("digest", t->digest),
                          P_TEXT("sender_kind", mail_sender_name(t->mail->sender_kind)),
                          P_UUID("file", t->raw_file.id)));
}

/* The same for the commit of a message, with the rows of the files (mail_receive() in SQL). */
static json_t *rows_json(struct taking *t)
{
    char file[UUID_TEXT_SIZE];
    json_t *o = json_object();
    json_object_set_new(o, "mailId", json_string(t->mail_id));
    json_object_set_new(o, "direction", json_string(t->echo ? "out" : "in"));
    json_object_set_new(o, "peer", json_string(t->form.canonical));
    json_object_set_new(o, "subjectKey", json_string(t->subject_key));
    json_object_set(o, "refs", t->refs);
    json_object_set_new(o, "digest", json_string(t->digest));
    json_object_set_new(o, "senderKind", json_string(mail_sender_name(t->mail->sender_kind)));
    json_object_set_new(o, "fileId", json_string(uuid_text(t->raw_file.id, file)));
    json_object_set(o, "files", t->rows);
    return arena_json(t->c, o);
}

/* --- files ---------------------------------------------------------------------------------- */

/* Content into the store; its row goes with the message. */
static enum err keep(struct taking *t, const char *name, struct bytes b, struct file *ret)
{
    enum err e = files_store_bytes(t->c, name, b.data, b.len, ret);
    if (e) return e;
    char id[UUID_TEXT_SIZE];
    json_array_append_new(t->rows, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:i, s:i}", "id",
                                             uuid_text(ret->id, id), "name", ret->name, "type",
                                             ret->type, "kind", ret->kind, "size_bytes",
                                             (json_int_t)ret->size_bytes, "sha256", ret->sha256,
                                             "width", ret->width, "height", ret->height));
    return ERR_OK;
}

static enum err keep_raw(struct taking *t)
{
    struct ctx *c = t->c;
    const char *name = mail_file_name_clean(c->arena, t->mail->subject);
    name = arena_printf(c->arena, "%.100s.eml", name && *name ? name : "mail");
    const char *clean = name ? text_clean(c->arena, name, strlen(name)) : NULL;
    struct bytes b = t->raw->bytes;
    enum err e = keep(t, clean ? clean : "mail.eml", b, &t->raw_file);
    if (e != ERR_MEDIA_TYPE) return e;
    /* It begins like a program. With a header line before it, it is the mail that it is. */
    fault_clear(c);
    CLEANUP(buf_free) struct buf out = BUF_INIT(b.len + KIB);
    buf_adds(&out, "X-Kept-As: mail\r\n");
    buf_add(&out, b.data, b.len);
    if (buf_failed(&out)) return ERR_NO_MEMORY;
    return keep(t, "mail.eml", (struct bytes){(unsigned char *)out.data, out.len}, &t->raw_file);
}

static enum message_kind kind_of(const char *file_kind)
{
    return strcmp(file_kind, "image") == 0   ? MESSAGE_IMAGE
           : strcmp(file_kind, "video") == 0 ? MESSAGE_VIDEO
           : strcmp(file_kind, "audio") == 0 ? MESSAGE_AUDIO
                                             : MESSAGE_DOCUMENT;
}

static void attach(struct inbound *in, const struct file *f)
{
    in->files[in->file_count++] = (struct inbound_file){.kind = kind_of(f->kind),
                                                        .name = f->name,
                                                        .type = f->type,
                                                        .file = f->id,
                                                        .size_bytes = f->size_bytes};
}

/* Is it something that a person sent along? Images of the text are shown there, signatures and the
 * machine's part of a report are no use to anybody. */
static bool is_attachment(const struct taking *t, const struct mail_file *f)
{
    if (f->kind == MAIL_FILE_INLINE || f->kind == MAIL_FILE_SIGNATURE) return false;
    return f->kind != MAIL_FILE_REPORT || !t->mail->dsn;
}

static enum err keep_attachments(struct taking *t)
{
    struct ctx *c = t->c;
    json_t *refused = json_array();
    int more = 0;
    enum err e = ERR_OK;
    for (int i = 0; i < t->mail->file_count && !e; i++) {
        const struct mail_file *f = &t->mail->files[i];
        if (!is_attachment(t, f)) continue;
        if (t->in.file_count == MESSAGE_FILES_MAX) {
            more++;
            continue;
        }
        struct file kept;
        e = keep(t, f->name, f->content, &kept);
        if (!e) attach(&t->in, &kept);
        if (e == ERR_MEDIA_TYPE || e == ERR_TOO_LARGE) { /* a program; the raw mail has it */
            fault_clear(c);
            json_array_append_new(refused, json_pack("{s:s, s:I}", "name", f->name, "sizeBytes",
                                                     (json_int_t)f->content.len));
            e = ERR_OK;
        }
    }
    json_t *mail = json_object_get(t->data, "mail");
    if (json_array_size(refused) > 0) json_object_set(mail, "refused", refused);
    json_decref(refused);
    if (more > 0) json_object_set_new(mail, "moreFiles", json_integer(more));
    return e;
}

/* --- the message ---------------------------------------------------------------------------- */

static json_t *address_json(const struct mail_address *a)
{
    return json_pack("{s:s, s:s}", "name", a->name, "address", a->address);
}

static json_t *addresses_json(const struct mail_addresses *list)
{
    json_t *out = json_array();
    for (int i = 0; i < list->count && i < ADDRESSES_MAX; i++)
        json_array_append_new(out, address_json(&list->list[i]));
    return out;
}

/* The text of the message, cut between characters. */
static const char *content_of(struct taking *t, bool *ret_cut)
{
    const char *s = t->r->quote.fresh;
    if (t->r->fault) s = mail_fault_words(t->r->fault);
    size_t len = strlen(s);
    *ret_cut = len > CONTENT_MAX;
    if (!*ret_cut) return s;
    len = CONTENT_MAX;
    while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
        len--;
    const char *out = arena_strndup(t->c->arena, s, len);
    return out ? out : "";
}

static void make_data(struct taking *t)
{
    const struct mail_in *m = t->mail;
    bool cut = false;
    t->in.text = content_of(t, &cut);
    json_t *mail = json_object();
    json_object_set_new(mail, "subject", json_string(m->subject));
    if (m->from.count > 0) json_object_set_new(mail, "from", address_json(&m->from.list[0]));
    json_object_set_new(mail, "to", addresses_json(&m->to));
    json_object_set_new(mail, "cc", addresses_json(&m->cc));
    const struct mail_address *reply = usable(t, &m->reply_to, true);
    if (reply) json_object_set_new(mail, "replyTo", address_json(reply));
    if (m->date_unix_ms > 0) {
        char text[TIME_TEXT_SIZE];
        json_object_set_new(mail, "date", json_string(time_text(m->date_unix_ms, text)));
    }
    json_object_set_new(mail, "hasHtml", json_boolean(m->html != NULL));
    json_object_set_new(mail, "quoted", json_boolean(*t->r->quote.quoted != '\0'));
    if (cut) json_object_set_new(mail, "cut", json_true());
    if (m->sender_kind != MAIL_FROM_PERSON)
        json_object_set_new(mail, "auto", json_string(mail_sender_name(m->sender_kind)));
    if (t->r->fault) {
        json_object_set_new(mail, "fault", json_string(mail_fault_name(t->r->fault)));
    }
    json_t *problems = json_array();
    for (int i = 0; i < MAIL_PROBLEM_COUNT; i++)
        if (m->problems & (1U << i))
            json_array_append_new(problems,
                                  json_string(mail_problem_name((enum mail_problem)(1U << i))));
    if (json_array_size(problems) > 0) json_object_set(mail, "problems", problems);
    json_decref(problems);
    t->data = arena_json(t->c, json_pack("{s:o}", "mail", mail));
    if (m->no_auto_answer) json_object_set_new(t->data, "automatic", json_true());
}

/* Date is what the sender's clock said: believed within a day of when the server took the mail. */
static int64_t sent_at(const struct taking *t)
{
    int64_t at = t->mail->date_unix_ms, taken = t->raw->received_unix_ms;
    if (taken <= 0) return at;
    return at > taken - DAY_MS && at <= taken ? at : taken;
}

/* The contents, which nobody has to wait for. */
static enum err keep_files(struct taking *t)
{
    t->rows = arena_json(t->c, json_array());
    make_data(t);
    enum err e = keep_raw(t);
    if (e) return e;
    if (!t->r->fault) return keep_attachments(t);
    attach(&t->in, &t->raw_file);
    return ERR_OK;
}

static enum err store(struct taking *t)
{
    struct inbound *in = &t->in;
    in->type = INBOUND_MESSAGE;
    in->kind = MESSAGE_EMAIL;
    in->external_id = t->mail_id;
    in->identity_kind = "email";
    in->identifier = t->peer;
    in->customer_name = *t->peer_name ? t->peer_name : NULL;
    in->data = t->data;
    in->reply_to_external_id = t->parent;
    in->thread_chat = t->thread_chat;
    in->sent_unix_ms = sent_at(t);
    in->echo = t->echo;
    in->history = t->raw->history;
    in->automatic = t->mail->no_auto_answer;
    in->mail = rows_json(t);
    return channel_sink()->message(t->c, t->ch, in, NULL, NULL, NULL, NULL);
}

/* --- bounces -------------------------------------------------------------------------------- */

/* The recipient that the report is mostly about: one that failed before one that waits. */
static const struct mail_dsn_recipient *worst(const struct mail_dsn *d)
{
    const struct mail_dsn_recipient *found = NULL;
    for (int i = 0; i < d->recipient_count; i++) {
        const struct mail_dsn_recipient *r = &d->recipients[i];
        if (r->action == MAIL_DSN_FAILED) return r;
        if (!found) found = r;
    }
    return found;
}

static json_t *bounce_error(struct ctx *c, const struct mail_dsn_recipient *r)
{
    const char *said = *r->diagnostic ? r->diagnostic : r->status;
    const char *words = arena_printf(c->arena, "The mail to %s came back: %.*s",
                                     *r->address ? r->address : "this address", WORDS_MAX,
                                     *said ? said : "no reason");
    const char *clean = words ? text_clean(c->arena, words, strlen(words)) : NULL;
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "code", "BOUNCED", "message",
                     clean ? clean : "", "advice", "recipient", "raw", "recipient", r->address,
                     "status", r->status, "server", r->remote, "diagnostic", r->diagnostic);
}

/* *ret_ours: it was about a mail of ours, whose state is set now. */
static enum err take_bounce(struct taking *t, bool *ret_ours)
{
    struct ctx *c = t->c;
    const struct mail_dsn *d = t->mail->dsn;
    const struct mail_dsn_recipient *r = worst(d);
    if (!r) return ERR_OK;
    CLEANUP(json_decrefp) json_t *ids = json_array();
    for (int i = 0; i < d->original_ids.count; i++)
        json_array_append_new(ids, json_string(d->original_ids.list[i]));
    struct contact_form form = {.canonical = ""};
    if (contact_normalise(c, "email", r->address, &form)) {
        form.canonical = "-"; /* nobody's */
        fault_clear(c);
    }
    struct rows *rows = NULL;
    enum err e =
        db_query(c, &SQL_MAIL_SENT_FIND,
                 PARAMS(P_UUID("channel", t->ch->id), P_JSON("ids", ids),
                        P_TEXT("peer", form.canonical), P_INT("at_ms", t->raw->received_unix_ms)),
                 &rows);
    if (e || rows_count(rows) == 0) return e;
    struct uuid message = rows_uuid(rows, 0, "message_id"), chat = rows_uuid(rows, 0, "chat_id");
    *ret_ours = true;
    e = files_row(c, &t->raw_file, "mail");
    if (e) return e;
    if (r->action == MAIL_DSN_FAILED || r->action == MAIL_DSN_DELIVERED) {
        bool failed = r->action == MAIL_DSN_FAILED;
        CLEANUP(json_decrefp) json_t *error = failed ? bounce_error(c, r) : NULL;
        e = db_exec(c, &SQL_MAIL_STATE_RAISE,
                    PARAMS(P_UUID("message", message),
                           P_TEXT("status", failed ? "failed" : "delivered"),
                           P_JSON("error", error)));
        if (e) return e;
    }
    return note(t, chat);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void turn_texts(struct mail_turn *turn, char kind, const char *text)
{
    mail_turn_key(turn, kind, text, text ? strlen(text) : 0);
}

/* What the mail has to do with: its person, under whichever address, and the mails that it names; of
 * a bounce also those whom it is about. */
static void turn_keys(struct taking *t, const char *customer, struct mail_turn *turn)
{
    turn->key_count = 0;
    turn_texts(turn, 'c', customer);
    turn_texts(turn, 'p', t->form.canonical);
    turn_texts(turn, 'm', t->mail_id);
    for (int i = 0; i < t->mail->references.count; i++)
        turn_texts(turn, 'm', t->mail->references.list[i]);
    const struct mail_dsn *d = t->mail->dsn;
    for (int i = 0; d && i < d->original_ids.count; i++)
        turn_texts(turn, 'm', d->original_ids.list[i]);
    for (int i = 0; d && i < d->recipient_count; i++) {
        struct contact_form form;
        if (contact_normalise(t->c, "email", d->recipients[i].address, &form) == ERR_OK)
            turn_texts(turn, 'p', form.canonical);
        else
            fault_clear(t->c);
    }
}

static enum err take(struct taking *t, struct mail_turn *turn, enum mail_taken *ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(t->c, &SQL_MAIL_MEET,
                        PARAMS(P_UUID("channel", t->ch->id), P_TEXT("mail_id", t->mail_id),
                               P_TEXT("digest", t->digest), P_TEXT("key", t->form.keys[0])),
                        &rows);
    if (e) return e;
    *ret = MAIL_TAKEN_DOUBLE;
    bool known = rows_bool(rows, 0, "known"), ours = false;
    if (known) return ERR_OK;
    if (!turn->known) turn_keys(t, rows_text(rows, 0, "customer_id"), turn);
    mail_turn_known(t->c, turn);
    e = keep_files(t);
    if (!e) e = mail_turn_wait(t->c, turn);
    if (!e) e = look(t, &known);
    if (e || known) return e;
    if (t->mail->dsn) e = take_bounce(t, &ours);
    if (e) return e;
    *ret = ours ? MAIL_TAKEN_BOUNCE : MAIL_TAKEN_MESSAGE;
    return ours ? ERR_OK : store(t);
}

enum err mail_receive(struct ctx *c, const struct channel *ch, const struct mail_raw *raw,
                      struct mail_turn *turn, enum mail_taken *ret)
{
    CLEANUP(arena_freep) struct arena *arena = arena_new(3 * raw->bytes.len + ARENA_MORE);
    struct reading r = {.arena = arena,
                        .bytes = raw->bytes,
                        .limits = mail_limits_usual(clock_unix_ms()),
                        .quote = {.fresh = "", .signature = "", .quoted = ""}};
    enum err e = loop_offload(c->app->loop, read_run, &r);
    if (e) return e;
    if (raw->size_bytes > raw->bytes.len) r.fault = MAIL_TOO_LARGE;
    struct taking t = {.c = c, .ch = ch, .raw = raw, .r = &r, .mail = &r.mail};
    email_account_read(c->arena, ch, &t.account);
    set_ids(&t);
    e = find_peer(&t);
    return e ? e : take(&t, turn, ret);
}
