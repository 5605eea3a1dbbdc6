/* A validation: applies nodes to values, counts steps and depth, keeps what was evaluated. */
#include "codec/jsonschema/check.h"

bool
lf_js_stop(struct lf_js_run *run, enum lf_status status, const char *text)
{
    if (run->failed == LF_OK) {
        run->failed = status;
        if (status == LF_NO_MEMORY)
            (void)lf_no_memory(run->err);
        else
            (void)lf_fail(run->err, status, "%s", text);
    }
    return false;
}

bool
lf_js_charge(struct lf_js_run *run, uint64_t steps)
{
    if (run->steps < 0 || steps > (uint64_t)run->steps) {
        run->steps = -1;
        return lf_js_stop(run, LF_LIMIT, "the schema takes too much work on this value");
    }
    run->steps -= (int64_t)steps;
    return true;
}

/* Runs the keywords that are about such a value. */
static bool
check_keywords(struct lf_js_run *run, const struct lf_js_frame *frame)
{
    const struct lf_js_node *node = frame->node;
    const unsigned type = 1U << frame->value->type;
    bool valid = true;
    for (uint32_t i = 0; i < node->keyword_count; i++) {
        const struct lf_js_keyword *keyword = &node->keywords[i];
        if ((keyword->types & type) == 0 || (keyword->needs_marks && !valid))
            continue;
        if (!keyword->check(run, keyword, frame)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}

/* A node with unevaluated… looks at its own marks only: those of its neighbours do not count. */
static bool
check_with_marks(struct lf_js_run *run, struct lf_js_frame *frame)
{
    struct lf_js_marks marks;
    struct lf_js_marks *outer = frame->marks;
    if (!lf_js_charge(run, frame->value->count / 64))
        return false;
    bool valid = false;
    frame->marks = &marks;
    if (lf_js_marks_init(&marks, frame->value->count))
        valid = check_keywords(run, frame);
    else
        lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    frame->marks = outer;
    if (valid && outer != NULL)
        lf_js_marks_add(outer, &marks);
    lf_js_marks_release(&marks);
    return valid;
}

bool
lf_js_apply(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_value *value,
            const struct lf_js_place *place, const struct lf_js_scope *scope, struct lf_js_marks *marks)
{
    if (run->failed != LF_OK)
        return false;
    if (node->kind != LF_JS_KEYWORDS)
        return node->kind == LF_JS_TRUE || lf_js_report_false(run, node, value, place);
    if (run->depth == LF_JSONSCHEMA_DEPTH_MAX)
        return lf_js_stop(run, LF_LIMIT, "too many schemas apply within one another: the schema may be endless");
    if (!lf_js_charge(run, node->keyword_count + 1))
        return false;
    const struct lf_js_scope inner = {node->resource, scope};
    bool same = scope != NULL && scope->resource == node->resource;
    struct lf_js_frame frame = {node, value, place, same ? scope : &inner, marks};
    run->depth++;
    bool valid =
        (node->unevaluated & 1U << value->type) != 0 ? check_with_marks(run, &frame) : check_keywords(run, &frame);
    run->depth--;
    return valid;
}

bool
lf_js_apply_apart(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame)
{
    if (frame->marks == NULL)
        return lf_js_apply(run, node, frame->value, frame->place, frame->scope, NULL);
    struct lf_js_marks marks;
    if (!lf_js_charge(run, frame->marks->count / 64))
        return false;
    if (!lf_js_marks_init(&marks, frame->marks->count))
        return lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    bool valid = lf_js_apply(run, node, frame->value, frame->place, frame->scope, &marks);
    if (valid)
        lf_js_marks_add(frame->marks, &marks);
    lf_js_marks_release(&marks);
    return valid;
}

bool
lf_js_apply_quietly(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame)
{
    run->quiet++;
    bool valid = lf_js_apply_apart(run, node, frame);
    run->quiet--;
    return valid;
}

enum lf_status
lf_jsonschema_validate(const struct lf_jsonschema *schema, const struct lf_value *value, struct lf_arena *arena,
                       struct lf_jsonschema_error *errors, size_t max, size_t *ret_count, struct lf_err *err)
{
    struct lf_js_run run = {
        .schema = schema,
        .arena = arena,
        .errors = errors,
        .max = max,
        .quiet = max == 0 ? 1 : 0,
        .steps = schema->steps_max,
        .err = err,
    };
    bool valid = lf_js_apply(&run, schema->root, value, NULL, NULL, NULL);
    lf_regex_matcher_release(&run.matcher);
    *ret_count = run.count;
    if (run.failed != LF_OK)
        return run.failed;
    if (valid)
        return LF_OK;
    if (run.count == 0)
        return lf_fail(err, LF_INVALID, "the value does not match its schema");
    return lf_fail(err, LF_INVALID, "%.*s%s%.*s", LF_FMT(errors[0].instance), errors[0].instance.len != 0 ? ": " : "",
                   LF_FMT(errors[0].message));
}
