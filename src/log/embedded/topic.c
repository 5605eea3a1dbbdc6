/* Topics: names to ids, one table a topic, and how far each reaches. All through the meta connection. */
#include "log/embedded/embedded.h"

#include "base/clock.h"

#include <stdio.h>

enum lf_status
lf_emb_prepare(sqlite3 *db, const char *sql, const struct lf_emb_topic *topic, sqlite3_stmt **ret, struct lf_err *err)
{
    char text[512];
    snprintf(text, sizeof(text), sql, (long long)topic->id, (long long)topic->id);
    int rc = sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return rc == SQLITE_OK ? LF_OK : lf_emb_fail(err, db, rc, "topic", topic->name.ptr);
}

static int
find_id(sqlite3 *db, struct lf_bytes name, bool *ret_found, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    *ret_found = false;
    int rc = sqlite3_prepare_v2(db, "SELECT id FROM topics WHERE name = ?", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, name.ptr, (int)name.len, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = lf_emb_one_integer(stmt, ret_found, ret);
    sqlite3_finalize(stmt);
    return rc;
}

static int
insert_topic(sqlite3 *db, struct lf_bytes name)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "INSERT INTO topics(name, created_ms) VALUES(?, ?)", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, name.ptr, (int)name.len, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, lf_clock_real_us() / 1000);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
create_table(sqlite3 *db, int64_t id)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "CREATE TABLE records_%lld(\"offset\" INTEGER PRIMARY KEY, \"timestamp\" INTEGER NOT NULL,"
             " crc INTEGER NOT NULL, \"key\" BLOB, value BLOB, headers BLOB)",
             (long long)id);
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* In a transaction, since another process may create the same topic now. */
static int
create_topic(sqlite3 *db, struct lf_bytes name, int64_t *ret_id)
{
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    bool found = false;
    rc = find_id(db, name, &found, ret_id);
    if (rc == SQLITE_OK && !found) {
        rc = insert_topic(db, name);
        *ret_id = sqlite3_last_insert_rowid(db);
        if (rc == SQLITE_OK)
            rc = create_table(db, *ret_id);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* Takes a topic into the table of those known. meta is locked. */
static enum lf_status
remember(struct lf_emb_log *log, struct lf_bytes name, int64_t id, const struct lf_emb_topic **ret, struct lf_err *err)
{
    struct lf_emb_topic *topic = LF_ARENA_NEW(&log->names, struct lf_emb_topic);
    struct lf_bytes copy = lf_arena_copy(&log->names, name);
    if (topic == NULL || copy.ptr == NULL)
        return lf_no_memory(err);
    *topic = (struct lf_emb_topic){.id = id, .index = log->topics.count, .name = copy};
    enum lf_status st = lf_map_add(&log->topics, topic->name, topic);
    if (st != LF_OK)
        return lf_no_memory(err);
    *ret = topic;
    return LF_OK;
}

/* meta is locked. */
static enum lf_status
look_up(struct lf_emb_log *log, struct lf_bytes name, bool create, const struct lf_emb_topic **ret, struct lf_err *err)
{
    int64_t id = 0;
    bool found;
    int rc = find_id(log->meta, name, &found, &id);
    if (rc == SQLITE_OK && !found && !create)
        return lf_fail(err, LF_NOT_FOUND, "topic '%.*s' does not exist in log '%.200s'%s", LF_FMT(name), log->dir,
                       log->create_topics ? "" : " and may not be created");
    if (rc == SQLITE_OK && !found)
        rc = create_topic(log->meta, name, &id);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, log->meta, rc, "log", log->file);
    return remember(log, name, id, ret, err);
}

enum lf_status
lf_emb_topic(struct lf_emb_log *log, struct lf_bytes name, bool create, const struct lf_emb_topic **ret,
             struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&log->meta_lock);
    const struct lf_emb_topic *topic = lf_map_get(&log->topics, name);
    if (topic != NULL)
        *ret = topic;
    else
        st = look_up(log, name, create, ret, err);
    pthread_mutex_unlock(&log->meta_lock);
    return st;
}

static int
step_range(sqlite3_stmt *stmt, struct lf_log_range *ret)
{
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW)
        return rc;
    *ret = (struct lf_log_range){0};
    if (sqlite3_column_type(stmt, 1) == SQLITE_INTEGER) {
        ret->first = sqlite3_column_int64(stmt, 0);
        ret->next = sqlite3_column_int64(stmt, 1) + 1;
    }
    return SQLITE_OK;
}

enum lf_status
lf_emb_range(struct lf_emb_log *log, const struct lf_emb_topic *topic, struct lf_log_range *ret, struct lf_err *err)
{
    /* Two look-ups at the ends; min and max in one select would read the whole table. */
    static const char sql[] = "SELECT (SELECT min(\"offset\") FROM records_%lld),"
                              " (SELECT max(\"offset\") FROM records_%lld)";
    sqlite3_stmt *stmt = NULL;
    pthread_mutex_lock(&log->meta_lock);
    enum lf_status st = lf_emb_prepare(log->meta, sql, topic, &stmt, err);
    if (st == LF_OK) {
        int rc = step_range(stmt, ret);
        if (rc != SQLITE_OK)
            st = lf_emb_fail(err, log->meta, rc, "log", log->file);
    }
    sqlite3_finalize(stmt);
    pthread_mutex_unlock(&log->meta_lock);
    return st;
}
