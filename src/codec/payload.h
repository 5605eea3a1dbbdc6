/*
 * Payloads in formats that have schemas (JSON Schema, Avro, Protobuf), in Confluent's wire format: the schemas that
 * this process writes its own events with, and those, named by id in records, that others have written with.
 *
 * Schemas of others are asked for on a thread of its own and kept by id, at most so many. A decoder never waits longer
 * than it was told to: a schema that is not there yet is LF_UNAVAILABLE, and what it is needed for comes again later.
 * All of this is safe to share between threads.
 */
#ifndef LF_CODEC_PAYLOAD_H
#define LF_CODEC_PAYLOAD_H

#include "base/buf.h"
#include "codec/registry.h"
#include "json/value.h"
#include "model/model.h"

/* The header that holds a schema's id where the value does not. */
#define LF_SCHEMA_ID_HEADER LF_LIT("__value_schema_id")

enum { LF_SCHEMAS_KNOWN_MAX = 1000 }; /* schemas of others that are kept when nobody uses them */

struct lf_payloads;

/* The schema of an event type of the model. */
struct lf_payload_own {
    bool has_schema; /* false: the event is written as the JSON envelope */
    enum lf_schema_type type;
    struct lf_bytes text;
    struct lf_bytes record; /* full name of record or message, or title: what subjects by record are called after */
};

struct lf_payloads_options {
    const struct lf_model *model;
    const struct lf_payload_own *own; /* one an event, by its index; NULL: none has a schema. Copied */
    struct lf_registry *registry;     /* borrowed; stop it before lf_payloads_free() */
    struct lf_bytes topic;            /* of events that name none */
    enum lf_subject_strategy strategy;
    bool auto_register; /* false: schemas must be registered already */
    int64_t wait_ms;    /* how long who first asks for a schema waits for it at most */
    size_t known_max;   /* 0: LF_SCHEMAS_KNOWN_MAX */
};

/* LF_INVALID: an own schema does not parse; LF_NO_MEMORY; LF_AGAIN: no thread. */
LF_NODISCARD enum lf_status lf_payloads_new(const struct lf_payloads_options *options, struct lf_payloads **ret,
                                            struct lf_err *err);
void lf_payloads_free(struct lf_payloads *payloads); /* NULL is fine */

/*
 * Registers the own schemas, or looks them up, those that have no id yet. Blocks; may be repeated. LF_OK: all have one.
 * Otherwise as lf_registry_register() or lf_registry_lookup(), with the event's name and advice.
 */
LF_NODISCARD enum lf_status lf_payloads_enroll(struct lf_payloads *payloads, struct lf_err *err);

/* ---- writing ---- */

/* The media type of a value written for the event type; ptr NULL: it is written as the envelope. payloads may be
 * NULL. */
struct lf_bytes lf_payload_content_type(const struct lf_payloads *payloads, const struct lf_event_type *type);
/* Appends magic byte, id and payload. LF_UNAVAILABLE: the schema is not enrolled yet; LF_INVALID: the schema does not
 * allow the payload, with the place; LF_LIMIT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_payload_encode(const struct lf_payloads *payloads, const struct lf_event_type *type,
                                              const struct lf_value *payload, struct lf_arena *arena,
                                              struct lf_buf *out, struct lf_err *err);

/* ---- reading ---- */

/* Schemas in use by values that were decoded: they stay until they are let go. One thread at a time; zeroed it is
 * empty. */
struct lf_payload_pin {
    struct lf_known *known;
    const void *reader, *view; /* how it was read last */
};
struct lf_payload_pins {
    struct lf_payload_pin *items;
    size_t count, cap;
};
/* Lets them go. payloads may be NULL where nothing was decoded with any. */
void lf_payload_unpin(struct lf_payloads *payloads, struct lf_payload_pins *pins);
/* And frees the list. */
void lf_payload_pins_release(struct lf_payloads *payloads, struct lf_payload_pins *pins);

/* Whether a value says which schema it was written with: header is that of LF_SCHEMA_ID_HEADER, NULL without one. */
bool lf_payload_is_framed(const struct lf_bytes *header, struct lf_bytes value);
/*
 * Decodes a framed value: as the own schema of type says where it has one of that format, else (and with type NULL) as
 * it was written. The value points into its bytes, into arena and into what pins hold. LF_UNAVAILABLE: the schema is
 * not here yet; LF_NOT_FOUND: the registry says that there is none; LF_INVALID: the frame, the schema or the payload is
 * damaged; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_payload_decode(struct lf_payloads *payloads, struct lf_payload_pins *pins,
                                              const struct lf_bytes *header, struct lf_bytes value,
                                              const struct lf_event_type *type, struct lf_arena *arena,
                                              struct lf_value *ret, struct lf_err *err);
/* Counts the answers that have come: when it is another number, what was LF_UNAVAILABLE may no longer be. */
uint64_t lf_payloads_answers(const struct lf_payloads *payloads);

#endif
