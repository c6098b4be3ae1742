/* Shapes of the inbox's answers, for the API document, the types of the interface and the tests. */
#ifndef INTERFLOW_INBOX_SCHEMAS_H
#define INTERFLOW_INBOX_SCHEMAS_H

#include "core/router.h"

extern const struct schema inbox_schema_chat;
extern const struct schema inbox_schema_message;
extern const struct schema inbox_schema_message_page;
extern const struct schema inbox_schema_counts;
extern const struct schema inbox_schema_read;
extern const struct schema inbox_schema_shortcut;
extern const struct schema inbox_schema_closure_type;
extern const struct schema inbox_schema_view;

#endif
