/* Cells of CSV files (csv.h): quoting by RFC 4180, and the apostrophe that keeps a spreadsheet from
 * running what a stranger wrote as their name. Used by exports; reading CSV is the importer's. */
#include "crm/csv.h"

#include <string.h>

/* Nothing but digits and the signs between them: harmless, and useless with an apostrophe. */
static bool is_number(const char *s)
{
    s += *s == '+' || *s == '-';
    return *s >= '0' && *s <= '9' && s[strspn(s, "0123456789 .()-")] == '\0';
}

/* The signs that begin a formula; some spreadsheets take the full-width forms too. */
static bool begins_formula(const char *s)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    if (*s && strchr("=+-@\t\r\n", *s)) return true;
    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        if (strncmp(s, wide[i], strlen(wide[i])) == 0) return true;
    return false;
}

void csv_cell(struct buf *b, const char *text)
{
    if (!text) return;
    bool formula = begins_formula(text) && !is_number(text);
    bool quoted = formula || strpbrk(text, ",;\"\r\n\t") || *text == ' ';
    if (!quoted) {
        buf_adds(b, text);
        return;
    }
    buf_addc(b, '"');
    if (formula) buf_addc(b, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '"') buf_addc(b, '"');
        buf_addc(b, *p);
    }
    buf_addc(b, '"');
}
