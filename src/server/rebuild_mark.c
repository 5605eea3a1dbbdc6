/*
 * How far a rebuild has come, kept where consumers keep how far they have come: rows of positions under a group of its
 * own, which move with the states in one transaction, and from a value that is known only. The row is the sequence and
 * one; 0: there is no rebuild.
 */
#include "server/rebuild_inner.h"

enum { MARK = 0, DIGEST = 1 }; /* in the place of partitions */

static const struct lf_bytes group = LF_LIT_INIT("logfirst rebuild");

static enum lf_status
read_one(struct lf_store_session *session, const struct lf_rebuild_part *part, int32_t which, int64_t *ret,
         struct lf_err *err)
{
    return lf_store_position(session, group, part->entity->name, which, ret, err);
}

enum lf_status
lf_rebuild_mark_read(const struct lf_rebuild *rebuild, struct lf_store_session *session, struct lf_rebuild_part *part,
                     struct lf_err *err)
{
    int64_t mark = 0, digest = -1;
    enum lf_status st = read_one(session, part, MARK, &mark, err);
    if (st == LF_OK)
        st = read_one(session, part, DIGEST, &digest, err);
    if (st == LF_OK)
        part->mark = digest == rebuild->options->schema_digest && mark > 0 ? mark - 1 : -1;
    return st;
}

enum lf_status
lf_rebuild_mark_move(const struct lf_rebuild *rebuild, struct lf_store_session *session,
                     const struct lf_rebuild_part *part, struct lf_err *err)
{
    struct lf_err why = {0};
    int64_t digest = rebuild->options->schema_digest;
    enum lf_status st =
        lf_store_advance(session, group, part->entity->name, MARK, part->mark + 1, rebuild->until + 1, &why);
    if (st == LF_OK)
        st = lf_store_advance(session, group, part->entity->name, DIGEST, digest, digest, &why);
    if (st == LF_FENCED)
        return lf_fail(err, LF_FENCED, "another rebuild of %.*s is at work", LF_FMT(part->entity->name));
    if (st != LF_OK && err != NULL)
        *err = why;
    return st;
}

enum lf_status
lf_rebuild_mark_set(const struct lf_rebuild *rebuild, struct lf_store_session *session,
                    const struct lf_rebuild_part *part, enum lf_rebuild_stage stage, struct lf_err *err)
{
    const int64_t to[] = {[MARK] = stage == LF_REBUILD_BEGUN ? 1 : 0, [DIGEST] = rebuild->options->schema_digest};
    enum lf_status st = LF_OK;
    for (int32_t which = MARK; st == LF_OK && which <= DIGEST; which++) {
        int64_t now = -1;
        st = read_one(session, part, which, &now, err);
        if (st == LF_OK)
            st = lf_store_advance(session, group, part->entity->name, which, now, to[which], err);
    }
    return st;
}
