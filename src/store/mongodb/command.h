/* Inside the MongoDB back end: write commands of many parts, of which as many are sent as the server takes in one. */
#ifndef LF_STORE_MONGODB_COMMAND_H
#define LF_STORE_MONGODB_COMMAND_H

#include "store/mongodb/mongodb.h"

/* By lf_mongo_insertion(); for others verb and list are changed before the first part. */
struct lf_mongo_parts {
    struct lf_mongo_session *session;
    const char *verb, *list, *collection, *doing; /* "insert", "documents", … */
    bool ordered;
    size_t start, list_start, parts; /* of the command in work, which is the session's */
    int64_t expected, done;          /* parts of all commands, and what came of them */
};
struct lf_mongo_parts lf_mongo_insertion(struct lf_mongo_session *session, const char *collection, const char *doing,
                                         bool ordered);
/* Makes room for one more part of so many bytes: it is to be written to session->command next, under *ret_key, which
 * lies in index. */
LF_NODISCARD enum lf_status lf_mongo_parts_next(struct lf_mongo_parts *command, size_t len, char index[24],
                                                struct lf_bytes *ret_key, struct lf_err *err);
/* A part that is written already. */
LF_NODISCARD enum lf_status lf_mongo_parts_add(struct lf_mongo_parts *command, struct lf_bytes document,
                                               struct lf_err *err);
/* Sends what has not been sent. LF_AGAIN: something with its key was there already. */
LF_NODISCARD enum lf_status lf_mongo_parts_send(struct lf_mongo_parts *command, struct lf_err *err);

/* LF_AGAIN: somebody else has been there, nothing that was decided holds any more. */
enum lf_status lf_mongo_overtaken(struct lf_mongo_session *session, const char *doing, struct lf_err *err);

#endif
