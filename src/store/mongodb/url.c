/* The store's URL: libmongoc's own (the connection string of MongoDB's manual), with a database and times to wait. */
#include "store/mongodb/mongodb.h"

#include <string.h>

static bool
is_name(const char *name)
{
    size_t len = strlen(name);
    return len != 0 && len <= LF_MONGO_NAME_MAX && strpbrk(name, "/\\. \"$*<>:|?") == NULL &&
           lf_utf8_valid(lf_bytes(name, len), NULL);
}

/* Where the URL says nothing. The server is looked for once and found at once, or away: the caller tries again. */
static bool
add_defaults(mongoc_uri_t *uri, int timeout_ms)
{
    static const struct {
        const char *name;
        int most_ms;
    } times[] = {{MONGOC_URI_CONNECTTIMEOUTMS, 5000},
                 {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 10000},
                 {MONGOC_URI_SOCKETTIMEOUTMS, LF_MONGO_ANSWER_MS}};
    bool ok = true;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int ms = times[i].most_ms < timeout_ms ? times[i].most_ms : timeout_ms;
        if (!mongoc_uri_has_option(uri, times[i].name) || timeout_ms < LF_MONGO_ANSWER_MS)
            ok = mongoc_uri_set_option_as_int32(uri, times[i].name, ms) && ok;
    }
    if (mongoc_uri_get_appname(uri) == NULL)
        ok = mongoc_uri_set_appname(uri, "logfirst") && ok;
    if (mongoc_uri_get_database(uri) == NULL || mongoc_uri_get_database(uri)[0] == '\0') {
        /* users are looked up in the database of the path, or in "admin": not in one that we have chosen */
        if (mongoc_uri_get_username(uri) != NULL && mongoc_uri_get_auth_source(uri) != NULL)
            ok = mongoc_uri_set_auth_source(uri, mongoc_uri_get_auth_source(uri)) && ok;
        ok = mongoc_uri_set_database(uri, "logfirst") && ok;
    }
    return ok;
}

/* Where an @ of the password was not written as %40 its rest is taken for a host, and would stand in messages. */
static bool
hosts_are_whole(const mongoc_uri_t *uri)
{
    for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host != NULL; host = host->next) {
        if (strchr(host->host, '@') != NULL)
            return false;
    }
    return true;
}

enum lf_status
lf_mongo_url_read(const char *url, int timeout_ms, mongoc_uri_t **ret, struct lf_err *err)
{
    bson_error_t error;
    mongoc_uri_t *uri = mongoc_uri_new_with_error(url, &error);
    if (uri != NULL && !hosts_are_whole(uri)) {
        mongoc_uri_destroy(uri);
        uri = NULL;
    }
    if (uri == NULL) /* the library's words may quote a password */
        return lf_fail(err, LF_INVALID,
                       "the store's URL cannot be read: it is mongodb://[USER:PASSWORD@]HOST[:PORT][,…]/DATABASE[?…] "
                       "or mongodb+srv://HOST/DATABASE, with special characters of user and password as %%XX");
    enum lf_status st = LF_OK;
    if (!add_defaults(uri, timeout_ms))
        st = lf_fail(err, LF_INVALID, "the store's URL has options that do not go together");
    else if (!is_name(mongoc_uri_get_database(uri)))
        st = lf_fail(err, LF_INVALID,
                     "the store's URL does not name a database of 1 to %d bytes without any of "
                     "/ \\ . \" $ * < > : | ? and space",
                     LF_MONGO_NAME_MAX);
    if (st == LF_OK)
        *ret = uri;
    else
        mongoc_uri_destroy(uri);
    return st;
}

const char *
lf_mongo_url_database(const mongoc_uri_t *uri)
{
    return mongoc_uri_get_database(uri);
}
