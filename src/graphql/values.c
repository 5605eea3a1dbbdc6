/*
 * Coercion of values (variables, as JSON): every problem is reported. Recursion is bounded by LF_JSON_DEPTH_MAX.
 */
#include "graphql/coerce.h"
#include "graphql/text.h"

const char lf_gql_no_memory_text[] = "Out of memory.";

static bool coerce(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
                   const struct lf_gql_path *path, struct lf_value *ret);

static bool
complain(struct lf_gql_coercion *c, const struct lf_gql_path *path, const struct lf_value *bad, const char *text)
{
    c->report(c, path, bad, text != NULL ? text : lf_gql_no_memory_text);
    return false;
}

static bool
coerce_list(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
            const struct lf_gql_path *path, struct lf_value *ret)
{
    size_t count = in->type == LF_V_LIST ? in->count : 1;
    struct lf_value *items = LF_ARENA_ARRAY(c->arena, struct lf_value, count);
    if (items == NULL)
        return complain(c, path, in, NULL);
    bool ok = true;
    if (in->type != LF_V_LIST) { /* a list of one */
        ok = coerce(c, type->of, in, path, &items[0]);
    } else {
        for (size_t i = 0; i < count; i++) {
            struct lf_gql_path step = {.parent = path, .index = i};
            ok &= coerce(c, type->of, &in->u.items[i], &step, &items[i]);
        }
    }
    *ret = lf_value_list(items, count);
    return ok;
}

/* One field of an input object; *ret_count grows if it has a value. */
static bool
coerce_member(struct lf_gql_coercion *c, const struct lf_gql_input *def, const struct lf_value *in,
              const struct lf_gql_path *path, struct lf_member *members, size_t *ret_count)
{
    const struct lf_value *given = lf_value_get(in, def->name);
    struct lf_member *member = &members[*ret_count];
    member->name = def->name;
    if (given != NULL) {
        struct lf_gql_path step = {.parent = path, .key = def->name};
        ++*ret_count; /* counted even when wrong: @oneOf must not complain of it as missing */
        return coerce(c, def->type, given, &step, &member->value);
    }
    if (def->has_default) {
        member->value = def->default_value;
        ++*ret_count;
        return true;
    }
    if (def->type->kind != LF_GQL_NON_NULL_TYPE)
        return true;
    return complain(c, path, in,
                    lf_arena_printf(c->arena, "Field \"%.*s\" of required type \"%s\" was not provided.",
                                    LF_FMT(def->name), lf_gql_text_type(c->arena, def->type)));
}

static bool
complain_unknown_member(struct lf_gql_coercion *c, const struct lf_gql_type *type, struct lf_bytes name,
                        const struct lf_value *in, const struct lf_gql_path *path)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < type->input_count; i++)
        lf_gql_suggest_offer(&suggest, type->inputs[i].name);
    return complain(c, path, in,
                    lf_arena_printf(c->arena, "Field \"%.*s\" is not defined by type \"%.*s\".%s",
                                    LF_FMT(lf_gql_text_cut(name)), LF_FMT(type->name),
                                    lf_gql_suggest_text(&suggest, c->arena, NULL)));
}

static bool
check_one_of(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
             const struct lf_gql_path *path, const struct lf_member *members, size_t count)
{
    if (count != 1)
        return complain(c, path, in,
                        lf_arena_printf(c->arena, "Exactly one key must be specified for OneOf type \"%.*s\".",
                                        LF_FMT(type->name)));
    const struct lf_value *given = lf_value_get(in, members[0].name);
    if (given == NULL || given->type != LF_V_NULL)
        return true;
    struct lf_gql_path step = {.parent = path, .key = members[0].name};
    return complain(c, &step, given,
                    lf_arena_printf(c->arena, "Field \"%.*s\" must be non-null.", LF_FMT(members[0].name)));
}

static bool
coerce_object(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
              const struct lf_gql_path *path, struct lf_value *ret)
{
    if (in->type != LF_V_OBJECT)
        return complain(c, path, in,
                        lf_arena_printf(c->arena, "Expected type \"%.*s\" to be an object.", LF_FMT(type->name)));
    struct lf_member *members = LF_ARENA_ARRAY(c->arena, struct lf_member, type->input_count);
    if (members == NULL)
        return complain(c, path, in, NULL);
    size_t count = 0;
    bool ok = true;
    for (size_t i = 0; i < type->input_count; i++)
        ok &= coerce_member(c, &type->inputs[i], in, path, members, &count);
    for (uint32_t i = 0; i < in->count && !c->full; i++) {
        if (lf_map_get(&type->input_map, in->u.members[i].name) == NULL)
            ok = complain_unknown_member(c, type, in->u.members[i].name, in, path);
    }
    if (type->one_of && !check_one_of(c, type, in, path, members, count))
        ok = false;
    *ret = lf_value_object(members, count);
    return ok;
}

const char *
lf_gql_suggest_enum(const struct lf_gql_type *type, struct lf_bytes text, struct lf_arena *arena)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, text);
    for (size_t i = 0; i < type->value_count; i++)
        lf_gql_suggest_offer(&suggest, type->values[i].name);
    return lf_gql_suggest_text(&suggest, arena, "the enum value");
}

const char *
lf_gql_unknown_enum_text(const struct lf_gql_type *type, struct lf_bytes text, struct lf_arena *arena)
{
    return lf_arena_printf(arena, "Value \"%.*s\" does not exist in \"%.*s\" enum.%s", LF_FMT(lf_gql_text_cut(text)),
                           LF_FMT(type->name), lf_gql_suggest_enum(type, text, arena));
}

bool
lf_gql_find_enum(const struct lf_gql_type *type, struct lf_bytes text, struct lf_value *ret)
{
    const struct lf_gql_enum_value *found = lf_map_get(&type->value_map, text);
    if (found != NULL)
        *ret = lf_value_enum(found->name);
    return found != NULL;
}

static bool
coerce_enum(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
            const struct lf_gql_path *path, struct lf_value *ret)
{
    if (in->type != LF_V_STRING && in->type != LF_V_ENUM) {
        const char *text = lf_gql_text_value(c->arena, in);
        return complain(c, path, in,
                        lf_arena_printf(c->arena, "Enum \"%.*s\" cannot represent non-string value: %s.%s",
                                        LF_FMT(type->name), text,
                                        lf_gql_suggest_enum(type, lf_bytes_of(text), c->arena)));
    }
    return lf_gql_find_enum(type, lf_value_text(in), ret) ||
           complain(c, path, in, lf_gql_unknown_enum_text(type, lf_value_text(in), c->arena));
}

static bool
coerce_scalar(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
              const struct lf_gql_path *path, struct lf_value *ret)
{
    const char *why = NULL;
    if (type->scalar == NULL) {
        *ret = *in;
        return true;
    }
    if (type->scalar->coerce_input(c->arena, in, ret, &why))
        return true;
    if (why == NULL)
        why = lf_arena_printf(c->arena, "Expected type \"%.*s\".", LF_FMT(type->name));
    return complain(c, path, in, why);
}

static bool
coerce(struct lf_gql_coercion *c, const struct lf_gql_type *type, const struct lf_value *in,
       const struct lf_gql_path *path, struct lf_value *ret)
{
    if (c->full)
        return false;
    if (type->kind == LF_GQL_NON_NULL_TYPE) {
        if (in->type == LF_V_NULL)
            return complain(c, path, in,
                            lf_arena_printf(c->arena, "Expected non-nullable type \"%s\" not to be null.",
                                            lf_gql_text_type(c->arena, type)));
        type = type->of;
    }
    if (in->type == LF_V_NULL) {
        *ret = LF_VALUE_NULL;
        return true;
    }
    switch (type->kind) {
    case LF_GQL_LIST_TYPE: return coerce_list(c, type, in, path, ret);
    case LF_GQL_INPUT_TYPE: return coerce_object(c, type, in, path, ret);
    case LF_GQL_ENUM_TYPE: return coerce_enum(c, type, in, path, ret);
    case LF_GQL_SCALAR_TYPE: return coerce_scalar(c, type, in, path, ret);
    default: return complain(c, path, in, "No input type is expected here.");
    }
}

/* Writes ".a[0].b", outermost first: paths are linked the other way round. */
static void
write_path(struct lf_buf *out, const struct lf_gql_path *path)
{
    const struct lf_gql_path *steps[LF_GQL_TEXT_MAX / 4];
    size_t count = 0;
    for (; path != NULL && count < sizeof(steps) / sizeof(*steps); path = path->parent)
        steps[count++] = path;
    while (count-- > 0) {
        if (steps[count]->key.ptr != NULL)
            lf_buf_printf(out, ".%.*s", LF_FMT(steps[count]->key));
        else
            lf_buf_printf(out, "[%zu]", steps[count]->index);
    }
}

const char *
lf_gql_place_text(struct lf_arena *arena, struct lf_bytes name, const struct lf_gql_path *path)
{
    if (path == NULL)
        return "";
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    write_path(&buf, path);
    const char *text = lf_arena_printf(arena, " at \"%.*s%.*s\"", LF_FMT(name), LF_FMT(lf_buf_view(&buf)));
    lf_buf_release(&buf);
    return text != NULL ? text : "";
}

bool
lf_gql_coerce_reporting(struct lf_gql_coercion *coercion, const struct lf_gql_type *type, const struct lf_value *in,
                        struct lf_value *ret)
{
    return coerce(coercion, type, in, NULL, ret);
}

static void
keep_first(struct lf_gql_coercion *c, const struct lf_gql_path *path, const struct lf_value *bad, const char *text)
{
    const char **why = c->user;
    c->full = true;
    *why = lf_arena_printf(c->arena, "Invalid value %s%s: %s", lf_gql_text_value(c->arena, bad),
                           lf_gql_place_text(c->arena, LF_LIT("value"), path), text);
    if (*why == NULL)
        *why = lf_gql_no_memory_text;
}

bool
lf_gql_coerce_value(const struct lf_gql_type *type, const struct lf_value *in, struct lf_arena *arena,
                    struct lf_value *ret, const char **ret_why)
{
    const char *why = NULL;
    struct lf_value out;
    struct lf_gql_coercion c = {.arena = arena, .report = keep_first, .user = &why};
    if (coerce(&c, type, in, NULL, &out)) {
        *ret = out;
        return true;
    }
    if (ret_why != NULL)
        *ret_why = why;
    return false;
}
