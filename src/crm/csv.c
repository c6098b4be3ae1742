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

void csv_cell(struct buf *b, const char *text)
{
    if (!text) return;
    bool formula = *text && strchr("=+-@\t\r", *text) && !is_number(text);
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
