/* A PostgreSQL server of the test's own, below a temporary folder, reached by a Unix socket in it. */
#ifndef LF_TESTS_STORE_POSTGRES_SERVER_H
#define LF_TESTS_STORE_POSTGRES_SERVER_H

#include "fixture.h"

#include <libpq-fe.h>
#include <sys/types.h>

struct pg_server {
    char *folder;
    char url[700]; /* of database postgres, as its superuser; options may be added with & */
    pid_t pid;     /* 0: not running */
};

/* Makes a database cluster and starts it; as root, the server runs as the user postgres. Fails the test if not. */
void pg_server_new(struct pg_server *server);
/* A standby of a server that is running, started. */
void pg_server_new_standby(struct pg_server *server, const struct pg_server *primary);
void pg_server_free(struct pg_server *server); /* stops it and removes its folder */
void pg_server_start(struct pg_server *server);
void pg_server_stop(struct pg_server *server); /* in good order, breaking connections */
void pg_server_kill(struct pg_server *server); /* SIGKILL */

/* Opens a store in a schema of it. */
struct lf_store *pg_server_store(struct pg_server *server, const char *schema, const struct lf_model *model);
/* Ends all connections but its own, as an administrator would. */
void pg_server_disconnect(struct pg_server *server);

/* Runs statements as the superuser; the first value of the last of them, or "". Valid until the next call. */
const char *pg_server_sql(struct pg_server *server, const char *sql);

#endif
