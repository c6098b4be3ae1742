/* One cell of a CSV file (RFC 4180), safe to open in a spreadsheet. */
#ifndef INTERFLOW_CRM_CSV_H
#define INTERFLOW_CRM_CSV_H

#include "base/buf.h"

/* Append text as a cell: quoted where needed. A text that a spreadsheet would run as a formula (it
 * begins with = + - @, tab or carriage return) gets an apostrophe before it; numbers and telephone
 * numbers are left as they are. NULL is empty. */
void csv_cell(struct buf *b, const char *text);

#endif
