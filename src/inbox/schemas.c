/* Shapes of the inbox's answers. The JSON itself is made by chat_json and message_json
 * (sql/functions/inbox.sql); the tests hold every answer against these rows. */
#include "inbox/schemas.h"

static const struct field chat_customer[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true, .example = "\"Beatriz Carvalho\""},
    {.name = "avatarFileId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "tags", .type = F_ARRAY, .of = F_UUID, .required = true},
    {0},
};

static const struct field chat_contact[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "kind", .type = F_TEXT, .required = true, .example = "\"whatsapp\""},
    {.name = "display",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Masked when contact data are hidden from the reader.",
     .example = "\"+5511984217730\""},
    {0},
};

static const struct field chat_last_message[] = {
    {.name = "id", .type = F_UUID},
    {.name = "seq", .type = F_INT},
    {.name = "kind", .type = F_TEXT},
    {.name = "direction", .type = F_ENUM, .values = "in|out|note|event"},
    {.name = "text", .type = F_TEXT, .help = "At most 160 characters."},
    {.name = "status", .type = F_TEXT},
    {.name = "authorName", .type = F_TEXT},
    {.name = "subject", .type = F_TEXT, .help = "Of a mail."},
    {.name = "about",
     .type = F_ENUM,
     .values = "mention|story|share|order|form|sticker",
     .help = "What it is when it has no words of its own."},
    {.name = "deleted", .type = F_BOOL, .help = "True when it was taken back."},
    {0},
};

static const struct field chat_visitor[] = {
    {.name = "id", .type = F_UUID},       {.name = "page", .type = F_TEXT},
    {.name = "referrer", .type = F_TEXT}, {.name = "agent", .type = F_TEXT},
    {.name = "language", .type = F_TEXT}, {0},
};

static const struct field chat_flow[] = {
    {.name = "sessionId", .type = F_UUID, .required = true},
    {.name = "flowId", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "nodeName", .type = F_TEXT, .required = true, .help = "Where it stands."},
    {.name = "status", .type = F_ENUM, .values = "running|waiting|paused", .required = true},
    {0},
};

static const struct field chat_response_flow[] = {
    {.name = "flowId", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "at", .type = F_DATETIME, .required = true},
    {0},
};

static const struct field chat_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "status",
     .type = F_ENUM,
     .values = "pending|in_progress|waiting|closed",
     .required = true},
    {.name = "channelId", .type = F_UUID, .required = true},
    {.name = "assigneeId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "teamId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "owner", .type = F_ENUM, .values = "human|bot", .required = true},
    {.name = "priority",
     .type = F_INT,
     .min = 0,
     .max = 3,
     .required = true,
     .help = "0 normal … 3 urgent."},
    {.name = "snoozedUntil", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "archivedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "openedAt", .type = F_DATETIME, .required = true},
    {.name = "firstResponseAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "waitingSince",
     .type = F_DATETIME,
     .required = true,
     .nullable = true,
     .help = "Since when the customer waits for an answer."},
    {.name = "lastMessageAt", .type = F_DATETIME, .required = true},
    {.name = "lastMessage", .type = F_OBJECT, .fields = chat_last_message, .required = true},
    {.name = "messageCount", .type = F_INT, .required = true},
    {.name = "inboundCount", .type = F_INT, .required = true},
    {.name = "inboundSeen",
     .type = F_INT,
     .required = true,
     .nullable = true,
     .help = "How many of them the reader has seen; unread = inboundCount - inboundSeen. Null in "
             "events."},
    {.name = "closedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "closedBy", .type = F_UUID, .required = true, .nullable = true},
    {.name = "closureTypeId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "closureNote", .type = F_TEXT, .required = true},
    {.name = "windowUntil",
     .type = F_DATETIME,
     .required = true,
     .nullable = true,
     .help = "Until when the platform lets us write freely; null: no such limit, or the customer "
             "never wrote."},
    {.name = "pinnedMessageId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "visitor", .type = F_OBJECT, .fields = chat_visitor, .required = true},
    {.name = "version", .type = F_INT, .required = true},
    {.name = "flow",
     .type = F_OBJECT,
     .fields = chat_flow,
     .required = true,
     .nullable = true,
     .help = "What runs or pauses in it."},
    {.name = "responseFlow",
     .type = F_OBJECT,
     .fields = chat_response_flow,
     .required = true,
     .nullable = true,
     .help = "A flow that starts when the customer writes."},
    {.name = "customer", .type = F_OBJECT, .fields = chat_customer, .required = true},
    {.name = "contact", .type = F_OBJECT, .fields = chat_contact, .required = true},
    {.name = "otherOpenChats",
     .type = F_INT,
     .required = true,
     .nullable = true,
     .help = "Further open chats of the same customer that the reader sees; null in live news."},
    {0},
};
const struct schema inbox_schema_chat = {"Chat", "One attendance with a customer on a channel.",
                                         chat_fields};

static const struct field message_reply[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "seq", .type = F_INT, .required = true},
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "direction", .type = F_TEXT, .required = true},
    {.name = "authorName", .type = F_TEXT, .required = true},
    {.name = "content", .type = F_TEXT, .required = true},
    {0},
};

static const struct field message_file[] = {
    {.name = "id", .type = F_UUID, .required = true, .nullable = true},
    {.name = "position", .type = F_INT, .required = true},
    {.name = "kind", .type = F_ENUM, .values = "image|video|audio|document", .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "type", .type = F_TEXT, .required = true, .example = "\"image/png\""},
    {.name = "sizeBytes", .type = F_INT, .required = true, .nullable = true},
    {.name = "width", .type = F_INT, .required = true, .nullable = true},
    {.name = "height", .type = F_INT, .required = true, .nullable = true},
    {.name = "state", .type = F_ENUM, .values = "ready|pending|failed", .required = true},
    {.name = "error", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "durationMs", .type = F_INT, .required = true, .nullable = true},
    {.name = "url", .type = F_TEXT, .required = true, .nullable = true},
    {0},
};

static const struct field message_reaction[] = {
    {.name = "emoji", .type = F_TEXT, .required = true},
    {.name = "actor", .type = F_TEXT, .required = true, .help = "\"customer\" or a user's id."},
    {.name = "actorName", .type = F_TEXT, .required = true},
    {0},
};

static const struct field message_error[] = {
    {.name = "code", .type = F_TEXT},
    {.name = "message", .type = F_TEXT},
    {.name = "advice",
     .type = F_TEXT,
     .help = "What a person can do: template, reconnect, recipient, content, account, later."},
    {.name = "raw", .type = F_JSON},
    {0},
};

static const struct field message_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "chatId", .type = F_UUID, .required = true},
    {.name = "seq",
     .type = F_INT,
     .required = true,
     .help = "Place in the chat, without gaps; below zero while scheduled."},
    {.name = "direction", .type = F_ENUM, .values = "in|out|note|event", .required = true},
    {.name = "kind",
     .type = F_TEXT,
     .required = true,
     .values = "text|image|video|audio|document|location|contact|template|email|unsupported|event"},
    {.name = "content", .type = F_TEXT, .required = true, .max = 65536},
    {.name = "data",
     .type = F_JSON,
     .required = true,
     .help = "What the kind needs beside text; of events: {what, …}."},
    {.name = "status",
     .type = F_ENUM,
     .values = "received|scheduled|queued|sent|delivered|read|failed|cancelled",
     .required = true},
    {.name = "error",
     .type = F_OBJECT,
     .fields = message_error,
     .required = true,
     .nullable = true},
    {.name = "authorKind",
     .type = F_ENUM,
     .values = "customer|user|key|bot|system",
     .required = true},
    {.name = "authorId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "authorName", .type = F_TEXT, .required = true},
    {.name = "clientId", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "sequenceId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "scheduledFor", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "sentAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "deliveredAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "readAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "editedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "deletedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "replyTo",
     .type = F_OBJECT,
     .fields = message_reply,
     .required = true,
     .nullable = true},
    {.name = "files", .type = F_ARRAY, .of = F_OBJECT, .fields = message_file, .required = true},
    {.name = "reactions",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = message_reaction,
     .required = true},
    {.name = "mentions", .type = F_ARRAY, .of = F_UUID, .required = true},
    {0},
};
const struct schema inbox_schema_message = {
    "Message", "Something said in a chat, or a line that says what happened.", message_fields};

static const struct field message_page_fields[] = {
    {.name = "items", .type = F_ARRAY, .of = F_OBJECT, .fields = message_fields, .required = true},
    {.name = "next",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Cursor of the next page; null at the end."},
    {.name = "scheduled",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = message_fields,
     .required = true,
     .help = "What goes out later."},
    {0},
};
const struct schema inbox_schema_message_page = {"MessagePage", "A page of a conversation.",
                                                 message_page_fields};

static const struct field counts_fields[] = {
    {.name = "all", .type = F_INT, .required = true, .help = "Counting stops at 1000."},
    {.name = "unassigned", .type = F_INT, .required = true},
    {.name = "waiting", .type = F_INT, .required = true},
    {.name = "mine", .type = F_INT, .required = true},
    {.name = "unread", .type = F_INT, .required = true, .help = "My chats with something unread."},
    {.name = "mentions", .type = F_INT, .required = true},
    {.name = "views",
     .type = F_JSON,
     .required = true,
     .help = "Of each of my saved filters, by its id: how many chats it shows."},
    {0},
};
const struct schema inbox_schema_counts = {"ChatCounts", "The numbers beside the views.",
                                           counts_fields};

static const struct field step_fields[] = {
    {.name = "content", .type = F_TEXT, .required = true, .max = 4096},
    {.name = "fileIds", .type = F_ARRAY, .of = F_UUID, .max = 10},
    {.name = "delayMs", .type = F_INT, .max = 600000},
    {0},
};

static const struct field shortcut_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "keyword", .type = F_TEXT, .required = true},
    {.name = "title", .type = F_TEXT, .required = true},
    {.name = "steps", .type = F_ARRAY, .of = F_OBJECT, .fields = step_fields, .required = true},
    {.name = "shared",
     .type = F_BOOL,
     .required = true,
     .help = "Of the organization; otherwise the reader's own."},
    {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .required = true},
    {.name = "uses", .type = F_INT, .required = true},
    {.name = "updatedAt", .type = F_DATETIME, .required = true},
    {0},
};
const struct schema inbox_schema_shortcut = {
    "Shortcut", "A canned reply, called by / and its keyword.", shortcut_fields};

static const struct field closure_type_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "color", .type = F_COLOR, .required = true},
    {.name = "needsNote", .type = F_BOOL, .required = true},
    {.name = "position", .type = F_INT, .required = true},
    {.name = "archivedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {0},
};
const struct schema inbox_schema_closure_type = {"ClosureType", "Why a chat ended.",
                                                 closure_type_fields};

static const struct field view_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "icon", .type = F_TEXT, .required = true},
    {.name = "color", .type = F_COLOR, .required = true},
    {.name = "filter", .type = F_JSON, .required = true},
    {.name = "position", .type = F_INT, .required = true},
    {0},
};
const struct schema inbox_schema_view = {"InboxView", "A saved filter of the reader.", view_fields};

static const struct field read_fields[] = {
    {.name = "chatId", .type = F_UUID, .required = true},
    {.name = "inboundSeen", .type = F_INT, .required = true},
    {.name = "seqSeen", .type = F_INT, .required = true},
    {0},
};
const struct schema inbox_schema_read = {"ChatRead", "How far the reader has read a chat.",
                                         read_fields};
