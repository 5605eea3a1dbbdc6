#include "endless.h"
#include "bank.h"

static enum lf_status
session_open(struct lf_store *store, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    (void)writer, (void)err;
    *ret = &((struct endless *)store)->session;
    return LF_OK;
}

static void
session_close(struct lf_store_session *session)
{
    (void)session;
}

static void
close_store(struct lf_store *store)
{
    (void)store;
}

static struct lf_stored_event
event_of(size_t number, struct lf_bytes id)
{
    static struct lf_member opened[] = {{{"id", 2}, {0}}, {{"owner", 5}, {0}}};
    static struct lf_member deposited[] = {{{"id", 2}, {0}}, {{"amount", 6}, {0}}};
    const struct lf_event_type *type = &bank.events[number == 0 ? 0 : 1];
    opened[0].value = deposited[0].value = lf_value_string(LF_LIT("a"));
    opened[1].value = lf_value_string(LF_LIT("o"));
    deposited[1].value = lf_value_int(1);
    return (struct lf_stored_event){.status = LF_EVENT_STORED,
                                    .entity_type = type->entity->name,
                                    .event = {.id = id,
                                              .type_name = type->type_name,
                                              .type = type,
                                              .payload = lf_value_object(number == 0 ? opened : deposited, 2),
                                              .entity_key = LF_LIT("a"),
                                              .time_us = (int64_t)number}};
}

static enum lf_status
list(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
     struct lf_list_result *ret, struct lf_err *err)
{
    const struct endless *endless = (const struct endless *)session->store;
    int64_t from = 0;
    if (query->after.ptr != NULL && !lf_bytes_to_i64(query->after, &from))
        return lf_fail(err, LF_INVALID, "no cursor");
    size_t left = (size_t)from < endless->count ? endless->count - (size_t)from : 0;
    size_t count = left < query->first ? left : query->first;
    struct lf_stored_event *events = LF_ARENA_ARRAY(arena, struct lf_stored_event, count);
    struct lf_bytes *cursors = LF_ARENA_ARRAY(arena, struct lf_bytes, count);
    if (events == NULL || cursors == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        size_t number = (size_t)from + i;
        struct lf_bytes id = lf_bytes_of(lf_arena_printf(arena, "e%zu", number));
        cursors[i] = lf_bytes_of(lf_arena_printf(arena, "%zu", number + 1));
        if (id.ptr == NULL || cursors[i].ptr == NULL)
            return lf_no_memory(err);
        events[i] = event_of(number, id);
    }
    *ret = (struct lf_list_result){.count = count, .events = events, .cursors = cursors, .has_next = count < left};
    return LF_OK;
}

static const struct lf_store_ops ops = {.name = "endless",
                                        .close = close_store,
                                        .session_open = session_open,
                                        .session_close = session_close,
                                        .list = list};

struct lf_store_session *
endless_open(struct endless *endless, size_t count)
{
    *endless = (struct endless){.store = {.ops = &ops, .model = &bank}, .count = count};
    endless->session.store = &endless->store;
    return &endless->session;
}
