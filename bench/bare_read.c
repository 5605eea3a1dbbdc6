/*
 * Events per second read bare, with the database's own library: what a rebuild has to read, in the order of storing,
 * and every byte of it is looked at. The limit beside which a rebuild is measured.
 *
 *   bare_read FILE                        a SQLite store
 *   bare_read postgresql://… SCHEMA       a PostgreSQL store; a cursor, 10,000 rows at a time, in binary
 */
#include "base/clock.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 10000, COLUMNS = 7 };

static long long count;
static size_t bytes;

_Noreturn static void
die(const char *why)
{
    fprintf(stderr, "bare_read: %s\n", why);
    exit(1);
}

static void
read_sqlite(const char *path)
{
    static const char sql[] = "SELECT event_id, event_type, entity_type, entity_key, payload, topic, log_offset"
                              " FROM event_store NOT INDEXED ORDER BY rowid";
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < COLUMNS; i++)
            bytes += sqlite3_column_blob(stmt, i) != NULL ? (size_t)sqlite3_column_bytes(stmt, i) : 0;
        count++;
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        die(sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static PGresult *
ask_postgres(PGconn *conn, const char *sql, int format)
{
    PGresult *result = PQexecParams(conn, sql, 0, NULL, NULL, NULL, NULL, format);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        die(PQerrorMessage(conn));
    return result;
}

/* False at the end. */
static bool
take_page(PGconn *conn, const char *fetch)
{
    PGresult *result = ask_postgres(conn, fetch, 1);
    int rows = PQntuples(result);
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < COLUMNS; i++)
            bytes += (size_t)PQgetlength(result, row, i);
    }
    count += rows;
    PQclear(result);
    return rows != 0;
}

static void
read_postgres(const char *url, const char *schema)
{
    char declare[512], fetch[64];
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK)
        die(PQerrorMessage(conn));
    snprintf(declare, sizeof(declare),
             "DECLARE c NO SCROLL CURSOR FOR SELECT event_id, event_type, entity_type, entity_key, payload, topic,"
             " log_offset FROM %s.event_store ORDER BY sequence",
             schema);
    snprintf(fetch, sizeof(fetch), "FETCH %d FROM c", PAGE);
    PQclear(ask_postgres(conn, "BEGIN", 0));
    PQclear(ask_postgres(conn, declare, 0));
    while (take_page(conn, fetch))
        continue;
    PQfinish(conn);
}

int
main(int argc, char **argv)
{
    if (argc < 2)
        die("which store?");
    int64_t started_ns = lf_clock_mono_ns();
    if (strncmp(argv[1], "postgres", 8) == 0)
        read_postgres(argv[1], argc > 2 ? argv[2] : "public");
    else
        read_sqlite(argv[1]);
    double seconds = (double)(lf_clock_mono_ns() - started_ns) / 1e9;
    printf("%lld events, %zu bytes, %.0f events/s\n", count, bytes, (double)count / seconds);
    return 0;
}
