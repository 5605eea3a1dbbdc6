/* Constants of @initial and @apply(value:), coerced to the type of their field. */
#include "graphql/values.h"
#include "model/compile.h"

static bool
refuse(struct lf_compiler *c, const char **ret_why, const char *what, const struct lf_gql_value_node *node)
{
    *ret_why = lf_compile_printf(c, "must be %s, is %s", what, lf_gql_text_literal(c->arena, node));
    return false;
}

static bool
coerce_scalar(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
              struct lf_value *ret, const char **ret_why)
{
    const struct lf_gql_scalar_ops *ops = lf_gql_scalar_find(field->type_name);
    struct lf_value untyped;
    if (!lf_gql_literal_value(node, c->arena, &untyped)) {
        lf_compile_no_memory(c);
        *ret_why = "memory ran out";
        return false;
    }
    *ret_why = NULL;
    if (ops == NULL || ops->coerce_input(c->arena, &untyped, ret, ret_why))
        return true;
    if (*ret_why == NULL)
        return refuse(c, ret_why, lf_compile_type_text(c, field), node);
    return false;
}

static bool
coerce_enum(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
            struct lf_value *ret, const char **ret_why)
{
    const struct lf_decl *decl = lf_compile_decl(c, field->type_name);
    for (size_t i = 0; node->kind == LF_GQL_ENUM && decl != NULL && i < decl->value_count; i++) {
        if (lf_bytes_equal(decl->values[i].name.text, node->text)) {
            *ret = lf_value_string(node->text);
            return true;
        }
    }
    return refuse(c, ret_why, lf_compile_printf(c, "a value of the enum %.*s", LF_FMT(field->type_name)), node);
}

static const struct lf_gql_value_node *
find_member(const struct lf_gql_value_node *node, struct lf_bytes name)
{
    for (size_t i = 0; i < node->count; i++) {
        if (lf_bytes_equal(node->fields[i].name.text, name))
            return node->fields[i].value;
    }
    return NULL;
}

static bool
check_members(struct lf_compiler *c, const struct lf_object *object, const struct lf_gql_value_node *node,
              const char **ret_why)
{
    for (size_t i = 0; i < node->count; i++) {
        struct lf_bytes name = node->fields[i].name.text;
        if (lf_find_field(object->fields, object->field_count, name) == NULL) {
            *ret_why =
                lf_compile_printf(c, "has a member \"%.*s\", which %.*s has not", LF_FMT(name), LF_FMT(object->name));
            return false;
        }
    }
    return true;
}

static bool
coerce_object(struct lf_compiler *c, const struct lf_object *object, const struct lf_gql_value_node *node,
              struct lf_value *ret, const char **ret_why)
{
    if (node->kind != LF_GQL_OBJECT)
        return refuse(c, ret_why, lf_compile_printf(c, "an object of type %.*s", LF_FMT(object->name)), node);
    struct lf_member *members = LF_COMPILE_ARRAY(c, struct lf_member, object->field_count);
    if (members == NULL || !check_members(c, object, node, ret_why))
        return false;
    size_t count = 0;
    for (size_t i = 0; i < object->field_count; i++) {
        const struct lf_field *field = &object->fields[i];
        const struct lf_gql_value_node *member = find_member(node, field->name);
        if (member == NULL && field->non_null) {
            *ret_why = lf_compile_printf(c, "lacks \"%.*s\"", LF_FMT(field->name));
            return false;
        }
        if (member == NULL)
            continue;
        members[count].name = field->name;
        if (!lf_compile_literal(c, field, member, &members[count].value, ret_why))
            return false;
        count++;
    }
    *ret = lf_value_object(members, count);
    return true;
}

static bool
coerce_item(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
            struct lf_value *ret, const char **ret_why)
{
    if (field->type == LF_T_ENUM)
        return coerce_enum(c, field, node, ret, ret_why);
    if (field->type == LF_T_OBJECT && field->object != NULL)
        return coerce_object(c, field->object, node, ret, ret_why);
    return coerce_scalar(c, field, node, ret, ret_why);
}

static bool
coerce_list(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
            struct lf_value *ret, const char **ret_why)
{
    bool list = node->kind == LF_GQL_LIST;
    size_t count = list ? node->count : 1; /* one item may stand for a list of it */
    struct lf_value *items = LF_COMPILE_ARRAY(c, struct lf_value, count);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct lf_gql_value_node *item = list ? node->items[i] : node;
        if (item->kind == LF_GQL_NULL && !field->item_non_null)
            continue; /* zeroed is null */
        if (item->kind == LF_GQL_NULL)
            return refuse(c, ret_why, "a list without null", node);
        if (!coerce_item(c, field, item, &items[i], ret_why))
            return false;
    }
    *ret = lf_value_list(items, count);
    return true;
}

bool
lf_compile_literal(struct lf_compiler *c, const struct lf_field *field, const struct lf_gql_value_node *node,
                   struct lf_value *ret, const char **ret_why)
{
    *ret_why = "memory ran out";
    if (field->type == LF_T_BROKEN)
        return true;
    if (node->kind == LF_GQL_NULL && field->non_null)
        return refuse(c, ret_why, lf_compile_type_text(c, field), node);
    if (node->kind == LF_GQL_NULL) {
        *ret = LF_VALUE_NULL;
        return true;
    }
    return field->is_list ? coerce_list(c, field, node, ret, ret_why) : coerce_item(c, field, node, ret, ret_why);
}
