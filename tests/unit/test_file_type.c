/* Types, names and picture sizes of uploads: what a client says about a file is never believed
 * where it matters. */
#include "check.h"

#include "base/json.h"
#include "base/mem.h"
#include "core/file_type.h"
#include "core/image_size.h"

static struct arena *a;

static void refine(void **state)
{
    (void)state;
    static const struct {
        const char *detected, *claimed, *name, *expected;
    } rows[] = {
        {"image/png", "text/html", "x.html", "image/png"}, /* the bytes decide */
        {"text/html", "image/png", "x.png", "text/html"},
        {"video/webm", "audio/webm;codecs=opus", "voice.webm",
         "audio/webm"}, /* a recorder's container */
        {"video/mp4", "audio/mp4", "voice.m4a", "audio/mp4"},
        {"video/mp4", "video/mp4", "film.mp4", "video/mp4"},
        {"application/zip", NULL, "a.DOCX",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"application/zip", NULL, "a.zip", "application/zip"},
        {"text/plain", NULL, "a.csv", "text/csv"},
        {"text/plain", "text/html", "a.html", "text/plain"}, /* never a type that runs */
        {"audio/x-wav", NULL, "a.wav", "audio/wav"},
        {NULL, NULL, "a", "application/octet-stream"},
        {"cannot open", NULL, "a", "application/octet-stream"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(file_type_refine(a, rows[i].detected, rows[i].claimed, rows[i].name),
                            rows[i].expected);
}

static void refused(void **state)
{
    (void)state;
    assert_true(file_type_refused("application/x-dosexec", "photo.jpg"));
    assert_true(file_type_refused("application/x-pie-executable", "a"));
    assert_true(file_type_refused("text/plain", "run.BAT"));
    assert_true(file_type_refused("application/zip", "app.apk"));
    assert_false(file_type_refused("application/pdf", "bill.pdf"));
    assert_false(file_type_refused("text/plain", "exe"));
    assert_false(file_type_refused("image/png", "command.com.png"));
}

static void in_place(void **state)
{
    (void)state;
    assert_true(file_type_inline("image/png"));
    assert_true(file_type_inline("application/pdf"));
    assert_false(file_type_inline("image/svg+xml")); /* may hold script */
    assert_false(file_type_inline("text/html"));
    assert_string_equal(file_type_kind("image/svg+xml"), "document");
    assert_string_equal(file_type_kind("image/webp"), "image");
    assert_string_equal(file_type_kind("audio/ogg"), "audio");
    assert_string_equal(file_type_kind("video/mp4"), "video");
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"photo.jpg", "photo.jpg"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Users\\x\\bill.pdf", "bill.pdf"},
        {"", "file"},
        {NULL, "file"},
        {"...", "file"},
        {".htaccess", "htaccess"},
        {"a\nb\"c.txt", "abc.txt"},
        {"gpj.\xe2\x80\xae"
         "exe.pdf",
         "gpj.exe.pdf"}, /* right-to-left override */
        {"Orçamento João.pdf", "Orçamento João.pdf"},
        {"bad\xff\xfe.txt", "bad.txt"},
        {"cut\xc3", "cut"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(file_name_clean(a, rows[i].in), rows[i].out);
    char text[3000];
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof text - 5, ".pdf", 5);
    const char *clean = file_name_clean(a, text);
    assert_int_equal(text_length(clean), FILE_NAME_MAX);
    assert_string_equal(clean + strlen(clean) - 4, ".pdf");
    for (size_t i = 0; i + 3 < sizeof text; i += 2)
        memcpy(text + i, "ç", 2);
    clean = file_name_clean(a, text);
    assert_true(text_valid(clean, strlen(clean)));
    assert_true(text_length(clean) <= FILE_NAME_MAX);
}

static void disposition(void **state)
{
    (void)state;
    assert_string_equal(
        file_disposition(a, "São \"1\".pdf", true),
        "attachment; filename=\"S__o _1_.pdf\"; filename*=UTF-8''S%C3%A3o%20%221%22.pdf");
    assert_string_equal(file_disposition(a, "a.png", false),
                        "inline; filename=\"a.png\"; filename*=UTF-8''a.png");
}

/* head as a heap block of exactly len bytes: the sanitizer sees a byte too far. */
static bool size_of(const void *head, size_t len, int *w, int *h)
{
    unsigned char *copy = mem_alloc(len ? len : 1);
    memcpy(copy, head, len);
    bool known = image_size(copy, len, w, h);
    mem_free(copy);
    return known;
}

static const unsigned char png[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0";
static const unsigned char gif[] = "GIF89a\x0a\x01\x14\0\xf7\0\0";
static const unsigned char webp_lossy[] =
    "RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\0\0\0\0\0\0";
static const unsigned char webp_extended[] =
    "RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\x3f\x01\0\xef\0\0\0\0\0\0";
static const unsigned char jpeg[] =
    "\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    "\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
/* Exif orientation 6: stored 640 × 480, seen 480 × 640. */
static const unsigned char jpeg_turned[] =
    "\xff\xd8\xff\xe1\0\x22"
    "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    "\0\0\0\0"
    "\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const unsigned char *head;
        size_t len;
        int w, h;
    } rows[] = {
        {png, sizeof png - 1, 640, 480},
        {gif, sizeof gif - 1, 266, 20},
        {webp_lossy, sizeof webp_lossy - 1, 320, 240},
        {webp_extended, sizeof webp_extended - 1, 320, 240},
        {jpeg, sizeof jpeg - 1, 640, 480},
        {jpeg_turned, sizeof jpeg_turned - 1, 480, 640},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int w = 0, h = 0;
        assert_true(size_of(rows[i].head, rows[i].len, &w, &h));
        assert_int_equal(w, rows[i].w);
        assert_int_equal(h, rows[i].h);
        for (size_t cut = 0; cut < rows[i].len;
             cut++) /* cut off anywhere: no reading past the end */
            (void)size_of(rows[i].head, cut, &w, &h);
        unsigned char broken[128];
        for (size_t at = 0; at < rows[i].len; at++) { /* one byte changed anywhere: still bounded */
            memcpy(broken, rows[i].head, rows[i].len);
            broken[at] ^= 0xff;
            (void)size_of(broken, rows[i].len, &w, &h);
        }
    }
    int w = -1, h = -1;
    assert_false(size_of("not a picture at all, really", 28, &w, &h));
    assert_int_equal(w, -1);
}

int main(void)
{
    a = arena_new(MIB);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refine), cmocka_unit_test(refused),     cmocka_unit_test(in_place),
        cmocka_unit_test(names),  cmocka_unit_test(disposition), cmocka_unit_test(sizes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return failed;
}
