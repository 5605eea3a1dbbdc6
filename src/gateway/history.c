/* An entity's past: @asOf on its query, and its field history. */
#include "base/clock.h"
#include "gateway/filter.h"
#include "gateway/gateway_internal.h"

#include <string.h>

/* ---- @asOf ---- */

static const struct lf_value *
given(const struct lf_value *args, const char *name)
{
    const struct lf_value *value = lf_value_get_text(args, name);
    return value != NULL && value->type != LF_V_NULL ? value : NULL;
}

bool
lf_gateway_read_as_of(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, struct lf_gateway_as_of *ret)
{
    struct lf_value args;
    const char *why = NULL;
    *ret = (struct lf_gateway_as_of){.given = lf_gql_resolve_directive(info, "asOf", &args, &why)};
    if (!ret->given) {
        if (why != NULL)
            lf_gql_slot_error(slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@asOf: %s", why);
        return why == NULL;
    }
    const struct lf_value *time = given(&args, "time"), *event_id = given(&args, "eventId");
    if ((time != NULL) == (event_id != NULL)) {
        lf_gql_slot_error(slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@asOf: give either time or eventId");
        return false;
    }
    if (event_id != NULL) {
        ret->event_id = lf_arena_copy(info->arena, lf_value_text(event_id));
        if (ret->event_id.ptr == NULL)
            lf_gateway_out_of_memory(info->ctx, slot);
        return ret->event_id.ptr != NULL;
    }
    if (!lf_time_parse(lf_value_text(time), &ret->until_us)) {
        lf_gql_slot_error(slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@asOf: time is no DateTime");
        return false;
    }
    return true;
}

/* ---- where @asOf has a meaning ---- */

struct search {
    const struct lf_gql_schema *schema;
    struct lf_gql_errors *errors;
};

static const struct lf_gql_directive *
as_of(const struct lf_gql_selection *field)
{
    for (size_t i = 0; i < field->directives.count; i++) {
        if (lf_bytes_equal_text(field->directives.items[i].name.text, "asOf"))
            return &field->directives.items[i];
    }
    return NULL;
}

static bool
is_entity_query(const struct search *search, const struct lf_gql_selection *field)
{
    const struct lf_gql_field *defined = lf_gql_type_field(search->schema->query, field->name.text);
    return defined != NULL && defined->resolve == lf_gateway_resolve_entity;
}

/* Documents are of limited depth. */
static void
look(const struct search *search, const struct lf_gql_selection_set *set, bool at_query)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct lf_gql_selection *selection = &set->items[i];
        bool below = false; /* is what is selected below selected from the query type? */
        if (selection->kind == LF_GQL_INLINE)
            below = selection->on.text.ptr != NULL ? lf_bytes_equal(selection->on.text, search->schema->query->name)
                                                   : at_query;
        const struct lf_gql_directive *directive = selection->kind == LF_GQL_FIELD ? as_of(selection) : NULL;
        if (directive != NULL && !(at_query && is_entity_query(search, selection)))
            lf_gql_errors_add(search->errors, "GRAPHQL_VALIDATION_FAILED", &directive->loc,
                              "@asOf may be used on the query of one entity by its key, not on \"%.*s\".",
                              LF_FMT(selection->name.text));
        look(search, &selection->set, below);
    }
}

bool
lf_gateway_as_of_misplaced(const struct lf_gql_schema *schema, const struct lf_gql_document *document,
                           struct lf_bytes text, struct lf_gql_errors *errors)
{
    const struct search search = {schema, errors};
    size_t before = errors->count;
    if (text.len == 0 || memmem(text.ptr, text.len, "asOf", 4) == NULL) /* most: their documents need no walk */
        return false;
    for (size_t i = 0; i < document->count; i++) {
        const struct lf_gql_definition *definition = document->definitions[i];
        bool at_query = definition->kind == LF_GQL_DEF_OPERATION
                            ? definition->operation == LF_GQL_QUERY
                            : lf_bytes_equal(definition->on.text, schema->query->name);
        look(&search, &definition->set, at_query);
    }
    return errors->count != before;
}

/* ---- history ---- */

/* The nodes of the connection: {event, state}. */
static bool
make_entries(const struct lf_query_job *job, struct lf_arena *arena, struct lf_value *nodes)
{
    size_t count = job->result.count;
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2 * count);
    if (members == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct lf_member *entry = members + 2 * i;
        entry[0].name = LF_LIT("event");
        entry[1] = (struct lf_member){LF_LIT("state"), job->states[i]};
        if (!lf_gateway_event_value(&job->result.events[i], arena, &entry[0].value))
            return false;
        nodes[i] = lf_value_object(entry, 2);
    }
    return true;
}

static void
history_done(struct lf_request *request, struct lf_query_job *job, void *user)
{
    struct lf_value value;
    if (job->status != LF_OK) {
        lf_gateway_store_error(request, user, &job->err);
        return;
    }
    struct lf_value *nodes = LF_ARENA_ARRAY(&job->arena, struct lf_value, job->result.count);
    if (nodes == NULL || !make_entries(job, &job->arena, nodes) ||
        !lf_gateway_connection(&job->result, nodes, job->list.after.ptr != NULL, &job->arena, &value))
        lf_gateway_out_of_memory(request, user);
    else
        lf_gql_slot_value(user, value);
}

void
lf_gateway_resolve_history(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_request *request = info->ctx;
    const struct lf_entity *entity = info->field->user;
    struct lf_query_job *job = lf_request_job_new(slot, request, LF_QUERY_HISTORY);
    struct lf_err err = {0};
    if (job == NULL)
        return;
    const struct lf_value *key = lf_value_get(info->source, entity->fields[entity->key].name);
    LF_ASSERT(key != NULL);
    enum lf_status st = lf_gateway_list_query(NULL, info->args, &job->arena, &job->list, &err);
    if (st == LF_OK && !lf_gateway_set_key(job, entity, key))
        st = lf_no_memory(&err);
    if (st == LF_OK) {
        lf_gateway_submit(slot, request, job, history_done);
        return;
    }
    lf_query_job_free(job);
    lf_gateway_store_error(request, slot, &err);
}
