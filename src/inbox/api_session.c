/* What a page begins with: the bootstrap, the live connection, files up and down. */
#include <string.h>

#include "auth/permissions.h"
#include "base/buf.h"
#include "channels/kinds.h"
#include "core/thumbnail.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/live.h"
#include "sql.h"

static enum err bootstrap(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *text = NULL;
    enum err e = db_json(c, &SQL_INBOX_BOOTSTRAP, NULL, &text);
    if (e) return e;
    const char *kinds = channel_kinds_json(c, false);
    if (!kinds) return ERR_NO_MEMORY;
    size_t len = strlen(text); /* "{…}": the kinds go in before the last brace */
    reply_json(c, p, 200,
               arena_printf(c->arena, "%.*s,\"channelKinds\":%s}", (int)(len - 1), text, kinds));
    return ERR_OK;
}

/* --- files ----------------------------------------------------------------------------- */

static const char *file_json(struct ctx *c, const struct file *f)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * KIB);
    char id[UUID_TEXT_SIZE], org[UUID_TEXT_SIZE];
    uuid_text(f->id, id);
    buf_addf(&b, "{\"id\":\"%s\",\"name\":", id);
    buf_add_json(&b, f->name);
    buf_addf(&b, ",\"type\":\"%s\",\"kind\":\"%s\",\"sizeBytes\":%lld", f->type, f->kind,
             (long long)f->size_bytes);
    if (f->width > 0)
        buf_addf(&b, ",\"width\":%d,\"height\":%d", f->width, f->height);
    else
        buf_adds(&b, ",\"width\":null,\"height\":null");
    buf_addf(&b, ",\"url\":\"/api/%s/files/%s\"}", uuid_text(c->org, org), id);
    return arena_strdup(c->arena, buf_str(&b));
}

static enum err file_upload(struct ctx *c, struct request *r, struct reply *p)
{
    if (r->upload_count != 1) {
        fault_field(c, "file", "REQUIRED", "send exactly one file, as the part named file");
        return ERR_INVALID;
    }
    struct file f;
    enum err e = files_keep(c, &r->uploads[0], "agent", &f);
    if (e) return e;
    reply_json(c, p, 201, file_json(c, &f));
    return ERR_OK;
}

static enum err file_get(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct uuid id = in_uuid(c, "fileId");
    enum err e = db_one(c, &SQL_INBOX_FILE_VISIBLE, NULL, NULL);
    if (e == ERR_NOT_FOUND) return fault(c, e, "FILE_NOT_FOUND", "there is no such file");
    if (e) return e;
    struct file f;
    e = files_get(c, id, &f);
    if (e) return e;
    if (in_bool(c, "thumbnail", false)) return thumbnail_reply(c, &f, p);
    return files_reply(c, &f, in_bool(c, "download", false), p);
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field events_fields[] = {
    {.name = "cursor",
     .type = F_TEXT,
     .in = IN_QUERY,
     .max = 60,
     .help = "The last position seen; absent: from now on."},
    {0},
};

static const struct field upload_fields[] = {
    {.name = "file",
     .type = F_FILE,
     .required = true,
     .help = "The bytes; what they are is detected, not believed."},
    {0},
};

static const struct field download_fields[] = {
    {.name = "download",
     .type = F_BOOL,
     .in = IN_QUERY,
     .help = "As an attachment, whatever it is."},
    {.name = "thumbnail",
     .type = F_BOOL,
     .in = IN_QUERY,
     .help =
         "Of a picture or video: a small WebP picture (640 pixels), or the picture itself where "
         "it is small."},
    {0},
};

static const struct field file_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "type", .type = F_TEXT, .required = true, .example = "\"image/png\""},
    {.name = "kind", .type = F_ENUM, .values = "image|video|audio|document", .required = true},
    {.name = "sizeBytes", .type = F_INT, .required = true},
    {.name = "width", .type = F_INT, .required = true, .nullable = true},
    {.name = "height", .type = F_INT, .required = true, .nullable = true},
    {.name = "url", .type = F_TEXT, .required = true},
    {0},
};
static const struct schema file_schema = {"File", "A stored file.", file_fields};

#define O "/api/{organizationId}"

const struct route inbox_session_routes[] = {
    {.method = HTTP_GET,
     .path = O "/bootstrap",
     .id = "bootstrap",
     .summary = "Everything that a page needs to start.",
     .group = "Session",
     .no_keys = true,
     .shape = ANSWER_OTHER,
     .handler = bootstrap},
    {.method = HTTP_GET,
     .path = O "/events",
     .id = "events.connect",
     .summary = "Live events, by WebSocket.",
     .group = "Events",
     .no_keys = true,
     .fields = events_fields,
     .shape = ANSWER_OTHER,
     .status = 101,
     .handler = live_connect},
    {.method = HTTP_POST,
     .path = O "/files",
     .id = "files.create",
     .summary = "Upload a file, to attach it afterwards.",
     .group = "Files",
     .permission = PERMISSION_CHATS_REPLY,
     .multipart = true,
     .creates = true,
     .fields = upload_fields,
     .answer = &file_schema,
     .errors = "413 FILE_TOO_LARGE|413 TOO_MANY_FILES|415 FILE_TYPE_REFUSED",
     .handler = file_upload},
    {.method = HTTP_GET,
     .path = O "/files/{fileId}",
     .id = "files.get",
     .summary = "The bytes of a file.",
     .group = "Files",
     .fields = download_fields,
     .shape = ANSWER_OTHER,
     .errors = "404 FILE_NOT_FOUND|404 NO_THUMBNAIL",
     .handler = file_get},
    {0},
};
