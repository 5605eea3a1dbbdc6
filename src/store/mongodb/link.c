/* A client: made, asked, dropped. */
#include "store/mongodb/mongodb.h"

#include "base/mem.h"

#include <string.h>

enum { WRITE_CONCERN_MS = 20000 }; /* a majority that does not answer for so long: outcome unknown */

/* Whatever the URL says, an acknowledged write is on the disks of a majority. */
static bool
set_concerns(const struct lf_mongo_link *link)
{
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, WRITE_CONCERN_MS);
    mongoc_write_concern_set_journal(concern, true);
    mongoc_client_set_write_concern(link->client, concern);
    mongoc_write_concern_destroy(concern);
    if (link->primary) {
        mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
        mongoc_client_set_read_prefs(link->client, primary);
        mongoc_read_prefs_destroy(primary);
    }
    return mongoc_client_set_error_api(link->client, MONGOC_ERROR_API_VERSION_2);
}

enum lf_status
lf_mongo_link_up(struct lf_mongo_link *link, struct lf_err *err)
{
    if (link->client != NULL)
        return LF_OK;
    link->client = mongoc_client_new_from_uri(link->uri);
    if (link->client == NULL)
        return lf_fail(err, LF_INVALID, "libmongoc cannot make a client for the store's URL: TLS perhaps");
    if (set_concerns(link))
        return LF_OK;
    lf_mongo_link_drop(link);
    return lf_fail(err, LF_INTERNAL, "libmongoc refuses its own error version");
}

void
lf_mongo_link_drop(struct lf_mongo_link *link)
{
    if (link->tx != NULL)
        mongoc_client_session_destroy(link->tx); /* aborts, if it can */
    link->tx = NULL;
    if (link->client != NULL)
        mongoc_client_destroy(link->client);
    link->client = NULL;
}

/* A view for libbson. */
static enum lf_status
view(struct lf_bytes document, bson_t *ret, struct lf_err *err)
{
    if (!bson_init_static(ret, (const uint8_t *)document.ptr, document.len))
        return lf_fail(err, LF_INTERNAL, "a document of %zu bytes is not BSON", document.len);
    return LF_OK;
}

/* The options of a command: its transaction. */
static bool
join(const struct lf_mongo_link *link, bson_t *opts, bson_error_t *error)
{
    return link->tx == NULL || mongoc_client_session_append(link->tx, opts, error);
}

/* The first of the reply's write errors that is not a duplicate, else how many documents it has. */
static enum lf_status
judge(struct lf_mongo_link *link, const bson_t *reply, const char *doing, struct lf_mongo_done *ret, struct lf_err *err)
{
    enum { DUPLICATE_KEY = 11000 };
    bson_iter_t errors, one;
    *ret = (struct lf_mongo_done){.n = lf_bson_get_int(reply, "n", 0), .next = lf_bson_get_int(reply, "value.next", 0)};
    if (bson_iter_init_find(&errors, reply, "writeErrors") && bson_iter_recurse(&errors, &one)) {
        while (bson_iter_next(&one)) {
            bson_t document;
            uint32_t len = 0;
            const uint8_t *bytes = NULL;
            bson_error_t error = {.domain = MONGOC_ERROR_SERVER};
            bson_iter_document(&one, &len, &bytes);
            if (bytes == NULL || !bson_init_static(&document, bytes, len))
                return lf_fail(err, LF_INTERNAL, "%s: the server's answer cannot be read", doing);
            error.code = (uint32_t)lf_bson_get_int(&document, "code", 0);
            struct lf_bytes words = lf_bson_get_text(&document, "errmsg");
            bson_snprintf(error.message, sizeof(error.message), "%.*s", LF_FMT(words));
            if (error.code != DUPLICATE_KEY)
                return lf_mongo_fail(link, &error, reply, doing, err);
            ret->duplicate = true;
        }
    }
    if (bson_iter_init_find(&errors, reply, "writeConcernError"))
        return lf_fail(err, LF_TIMEOUT, "%s: a majority of the members has not acknowledged it in time", doing);
    return LF_OK;
}

enum lf_status
lf_mongo_write(struct lf_mongo_link *link, struct lf_bytes command, const char *doing, struct lf_mongo_done *ret,
               struct lf_err *err)
{
    bson_t body, opts = BSON_INITIALIZER, reply;
    bson_error_t error = {0};
    enum lf_status st = view(command, &body, err);
    if (st == LF_OK)
        st = lf_mongo_link_up(link, err);
    if (st != LF_OK)
        return st;
    bool in_tx = link->tx != NULL;
    if (!join(link, &opts, &error))
        st = lf_mongo_fail(link, &error, NULL, doing, err);
    if (st == LF_OK) {
        bool ok =
            mongoc_client_write_command_with_opts(link->client, lf_mongo_database(link), &body, &opts, &reply, &error);
        if (!ok && in_tx && error.domain == MONGOC_ERROR_SERVER && error.code == 11000)
            *ret = (struct lf_mongo_done){.duplicate = true}; /* which has ended the transaction */
        else if (!ok && bson_empty(&reply))
            st = lf_mongo_fail(link, &error, &reply, doing, err);
        else if (!ok && !bson_has_field(&reply, "writeErrors") && !bson_has_field(&reply, "writeConcernError"))
            st = lf_mongo_fail(link, &error, &reply, doing, err);
        else
            st = judge(link, &reply, doing, ret, err);
        bson_destroy(&reply);
    }
    bson_destroy(&opts);
    return st;
}

enum lf_status
lf_mongo_command(struct lf_mongo_link *link, struct lf_bytes command, const char *doing, bson_t *reply,
                 struct lf_err *err)
{
    bson_t body, own;
    bson_error_t error = {0};
    enum lf_status st = view(command, &body, err);
    if (st == LF_OK)
        st = lf_mongo_link_up(link, err);
    if (st != LF_OK)
        return st;
    if (!mongoc_client_command_simple(link->client, lf_mongo_database(link), &body, NULL, &own, &error)) {
        st = lf_mongo_fail(link, &error, &own, doing, err);
        bson_destroy(&own);
        return st;
    }
    if (reply != NULL)
        bson_steal(reply, &own);
    else
        bson_destroy(&own);
    return LF_OK;
}

static enum lf_status
walk(struct lf_mongo_link *link, mongoc_cursor_t *cursor, const char *doing, lf_mongo_row_fn *row, void *ctx,
     struct lf_err *err)
{
    const bson_t *document = NULL;
    const bson_t *reply = NULL;
    bson_error_t error = {0};
    enum lf_status st = LF_OK;
    while (st == LF_OK && mongoc_cursor_next(cursor, &document))
        st = row(ctx, document, err);
    if (st == LF_OK && mongoc_cursor_error_document(cursor, &error, &reply)) {
        bson_t copy; /* the cursor goes before the link may */
        if (reply != NULL)
            bson_copy_to(reply, &copy);
        else
            bson_init(&copy);
        mongoc_cursor_destroy(cursor);
        st = lf_mongo_fail(link, &error, &copy, doing, err);
        bson_destroy(&copy);
        return st;
    }
    mongoc_cursor_destroy(cursor);
    return st;
}

enum lf_status
lf_mongo_find(struct lf_mongo_link *link, const char *collection, struct lf_bytes filter, struct lf_bytes opts,
              const char *doing, lf_mongo_row_fn *row, void *ctx, struct lf_err *err)
{
    bson_t filter_view, opts_view;
    enum lf_status st = view(filter, &filter_view, err);
    if (st == LF_OK)
        st = view(opts, &opts_view, err);
    if (st == LF_OK)
        st = lf_mongo_link_up(link, err);
    if (st != LF_OK)
        return st;
    mongoc_collection_t *from = mongoc_client_get_collection(link->client, lf_mongo_database(link), collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &filter_view, &opts_view, NULL);
    mongoc_collection_destroy(from); /* the cursor keeps what it needs */
    return walk(link, cursor, doing, row, ctx, err);
}
