/* A server of MongoDB's wire protocol of the test's own. */
#include "mongo_server.h"

#include "base/clock.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 60000 };

/* Where tools/install-deps.sh has put it. */
static const char *
program(void)
{
    static char path[512];
    const char *given = getenv("LOGFIRST_FERRETDB"), *deps = getenv("LOGFIRST_DEPS"), *home = getenv("HOME");
    if (given != NULL)
        snprintf(path, sizeof(path), "%s", given);
    else if (deps != NULL)
        snprintf(path, sizeof(path), "%s/ferretdb/ferretdb", deps);
    else
        snprintf(path, sizeof(path), "%s/.cache/logfirst/ferretdb/ferretdb", home != NULL ? home : "");
    if (access(path, X_OK) != 0)
        fail_msg("no %s: the tests need FerretDB: tools/install-deps.sh test", path);
    return path;
}

static void
become(const struct mongo_server *server, const char *file, int out)
{
    char address[64], log[600];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive the test */
    snprintf(address, sizeof(address), "127.0.0.1:%d", server->port);
    snprintf(log, sizeof(log), "%s.log", server->folder);
    if (dup2(out, STDOUT_FILENO) < 0 || freopen(log, "a", stderr) == NULL)
        _exit(126);
    execl(file, file, server->folder, address, (char *)NULL);
    _exit(127);
}

/* Its first line says where it listens. */
static int
read_port(const struct mongo_server *server, int in)
{
    char line[256] = {0};
    size_t len = 0;
    int64_t until = lf_clock_mono_ms() + START_MS;
    struct pollfd poll_fd = {.fd = in, .events = POLLIN};
    while (len + 1 < sizeof(line) && memchr(line, '\n', len) == NULL) {
        int64_t left = until - lf_clock_mono_ms();
        if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
            break;
        ssize_t got = read(in, line + len, sizeof(line) - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    line[len] = '\0';
    const char *at = strstr(line, "127.0.0.1:");
    if (at == NULL)
        fail_msg("FerretDB does not start: see %s.log", server->folder);
    return (int)strtol(at + strlen("127.0.0.1:"), NULL, 10);
}

void
mongo_server_start(struct mongo_server *server)
{
    int out[2];
    const char *file = program();
    assert_int_equal(pipe(out), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        become(server, file, out[1]);
    close(out[1]);
    server->port = read_port(server, out[0]);
    close(out[0]);
}

void
mongo_server_new(struct mongo_server *server)
{
    mongoc_init();
    *server = (struct mongo_server){.folder = fixture_folder()};
    mongo_server_start(server);
}

static void
end(struct mongo_server *server, int signal_number)
{
    int status;
    if (server->pid == 0)
        return;
    kill(server->pid, signal_number);
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        ;
    server->pid = 0;
}

void
mongo_server_stop(struct mongo_server *server)
{
    end(server, SIGTERM);
}

void
mongo_server_kill(struct mongo_server *server)
{
    end(server, SIGKILL);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void
mongo_server_free(struct mongo_server *server)
{
    char log[600];
    mongo_server_kill(server);
    snprintf(log, sizeof(log), "%s.log", server->folder);
    unlink(log);
    nftw(server->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(server->folder);
    *server = (struct mongo_server){0};
}

const char *
mongo_server_url(int port, const char *database)
{
    static char url[200];
    snprintf(url, sizeof(url), "mongodb://127.0.0.1:%d/%s", port, database);
    return url;
}

struct lf_store *
mongo_server_store(int port, const char *database, const struct lf_model *model)
{
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = mongo_server_url(port, database), .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

void
mongo_server_run(struct mongo_server *server, const char *database, const char *command, bson_t *reply)
{
    bson_error_t error;
    mongoc_client_t *client = mongoc_client_new(mongo_server_url(server->port, database));
    bson_t *body = bson_new_from_json((const uint8_t *)command, -1, &error);
    if (client == NULL || body == NULL)
        fail_msg("%s: %s", command, body == NULL ? error.message : "no client");
    if (!mongoc_client_command_simple(client, database, body, NULL, reply, &error))
        fail_msg("%s: %s", command, error.message);
    bson_destroy(body);
    mongoc_client_destroy(client);
}

void
mongo_server_drop(struct mongo_server *server, const char *database)
{
    bson_t reply;
    mongo_server_run(server, database, "{\"dropDatabase\": 1}", &reply);
    bson_destroy(&reply);
}

int64_t
mongo_server_count(struct mongo_server *server, const char *database, const char *collection, const char *filter)
{
    char command[512];
    bson_t reply;
    bson_iter_t iter;
    snprintf(command, sizeof(command), "{\"count\": \"%s\", \"query\": %s}", collection, filter);
    mongo_server_run(server, database, command, &reply);
    assert_true(bson_iter_init_find(&iter, &reply, "n"));
    int64_t count = bson_iter_as_int64(&iter);
    bson_destroy(&reply);
    return count;
}
