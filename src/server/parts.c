/* Wiring. */
#include "server/parts.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <string.h>

enum { SCHEMA_BYTES_MAX = 16 * 1024 * 1024, SCHEMA_ERRORS_MAX = 1000 };

void
lf_parts_init(struct lf_parts *parts, const struct lf_config *config)
{
    *parts = (struct lf_parts){.config = config};
    lf_arena_init(&parts->arena, 4096, 0);
}

void
lf_parts_release(struct lf_parts *parts)
{
    lf_store_close(parts->store);
    lf_log_close(parts->log);
    if (parts->registry != NULL)
        lf_registry_stop(parts->registry);
    lf_payloads_free(parts->payloads);
    lf_registry_close(parts->registry);
    lf_rules_free(parts->rules);
    lf_model_free(parts->model);
    lf_lock_release(parts->consumer_lock);
    lf_arena_release(&parts->arena);
    *parts = (struct lf_parts){0};
}

/* ---- the model ---- */

static enum lf_status
read_file(const char *path, struct lf_arena *arena, struct lf_model_file *ret, struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, SCHEMA_BYTES_MAX);
    enum lf_status st = lf_file_read(path, &text, err);
    if (st == LF_OK) {
        *ret = (struct lf_model_file){.name = path, .text = lf_arena_copy(arena, lf_buf_view(&text))};
        if (ret->text.ptr == NULL)
            st = lf_no_memory(err);
    } else {
        if (st == LF_INVALID) /* a folder; LF_INVALID is the compiler's word here */
            st = lf_fail(err, LF_IO, "%s", err->text);
        lf_err_context(err, "schema file");
    }
    lf_buf_release(&text);
    return st;
}

/* A number that is another one for other texts, or another version of this program. */
static enum lf_status
digest(struct lf_arena *arena, const struct lf_model_file *files, size_t count, int64_t *ret, struct lf_err *err)
{
    struct lf_value *texts = LF_ARENA_ARRAY(arena, struct lf_value, count + 1);
    uint8_t bytes[32];
    uint64_t number;
    if (texts == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        texts[i] = lf_value_string(files[i].text);
    texts[count] = lf_value_string(LF_LIT(LF_VERSION));
    const struct lf_value all = lf_value_list(texts, count + 1);
    enum lf_status st = lf_json_digest(&all, bytes, err);
    if (st != LF_OK)
        return st;
    memcpy(&number, bytes, sizeof(number));
    *ret = (int64_t)(number >> 1);
    return LF_OK;
}

static enum lf_status
compile(struct lf_arena *arena, const char *const *names, size_t count, struct lf_gql_errors *errors,
        struct lf_model **ret, int64_t *ret_digest, struct lf_err *err)
{
    struct lf_model_file *files = LF_ARENA_ARRAY(arena, struct lf_model_file, count);
    if (files == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        enum lf_status st = read_file(names[i], arena, &files[i], err);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_model_compile(files, count, errors);
    if (*ret != NULL)
        return digest(arena, files, count, ret_digest, err);
    if (errors->count == 0 || errors->no_memory) /* then the other errors may be consequences */
        return lf_no_memory(err);
    return lf_fail(err, LF_INVALID, "the schema has %zu problem%s", errors->count, errors->count == 1 ? "" : "s");
}

/* A JSON Schema of @schema is part of the schema: what is wrong with it is said at its place. */
static void
tell_rule(void *user, const struct lf_event_type *type, const char *why)
{
    (void)lf_gql_errors_add(user, NULL, &type->schema_loc, "@schema(file:): %s", why);
}

static enum lf_status
load_rules(const struct lf_model *model, struct lf_gql_errors *errors, struct lf_rules **ret, struct lf_err *err)
{
    enum lf_status st = lf_rules_load(model, tell_rule, errors, ret, err);
    if (st == LF_INVALID)
        return lf_fail(err, LF_INVALID, "the schema has %zu problem%s", errors->count, errors->count == 1 ? "" : "s");
    return st;
}

static void
print_json(struct lf_buf *out, const struct lf_gql_errors *errors)
{
    lf_buf_add_char(out, '[');
    for (const struct lf_gql_error *error = errors->first; error != NULL; error = error->next) {
        lf_buf_add_text(out, error == errors->first ? "{\"file\":" : ",{\"file\":");
        bool placed = error->loc_count != 0 && error->locs[0].source != NULL;
        lf_json_write_string(out, lf_bytes_of(placed ? error->locs[0].source->name : ""));
        lf_buf_printf(out, ",\"line\":%u,\"column\":%u,\"message\":", placed ? error->locs[0].line : 0,
                      placed ? error->locs[0].column : 0);
        lf_json_write_string(out, error->message);
        lf_buf_add_char(out, '}');
    }
    lf_buf_add_text(out, "]\n");
}

/* As lines for people, or as one JSON array. */
static void
print_problems(struct lf_buf *out, const struct lf_gql_errors *errors, bool json)
{
    if (json)
        print_json(out, errors);
    else
        lf_gql_errors_print(out, errors);
}

enum lf_status
lf_parts_load_model(struct lf_parts *parts, const char *const *files, size_t count, struct lf_buf *problems,
                    struct lf_err *err)
{
    struct lf_gql_errors errors;
    lf_gql_errors_init(&errors, &parts->arena, SCHEMA_ERRORS_MAX);
    enum lf_status st = compile(&parts->arena, files, count, &errors, &parts->model, &parts->schema_digest, err);
    if (st == LF_OK)
        st = load_rules(parts->model, &errors, &parts->rules, err);
    if (st == LF_INVALID)
        print_problems(problems, &errors, parts->config->output == 1);
    if (st != LF_OK)
        return st;
    parts->topics =
        lf_model_topics(parts->model, lf_bytes_of(parts->config->topic), &parts->arena, &parts->topic_count);
    return parts->topics != NULL ? LF_OK : lf_no_memory(err);
}

/* What is no mistake, but may surprise. */
static void
print_notes(struct lf_buf *out, const struct lf_model *model)
{
    for (size_t i = 0; i < model->entity_count; i++) {
        const struct lf_entity *entity = &model->entities[i];
        for (size_t k = 0; k < entity->field_count; k++) {
            const struct lf_field *field = &entity->fields[k];
            if (lf_bytes_equal_text(field->name, "history"))
                lf_buf_printf(out,
                              "%s:%u:%u: note: \"history\" is a field of entity \"%.*s\" itself, so that its stored "
                              "events cannot be asked for by history(first:, after:); rename it to have both\n",
                              field->loc.source != NULL ? field->loc.source->name : "", field->loc.line,
                              field->loc.column, LF_FMT(entity->name));
        }
    }
}

enum lf_status
lf_parts_check(const char *const *files, size_t count, bool json, struct lf_buf *problems, size_t *ret_count,
               struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 65536, 0);
    struct lf_gql_errors errors;
    lf_gql_errors_init(&errors, &arena, SCHEMA_ERRORS_MAX);
    struct lf_model *model = NULL;
    struct lf_rules *rules = NULL;
    int64_t unused;
    enum lf_status st = compile(&arena, files, count, &errors, &model, &unused, err);
    if (st == LF_OK)
        st = load_rules(model, &errors, &rules, err);
    if (st == LF_OK || st == LF_INVALID) {
        *ret_count = errors.count;
        print_problems(problems, &errors, json);
    }
    if (st == LF_OK && !json)
        print_notes(problems, model);
    lf_rules_free(rules);
    lf_model_free(model);
    lf_arena_release(&arena);
    return st;
}

/* ---- log and store ---- */

static enum lf_status
make_data_folder(const char *path, struct lf_err *err)
{
    enum lf_status st = lf_folder_make(path, err);
    if (st != LF_OK)
        lf_err_context(err, "--data");
    return st;
}

/* The URL given, or scheme + data folder + name. */
static const char *
url_or_default(struct lf_parts *parts, const char *given, const char *scheme, const char *name)
{
    if (given[0] != '\0')
        return given;
    return lf_arena_printf(&parts->arena, "%s%s/%s", scheme, parts->config->data, name);
}

static bool
is_embedded(const char *url)
{
    return strncmp(url, "embedded:", strlen("embedded:")) == 0;
}

/* Two consumers on one embedded log would only take work from each other. */
static enum lf_status
lock_consumer(struct lf_parts *parts, struct lf_err *err)
{
    const char *folder = parts->log_url + strlen("embedded:");
    char *path = lf_arena_printf(&parts->arena, "%s/consumer.lock", folder);
    if (path == NULL)
        return lf_no_memory(err);
    return lf_lock_take(path, "the consumer", &parts->consumer_lock, err);
}

enum lf_status
lf_parts_log_at(struct lf_parts *parts, const char *url, unsigned roles, int64_t partitions, struct lf_log **ret,
                struct lf_err *err)
{
    const struct lf_config *config = parts->config;
    struct lf_log_property *properties = LF_ARENA_ARRAY(&parts->arena, struct lf_log_property, config->kafka_count);
    if (properties == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < config->kafka_count; i++)
        properties[i] = (struct lf_log_property){config->kafka[i].name, config->kafka[i].value};
    struct lf_log_options options = {
        .url = url,
        .properties = properties,
        .property_count = config->kafka_count,
        .read_only = roles == LF_ROLE_READ,
        .exclusive = (roles & LF_ROLE_GATEWAY) != 0,
        .create_topics = config->create_topics,
        .partitions = (int32_t)(partitions < INT32_MAX ? partitions : INT32_MAX),
        .replication_factor =
            (int16_t)(config->replication_factor < INT16_MAX ? config->replication_factor : INT16_MAX),
        .delivery_timeout_ms = config->delivery_timeout,
        .linger_us = config->linger * 1000,
    };
    enum lf_status st = lf_log_open(&options, ret, err);
    if (st != LF_OK)
        lf_err_context(err, "log %s", url);
    return st;
}

enum lf_status
lf_parts_open_log(struct lf_parts *parts, unsigned roles, struct lf_err *err)
{
    const struct lf_config *config = parts->config;
    parts->log_url = url_or_default(parts, config->log, "embedded:", "log");
    if (parts->log_url == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
    if (config->log[0] == '\0' && roles != LF_ROLE_READ)
        st = make_data_folder(config->data, err);
    if (st == LF_OK)
        st = lf_parts_log_at(parts, parts->log_url, roles, config->partitions, &parts->log, err);
    if (st != LF_OK || (roles & LF_ROLE_CONSUMER) == 0 || !is_embedded(parts->log_url))
        return st;
    st = lock_consumer(parts, err);
    if (st != LF_OK)
        lf_err_context(err, "log %s", parts->log_url);
    return st;
}

/* Says which store failed, without its password. */
static void
name_store(const char *url, struct lf_err *err)
{
    struct lf_buf shown;
    lf_buf_init(&shown, LF_ERR_TEXT_MAX);
    lf_store_url_show(&shown, url);
    lf_err_context(err, "store %.*s", LF_FMT(lf_buf_view(&shown)));
    lf_buf_release(&shown);
}

enum lf_status
lf_parts_open_store(struct lf_parts *parts, unsigned roles, struct lf_err *err)
{
    const struct lf_config *config = parts->config;
    parts->store_url = url_or_default(parts, config->store, "sqlite:", "store.db");
    if (parts->store_url == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
    if (config->store[0] == '\0' && roles != LF_ROLE_READ)
        st = make_data_folder(config->data, err);
    struct lf_store_options options = {
        .url = parts->store_url, .model = parts->model, .read_only = roles == LF_ROLE_READ};
    if (st == LF_OK)
        st = lf_store_open(&options, &parts->store, err);
    if (st != LF_OK)
        name_store(parts->store_url, err);
    return st;
}
