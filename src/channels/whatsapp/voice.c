/* Recordings (voice.h), by ffmpeg in a process of its own with limits (core/child.h): what strangers
 * recorded is never decoded in ours, and only as what recordings are: no playlist or list of files
 * is read, which could name others. First the audio is copied as it is into an Ogg file; only when
 * that is not one channel of Opus it is encoded. */
#include "channels/whatsapp/voice.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "core/child.h"
#include "core/process.h"

#define FFMPEG   "/usr/bin/ffmpeg"
#define HEAD_MAX 512

#define FORMATS                                                                                    \
    "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,wav,w64,mp3,aac,amr,flac,caf,aiff,au,asf,mpegts,"   \
    "mpeg"

bool voice_is_ready(struct bytes head)
{
    static const char magic[] = "OpusHead";
    if (head.len < 4 || memcmp(head.data, "OggS", 4) != 0) return false;
    size_t look = head.len < 300 ? head.len : 300;
    const unsigned char *at = memmem(head.data, look, magic, sizeof magic - 1);
    /* version byte, then the count of channels */
    return at && (size_t)(at - head.data) + 10 <= head.len && at[9] == 1;
}

bool audio_is_taken(const char *type, struct bytes head)
{
    static const char *const taken[] = {"audio/aac", "audio/amr",   "audio/mpeg",
                                        "audio/mp4", "audio/x-m4a", "audio/m4a"};
    if (voice_is_ready(head)) return true;
    size_t len = type ? strcspn(type, "; ") : 0;
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (strlen(taken[i]) == len && strncasecmp(taken[i], type, len) == 0) return true;
    return false;
}

static bool file_is_ready(const char *path)
{
    unsigned char head[HEAD_MAX];
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    return n > 0 && voice_is_ready((struct bytes){.data = head, .len = (size_t)n});
}

static enum err run(struct ctx *c, const char *from, const char *to, bool encode, bool *ret_done)
{
    const char *reading[] = {FFMPEG,
                             "-nostdin",
                             "-v",
                             "quiet",
                             "-protocol_whitelist",
                             "file",
                             "-format_whitelist",
                             FORMATS,
                             "-y",
                             "-i",
                             from,
                             "-map",
                             "0:a:0",
                             NULL};
    const char *copying[] = {"-c:a", "copy", NULL};
    const char *encoding[] = {"-ac",      "1",    "-ar", "48000",        "-c:a",
                              "libopus",  "-b:a", "32k", "-application", "voip",
                              "-threads", "1",    NULL};
    const char *writing[] = {"-map_metadata", "-1", "-f", "ogg", to, NULL};
    const char **parts[] = {reading, encode ? encoding : copying, writing};
    const char *args[ARRAY_LEN(reading) + ARRAY_LEN(encoding) + ARRAY_LEN(writing)] = {NULL};
    for (size_t i = 0, n = 0; i < ARRAY_LEN(parts); i++)
        for (const char **arg = parts[i]; *arg; arg++)
            args[n++] = *arg;
    const struct child_limits limits = {.cpu_s = 60,
                                        .memory_bytes = (int64_t)(1536 * MIB),
                                        .file_bytes = (int64_t)(32 * MIB),
                                        .time_ms = 90 * 1000,
                                        .reads = from,
                                        .writes = to};
    int code = 0;
    enum err e = child_run(c, args, &limits, &code);
    if (e) return e;
    *ret_done = code == 0 && file_is_ready(to);
    return ERR_OK;
}

enum err voice_convert(struct ctx *c, const char *path, const char **ret_path)
{
    const char *to = arena_printf(c->arena, "%s/%s.ogg", data_path(c->arena, c->app->config, "tmp"),
                                  crypto_token(c->arena, 18));
    CLEANUP(fd_closep) int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fault(c, ERR_IO, NULL, "a temporary file cannot be made");
    *ret_path = to;
    bool done = false;
    enum err e = run(c, path, to, false, &done);
    if (!e && !done) e = run(c, path, to, true, &done);
    if (e) return e;
    if (!done)
        return fault(c, ERR_MEDIA_TYPE, "VOICE_UNREADABLE",
                     "the recording could not be read as audio");
    return ERR_OK;
}
