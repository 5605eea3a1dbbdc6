/* A connection: made, used, waited for with a deadline, dropped. */
#include "store/postgres/postgres.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

bool
lf_pg_link_lost(const struct lf_pg_link *link)
{
    return link->conn == NULL || PQstatus(link->conn) != CONNECTION_OK;
}

void
lf_pg_link_drop(struct lf_pg_link *link)
{
    PQfinish(link->conn);
    link->conn = NULL;
}

enum { OPTIONS_MAX = 8 };
struct options {
    const char *names[OPTIONS_MAX];
    const char *values[OPTIONS_MAX];
    size_t count;
};

static void
add_option(struct options *options, const char *name, const char *value)
{
    LF_ASSERT(options->count + 1 < OPTIONS_MAX);
    options->names[options->count] = name;
    options->values[options->count++] = value;
}

/* What stands before the URL is the default, what stands after it is our need. */
static void
list_options(const struct lf_pg_link *link, struct options *options)
{
    add_option(options, "connect_timeout", link->timeout_ms > LF_PG_HEALTH_MS ? "5" : "2");
    add_option(options, "fallback_application_name", "logfirst");
    if (link->writes)
        add_option(options, "target_session_attrs", "read-write");
    add_option(options, "dbname", link->conninfo);
    add_option(options, "client_encoding", "UTF8");
}

/* Libraries do not print. */
static void
ignore_notice(void *ctx, const char *notice)
{
    (void)ctx;
    (void)notice;
}

/* A connection must be of use for as long as it is kept. */
static enum lf_status
check_server(const struct lf_pg_link *link, struct lf_err *err)
{
    int version = PQserverVersion(link->conn);
    const char *encoding = PQparameterStatus(link->conn, "server_encoding");
    if (version < LF_PG_VERSION_MIN)
        return lf_fail(err, LF_UNSUPPORTED, "the PostgreSQL server has version %d.%d, the least that works is %d",
                       version / 10000, version % 10000, LF_PG_VERSION_MIN / 10000);
    if (encoding != NULL && strcmp(encoding, "UTF8") != 0)
        return lf_fail(err, LF_UNSUPPORTED, "the database has the encoding %s, it must be UTF8", encoding);
    if (PQsetnonblocking(link->conn, 1) != 0)
        return lf_no_memory(err);
    return LF_OK;
}

enum lf_status
lf_pg_link_up(struct lf_pg_link *link, struct lf_err *err)
{
    struct options options = {.count = 0};
    if (!lf_pg_link_lost(link))
        return LF_OK;
    lf_pg_link_drop(link);
    list_options(link, &options);
    link->conn = PQconnectdbParams(options.names, options.values, 1);
    if (link->conn == NULL)
        return lf_no_memory(err);
    PQsetNoticeProcessor(link->conn, ignore_notice, NULL);
    if (PQstatus(link->conn) != CONNECTION_OK)
        return lf_pg_fail(link, NULL, "connecting to PostgreSQL", err);
    enum lf_status st = check_server(link, err);
    if (st != LF_OK)
        lf_pg_link_drop(link);
    return st;
}

/* A standby where one that can be written was wanted answers as well: that is waited for. */
static bool
answers(const struct lf_pg_link *link, const char *words)
{
    struct options options = {.count = 0};
    list_options(link, &options);
    return strstr(words, "read-only") == NULL && strstr(words, "standby") == NULL &&
           strstr(words, "read-write") == NULL && PQpingParams(options.names, options.values, 1) == PQPING_OK;
}

/* Libpq tells no state of what goes wrong while connecting, and the server may have come up or gone away meanwhile:
 * what is refused twice in the same words, by a server that answers, is refused. */
enum lf_status
lf_pg_link_first(struct lf_pg_link *link, struct lf_err *err)
{
    struct lf_err first = {0}, second = {0};
    enum lf_status st = lf_pg_link_up(link, &first);
    if (st == LF_UNAVAILABLE && answers(link, first.text)) {
        st = lf_pg_link_up(link, &second);
        if (st == LF_UNAVAILABLE && strcmp(first.text, second.text) == 0 && answers(link, second.text))
            return lf_fail(err, LF_DENIED, "%s", second.text);
        first = second;
    }
    if (st != LF_OK && err != NULL)
        *err = first;
    return st;
}

/* Waits until the socket can be read (or written, where wanted). */
static enum lf_status
wait_for(struct lf_pg_link *link, bool write, int64_t deadline_ms, const char *doing, struct lf_err *err)
{
    struct pollfd poll_fd = {.fd = PQsocket(link->conn), .events = (short)(write ? POLLIN | POLLOUT : POLLIN)};
    for (;;) {
        int64_t left = deadline_ms - lf_clock_mono_ms();
        int rc = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
        if (rc > 0)
            return LF_OK;
        if (rc < 0 && errno == EINTR)
            continue;
        lf_pg_link_drop(link); /* what it was asked may still be in work: of no more use */
        if (rc < 0)
            return lf_fail(err, LF_UNAVAILABLE, "%s: %s", doing, strerrordesc_np(errno));
        return lf_fail(err, LF_TIMEOUT, "%s: PostgreSQL has not answered within %d s", doing, link->timeout_ms / 1000);
    }
}

/* Sends what libpq has buffered, reading meanwhile lest both sides wait. */
static enum lf_status
flush(struct lf_pg_link *link, int64_t deadline_ms, const char *doing, struct lf_err *err)
{
    for (;;) {
        int rc = PQflush(link->conn);
        if (rc < 0)
            return lf_pg_fail(link, NULL, doing, err);
        if (rc == 0)
            return LF_OK;
        enum lf_status st = wait_for(link, true, deadline_ms, doing, err);
        if (st != LF_OK)
            return st;
        if (PQconsumeInput(link->conn) == 0)
            return lf_pg_fail(link, NULL, doing, err);
    }
}

/* The next result; NULL in *ret: no more. */
static enum lf_status
receive(struct lf_pg_link *link, int64_t deadline_ms, const char *doing, PGresult **ret, struct lf_err *err)
{
    while (PQisBusy(link->conn)) {
        enum lf_status st = wait_for(link, false, deadline_ms, doing, err);
        if (st != LF_OK)
            return st;
        /* a connection that has broken may still have left its last words: they come as a result */
        if (PQconsumeInput(link->conn) == 0 && PQisBusy(link->conn))
            return lf_pg_fail(link, NULL, doing, err);
    }
    *ret = PQgetResult(link->conn);
    return LF_OK;
}

static bool
is_fine(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Waits for everything that was asked. Keeps the first failure, or else the last result. */
static enum lf_status
finish(struct lf_pg_link *link, const char *doing, PGresult **ret, struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + link->timeout_ms;
    PGresult *kept = NULL, *next = NULL;
    enum lf_status st = flush(link, deadline_ms, doing, err);
    while (st == LF_OK) {
        st = receive(link, deadline_ms, doing, &next, err);
        if (st != LF_OK || next == NULL)
            break;
        if (kept == NULL || is_fine(kept)) {
            PQclear(kept);
            kept = next;
        } else {
            PQclear(next);
        }
    }
    if (st == LF_OK && (kept == NULL || !is_fine(kept)))
        st = lf_pg_fail(link, kept, doing, err);
    if (st == LF_OK) {
        *ret = kept;
    } else {
        PQclear(kept);
    }
    return st;
}

enum lf_status
lf_pg_run(struct lf_pg_link *link, const char *sql, const char *doing, struct lf_err *err)
{
    PGresult *result = NULL;
    if (PQsendQuery(link->conn, sql) == 0)
        return lf_pg_fail(link, NULL, doing, err);
    enum lf_status st = finish(link, doing, &result, err);
    PQclear(result);
    return st;
}

/* After a failure nothing may be left unread; gives back the failure. */
static enum lf_status
drain(struct lf_pg_link *link, int64_t deadline_ms, enum lf_status failure)
{
    PGresult *result = NULL;
    while (link->conn != NULL && receive(link, deadline_ms, "", &result, NULL) == LF_OK && result != NULL)
        PQclear(result);
    return failure;
}

/* Sends rows in pieces, lest libpq holds them all a second time. */
static enum lf_status
send_rows(struct lf_pg_link *link, struct lf_bytes rows, int64_t deadline_ms, const char *doing, struct lf_err *err)
{
    enum { PIECE = 256 * 1024 };
    enum lf_status st = LF_OK;
    for (size_t at = 0; st == LF_OK && at < rows.len;) {
        size_t len = rows.len - at < PIECE ? rows.len - at : PIECE;
        int rc = PQputCopyData(link->conn, rows.ptr + at, (int)len);
        if (rc < 0)
            return lf_pg_fail(link, NULL, doing, err);
        at += rc == 1 ? len : 0;
        st = flush(link, deadline_ms, doing, err);
    }
    while (st == LF_OK) {
        int rc = PQputCopyEnd(link->conn, NULL);
        if (rc != 0)
            return rc == 1 ? LF_OK : lf_pg_fail(link, NULL, doing, err);
        st = flush(link, deadline_ms, doing, err);
    }
    return st;
}

enum lf_status
lf_pg_copy(struct lf_pg_link *link, const char *sql, struct lf_bytes rows, const char *doing, struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + link->timeout_ms;
    PGresult *result = NULL;
    if (PQsendQuery(link->conn, sql) == 0)
        return lf_pg_fail(link, NULL, doing, err);
    enum lf_status st = flush(link, deadline_ms, doing, err);
    if (st == LF_OK)
        st = receive(link, deadline_ms, doing, &result, err);
    if (st != LF_OK)
        return st;
    bool ready = PQresultStatus(result) == PGRES_COPY_IN;
    if (ready)
        st = send_rows(link, rows, deadline_ms, doing, err);
    else
        st = lf_pg_fail(link, result, doing, err);
    PQclear(result);
    result = NULL;
    if (st == LF_OK)
        st = finish(link, doing, &result, err);
    else if (ready)
        lf_pg_link_drop(link); /* in the middle of its rows */
    else
        st = drain(link, deadline_ms, st);
    PQclear(result);
    return st;
}

enum lf_status
lf_pg_query(struct lf_pg_link *link, const char *sql, const struct lf_pg_params *params, const char *doing,
            PGresult **ret, struct lf_err *err)
{
    static const struct lf_pg_params none;
    if (params == NULL)
        params = &none;
    *ret = NULL;
    if (PQsendQueryParams(link->conn, sql, (int)params->count, params->types, params->values, params->lengths,
                          params->formats, 1) == 0)
        return lf_pg_fail(link, NULL, doing, err);
    return finish(link, doing, ret, err);
}
