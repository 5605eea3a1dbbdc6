/* Payloads with schemas: own ones by event type, those of others by what records name. */
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/payload/known.h"

#include <pthread.h>
#include <stdatomic.h>

struct own {
    const struct lf_payload_ops *ops; /* NULL: the envelope */
    enum lf_schema_type type;
    void *schema;
    struct lf_bytes text, record;
    _Atomic(uint32_t) id; /* 0: not enrolled yet */
};

struct lf_payloads {
    struct lf_payloads_options options;
    struct lf_arena texts;
    struct own *own; /* one an event of the model */
    size_t own_count;
    struct lf_known_shelf *shelf; /* NULL: no registry */
    pthread_mutex_t enrolling;
};

static const struct lf_payload_ops *const formats[] = {
    [LF_SCHEMA_AVRO] = &lf_payload_avro,
    [LF_SCHEMA_JSON] = &lf_payload_json,
    [LF_SCHEMA_PROTOBUF] = &lf_payload_protobuf,
};

const struct lf_payload_ops *
lf_payload_ops_of(enum lf_schema_type type)
{
    return formats[type];
}

/* ---- opening ---- */

static enum lf_status
take_own(struct lf_payloads *payloads, const struct lf_event_type *event, const struct lf_payload_own *given,
         struct own *own, struct lf_err *err)
{
    if (!given->has_schema)
        return LF_OK;
    if (payloads->options.registry == NULL)
        return lf_fail(err, LF_INVALID, "event \"%.*s\" has a schema, but no registry to keep it is configured",
                       LF_FMT(event->name));
    own->ops = lf_payload_ops_of(given->type);
    own->type = given->type;
    own->text = lf_arena_copy(&payloads->texts, given->text);
    own->record = lf_arena_copy(&payloads->texts, given->record);
    if (own->text.ptr == NULL || own->record.ptr == NULL)
        return lf_no_memory(err);
    enum lf_status st = own->ops->parse(own->text, NULL, 0, &own->schema, err);
    if (st != LF_OK)
        lf_err_context(err, "the schema of event \"%.*s\"", LF_FMT(event->name));
    return st;
}

static struct lf_bytes
subject_of(const struct lf_payloads *payloads, size_t index, struct lf_arena *arena)
{
    const struct lf_payloads_options *options = &payloads->options;
    const struct lf_event_type *event = &options->model->events[index];
    return lf_registry_subject(options->strategy, event->topic.ptr != NULL ? event->topic : options->topic,
                               payloads->own[index].record, arena);
}

/* Two events of one subject would be versions of each other. */
static enum lf_status
check_subjects(struct lf_payloads *payloads, struct lf_err *err)
{
    const struct lf_event_type *events = payloads->options.model->events;
    struct lf_map map;
    enum lf_status st = LF_OK;
    lf_map_init(&map);
    for (size_t i = 0; st == LF_OK && i < payloads->own_count; i++) {
        if (payloads->own[i].ops == NULL)
            continue;
        struct lf_bytes subject = subject_of(payloads, i, &payloads->texts);
        const struct lf_event_type *other = subject.ptr != NULL ? lf_map_get(&map, subject) : NULL;
        if (other != NULL)
            st = lf_fail(err, LF_INVALID,
                         "events \"%.*s\" and \"%.*s\" would share the subject %.*s, as if one were a new version of "
                         "the other: choose the subject strategy topic-record",
                         LF_FMT(other->name), LF_FMT(events[i].name), LF_FMT(subject));
        else if (subject.ptr == NULL || lf_map_add(&map, subject, (void *)(uintptr_t)&events[i]) != LF_OK)
            st = lf_no_memory(err);
    }
    lf_map_release(&map);
    return st;
}

static enum lf_status
take_all_own(struct lf_payloads *payloads, const struct lf_payload_own *given, struct lf_err *err)
{
    const struct lf_model *model = payloads->options.model;
    payloads->own = LF_ARENA_ARRAY(&payloads->texts, struct own, model->event_count + 1);
    if (payloads->own == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && given != NULL && i < model->event_count; i++) {
        payloads->own_count = i + 1;
        st = take_own(payloads, &model->events[i], &given[i], &payloads->own[i], err);
    }
    return st == LF_OK ? check_subjects(payloads, err) : st;
}

static enum lf_status
fill(struct lf_payloads *payloads, const struct lf_payloads_options *options, struct lf_err *err)
{
    payloads->options = *options;
    payloads->options.own = NULL;
    payloads->options.topic = lf_arena_copy(&payloads->texts, options->topic);
    if (payloads->options.topic.ptr == NULL)
        return lf_no_memory(err);
    enum lf_status st = take_all_own(payloads, options->own, err);
    if (st == LF_OK && options->registry != NULL)
        st = lf_known_open(options->registry, options->wait_ms,
                           options->known_max != 0 ? options->known_max : LF_SCHEMAS_KNOWN_MAX, &payloads->shelf, err);
    return st;
}

enum lf_status
lf_payloads_new(const struct lf_payloads_options *options, struct lf_payloads **ret, struct lf_err *err)
{
    struct lf_payloads *payloads = lf_calloc(1, sizeof(*payloads));
    if (payloads == NULL)
        return lf_no_memory(err);
    if (pthread_mutex_init(&payloads->enrolling, NULL) != 0) {
        lf_free(payloads);
        return lf_fail(err, LF_INTERNAL, "cannot make a mutex");
    }
    lf_arena_init(&payloads->texts, 0, 0);
    enum lf_status st = fill(payloads, options, err);
    if (st != LF_OK) {
        lf_payloads_free(payloads);
        return st;
    }
    *ret = payloads;
    return LF_OK;
}

void
lf_payloads_free(struct lf_payloads *payloads)
{
    if (payloads == NULL)
        return;
    lf_known_close(payloads->shelf);
    for (size_t i = 0; i < payloads->own_count; i++) {
        if (payloads->own[i].ops != NULL)
            payloads->own[i].ops->schema_free(payloads->own[i].schema);
    }
    pthread_mutex_destroy(&payloads->enrolling);
    lf_arena_release(&payloads->texts);
    lf_free(payloads);
}

/* ---- enrolling ---- */

/* Words for a person: which event, which subject, what to do. */
static void
explain(const struct lf_event_type *event, struct lf_bytes subject, struct lf_err *err)
{
    if (err == NULL)
        return;
    if (err->status == LF_NOT_FOUND)
        (void)lf_fail(err, LF_NOT_FOUND, "%s: register it (logfirst schema register), or allow it (auto_register)",
                      err->text);
    lf_err_context(err, "the schema of event \"%.*s\" (subject %.*s)", LF_FMT(event->name), LF_FMT(subject));
}

/*
 * What readers will get for the id. Registries have subjects of one format (Apicurio) that take any text all the same,
 * and then say of the one format that it is the other: no reader could make anything of such events.
 */
static enum lf_status
check_kept(struct lf_payloads *payloads, const struct own *own, uint32_t id, struct lf_arena *arena, struct lf_err *err)
{
    struct lf_schema_text kept;
    enum lf_status st = lf_registry_by_id(payloads->options.registry, id, arena, &kept, err);
    if (st == LF_NOT_FOUND) /* one node of a registry may know it before the other */
        return lf_fail(err, LF_UNAVAILABLE, "%s", err != NULL ? err->text : "");
    if (st == LF_OK && kept.type != own->type)
        return lf_fail(err, LF_CONFLICT,
                       "the registry takes it for %s, for that is the format of the subject's other versions: choose "
                       "another subject, or another package",
                       lf_schema_type_name(kept.type));
    return st;
}

static enum lf_status
enroll(struct lf_payloads *payloads, size_t index, struct lf_err *err)
{
    const struct lf_payloads_options *options = &payloads->options;
    struct own *own = &payloads->own[index];
    const struct lf_schema_text schema = {own->type, own->text, NULL, 0};
    struct lf_arena arena;
    uint32_t id = 0;
    int32_t version;
    lf_arena_init(&arena, 0, 0);
    struct lf_bytes subject = subject_of(payloads, index, &arena);
    enum lf_status st = LF_OK;
    if (subject.ptr == NULL)
        st = lf_no_memory(err);
    else if (options->auto_register)
        st = lf_registry_register(options->registry, subject, &schema, &id, err);
    else
        st = lf_registry_lookup(options->registry, subject, &schema, &id, &version, err);
    if (st == LF_OK)
        st = check_kept(payloads, own, id, &arena, err);
    if (st == LF_OK)
        atomic_store_explicit(&own->id, id, memory_order_release);
    else
        explain(&options->model->events[index], subject, err);
    lf_arena_release(&arena);
    return st;
}

enum lf_status
lf_payloads_enroll(struct lf_payloads *payloads, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&payloads->enrolling);
    for (size_t i = 0; st == LF_OK && i < payloads->own_count; i++) {
        const struct own *own = &payloads->own[i];
        if (own->ops != NULL && atomic_load_explicit(&own->id, memory_order_relaxed) == 0)
            st = enroll(payloads, i, err);
    }
    pthread_mutex_unlock(&payloads->enrolling);
    return st;
}

/* ---- writing ---- */

/* NULL: the event type is written as the envelope. */
static const struct own *
own_of(const struct lf_payloads *payloads, const struct lf_event_type *type)
{
    if (payloads == NULL || type == NULL || type->index >= payloads->own_count)
        return NULL;
    const struct own *own = &payloads->own[type->index];
    return own->ops != NULL ? own : NULL;
}

struct lf_bytes
lf_payload_content_type(const struct lf_payloads *payloads, const struct lf_event_type *type)
{
    const struct own *own = own_of(payloads, type);
    return own != NULL ? lf_bytes_of(own->ops->content_type) : LF_BYTES_NONE;
}

enum lf_status
lf_payload_encode(const struct lf_payloads *payloads, const struct lf_event_type *type, const struct lf_value *payload,
                  struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    const struct own *own = own_of(payloads, type);
    LF_ASSERT(own != NULL);
    uint32_t id = atomic_load_explicit(&own->id, memory_order_acquire);
    if (id == 0)
        return lf_fail(err, LF_UNAVAILABLE, "the schema of event \"%.*s\" is not registered yet", LF_FMT(type->name));
    lf_wire_write_id(out, id);
    return own->ops->encode(own->schema, payload, out, arena, err);
}

/* ---- reading ---- */

bool
lf_payload_is_framed(const struct lf_bytes *header, struct lf_bytes value)
{
    return header != NULL ||
           (value.len != 0 && (value.ptr[0] == 0 || value.ptr[0] == 1)); /* JSON begins with neither */
}

static enum lf_status
read_frame(const struct lf_bytes *header, struct lf_bytes value, struct lf_schema_name *ret,
           struct lf_bytes *ret_header, struct lf_bytes *ret_bytes, struct lf_err *err)
{
    *ret_header = LF_BYTES_NONE;
    *ret_bytes = value;
    if (header == NULL)
        return lf_wire_read_name(value, ret, ret_bytes, err);
    enum lf_status st = lf_wire_read_name(*header, ret, ret_header, err);
    if (st != LF_OK)
        lf_err_context(err, "header %.*s", LF_FMT(LF_SCHEMA_ID_HEADER));
    return st;
}

/* The registry's own words say which schema; the payload's do not. */
static enum lf_status
decode(const struct lf_payload_pin *pin, struct lf_bytes header, struct lf_bytes bytes, struct lf_arena *arena,
       struct lf_value *ret, struct lf_err *err)
{
    struct lf_err local = {0};
    enum lf_status st = pin->known->ops->decode(pin->view, header, bytes, arena, ret, &local);
    if (st == LF_OK || st == LF_NO_MEMORY)
        return st == LF_OK ? st : lf_no_memory(err);
    return lf_fail(err, LF_INVALID, "the payload does not fit its schema (%s, id %u): %s",
                   lf_schema_type_name(pin->known->type), pin->known->name.id, local.text);
}

enum lf_status
lf_payload_decode(struct lf_payloads *payloads, struct lf_payload_pins *pins, const struct lf_bytes *header,
                  struct lf_bytes value, const struct lf_event_type *type, struct lf_arena *arena, struct lf_value *ret,
                  struct lf_err *err)
{
    struct lf_schema_name name;
    struct lf_bytes rest, bytes;
    struct lf_payload_pin *pin = NULL;
    enum lf_status st = read_frame(header, value, &name, &rest, &bytes, err);
    if (st != LF_OK)
        return st;
    if (payloads == NULL || payloads->shelf == NULL)
        return lf_fail(err, LF_INVALID, "the value names a schema (id %u), but no registry is configured", name.id);
    LF_ASSERT(pins != NULL);
    st = lf_known_find(payloads->shelf, pins, &name, &pin, err);
    if (st != LF_OK)
        return st;
    const struct own *own = own_of(payloads, type);
    st = lf_known_view(payloads->shelf, pin, own != NULL && own->type == pin->known->type ? own->schema : NULL, err);
    if (st != LF_OK)
        return st == LF_NO_MEMORY ? st : lf_fail(err, LF_INVALID, "%s", err != NULL ? err->text : "");
    return decode(pin, rest, bytes, arena, ret, err);
}

void
lf_payload_unpin(struct lf_payloads *payloads, struct lf_payload_pins *pins)
{
    if (pins->count != 0)
        lf_known_unpin(payloads->shelf, pins);
}

void
lf_payload_pins_release(struct lf_payloads *payloads, struct lf_payload_pins *pins)
{
    lf_payload_unpin(payloads, pins);
    lf_free(pins->items);
    *pins = (struct lf_payload_pins){0};
}

uint64_t
lf_payloads_answers(const struct lf_payloads *payloads)
{
    return payloads->shelf != NULL ? lf_known_answers(payloads->shelf) : 0;
}
