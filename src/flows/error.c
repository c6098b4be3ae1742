/* The public codes of error.h, one row each. They are stable: the interface's words and other
 * programs go by them. */
#include "flows/error.h"

#include <string.h>

#include "base/json.h"

#define SUBJECT_MAX 100 /* bytes */

static const char *const names[FLOW_CODE_COUNT] = {
    [FLOW_OK] = "",
    [FLOW_SYNTAX] = "EXPRESSION_SYNTAX",
    [FLOW_TEXT_OPEN] = "EXPRESSION_TEXT_OPEN",
    [FLOW_BRACE_OPEN] = "EXPRESSION_BRACE_OPEN",
    [FLOW_BAD_TEXT] = "EXPRESSION_BAD_TEXT",
    [FLOW_BAD_NUMBER] = "EXPRESSION_BAD_NUMBER",
    [FLOW_UNKNOWN_FUNCTION] = "EXPRESSION_UNKNOWN_FUNCTION",
    [FLOW_UNKNOWN_FORMATTER] = "EXPRESSION_UNKNOWN_FORMATTER",
    [FLOW_ARGUMENTS] = "EXPRESSION_ARGUMENTS",
    [FLOW_BAD_PATTERN] = "EXPRESSION_BAD_PATTERN",
    [FLOW_TOO_LONG] = "EXPRESSION_TOO_LONG",
    [FLOW_TOO_DEEP] = "EXPRESSION_TOO_DEEP",
    [FLOW_BAD_CONDITION] = "CONDITION_INVALID",
    [FLOW_UNKNOWN_OPERATOR] = "CONDITION_UNKNOWN_OPERATOR",
    [FLOW_NOT_NUMBER] = "EXPRESSION_NOT_NUMBER",
    [FLOW_NOT_DATE] = "EXPRESSION_NOT_DATE",
    [FLOW_NOT_TEXT] = "EXPRESSION_NOT_TEXT",
    [FLOW_NOT_LIST] = "EXPRESSION_NOT_LIST",
    [FLOW_NOT_OBJECT] = "EXPRESSION_NOT_OBJECT",
    [FLOW_NOT_BOOL] = "EXPRESSION_NOT_BOOL",
    [FLOW_NOT_COMPARED] = "EXPRESSION_NOT_COMPARED",
    [FLOW_DIVISION] = "EXPRESSION_DIVISION",
    [FLOW_RANGE] = "EXPRESSION_RANGE",
    [FLOW_UNKNOWN_ZONE] = "EXPRESSION_UNKNOWN_ZONE",
    [FLOW_UNKNOWN_UNIT] = "EXPRESSION_UNKNOWN_UNIT",
    [FLOW_PATTERN_COST] = "EXPRESSION_PATTERN_COST",
    [FLOW_BUDGET] = "EXPRESSION_BUDGET",
    [FLOW_MEMORY] = "EXPRESSION_MEMORY",
    [FLOW_TOO_LARGE] = "EXPRESSION_TOO_LARGE",
    [FLOW_UNAVAILABLE] = "EXPRESSION_UNAVAILABLE",
};

const char *flow_code_name(enum flow_code code)
{
    unsigned int i = (unsigned int)code;
    return i < ARRAY_LEN(names) ? names[i] : "";
}

char *flow_error_subject(struct arena *a, const char *s)
{
    size_t len = s ? strlen(s) : 0;
    if (len > SUBJECT_MAX) {
        len = SUBJECT_MAX;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
    }
    return s ? text_clean(a, s, len) : NULL;
}
