/* An event in memory: envelope, payload, where it stands in the log. Lives in an arena; nothing here is freed. */
#ifndef LF_EVENT_EVENT_H
#define LF_EVENT_EVENT_H

#include "base/header.h"
#include "json/value.h"
#include "model/model.h"

/* Where an event stands. partition -1: nowhere yet. */
struct lf_place {
    struct lf_bytes topic;
    int32_t partition;
    int64_t offset;
};

struct lf_event {
    struct lf_bytes id;               /* any unique text; ours are UUIDs */
    struct lf_bytes type_name;        /* as on the wire */
    const struct lf_event_type *type; /* NULL: unknown to the schema */
    struct lf_value payload;          /* as it was logged: see event/upcast.h for today's form */
    int32_t version;                  /* of the payload's form; 0: not told, which is 1 */
    struct lf_value extra;            /* unknown members of the envelope: LF_V_OBJECT or LF_V_NULL */
    struct lf_bytes key;              /* message key; ptr NULL: none */
    struct lf_bytes entity_key;       /* text of the entity's key; ptr NULL: no entity */
    int64_t time_us;                  /* when it happened: ce_time, or the record's timestamp */
    const struct lf_header *headers;  /* all headers of the record, or those to send beside the CloudEvents ones */
    size_t header_count;
    struct lf_place place;
};

/* The text form of a key field's value (an ID, a number, a UUID …) as used for message keys and entity keys.
 * ptr NULL if value is null or out of memory. */
struct lf_bytes lf_event_key_text(const struct lf_value *value, struct lf_arena *arena);

/* Sets entity_key from the payload. LF_INVALID if the event has an entity and the payload lacks the key. */
LF_NODISCARD enum lf_status lf_event_bind_entity(struct lf_event *event, struct lf_arena *arena, struct lf_err *err);

/*
 * Is the event the same as one of that type and payload under its eventId? Equal as data, but for members that the
 * gateway fills with the time: a retry of a mutation makes them anew.
 */
bool lf_event_same(const struct lf_event *event, struct lf_bytes type_name, const struct lf_value *payload);

/*
 * The message key that the schema asks for: the event's key field, or the eventId. ptr NULL: out of memory or the
 * payload lacks it.
 */
struct lf_bytes lf_event_message_key(const struct lf_event *event, struct lf_arena *arena);

#endif
