/* Questions about types (section 3). */
#include "graphql/schema.h"

struct lf_gql_type *
lf_gql_schema_type(const struct lf_gql_schema *schema, struct lf_bytes name)
{
    return lf_map_get(&schema->types, name);
}

struct lf_gql_field *
lf_gql_type_field(const struct lf_gql_type *type, struct lf_bytes name)
{
    return lf_map_get(&type->field_map, name);
}

struct lf_gql_input *
lf_gql_find_input(struct lf_gql_input *inputs, size_t count, struct lf_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal(inputs[i].name, name))
            return &inputs[i];
    }
    return NULL;
}

const struct lf_gql_type *
lf_gql_type_named(const struct lf_gql_type *type)
{
    while (type->of != NULL)
        type = type->of;
    return type;
}

const struct lf_gql_type *
lf_gql_type_nullable(const struct lf_gql_type *type)
{
    return type->kind == LF_GQL_NON_NULL_TYPE ? type->of : type;
}

bool
lf_gql_type_is_input(const struct lf_gql_type *type)
{
    const struct lf_gql_type *named = lf_gql_type_named(type);
    return named->kind == LF_GQL_INPUT_TYPE || lf_gql_type_is_leaf(named);
}

bool
lf_gql_type_is_output(const struct lf_gql_type *type)
{
    return lf_gql_type_named(type)->kind != LF_GQL_INPUT_TYPE;
}

bool
lf_gql_type_is_leaf(const struct lf_gql_type *type)
{
    return type->kind == LF_GQL_SCALAR_TYPE || type->kind == LF_GQL_ENUM_TYPE;
}

bool
lf_gql_type_is_composite(const struct lf_gql_type *type)
{
    return type->kind == LF_GQL_OBJECT_TYPE || type->kind == LF_GQL_INTERFACE_TYPE || type->kind == LF_GQL_UNION_TYPE;
}

bool
lf_gql_type_equal(const struct lf_gql_type *a, const struct lf_gql_type *b)
{
    while (a != b && a->kind == b->kind && a->of != NULL) {
        a = a->of;
        b = b->of;
    }
    return a == b;
}

static bool
implements(const struct lf_gql_type *type, const struct lf_gql_type *interface)
{
    for (size_t i = 0; i < type->interface_count; i++) {
        if (type->interfaces[i] == interface)
            return true;
    }
    return false;
}

static bool
has_member(const struct lf_gql_type *type, const struct lf_gql_type *object)
{
    for (size_t i = 0; i < type->possible_count; i++) {
        if (type->possible[i] == object)
            return true;
    }
    return false;
}

bool
lf_gql_type_is_subtype(const struct lf_gql_type *sub, const struct lf_gql_type *super)
{
    for (;;) {
        if (sub == super)
            return true;
        if (super->kind == LF_GQL_NON_NULL_TYPE) {
            if (sub->kind != LF_GQL_NON_NULL_TYPE)
                return false;
            super = super->of;
            sub = sub->of;
        } else if (sub->kind == LF_GQL_NON_NULL_TYPE) {
            sub = sub->of;
        } else if (super->kind == LF_GQL_LIST_TYPE || sub->kind == LF_GQL_LIST_TYPE) {
            if (super->kind != sub->kind)
                return false;
            super = super->of;
            sub = sub->of;
        } else {
            return super->kind == LF_GQL_UNION_TYPE ? has_member(super, sub) : implements(sub, super);
        }
    }
}

bool
lf_gql_type_includes(const struct lf_gql_type *type, const struct lf_gql_type *object)
{
    if (type == object)
        return true;
    return type->kind == LF_GQL_UNION_TYPE ? has_member(type, object)
                                           : type->kind == LF_GQL_INTERFACE_TYPE && implements(object, type);
}

bool
lf_gql_types_overlap(const struct lf_gql_type *a, const struct lf_gql_type *b)
{
    if (a == b)
        return true;
    if (a->kind == LF_GQL_OBJECT_TYPE)
        return lf_gql_type_includes(b, a);
    for (size_t i = 0; i < a->possible_count; i++) {
        if (lf_gql_type_includes(b, a->possible[i]))
            return true;
    }
    return false;
}

static const struct lf_gql_type *
wrap(struct lf_arena *arena, enum lf_gql_kind kind, const struct lf_gql_type *of)
{
    struct lf_gql_type *type = of != NULL ? LF_ARENA_NEW(arena, struct lf_gql_type) : NULL;
    if (type == NULL)
        return NULL;
    type->kind = kind;
    type->of = of;
    return type;
}

const struct lf_gql_type *
lf_gql_type_of_ref(const struct lf_gql_schema *schema, struct lf_arena *arena, const struct lf_gql_type_ref *ref)
{
    switch (ref->kind) {
    case LF_GQL_REF_LIST: return wrap(arena, LF_GQL_LIST_TYPE, lf_gql_type_of_ref(schema, arena, ref->of));
    case LF_GQL_REF_NON_NULL: return wrap(arena, LF_GQL_NON_NULL_TYPE, lf_gql_type_of_ref(schema, arena, ref->of));
    case LF_GQL_REF_NAMED: break;
    }
    return lf_gql_schema_type(schema, ref->name.text);
}

void
lf_gql_type_write(struct lf_buf *out, const struct lf_gql_type *type)
{
    if (type->kind == LF_GQL_LIST_TYPE) {
        lf_buf_add_char(out, '[');
        lf_gql_type_write(out, type->of);
        lf_buf_add_char(out, ']');
    } else if (type->kind == LF_GQL_NON_NULL_TYPE) {
        lf_gql_type_write(out, type->of);
        lf_buf_add_char(out, '!');
    } else {
        lf_buf_add(out, type->name);
    }
}
