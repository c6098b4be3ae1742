/* An answer leaves as a mail (kind->send).
 *
 * The same message is the same mail however often it is tried: its Message-ID is made of the
 * message's id, its Date of the time in that id, its boundaries of the Message-ID (mail_build.h). It
 * is noted in `mails` before the server is called, so that an answer to it, or its bounce, finds its
 * chat also when we die right after the server took it.
 *
 * A program's mail says so (RFC 3834), never answers a program, and not more than so many leave for
 * one address in an hour: two answering machines do not keep each other company.
 *
 * Mail servers are whatever their owners say they are: of one organization a few mails at most are
 * on their way in a worker, so that a server that hangs holds up nobody else's messages. */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "channels/email/email.h"
#include "channels/email/mail_build.h"
#include "channels/log.h"
#include "channels/worker.h"
#include "core/loop.h"
#include "crm/crm.h"
#include "sql.h"

#define PEOPLE_MAX       50 /* of Cc and of Bcc */
#define PROGRAM_PER_HOUR 10
#define BUILD_ARENA      (16 * MIB)
#define QUOTE_MAX        ((size_t)20000)
#define SEND_MS          (2 * (int)MINUTE_MS)
#define AGAIN_LOGIN_MS   (5 * MINUTE_MS)
#define MAILS_AT_ONCE    4 /* of one organization in a worker */
#define NO_ROOM_MS       (2 * SECOND_MS)

struct sending {
    struct ctx *c;
    const struct channel *ch;
    const struct outbound *m;
    struct send_result *result;
    struct email_account account;
    struct rows *parent; /* always one row */
    json_t *parent_data; /* data.mail of the mail that is answered; NULL: none */
    struct mail_addresses to, cc, bcc;
    const char *subject;
    struct arena *arena; /* of the mail's bytes */
    struct mail_new mail;
    struct mail_new_file files[MESSAGE_FILES_MAX];
    void *mapped[MESSAGE_FILES_MAX];
    struct bytes bytes;
    enum err built;
    struct sending *next; /* of the worker's */
};

static void end(struct sending *s)
{
    for (int i = 0; i < MESSAGE_FILES_MAX; i++)
        if (s->mapped[i]) (void)munmap(s->mapped[i], s->files[i].content.len);
    arena_free(s->arena);
}

static enum err refuse(struct sending *s, const char *code, const char *advice, const char *message)
{
    *s->result = (struct send_result){
        .outcome = SEND_REFUSED, .error_code = code, .error_message = message, .advice = advice};
    return ERR_OK;
}

/* --- whom, about what ----------------------------------------------------------------------- */

/* Addresses as a text with commas, or a list of texts or of {name, address}. False: one of them is
 * none. */
static bool read_people(struct sending *s, const json_t *given, struct mail_addresses *ret)
{
    struct arena *a = s->c->arena;
    CLEANUP(buf_free) struct buf text = BUF_INIT(64 * KIB);
    if (json_is_string(given)) buf_adds(&text, json_string_value(given));
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)given, i, item)
    {
        const char *one =
            json_is_object(item) ? json_get_text(item, "address") : json_string_value(item);
        if (one && *one) buf_addf(&text, "%s%s", text.len > 0 ? ", " : "", one);
    }
    bool cut = false;
    *ret = mail_addresses_read(a, buf_str(&text), text.len, PEOPLE_MAX, &cut);
    for (int k = 0; k < ret->count; k++)
        if (!mail_address_fits(ret->list[k].address)) return false;
    return !cut && !buf_failed(&text);
}

/* Answers go where the person wants them: Reply-To of their newest mail, else its sender. */
static enum err find_receiver(struct sending *s)
{
    struct ctx *c = s->c;
    const char *direction = rows_text(s->parent, 0, "direction");
    const json_t *reply = json_object_get(s->parent_data, "replyTo");
    const char *address = NULL, *name = "";
    if (direction && strcmp(direction, "in") == 0 && reply) {
        address = json_get_text(reply, "address");
        name = json_get_text(reply, "name");
    }
    if (!address || !mail_address_fits(address)) address = s->m->identifier;
    struct mail_address *to = arena_alloc(c->arena, sizeof(*to));
    *to = (struct mail_address){.name = name ? name : "", .address = address};
    s->to = (struct mail_addresses){.list = to, .count = 1};
    return ERR_OK;
}

static const char *first_line(struct sending *s)
{
    const char *text = s->m->text ? s->m->text : "";
    text += strspn(text, " \r\n\t");
    size_t len = strcspn(text, "\r\n");
    if (len > 70) {
        len = 70;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    return arena_strndup(s->c->arena, text, len);
}

static void find_subject(struct sending *s, const json_t *mail)
{
    const char *given = json_get_text(mail, "subject");
    const char *before = json_get_text(s->parent_data, "subject");
    if (given && *given)
        s->subject = given;
    else if (before)
        s->subject = mail_subject_reply(s->c->arena, before);
    else
        s->subject = first_line(s);
    if (!s->subject) s->subject = "";
}

static enum err load_parent(struct sending *s)
{
    struct ctx *c = s->c;
    enum err e =
        db_one(c, &SQL_MAIL_PARENT,
               PARAMS(P_UUID("chat", s->m->chat), P_UUID("message", s->m->message),
                      P_UUID("channel", s->ch->id), P_TEXT("reply_to", s->m->reply_to_external_id)),
               &s->parent);
    if (e) return e;
    const char *data = rows_text(s->parent, 0, "data");
    if (data && json_parse(c->arena, data, strlen(data), &s->parent_data, NULL))
        s->parent_data = NULL;
    return ERR_OK;
}

/* --- the mail ------------------------------------------------------------------------------- */

/* The time in a version 7 id: the same at every try. */
static int64_t id_time(struct uuid id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.b[i];
    return ms;
}

static const char *signature_of(const struct sending *s)
{
    const json_t *o = json_object_get(s->ch->settings, "signature");
    const char *language = rows_text(s->parent, 0, "language");
    const char *text = language ? json_get_text(o, language) : NULL;
    static const char *const languages[] = {"pt", "es", "en"};
    for (size_t i = 0; (!text || !*text) && i < ARRAY_LEN(languages); i++)
        text = json_get_text(o, languages[i]);
    return text && *text ? text : NULL;
}

static void set_thread(struct sending *s)
{
    struct ctx *c = s->c;
    struct mail_new *n = &s->mail;
    const char *parent = rows_text(s->parent, 0, "mail_id"),
               *refs = rows_text(s->parent, 0, "refs");
    /* Ids that we made up for mails without one are nobody's. */
    if (!parent || strncmp(parent, "sha256:", 7) == 0) return;
    size_t mark = strcspn(parent, "#");
    n->in_reply_to = arena_strndup(c->arena, parent, mark);
    json_t *list = NULL;
    if (!refs || json_parse(c->arena, refs, strlen(refs), &list, NULL)) return;
    size_t count = json_array_size(list);
    const char **ids = arena_array(c->arena, count + 1, sizeof(*ids));
    if (!ids) return;
    for (size_t i = 0; i < count; i++)
        ids[n->references.count++] = json_string_value(json_array_get(list, i));
    n->references.list = ids;
}

static void set_quote(struct sending *s)
{
    struct ctx *c = s->c;
    const char *content = rows_text(s->parent, 0, "content"),
               *direction = rows_text(s->parent, 0, "direction");
    if (!s->account.quote || !content || !*content || strcmp(direction, "in") != 0) return;
    const char *language = rows_text(s->parent, 0, "language");
    char day[TIME_TEXT_SIZE];
    (void)time_text(rows_int(s->parent, 0, "created_ms", 0), day);
    day[10] = '\0';
    const char *who = rows_text(s->parent, 0, "author");
    who = who && *who ? who : s->m->identifier;
    s->mail.quote_intro =
        strcmp(language, "es") == 0   ? arena_printf(c->arena, "El %s, %s escribió:", day, who)
        : strcmp(language, "en") == 0 ? arena_printf(c->arena, "On %s, %s wrote:", day, who)
                                      : arena_printf(c->arena, "Em %s, %s escreveu:", day, who);
    size_t len = strlen(content);
    if (len > QUOTE_MAX) len = QUOTE_MAX;
    while (len > 0 && content[len] && ((unsigned char)content[len] & 0xc0) == 0x80)
        len--;
    s->mail.quote_text = arena_strndup(c->arena, content, len);
}

/* The contents, mapped: they are read once, while the mail is written. */
static enum err open_files(struct sending *s, bool *ret_refused)
{
    struct ctx *c = s->c;
    for (int i = 0; i < s->m->file_count; i++) {
        const struct file *f = &s->m->files[i];
        CLEANUP(fd_closep) int fd = open(files_path(c, f), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
        s->files[i] = (struct mail_new_file){.name = f->name, .type = f->type};
        if (size < 0) {
            *ret_refused = true;
            return refuse(s, "FILE_LOST", "content",
                          arena_printf(c->arena, "%s is not on this machine any more", f->name));
        }
        if (size == 0) continue;
        void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) return ERR_IO;
        s->mapped[i] = p;
        s->files[i].content = (struct bytes){p, (size_t)size};
    }
    return ERR_OK;
}

static void build_run(void *arg)
{
    struct sending *s = arg;
    s->built = mail_build(s->arena, &s->mail, &s->bytes);
}

static enum err build(struct sending *s, bool *ret_refused)
{
    struct ctx *c = s->c;
    char id[UUID_TEXT_SIZE];
    const char *at = strrchr(s->account.address, '@');
    size_t size = BUILD_ARENA;
    enum err e = open_files(s, ret_refused);
    if (e || *ret_refused) return e;
    for (int i = 0; i < s->m->file_count; i++)
        size += 5 * s->files[i].content.len;
    s->arena = arena_new(size);
    s->mail = (struct mail_new){
        .message_id = arena_printf(c->arena, "%s@%s", uuid_text(s->m->message, id),
                                   at && at[1] ? at + 1 : "mail.invalid"),
        .date_unix_ms = id_time(s->m->message),
        .from = {.name = *s->account.from_name ? s->account.from_name : s->ch->name,
                 .address = s->account.address},
        .to = s->to,
        .cc = s->cc,
        .subject = s->subject,
        .text = s->m->text ? s->m->text : "",
        .signature_text = signature_of(s),
        .files = s->files,
        .file_count = s->m->file_count,
        .auto_replied = !s->m->human,
    };
    set_thread(s);
    set_quote(s);
    e = loop_offload(c->app->loop, build_run, s);
    if (e) return e;
    if (!s->built) return ERR_OK;
    *ret_refused = true;
    if (s->built == ERR_TOO_LARGE)
        return refuse(s, "MAIL_TOO_LARGE", "content", "the mail with its files is too large");
    if (s->built == ERR_INVALID)
        return refuse(s, "MAIL_ADDRESS_INVALID", "recipient",
                      "the sender's or a receiver's address cannot be used");
    *ret_refused = false;
    return s->built;
}

/* --- loops ---------------------------------------------------------------------------------- */

/* May a program write to this person now? */
static enum err program_may(struct sending *s, const char *peer, bool *ret_refused)
{
    if (s->m->human) return ERR_OK;
    *ret_refused = true;
    const char *direction = rows_text(s->parent, 0, "direction");
    if (direction && strcmp(direction, "in") == 0 && rows_bool(s->parent, 0, "no_answer"))
        return refuse(s, "AUTO_REPLY_SUPPRESSED", NULL,
                      "the last mail was written by a program: programs do not answer it");
    struct rows *rows = NULL;
    enum err e = db_one(s->c, &SQL_MAIL_PROGRAMS_SENT,
                        PARAMS(P_UUID("channel", s->ch->id), P_TEXT("peer", peer),
                               P_UUID("message", s->m->message)),
                        &rows);
    if (e) return e;
    if (rows_int(rows, 0, "sent", 0) >= PROGRAM_PER_HOUR)
        return refuse(s, "AUTO_REPLY_LIMIT", NULL,
                      "too many automatic mails for this address within an hour");
    *ret_refused = false;
    return ERR_OK;
}

/* --- out ------------------------------------------------------------------------------------ */

/* Answers go where Reply-To says, which anybody may write: whoever reads the chat sees it. */
static enum err show_receiver(struct sending *s)
{
    const struct mail_address *to = &s->to.list[0];
    if (strcasecmp(to->address, s->m->identifier) == 0) return ERR_OK;
    CLEANUP(json_decrefp)
    json_t *list = json_pack("[{s:s, s:s}]", "name", to->name, "address", to->address);
    return db_exec(s->c, &SQL_MAIL_RECEIVER_SET,
                   PARAMS(P_UUID("message", s->m->message), P_JSON("to", list)));
}

static enum err remember(struct sending *s, const char *peer)
{
    struct ctx *c = s->c;
    CLEANUP(json_decrefp) json_t *refs = json_array();
    for (int i = 0; i < s->mail.references.count; i++)
        json_array_append_new(refs, json_string(s->mail.references.list[i]));
    if (s->mail.in_reply_to) json_array_append_new(refs, json_string(s->mail.in_reply_to));
    return db_exec(
        c, &SQL_MAIL_ADD,
        PARAMS(P_UUID("channel", s->ch->id), P_TEXT("mail_id", s->mail.message_id),
               P_TEXT("direction", "out"), P_UUID("message", s->m->message),
               P_UUID("chat", s->m->chat), P_TEXT("peer", peer),
               P_TEXT("subject_key", mail_subject_key(c->arena, s->subject)), P_JSON("refs", refs),
               P_TEXT("digest",
                      mail_digest(c->arena, s->account.address, s->mail.date_unix_ms, s->subject)),
               P_TEXT("sender_kind", s->m->human ? "person" : "program")));
}

/* What the server's answer means for the message and for the account. */
static void judge(struct sending *s, enum err e)
{
    struct ctx *c = s->c;
    const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
    const char *words = c->fault.message ? c->fault.message : err_row(e)->text;
    *s->result = (struct send_result){.error_code = code, .error_message = words};
    bool login = strcmp(code, "SMTP_LOGIN_FAILED") == 0 || e == ERR_UNAUTHORIZED;
    if (login) {
        s->result->outcome = SEND_DISCONNECTED;
        s->result->advice = "reconnect";
        s->result->retry_after_ms = AGAIN_LOGIN_MS;
        if (s->account.oauth) email_token_forget(c, s->ch);
    } else if (strcmp(code, "SMTP_REFUSED") == 0) {
        s->result->outcome = SEND_REFUSED;
        s->result->advice = "recipient";
    } else if (e == ERR_INVALID || e == ERR_FORBIDDEN) { /* its host or port cannot be called */
        s->result->outcome = SEND_DISCONNECTED;
        s->result->advice = "account";
        s->result->retry_after_ms = AGAIN_LOGIN_MS;
    } else {
        s->result->outcome = SEND_LATER;
        s->result->advice = "later";
    }
    fault_clear(c);
}

static void add_receivers(const struct sending *s, const char **to, int room)
{
    const struct mail_addresses *lists[] = {&s->to, &s->cc, &s->bcc};
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (int k = 0; k < lists[i]->count && n < room; k++)
            to[n++] = lists[i]->list[k].address;
    to[n] = NULL;
}

static enum err call_server(struct sending *s, const char *const *to)
{
    struct ctx *c = s->c;
    enum err e = email_login(c, s->ch, &s->account);
    if (e) return e;
    const struct mail_login *l = &s->account.smtp;
    struct smtp_call call = {.host = l->host,
                             .port = l->port,
                             .security = l->security,
                             .user = *l->user ? l->user : NULL,
                             .password = l->password,
                             .bearer = l->bearer,
                             .plain_loopback_only = true,
                             .from = s->account.address,
                             .to = to,
                             .message = s->bytes,
                             .timeout_ms = SEND_MS};
    return smtp_send(c, &call);
}

static enum err deliver(struct sending *s)
{
    struct ctx *c = s->c;
    const char *to[2 * PEOPLE_MAX + 2];
    add_receivers(s, to, 2 * PEOPLE_MAX + 1);
    int64_t began = clock_mono_ms();
    const struct mail_login *l = &s->account.smtp;
    enum err e = call_server(s, to);
    if (e && s->account.token_kept && c->fault.code &&
        strcmp(c->fault.code, "SMTP_LOGIN_FAILED") == 0) {
        email_token_forget(c, s->ch);
        fault_clear(c);
        e = call_server(s, to);
    }
    if (e == ERR_CANCELLED) return e;
    const char *words = e ? (c->fault.message ? c->fault.message : err_row(e)->text) : NULL;
    channel_call_log(c, s->ch, "mail.out", "SMTP",
                     arena_printf(c->arena, "%s:%d", l->host, l->port), clock_mono_ms() - began,
                     arena_printf(c->arena, "Message-ID: <%s>", s->mail.message_id), e ? "" : "OK",
                     words);
    if (e) {
        judge(s, e);
        return ERR_OK;
    }
    *s->result = (struct send_result){
        .outcome = SEND_OK, .status = STATUS_SENT, .external_id = s->mail.message_id};
    return ERR_OK;
}

static enum err send_mail(struct sending *s)
{
    struct ctx *c = s->c;
    bool refused = false;
    email_account_read(c->arena, s->ch, &s->account);
    const json_t *mail = json_object_get(s->m->data, "mail");
    if (!read_people(s, json_object_get(mail, "cc"), &s->cc) ||
        !read_people(s, json_object_get(mail, "bcc"), &s->bcc))
        return refuse(s, "MAIL_ADDRESS_INVALID", "recipient",
                      "an address in copy cannot be used, or there are too many");
    enum err e = load_parent(s);
    if (!e) e = find_receiver(s);
    if (e) return e;
    find_subject(s, mail);
    struct contact_form form = {.canonical = s->to.list[0].address};
    if (contact_normalise(c, "email", s->m->identifier, &form)) fault_clear(c);
    if (strcasecmp(s->to.list[0].address, s->account.address) == 0 && !s->m->human)
        return refuse(s, "AUTO_REPLY_SUPPRESSED", NULL, "programs do not write to the own address");
    e = program_may(s, form.canonical, &refused);
    if (!e && !refused) e = build(s, &refused);
    if (!e && !refused) e = show_receiver(s);
    if (!e && !refused) e = remember(s, form.canonical);
    return e || refused ? e : deliver(s);
}

/* Among the worker's mails. False: the organization has enough of them. */
static bool enter(struct sending *s)
{
    struct channels_worker *w = channels_worker(s->c->app);
    int own = 0;
    if (!w) return true;
    for (const struct sending *x = w->mails; x; x = x->next)
        own += uuid_equal(x->c->org, s->c->org);
    if (own >= MAILS_AT_ONCE) return false;
    s->next = w->mails;
    w->mails = s;
    return true;
}

static void leave(struct sending *s)
{
    struct channels_worker *w = channels_worker(s->c->app); /* NULL when the worker ends */
    for (struct sending **at = w ? &w->mails : NULL; at && *at; at = &(*at)->next) {
        if (*at != s) continue;
        *at = s->next;
        return;
    }
}

enum err email_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                    struct send_result *ret)
{
    struct sending s = {.c = c, .ch = ch, .m = m, .result = ret};
    if (!enter(&s)) {
        *ret = (struct send_result){
            .outcome = SEND_LATER, .retry_after_ms = NO_ROOM_MS, .untried = true};
        return ERR_OK;
    }
    enum err e = send_mail(&s);
    leave(&s);
    end(&s);
    return e;
}
