/* Messages that a platform approved beforehand. Table templates is our copy of what the platform
 * has, kept in step by the account's upkeep, by its webhooks and by the button; it is written as
 * Meta writes templates (HEADER, BODY, FOOTER, BUTTONS). A kind with CAN_TEMPLATE gives the
 * functions below. */
#ifndef INTERFLOW_CHANNELS_TEMPLATES_H
#define INTERFLOW_CHANNELS_TEMPLATES_H

#include "channels/channel.h"

/* What a kind does for its templates. All call out; never in a transaction. Refusals of the platform
 * are ERR_UNPROCESSABLE (TEMPLATE_REFUSED) with its words, tokens that are gone ERR_UNPROCESSABLE
 * (META_TOKEN …). */
struct template_functions {
    /* All of the account: an array of {externalId, name, language, category, status, reason, quality,
     * format: positional|named, components}, of the arena. */
    enum err (*list)(struct ctx *c, const struct channel *ch, json_t **ret_list);
    /* Ask for approval. t: {name, language, category, format, components}. *ret: {externalId,
     * status, category}. */
    enum err (*create)(struct ctx *c, const struct channel *ch, const json_t *t, json_t **ret);
    /* Remove one language of it. ERR_OK also when it is gone already. */
    enum err (*remove)(struct ctx *c, const struct channel *ch, const char *external_id,
                       const char *name);
};

/* Bring our copy into step. *ret_count (may be NULL): how many there are now. */
MUST_USE enum err templates_sync(struct ctx *c, const struct channel *ch, int *ret_count);

/* --- sending one ----------------------------------------------------------------------- */

struct template_filled {
    json_t *send;     /* {name, language, category, components}: message.data.template */
    const char *text; /* header, body and footer as the person reads them */
    json_t *buttons;  /* [{title}] for showing; NULL: none */
    struct uuid file; /* of the header; nil: none */
};
/* Fill in a template: t = {name, language, format, components} as in the table, parameters =
 * {header: ["x"] | [{type: "image|video|document", fileId | link}] | [{type: "location", …}],
 *  body: ["x", …] or {name: "x"}, buttons: [{index, text | payload | code}]}. Pure. NULL when fine,
 * else what is wrong in English, with the field in *ret_field ("template.parameters.body"). */
const char *template_fill(struct arena *a, const json_t *t, const json_t *parameters,
                          struct template_filled *ret, const char **ret_field);
/* The approved template of an account by name and language (or, name NULL, by its row's id), filled
 * in. ERR_NOT_FOUND (TEMPLATE_NOT_FOUND); ERR_UNPROCESSABLE (TEMPLATE_NOT_APPROVED); ERR_INVALID
 * naming the field. */
MUST_USE enum err template_prepare(struct ctx *c, struct uuid channel, const char *name,
                                   const char *language, struct uuid id, const json_t *parameters,
                                   struct template_filled *ret);

extern const struct route templates_routes[];

#endif
