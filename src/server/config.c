/* The options table, and the sources: command line, environment, file. */
#include "server/config.h"
#include "base/limits.h"
#include "server/config_file.h"

#include <stddef.h>
#include <string.h>

enum option_type { TEXT, TEXTS, BOOL, COUNT, DURATION, SIZE, CHOICE };

struct option {
    const char *field; /* with underscores */
    enum option_type type;
    const char *fallback;
    unsigned commands;
    const char *placeholder;
    const char *help;
    size_t at; /* in struct lf_config */
};

static const struct option options[] = {
#define LF_OPTION(field, type, fallback, commands, placeholder, help)                                                  \
    {#field, type, fallback, LF_CMD_##commands, placeholder, help, offsetof(struct lf_config, field)},
#include "server/config.def"
#undef LF_OPTION
};
enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

/* The field's name up to two underscores, behind which stands what tells it from another option of that name. */
static struct lf_bytes
name_of(const struct option *option)
{
    const char *end = strstr(option->field, "__");
    return end != NULL ? lf_bytes(option->field, (size_t)(end - option->field)) : lf_bytes_of(option->field);
}

/* "log-level" and "log_level" name the field log_level. */
static bool
names_option(const struct option *option, struct lf_bytes name, char separator)
{
    if (name.len != name_of(option).len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = option->field[i] == '_' ? separator : option->field[i];
        if (name.ptr[i] != c)
            return false;
    }
    return true;
}

static const struct option *
find_option(unsigned command, struct lf_bytes name, char separator)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((options[i].commands & command) != 0 && names_option(&options[i], name, separator))
            return &options[i];
    }
    return NULL;
}

bool
lf_config_option_known(unsigned command, const char *flag, bool *ret_needs_value)
{
    const struct option *option = find_option(command, lf_bytes_of(flag), '-');
    if (option != NULL)
        *ret_needs_value = option->type != BOOL;
    return option != NULL;
}

/* A year: longer than any wait that is meant, and no sum of it and a clock overflows. */
#define DURATION_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

struct unit {
    const char *name;
    int64_t factor;
};

/* "500ms", "64KB", "12": a number and one of the units. */
static bool
parse_scaled(struct lf_bytes text, const struct unit *units, int64_t *ret)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    int64_t number;
    if (!lf_bytes_to_i64(lf_bytes(text.ptr, digits), &number))
        return false;
    struct lf_bytes rest = lf_bytes(text.ptr + digits, text.len - digits);
    for (; units->name != NULL; units++) {
        if (lf_bytes_equal_nocase(rest, lf_bytes_of(units->name)))
            return !__builtin_mul_overflow(number, units->factor, ret);
    }
    return false;
}

static bool
parse_choice(const char *words, struct lf_bytes text, int *ret)
{
    struct lf_bytes left = lf_bytes_of(words);
    for (int index = 0;; index++) {
        size_t bar = lf_bytes_index(left, '|');
        struct lf_bytes word = bar == SIZE_MAX ? left : lf_bytes(left.ptr, bar);
        if (lf_bytes_equal(word, text)) {
            *ret = index;
            return true;
        }
        if (bar == SIZE_MAX)
            return false;
        left = lf_bytes(left.ptr + bar + 1, left.len - bar - 1);
    }
}

static bool
parse_bool(struct lf_bytes text, bool *ret)
{
    if (lf_bytes_equal_text(text, "true") || lf_bytes_equal_text(text, "1"))
        *ret = true;
    else if (lf_bytes_equal_text(text, "false") || lf_bytes_equal_text(text, "0"))
        *ret = false;
    else
        return false;
    return true;
}

static bool
add_text(struct lf_arena *arena, struct lf_texts *list, struct lf_bytes text)
{
    const char **items = lf_arena_grow(arena, list->items, list->count, &list->cap, sizeof(*items));
    char *copy = lf_arena_text(arena, text);
    if (items == NULL || copy == NULL)
        return false;
    list->items = items;
    list->items[list->count++] = copy;
    return true;
}

/* What a source says takes the place of what the ones before it said, for options that may be repeated too. */
static void
forget_texts(struct lf_config *config, const struct option *option)
{
    if (option->type == TEXTS)
        ((struct lf_texts *)(void *)((char *)config + option->at))->count = 0;
}

/* Sets an option from text; where says where the text comes from ("--listen", "LOGFIRST_LISTEN", "file:3"). */
static enum lf_status
set_option(struct lf_config *config, const struct option *option, struct lf_bytes text, const char *where,
           struct lf_err *err)
{
    static const struct unit times[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"", 1}, {NULL, 0}};
    static const struct unit sizes[] = {{"B", 1},         {"KB", 1000}, {"MB", 1000000}, {"KiB", 1024},
                                        {"MiB", 1048576}, {"", 1},      {NULL, 0}};
    void *field = (char *)config + option->at;
    bool good = false;
    switch (option->type) {
    case TEXT:
        *(const char **)field = lf_arena_text(&config->arena, text);
        if (*(const char **)field == NULL)
            return lf_no_memory(err);
        good = memchr(text.ptr, '\0', text.len) == NULL;
        break;
    case TEXTS:
        if (text.len != 0 && !add_text(&config->arena, field, text))
            return lf_no_memory(err);
        good = memchr(text.ptr, '\0', text.len) == NULL;
        break;
    case BOOL: good = parse_bool(text, field); break;
    case COUNT: good = lf_bytes_to_i64(text, field) && *(int64_t *)field >= 0; break;
    case DURATION: good = parse_scaled(text, times, field) && *(int64_t *)field <= DURATION_MAX_MS; break;
    case SIZE: good = parse_scaled(text, sizes, field); break;
    case CHOICE: good = parse_choice(option->placeholder, text, field); break;
    }
    if (!good)
        return lf_fail(err, LF_USAGE, "%s: \"%.*s\" is not %s: %s", where, LF_FMT(text), option->placeholder,
                       option->help);
    return LF_OK;
}

static enum lf_status
load_defaults(struct lf_config *config, struct lf_err *err)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        enum lf_status st = set_option(config, &options[i], lf_bytes_of(options[i].fallback), options[i].field, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static enum lf_status
load_environment(struct lf_config *config, unsigned command, char *const *env, struct lf_err *err)
{
    for (; env != NULL && *env != NULL; env++) {
        struct lf_bytes pair = lf_bytes_of(*env);
        size_t equals = lf_bytes_index(pair, '=');
        struct lf_bytes prefix = LF_LIT("LOGFIRST_");
        if (equals == SIZE_MAX || equals <= prefix.len || !lf_bytes_starts_with(pair, prefix))
            continue;
        struct lf_bytes name = lf_bytes(pair.ptr + prefix.len, equals - prefix.len);
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            if ((options[i].commands & command) == 0 || !lf_bytes_equal_nocase(name_of(&options[i]), name))
                continue;
            char *where = lf_arena_printf(&config->arena, "environment %.*s", (int)equals, pair.ptr);
            forget_texts(config, &options[i]);
            enum lf_status st = set_option(config, &options[i], lf_bytes(pair.ptr + equals + 1, pair.len - equals - 1),
                                           where != NULL ? where : "environment", err);
            if (st != LF_OK)
                return st;
        }
    }
    return LF_OK;
}

struct file_ctx {
    struct lf_config *config;
    unsigned command;
    size_t kafka_cap;
};

/* What stands below "registry:" are the options registry_…; its url is the registry itself. ptr NULL: out of memory. */
static struct lf_bytes
flatten(struct lf_bytes path, struct lf_arena *arena)
{
    const struct lf_bytes section = LF_LIT("registry.");
    if (lf_bytes_equal_text(path, "registry.url"))
        return LF_LIT("registry");
    if (!lf_bytes_starts_with(path, section))
        return path;
    return lf_bytes_of(
        lf_arena_printf(arena, "registry_%.*s", LF_FMT(lf_bytes(path.ptr + section.len, path.len - section.len))));
}

/* One scalar of the file. A key that another command has is fine: one file serves all. */
static enum lf_status
take_file_value(void *user, const struct lf_config_item *item, struct lf_err *err)
{
    struct file_ctx *ctx = user;
    struct lf_config *config = ctx->config;
    struct lf_bytes kafka = LF_LIT("kafka.");
    if (lf_bytes_starts_with(item->path, kafka)) {
        struct lf_property *list =
            lf_arena_grow(&config->arena, config->kafka, config->kafka_count, &ctx->kafka_cap, sizeof(*list));
        if (list == NULL)
            return lf_no_memory(err);
        config->kafka = list;
        struct lf_property *property = &list[config->kafka_count];
        property->name =
            lf_arena_text(&config->arena, lf_bytes(item->path.ptr + kafka.len, item->path.len - kafka.len));
        property->value = lf_arena_text(&config->arena, item->value);
        if (property->name == NULL || property->value == NULL)
            return lf_no_memory(err);
        config->kafka_count++;
        return LF_OK;
    }
    struct lf_bytes path = flatten(item->path, &config->arena);
    if (path.ptr == NULL)
        return lf_no_memory(err);
    const struct option *option = find_option(ctx->command, path, '_');
    if (option == NULL)
        option = find_option(LF_CMD_ALL, path, '_');
    if (option == NULL || strcmp(option->field, "config") == 0)
        return lf_fail(err, LF_INVALID, "%s: unknown key \"%.*s\"", item->where, LF_FMT(item->path));
    if ((option->commands & ctx->command) == 0)
        return LF_OK;
    forget_texts(config, option);
    return set_option(config, option, item->value, item->where, err);
}

/* Whether no flag of that name stands before the one at index. */
static bool
is_first(const struct lf_config_arg *args, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(args[i].name, args[index].name) == 0)
            return false;
    }
    return true;
}

static enum lf_status
load_args(struct lf_config *config, unsigned command, const struct lf_config_arg *args, size_t arg_count,
          struct lf_err *err)
{
    for (size_t i = 0; i < arg_count; i++) {
        const struct option *option = find_option(command, lf_bytes_of(args[i].name), '-');
        if (option == NULL)
            return lf_fail(err, LF_USAGE, "unknown option --%s; see --help", args[i].name);
        if (args[i].value == NULL && option->type != BOOL)
            return lf_fail(err, LF_USAGE, "--%s needs a value: %s", args[i].name, option->placeholder);
        char *text = lf_arena_printf(&config->arena, "--%s", args[i].name);
        if (is_first(args, i))
            forget_texts(config, option);
        enum lf_status st = set_option(config, option, lf_bytes_of(args[i].value != NULL ? args[i].value : "true"),
                                       text != NULL ? text : args[i].name, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* The file is named by a flag or the environment, so these are read first for that one option. */
static enum lf_status
find_file(struct lf_config *config, unsigned command, const struct lf_config_arg *args, size_t arg_count,
          char *const *env, struct lf_err *err)
{
    enum lf_status st = load_environment(config, command, env, err);
    for (size_t i = 0; st == LF_OK && i < arg_count; i++) {
        if (strcmp(args[i].name, "config") == 0)
            st = load_args(config, command, &args[i], 1, err);
    }
    return st;
}

enum lf_status
lf_config_load(struct lf_config *config, unsigned command, const struct lf_config_arg *args, size_t arg_count,
               char *const *env, struct lf_err *err)
{
    *config = (struct lf_config){0};
    lf_arena_init(&config->arena, 4096, 0);
    enum lf_status st = load_defaults(config, err);
    if (st == LF_OK)
        st = find_file(config, command, args, arg_count, env, err);
    if (st == LF_OK && config->config[0] != '\0') {
        struct file_ctx ctx = {.config = config, .command = command};
        st = lf_config_file_read(config->config, &config->arena, env, take_file_value, &ctx, err);
    }
    if (st == LF_OK)
        st = load_environment(config, command, env, err);
    if (st == LF_OK)
        st = load_args(config, command, args, arg_count, err);
    return st;
}

void
lf_config_release(struct lf_config *config)
{
    lf_arena_release(&config->arena);
    *config = (struct lf_config){0};
}

void
lf_config_help(struct lf_buf *out, unsigned command)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        if ((option->commands & command) == 0)
            continue;
        size_t start = out->len;
        lf_buf_add_text(out, "  --");
        struct lf_bytes name = name_of(option);
        for (size_t k = 0; k < name.len; k++)
            lf_buf_add_char(out, name.ptr[k] == '_' ? '-' : name.ptr[k]);
        lf_buf_printf(out, " %s", option->placeholder);
        size_t width = out->len - start;
        lf_buf_printf(out, "%s%*s%s", width > 38 ? "\n" : "", width > 38 ? 40 : (int)(40 - width), "", option->help);
        if (option->fallback[0] != '\0')
            lf_buf_printf(out, " [%s]", option->fallback);
        lf_buf_add_char(out, '\n');
    }
}
