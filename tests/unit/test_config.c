/* Settings: flags before environment before defaults, what is refused and in which words. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/config.h"

static struct arena *a;
static struct config config;
static const char *why;

/* Reads the words; argc afterwards. -1 when they were refused. */
static int read_words(const char *w0, const char *w1, const char *w2, const char *w3)
{
    static char buffers[4][200];
    static char *argv[4];
    const char *const words[] = {w0, w1, w2, w3};
    int argc = 0;
    for (int i = 0; i < 4 && words[i]; i++) {
        assert_true(strlen(words[i]) < sizeof buffers[0]);
        memcpy(buffers[i], words[i], strlen(words[i]) + 1);
        argv[argc++] = buffers[i];
    }
    why = NULL;
    return config_read(a, &argc, argv, &config, &why) == ERR_OK ? argc : -1;
}

static void clear_environment(void)
{
    for (const struct config_row *r = config_rows; r->help; r++)
        if (r->env) (void)unsetenv(r->env);
}

static void defaults(void **state)
{
    (void)state;
    clear_environment();
    assert_int_equal(read_words(NULL, NULL, NULL, NULL), 0);
    assert_string_equal(config.listen_host, "127.0.0.1");
    assert_int_equal(config.listen_port, 8080);
    assert_true(config.data_dir[0] == '/');
    assert_string_equal(strrchr(config.data_dir, '/'), "/data");
    assert_null(config.database_url);
    assert_null(config.public_url);
    assert_int_equal(config.upload_max_bytes, 64 << 20);
    assert_in_range(config.workers, 1, 64);
    assert_true(config.demo);
}

static void flag_before_environment(void **state)
{
    (void)state;
    clear_environment();
    (void)setenv("INTERFLOW_LISTEN", "0.0.0.0:1", 1);
    (void)setenv("INTERFLOW_DATA", "/srv/a", 1);
    (void)setenv("INTERFLOW_WORKERS", "", 1); /* empty counts as unset */
    assert_int_equal(read_words("FILE", "--listen=[::1]:9090", "--force", "--no-demo"), 2);
    assert_string_equal(config.listen_host, "::1");
    assert_int_equal(config.listen_port, 9090);
    assert_string_equal(config.data_dir, "/srv/a");
    assert_false(config.demo);
    assert_int_equal(read_words("--data", "/srv/b", NULL, NULL), 0);
    assert_string_equal(config.data_dir, "/srv/b");
    assert_string_equal(config.listen_host, "0.0.0.0");
}

static void what_stays(void **state)
{
    (void)state;
    clear_environment();
    assert_int_equal(read_words("--", "--listen", "x", NULL), 3); /* behind -- there are no flags */
    assert_int_equal(config.listen_port, 8080);
}

static void refused(void **state)
{
    (void)state;
    clear_environment();
    static const char *const bad_listen[] = {"8080",    ":8080",  "host:", "host:65536",
                                             "host:1x", "::1:80", "[]:80", "host:-1"};
    for (size_t i = 0; i < ARRAY_LEN(bad_listen); i++) {
        assert_int_equal(read_words("--listen", bad_listen[i], NULL, NULL), -1);
        assert_non_null(strstr(why, "--listen"));
        assert_null(strchr(why, '\n'));
    }
    assert_int_equal(read_words("--listen", NULL, NULL, NULL), -1);
    assert_non_null(strstr(why, "needs a value"));
    assert_int_equal(read_words("--no-demo=1", NULL, NULL, NULL), -1);

    static const struct {
        const char *env, *value;
    } bad[] = {
        {"INTERFLOW_WORKERS", "0"},
        {"INTERFLOW_WORKERS", "65"},
        {"INTERFLOW_UPLOAD_MAX", "1"},
        {"INTERFLOW_UPLOAD_MAX", "64X"},
        {"INTERFLOW_UPLOAD_MAX", "99999999999G"},
        {"INTERFLOW_LOG", "loud"},
        {"INTERFLOW_PUBLIC_URL", "ftp://x"},
        {"INTERFLOW_LOG_FORMAT", "xml"},
        {"INTERFLOW_CONNECTIONS", "9999999999999999999999"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        clear_environment();
        (void)setenv(bad[i].env, bad[i].value, 1);
        assert_int_equal(read_words(NULL, NULL, NULL, NULL), -1);
        assert_non_null(strstr(why, bad[i].env));
    }
}

static void password_not_repeated(void **state)
{
    (void)state;
    clear_environment();
    (void)setenv("DATABASE_URL", "mysql://me:secret@host/db", 1);
    assert_int_equal(read_words(NULL, NULL, NULL, NULL), -1);
    assert_non_null(strstr(why, "DATABASE_URL"));
    assert_null(strstr(why, "secret"));
}

static void values(void **state)
{
    (void)state;
    clear_environment();
    (void)setenv("INTERFLOW_UPLOAD_MAX", "2G", 1);
    (void)setenv("INTERFLOW_PUBLIC_URL", "https://x.example///", 1);
    (void)setenv("INTERFLOW_LOG", "WARN", 1);
    assert_int_equal(read_words("--listen", "localhost:0", NULL, NULL), 0);
    assert_int_equal(config.upload_max_bytes, INT64_C(2) << 30);
    assert_string_equal(config.public_url, "https://x.example");
    assert_int_equal(config.log_level, LOG_WARN);
    assert_int_equal(config.listen_port, 0);
}

/* Every row can be read from its own default: the table and its setters agree. */
static void every_default_is_valid(void **state)
{
    (void)state;
    for (const struct config_row *r = config_rows; r->help; r++)
        if (r->otherwise) assert_null(r->set(a, &config, r->otherwise));
}

int main(void)
{
    a = arena_new(MIB);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(flag_before_environment),
        cmocka_unit_test(what_stays),
        cmocka_unit_test(refused),
        cmocka_unit_test(password_not_repeated),
        cmocka_unit_test(values),
        cmocka_unit_test(every_default_is_valid),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return failed;
}
