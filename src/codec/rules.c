/* Rules: one compiled schema an event that names a file. */
#include "codec/rules.h"
#include "base/mem.h"
#include "codec/jsonschema_files.h"

struct lf_rules {
    size_t count; /* events of the model */
    struct lf_jsonschema *schemas[];
};

static struct lf_rules *
rules_new(size_t count)
{
    size_t size;
    if (!lf_size_mul(count, sizeof(struct lf_jsonschema *), &size) ||
        !lf_size_add(size, sizeof(struct lf_rules), &size))
        return NULL;
    struct lf_rules *rules = lf_calloc(1, size);
    if (rules != NULL)
        rules->count = count;
    return rules;
}

void
lf_rules_free(struct lf_rules *rules)
{
    for (size_t i = 0; rules != NULL && i < rules->count; i++)
        lf_jsonschema_free(rules->schemas[i]);
    lf_free(rules);
}

enum lf_status
lf_rules_load(const struct lf_model *model, lf_rules_problem_fn *tell, void *user, struct lf_rules **ret,
              struct lf_err *err)
{
    const struct lf_jsonschema_files files = {.draft = LF_JSONSCHEMA_2020_12};
    struct lf_rules *rules = rules_new(model->event_count);
    enum lf_status st = rules != NULL ? LF_OK : lf_no_memory(err);
    size_t named = 0, bad = 0;
    for (size_t i = 0; i < model->event_count && st == LF_OK; i++) {
        const struct lf_event_type *type = &model->events[i];
        struct lf_err why = {0};
        if (type->schema_file.ptr == NULL)
            continue;
        named++;
        enum lf_status loaded = lf_jsonschema_load(&files, type->schema_file.ptr, &rules->schemas[type->index], &why);
        if (loaded == LF_NO_MEMORY)
            st = lf_no_memory(err);
        else if (loaded != LF_OK)
            tell(user, type, why.text);
        bad += loaded != LF_OK;
    }
    if (st == LF_OK && bad != 0)
        st = lf_fail(err, LF_INVALID, "%zu JSON Schema%s cannot be used", bad, bad == 1 ? "" : "s");
    if (st == LF_OK && named != 0) {
        *ret = rules;
        return LF_OK;
    }
    lf_rules_free(rules);
    if (st == LF_OK)
        *ret = NULL;
    return st;
}

static enum lf_status
take_errors(const struct lf_jsonschema_error *errors, size_t count, struct lf_arena *arena, struct lf_violation *ret,
            struct lf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *reason =
            lf_arena_printf(arena, "%.*s (%.*s)", LF_FMT(errors[i].message), LF_FMT(errors[i].keyword));
        if (reason == NULL)
            return lf_no_memory(err);
        ret[i] = (struct lf_violation){errors[i].instance, lf_bytes_of(reason)};
    }
    return LF_INVALID;
}

static enum lf_status
check_schema(const struct lf_jsonschema *schema, const struct lf_value *payload, struct lf_arena *arena,
             struct lf_violation ret[LF_VIOLATIONS_MAX], size_t *ret_count, struct lf_err *err)
{
    struct lf_jsonschema_error errors[LF_VIOLATIONS_MAX];
    size_t count = 0;
    struct lf_err why = {0};
    enum lf_status st = lf_jsonschema_validate(schema, payload, arena, errors, LF_VIOLATIONS_MAX, &count, &why);
    if (st == LF_LIMIT) { /* no verdict is none in its favour */
        errors[0] = (struct lf_jsonschema_error){.message = lf_bytes_of(why.text), .keyword = LF_LIT("limit")};
        count = 1;
        st = LF_INVALID;
    }
    if (st == LF_INVALID)
        st = take_errors(errors, count, arena, ret, err);
    if (st == LF_INVALID) {
        *ret_count = count;
        struct lf_bytes path = ret[0].path.len != 0 ? ret[0].path : LF_LIT("payload");
        return lf_fail(err, LF_INVALID, "%.*s: %.*s", LF_FMT(path), LF_FMT(ret[0].reason));
    }
    return st == LF_OK ? LF_OK : lf_no_memory(err);
}

enum lf_status
lf_rules_check(const struct lf_rules *rules, const struct lf_event_type *type, const struct lf_value *payload,
               struct lf_arena *arena, struct lf_violation ret[LF_VIOLATIONS_MAX], size_t *ret_count,
               struct lf_err *err)
{
    enum lf_status st = lf_event_check(type, payload, arena, ret, ret_count, err);
    if (st != LF_OK || rules == NULL)
        return st;
    LF_ASSERT(type->index < rules->count);
    const struct lf_jsonschema *schema = rules->schemas[type->index];
    return schema != NULL ? check_schema(schema, payload, arena, ret, ret_count, err) : LF_OK;
}
