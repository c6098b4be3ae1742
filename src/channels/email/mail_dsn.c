/* Delivery reports. A multipart/report carries a part for machines: groups of fields, the first about
 * the mail, each further one about a receiver. Without it (qmail, old Exchange and Exim, gateways)
 * only a mail whose sender shows that it is a server is read as a bounce, so that no customer who
 * writes about an undelivered parcel is taken for one.
 *
 * The mail it is about is named by the copy of its headers in the report, else by a Message-ID in
 * the text. */
#include "channels/email/mail_dsn.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "channels/email/mail_charset.h"
#include "channels/email/mail_head.h"

#define RECIPIENTS_MAX 50
#define IDS_MAX        20
#define REPORT_MAX     (256 * KIB)
#define FREE_TEXT_MAX  (64 * KIB)
#define WORDS_MAX      500 /* bytes of a diagnostic */

static const char *const action_names[] = {"failed", "delayed", "delivered", "relayed", "expanded"};

const char *mail_dsn_action_name(enum mail_dsn_action a)
{
    return (unsigned)a < ARRAY_LEN(action_names) ? action_names[a] : "failed";
}

static struct mail_dsn *dsn_new(struct mail_reader *r)
{
    struct mail_dsn *d = arena_alloc(r->arena, sizeof(*d));
    if (!d) return NULL;
    d->envelope_id = "";
    d->recipients = arena_array(r->arena, RECIPIENTS_MAX, sizeof(*d->recipients));
    return d->recipients ? d : NULL;
}

static const struct mail_dsn_recipient nobody = {
    .address = "", .status = "", .diagnostic = "", .remote = ""};

/* At most WORDS_MAX bytes of s, on one line, whole characters. */
static const char *short_words(struct arena *a, const char *s, size_t len)
{
    char *out = arena_alloc(a, (len < WORDS_MAX ? len : WORDS_MAX) + 1);
    size_t n = 0;
    bool space = false;
    for (size_t i = 0; out && i < len && n < WORDS_MAX - 1; i++) {
        if (isspace((unsigned char)s[i])) {
            space = n > 0;
            continue;
        }
        if (space) out[n++] = ' ';
        space = false;
        out[n++] = s[i];
    }
    while (out && n > 0 && n >= WORDS_MAX - 1 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
        n--;
    if (out && n > 0 && (unsigned char)out[n - 1] >= 0xc0) n--;
    if (out) out[n] = '\0';
    return out ? out : "";
}

/* --- the part for machines --------------------------------------------------------------- */

/* "rfc822; ana@uol.com.br" → the address; the type is dropped. */
static const char *after_type(const char *value)
{
    const char *semicolon = strchr(value, ';');
    if (!semicolon) return value;
    semicolon++;
    return semicolon + strspn(semicolon, " \t");
}

static const char *bare_address(struct mail_reader *r, const char *value)
{
    const char *s = after_type(value);
    struct mail_addresses one = mail_addresses_read(r->arena, s, strlen(s), 1, NULL);
    return one.count && *one.list[0].address ? one.list[0].address
                                             : short_words(r->arena, s, strlen(s));
}

static enum mail_dsn_action action_of(const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(action_names); i++)
        if (strncasecmp(value, action_names[i], strlen(action_names[i])) == 0)
            return (enum mail_dsn_action)i;
    return MAIL_DSN_FAILED;
}

struct group {
    struct mail_dsn_recipient recipient;
    bool any; /* a field about a receiver was there */
    bool final;
};

static void group_field(struct mail_reader *r, struct mail_dsn *d, struct group *g,
                        const char *name, size_t name_len, const char *value)
{
    size_t len = strlen(value);
    struct mail_dsn_recipient *one = &g->recipient;
    const char *text = short_words(r->arena, value, len);
#define IS(field) (name_len == strlen(field) && strncasecmp(name, field, name_len) == 0)
    if (IS("final-recipient") || IS("original-recipient")) {
        /* The original one is the address that we wrote to. */
        if (IS("original-recipient") || !*one->address) one->address = bare_address(r, text);
        g->any = true;
    } else if (IS("action")) {
        one->action = action_of(text);
        g->any = true;
    } else if (IS("status")) {
        const char *status = arena_strndup(r->arena, text, strspn(text, "0123456789."));
        one->status = status ? status : "";
        g->any = true;
    } else if (IS("diagnostic-code")) {
        one->diagnostic = after_type(text);
    } else if (IS("remote-mta")) {
        one->remote = after_type(text);
    } else if (IS("original-envelope-id")) {
        d->envelope_id = text;
    }
#undef IS
}

static void group_end(struct mail_dsn *d, struct group *g)
{
    if (g->any && d->recipient_count < RECIPIENTS_MAX)
        d->recipients[d->recipient_count++] = g->recipient;
    *g = (struct group){.recipient = nobody};
}

/* text: \n line ends; is written into (folds become spaces). */
static void read_report(struct mail_reader *r, struct mail_dsn *d, char *text)
{
    struct group g = {.recipient = nobody};
    for (char *s = text; *s;) {
        char *end = s + strcspn(s, "\n");
        while (*end && (end[1] == ' ' || end[1] == '\t')) { /* a folded field */
            *end = ' ';
            end += strcspn(end, "\n");
        }
        bool last = !*end;
        *end = '\0';
        size_t name_len = strcspn(s, ":");
        if (!s[strspn(s, " \t")])
            group_end(d, &g);
        else if (s[name_len] == ':')
            group_field(r, d, &g, s, name_len, s + name_len + 1);
        s = last ? end : end + 1;
    }
    group_end(d, &g);
}

/* --- the mail it is about ---------------------------------------------------------------- */

static void ids_add(struct mail_dsn *d, struct arena *a, struct mail_ids more)
{
    const char **all =
        arena_array(a, (size_t)(d->original_ids.count + more.count) + 1, sizeof(*all));
    int count = 0;
    if (!all) return;
    for (int i = 0; i < d->original_ids.count; i++)
        all[count++] = d->original_ids.list[i];
    for (int i = 0; i < more.count && count < IDS_MAX; i++)
        all[count++] = more.list[i];
    d->original_ids = (struct mail_ids){all, count};
}

/* The Message-ID among header lines somewhere in a text. */
static void ids_from_text(struct mail_reader *r, struct mail_dsn *d, const char *text)
{
    static const char name[] = "message-id:";
    for (const char *s = text; (s = strcasestr(s, name)) && d->original_ids.count < 3;) {
        bool line = s == text || strchr("\n >|*", s[-1]);
        s += sizeof(name) - 1;
        if (!line) continue;
        size_t len = strcspn(s, "\n");
        if (!memchr(s, '<', len) && s[len]) len += 1 + strcspn(s + len + 1, "\n"); /* folded */
        if (memchr(s, '<', len) && memchr(s, '@', len))
            ids_add(d, r->arena, mail_ids_read(r->arena, s, len, 2, NULL));
    }
}

static void ids_from_copy(struct mail_reader *r, struct mail_dsn *d, const struct mail_entity *e)
{
    struct bytes body;
    struct mail_entity *root = NULL;
    struct mail_limits limits = *r->limits;
    struct mail_reader inner = *r;
    if (mail_entity_body(r, e, &body)) return;
    if (body.len > limits.header_max) body.len = limits.header_max;
    limits.parts_max = 1;
    inner.limits = &limits;
    inner.parts = 0;
    (void)mail_entity_read(&inner, body, &root);
    const struct mail_field *f = root ? mail_field_find(root, "message-id") : NULL;
    if (f) ids_add(d, r->arena, mail_ids_read(r->arena, f->value, f->value_len, 2, NULL));
}

static bool is_copy(const struct mail_entity *e)
{
    return strcmp(e->type, "message/rfc822") == 0 || strcmp(e->type, "text/rfc822-headers") == 0 ||
           strcmp(e->type, "message/global") == 0 ||
           strcmp(e->type, "message/global-headers") == 0 ||
           strcmp(e->type, "text/rfc822-header") == 0;
}

static void find_originals(struct mail_reader *r, struct mail_in *m, struct mail_dsn *d)
{
    for (struct mail_entity *e = m->root; e; e = mail_entity_next(m->root, e))
        if (is_copy(e) && d->original_ids.count < 3) ids_from_copy(r, d, e);
    if (d->original_ids.count == 0) ids_from_text(r, d, m->text);
    /* Exchange and Gmail name it in the thread headers, too. */
    if (d->original_ids.count == 0) ids_add(d, r->arena, m->references);
}

/* --- free text --------------------------------------------------------------------------- */

static const char *const bounce_subjects[] = {
    "undeliver",
    "failure notice",
    "delivery status notification",
    "delivery failure",
    "delivery has failed",
    "returned mail",
    "returned to sender",
    "mail delivery failed",
    "mail delivery failure",
    "mail delivery system",
    "mail system error",
    "message not delivered",
    "warning: message",
    "não foi possível entregar",
    "nao foi possivel entregar",
    "não é possível entregar",
    "não entregue",
    "nao entregue",
    "falha na entrega",
    "notificação de status de entrega",
    "no se puede entregar",
    "no se pudo entregar",
    "no entregado",
    "error de entrega",
    "notificación de estado de entrega",
    "devuelto al remitente",
};

static bool bounce_subject(const char *subject)
{
    for (size_t i = 0; i < ARRAY_LEN(bounce_subjects); i++)
        if (strcasestr(subject, bounce_subjects[i])) return true;
    return false;
}

/* An SMTP answer: "550 ", "421-"; or an enhanced status, "5.1.1". Returns the status in room. */
static bool line_has_status(const char *s, size_t len, char room[16])
{
    for (size_t i = 0; i + 4 < len + 1; i++) {
        bool begins = i == 0 || !(isalnum((unsigned char)s[i - 1]) || s[i - 1] == '.');
        if (!begins || (s[i] != '4' && s[i] != '5')) continue;
        size_t n = strspn(s + i, "0123456789.");
        if (n > len - i) n = len - i;
        int dots = 0;
        for (size_t j = 0; j < n; j++)
            dots += s[i + j] == '.';
        bool status = n >= 5 && n <= 9 && dots == 2 && s[i + 1] == '.' && s[i + n - 1] != '.';
        if (!status) continue;
        memcpy(room, s + i, n);
        room[n] = '\0';
        return true;
    }
    for (size_t i = 0; i + 3 < len; i++) {
        bool begins = i == 0 || !(isalnum((unsigned char)s[i - 1]) || s[i - 1] == '.');
        if (begins && (s[i] == '4' || s[i] == '5') && s[i + 1] >= '0' && s[i + 1] <= '5' &&
            isdigit((unsigned char)s[i + 2]) && (s[i + 3] == ' ' || s[i + 3] == '-')) {
            memcpy(room, s[i] == '4' ? "4.0.0" : "5.0.0", 6);
            return true;
        }
    }
    return false;
}

/* The first address in a line that is not ours or the server's. "" none. */
static const char *line_address(struct mail_reader *r, const struct mail_in *m, const char *s,
                                size_t len)
{
    const char *at = memchr(s, '@', len);
    if (!at) return "";
    const char *begin = at;
    const char *end = at + 1;
    while (begin > s && (isalnum((unsigned char)begin[-1]) || strchr("._+-=/", begin[-1])))
        begin--;
    while (end < s + len && (isalnum((unsigned char)*end) || *end == '.' || *end == '-'))
        end++;
    while (end > at + 1 && end[-1] == '.')
        end--;
    if (begin == at || end - at < 4 || !memchr(at, '.', (size_t)(end - at))) return "";
    const char *address = arena_strndup(r->arena, begin, (size_t)(end - begin));
    if (!address) return "";
    for (int i = 0; i < m->from.count; i++)
        if (strcasecmp(m->from.list[i].address, address) == 0) return "";
    return address;
}

static bool blank(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)s[i])) return false;
    return true;
}

static bool line_has(const char *s, size_t len, const char *words)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp(s + i, words, n) == 0) return true;
    return false;
}

/* Whom it could not reach, and the first words that carry a status, up to an empty line. */
static struct mail_dsn_recipient read_words(struct mail_reader *r, struct mail_in *m)
{
    struct mail_dsn_recipient one = nobody;
    char status[16];
    size_t read = 0;
    const char *failed = mail_field_text(r, m->root, "x-failed-recipients");
    if (failed) one.address = line_address(r, m, failed, strlen(failed));
    for (const char *s = m->text; *s && read < FREE_TEXT_MAX;) {
        size_t len = strcspn(s, "\n");
        if (line_has(s, len, "copy of the message")) break; /* below it the mail itself */
        if (!*one.address) one.address = line_address(r, m, s, len);
        if (!*one.status && len < 2000 && line_has_status(s, len, status)) {
            one.status = arena_strdup(r->arena, status);
            size_t whole = len;
            for (int lines = 0; lines < 3 && s[whole]; lines++) {
                size_t next = strcspn(s + whole + 1, "\n");
                if (blank(s + whole + 1, next)) break;
                whole += 1 + next;
            }
            one.diagnostic = short_words(r->arena, s, whole);
        }
        read += len + 1;
        s += len + (s[len] == '\n');
    }
    if (!one.status) one.status = "";
    bool later = one.status[0] == '4' || strcasestr(m->subject, "delay") ||
                 strcasestr(m->subject, "warning") || strcasestr(m->subject, "atras");
    if (later && one.status[0] != '5') one.action = MAIL_DSN_DELAYED;
    return one;
}

static bool from_server(const struct mail_in *m, const char *failed)
{
    const char *from = m->from.count ? m->from.list[0].address : "";
    return failed || strncasecmp(from, "mailer-daemon", 13) == 0 ||
           strncasecmp(from, "postmaster@", 11) == 0 || m->return_path_empty ||
           strncasecmp(from, "microsoftexchange", 17) == 0;
}

void mail_dsn_find(struct mail_reader *r, struct mail_in *m)
{
    struct mail_dsn *d = NULL;
    const char *failed = mail_field_text(r, m->root, "x-failed-recipients");
    for (struct mail_entity *e = m->root; e; e = mail_entity_next(m->root, e)) {
        char *text = NULL;
        bool report = strcmp(e->type, "message/delivery-status") == 0 ||
                      strcmp(e->type, "message/global-delivery-status") == 0;
        if (!report || (d && d->recipient_count)) continue;
        if (!d) d = dsn_new(r);
        if (!d || mail_entity_text(r, e, REPORT_MAX, &text)) return;
        d->standard = true;
        read_report(r, d, text);
    }
    bool words = !d && bounce_subject(m->subject) && from_server(m, failed);
    if (!d && !words) return;
    if (!d || d->recipient_count == 0) {
        struct mail_dsn *found = d ? d : dsn_new(r);
        if (!found) return;
        found->recipients[0] = read_words(r, m);
        found->recipient_count = 1;
        found->standard = false;
        d = found;
    }
    find_originals(r, m, d);
    m->dsn = d;
}
