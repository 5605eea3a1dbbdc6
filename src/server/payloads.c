/* lf_parts_open_payloads(): from options and model to a registry and the schemas of events. */
#include "server/compat.h"
#include "server/parts.h"
#include "server/schemas.h"

enum { SCHEMA_BYTES_MAX = LF_SCHEMA_TEXT_MAX };

/* ---- which event has which schema ---- */

static enum lf_event_format
format_of(const struct lf_parts *parts, const struct lf_event_type *event)
{
    return event->format != LF_FORMAT_DEFAULT ? event->format : lf_schemas_fallback(parts->config);
}

static bool
has_schemas(const struct lf_parts *parts)
{
    for (size_t i = 0; parts->model != NULL && i < parts->model->event_count; i++) {
        if (format_of(parts, &parts->model->events[i]) != LF_FORMAT_JSON)
            return true;
    }
    return false;
}

static enum lf_status
make_own(struct lf_parts *parts, const struct lf_schema_options *options, const struct lf_event_type *event,
         struct lf_payload_own *ret, struct lf_err *err)
{
    enum lf_event_format format = format_of(parts, event);
    struct lf_buf text;
    enum lf_schema_type type;
    if (format == LF_FORMAT_JSON || !lf_schema_type_of(format, &type))
        return LF_OK;
    lf_buf_init(&text, SCHEMA_BYTES_MAX);
    enum lf_status st = lf_schema_write(options, event, format, &text, err);
    if (st == LF_OK) {
        *ret = (struct lf_payload_own){
            .has_schema = true,
            .type = type,
            .text = lf_arena_copy(&parts->arena, lf_buf_view(&text)),
            .record = lf_schema_full_name(options, event, format, &parts->arena),
        };
        if (ret->text.ptr == NULL || ret->record.ptr == NULL)
            st = lf_no_memory(err);
    }
    lf_buf_release(&text);
    return st;
}

static enum lf_status
make_all_own(struct lf_parts *parts, const struct lf_schema_options *options, struct lf_payload_own *own,
             struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < parts->model->event_count; i++)
        st = make_own(parts, options, &parts->model->events[i], &own[i], err);
    return st;
}

/* ---- opening ---- */

enum lf_status
lf_parts_open_registry(struct lf_parts *parts, unsigned roles, struct lf_err *err)
{
    const struct lf_config *config = parts->config;
    const struct lf_registry_options options = {
        .url = config->registry,
        .user = config->registry_user,
        .password = config->registry_password,
        .token = config->registry_token,
        .ca_file = config->registry_ca,
        .cert_file = config->registry_cert,
        .key_file = config->registry_key,
        .insecure = config->registry_insecure,
        .timeout_ms = config->registry_timeout,
        .read_only = roles == LF_ROLE_READ,
    };
    enum lf_status st = lf_registry_open(&options, &parts->registry, err);
    if (st != LF_OK)
        lf_err_context(err, "--registry");
    return st;
}

static enum lf_status
open_payloads(struct lf_parts *parts, const struct lf_payload_own *own, int64_t wait_ms, struct lf_err *err)
{
    static const struct lf_model no_model;
    const struct lf_config *config = parts->config;
    const struct lf_payloads_options options = {
        .model = parts->model != NULL ? parts->model : &no_model,
        .own = own,
        .registry = parts->registry,
        .topic = lf_bytes_of(config->topic),
        .strategy = (enum lf_subject_strategy)config->registry_subject_strategy,
        .auto_register = config->registry_auto_register,
        .wait_ms = wait_ms,
    };
    return lf_payloads_new(&options, &parts->payloads, err);
}

/* Of a model. */
static enum lf_status
open_with_own(struct lf_parts *parts, const char *const *files, int64_t wait_ms, struct lf_err *err)
{
    struct lf_schemas schemas;
    struct lf_payload_own *own = LF_ARENA_ARRAY(&parts->arena, struct lf_payload_own, parts->model->event_count + 1);
    if (own == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_schemas_load(&schemas, parts, files, err);
    if (st == LF_OK)
        st = make_all_own(parts, &schemas.options, own, err);
    if (st == LF_OK)
        st = open_payloads(parts, own, wait_ms, err);
    if (st == LF_OK)
        parts->own = own;
    lf_schemas_release(&schemas);
    return st;
}

enum lf_status
lf_parts_open_payloads(struct lf_parts *parts, const char *const *files, unsigned roles, int64_t wait_ms,
                       struct lf_err *err)
{
    bool schemas = has_schemas(parts);
    if (parts->config->registry[0] == '\0') {
        if (schemas)
            return lf_fail(err, LF_INVALID,
                           "events have a format with schemas: name the registry that keeps them with "
                           "--registry (files:DIR needs no server)");
        return LF_OK;
    }
    enum lf_status st = lf_parts_open_registry(parts, roles, err);
    if (st != LF_OK)
        return st;
    parts->enrolls = schemas && (roles & LF_ROLE_GATEWAY) != 0;
    return schemas ? open_with_own(parts, files, wait_ms, err) : open_payloads(parts, NULL, wait_ms, err);
}
