/*
 * What the schema files say, compiled: events, entities, mutations and the GraphQL schema to serve. Built once, then
 * read-only and shared between threads.
 */
#ifndef LF_MODEL_MODEL_H
#define LF_MODEL_MODEL_H

#include "graphql/schema.h"

/*
 * User pointers in the schema (struct lf_gql_input.user): for the arguments of mutations and the input fields below
 * them, a const struct lf_field * that describes the value, with its constraints; an input object type is an lf_object.
 * Elsewhere NULL. See lf_event_check_argument().
 */

enum lf_field_type {
    LF_T_ID,
    LF_T_STRING,
    LF_T_INT, /* 32 bits */
    LF_T_FLOAT,
    LF_T_BOOLEAN,
    LF_T_DATETIME,
    LF_T_DATE,
    LF_T_TIME,
    LF_T_UUID,
    LF_T_DECIMAL,
    LF_T_BIGINT,
    LF_T_JSON,
    LF_T_ENUM,
    LF_T_OBJECT, /* a plain object type (no @entity, no @event) or an input type as a value: stored as JSON */
};

/* @constraint. Bounds are numbers kept exact as values; LF_V_NULL: absent. */
struct lf_constraint {
    struct lf_value min, max, exclusive_min, exclusive_max, multiple_of;
    int64_t min_length, max_length; /* code points; -1: absent */
    int64_t min_items, max_items;   /* -1: absent */
    bool unique_items;
    struct lf_bytes pattern; /* ptr NULL: absent */
    void *pattern_code;      /* compiled once (PCRE2, match-limited); owned by the model */
    struct lf_bytes format;  /* one of model/format.h; ptr NULL: absent */
};

/* How the payload of an event stands in the log. */
enum lf_event_format {
    LF_FORMAT_DEFAULT, /* the schema does not say: the configured one */
    LF_FORMAT_JSON,    /* the envelope */
    LF_FORMAT_JSON_SCHEMA,
    LF_FORMAT_AVRO,
    LF_FORMAT_PROTOBUF,
};

enum {
    LF_FIELD_NUMBER_MAX = 536870911, /* of Protobuf: 2^29 - 1 */
    LF_FIELD_NUMBER_OWN_MIN = 19000, /* and these are its own */
    LF_FIELD_NUMBER_OWN_MAX = 19999,
    LF_FIELD_PRECISION = 38, /* of a Decimal where @field does not say */
    LF_FIELD_SCALE = 9,
};

enum lf_generated { LF_GENERATED_NOT, LF_GENERATED_UUID, LF_GENERATED_EVENT_ID, LF_GENERATED_EVENT_TIME };

/* A field of an event, an entity or a plain object inside them. */
struct lf_field {
    struct lf_bytes name;      /* as in the schema and in payloads */
    struct lf_bytes column;    /* snake_case: "customer_id" */
    enum lf_field_type type;   /* of the value, or of the items of a list */
    struct lf_bytes type_name; /* the same as named in the schema: "Float", "Color" */
    bool non_null;
    bool is_list;       /* one level; items may not be lists (use JSON for that) */
    bool item_non_null; /* of a list */
    const struct lf_gql_type *gql;
    const struct lf_object *object;         /* LF_T_OBJECT */
    const struct lf_constraint *constraint; /* NULL: none; on a list, minItems… hold for it, the others for its items */
    enum lf_generated generated;            /* events */
    bool has_initial;                       /* entities: @initial */
    struct lf_value initial;                /* coerced */
    bool has_default;                       /* arguments and input fields */
    int32_t number;                         /* Protobuf's, by @field(number:); 0: not declared */
    int32_t precision, scale;               /* LF_T_DECIMAL: of Avro, by @field or as above */
    bool has_fallback;                      /* events: what stands for it in older events, by @upcast(default:) */
    struct lf_value fallback;               /* coerced */
    struct lf_gql_loc loc;
};

struct lf_object { /* a plain object type, or an input type */
    struct lf_bytes name;
    struct lf_field *fields;
    size_t field_count;
};

struct lf_entity {
    struct lf_bytes name;       /* "Quote" */
    struct lf_bytes collection; /* "quotes": table or collection, and the list query */
    struct lf_bytes single;     /* "quote": the query by key */
    struct lf_field *fields;
    size_t field_count;
    size_t key; /* index into fields */
    const struct lf_gql_type *gql;
    size_t index; /* in the model */
};

/* Has the entity a field "history" of its own? Then that name does not give its stored events. */
bool lf_entity_declares_history(const struct lf_entity *entity);

enum lf_apply_op {
    LF_APPLY_COPY,
    LF_APPLY_SET,
    LF_APPLY_VALUE,
    LF_APPLY_ADD,
    LF_APPLY_SUBTRACT,
    LF_APPLY_INCREMENT,
    LF_APPLY_APPEND,
    LF_APPLY_REMOVE,
    LF_APPLY_CLEAR
};

/* One step of the fold: how one event type changes one field of its entity. */
struct lf_apply_step {
    enum lf_apply_op op;
    size_t target;         /* index into the entity's fields */
    size_t source;         /* index into the event's fields: COPY, SET, ADD, SUBTRACT, APPEND, REMOVE */
    struct lf_value value; /* VALUE: coerced constant */
    int64_t increment;     /* INCREMENT */
};

enum lf_upcast_op { LF_UPCAST_MOVE, LF_UPCAST_DROP, LF_UPCAST_DEFAULT };

/* Names of members, from the payload inwards. */
struct lf_member_path {
    const struct lf_bytes *names;
    size_t count;
};

/* One step from version `from` of an event's form to the next. */
struct lf_upcast_step {
    int32_t from;
    enum lf_upcast_op op;
    struct lf_member_path path;
    struct lf_member_path to; /* MOVE */
    struct lf_value value;    /* DEFAULT */
    bool over_null;           /* DEFAULT: null is as good as absent, for the field may not be null */
};

struct lf_event_type {
    struct lf_bytes name;           /* eventType on the wire */
    struct lf_bytes type_name;      /* in the schema */
    struct lf_bytes topic;          /* ptr NULL: the configured default */
    const struct lf_entity *entity; /* NULL: changes no entity */
    size_t entity_key;  /* index into fields of the field that carries the entity's key; SIZE_MAX without entity */
    size_t message_key; /* index into fields used as message key; SIZE_MAX: the eventId */
    int32_t version;
    bool deletes;
    enum lf_event_format format;
    struct lf_bytes schema_file;    /* @schema: the path of a JSON Schema, below the folder of the SDL file where it is
                                     relative; ends in NUL; ptr NULL: none */
    struct lf_gql_loc schema_loc;   /* of @schema(file:), for messages */
    struct lf_upcast_step *upcasts; /* @upcast: by `from`, then in their order */
    size_t upcast_count;
    struct lf_field *fields;
    size_t field_count;
    struct lf_apply_step *steps; /* in field order */
    size_t step_count;
    const struct lf_gql_type *gql;
    size_t index;
};

/* How a mutation fills one event field. */
struct lf_fill {
    size_t target;                    /* index into the event's fields */
    const struct lf_gql_input *arg;   /* the argument, or NULL where the field is generated or stays absent */
    const struct lf_gql_input *inner; /* the input-object argument's field, or NULL */
};

struct lf_mutation {
    struct lf_bytes name;
    const struct lf_event_type *event;
    struct lf_fill *fills; /* one a field of the event, in order */
    size_t fill_count;
    struct lf_gql_field *gql;
    size_t index;
};

struct lf_model {
    struct lf_arena arena;
    struct lf_gql_schema *schema; /* complete: what is served; resolvers are the gateway's to set */
    struct lf_entity *entities;
    size_t entity_count;
    struct lf_event_type *events;
    size_t event_count;
    struct lf_mutation *mutations;
    size_t mutation_count;
    struct lf_map entity_map;   /* by type name */
    struct lf_map event_map;    /* by wire name -> struct lf_event_type * */
    struct lf_map mutation_map; /* by field name */
};

struct lf_model_file {
    const char *name; /* for messages */
    struct lf_bytes text;
};

/*
 * Compiles schema files, merged in order. Every problem is added to errors (printable with lf_gql_errors_print) with
 * place and advice; NULL if there were any. Free with lf_model_free(). Files' texts are copied.
 */
struct lf_model *lf_model_compile(const struct lf_model_file *files, size_t count, struct lf_gql_errors *errors);
void lf_model_free(struct lf_model *model);

const struct lf_entity *lf_model_entity(const struct lf_model *model, struct lf_bytes name);
const struct lf_event_type *lf_model_event(const struct lf_model *model, struct lf_bytes wire_name);
/* Whether an LF_T_ENUM field has that value. */
bool lf_model_enum_has(const struct lf_field *field, struct lf_bytes name);
/* The distinct topics of the events, default_topic first. Array and texts in arena; NULL out of memory. */
const struct lf_bytes *lf_model_topics(const struct lf_model *model, struct lf_bytes default_topic,
                                       struct lf_arena *arena, size_t *ret_count);

#endif
