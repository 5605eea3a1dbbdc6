/*
 * Options: flag > environment > file > default. One table (config.def) gives parsing, --help and the documentation.
 */
#ifndef LF_SERVER_CONFIG_H
#define LF_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"

/* Which commands have an option. */
enum {
    LF_CMD_UP = 1,
    LF_CMD_GATEWAY = 2,
    LF_CMD_CONSUMER = 4,
    LF_CMD_CHECK = 8,
    LF_CMD_SCHEMA = 16,
    LF_CMD_EVENTS = 32,
    LF_CMD_VALIDATE = 64,
    LF_CMD_VERIFY = 128,
    LF_CMD_EXPORT = 256,
    LF_CMD_IMPORT = 512,
    LF_CMD_COPY = 1024,
    LF_CMD_GENERATE = 2048,
    LF_CMD_LOCK = 4096,
    LF_CMD_COMPAT = 8192,
    LF_CMD_REBUILD = 16384,
    LF_CMD_REGISTER = 32768,
    LF_CMD_LETTERS = 65536,
    LF_CMD_REPLAY = 131072,
    LF_CMD_API = LF_CMD_UP | LF_CMD_GATEWAY,
    LF_CMD_CONSUME = LF_CMD_UP | LF_CMD_CONSUMER,
    LF_CMD_SERVE = LF_CMD_UP | LF_CMD_GATEWAY | LF_CMD_CONSUMER,
    LF_CMD_READ = LF_CMD_SERVE | LF_CMD_EVENTS | LF_CMD_VERIFY,                /* look at the log, for a group */
    LF_CMD_LOG = LF_CMD_READ | LF_CMD_IMPORT | LF_CMD_REBUILD | LF_CMD_REPLAY, /* have a log */
    LF_CMD_DATA = LF_CMD_LOG | LF_CMD_EXPORT | LF_CMD_LETTERS,                 /* have a store */
    LF_CMD_WRITE = LF_CMD_SERVE | LF_CMD_IMPORT | LF_CMD_COPY,                 /* append to a log, and make topics */
    LF_CMD_APPEND = LF_CMD_WRITE | LF_CMD_REPLAY,
    LF_CMD_DEAD = LF_CMD_LETTERS | LF_CMD_REPLAY,  /* dead letters */
    LF_CMD_LISTS = LF_CMD_EVENTS | LF_CMD_LETTERS, /* from the store, a page after the other */
    LF_CMD_TYPED = LF_CMD_EVENTS | LF_CMD_DEAD,
    LF_CMD_JUDGE = LF_CMD_CONSUME | LF_CMD_VERIFY, /* know what becomes of a record */
    LF_CMD_FILE = LF_CMD_EXPORT | LF_CMD_IMPORT,
    LF_CMD_GENERATED = LF_CMD_GENERATE | LF_CMD_LOCK, /* write files of schemas of payloads */
    LF_CMD_COMPARE = LF_CMD_COMPAT | LF_CMD_REGISTER, /* compare them with those before */
    LF_CMD_CHOOSE = LF_CMD_GENERATE | LF_CMD_COMPARE, /* of some events */
    LF_CMD_SCHEMED_SERVE = LF_CMD_SERVE,              /* write with them */
    LF_CMD_SUBJECTS = LF_CMD_SERVE | LF_CMD_COMPARE,  /* name them in a registry */
    LF_CMD_TOPIC = LF_CMD_READ | LF_CMD_IMPORT | LF_CMD_REBUILD | LF_CMD_COMPARE, /* know where events go */
    /* each in its own format; know what they are; know where others' are */
    LF_CMD_FORMATTED = LF_CMD_LOCK | LF_CMD_SUBJECTS | LF_CMD_VERIFY | LF_CMD_REBUILD,
    LF_CMD_SCHEMED = LF_CMD_GENERATE | LF_CMD_FORMATTED,
    LF_CMD_REGISTRY = LF_CMD_SUBJECTS | LF_CMD_VERIFY | LF_CMD_EVENTS | LF_CMD_REBUILD,
    LF_CMD_ALL = 262143,
};

struct lf_texts {
    const char **items;
    size_t count, cap;
};

typedef const char *lf_option_TEXT;
typedef struct lf_texts lf_option_TEXTS; /* the option may be repeated */
typedef bool lf_option_BOOL;
typedef int64_t lf_option_COUNT;
typedef int64_t lf_option_DURATION;
typedef int64_t lf_option_SIZE;
typedef int lf_option_CHOICE; /* index of the word in the placeholder's list */

struct lf_property {
    const char *name;
    const char *value;
};

struct lf_config {
    struct lf_arena arena; /* owns all texts */
#define LF_OPTION(field, type, fallback, commands, placeholder, help) lf_option_##type field;
#include "server/config.def"
#undef LF_OPTION
    struct lf_property *kafka; /* librdkafka properties, verbatim, from the file's kafka: section */
    size_t kafka_count;
};

struct lf_config_arg {
    const char *name;  /* as on the command line, without -- */
    const char *value; /* NULL: none was given */
};

/* Reads all sources for a command (one LF_CMD_ bit). env is like environ. LF_USAGE: unknown or malformed option, with
 * its source; LF_NOT_FOUND and LF_INVALID: the file. Release in any case. */
LF_NODISCARD enum lf_status lf_config_load(struct lf_config *config, unsigned command, const struct lf_config_arg *args,
                                           size_t arg_count, char *const *env, struct lf_err *err);
void lf_config_release(struct lf_config *config);

/* Whether the option of that flag name exists for the command, and whether it needs a value. */
bool lf_config_option_known(unsigned command, const char *flag, bool *ret_needs_value);
/* Appends the options of a command as a table for --help. */
void lf_config_help(struct lf_buf *out, unsigned command);

#endif
