/* Mails of one mailbox on their way in, several beside each other: while one is being stored the next
 * are read. Each is one coroutine with a context and a spool of its own; what belongs together keeps
 * its order (mail_order.h). Belongs to the coroutine of the connection. */
#ifndef INTERFLOW_CHANNELS_EMAIL_INTAKE_H
#define INTERFLOW_CHANNELS_EMAIL_INTAKE_H

#include "channels/email/email.h"
#include "channels/email/mail_spool.h"

#define INTAKE_LANES     8
#define INTAKE_BYTES_MAX (64 * MIB) /* of mails on their way; a larger one goes alone */

struct intake;

/* One mail. */
struct intake_lane {
    struct intake *intake;
    struct mail_turn turn;
    struct mail_spool spool;
    size_t size; /* counted in the intake's bytes */
    struct mail_raw raw;
    struct co *co; /* while it is being taken */
    bool used;
};

struct intake {
    struct ctx *c; /* of the connection: faults go there */
    const struct channel *ch;
    const char *folder, *spool_folder;
    struct mail_order order;
    struct intake_lane lanes[INTAKE_LANES];
    size_t bytes;
    int running;
    struct co *waiting;
    enum err err; /* the first mail that could not be taken now; its turn stays in the order */
};

/* A lane for a mail of about this size, once there is room, with an empty spool. Errors: that of a
 * mail before it; ERR_CANCELLED. */
MUST_USE enum err intake_lane(struct intake *in, size_t size_bytes, struct intake_lane **ret);
/* Nothing came of it. NULL is fine. */
void intake_drop(struct intake_lane *l);
/* The spool is full: take the mail, behind all others. raw: without its bytes. */
MUST_USE enum err intake_take(struct intake_lane *l, uint32_t uid, const struct mail_raw *raw);
/* Wait for all that are on their way (cancelled ones end at once) and give what they hold back. The
 * error of the first that could not be taken. */
MUST_USE enum err intake_end(struct intake *in);
/* The lowest UID on its way or that could not be taken, when it is below this one; else this one. */
uint32_t intake_low(const struct intake *in, uint32_t uid);

#endif
