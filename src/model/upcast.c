/*
 * @upcast: how events of older versions become what the schema says today. Each directive takes one version to the
 * next; within one, names change first, then what is not wanted goes, then what is missing is filled.
 */
#include "graphql/values.h"
#include "model/compile.h"

enum { PATH_NAMES_MAX = 32, STEPS_MAX = 1000 };

/* Steps while they are gathered, of one event. */
struct gathering {
    struct lf_compiler *c;
    struct lf_event_type *event;
    struct step {
        struct lf_upcast_step step;
        struct lf_gql_loc loc;
        const struct lf_gql_value_node *literal; /* DEFAULT */
        struct lf_bytes words;                   /* the argument, for messages */
    } *steps;
    size_t count, cap;
};

static struct step *
add_step(struct gathering *g, int32_t from, enum lf_upcast_op op, const char *words, const struct lf_gql_loc *loc)
{
    struct step *steps = lf_arena_grow(g->c->arena, g->steps, g->count, &g->cap, sizeof(*steps));
    if (steps == NULL) {
        lf_compile_no_memory(g->c);
        return NULL;
    }
    g->steps = steps;
    struct step *step = &steps[g->count++];
    *step = (struct step){.step = {.from = from, .op = op}, .loc = *loc, .words = lf_bytes_of(words)};
    return step;
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* Splits "address.street" at its points. */
static bool
read_path(struct gathering *g, const char *words, const struct lf_gql_value_node *node, struct lf_member_path *ret)
{
    struct lf_bytes rest = node->text, names[PATH_NAMES_MAX];
    size_t count = 0;
    for (bool more = true; more && node->kind == LF_GQL_STRING && count < PATH_NAMES_MAX;) {
        size_t point = lf_bytes_index(rest, '.');
        more = point != SIZE_MAX;
        names[count++] = more ? lf_bytes(rest.ptr, point) : rest;
        if (names[count - 1].len == 0)
            break;
        rest = more ? lf_bytes(rest.ptr + point + 1, rest.len - point - 1) : LF_BYTES_NONE;
        if (more)
            continue;
        struct lf_bytes *kept = LF_COMPILE_ARRAY(g->c, struct lf_bytes, count);
        for (size_t i = 0; kept != NULL && i < count; i++)
            kept[i] = names[i];
        *ret = (struct lf_member_path){kept, kept != NULL ? count : 0};
        return kept != NULL;
    }
    lf_compile_error(g->c, &node->loc,
                     "@upcast(%s:): a place in the payload is a string of names with points between them, as in "
                     "\"address.street\"",
                     words);
    return false;
}

static bool
read_name(struct gathering *g, const struct lf_bytes *name, struct lf_member_path *ret)
{
    struct lf_bytes *kept = LF_COMPILE_ARRAY(g->c, struct lf_bytes, 1);
    if (kept != NULL)
        kept[0] = *name;
    *ret = (struct lf_member_path){kept, kept != NULL ? 1 : 0};
    return kept != NULL;
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

static bool
is_object(struct gathering *g, const struct lf_gql_value_node *node, const char *words, const char *example)
{
    if (node->kind == LF_GQL_OBJECT)
        return true;
    lf_compile_error(g->c, &node->loc, "@upcast(%s:) must be an object, as in %s", words, example);
    return false;
}

/* rename: {amount: "total"} */
static void
read_rename(struct gathering *g, int32_t from, const struct lf_gql_value_node *node)
{
    if (!is_object(g, node, "rename", "{oldName: \"newName\"}"))
        return;
    for (size_t i = 0; i < node->count; i++) {
        const struct lf_gql_argument *member = &node->fields[i];
        if (member->value->kind != LF_GQL_STRING || member->value->text.len == 0) {
            lf_compile_error(g->c, &member->value->loc, "@upcast(rename:): the new name of \"%.*s\" must be a string",
                             LF_FMT(member->name.text));
            continue;
        }
        struct step *step = add_step(g, from, LF_UPCAST_MOVE, "rename", &member->name.loc);
        if (step == NULL || !read_name(g, &member->name.text, &step->step.path) ||
            !read_name(g, &member->value->text, &step->step.to))
            return;
    }
}

static const struct lf_gql_value_node *
member_of(const struct lf_gql_value_node *node, const char *name)
{
    for (size_t i = 0; i < node->count; i++) {
        if (lf_bytes_equal_text(node->fields[i].name.text, name))
            return node->fields[i].value;
    }
    return NULL;
}

/* One {from: "street", to: "address.street"} */
static void
read_one_move(struct gathering *g, int32_t from, const struct lf_gql_value_node *node)
{
    struct lf_member_path path, to;
    const struct lf_gql_value_node *source = node->kind == LF_GQL_OBJECT ? member_of(node, "from") : NULL;
    const struct lf_gql_value_node *target = node->kind == LF_GQL_OBJECT ? member_of(node, "to") : NULL;
    if (source == NULL || target == NULL || node->count != 2) {
        lf_compile_error(g->c, &node->loc,
                         "@upcast(move:) must be {from: \"place\", to: \"place\"}, or a list of these");
        return;
    }
    if (!read_path(g, "move", source, &path) || !read_path(g, "move", target, &to))
        return;
    struct step *step = add_step(g, from, LF_UPCAST_MOVE, "move", &node->loc);
    if (step != NULL) {
        step->step.path = path;
        step->step.to = to;
    }
}

static void
read_one_drop(struct gathering *g, int32_t from, const struct lf_gql_value_node *node)
{
    struct lf_member_path path;
    if (!read_path(g, "drop", node, &path))
        return;
    struct step *step = add_step(g, from, LF_UPCAST_DROP, "drop", &node->loc);
    if (step != NULL)
        step->step.path = path;
}

/* One, or a list of such. */
static void
read_each(struct gathering *g, int32_t from, const struct lf_gql_value_node *node,
          void (*read_one)(struct gathering *g, int32_t from, const struct lf_gql_value_node *node))
{
    if (node->kind != LF_GQL_LIST) {
        read_one(g, from, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        read_one(g, from, node->items[i]);
}

/* default: {currency: "EUR"} */
static void
read_default(struct gathering *g, int32_t from, const struct lf_gql_value_node *node)
{
    if (!is_object(g, node, "default", "{field: value}"))
        return;
    for (size_t i = 0; i < node->count; i++) {
        const struct lf_gql_argument *member = &node->fields[i];
        struct step *step = add_step(g, from, LF_UPCAST_DEFAULT, "default", &member->name.loc);
        if (step == NULL || !read_name(g, &member->name.text, &step->step.path))
            return;
        step->literal = member->value;
    }
}

static void
read_directive(struct gathering *g, const struct lf_gql_directive *directive)
{
    int64_t from;
    if (!lf_compile_int_arg(directive, "from", &from))
        return; /* reported */
    if (from < 1 || from >= g->event->version) {
        lf_compile_error(g->c, lf_compile_arg_loc(directive, "from"),
                         "@upcast(from: %lld) leads nowhere: the version of \"%.*s\" is %d, older ones count from 1; "
                         "raise @event(version:) when the form of an event changes",
                         (long long)from, LF_FMT(g->event->type_name), g->event->version);
        return;
    }
    static const char *const names[] = {"rename", "move", "drop", "default"};
    const struct lf_gql_value_node *args[4];
    bool any = false;
    for (size_t i = 0; i < 4; i++) {
        args[i] = lf_gql_directive_arg(directive, names[i]);
        if (args[i] != NULL && args[i]->kind == LF_GQL_NULL)
            args[i] = NULL;
        any = any || args[i] != NULL;
    }
    if (!any)
        lf_compile_error(g->c, &directive->loc, "@upcast says nothing: give rename, move, drop or default");
    if (args[0] != NULL)
        read_rename(g, (int32_t)from, args[0]);
    if (args[1] != NULL)
        read_each(g, (int32_t)from, args[1], read_one_move);
    if (args[2] != NULL)
        read_each(g, (int32_t)from, args[2], read_one_drop);
    if (args[3] != NULL)
        read_default(g, (int32_t)from, args[3]);
}

/* --- do they lead to the event as it is? -------------------------------------------------------------------------- */

static bool
starts_with(const struct lf_member_path *path, const struct lf_member_path *prefix)
{
    for (size_t i = 0; i < prefix->count; i++) {
        if (i >= path->count || !lf_bytes_equal(path->names[i], prefix->names[i]))
            return false;
    }
    return true;
}

/* What becomes of a place that exists after step `at`; count 0: it goes, or becomes part of something else. */
static struct lf_member_path
follow(const struct gathering *g, size_t at, struct lf_member_path path)
{
    for (size_t i = at + 1; i < g->count && path.count != 0; i++) {
        const struct lf_upcast_step *step = &g->steps[i].step;
        if (step->op == LF_UPCAST_DEFAULT || !starts_with(&path, &step->path))
            continue;
        bool whole = path.count == step->path.count;
        path = step->op == LF_UPCAST_MOVE && whole ? step->to : (struct lf_member_path){0};
    }
    return path;
}

/* The field at a place, through objects; NULL: *ret_opaque is set if the place is inside a JSON value or a list. */
static struct lf_field *
field_at(const struct lf_event_type *event, const struct lf_member_path *path, bool *ret_opaque)
{
    struct lf_field *fields = event->fields;
    size_t count = event->field_count;
    *ret_opaque = false;
    for (size_t i = 0;; i++) {
        struct lf_field *field = lf_find_field(fields, count, path->names[i]);
        if (field == NULL || i + 1 == path->count)
            return field;
        *ret_opaque = field->type == LF_T_JSON || field->is_list || (int)field->type == LF_T_BROKEN;
        if (field->type != LF_T_OBJECT || field->is_list || field->object == NULL)
            return NULL;
        fields = field->object->fields;
        count = field->object->field_count;
    }
}

static const char *
path_text(struct lf_compiler *c, const struct lf_member_path *path)
{
    const char *text = "";
    for (size_t i = 0; i < path->count; i++)
        text = lf_compile_printf(c, "%s%s%.*s", text, i > 0 ? "." : "", LF_FMT(path->names[i]));
    return text;
}

static void
set_fallback(struct gathering *g, struct step *step, const struct lf_member_path *end, struct lf_field *field)
{
    const char *why;
    if (!lf_compile_literal(g->c, field, step->literal, &step->step.value, &why)) {
        if (field->type != LF_T_BROKEN)
            lf_compile_error(g->c, &step->literal->loc, "@upcast(default:) for \"%s\": %s", path_text(g->c, end), why);
        return;
    }
    step->step.over_null = field->non_null;
    if (end->count == 1) {
        field->has_fallback = true;
        field->fallback = step->step.value;
    }
}

static void
check_end(struct gathering *g, size_t at)
{
    struct step *step = &g->steps[at];
    if (step->step.op == LF_UPCAST_DROP)
        return;
    bool opaque = false;
    const struct lf_member_path made = step->step.op == LF_UPCAST_MOVE ? step->step.to : step->step.path;
    const struct lf_member_path end = follow(g, at, made);
    struct lf_field *field = end.count != 0 ? field_at(g->event, &end, &opaque) : NULL;
    if (field == NULL && end.count != 0 && !opaque)
        lf_compile_error(g->c, &step->loc, "@upcast(%.*s:) makes \"%s\", which \"%.*s\" does not have in version %d%s",
                         LF_FMT(step->words), path_text(g->c, &end), LF_FMT(g->event->type_name), g->event->version,
                         lf_compile_suggest_field(g->c, g->event->fields, g->event->field_count, end.names[0]));
    if (step->step.op != LF_UPCAST_DEFAULT)
        return;
    if (field != NULL)
        set_fallback(g, step, &end, field);
    else if (!lf_gql_literal_value(step->literal, g->c->arena, &step->step.value))
        lf_compile_no_memory(g->c);
}

/* By version, those of one version as they are written. */
static void
sort_steps(struct gathering *g)
{
    for (size_t i = 1; i < g->count; i++) {
        struct step step = g->steps[i];
        size_t at = i;
        for (; at > 0 && g->steps[at - 1].step.from > step.step.from; at--)
            g->steps[at] = g->steps[at - 1];
        g->steps[at] = step;
    }
}

void
lf_compile_upcasts(struct lf_compiler *c, struct lf_event_type *event, struct lf_gql_directives directives)
{
    struct gathering g = {.c = c, .event = event};
    for (size_t i = 0; i < directives.count && g.count <= STEPS_MAX; i++) {
        if (lf_bytes_equal_text(directives.items[i].name.text, "upcast"))
            read_directive(&g, &directives.items[i]);
    }
    if (g.count == 0)
        return;
    if (g.count > STEPS_MAX) {
        lf_compile_error(c, &g.steps[0].loc, "\"%.*s\" has more than %d steps of @upcast", LF_FMT(event->type_name),
                         STEPS_MAX);
        return;
    }
    sort_steps(&g);
    event->upcasts = LF_COMPILE_ARRAY(c, struct lf_upcast_step, g.count);
    for (size_t i = 0; event->upcasts != NULL && i < g.count; i++) {
        check_end(&g, i);
        event->upcasts[i] = g.steps[i].step;
        event->upcast_count = i + 1;
    }
}
