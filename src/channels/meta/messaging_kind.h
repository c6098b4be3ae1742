/* Messenger and Instagram differ in their limits, settings and logins; what a channel does is the same
 * with another struct messaging_platform, which follows from the account's kind. The rows of both
 * kinds name these functions (channel.h says what each must do). */
#ifndef INTERFLOW_CHANNELS_META_MESSAGING_KIND_H
#define INTERFLOW_CHANNELS_META_MESSAGING_KIND_H

#include "channels/channel.h"

enum err messaging_kind_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                             struct send_result *ret_result);
enum err messaging_kind_react(struct ctx *c, const struct channel *ch, const struct outbound *m,
                              const char *external_id, const char *emoji,
                              struct send_result *ret_result);
enum err messaging_kind_seen(struct ctx *c, const struct channel *ch, const char *identifier,
                             const char *external_id);
void messaging_kind_typing(struct ctx *c, const struct channel *ch, struct uuid chat,
                           const char *identifier, bool on);
enum err messaging_kind_profile(struct ctx *c, const struct channel *ch, const char *identifier,
                                struct profile *ret_profile);
enum err messaging_kind_check(struct ctx *c, const struct channel *ch, struct check_result *ret);
enum err messaging_kind_connected(struct ctx *c, const struct channel *ch);
enum err messaging_kind_removed(struct ctx *c, const struct channel *ch);
enum err messaging_kind_upkeep(struct ctx *c, const struct channel *ch);

#endif
