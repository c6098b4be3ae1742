/* What is wrong with an expression, a template or a condition: a stable code (the interface's words
 * go by it), the place, and words in English. */
#ifndef INTERFLOW_FLOWS_ERROR_H
#define INTERFLOW_FLOWS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum flow_code {
    FLOW_OK = 0,
    /* found when it is parsed */
    FLOW_SYNTAX,     /* something else was expected at this place; subject: what stands there */
    FLOW_TEXT_OPEN,  /* a quoted text is not closed */
    FLOW_BRACE_OPEN, /* {{ without }} */
    FLOW_BAD_TEXT,   /* not UTF-8, control characters, or an unknown escape */
    FLOW_BAD_NUMBER, /* a number that is none, or too large */
    FLOW_UNKNOWN_FUNCTION,  /* subject: its name */
    FLOW_UNKNOWN_FORMATTER, /* subject: its name */
    FLOW_ARGUMENTS,         /* too few or too many; subject: the function */
    FLOW_BAD_PATTERN,       /* a regular expression; subject: why */
    FLOW_TOO_LONG,          /* the text of the expression or template */
    FLOW_TOO_DEEP,          /* nested too deeply */
    FLOW_BAD_CONDITION,     /* not the shape of a condition; subject: what of it */
    FLOW_UNKNOWN_OPERATOR,  /* of a condition; subject: its name */
    /* found when it runs */
    FLOW_NOT_NUMBER,   /* a number was needed; subject: what was there */
    FLOW_NOT_DATE,     /* a date was needed */
    FLOW_NOT_TEXT,     /* a text was needed */
    FLOW_NOT_LIST,     /* a list was needed */
    FLOW_NOT_OBJECT,   /* an object was needed */
    FLOW_NOT_BOOL,     /* yes or no was needed */
    FLOW_NOT_COMPARED, /* values of these types have no order */
    FLOW_DIVISION,     /* by zero */
    FLOW_RANGE,        /* a number, date or argument outside of what is possible */
    FLOW_UNKNOWN_ZONE, /* subject: its name */
    FLOW_UNKNOWN_UNIT, /* of time; subject: its name */
    FLOW_PATTERN_COST, /* a regular expression takes too long on this text */
    FLOW_BUDGET,       /* too many operations */
    FLOW_MEMORY,       /* too much memory in between */
    FLOW_TOO_LARGE,    /* the result */
    FLOW_UNAVAILABLE,  /* a variable could not be read now; err says why */
    FLOW_CODE_COUNT
};

struct flow_error {
    enum flow_code code;
    size_t at;           /* byte position in the text that was parsed */
    const char *message; /* English; arena or static; never NULL when code is set */
    const char *subject; /* what it is about, for the words; NULL: nothing */
    const char *row;     /* conditions: "rows[2].right" or "rows[0].rows[1].left"; NULL elsewhere */
    enum err err;        /* FLOW_UNAVAILABLE: what the look-up said */
};

/* "EXPRESSION_SYNTAX": the stable public code. "" for FLOW_OK. */
const char *flow_code_name(enum flow_code code);
/* A copy of s for an error's subject: at most 100 bytes, no character cut, no
 * control characters. NULL stays NULL. */
char *flow_error_subject(struct arena *a, const char *s);

#endif
