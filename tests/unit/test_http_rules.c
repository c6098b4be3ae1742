/* The rules of HTTP without a connection: targets, tags, ranges, lists, cookies, parameters,
 * proxies; addresses. */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/mem.h"
#include "core/address.h"
#include "core/http_client.h"
#include "core/http_peers.h"
#include "core/http_rules.h"

#include "check.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void target(const char *raw, const char *path, const char *query)
{
    const char *p = NULL, *q = NULL;
    bool ok = http_target(arena, raw, &p, &q);
    if (!path) {
        if (ok) fail_msg("%s was taken as %s", raw, p);
        return;
    }
    if (!ok) fail_msg("%s was refused", raw);
    assert_string_equal(p, path);
    assert_string_equal(q, query);
}

static void test_target(void **state)
{
    (void)state;
    target("/", "/", "");
    target("/api/x?a=1&b=%20", "/api/x", "a=1&b=%20");
    target("/a%20b/%C3%A9?", "/a b/\xc3\xa9", "");
    target("http://shop.example:80/a?b", "/a", "b");
    target("HTTPS://shop.example/", "/", "");
    target("/a#b", "/a", "");
    target("/a..b/...", "/a..b/...", "");
    target("/%2e%2e", NULL, NULL);
    target("/a/..", NULL, NULL);
    target("/a/../b", NULL, NULL);
    target("/a%2f..%2fb", NULL, NULL);
    target("/a%00b", NULL, NULL);
    target("/a%0ab", NULL, NULL);
    target("/a%", NULL, NULL);
    target("/a%4", NULL, NULL);
    target("/a%zz", NULL, NULL);
    target("/%ff%fe", NULL, NULL);
    target("/%c0%af", NULL, NULL);
    target("http://shop.example", NULL, NULL);
    target("*", NULL, NULL);
    target("", NULL, NULL);
    target("a/b", NULL, NULL);
    target(NULL, NULL, NULL);
}

static void test_etag(void **state)
{
    (void)state;
    assert_true(http_etag_listed("\"a\"", "\"a\""));
    assert_true(http_etag_listed("W/\"a\"", "\"a\""));
    assert_true(http_etag_listed("\"x\", W/\"y,z\" , \"a\"", "W/\"a\""));
    assert_true(http_etag_listed("*", "\"a\""));
    assert_false(http_etag_listed("\"ab\"", "\"a\""));
    assert_false(http_etag_listed("a", "\"a\""));
    assert_false(http_etag_listed("\"x, \"a", "\"a\""));
    assert_false(http_etag_listed("", "\"a\""));
    assert_false(http_etag_listed(NULL, "\"a\""));
    assert_false(http_etag_listed("\"a\"", NULL));
}

static void range(const char *header, int64_t size, enum http_range expected, int64_t from,
                  int64_t len)
{
    int64_t f = -1, n = -1;
    enum http_range got = http_range(header, size, &f, &n);
    if (got != expected)
        fail_msg("%s of %lld: %d", header ? header : "none", (long long)size, (int)got);
    if (got != RANGE_ONE) return;
    assert_int_equal(f, from);
    assert_int_equal(n, len);
}

static void test_range(void **state)
{
    (void)state;
    range("bytes=0-9", 100, RANGE_ONE, 0, 10);
    range("bytes=90-", 100, RANGE_ONE, 90, 10);
    range("bytes=90-500", 100, RANGE_ONE, 90, 10);
    range("bytes=-1", 100, RANGE_ONE, 99, 1);
    range("bytes=-500", 100, RANGE_ONE, 0, 100);
    range("Bytes= 99-99 ", 100, RANGE_ONE, 99, 1);
    range("bytes=100-", 100, RANGE_BAD, 0, 0);
    range("bytes=-0", 100, RANGE_BAD, 0, 0);
    range("bytes=0-", 0, RANGE_BAD, 0, 0);
    range("bytes=0-1,4-5", 100, RANGE_NONE, 0, 0);
    range("bytes=9-1", 100, RANGE_NONE, 0, 0);
    range("bytes=a-b", 100, RANGE_NONE, 0, 0);
    range("bytes=", 100, RANGE_NONE, 0, 0);
    range("bytes=1", 100, RANGE_NONE, 0, 0);
    range("bytes=1-2x", 100, RANGE_NONE, 0, 0);
    range("bytes=99999999999999999999-", 100, RANGE_NONE, 0, 0);
    range("items=0-1", 100, RANGE_NONE, 0, 0);
    range(NULL, 100, RANGE_NONE, 0, 0);
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(http_token_listed("keep-alive, Upgrade", "upgrade"));
    assert_true(http_token_listed("100-Continue", "100-continue"));
    assert_false(http_token_listed("upgraded", "upgrade"));
    assert_false(http_token_listed(NULL, "upgrade"));
    assert_string_equal(http_cookie(arena, "a=1; if_session=x.y ;b=2", "if_session"), "x.y");
    assert_string_equal(http_cookie(arena, "a=\"q\"", "a"), "q");
    assert_string_equal(http_cookie(arena, "a=", "a"), "");
    assert_null(http_cookie(arena, "xif_session=1; a", "if_session"));
    assert_null(http_cookie(arena, NULL, "a"));
    assert_string_equal(
        http_parameter(arena, "multipart/form-data; charset=x; Boundary=\"a b;c\"", "boundary"),
        "a b;c");
    assert_string_equal(http_parameter(arena,
                                       "form-data; name=f; filename=\"C:\\dir\\a \\\"b\\\".txt\"",
                                       "filename"),
                        "C:\\dir\\a \"b\".txt");
    assert_null(http_parameter(arena, "form-data; xname=f", "name"));
    assert_null(http_parameter(arena, "form-data; note=\"name=f\"", "name"));
}

static void test_client_address(void **state)
{
    (void)state;
    const char *trusted = "127.0.0.1, ::1, 10.0.0.0/8";
    assert_string_equal(http_client_address(arena, "127.0.0.1", "203.0.113.9", trusted),
                        "203.0.113.9");
    assert_string_equal(http_client_address(arena, "127.0.0.1", "1.1.1.1, 203.0.113.9", trusted),
                        "203.0.113.9");
    assert_string_equal(http_client_address(arena, "::1", "198.51.100.1, 10.1.2.3", trusted),
                        "198.51.100.1");
    assert_string_equal(http_client_address(arena, "8.8.8.8", "203.0.113.9", trusted), "8.8.8.8");
    assert_string_equal(http_client_address(arena, "127.0.0.1", NULL, trusted), "127.0.0.1");
    assert_string_equal(http_client_address(arena, "127.0.0.1", "unknown", trusted), "127.0.0.1");
    assert_string_equal(http_client_address(arena, "127.0.0.1", "<script>, 203.0.113.9", trusted),
                        "203.0.113.9");
    assert_string_equal(http_client_address(arena, "127.0.0.1", "[2001:4860::8888]", trusted),
                        "2001:4860::8888");
}

static void test_address(void **state)
{
    (void)state;
    static const char *const refused[] = {"0.0.0.0",
                                          "0.1.2.3",
                                          "10.0.0.1",
                                          "100.64.0.1",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.8.8.8",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.0.0.1",
                                          "192.168.1.1",
                                          "198.18.0.1",
                                          "224.0.0.1",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "168.63.129.16",
                                          "::",
                                          "::1",
                                          "::ffff:127.0.0.1",
                                          "::ffff:10.0.0.1",
                                          "::7f00:1",
                                          "64:ff9b::7f00:1",
                                          "64:ff9b::a9fe:a9fe",
                                          "64:ff9b:1::1",
                                          "fc00::1",
                                          "fd12::1",
                                          "fe80::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "2001:db8::1",
                                          "2001::1",
                                          "2002:7f00:1::",
                                          "100::1",
                                          "fd00:ec2::254",
                                          "",
                                          "localhost",
                                          "127.1",
                                          "1.2.3",
                                          "0x7f.0.0.1",
                                          "::1%lo"};
    static const char *const fine[] = {"8.8.8.8",        "1.1.1.1",          "172.15.0.1",
                                       "172.32.0.1",     "100.63.0.1",       "100.128.0.1",
                                       "192.167.1.1",    "223.255.255.255",  "2606:4700::1111",
                                       "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::1"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (address_allowed(refused[i], NULL)) fail_msg("%s was allowed", refused[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        if (!address_allowed(fine[i], NULL)) fail_msg("%s was refused", fine[i]);
    }
    assert_true(address_allowed("127.0.0.1", "10.0.0.0/8,127.0.0.0/8"));
    assert_true(address_allowed("::ffff:10.1.1.1", "10.0.0.0/8"));
    assert_true(address_allowed("fd00::1", "fd00::/8"));
    assert_true(address_allowed("192.168.1.7", "192.168.1.7"));
    assert_false(address_allowed("192.168.1.8", "192.168.1.7"));
    assert_false(address_allowed("192.168.2.1", "192.168.1.0/24 nonsense 1.2.3.4/99 1.2.3.4/ /8"));
    assert_true(address_allowed("10.0.0.1", "0.0.0.0/0"));
    assert_false(address_allowed("::1", "0.0.0.0/0"));
}

static void test_peers(void **state)
{
    (void)state;
    struct http_peers *p = http_peers_new();
    struct address a, b, c;
    assert_true(address_parse("2001:db8:0:1::1", &a) && address_parse("2001:db8:0:1:ffff::9", &b));
    assert_true(address_parse("10.0.0.1", &c));
    http_peers_add(p, &a, 1);
    http_peers_add(p, &b, 1); /* the same subscriber */
    http_peers_add(p, &c, 1);
    assert_int_equal(http_peers_count(p, &a), 2);
    assert_int_equal(http_peers_count(p, &c), 1);
    http_peers_add(p, &a, -1);
    http_peers_add(p, &b, -1);
    http_peers_add(p, &b, -1); /* once too often: nothing */
    assert_int_equal(http_peers_count(p, &a), 0);
    for (int i = 0; i < 20000; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "10.1.%d.%d", i / 250, i % 250);
        assert_true(address_parse(text, &a));
        http_peers_add(p, &a, 1);
    }
    assert_int_equal(http_peers_count(p, &a), 1);
    http_peers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),         cmocka_unit_test(test_etag),
        cmocka_unit_test(test_range),          cmocka_unit_test(test_lists),
        cmocka_unit_test(test_client_address), cmocka_unit_test(test_address),
        cmocka_unit_test(test_peers),
    };
    return cmocka_run_group_tests_name("http_rules", tests, set_up, tear_down);
}
