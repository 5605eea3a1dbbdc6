/* A server of MongoDB's wire protocol of the test's own: FerretDB, below a temporary folder. It has no transactions. */
#ifndef LF_TESTS_STORE_MONGO_SERVER_H
#define LF_TESTS_STORE_MONGO_SERVER_H

#include "fixture.h"

#include <mongoc/mongoc.h>
#include <sys/types.h>

struct mongo_server {
    char *folder;
    int port;  /* the same after each start */
    pid_t pid; /* 0: not running */
};

/* Makes one and starts it. Fails the test if not. */
void mongo_server_new(struct mongo_server *server);
void mongo_server_free(struct mongo_server *server); /* ends it, removes its folder */
void mongo_server_start(struct mongo_server *server);
void mongo_server_stop(struct mongo_server *server); /* in good order */
void mongo_server_kill(struct mongo_server *server); /* SIGKILL */

/* The URL of one of its databases, or of the same on another port (a proxy's). Valid until the next call. */
const char *mongo_server_url(int port, const char *database);
struct lf_store *mongo_server_store(int port, const char *database, const struct lf_model *model);
void mongo_server_drop(struct mongo_server *server, const char *database);
/* Runs a command given as JSON text; its reply is to be destroyed. */
void mongo_server_run(struct mongo_server *server, const char *database, const char *command, bson_t *reply);
/* How many documents a collection has that match a filter, as JSON text. */
int64_t mongo_server_count(struct mongo_server *server, const char *database, const char *collection,
                           const char *filter);

#endif
