/*
 * From syntax trees to a model: what the steps of lf_model_compile() share. For the files of this room.
 *
 * All checking is done on the trees, so that every problem of a schema is reported, also where the GraphQL schema
 * cannot be built. The steps, each a file: declare.c (which types there are), directive.c (directives in their places),
 * field.c, constraint.c, literal.c (fields and constants), entity.c, event.c, wire.c, upcast.c, apply.c, mutation.c
 * (what they mean), strip.c and served.c (the SDL to serve), link.c (pointers into the schema built), compile.c (the
 * order).
 */
#ifndef LF_MODEL_COMPILE_H
#define LF_MODEL_COMPILE_H

#include "graphql/parse.h"
#include "graphql/text.h"
#include "model/model.h"
#include "model/names.h"

enum lf_role {
    LF_ROLE_PLAIN, /* a type as any */
    LF_ROLE_ENTITY,
    LF_ROLE_EVENT,
    LF_ROLE_QUERY,
    LF_ROLE_MUTATION,
    LF_ROLE_SUBSCRIPTION,
};

/* A named type of the user's files: its definition and extensions taken together. */
struct lf_decl {
    struct lf_gql_name name;
    enum lf_gql_definition_kind kind;
    enum lf_role role;
    bool defined; /* not only extended */
    struct lf_gql_directives directives;
    const struct lf_gql_field_def *fields; /* OBJECT, INTERFACE */
    size_t field_count;
    const struct lf_gql_input_def *inputs; /* INPUT */
    size_t input_count;
    const struct lf_gql_enum_value_def *values; /* ENUM */
    size_t value_count;
    /* what it has become; NULL: nothing of that kind, or not yet */
    struct lf_entity *entity;
    struct lf_event_type *event;
    struct lf_object *object; /* PLAIN objects and INPUT, made on demand */
};

/* Where an event field's value comes from, by position; SIZE_MAX: from nowhere, or from the argument as a whole. */
struct lf_fill_source {
    size_t arg;
    size_t inner;
};

/* A mutation before there is a schema to point into. */
struct lf_draft {
    struct lf_field *args; /* one an argument */
    size_t arg_count;
    struct lf_fill_source *sources; /* one a field of the event */
};

struct lf_compiler {
    struct lf_model *model;
    struct lf_arena *arena; /* the model's */
    struct lf_gql_errors *errors;
    struct lf_gql_source *sources;
    struct lf_gql_source *generated;          /* the SDL that follows from the model */
    const struct lf_gql_document **documents; /* as written */
    size_t document_count;
    struct lf_map decls;           /* name -> struct lf_decl * */
    struct lf_map directive_names; /* the user's own directive definitions */
    struct lf_bytes root_names[3]; /* by enum lf_gql_operation_type */
    struct lf_draft *drafts;       /* one a mutation of the model */
};

/* A field whose type could not be understood has been reported; it is compatible with everything. */
#define LF_T_BROKEN (LF_T_OBJECT + 1)

/* Adds an error at loc, unless just that is there already (an input type is used by several mutations). */
void lf_compile_error(struct lf_compiler *c, const struct lf_gql_loc *loc, const char *fmt, ...) LF_PRINTF(3, 4);
/* `. Did you mean "x"?`, or "" where nothing is near: the end of a message. */
const char *lf_compile_hint(struct lf_compiler *c, const struct lf_gql_suggest *suggest);
/* Notes that memory ran out: nothing that was found so far is to be trusted. */
static inline void
lf_compile_no_memory(struct lf_compiler *c)
{
    c->errors->no_memory = true;
}
/* count zeroed items of the model's arena; NULL (noted) out of memory. count 0 gives an array that is not used. */
#define LF_COMPILE_ARRAY(c, type, count) ((type *)lf_compile_array((c), (count), sizeof(type)))
void *lf_compile_array(struct lf_compiler *c, size_t count, size_t size);
/* Texts in the model's arena; "" (noted) out of memory. */
const char *lf_compile_printf(struct lf_compiler *c, const char *fmt, ...) LF_PRINTF(2, 3);
struct lf_bytes lf_compile_copy(struct lf_compiler *c, struct lf_bytes text);

/* declare.c */
void lf_compile_declare(struct lf_compiler *c);
struct lf_decl *lf_compile_decl(const struct lf_compiler *c, struct lf_bytes name);
/* Walks the declarations in the order of their definitions: start with *at = 0; NULL at the end. */
struct lf_decl *lf_compile_next(const struct lf_compiler *c, size_t *at);

/* directive.c */
/* Reports directives that are unknown, misplaced, repeated or not available, and wrong arguments. */
void lf_compile_check_directives(struct lf_compiler *c);
bool lf_compile_is_our_directive(struct lf_bytes name);
bool lf_compile_is_directive(struct lf_bytes name); /* ours, or one of GraphQL's own */
/* Arguments of a checked directive. False (ret unchanged): absent, null, or of a wrong kind (which has been reported).
 */
bool lf_compile_text_arg(const struct lf_gql_directive *directive, const char *name, struct lf_bytes *ret);
bool lf_compile_int_arg(const struct lf_gql_directive *directive, const char *name, int64_t *ret);
bool lf_compile_bool_arg(const struct lf_gql_directive *directive, const char *name, bool *ret);
/* The place of an argument's value, or of the directive where the argument is absent. */
const struct lf_gql_loc *lf_compile_arg_loc(const struct lf_gql_directive *directive, const char *name);

/* field.c */
struct lf_field_source { /* what a field definition, an argument and an input field have in common */
    struct lf_gql_name name;
    const struct lf_gql_type_ref *type;
    struct lf_gql_directives directives;
};
/* Compiles a field of an event, entity or object (input: of arguments and input types). What is wrong is reported. */
void lf_compile_field(struct lf_compiler *c, const struct lf_field_source *source, bool input, struct lf_field *ret);
/* The fields of an object type, with a report for those that take arguments. NULL out of memory. */
struct lf_field *lf_compile_fields(struct lf_compiler *c, const struct lf_decl *decl);
/* The object of a plain object type or input type, made on first use; NULL out of memory. */
struct lf_object *lf_compile_object(struct lf_compiler *c, struct lf_decl *decl);
struct lf_field *lf_find_field(struct lf_field *fields, size_t count, struct lf_bytes name);
/* lf_compile_hint() of the fields' names. */
const char *lf_compile_suggest_field(struct lf_compiler *c, const struct lf_field *fields, size_t count,
                                     struct lf_bytes name);
/* The type as written, "[Float!]!". */
const char *lf_compile_type_text(struct lf_compiler *c, const struct lf_field *field);

/* compat.c */
/* May a value of one field be taken over by the other as it is, null aside? Widening counts: Int to Float, UUID to ID.
 */
bool lf_compatible(const struct lf_field *from, const struct lf_field *to);
/* The same for single values: items of lists, or fields that are none. */
bool lf_compatible_item(const struct lf_field *from, const struct lf_field *to);
bool lf_field_is_numeric(const struct lf_field *field);

/* constraint.c */
/* The @constraint of a field, or NULL. */
const struct lf_constraint *lf_compile_constraint(struct lf_compiler *c, const struct lf_field *field,
                                                  struct lf_gql_directives directives);

/* wire.c: the form of events in the log */
/* @field of a field whose type is known. */
void lf_compile_wire_field(struct lf_compiler *c, struct lf_field *field, struct lf_gql_directives directives);
/* Reports numbers that two fields of one type share. */
void lf_compile_wire_numbers(struct lf_compiler *c, const struct lf_field *fields, size_t count);
/* @event(format:) and @schema. */
void lf_compile_wire_event(struct lf_compiler *c, struct lf_event_type *event, struct lf_gql_directives directives);

/* upcast.c */
/* @upcast of an event whose version and fields are known. */
void lf_compile_upcasts(struct lf_compiler *c, struct lf_event_type *event, struct lf_gql_directives directives);

/* literal.c */
/* Coerces a constant to the type of a field; on failure *ret_why is an arena text. */
bool lf_compile_literal(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
                        struct lf_value *ret, const char **ret_why);

/* entity.c, event.c, apply.c, mutation.c */
void lf_compile_entities(struct lf_compiler *c);
void lf_compile_events(struct lf_compiler *c);
void lf_compile_steps(struct lf_compiler *c);
void lf_compile_mutations(struct lf_compiler *c);

/* strip.c */
/* A document without what is ours. NULL out of memory. */
const struct lf_gql_document *lf_compile_strip(struct lf_compiler *c, const struct lf_gql_document *document);

/* served.c */
/* The documents to build the schema from: the user's without what is ours, then what is generated. NULL: reported. */
const struct lf_gql_document **lf_compile_served(struct lf_compiler *c, size_t *ret_count);

/* provided.c */
/* Reports fields whose type is among the generated ones. */
void lf_compile_check_provided(struct lf_compiler *c, const struct lf_gql_document *generated);

/* link.c */
/* Sets every pointer into the schema, now that it is there. */
void lf_compile_link(struct lf_compiler *c);

#endif
