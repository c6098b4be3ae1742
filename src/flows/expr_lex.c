/* Tokens of expressions. The text is UTF-8; names may have letters of any alphabet. White space is
 * also what phones and word processors put in (no-break and thin spaces). A backslash in a quoted
 * text means \n \t \r \" \' \\ \/ \uXXXX; before anything else it stays, so that regular expressions
 * can be written as they are ("\d+"). */
#include "base/utf8.h"
#include "flows/expr_impl.h"

#include <string.h>

bool lex_fail(struct lexer *l, enum flow_code code, size_t at, const char *subject,
              const char *message)
{
    *l->error = (struct flow_error){
        .code = code,
        .at = at,
        .message = message,
        .subject = flow_error_subject(l->arena, subject),
    };
    return false;
}

bool lex_is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0 || code == 0xfeff ||
           (code >= 0x2000 && code <= 0x200b) || code == 0x202f || code == 0x3000;
}

/* Bytes of the white space at s, 0: none. */
static size_t space_len(const char *s, size_t len)
{
    uint32_t code = 0;
    size_t n = utf8_next(s, len, &code);
    return n > 0 && lex_is_space(code) ? n : 0;
}

void lex_skip_spaces(struct lexer *l)
{
    for (size_t n; (n = space_len(l->text + l->at, l->len - l->at)) > 0;)
        l->at += n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the letter, digit or _ at p; 0: none. */
static size_t name_len(const char *s, size_t len, bool first)
{
    uint32_t code = 0;
    size_t n = utf8_next(s, len, &code);
    if (n == 0) return 0;
    if (code < 0x80) {
        char c = (char)code;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        return letter || (!first && is_digit(c)) ? 1 : 0;
    }
    /* Letters of other alphabets; not the punctuation and symbols of Latin-1 and U+2000-2BFF. */
    bool mark = code < 0xc0 || code == 0xd7 || code == 0xf7 || (code >= 0x2000 && code < 0x2c00) ||
                (code >= 0x3000 && code < 0x3040) || code >= 0xfe00;
    return mark ? 0 : n;
}

static size_t scan_name(const struct lexer *l, size_t from, bool first)
{
    size_t at = from;
    for (size_t n; (n = name_len(l->text + at, l->len - at, first && at == from)) > 0;)
        at += n;
    return at - from;
}

bool lex_member(struct lexer *l, const char **ret_name, size_t *ret_len)
{
    lex_skip_spaces(l);
    size_t len = scan_name(l, l->at, false);
    if (len == 0) return lex_fail(l, FLOW_SYNTAX, l->at, NULL, "a name is expected after the dot");
    *ret_name = l->text + l->at;
    *ret_len = len;
    l->at += len;
    return true;
}

static bool lex_number(struct lexer *l)
{
    size_t at = l->at;
    while (at < l->len && is_digit(l->text[at]))
        at++;
    if (at + 1 < l->len && l->text[at] == '.' && is_digit(l->text[at + 1]))
        for (at++; at < l->len && is_digit(l->text[at]); at++)
            continue;
    if (at < l->len && (l->text[at] == 'e' || l->text[at] == 'E')) {
        size_t e = at + 1;
        if (e < l->len && (l->text[e] == '+' || l->text[e] == '-')) e++;
        if (e < l->len && is_digit(l->text[e]))
            for (at = e; at < l->len && is_digit(l->text[at]); at++)
                continue;
    }
    l->now.kind = T_NUMBER;
    if (!value_number_parse(l->text + l->at, at - l->at, &l->now.number) ||
        name_len(l->text + at, l->len - at, true) > 0)
        return lex_fail(l, FLOW_BAD_NUMBER, l->at, NULL,
                        "this is not a number, or too large a one");
    l->at = at;
    return true;
}

static bool hex4(const struct lexer *l, size_t at, uint32_t *ret)
{
    uint32_t code = 0;
    if (l->len - at < 4) return false;
    for (size_t i = 0; i < 4; i++) {
        char c = l->text[at + i];
        uint32_t digit;
        if (is_digit(c))
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        code = code << 4 | digit;
    }
    *ret = code;
    return true;
}

/* \uXXXX at l->at (behind the u), or two of them for a code point beyond U+FFFF. */
static bool lex_unicode(struct lexer *l, char **out)
{
    uint32_t code = 0, low = 0;
    bool ok = hex4(l, l->at, &code);
    if (ok) l->at += 4;
    if (ok && code >= 0xd800 && code <= 0xdbff) {
        ok = l->len - l->at >= 6 && l->text[l->at] == '\\' && l->text[l->at + 1] == 'u' &&
             hex4(l, l->at + 2, &low) && low >= 0xdc00 && low <= 0xdfff;
        if (ok) l->at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (ok ? low - 0xdc00 : 0);
    } else if (ok) {
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        ok = !control && (code < 0xdc00 || code > 0xdfff);
    }
    if (!ok) return lex_fail(l, FLOW_BAD_TEXT, l->at, NULL, "\\u needs four hexadecimal digits");
    *out += utf8_put(code, *out);
    return true;
}

static bool lex_escape(struct lexer *l, char **out)
{
    static const char from[] = "ntr\"'\\/";
    static const char to[] = "\n\t\r\"'\\/";
    char c = l->text[l->at];
    const char *known = memchr(from, c, sizeof(from) - 1);
    if (c == 'u') {
        l->at++;
        return lex_unicode(l, out);
    }
    if (known) {
        *(*out)++ = to[known - from];
        l->at++;
    } else {
        *(*out)++ = '\\'; /* and c is an ordinary character */
    }
    return true;
}

/* Where the quoted text that begins at from ends; l->len: nowhere. */
static size_t closing_quote(const struct lexer *l, size_t from)
{
    size_t at = from + 1;
    while (at < l->len && l->text[at] != l->text[from])
        at += l->text[at] == '\\' ? 2 : 1;
    return at < l->len ? at : l->len;
}

static bool lex_text(struct lexer *l)
{
    char quote = l->text[l->at];
    size_t from = l->at++;
    /* What an escape stands for is never longer than the escape. */
    char *text = arena_alloc(l->arena, closing_quote(l, from) - from + 1);
    char *out = text;
    if (!text) return lex_fail(l, FLOW_MEMORY, from, NULL, "the text needs too much memory");
    while (l->at < l->len && l->text[l->at] != quote) {
        char c = l->text[l->at++];
        if (c != '\\') {
            *out++ = c;
        } else if (l->at < l->len && !lex_escape(l, &out)) {
            return false;
        }
    }
    if (l->at >= l->len) return lex_fail(l, FLOW_TEXT_OPEN, from, NULL, "the quote is not closed");
    l->at++;
    *out = '\0';
    l->now.kind = T_TEXT;
    l->now.text = text;
    l->now.text_len = (size_t)(out - text);
    return true;
}

static bool lex_mark(struct lexer *l)
{
    static const struct {
        char text[3];
        enum mark mark;
    } marks[] = {
        {"??", M_OTHERWISE},  {"==", M_EQUAL},         {"!=", M_UNEQUAL},     {"<>", M_UNEQUAL},
        {"<=", M_LESS_EQUAL}, {">=", M_GREATER_EQUAL}, {"!~", M_UNALIKE},     {"(", M_OPEN},
        {")", M_CLOSE},       {"[", M_SQUARE_OPEN},    {"]", M_SQUARE_CLOSE}, {"{", M_CURLY_OPEN},
        {"}", M_CURLY_CLOSE}, {",", M_COMMA},          {".", M_DOT},          {":", M_COLON},
        {"?", M_QUESTION},    {"+", M_PLUS},           {"-", M_MINUS},        {"*", M_TIMES},
        {"/", M_DIVIDE},      {"%", M_REST},           {"&", M_JOIN},         {"=", M_EQUAL},
        {"<", M_LESS},        {">", M_GREATER},        {"~", M_ALIKE},        {"|", M_PIPE},
    };
    const char *s = l->text + l->at;
    size_t left = l->len - l->at;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t len = strlen(marks[i].text);
        if (left < len || memcmp(s, marks[i].text, len) != 0) continue;
        l->now.kind = T_MARK;
        l->now.mark = marks[i].mark;
        l->at += len;
        return true;
    }
    return lex_fail(l, FLOW_SYNTAX, l->at, arena_strndup(l->arena, s, utf8_next(s, left, NULL)),
                    "this character means nothing here");
}

bool lex_next(struct lexer *l)
{
    bool ok = true;
    lex_skip_spaces(l);
    l->now = (struct token){.kind = T_END, .at = l->at};
    if (l->at == l->len) return true;
    char c = l->text[l->at];
    if (is_digit(c)) {
        ok = lex_number(l);
    } else if (c == '"' || c == '\'') {
        ok = lex_text(l);
    } else if ((l->now.text_len = scan_name(l, l->at, true)) > 0) {
        l->now.kind = T_NAME;
        l->now.text = l->text + l->at;
        l->at += l->now.text_len;
    } else {
        ok = lex_mark(l);
    }
    l->now.len = l->at - l->now.at;
    return ok;
}
