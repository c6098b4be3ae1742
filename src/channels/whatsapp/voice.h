/* Recordings to what WhatsApp takes: audio/ogg with one channel of Opus. What browsers record is
 * Opus in WebM (remuxed, when it has one channel), AAC in MP4, or WAV (encoded). */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_VOICE_H
#define INTERFLOW_CHANNELS_WHATSAPP_VOICE_H

#include "channels/channel.h"

#define VOICE_TYPE "audio/ogg; codecs=opus"

/* Are these the first bytes of an Ogg file with one channel of Opus (RFC 7845)? Pure. */
bool voice_is_ready(struct bytes head);
/* Is it audio that goes out as it is, when it is no voice note? */
bool audio_is_taken(const char *type, struct bytes head);
/* Make *ret_path (in the data folder's tmp; the caller unlinks it, also after an error when it is
 * not NULL) from the file at path. ERR_MEDIA_TYPE (VOICE_UNREADABLE): no audio that can be read;
 * ERR_NOT_FOUND: ffmpeg is not installed; ERR_DEADLINE. */
MUST_USE enum err voice_convert(struct ctx *c, const char *path, const char **ret_path);

#endif
