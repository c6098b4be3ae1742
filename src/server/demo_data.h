/* The demonstration's story: one business, Quintal da Lola (pet shop and clinic, São Paulo). Only
 * texts; cli_demo.c makes rows of them. {name} {pet} {agent} are filled in. */
#ifndef INTERFLOW_SERVER_DEMO_DATA_H
#define INTERFLOW_SERVER_DEMO_DATA_H

struct demo_line {
    char who;    /* 'c' the customer, 'a' the agent, 'n' a note between agents; 0 ends */
    int after_s; /* seconds after the line before */
    const char *text;
};

struct demo_script {
    const char *team; /* a name of demo_teams */
    const char *tag;  /* a name of demo_tags, or NULL */
    int closure; /* 0 resolved, 1 sale, 2 not interested, 3 no answer: order of the seeded closure
                    types */
    const struct demo_line *lines;
};

struct demo_agent {
    const char *name, *email, *role;
    const char *teams[3];
};

struct demo_shortcut {
    const char *keyword, *title, *content;
};

extern const char *const demo_first_names[], *const demo_last_names[], *const demo_pets[],
                                                                           *const demo_breeds[];
extern const char *const demo_notes[4];
extern const char *const demo_teams[][2]; /* name, colour */
extern const char *const demo_tags[][2];
extern const struct demo_agent demo_agents[];
extern const struct demo_shortcut demo_shortcuts[];
extern const struct demo_script demo_scripts[];

#endif
