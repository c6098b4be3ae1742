/* The multipart reader and what becomes of its parts: form and files, cut anywhere, with every
 * limit. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/http_upload.h"
#include "core/multipart.h"

#include "check.h"

#define TYPE "multipart/form-data; boundary=XX"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/test_multipart_XXXXXX");
    return mkdtemp(folder) && crypto_init() == ERR_OK ? 0 : -1;
}

static int files_left(void)
{
    DIR *d = opendir(folder);
    int n = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] != '.') n++;
    }
    (void)closedir(d);
    return n;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

struct result {
    struct ctx *c;
    struct request r;
    struct http_upload *u;
    enum err e;
};

/* Feed body in pieces of step bytes. */
static struct result *feed(const char *body, size_t len, size_t step,
                           const struct http_upload_limits *limits)
{
    struct ctx *c = ctx_new(NULL, MIB, 0);
    struct result *x = arena_alloc(c->arena, sizeof(*x));
    struct http_upload_limits usual = {.dir = folder, .file_max = 100000, .fields_max = 1000};
    x->c = c;
    x->u = http_upload_new(c, &x->r, TYPE, limits ? limits : &usual);
    assert_non_null(x->u);
    for (size_t i = 0; i < len; i += step)
        http_upload_add(x->u, body + i, len - i < step ? len - i : step);
    x->e = http_upload_finish(x->u);
    return x;
}

static void done(struct result *x)
{
    http_upload_clean(x->u);
    ctx_free(x->c);
    assert_int_equal(files_left(), 0);
}

static const char whole[] =
    "preamble\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"text\"\r\n\r\n"
    "ol\xc3\xa1\r\nmundo\r\n--X\r\n"
    "\r\n--XX  \r\n"
    "content-type: image/png\r\n"
    "CONTENT-DISPOSITION: form-data; name=\"photo\"; filename=\"../a/fo%22to.png\"\r\n\r\n"
    "\x89PNG\0\r\n--XY binary\r\n"
    "\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"tag\"\r\n\r\n"
    "one\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"tag\"\r\n\r\n"
    "two\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"tag\"\r\n\r\n"
    "\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"unused\"; filename=\"\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n"
    "\r\n--XX--\r\nepilogue";

static void test_parts_cut_anywhere(void **state)
{
    (void)state;
    static const char content[] = "\x89PNG\0\r\n--XY binary\r\n";
    for (size_t step = 1; step < sizeof(whole); step += step < 20 ? 1 : 97) {
        struct result *x = feed(whole, sizeof(whole) - 1, step, NULL);
        assert_int_equal(x->e, ERR_OK);
        assert_string_equal(json_get_text(x->r.form, "text"), "ol\xc3\xa1\r\nmundo\r\n--X\r\n");
        const json_t *tags = json_object_get(x->r.form, "tag");
        assert_int_equal(json_array_size(tags), 3);
        assert_string_equal(json_string_value(json_array_get(tags, 1)), "two");
        assert_string_equal(json_string_value(json_array_get(tags, 2)), "");
        assert_int_equal(x->r.upload_count, 1);
        const struct upload *up = &x->r.uploads[0];
        assert_string_equal(up->field, "photo");
        assert_string_equal(up->name, "fo\"to.png");
        assert_string_equal(up->type, "image/png");
        assert_int_equal(up->size_bytes, sizeof(content) - 1);
        unsigned char hash[SHA256_SIZE];
        sha256(content, sizeof(content) - 1, hash);
        assert_memory_equal(up->sha256, hash, sizeof(hash));
        char back[64];
        int fd = open(up->path, O_RDONLY);
        assert_int_equal(read(fd, back, sizeof(back)), sizeof(content) - 1);
        assert_memory_equal(back, content, sizeof(content) - 1);
        (void)close(fd);
        done(x);
    }
}

static void malformed(const char *body, enum err expected, const char *code)
{
    struct result *x = feed(body, strlen(body), 7, NULL);
    if (x->e != expected) fail_msg("%s: %d", body, (int)x->e);
    if (code) assert_string_equal(x->c->fault.code, code);
    done(x);
}

static void test_malformed(void **state)
{
    (void)state;
    malformed("", ERR_INVALID, "MULTIPART_INVALID");
    malformed("nothing here", ERR_INVALID, "MULTIPART_INVALID");
    malformed("--XX\r\n", ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv", ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--XX-", ERR_INVALID,
              NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--XXjunk\r\n--XX--",
              ERR_INVALID, NULL);
    malformed("--XX\r\n\r\nno header\r\n--XX--", ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Type: text/plain\r\n\r\nno name\r\n--XX--", ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--XX--", ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nempty\r\n--XX--",
              ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--XX--",
              ERR_INVALID, NULL);
    malformed("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\xfe\r\n--XX--",
              ERR_INVALID, NULL);
    malformed("--XX--", ERR_OK, NULL);
    malformed(
        "--XX\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''%zz\r\n\r\nx\r\n--XX--",
        ERR_OK, NULL);
}

static void test_content_type(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=a",
        "application/json",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; "
        "boundary=0123456789012345678901234567890123456789012345678901234567890123456789x"};
    static const struct multipart_events none = {0};
    struct arena *a = arena_new(MIB);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_null(multipart_new(a, refused[i], &none, NULL));
    assert_null(multipart_new(a, NULL, &none, NULL));
    assert_non_null(
        multipart_new(a, "Multipart/Form-Data; boundary=\"a b\"; charset=x", &none, NULL));
    arena_free(a);
}

static void add_part(struct buf *b, const char *name, const char *filename, size_t size)
{
    buf_addf(b, "--XX\r\nContent-Disposition: form-data; name=\"%s\"", name);
    if (filename) buf_addf(b, "; filename=\"%s\"", filename);
    buf_adds(b, "\r\n\r\n");
    for (size_t i = 0; i < size; i++)
        buf_addc(b, 'x');
    buf_adds(b, "\r\n");
}

static void limit(struct buf *b, enum err expected, const char *code)
{
    buf_adds(b, "--XX--\r\n");
    struct result *x = feed(b->data, b->len, 5000, NULL);
    assert_int_equal(x->e, expected);
    if (code) assert_string_equal(x->c->fault.code, code);
    done(x);
    buf_clear(b);
}

static void test_limits(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * MIB);
    add_part(&b, "f", "a.bin", 100000);
    limit(&b, ERR_OK, NULL);
    add_part(&b, "f", "a.bin", 100001);
    limit(&b, ERR_TOO_LARGE, "FILE_TOO_LARGE");
    for (int i = 0; i <= UPLOAD_FILES_MAX; i++)
        add_part(&b, "f", "a.bin", 3);
    limit(&b, ERR_TOO_LARGE, "TOO_MANY_FILES");
    for (int i = 0; i <= FORM_FIELDS_MAX; i++)
        add_part(&b, "f", NULL, 1);
    limit(&b, ERR_TOO_LARGE, "TOO_MANY_FIELDS");
    for (int i = 0; i < 3; i++)
        add_part(&b, "f", NULL, 400);
    limit(&b, ERR_TOO_LARGE, "FIELDS_TOO_LARGE");
    char name[FORM_NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    add_part(&b, name, NULL, 1);
    limit(&b, ERR_INVALID, "MULTIPART_INVALID");
    buf_adds(&b, "--XX\r\nX-Long: ");
    for (size_t i = 0; i < MULTIPART_HEADER_MAX; i++)
        buf_addc(&b, 'x');
    limit(&b, ERR_HEADERS, NULL);
    struct http_upload_limits nowhere = {
        .dir = "/nonexistent/folder", .file_max = 10, .fields_max = 10};
    add_part(&b, "f", "a", 1);
    struct result *x = feed(b.data, b.len, b.len, &nowhere);
    assert_int_equal(x->e, ERR_IO);
    done(x);
}

static void filename(const char *parameter, const char *expected)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * KIB);
    buf_addf(&b, "--XX\r\nContent-Disposition: form-data; name=f; %s\r\n\r\nx\r\n--XX--",
             parameter);
    struct result *x = feed(b.data, b.len, b.len, NULL);
    assert_int_equal(x->e, ERR_OK);
    assert_string_equal(x->r.uploads[0].name, expected);
    done(x);
}

static void test_filenames(void **state)
{
    (void)state;
    filename("filename=\"a.pdf\"", "a.pdf");
    filename("filename=\"/etc/passwd\"", "passwd");
    filename("filename=\"C:\\Users\\eu\\nota.pdf\"", "nota.pdf");
    filename("filename=\"..\"", "file");
    filename("filename=\"a/\"", "file");
    filename("filename=\"\xff.png\"", "\xef\xbf\xbd.png");
    filename("filename=\"a%0D%0Ab\x01.txt\"", "ab.txt");
    filename("filename=\"plain.txt\"; filename*=UTF-8''na%C3%AFve.txt", "na\xc3\xafve.txt");
    filename("filename*=iso-8859-1''x.txt; filename=y.txt", "y.txt");
    char long_name[400] = "filename=\"", expected[UPLOAD_NAME_MAX + 1] = "";
    for (int i = 0; i < 300; i++)
        long_name[10 + i] = 'a';
    memcpy(long_name + 310, ".pdf\"", 6);
    memset(expected, 'a', UPLOAD_NAME_MAX - 4);
    memcpy(expected + UPLOAD_NAME_MAX - 4, ".pdf", 5);
    filename(long_name, expected);
}

/* Somebody moved the file away in time: it is not ours to remove. */
static void test_taken(void **state)
{
    (void)state;
    char to[100];
    struct result *x = feed(whole, sizeof(whole) - 1, 100, NULL);
    (void)snprintf(to, sizeof(to), "%s/kept", folder);
    assert_int_equal(rename(x->r.uploads[0].path, to), 0);
    http_upload_clean(x->u);
    ctx_free(x->c);
    assert_int_equal(files_left(), 1);
    assert_int_equal(unlink(to), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_cut_anywhere), cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_content_type),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_filenames),          cmocka_unit_test(test_taken),
    };
    return cmocka_run_group_tests_name("multipart", tests, set_up, tear_down);
}
