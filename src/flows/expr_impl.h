/* Private to src/flows: the tree of an expression, the state of an evaluation, the rows of functions.
 *
 * expr_lex.c cuts text into tokens, expr_parse.c makes the tree, expr_eval.c walks it, functions*.c
 * are what it calls. Nothing here recurses deeper than the tree, and the tree is at most
 * EXPR_NODES_DEEP deep. Every function that gives bool: false means that ev->error (or the parser's)
 * is set. */
#ifndef INTERFLOW_FLOWS_EXPR_IMPL_H
#define INTERFLOW_FLOWS_EXPR_IMPL_H

#include "flows/expr.h"
#include "flows/template.h"

#define EXPR_NODES_DEEP 80
#define EXPR_TEXT_LIMIT (64 * KIB) /* bytes of one text in between */
#define FUNCTION_ARGS   6          /* of a row; a `rest` argument may come more often */
#define CALL_ARGS_MAX   32

/* --- tokens ---------------------------------------------------------------------------- */

enum token_kind {
    T_END,
    T_NUMBER,
    T_TEXT,
    T_NAME, /* also the words and, or, not, in, true, … */
    T_MARK, /* everything else; which one: struct token.mark */
};

enum mark {
    M_NONE,
    M_OPEN,
    M_CLOSE,
    M_SQUARE_OPEN,
    M_SQUARE_CLOSE,
    M_CURLY_OPEN,
    M_CURLY_CLOSE,
    M_COMMA,
    M_DOT,
    M_COLON,
    M_QUESTION,
    M_OTHERWISE, /* ?? */
    M_PLUS,
    M_MINUS,
    M_TIMES,
    M_DIVIDE,
    M_REST, /* % */
    M_JOIN, /* & */
    M_EQUAL,
    M_UNEQUAL,
    M_LESS,
    M_LESS_EQUAL,
    M_GREATER,
    M_GREATER_EQUAL,
    M_ALIKE,   /* ~ : the same without case and accents */
    M_UNALIKE, /* !~ */
    M_PIPE,
};

struct token {
    enum token_kind kind;
    enum mark mark;
    size_t at, len;   /* in the text */
    double number;    /* T_NUMBER */
    const char *text; /* T_TEXT: without quotes and escapes, in the arena; T_NAME: in the input */
    size_t text_len;
};

struct lexer {
    struct arena *arena;
    const char *text; /* valid UTF-8 */
    size_t len;
    size_t at; /* after the current token */
    struct token now;
    struct flow_error *error;
};

/* Reads the next token into l->now. */
bool lex_next(struct lexer *l);
/* From l->at (right behind a dot) the name of a member: letters, digits and _. */
bool lex_member(struct lexer *l, const char **ret_name, size_t *ret_len);
void lex_skip_spaces(struct lexer *l);
/* White space, that of phones and word processors included. */
bool lex_is_space(uint32_t code);
bool lex_fail(struct lexer *l, enum flow_code code, size_t at, const char *subject,
              const char *message);

/* --- tree ------------------------------------------------------------------------------ */

enum node_kind {
    NODE_LITERAL,
    NODE_PATH,       /* path: a variable */
    NODE_IT,         /* the item of map, filter, … */
    NODE_STEPS,      /* args[0], then path */
    NODE_INDEX,      /* args[0][args[1]] */
    NODE_CALL,       /* function, args */
    NODE_NOT,        /* args[0] */
    NODE_NEGATE,     /* args[0] */
    NODE_AND,        /* all args */
    NODE_OR,         /* any arg */
    NODE_DEFAULT,    /* the first arg that is not blank, or the last */
    NODE_CHOOSE,     /* args[0] ? args[1] : args[2] */
    NODE_COMPARE,    /* args[0] marks[0] args[1] */
    NODE_IN,         /* args[0] in args[1] */
    NODE_NOT_IN,     /* args[0] not in args[1] */
    NODE_JOIN,       /* args as text, one after the other */
    NODE_ARITHMETIC, /* args[0] marks[1] args[1] marks[2] args[2] …, left to right */
    NODE_LIST,       /* args */
    NODE_OBJECT,     /* keys, args */
};

struct expr {
    enum node_kind kind;
    int depth; /* 1 for a leaf */
    size_t at; /* in the text, for errors */
    size_t count;
    struct expr **args;
    const enum mark *marks;   /* NODE_COMPARE, NODE_ARITHMETIC: the mark before each arg */
    const size_t *mark_at;    /* where they stand */
    struct value literal;     /* NODE_LITERAL */
    const struct path *path;  /* NODE_PATH, NODE_STEPS */
    const struct value *keys; /* NODE_OBJECT: texts */
    const struct function_row *function;
};

/* The expression at the lexer's current token, up to the first token that is no part of it. */
bool expr_parse_at(struct lexer *l, struct expr **ret_expr);

/* --- functions ------------------------------------------------------------------------- */

enum arg_type {
    ARG_NONE, /* ends the list */
    ARG_ANY,
    ARG_TEXT,    /* numbers, yes/no and dates are taken as their text, empty as "" */
    ARG_NUMBER,  /* texts that are numbers too */
    ARG_WHOLE,   /* … a whole one below 2^53 */
    ARG_DATE,    /* texts in RFC 3339 or YYYY-MM-DD too */
    ARG_BOOL,    /* anything */
    ARG_LIST,    /* empty as no items */
    ARG_OBJECT,  /* empty as no members */
    ARG_EACH,    /* an expression, evaluated with `it` for every item */
    ARG_PATTERN, /* a regular expression; a constant one is checked when parsed */
};

struct arg {
    const char *name;
    enum arg_type type;
    bool optional;
    bool rest; /* the last one, as often as wanted */
};

struct eval;

struct call {
    const struct function_row *row;
    size_t at;
    size_t count;             /* arguments that were given */
    const struct value *args; /* converted by the row's types; ARG_EACH: empty */
    const size_t *arg_at;
    struct expr *const *nodes; /* NULL for formatters */
};

typedef bool function_fn(struct eval *ev, const struct call *call, struct value *ret);

struct function_row {
    const char *name; /* also the key of its help */
    const char *category;
    const char *returns; /* a value's type, "any" */
    function_fn *fn;
    struct arg args[FUNCTION_ARGS];
};

/* NULL: none. */
const struct function_row *function_find(const char *name, size_t len);
const struct function_row *formatter_find(const char *name, size_t len);
/* How many arguments a row takes. */
void function_arity(const struct function_row *row, size_t *ret_least, size_t *ret_most);
/* The declared argument number i (the last one again for `rest`). */
const struct arg *function_arg(const struct function_row *row, size_t i);
extern const struct function_row flow_functions[];  /* ends with name NULL */
extern const struct function_row flow_formatters[]; /* args[0] is the value */

struct function_help {
    const char *name;
    const char *pt, *es, *en;
    const char *example; /* an expression; a template's part for formatters */
};
extern const struct function_help flow_function_help[]; /* ends with name NULL */
extern const struct function_help flow_formatter_help[];

/* --- evaluation ------------------------------------------------------------------------ */

enum language { LANGUAGE_EN, LANGUAGE_PT, LANGUAGE_ES };

struct eval {
    const struct flow_env *env;
    struct arena *arena; /* everything in between */
    struct flow_error *error;
    int given, operations; /* that it began with; that are left */
    const struct value *it;
    struct flow_zones *zones;
    const struct flow_zone *zone; /* the environment's, once asked for */
    enum language language;
};

/* Begin: *ret_error is where faults go. Must be ended with eval_end, which frees all. */
void eval_begin(struct eval *ev, const struct flow_env *env, struct flow_error *ret_error);
void eval_end(struct eval *ev);
/* Ends and, after a failure, moves the error's texts to a. Returns ok. */
bool eval_done(struct eval *ev, struct arena *a, bool ok);
/* The value, in ev->arena or shared with the environment. */
bool eval_node(struct eval *ev, const struct expr *e, struct value *ret);
/* A result to its place: copied to a, within the environment's limit. */
bool eval_result(struct eval *ev, size_t at, const struct value *v, struct arena *a,
                 struct value *ret);

/* Sets the error; always false. subject may be NULL and is cut to 100 bytes. */
bool eval_fail(struct eval *ev, enum flow_code code, size_t at, const char *subject,
               const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Takes n operations from the budget. */
bool eval_spend(struct eval *ev, size_t n, size_t at);
/* Memory of the evaluation; NULL: the error is set. */
void *eval_alloc(struct eval *ev, size_t count, size_t size_bytes, size_t at);
/* A text value with what b holds. b is not freed. */
bool eval_take_buf(struct eval *ev, const struct buf *b, size_t at, struct value *ret);

/* Conversions, as the argument types above say. at: for the error. */
bool eval_text(struct eval *ev, const struct value *v, size_t at, struct value *ret);
bool eval_number(struct eval *ev, const struct value *v, size_t at, double *ret);
bool eval_date(struct eval *ev, const struct value *v, size_t at, struct value *ret);
bool eval_convert(struct eval *ev, enum arg_type type, const struct value *v, size_t at,
                  struct value *ret);
/* As shown to a customer (flow_value_text). */
bool eval_show(struct eval *ev, const struct value *v, size_t at, struct value *ret);
bool eval_fold(struct eval *ev, const struct value *text, size_t at, struct value *ret);

/* a = b as `==` sees it: a number and its text are equal, a date and its text, blank and blank. */
bool eval_equal(struct eval *ev, const struct value *a, const struct value *b, size_t at,
                bool *ret);
/* Below 0, 0, above 0. */
bool eval_order(struct eval *ev, const struct value *a, const struct value *b, size_t at, int *ret);

/* Zones and dates. name NULL: the environment's zone. */
bool eval_zone(struct eval *ev, const char *name, size_t at, const struct flow_zone **ret);
/* The instant of a date; of a day its beginning in the environment's zone. */
bool eval_instant(struct eval *ev, const struct value *date, size_t at, int64_t *ret_unix_ms);
/* Its calendar and clock, in its own zone. */
bool eval_civil(struct eval *ev, const struct value *date, size_t at, struct civil *ret);
/* An instant or day with that calendar and clock, in the zone of `like`, and a day if that is one. */
bool eval_from_civil(struct eval *ev, const struct civil *c, const struct value *like, size_t at,
                     struct value *ret);
bool eval_now(struct eval *ev, size_t at, struct value *ret);

/* The value of a template within an evaluation: typed when it is a single {{ … }}. */
bool template_eval(struct eval *ev, const struct flow_template *t, struct value *ret);

/* PCRE2 with limits on both sides. The first match's group (0: all of it), or *ret_found false. */
bool eval_regex(struct eval *ev, const struct value *pattern, const struct value *text,
                bool any_case, int64_t group, size_t at, bool *ret_found, struct value *ret_group);

/* --- text of one language (locale.c) ------------------------------------------------------ */

/* "1.234,56": decimals 0 to 15; -1: as many as it has, at most 15. */
void locale_number(struct buf *b, enum language language, const char *currency, double n,
                   int decimals);
/* "R$ 1.234,56" of 123456 minor units. home: the organization's currency. */
void locale_money(struct buf *b, enum language language, const char *currency, const char *home,
                  double minor);
/* "1.234,56", "R$ 10", "1,5 %", "-3": the number in a text as people write it. False: none, or more
 * than one. */
bool locale_parse_number(enum language language, const char *currency, const char *s, size_t len,
                         double *ret);
/* c by a pattern of yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h mm ss SSS a, 'words' and other
 * characters; or short, long, iso. False: an unknown letter. */
bool locale_date(struct buf *b, enum language language, const char *pattern, size_t len,
                 const struct civil *c, int64_t offset_ms, bool day);
/* A date as people write it, in the formats of all three languages; today is for words (tomorrow)
 * and for dates without a year. *ret_time: a time was named, too. False: none. */
bool locale_parse_date(struct arena *a, enum language language, const char *s, size_t len,
                       const struct civil *today, struct civil *ret, bool *ret_time);
enum language locale_language(const char *name);

#endif
