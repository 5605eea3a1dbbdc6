/* SQLSTATEs (PostgreSQL's appendix A) as statuses. */
#include "store/postgres/postgres.h"

#include <string.h>

/* The longest prefix of a state comes first. What is away or full is waited for; what this event alone cannot pass is
 * refused; all else needs a person. */
static const struct {
    const char *prefix;
    enum lf_status status;
} statuses[] = {
    {"25006", LF_UNAVAILABLE},                         /* read only: the server has become a standby */
    {"25P03", LF_UNAVAILABLE},                         /* idle for too long in a transaction */
    {"40003", LF_TIMEOUT},                             /* completion unknown */
    {"42501", LF_DENIED},      {"53", LF_UNAVAILABLE}, /* disk full, out of memory, too many connections */
    {"55", LF_UNAVAILABLE},                            /* lock not available in time */
    {"57014", LF_TIMEOUT},                             /* canceled: statement_timeout */
    {"57", LF_UNAVAILABLE},                            /* shutting down, starting */
    {"58", LF_UNAVAILABLE},                            /* system errors */
    {"08", LF_UNAVAILABLE},                            /* connection */
    {"40", LF_AGAIN},                                  /* serialization, deadlock */
    {"28", LF_DENIED},         {"22", LF_INVALID},     /* a value that its type cannot hold */
    {"23502", LF_INTERNAL},                            /* not null: not a column of ours */
    {"23", LF_CONFLICT},                               /* constraints and rules that people have added */
    {"P0001", LF_CONFLICT},    {"54", LF_LIMIT},       {"0A", LF_UNSUPPORTED},
    {"XX001", LF_CORRUPT},     {"XX002", LF_CORRUPT},
};

static bool
state_is(const char *state, const char *prefix)
{
    return state != NULL && strncmp(state, prefix, strlen(prefix)) == 0;
}

static enum lf_status
status_of(const char *state)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (state_is(state, statuses[i].prefix))
            return statuses[i].status;
    }
    return LF_INTERNAL;
}

/* Libpq's own failures have no state. */
static enum lf_status
status_of_connection(const struct lf_pg_link *link, const char *words)
{
    if (PQstatus(link->conn) == CONNECTION_OK && strstr(words, "memory") != NULL)
        return LF_NO_MEMORY;
    return LF_UNAVAILABLE;
}

static struct lf_bytes
first_line(const char *text)
{
    struct lf_bytes line = lf_bytes_of(text);
    size_t end = lf_bytes_index(line, '\n');
    return end != SIZE_MAX ? lf_bytes(line.ptr, end) : line;
}

enum lf_status
lf_pg_fail(struct lf_pg_link *link, const PGresult *result, const char *doing, struct lf_err *err)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (words == NULL)
        words = PQerrorMessage(link->conn);
    enum lf_status st = state != NULL ? status_of(state) : status_of_connection(link, words);
    struct lf_bytes line = first_line(words);
    if (state != NULL)
        st = lf_fail(err, st, "%s: %.*s (SQLSTATE %s)", doing, LF_FMT(line), state);
    else
        st = lf_fail(err, st, "%s: %.*s", doing, LF_FMT(line));
    /* another host of the URL may be the one to write to now */
    if (state_is(state, "25006") || (state == NULL && st == LF_UNAVAILABLE))
        lf_pg_link_drop(link);
    return st;
}
