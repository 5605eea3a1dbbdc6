/* Fields: the type, null and list of each, with its constraint. */
#include "model/compile.h"

static const struct {
    const char *name;
    enum lf_field_type type;
} scalars[] = {
    {"ID", LF_T_ID},           {"String", LF_T_STRING},     {"Int", LF_T_INT},   {"Float", LF_T_FLOAT},
    {"Boolean", LF_T_BOOLEAN}, {"DateTime", LF_T_DATETIME}, {"Date", LF_T_DATE}, {"Time", LF_T_TIME},
    {"UUID", LF_T_UUID},       {"Decimal", LF_T_DECIMAL},   {"JSON", LF_T_JSON}, {"BigInt", LF_T_BIGINT},
};

static bool
find_scalar(struct lf_bytes name, enum lf_field_type *ret)
{
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (lf_bytes_equal_text(name, scalars[i].name)) {
            *ret = scalars[i].type;
            return true;
        }
    }
    return false;
}

static const char *
kind_words(const struct lf_decl *decl)
{
    switch (decl->kind) {
    case LF_GQL_DEF_SCALAR: return "a scalar without a known form: use JSON, or one of the scalars provided";
    case LF_GQL_DEF_INTERFACE: return "an interface, which cannot be a stored value: use an object type or JSON";
    case LF_GQL_DEF_UNION: return "a union, which cannot be a stored value: use an object type or JSON";
    case LF_GQL_DEF_INPUT: return "an input type: use an object type here";
    default: break;
    }
    switch (decl->role) {
    case LF_ROLE_ENTITY: return "an entity, which cannot be part of another value: hold its key instead";
    case LF_ROLE_EVENT: return "an event, which cannot be part of another value: use a plain object type";
    default: return "a root type: use a plain object type";
    }
}

/* A type that the files declare, as the type of a value. */
static enum lf_field_type
use_decl(struct lf_compiler *c, const struct lf_field_source *source, const struct lf_gql_name *name,
         struct lf_decl *decl, bool input, struct lf_field *ret)
{
    bool object = decl->kind == LF_GQL_DEF_OBJECT && decl->role == LF_ROLE_PLAIN && !input;
    if (decl->kind == LF_GQL_DEF_ENUM)
        return LF_T_ENUM;
    if (object || (input && decl->kind == LF_GQL_DEF_INPUT)) {
        ret->object = lf_compile_object(c, decl);
        return ret->object != NULL ? LF_T_OBJECT : LF_T_BROKEN;
    }
    if (!input) /* that an argument's type is no input type, the building of the schema reports */
        lf_compile_error(c, &name->loc, "the type of \"%.*s\" is %s", LF_FMT(source->name.text), kind_words(decl));
    else if (decl->kind == LF_GQL_DEF_SCALAR)
        lf_compile_error(c, &name->loc, "the type of argument \"%.*s\" is %s", LF_FMT(source->name.text),
                         kind_words(decl));
    return LF_T_BROKEN;
}

static void
set_named_type(struct lf_compiler *c, const struct lf_field_source *source, const struct lf_gql_name *name, bool input,
               struct lf_field *ret)
{
    ret->type_name = name->text;
    if (find_scalar(name->text, &ret->type))
        return;
    struct lf_decl *decl = lf_compile_decl(c, name->text);
    ret->type = LF_T_BROKEN; /* an unknown type is reported where the schema is built */
    if (decl != NULL)
        ret->type = use_decl(c, source, name, decl, input, ret);
}

static const struct lf_gql_type_ref *
strip_non_null(const struct lf_gql_type_ref *ref, bool *ret_non_null)
{
    *ret_non_null = ref->kind == LF_GQL_REF_NON_NULL;
    return *ret_non_null ? ref->of : ref;
}

void
lf_compile_field(struct lf_compiler *c, const struct lf_field_source *source, bool input, struct lf_field *ret)
{
    const struct lf_gql_type_ref *ref = strip_non_null(source->type, &ret->non_null);
    ret->name = source->name.text;
    ret->loc = source->name.loc;
    ret->column = lf_name_snake(ret->name, c->arena);
    if (ret->column.ptr == NULL)
        lf_compile_no_memory(c);
    ret->is_list = ref->kind == LF_GQL_REF_LIST;
    if (ret->is_list)
        ref = strip_non_null(ref->of, &ret->item_non_null);
    if (ref->kind == LF_GQL_REF_LIST) {
        lf_compile_error(c, &ref->loc,
                         "\"%.*s\" is a list of lists, which cannot be stored as such: use JSON for the "
                         "items",
                         LF_FMT(ret->name));
        ret->type = LF_T_BROKEN;
        return;
    }
    set_named_type(c, source, &ref->name, input, ret);
    ret->constraint = lf_compile_constraint(c, ret, source->directives);
}

struct lf_field *
lf_compile_fields(struct lf_compiler *c, const struct lf_decl *decl)
{
    struct lf_field *fields = LF_COMPILE_ARRAY(c, struct lf_field, decl->field_count);
    for (size_t i = 0; fields != NULL && i < decl->field_count; i++) {
        const struct lf_gql_field_def *def = &decl->fields[i];
        const struct lf_field_source source = {def->name, def->type, def->directives};
        if (def->arg_count != 0)
            lf_compile_error(c, &def->args[0].name.loc,
                             "field \"%.*s\" of \"%.*s\" takes arguments, but is a stored value: remove them",
                             LF_FMT(def->name.text), LF_FMT(decl->name.text));
        lf_compile_field(c, &source, false, &fields[i]);
        lf_compile_wire_field(c, &fields[i], def->directives);
    }
    if (fields != NULL)
        lf_compile_wire_numbers(c, fields, decl->field_count);
    return fields;
}

static void
compile_inputs(struct lf_compiler *c, const struct lf_decl *decl, struct lf_object *object)
{
    object->fields = LF_COMPILE_ARRAY(c, struct lf_field, decl->input_count);
    object->field_count = object->fields != NULL ? decl->input_count : 0;
    for (size_t i = 0; i < object->field_count; i++) {
        const struct lf_field_source source = {decl->inputs[i].name, decl->inputs[i].type, decl->inputs[i].directives};
        lf_compile_field(c, &source, true, &object->fields[i]);
        object->fields[i].has_default = decl->inputs[i].default_value != NULL;
    }
}

/* Types may contain themselves: the object is known before its fields are compiled. */
struct lf_object *
lf_compile_object(struct lf_compiler *c, struct lf_decl *decl)
{
    if (decl->object != NULL)
        return decl->object;
    struct lf_object *object = LF_COMPILE_ARRAY(c, struct lf_object, 1);
    if (object == NULL)
        return NULL;
    decl->object = object;
    object->name = decl->name.text;
    if (decl->kind == LF_GQL_DEF_INPUT) {
        compile_inputs(c, decl, object);
    } else {
        object->fields = lf_compile_fields(c, decl);
        object->field_count = object->fields != NULL ? decl->field_count : 0;
    }
    return object;
}

struct lf_field *
lf_find_field(struct lf_field *fields, size_t count, struct lf_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal(fields[i].name, name))
            return &fields[i];
    }
    return NULL;
}

const char *
lf_compile_suggest_field(struct lf_compiler *c, const struct lf_field *fields, size_t count, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < count; i++)
        lf_gql_suggest_offer(&suggest, fields[i].name);
    return lf_compile_hint(c, &suggest);
}

const char *
lf_compile_type_text(struct lf_compiler *c, const struct lf_field *field)
{
    return lf_compile_printf(c, "%s%.*s%s%s%s", field->is_list ? "[" : "", LF_FMT(field->type_name),
                             field->is_list && field->item_non_null ? "!" : "", field->is_list ? "]" : "",
                             field->non_null ? "!" : "");
}
