/*
 * Events <-> records of the log. The default format is the JSON envelope {"eventId","eventType","payload"} with
 * CloudEvents 1.0 attributes in headers (binary-mode names of its Kafka binding). Events whose payload has a schema
 * (payload.h) are written as the payload in Confluent's wire format, with the same headers: there their identity is.
 * Both forms are read, whatever an event is written in. Thread-safe on a shared model.
 */
#ifndef LF_CODEC_CODEC_H
#define LF_CODEC_CODEC_H

#include "codec/payload.h"
#include "codec/rules.h"
#include "event/event.h"

/* The parts of a record that the codec is concerned with; matches the log's record field by field. */
struct lf_encoded {
    struct lf_bytes key;   /* ptr NULL: null */
    struct lf_bytes value; /* ptr NULL: null */
    const struct lf_header *headers;
    size_t header_count;
};

struct lf_codec_options {
    const struct lf_model *model;
    const struct lf_rules *rules; /* for lf_rules_check(); NULL: none */
    struct lf_bytes source;       /* ce_source of what we write: "/logfirst" by default */
    struct lf_payloads *payloads; /* NULL: no formats but the envelope */
    struct lf_payload_pins *pins; /* for decoding with payloads: the decoding thread's own; let go with the events */
};

/*
 * Encodes an event: value, key (event->key), headers ce_specversion, ce_id, ce_source, ce_type, ce_time, ce_subject
 * (the entity key, if any), ce_dataversion (from version 2 on), content-type, then event->headers (traceparent,
 * tracestate …) as they are. LF_LIMIT beyond LF_EVENT_BYTES_MAX, or 40 kB more with key and headers. Everything in
 * arena. Members of the payload stand in the order of the schema. With a format that has schemas: LF_UNAVAILABLE while
 * the schema is not registered, LF_INVALID when it does not allow the payload; event->extra is left out, for there is
 * no envelope.
 */
LF_NODISCARD enum lf_status lf_codec_encode(const struct lf_codec_options *options, const struct lf_event *event,
                                            struct lf_arena *arena, struct lf_encoded *ret, struct lf_err *err);

/*
 * Decodes a record of any producer into *ret: id, type, payload, extra, key, headers, time (ce_time or timestamp_ms)
 * and place (the caller's). Texts point into the record, which must outlive the event. Identity comes from the
 * envelope; where the value is CloudEvents structured mode (content-type application/cloudevents+json) from id, type,
 * data; where it is binary mode without our envelope (headers ce_specversion, ce_id and ce_type, and neither eventId
 * nor eventType in the value) from the headers, the whole value being the payload. Header and envelope must not
 * contradict each other in the id. A value that names its schema (magic byte, or header __value_schema_id) is the
 * payload where the headers ce_id and ce_type are there, and read as one of the above where they are not. LF_INVALID
 * when it is no event: null or empty value, not JSON, no object, eventId or eventType missing or no string, empty, over
 * 255 bytes or with a NUL, payload missing, a payload that does not fit its schema; LF_NOT_FOUND: the registry has no
 * such schema; LF_UNAVAILABLE: the schema is not here yet, try again later; LF_NO_MEMORY. On failure
 * ret->id, type_name hold what could be read, from the value or else from the headers. The payload is as it came, but
 * that one with a schema has the form of the own schema where it is of the own version; version tells its form
 * (event/upcast.h). Does not check the payload against the schema; sets type and, when known, leaves entity_key to
 * lf_event_bind_entity().
 */
LF_NODISCARD enum lf_status lf_codec_decode(const struct lf_codec_options *options, const struct lf_encoded *encoded,
                                            int64_t timestamp_ms, struct lf_place place, struct lf_arena *arena,
                                            struct lf_event *ret, struct lf_err *err);

#endif
