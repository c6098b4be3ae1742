/* The functions and formatters of expressions, for those who show them: completion in the editor,
 * the API's list, the docs. Their code is in functions*.c, one row each. */
#ifndef INTERFLOW_FLOWS_FUNCTIONS_H
#define INTERFLOW_FLOWS_FUNCTIONS_H

#include "base/buf.h"

/* Appends "functions":[{name,category,args,returns,help:{pt,es,en},example}],"formatters":[same],
 * "operators":[{type,op,right}],"errors":[code…]: the members of an object, without its braces, so
 * that the caller can add "paths". */
void flow_functions_json(struct buf *b);

#endif
