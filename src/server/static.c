/* The embedded interface over HTTP.
 *
 *     /                     index.html, asked for anew each time (its ETag makes that cheap)
 *     /assets/…             hashed names: kept for a year; 404 when missing, never index.html
 *     /widget.js            the chat window's script, for pages of any origin
 *     /demo-shop            src/server/pages/demo-shop.html: a page of ours by its bare name
 *     anything else         index.html for a browser that asks for a page (the interface has
 *                           routes of its own), else 404
 *
 * Paths of the API and of files never come here: the router knows their first segment. Compressed
 * forms were made at build time; an ETag names content and form. */
#include "server/static.h"

#include <string.h>
#include <strings.h>

#include "server/embedded.h"

/* No inline script or style, nothing from elsewhere, not in anybody's frame. */
#define POLICY                                                                                     \
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "        \
    "media-src 'self' blob:; "                                                                     \
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src "     \
    "'none'; base-uri 'none'; "                                                                    \
    "form-action 'self'; frame-ancestors 'none'"

/* Shown where the interface was not built in. */
static const char no_interface[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Interflow</title>"
    "<h1>Interflow runs, without its interface</h1>"
    "<p>This program was built from the C sources alone. <code>./run</code> builds the interface "
    "too, or: "
    "<code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, then build the program "
    "again.</p>"
    "<p>The API is here: <a href=\"/api/openapi.json\">/api/openapi.json</a></p></html>";

static const struct embedded_file *find(const char *path)
{
    size_t low = 0, high = embedded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, embedded_files[middle].path);
        if (order == 0) return &embedded_files[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Does the header Accept-Encoding allow this coding (RFC 9110, 12.5.3)? Only ";q=0" refuses. */
static bool accepts(const char *header, const char *coding)
{
    size_t len = strlen(coding);
    for (const char *p = header; p && *p;) {
        p += strspn(p, ", \t");
        size_t word = strcspn(p, ", \t;");
        size_t item = strcspn(p, ",");
        if (word == len && strncasecmp(p, coding, len) == 0) {
            const char *q = memchr(p, '=', item);
            return !q || strspn(q + 1, "0.") != (size_t)(p + item - q - 1);
        }
        p += item;
    }
    return false;
}

static void page_headers(struct ctx *c, struct reply *p, const struct request *r)
{
    reply_header(c, p, "Content-Security-Policy", POLICY);
    reply_header(c, p, "Cross-Origin-Opener-Policy", "same-origin");
    reply_header(c, p, "Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=()");
    if (r->secure) reply_header(c, p, "Strict-Transport-Security", "max-age=31536000");
}

static void serve(struct ctx *c, const struct request *r, struct reply *p,
                  const struct embedded_file *f)
{
    const char *wanted = request_header(c, r, "Accept-Encoding");
    const struct bytes *body = &f->raw;
    const char *coding = NULL;
    if (f->brotli.len > 0 && accepts(wanted, "br")) {
        body = &f->brotli;
        coding = "br";
    } else if (f->gzip.len > 0 && accepts(wanted, "gzip")) {
        body = &f->gzip;
        coding = "gzip";
    }
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = f->type;
    p->body = *body;
    p->body_static = true;
    p->etag =
        arena_printf(c->arena, "\"%s%s%s\"", f->hash, coding ? "-" : "", coding ? coding : "");
    if (coding) reply_header(c, p, "Content-Encoding", coding);
    if (f->gzip.len > 0 || f->brotli.len > 0) reply_header(c, p, "Vary", "Accept-Encoding");
    reply_header(c, p, "X-Content-Type-Options", "nosniff");
    reply_header(c, p, "Referrer-Policy", "same-origin");
    if (strncmp(f->path, "/assets/", 8) == 0) {
        reply_header(c, p, "Cache-Control", "public, max-age=31536000, immutable");
    } else if (strcmp(f->path, "/widget.js") == 0) {
        reply_header(c, p, "Cache-Control", "public, max-age=300");
        reply_header(c, p, "Access-Control-Allow-Origin", "*");
        reply_header(c, p, "Cross-Origin-Resource-Policy", "cross-origin");
    } else {
        reply_header(c, p, "Cache-Control", "no-cache");
    }
    if (strncmp(f->type, "text/html", 9) == 0) page_headers(c, p, r);
}

static bool wants_page(const struct ctx *c, const struct request *r)
{
    const char *accept = request_header(c, r, "Accept");
    return accept && strstr(accept, "text/html");
}

static enum err get_page(struct ctx *c, struct request *r, struct reply *p)
{
    const struct embedded_file *f = find(r->path);
    if (!f && strncmp(r->path, "/assets/", 8) == 0)
        return fault(c, ERR_NOT_FOUND, NULL, "there is no such file");
    if (!f) f = find(arena_printf(c->arena, "%s.html", r->path));
    if (!f && (strcmp(r->path, "/") == 0 || wants_page(c, r))) f = find("/index.html");
    if (f) {
        serve(c, r, p, f);
        return ERR_OK;
    }
    if (strcmp(r->path, "/") != 0) return fault(c, ERR_NOT_FOUND, NULL, "there is no such page");
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = "text/html; charset=utf-8";
    p->body = (struct bytes){(const unsigned char *)no_interface, sizeof no_interface - 1};
    p->body_static = true;
    reply_header(c, p, "Cache-Control", "no-store");
    page_headers(c, p, r);
    return ERR_OK;
}

static const struct field path_fields[] = {
    {.name = "path",
     .type = F_TEXT,
     .in = IN_PATH,
     .required = true,
     .min = 1,
     .max = 2000,
     .raw = true},
    {0},
};

const struct route static_routes[] = {
    {.method = HTTP_GET,
     .path = "/",
     .id = "pages.index",
     .access = ACCESS_PUBLIC,
     .rate_per_minute = 100000,
     .shape = ANSWER_OTHER,
     .handler = get_page},
    {.method = HTTP_GET,
     .path = "/{path*}",
     .id = "pages.any",
     .access = ACCESS_PUBLIC,
     .rate_per_minute = 100000,
     .fields = path_fields,
     .shape = ANSWER_OTHER,
     .handler = get_page},
    {0},
};
