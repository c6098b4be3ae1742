/* Headers of a mail: people by GMime's lenient address parser, ids by hand (threads hang on them, so
 * nothing may be rewritten), dates within reason.
 *
 * A mail without Message-ID gets one made from what does not change between two copies of it (From,
 * To, Date, Subject, body; not Received), so that the same mail taken twice is one mail. */
#include "channels/email/mail_head.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "channels/email/mail_charset.h"

#define ID_MAX      512
#define VALUE_MAX   (256 * KIB)
#define COLONS_MAX  50 /* in quoted names of one header */
#define DATE_MAX    200
#define EARLIEST_MS INT64_C(631152000000) /* 1990: before it nobody wrote to this business */

/* --- people ------------------------------------------------------------------------------ */

struct people {
    struct arena *a;
    struct mail_address *list;
    int count, room, max;
    bool cut;
};

static const char *clean_text(struct arena *a, const char *s)
{
    if (!s) return "";
    char *text = mail_utf8(a, (struct bytes){(const unsigned char *)s, strlen(s)}, "utf-8", NULL);
    for (char *c = text; c && *c; c++)
        if (*c == '\n' || *c == '\t') *c = ' ';
    while (text && *text == ' ')
        text++;
    size_t len = text ? strlen(text) : 0;
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    return text ? text : "";
}

/* The domain in small letters; the local part is the receiver's business. */
static const char *clean_address(struct arena *a, const char *s)
{
    const char *text = clean_text(a, s);
    size_t len = strlen(text);
    char *out = len <= 320 ? arena_strndup(a, text, len) : NULL;
    char *at = out ? strrchr(out, '@') : NULL;
    for (char *c = at; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (char *c = out; c && *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '<' || *c == '>' || *c == '"' || *c == ',') return "";
    return out ? out : "";
}

static void people_add(struct people *p, const char *name, const char *address)
{
    if (p->count >= p->max) {
        p->cut = true;
        return;
    }
    if (p->count == p->room) {
        int room = p->room ? p->room * 2 : 4;
        struct mail_address *more = arena_array(p->a, (size_t)room, sizeof(*more));
        if (!more) {
            p->cut = true;
            return;
        }
        if (p->list) memcpy(more, p->list, (size_t)p->count * sizeof(*more));
        p->list = more;
        p->room = room;
    }
    struct mail_address one = {clean_text(p->a, name), clean_address(p->a, address)};
    size_t len = strlen(one.name);
    if (len >= 2 && one.name[0] == '\'' && one.name[len - 1] == '\'') {
        const char *bare = arena_strndup(p->a, one.name + 1, len - 2); /* Outlook's quotes */
        one.name = bare ? bare : "";
    }
    if (strcasecmp(one.name, one.address) == 0) one.name = "";
    if (*one.address && !strchr(one.address, '@')) { /* "Lojas" of "Lojas, Ltda. <a@b.c>" */
        if (!*one.name) one.name = one.address;
        one.address = "";
    }
    if (*one.name || *one.address) p->list[p->count++] = one;
}

/* GMime reads a group inside a group by calling itself, without limit: "a:a:a:…" overflows the stack.
 * Groups do not nest (RFC 5322), so of the colons outside quotes only the first before each ";" stays,
 * and of all a bounded number, as GMime may see quotes elsewhere. In place. */
static void flatten_groups(char *s)
{
    bool quoted = false;
    bool in_group = false;
    int kept = 0;
    for (; *s; s++) {
        if (*s == '"') quoted = !quoted;
        if (*s == '\\' && s[1]) {
            s++;
            if (*s == ':') *s = ' ';
        }
        if (*s == ';' && !quoted) in_group = false;
        if (*s != ':') continue;
        bool stays = kept < COLONS_MAX && (quoted || !in_group);
        if (!quoted) in_group = true;
        if (stays)
            kept++;
        else
            *s = ' ';
    }
}

/* Groups are flattened. */
static void people_take(struct people *p, InternetAddressList *list, int depth)
{
    int n = list ? internet_address_list_length(list) : 0;
    for (int i = 0; i < n && !p->cut; i++) {
        InternetAddress *one = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(one)) {
            if (depth < 3)
                people_take(p, internet_address_group_get_members((InternetAddressGroup *)one),
                            depth + 1);
            continue;
        }
        people_add(p, internet_address_get_name(one),
                   internet_address_mailbox_get_addr((InternetAddressMailbox *)one));
    }
}

/* What the parser refuses: any words with an @ in them are better than nobody. */
static void people_guess(struct people *p, const char *text)
{
    const char *at = strchr(text, '@');
    if (!at) {
        people_add(p, mail_words(p->a, text, strlen(text), NULL), "");
        return;
    }
    const char *begin = at;
    const char *end = at + 1;
    while (begin > text && !strchr(" \t<>,;:()\"[]", begin[-1]))
        begin--;
    end += strcspn(end, " \t<>,;:()\"[]");
    const char *address = arena_strndup(p->a, begin, (size_t)(end - begin));
    size_t name_len = (size_t)(begin - text);
    while (name_len > 0 && strchr(" \t<\"(", text[name_len - 1]))
        name_len--;
    while (name_len > 0 && strchr(" \t<\"(", *text)) {
        text++;
        name_len--;
    }
    people_add(p, mail_words(p->a, text, name_len, NULL), address);
}

struct mail_addresses mail_addresses_read(struct arena *a, const char *value, size_t len, int max,
                                          bool *ret_cut)
{
    struct people p = {.a = a, .max = max};
    mail_gmime_ready();
    if (len > VALUE_MAX) {
        len = VALUE_MAX;
        p.cut = true;
    }
    char *text = mail_words_normal(a, value, len, NULL);
    if (!text || !*text) return (struct mail_addresses){0};
    bool cut = p.cut;
    p.cut = false;
    flatten_groups(text);
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_allow_addresses_without_domain(options, TRUE);
    InternetAddressList *list = internet_address_list_parse(options, text);
    bool read = list && internet_address_list_length(list) > 0; /* perhaps an empty group */
    people_take(&p, list, 0);
    if (list) g_object_unref(list);
    g_mime_parser_options_free(options);
    if (!read) people_guess(&p, text);
    if (ret_cut && (p.cut || cut)) *ret_cut = true;
    return (struct mail_addresses){p.list, p.count};
}

static struct mail_addresses people(struct mail_reader *r, const struct mail_entity *e,
                                    const char *name)
{
    bool cut = false;
    const struct mail_field *f = mail_field_find(e, name);
    if (!f) return (struct mail_addresses){0};
    struct mail_addresses all =
        mail_addresses_read(r->arena, f->value, f->value_len, r->limits->addresses_max, &cut);
    if (cut) r->problems |= MAIL_PROBLEM_LIST_CUT;
    return all;
}

/* --- ids --------------------------------------------------------------------------------- */

/* The ids as they come: "<a@b> <c@d>", also without brackets or with comments between. */
static const char *next_id(struct arena *a, const char **at, const char *end)
{
    while (*at < end) {
        const char *s = *at;
        const char *stop = s;
        if (*s == '<') {
            s++;
            stop = memchr(s, '>', (size_t)(end - s));
            const char *again = memchr(s, '<', (size_t)((stop ? stop : end) - s));
            if (again) { /* "<a@b <c@d>": the first has lost its end */
                *at = again;
                stop = again;
            } else {
                *at = stop ? stop + 1 : end;
            }
            if (!stop) stop = end;
        } else if (isspace((unsigned char)*s) || strchr(",;>()\"", *s)) {
            (*at)++;
            continue;
        } else {
            while (stop < end && !isspace((unsigned char)*stop) && !strchr("<>,;()\"", *stop))
                stop++;
            *at = stop;
            if (!memchr(s, '@', (size_t)(stop - s))) continue; /* words of a comment */
        }
        char *id = stop - s <= ID_MAX ? arena_alloc(a, (size_t)(stop - s) + 1) : NULL;
        size_t n = 0;
        for (const char *c = s; id && c < stop; c++)
            if ((unsigned char)*c > ' ' && *c != 127) id[n++] = *c; /* folds inside an id */
        if (!id || n == 0) continue;
        return mail_utf8(a, (struct bytes){(unsigned char *)id, n}, "utf-8", NULL);
    }
    return NULL;
}

struct mail_ids mail_ids_read(struct arena *a, const char *value, size_t len, int max,
                              bool *ret_cut)
{
    if (len > VALUE_MAX) len = VALUE_MAX;
    const char *at = value;
    const char *end = value + len;
    const char **list = max > 1 ? arena_array(a, (size_t)max, sizeof(*list)) : NULL;
    int count = 0;
    if (!list) return (struct mail_ids){0};
    for (const char *id; (id = next_id(a, &at, end));) {
        bool known = false;
        for (int i = 0; i < count && !known; i++)
            known = strcmp(list[i], id) == 0;
        if (known) continue;
        if (count == max) {
            memmove(&list[1], &list[2], (size_t)(max - 2) * sizeof(*list));
            count--;
            if (ret_cut) *ret_cut = true;
        }
        list[count++] = id;
    }
    return (struct mail_ids){list, count};
}

static void read_ids(struct mail_reader *r, const struct mail_entity *root, struct mail_in *m)
{
    bool cut = false;
    const struct mail_field *f = mail_field_find(root, "message-id");
    struct mail_ids own = {0};
    if (f) own = mail_ids_read(r->arena, f->value, f->value_len, 2, NULL);
    m->message_id = own.count ? own.list[0] : "";
    f = mail_field_find(root, "in-reply-to");
    struct mail_ids parents = {0};
    if (f)
        parents = mail_ids_read(r->arena, f->value, f->value_len, r->limits->references_max, &cut);
    m->in_reply_to = parents.count ? parents.list[0] : "";
    f = mail_field_find(root, "references");
    struct mail_ids refs = {0};
    if (f) refs = mail_ids_read(r->arena, f->value, f->value_len, r->limits->references_max, &cut);
    const char **all =
        arena_array(r->arena, (size_t)(refs.count + parents.count) + 1, sizeof(*all));
    int count = 0;
    for (int i = 0; all && i < refs.count; i++)
        if (strcmp(refs.list[i], m->message_id) != 0) all[count++] = refs.list[i];
    for (int i = 0; all && i < parents.count; i++) {
        bool known = strcmp(parents.list[i], m->message_id) == 0;
        for (int j = 0; j < count && !known; j++)
            known = strcmp(all[j], parents.list[i]) == 0;
        if (!known && count < r->limits->references_max) all[count++] = parents.list[i];
    }
    m->references = (struct mail_ids){all, count};
    if (cut) r->problems |= MAIL_PROBLEM_LIST_CUT;
}

static void hash_field(struct sha256_ctx *h, const struct mail_entity *e, const char *name)
{
    const struct mail_field *f = mail_field_find(e, name);
    sha256_add(h, name, strlen(name));
    for (size_t i = 0; f && i < f->value_len; i++) /* without folds, which a server may change */
        if (!isspace((unsigned char)f->value[i])) sha256_add(h, &f->value[i], 1);
}

/* An id from the content; the bodies of multiparts are in their parts. */
static const char *made_id(struct mail_reader *r, const struct mail_entity *root)
{
    static const char *const names[] = {"from", "to", "date", "subject", "in-reply-to"};
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct sha256_ctx *h = sha256_new();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        hash_field(h, root, names[i]);
    struct mail_entity *e = (struct mail_entity *)(uintptr_t)root;
    for (; e; e = mail_entity_next(root, e))
        if (e->body.len) sha256_add(h, e->body.data, e->body.len);
    sha256_end(h, digest);
    hex_encode(digest, sizeof(digest), hex);
    const char *id = arena_printf(r->arena, "made-%.40s@no-message-id.invalid", hex);
    return id ? id : "";
}

/* --- date -------------------------------------------------------------------------------- */

int64_t mail_date_read(struct arena *a, const char *value, size_t len)
{
    if (len > DATE_MAX) return 0;
    const char *text = mail_words(a, value, len, NULL);
    GDateTime *date = text && *text ? g_mime_utils_header_decode_date(text) : NULL;
    if (!date) return 0;
    int64_t seconds = g_date_time_to_unix(date);
    g_date_time_unref(date);
    return seconds * 1000;
}

static bool sensible(const struct mail_reader *r, int64_t ms)
{
    int64_t now = r->limits->now_unix_ms;
    return ms >= EARLIEST_MS && (now == 0 || ms <= now + DAY_MS) && ms < INT64_C(4102444800000);
}

static int64_t read_date(struct mail_reader *r, const struct mail_entity *root)
{
    const struct mail_field *f = mail_field_find(root, "date");
    int64_t ms = f ? mail_date_read(r->arena, f->value, f->value_len) : 0;
    if (sensible(r, ms)) return ms;
    r->problems |= MAIL_PROBLEM_NO_DATE;
    f = mail_field_find(root, "received"); /* the topmost is our own server's */
    const char *date = f ? memrchr(f->value, ';', f->value_len) : NULL;
    if (!date) return 0;
    date++;
    ms = mail_date_read(r->arena, date, (size_t)(f->value + f->value_len - date));
    return sensible(r, ms) ? ms : 0;
}

/* --- all --------------------------------------------------------------------------------- */

static const char *text_of(struct mail_reader *r, const struct mail_entity *e, const char *name)
{
    const char *s = mail_field_text(r, e, name);
    return s ? s : "";
}

void mail_head_read(struct mail_reader *r, const struct mail_entity *root, struct mail_in *m)
{
    m->from = people(r, root, "from");
    m->sender = people(r, root, "sender");
    m->reply_to = people(r, root, "reply-to");
    m->to = people(r, root, "to");
    m->cc = people(r, root, "cc");
    m->bcc = people(r, root, "bcc");
    if (m->from.count == 0) {
        r->problems |= MAIL_PROBLEM_NO_FROM;
        m->from = m->sender.count ? m->sender : m->reply_to;
    }
    const struct mail_field *f = mail_field_find(root, "return-path");
    struct mail_addresses path = people(r, root, "return-path");
    m->return_path = path.count ? path.list[0].address : "";
    m->return_path_empty = f && memchr(f->value, '<', f->value_len) && !*m->return_path;
    m->subject = text_of(r, root, "subject");
    m->date_unix_ms = read_date(r, root);
    m->list_id = text_of(r, root, "list-id");
    m->list_unsubscribe = text_of(r, root, "list-unsubscribe");
    m->auto_submitted = text_of(r, root, "auto-submitted");
    m->precedence = text_of(r, root, "precedence");
    read_ids(r, root, m);
    if (!*m->message_id) {
        r->problems |= MAIL_PROBLEM_NO_MESSAGE_ID;
        m->message_id_made = true;
        m->message_id = made_id(r, root);
    }
}
