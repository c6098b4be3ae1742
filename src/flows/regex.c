/* Regular expressions by PCRE2, with people's patterns on people's texts: no pattern is trusted. Its
 * length, its parentheses, the steps, depth and memory of a match are limited; the interpreter is
 * used, not the JIT, whose limits are looser. \C is refused, (*LIMIT_…) in a pattern can only lower
 * the limits. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "flows/expr_impl.h"

#define MATCH_STEPS_MAX 100000 /* = MATCH_STEPS_FEW * STEPS_MORE^2 */
#define MATCH_STEPS_FEW 1000
#define STEPS_MORE      10
#define STEPS_PER_COST  50 /* steps of a match that cost as much as one operation */
#define MATCH_DEPTH_MAX 2000
#define MATCH_HEAP_KIB  2048
#define NEST_MAX        40
#define COMPILE_COST    50

static void code_freep(pcre2_code **c)
{
    pcre2_code_free(*c);
}
static void match_freep(pcre2_match_data **m)
{
    pcre2_match_data_free(*m);
}
static void limits_freep(pcre2_match_context **m)
{
    pcre2_match_context_free(*m);
}

static const char *pcre_words(struct arena *a, int number)
{
    PCRE2_UCHAR words[160];
    if (pcre2_get_error_message(number, words, sizeof(words)) < 0) return "not a pattern";
    const char *copy = arena_strdup(a, (const char *)words);
    return copy ? copy : "not a pattern";
}

/* NULL: *ret_error (texts in a). */
static pcre2_code *compile(struct arena *a, const char *pattern, size_t len, bool any_case,
                           struct flow_error *ret_error)
{
    int number = 0;
    PCRE2_SIZE at = 0;
    *ret_error = (struct flow_error){.code = FLOW_BAD_PATTERN};
    if (len > EXPR_REGEX_MAX) {
        ret_error->message = "the regular expression is too long";
        return NULL;
    }
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context) (void)pcre2_set_parens_nest_limit(context, NEST_MAX);
    uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | (any_case ? (uint32_t)PCRE2_CASELESS : 0);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &number, &at, context);
    pcre2_compile_context_free(context);
    if (code) {
        *ret_error = (struct flow_error){0};
    } else {
        ret_error->subject = pcre_words(a, number);
        ret_error->message =
            arena_printf(a, "not a regular expression, at %zu: %s", (size_t)at, ret_error->subject);
        if (!ret_error->message) ret_error->message = "not a regular expression";
    }
    return code;
}

/* Runs a match. *ret_found; groups are in data. PCRE2 does not say how many steps it took, so few are
 * tried first, then more: *cost is what was allowed in the end. */
static bool match(struct arena *a, const pcre2_code *code, const char *text, size_t len,
                  pcre2_match_data *data, bool *ret_found, int *ret_cost,
                  struct flow_error *ret_error)
{
    CLEANUP(limits_freep) pcre2_match_context *limits = pcre2_match_context_create(NULL);
    uint32_t steps = MATCH_STEPS_FEW;
    int rc = 0;
    *ret_found = false;
    *ret_cost = 0;
    if (!limits || !data) {
        *ret_error = (struct flow_error){.code = FLOW_MEMORY, .message = "no memory for the match"};
        return false;
    }
    (void)pcre2_set_depth_limit(limits, MATCH_DEPTH_MAX);
    (void)pcre2_set_heap_limit(limits, MATCH_HEAP_KIB);
    for (;; steps *= STEPS_MORE) {
        (void)pcre2_set_match_limit(limits, steps);
        rc = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, limits);
        if (rc != PCRE2_ERROR_MATCHLIMIT || steps >= MATCH_STEPS_MAX) break;
    }
    if (steps > MATCH_STEPS_FEW) *ret_cost = (int)steps / STEPS_PER_COST;
    if (rc == PCRE2_ERROR_NOMATCH) return true;
    if (rc < 0) {
        *ret_error = (struct flow_error){
            .code = FLOW_PATTERN_COST,
            .message = "the regular expression takes too long on this text",
            .subject = pcre_words(a, rc),
        };
        return false;
    }
    *ret_found = true;
    return true;
}

bool flow_regex_check(struct arena *a, const char *pattern, struct flow_error *ret_error)
{
    CLEANUP(code_freep) pcre2_code *code = compile(a, pattern, strlen(pattern), true, ret_error);
    return code != NULL;
}

bool flow_regex_match(struct arena *a, const char *pattern, const char *text, bool any_case,
                      int64_t *work, bool *ret_match, struct flow_error *ret_error)
{
    int cost = 0;
    *ret_error = (struct flow_error){.code = FLOW_BUDGET, .message = "too many operations"};
    if (work && *work <= 0) return false;
    CLEANUP(code_freep)
    pcre2_code *code = compile(a, pattern, strlen(pattern), any_case, ret_error);
    if (!code) return false;
    CLEANUP(match_freep) pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    bool ok = match(a, code, text, strlen(text), data, ret_match, &cost, ret_error);
    if (work) *work -= COMPILE_COST + cost;
    return ok;
}

/* The group's part of text, empty when there is no such group or it took no part. */
static bool group_text(struct eval *ev, pcre2_match_data *data, const struct value *text,
                       int64_t group, size_t at, struct value *ret)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    *ret = value_empty();
    if (group < 0 || group >= (int64_t)pcre2_get_ovector_count(data)) return true;
    PCRE2_SIZE from = ends[2 * group], to = ends[2 * group + 1];
    if (from == PCRE2_UNSET || to == PCRE2_UNSET || from > to || to > text->text.len) return true;
    char *s = eval_alloc(ev, to - from + 1, 1, at);
    if (!s) return false;
    memcpy(s, text->text.s + from, to - from);
    *ret = value_text_n(s, to - from);
    return true;
}

bool eval_regex(struct eval *ev, const struct value *pattern, const struct value *text,
                bool any_case, int64_t group, size_t at, bool *ret_found, struct value *ret_group)
{
    if (!eval_spend(ev, COMPILE_COST + text->text.len / 16, at)) return false;
    CLEANUP(code_freep)
    pcre2_code *code = compile(ev->arena, pattern->text.s, pattern->text.len, any_case, ev->error);
    ev->error->at = at;
    if (!code) return false;
    CLEANUP(match_freep) pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    int cost = 0;
    bool ok =
        match(ev->arena, code, text->text.s, text->text.len, data, ret_found, &cost, ev->error);
    ev->error->at = at;
    if (!ok) {
        ev->operations -= cost < ev->operations ? cost : ev->operations;
        return false;
    }
    if (!eval_spend(ev, (size_t)cost, at)) return false;
    return !ret_group || !*ret_found || group_text(ev, data, text, group, at, ret_group);
}
