/* What several kinds of nodes share (nodes.h). */
#include "flows/nodes/nodes.h"

#include <string.h>

#include "base/json.h"

static void file_add(struct flow_message *m, const json_t *file)
{
    const char *id = json_get_text(file, "fileId");
    if (id && m->file_count < MESSAGE_FILES_MAX && uuid_parse(id, &m->files[m->file_count]))
        m->file_count++;
}

void node_files(const struct node *n, const char *field, struct flow_message *m)
{
    const json_t *v = node_json(n, field);
    if (json_is_object(v)) file_add(m, v);
    for (size_t i = 0; i < json_array_size(v); i++)
        file_add(m, json_array_get(v, i));
}

enum step ask_wait(struct run *r, const struct node *n, int64_t tries)
{
    CLEANUP(json_decrefp) json_t *data = json_pack("{s:I}", "tries", (json_int_t)tries);
    return run_wait_answer(r, node_int(n, "timeoutMs", 0), data);
}

enum step ask_again(struct run *r, const struct node *n,
                    enum step (*ask)(struct run *r, const struct node *n, const char *field,
                                     int64_t tries))
{
    int64_t tries = json_get_int(r->wait.data, "tries", 0) + 1;
    if (tries > node_int(n, "retries", 0)) return run_port(r, "nomatch");
    run_note(r, "try", json_integer(tries + 1));
    return ask(r, n, *node_text(n, "retryText") ? "retryText" : "text", tries);
}
