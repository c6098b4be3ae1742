/* Files of WhatsApp. In: the media id (7 days) gives an address (5 minutes), the address the bytes,
 * both only with the token and only from Meta's hosts. Out: the bytes go up and an id comes back;
 * so no address of ours must be reachable for Meta. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channels/meta/meta_json.h"
#include "channels/meta/meta_media.h"
#include "channels/whatsapp/voice.h"
#include "channels/whatsapp/whatsapp.h"

#define UPLOAD_TIMEOUT_MS (180 * 1000)

/* --- in -------------------------------------------------------------------------------- */

/* What the platform says when an id is gone: 100/33 or 131052; a wrong token is something else. */
static enum err address_refused(struct ctx *c, const struct meta_error *e)
{
    if (e->class == META_RECONNECT)
        return fault(c, ERR_UNAUTHORIZED, "MEDIA_TOKEN",
                     "Meta did not accept the token for a file");
    if (e->class == META_LATER || e->class == META_SLOW)
        return fault(c, ERR_UPSTREAM, e->id, "%s", e->words);
    return fault(c, ERR_NOT_FOUND, "MEDIA_GONE",
                 "the file is no longer at Meta (they are kept for 7 days): %s", e->message);
}

/* Address, type, hash of a media id. */
static enum err address_of(struct ctx *c, const struct channel *ch, const char *id,
                           struct meta_media *m)
{
    const char *path = arena_printf(c->arena, "/%s?phone_number_id=%s", graph_escape(c->arena, id),
                                    graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId")));
    struct graph_answer answer;
    enum err e = whatsapp_call(c, ch, "media.address", "GET", path, NULL, &answer);
    if (e) return e;
    if (answer.error.class != META_FINE) return address_refused(c, &answer.error);
    m->url = meta_text(answer.json, "url");
    if (!m->url) return fault(c, ERR_UPSTREAM, "META_UNREADABLE", "Meta gave no address of a file");
    if (!m->type) m->type = meta_text(answer.json, "mime_type");
    if (!m->sha256) m->sha256 = meta_text(answer.json, "sha256");
    return ERR_OK;
}

/* What trying again would not change is told as gone: the fault says why. */
static enum err lasting(enum err e)
{
    return e == ERR_INVALID || e == ERR_FORBIDDEN || e == ERR_TOO_LARGE || e == ERR_MEDIA_TYPE
               ? ERR_NOT_FOUND
               : e;
}

enum err whatsapp_fetch(struct ctx *c, const struct channel *ch, const struct inbound_file *f,
                        struct file *ret_file)
{
    const char *id = meta_id(c->arena, f->source, "id");
    struct meta_media m = {.url = meta_text(f->source, "url"),
                           .token = json_get_text(ch->secrets, "token"),
                           .name = f->name,
                           .type = f->type ? f->type : meta_text(f->source, "type"),
                           .sha256 = meta_text(f->source, "sha256")};
    if (m.url && meta_media_allowed(m.url, c->app->config->meta_media_hosts)) {
        enum err e = meta_media_fetch(c, ch, &m, ret_file);
        bool again = e == ERR_NOT_FOUND || e == ERR_INVALID;
        if (!again || !id) return lasting(e);
        fault_clear(c); /* the address has died, the id may live */
    }
    if (!id) return fault(c, ERR_NOT_FOUND, "MEDIA_GONE", "the file came without an id");
    for (int again = 0;; again++) {
        m.url = NULL;
        enum err e = address_of(c, ch, id, &m);
        if (e) return e;
        e = meta_media_fetch(c, ch, &m, ret_file);
        /* An address lives five minutes, and a download may break off: once more. */
        if ((e != ERR_NOT_FOUND && e != ERR_INVALID) || again > 0) return lasting(e);
        fault_clear(c);
    }
}

/* --- out ------------------------------------------------------------------------------- */

struct mapping {
    int fd;
    struct bytes bytes;
};

static void mapping_end(struct mapping *m)
{
    if (m->bytes.data) munmap((void *)(uintptr_t)m->bytes.data, m->bytes.len);
    fd_closep(&m->fd);
}

static enum err mapping_open(struct ctx *c, const char *path, struct mapping *m)
{
    struct stat st;
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0 || fstat(m->fd, &st) != 0 || st.st_size <= 0)
        return fault(c, ERR_IO, "FILE_MISSING", "the file to send is not there");
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, m->fd, 0);
    if (p == MAP_FAILED) return fault(c, ERR_IO, NULL, "the file to send cannot be read");
    m->bytes = (struct bytes){.data = p, .len = (size_t)st.st_size};
    return ERR_OK;
}

static void unlinkp(const char **path)
{
    if (*path) unlink(*path);
}

static enum err upload(struct ctx *c, const struct channel *ch, const char *name, const char *type,
                       struct bytes bytes, const char **ret_id, struct meta_error *ret_error)
{
    struct graph_part parts[] = {
        {.name = "messaging_product", .data = {(const unsigned char *)"whatsapp", 8}},
        {.name = "type", .data = {(const unsigned char *)type, strlen(type)}},
        {.name = "file", .filename = name, .type = type, .data = bytes},
    };
    struct graph_request r = {
        .what = "media.upload",
        .method = "POST",
        .product = META_WHATSAPP,
        .path = arena_printf(c->arena, "/%s/media",
                             graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId"))),
        .token = json_get_text(ch->secrets, "token"),
        .parts = parts,
        .part_count = ARRAY_LEN(parts),
        .timeout_ms = UPLOAD_TIMEOUT_MS};
    struct graph_answer answer;
    enum err e = graph_call(c, ch, &r, &answer);
    if (e) return e;
    *ret_error = answer.error;
    if (answer.error.class != META_FINE) return ERR_OK;
    *ret_id = meta_id(c->arena, answer.json, "id");
    if (!*ret_id)
        *ret_error = (struct meta_error){.class = META_LATER,
                                         .id = "META_UNREADABLE",
                                         .words = "Meta's answer could not be read.",
                                         .message = "",
                                         .details = ""};
    return ERR_OK;
}

/* The platform knows few names: others of the same thing are written as it does. */
static const char *type_out(const char *type)
{
    static const char *const same[][2] = {{"audio/x-m4a", "audio/mp4"},
                                          {"audio/m4a", "audio/mp4"},
                                          {"audio/mp3", "audio/mpeg"},
                                          {"video/3gp", "video/3gpp"},
                                          {"video/x-m4v", "video/mp4"}};
    if (!type || !*type) return "application/octet-stream";
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        if (strcasecmp(same[i][0], type) == 0) return same[i][1];
    return strncmp(type, "text/", 5) == 0 ? "text/plain" : type;
}

enum err whatsapp_upload(struct ctx *c, const struct channel *ch, const struct file *f, bool voice,
                         const char **ret_id, bool *ret_voice, struct meta_error *ret_error)
{
    CLEANUP(unlinkp) const char *made = NULL;
    CLEANUP(mapping_end) struct mapping m = {.fd = -1};
    *ret_id = NULL;
    *ret_voice = false;
    *ret_error = (struct meta_error){.message = "", .details = ""};
    const char *name = f->name && *f->name ? f->name : "file", *type = type_out(f->type);
    const char *path = files_path(c, f);
    enum err e = mapping_open(c, path, &m);
    if (e) return e;
    bool audio = f->kind && strcmp(f->kind, "audio") == 0;
    bool ready = voice_is_ready(m.bytes);
    if (ready) {
        type = VOICE_TYPE;
        *ret_voice = voice;
    } else if (voice || (audio && !audio_is_taken(f->type, m.bytes))) {
        e = voice_convert(c, path, &made);
        if (e) return e;
        mapping_end(&m);
        m = (struct mapping){.fd = -1};
        e = mapping_open(c, made, &m);
        if (e) return e;
        type = VOICE_TYPE;
        name = "voice.ogg";
        *ret_voice = voice;
    }
    return upload(c, ch, name, type, m.bytes, ret_id, ret_error);
}
