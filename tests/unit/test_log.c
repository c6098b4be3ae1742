/* Log lines: one valid JSON object per line whatever the values hold, levels, readable lines. */
#include "check.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "core/log.h"

static char out[256 * 1024];

/* Calls log_event with standard error going to a file and leaves the text in out. */
static void capture(enum log_level level, const char *trace, const char *message,
                    const struct log_field *fields)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
    log_event(level, trace, message, fields);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(f);
    out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
    (void)fclose(f);
}

static void json_lines(void **state)
{
    (void)state;
    log_setup(&(struct log_options){.level = LOG_INFO, .json = true, .process = "worker 1"});
    capture(LOG_WARN, "abc123", "took \"long\"",
            LOG_FIELDS(LOG_TEXT("route", "GET /api\n{\"level\":\"error\"}"), LOG_INT("ms", -1234),
                       LOG_TEXT("none", NULL)));
    assert_int_equal(strlen(out), strcspn(out, "\n") + 1); /* one line */
    json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(j, "process")), "worker 1");
    assert_string_equal(json_string_value(json_object_get(j, "trace")), "abc123");
    assert_string_equal(json_string_value(json_object_get(j, "message")), "took \"long\"");
    assert_string_equal(json_string_value(json_object_get(j, "route")),
                        "GET /api\n{\"level\":\"error\"}");
    assert_int_equal(json_integer_value(json_object_get(j, "ms")), -1234);
    assert_string_equal(json_string_value(json_object_get(j, "none")), "");
    assert_int_equal(strlen(json_string_value(json_object_get(j, "time"))), 24);
    json_decref(j);

    capture(LOG_ERROR, NULL, "no fields", NULL);
    j = json_loads(out, 0, NULL);
    assert_non_null(j);
    assert_null(json_object_get(j, "trace"));
    json_decref(j);
}

static void levels_are_kept(void **state)
{
    (void)state;
    log_setup(&(struct log_options){.level = LOG_WARN, .json = true});
    capture(LOG_INFO, NULL, "quiet", NULL);
    assert_string_equal(out, "");
    capture(LOG_WARN, NULL, "heard", NULL);
    assert_non_null(strstr(out, "heard"));
}

static void long_and_broken_values(void **state)
{
    (void)state;
    log_setup(&(struct log_options){.level = LOG_DEBUG, .json = true});
    static char text[100000];
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text + 1999, "é", 2); /* the cut falls into it */
    capture(LOG_DEBUG, NULL, text, LOG_FIELDS(LOG_TEXT("bytes", "\xff\xfe\x01")));
    json_t *j = json_loads(out, 0, NULL);
    assert_non_null(j);
    assert_int_equal(strlen(json_string_value(json_object_get(j, "message"))), 1999 + 3);
    json_decref(j);

    struct log_field many[101];
    for (size_t i = 0; i < 100; i++)
        many[i] = LOG_TEXT("field", text);
    many[100] = (struct log_field){0};
    capture(LOG_DEBUG, NULL, "kept", many);
    j = json_loads(out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(j, "message")), "kept");
    json_decref(j);
}

static void readable_lines(void **state)
{
    (void)state;
    log_setup(&(struct log_options){.level = LOG_INFO, .json = false, .process = "supervisor"});
    capture(LOG_INFO, "t1", "started\x1b[31m\n",
            LOG_FIELDS(LOG_TEXT("address", "127.0.0.1:8080"), LOG_TEXT("why", "a b\nc=\"d\""),
                       LOG_INT("n", 3)));
    assert_int_equal(strlen(out), strcspn(out, "\n") + 1);
    assert_null(strchr(out, 0x1b));
    assert_non_null(strstr(out, " info  [supervisor] started"));
    assert_non_null(
        strstr(out, " address=127.0.0.1:8080 why=\"a b\\nc=\\\"d\\\"\" n=3 trace=t1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines),
        cmocka_unit_test(levels_are_kept),
        cmocka_unit_test(long_and_broken_values),
        cmocka_unit_test(readable_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
