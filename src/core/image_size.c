/* Sizes of pictures (image_size.h). Each reader looks at fixed places or walks the chunks of its
 * format; every step is bounded by len, and a walk always goes forward. Sources: PNG (W3C, 11.2.2),
 * JPEG (ITU T.81, B.1-B.2), Exif 2.3 (4.6), GIF89a (section 18), WebP (RFC 9649). */
#include "core/image_size.h"

#include <string.h>

struct span {
    const unsigned char *p;
    size_t len;
};

static uint32_t be16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const unsigned char *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const unsigned char *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le24(const unsigned char *p)
{
    return (uint32_t)p[2] << 16 | le16(p);
}

static uint32_t le32(const unsigned char *p)
{
    return le16(p + 2) << 16 | le16(p);
}

static bool png(struct span s, uint32_t *w, uint32_t *h)
{
    if (s.len < 24 || memcmp(s.p, "\x89PNG\r\n\x1a\n", 8) != 0 || memcmp(s.p + 12, "IHDR", 4) != 0)
        return false;
    *w = be32(s.p + 16);
    *h = be32(s.p + 20);
    return true;
}

static bool gif(struct span s, uint32_t *w, uint32_t *h)
{
    if (s.len < 10 || (memcmp(s.p, "GIF87a", 6) != 0 && memcmp(s.p, "GIF89a", 6) != 0))
        return false;
    *w = le16(s.p + 6);
    *h = le16(s.p + 8);
    return true;
}

static bool webp(struct span s, uint32_t *w, uint32_t *h)
{
    if (s.len < 30 || memcmp(s.p, "RIFF", 4) != 0 || memcmp(s.p + 8, "WEBP", 4) != 0) return false;
    if (memcmp(s.p + 12, "VP8X", 4) == 0) {
        *w = le24(s.p + 24) + 1;
        *h = le24(s.p + 27) + 1;
        return true;
    }
    if (memcmp(s.p + 12, "VP8L", 4) == 0) {
        if (s.p[20] != 0x2f) return false;
        uint32_t bits = le32(s.p + 21);
        *w = (bits & 0x3fff) + 1;
        *h = (bits >> 14 & 0x3fff) + 1;
        return true;
    }
    if (memcmp(s.p + 12, "VP8 ", 4) != 0 || memcmp(s.p + 23, "\x9d\x01\x2a", 3) != 0) return false;
    *w = le16(s.p + 26) & 0x3fff;
    *h = le16(s.p + 28) & 0x3fff;
    return true;
}

/* Orientation of an Exif block ("Exif\0\0", then TIFF): 1 to 8, or 0 when it does not say. */
static uint32_t exif_orientation(struct span s)
{
    if (s.len < 14 || memcmp(s.p, "Exif\0\0", 6) != 0) return 0;
    struct span tiff = {s.p + 6, s.len - 6};
    bool little = memcmp(tiff.p, "II*\0", 4) == 0;
    if (!little && memcmp(tiff.p, "MM\0*", 4) != 0) return 0;
    size_t at = little ? le32(tiff.p + 4) : be32(tiff.p + 4);
    if (at + 2 > tiff.len) return 0;
    size_t count = little ? le16(tiff.p + at) : be16(tiff.p + at);
    at += 2;
    for (size_t i = 0; i < count && at + 12 <= tiff.len; i++, at += 12) {
        const unsigned char *entry = tiff.p + at;
        if ((little ? le16(entry) : be16(entry)) == 0x0112)
            return little ? le16(entry + 8) : be16(entry + 8);
    }
    return 0;
}

static bool jpeg(struct span s, uint32_t *w, uint32_t *h)
{
    if (s.len < 4 || s.p[0] != 0xff || s.p[1] != 0xd8) return false;
    uint32_t orientation = 0;
    size_t at = 2;
    while (at + 4 <= s.len) {
        if (s.p[at] != 0xff) return false;
        unsigned marker = s.p[at + 1];
        if (marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        if (marker == 0xd9 || marker == 0xda) /* end, or pixels before any frame */
            return false;
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) { /* no length */
            at += 2;
            continue;
        }
        size_t size = be16(s.p + at + 2);
        if (size < 2) return false;
        bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
            if (at + 9 > s.len || size < 8) return false;
            bool turned = orientation >= 5 && orientation <= 8;
            uint32_t height = be16(s.p + at + 5), width = be16(s.p + at + 7);
            *w = turned ? height : width;
            *h = turned ? width : height;
            return true;
        }
        if (marker == 0xe1 && at + 2 + size <= s.len && !orientation)
            orientation = exif_orientation((struct span){s.p + at + 4, size - 2});
        at += 2 + size;
    }
    return false;
}

bool image_size(const unsigned char *head, size_t len, int *ret_width, int *ret_height)
{
    struct span s = {head, len};
    uint32_t w = 0, h = 0;
    if (!png(s, &w, &h) && !jpeg(s, &w, &h) && !gif(s, &w, &h) && !webp(s, &w, &h)) return false;
    if (w == 0 || h == 0 || w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX) return false;
    *ret_width = (int)w;
    *ret_height = (int)h;
    return true;
}
