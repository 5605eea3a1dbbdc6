/*
 * Whose database is it, what does it lack, and has it transactions? Collection "logfirst" tells: its document "store"
 * has the format, "sequence" and "letters" are counters, "entity:NAME" has the fields of the collection NAME.
 */
#include "store/mongodb/mongodb.h"
#include "store/mongodb/fields.h"

#include <string.h>

struct preparing {
    struct lf_mongo_store *store;
    struct lf_mongo_link *link;
    struct lf_err *err;
    struct lf_arena arena;
    char **names;   /* of the collections that are there */
    int64_t format; /* 0: no store */
};

static struct lf_bytes
empty(void)
{
    return lf_bytes("\5\0\0\0", 5);
}

static bool
is_there(const struct preparing *preparing, const char *collection)
{
    for (char **name = preparing->names; *name != NULL; name++) {
        if (strcmp(*name, collection) == 0)
            return true;
    }
    return false;
}

/* ---- what is there ---- */

static enum lf_status
list_collections(struct preparing *preparing)
{
    bson_error_t error = {0};
    enum lf_status st = lf_mongo_link_up(preparing->link, preparing->err);
    if (st != LF_OK)
        return st;
    mongoc_database_t *database =
        mongoc_client_get_database(preparing->link->client, lf_mongo_database(preparing->link));
    preparing->names = mongoc_database_get_collection_names_with_opts(database, NULL, &error);
    mongoc_database_destroy(database);
    if (preparing->names == NULL)
        st = lf_mongo_fail(preparing->link, &error, NULL, "opening the store", preparing->err);
    return st;
}

static enum lf_status
note_format(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct preparing *preparing = ctx;
    (void)err;
    preparing->format = lf_bson_get_int(document, "format", -1);
    return LF_OK;
}

static enum lf_status
identify(struct preparing *preparing)
{
    struct lf_buf filter;
    const char *database = lf_mongo_database(preparing->link);
    lf_buf_init(&filter, 1024);
    size_t start = lf_bson_begin(&filter);
    lf_bson_text(&filter, LF_LIT("_id"), LF_LIT("store"));
    lf_bson_end(&filter, start);
    enum lf_status st = lf_buf_status(&filter, preparing->err);
    if (st == LF_OK)
        st = lf_mongo_find(preparing->link, LF_MONGO_META, lf_buf_view(&filter), empty(), "opening the store",
                           note_format, preparing, preparing->err);
    lf_buf_release(&filter);
    if (st != LF_OK)
        return st;
    if (preparing->format == 0 && is_there(preparing, LF_MONGO_EVENTS))
        return lf_fail(preparing->err, LF_UNSUPPORTED,
                       "database \"%s\" has an " LF_MONGO_EVENTS " of another application: give the store a database "
                       "of its own, by the path of its URL",
                       database);
    if (preparing->format != 0 && preparing->format != LF_MONGO_FORMAT)
        return lf_fail(preparing->err, LF_UNSUPPORTED,
                       "database \"%s\" has the store's format %lld, this program knows format %d: use the version of "
                       "logfirst that made it",
                       database, (long long)preparing->format, LF_MONGO_FORMAT);
    return LF_OK;
}

/* ---- making what is missing ---- */

static enum lf_status
run(struct preparing *preparing, struct lf_buf *command)
{
    struct lf_mongo_done done;
    enum lf_status st = lf_buf_status(command, preparing->err);
    if (st == LF_OK)
        st = lf_mongo_write(preparing->link, lf_buf_view(command), "making the store's collections", &done,
                            preparing->err);
    lf_buf_release(command);
    return st == LF_DUPLICATE ? LF_OK : st; /* another process was faster */
}

static enum lf_status
make_collection(struct preparing *preparing, const char *collection)
{
    struct lf_buf command;
    if (is_there(preparing, collection))
        return LF_OK;
    lf_buf_init(&command, 4096);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("create"), lf_bytes_of(collection));
    lf_bson_end(&command, start);
    return run(preparing, &command);
}

struct index {
    const char *collection, *name;
    const char *fields[3]; /* ascending */
    enum { ANY, UNIQUE, SPARSE } kind;
};
static const struct index indexes[] = {
    {LF_MONGO_EVENTS, "place", {"topic", "partition", "offset"}, UNIQUE},
    {LF_MONGO_EVENTS, "sequence", {"sequence"}, ANY},
    {LF_MONGO_EVENTS, "entity", {"entityKey", "sequence"}, ANY},
    {LF_MONGO_LETTERS, "place", {"topic", "partition", "offset"}, UNIQUE},
    {LF_MONGO_LETTERS, "eventId", {"eventId"}, ANY},
};

static enum lf_status
make_index(struct preparing *preparing, const struct index *index)
{
    struct lf_buf command;
    lf_buf_init(&command, 4096);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("createIndexes"), lf_bytes_of(index->collection));
    size_t list = lf_bson_open(&command, LF_BSON_ARRAY, LF_LIT("indexes"));
    size_t one = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t key = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("key"));
    for (size_t i = 0; i < sizeof(index->fields) / sizeof(index->fields[0]) && index->fields[i] != NULL; i++)
        lf_bson_int32(&command, lf_bytes_of(index->fields[i]), 1);
    lf_bson_end(&command, key);
    lf_bson_text(&command, LF_LIT("name"), lf_bytes_of(index->name));
    if (index->kind == UNIQUE)
        lf_bson_bool(&command, LF_LIT("unique"), true);
    if (index->kind == SPARSE)
        lf_bson_bool(&command, LF_LIT("sparse"), true);
    lf_bson_end(&command, one);
    lf_bson_end(&command, list);
    lf_bson_end(&command, start);
    return run(preparing, &command);
}

/* Inserts a document of "logfirst", unless it is there. */
static enum lf_status
make_document(struct preparing *preparing, const char *id, const char *member, int64_t value)
{
    struct lf_buf command;
    lf_buf_init(&command, 4096);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("insert"), LF_LIT(LF_MONGO_META));
    size_t list = lf_bson_open(&command, LF_BSON_ARRAY, LF_LIT("documents"));
    size_t one = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("0"));
    lf_bson_text(&command, LF_LIT("_id"), lf_bytes_of(id));
    lf_bson_int64(&command, lf_bytes_of(member), value);
    lf_bson_end(&command, one);
    lf_bson_end(&command, list);
    lf_bson_end(&command, start);
    return run(preparing, &command);
}

/* The mark comes first: whoever finds the collections without it takes them for another application's. */
static enum lf_status
make_own(struct preparing *preparing)
{
    static const char *const own[] = {LF_MONGO_EVENTS, LF_MONGO_LETTERS, LF_MONGO_POSITIONS};
    enum lf_status st = make_document(preparing, "store", "format", LF_MONGO_FORMAT);
    if (st == LF_OK)
        st = make_document(preparing, "sequence", "next", 0);
    if (st == LF_OK)
        st = make_document(preparing, "letters", "next", 0);
    for (size_t i = 0; st == LF_OK && i < sizeof(own) / sizeof(own[0]); i++)
        st = make_collection(preparing, own[i]);
    for (size_t i = 0; st == LF_OK && i < sizeof(indexes) / sizeof(indexes[0]); i++)
        st = make_index(preparing, &indexes[i]);
    return st;
}

/* ---- entities ---- */

static enum lf_status
check_names(const struct preparing *preparing, const struct lf_model *model, const struct lf_entity *entity)
{
    static const char *const taken[] = {LF_MONGO_META, LF_MONGO_EVENTS, LF_MONGO_LETTERS, LF_MONGO_POSITIONS, "outbox"};
    bool bad = entity->collection.len == 0 || entity->collection.len > 100 ||
               lf_bytes_starts_with(entity->collection, LF_LIT("system."));
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        bad |= lf_bytes_equal_text(entity->collection, taken[i]);
    for (size_t i = 0; i < entity->index; i++)
        bad |= lf_bytes_equal(model->entities[i].collection, entity->collection);
    if (bad || !lf_mongo_plain_name(entity->collection))
        return lf_fail(preparing->err, LF_INVALID,
                       "the collection of %.*s would be \"%.*s\", which is taken or cannot be one: give "
                       "@entity(collection: …) another name",
                       LF_FMT(entity->name), LF_FMT(entity->collection));
    for (size_t i = 0; i < entity->field_count; i++) {
        struct lf_bytes name = entity->fields[i].name;
        if (lf_bytes_equal_text(name, "_id") || lf_bytes_equal_text(name, "_lf") || name.len > 200)
            return lf_fail(preparing->err, LF_INVALID,
                           "%.*s cannot have a field \"%.*s\": its documents have a member of that name",
                           LF_FMT(entity->name), LF_FMT(name));
    }
    return LF_OK;
}

static enum lf_status
prepare_entity(struct preparing *preparing, const struct lf_entity *entity, bool read_only)
{
    const char *collection = lf_arena_text(&preparing->arena, entity->collection);
    struct lf_mongo_fields fields = {.link = preparing->link,
                                     .entity = entity,
                                     .collection = collection,
                                     .arena = &preparing->arena,
                                     .err = preparing->err};
    if (collection == NULL)
        return lf_no_memory(preparing->err);
    enum lf_status st = lf_mongo_fields_read(&fields);
    if (st != LF_OK)
        return st;
    if (!fields.known && is_there(preparing, collection))
        return lf_fail(preparing->err, LF_UNSUPPORTED,
                       "there is a collection \"%s\" of another application: give the store a database of its own, by "
                       "the path of its URL",
                       collection);
    if (read_only)
        return lf_mongo_fields_check(&fields);
    st = lf_mongo_fields_change(&fields); /* also the mark that the collection is ours */
    if (st == LF_OK)
        st = make_collection(preparing, collection);
    const struct index gone = {collection, "gone", {"_lf.gone"}, SPARSE};
    return st == LF_OK ? make_index(preparing, &gone) : st;
}

/* ---- transactions ---- */

static enum lf_status
ask_server(struct preparing *preparing, const char *question, bson_t *reply)
{
    struct lf_buf command;
    lf_buf_init(&command, 1024);
    size_t start = lf_bson_begin(&command);
    lf_bson_int32(&command, lf_bytes_of(question), 1);
    lf_bson_end(&command, start);
    enum lf_status st = lf_buf_status(&command, preparing->err);
    if (st == LF_OK)
        st = lf_mongo_command(preparing->link, lf_buf_view(&command), "opening the store", reply, preparing->err);
    lf_buf_release(&command);
    return st;
}

static enum lf_status
look_at_server(struct preparing *preparing)
{
    bson_t reply;
    enum lf_status st = ask_server(preparing, "buildInfo", &reply);
    if (st != LF_OK)
        return st;
    preparing->store->two_steps = bson_has_field(&reply, "ferretdbVersion"); /* "ferretdb" in version 2 */
    bson_destroy(&reply);
    return LF_OK;
}

/* Has the server any of what a transaction needs: a replica set, or mongos before several? */
static enum lf_status
may_have_transactions(struct preparing *preparing, bool *ret)
{
    bson_t reply;
    enum lf_status st = ask_server(preparing, "isMaster", &reply); /* hello has come with 4.4.2 */
    if (st != LF_OK)
        return st;
    bool sessions = lf_bson_get_int(&reply, "logicalSessionTimeoutMinutes", -1) >= 0;
    bool several = lf_bson_get_text(&reply, "setName").ptr != NULL ||
                   lf_bytes_equal_text(lf_bson_get_text(&reply, "msg"), "isdbgrid");
    bson_destroy(&reply);
    *ret = sessions && several;
    return LF_OK;
}

/* A transaction that changes nothing: what calls itself a replica set may have none all the same. */
static enum lf_status
try_transaction(struct preparing *preparing, bool *ret)
{
    struct lf_mongo_link *link = preparing->link;
    struct lf_mongo_done done;
    struct lf_err local = {0};
    struct lf_buf command;
    bson_error_t error = {0};
    bson_t reply;
    link->tx = mongoc_client_start_session(link->client, NULL, &error);
    if (link->tx == NULL || !mongoc_client_session_start_transaction(link->tx, NULL, &error)) {
        lf_mongo_link_drop(link);
        return LF_OK;
    }
    lf_buf_init(&command, 1024);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("delete"), LF_LIT(LF_MONGO_POSITIONS));
    size_t list = lf_bson_open(&command, LF_BSON_ARRAY, LF_LIT("deletes"));
    size_t one = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(&command, LF_LIT("_id"), LF_LIT(""));
    lf_bson_end(&command, query);
    lf_bson_int32(&command, LF_LIT("limit"), 1);
    lf_bson_end(&command, one);
    lf_bson_end(&command, list);
    lf_bson_end(&command, start);
    enum lf_status st = lf_buf_status(&command, &local);
    if (st == LF_OK)
        st = lf_mongo_write(link, lf_buf_view(&command), "trying a transaction", &done, &local);
    lf_buf_release(&command);
    if (st == LF_OK) {
        if (!mongoc_client_session_commit_transaction(link->tx, &reply, &error))
            st = lf_mongo_fail(link, &error, &reply, "trying a transaction", &local);
        bson_destroy(&reply);
    }
    if (link->tx != NULL)
        mongoc_client_session_destroy(link->tx);
    link->tx = NULL;
    *ret = st == LF_OK;
    bool has_none = st == LF_UNSUPPORTED || st == LF_INTERNAL || st == LF_INVALID;
    if (st != LF_OK && !has_none && preparing->err != NULL)
        *preparing->err = local;
    return has_none ? LF_OK : st;
}

static enum lf_status
find_transactions(struct preparing *preparing)
{
    bool may = false;
    enum lf_status st = may_have_transactions(preparing, &may);
    if (st == LF_OK && may)
        st = try_transaction(preparing, &preparing->store->transactions);
    return st;
}

static enum lf_status
prepare(struct preparing *preparing, const struct lf_model *model, bool read_only)
{
    enum lf_status st = list_collections(preparing);
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++)
        st = check_names(preparing, model, &model->entities[i]);
    if (st == LF_OK)
        st = identify(preparing);
    if (st == LF_OK && read_only && preparing->format == 0)
        return lf_fail(preparing->err, LF_NOT_FOUND, "there is no store in database \"%s\"",
                       lf_mongo_database(preparing->link));
    if (st == LF_OK && !read_only)
        st = make_own(preparing);
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++)
        st = prepare_entity(preparing, &model->entities[i], read_only);
    if (st == LF_OK && !read_only)
        st = look_at_server(preparing);
    return st == LF_OK && !read_only ? find_transactions(preparing) : st;
}

enum lf_status
lf_mongo_prepare(struct lf_mongo_store *store, struct lf_mongo_link *link, const struct lf_model *model, bool read_only,
                 struct lf_err *err)
{
    struct preparing preparing = {.store = store, .link = link, .err = err};
    lf_arena_init(&preparing.arena, 0, 0);
    enum lf_status st = prepare(&preparing, model, read_only);
    if (preparing.names != NULL)
        bson_strfreev(preparing.names);
    lf_arena_release(&preparing.arena);
    return st;
}
