/* Types and names of files (file_type.h). The tables below are all that this program knows about
 * types; a type that is in none of them is a document that is downloaded. */
#include "core/file_type.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

/* Shown in place. SVG is not here: it can hold script. */
static const char *const inline_images[] = {"image/jpeg", "image/png",  "image/gif",
                                            "image/webp", "image/avif", "image/bmp"};

/* What libmagic calls differently than browsers and platforms do. */
static const struct {
    const char *detected, *type;
} aliases[] = {
    {"image/x-ms-bmp", "image/bmp"},
    {"application/ogg", "audio/ogg"},
    {"audio/x-wav", "audio/wav"},
    {"audio/x-m4a", "audio/mp4"},
    {"audio/x-hx-aac-adts", "audio/aac"},
    {"audio/x-flac", "audio/flac"},
    {"video/x-m4v", "video/mp4"},
    {"text/x-csv", "text/csv"},
    {"application/x-pdf", "application/pdf"},
    {"application/x-zip-compressed", "application/zip"},
};

/* By ending, when the bytes only say "zip" or "text" or nothing. */
static const struct {
    const char *ending, *detected, *type;
} endings[] = {
    {"docx", "application/zip",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xlsx", "application/zip",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"pptx", "application/zip",
     "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odt", "application/zip", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/zip", "application/vnd.oasis.opendocument.spreadsheet"},
    {"csv", "text/plain", "text/csv"},
    {"json", "text/plain", "application/json"},
    {"ics", "text/plain", "text/calendar"},
    {"vcf", "text/plain", "text/vcard"},
    {"mp3", "application/octet-stream", "audio/mpeg"},
};

static const char *const refused_types[] = {
    "application/x-dosexec",      "application/vnd.microsoft.portable-executable",
    "application/x-executable",   "application/x-pie-executable",
    "application/x-sharedlib",    "application/x-object",
    "application/x-mach-binary",  "application/x-msi",
    "application/x-ms-installer", "application/java-archive",
    "application/x-java-applet",  "application/vnd.android.package-archive",
    "application/x-ms-shortcut",  "application/vnd.debian.binary-package",
    "application/x-rpm",
};

static const char *const refused_endings[] = {
    "exe", "com", "scr", "pif", "bat", "cmd", "msi", "msix", "ps1", "vbs", "vbe", "jse",
    "wsf", "wsh", "hta", "cpl", "lnk", "reg", "jar", "apk",  "deb", "rpm", "dmg", "pkg",
};

static const char *ending_of(const char *name)
{
    const char *dot = name ? strrchr(name, '.') : NULL;
    return dot && dot != name ? dot + 1 : "";
}

static bool starts(const char *s, const char *prefix)
{
    return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

const char *file_type_refine(struct arena *a, const char *detected, const char *claimed,
                             const char *name)
{
    if (!detected || !strchr(detected, '/')) detected = "application/octet-stream";
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcasecmp(detected, aliases[i].detected) == 0) detected = aliases[i].type;
    /* Recorders write sound into the containers of film. */
    if (claimed && starts(claimed, "audio/") &&
        (starts(detected, "video/webm") || starts(detected, "video/mp4") ||
         starts(detected, "video/3gpp") || starts(detected, "video/ogg")))
        return arena_printf(a, "audio/%s", detected + strlen("video/"));
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (strcasecmp(detected, endings[i].detected) == 0 &&
            strcasecmp(ending_of(name), endings[i].ending) == 0)
            return endings[i].type;
    return arena_strdup(a, detected);
}

bool file_type_refused(const char *type, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(refused_types); i++)
        if (strcasecmp(type, refused_types[i]) == 0) return true;
    for (size_t i = 0; i < ARRAY_LEN(refused_endings); i++)
        if (strcasecmp(ending_of(name), refused_endings[i]) == 0) return true;
    return false;
}

static bool is_inline_image(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(inline_images); i++)
        if (strcasecmp(type, inline_images[i]) == 0) return true;
    return false;
}

const char *file_type_kind(const char *type)
{
    if (is_inline_image(type)) return "image";
    if (starts(type, "video/")) return "video";
    return starts(type, "audio/") ? "audio" : "document";
}

bool file_type_inline(const char *type)
{
    return is_inline_image(type) || starts(type, "video/") || starts(type, "audio/") ||
           strcasecmp(type, "application/pdf") == 0;
}

/* Invisible or turning characters hide the real ending of a name ("exe.fdp"). */
static bool code_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff;
}

/* The first count code points of valid UTF-8. */
static size_t bytes_of(const char *s, size_t count)
{
    size_t at = 0, len = strlen(s);
    for (size_t n = 0; count > 0 && at < len && (n = utf8_next(s + at, len - at, NULL)) > 0;
         count--)
        at += n;
    return at;
}

const char *file_name_clean(struct arena *a, const char *name)
{
    const char *s = name ? name : "";
    for (const char *p = s; *p; p++)
        if (*p == '/' || *p == '\\') s = p + 1;
    struct buf kept = BUF_INIT(16 * KIB);
    for (size_t left = strlen(s), n = 0; left > 0; s += n, left -= n) {
        uint32_t code = 0;
        n = utf8_next(s, left, &code);
        if (n == 0)
            n = 1;
        else if (!code_hidden(code) && !(code < 0x80 && strchr("<>:\"|?*", (int)code)))
            buf_add(&kept, s, n);
    }
    const char *text = buf_str(&kept);
    text += strspn(text, " .");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '.'))
        len--;
    const char *clean = len > 0 ? arena_strndup(a, text, len) : "file";
    buf_free(&kept);
    if (text_length(clean) <= FILE_NAME_MAX) return clean;
    /* It loses its middle, not its ending. */
    const char *ending = ending_of(clean);
    if (text_length(ending) > 20) ending = "";
    size_t stem = FILE_NAME_MAX - 1 - text_length(*ending ? ending : "file");
    return arena_printf(a, "%.*s.%s", (int)bytes_of(clean, stem), clean, *ending ? ending : "file");
}

const char *file_disposition(struct arena *a, const char *name, bool download)
{
    struct buf out = BUF_INIT(8 * KIB);
    buf_adds(&out, download ? "attachment; filename=\"" : "inline; filename=\"");
    for (const char *p = name; *p; p++)
        buf_addc(&out,
                 (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e || *p == '"' || *p == '\\'
                     ? '_'
                     : *p);
    buf_adds(&out, "\"; filename*=UTF-8''");
    for (const char *p = name; *p; p++) {
        unsigned char ch = (unsigned char)*p;
        if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
            strchr("-._~", ch))
            buf_addc(&out, (char)ch);
        else
            buf_addf(&out, "%%%02X", ch);
    }
    const char *text = arena_strdup(a, buf_str(&out));
    buf_free(&out);
    return text;
}
