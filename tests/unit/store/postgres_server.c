/* A PostgreSQL server of the test's own. */
#include "postgres_server.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 60000, RETRY_MS = 20, ARGUMENTS_MAX = 24 };

/* The newest server's folder of programs, as Debian and Ubuntu have it; else what PATH finds. */
static const char *
bin(const char *program)
{
    static char path[512];
    glob_t found;
    long version = 0;
    snprintf(path, sizeof(path), "%s", program);
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return path;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        long this_version = strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10);
        if (this_version <= version)
            continue;
        version = this_version;
        snprintf(path, sizeof(path), "%s/%s", found.gl_pathv[i], program);
    }
    globfree(&found);
    return path;
}

/* Whom the server runs as; NULL: as ourselves. It refuses to be root. */
static const struct passwd *
server_user(void)
{
    if (geteuid() != 0)
        return NULL;
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL)
        fail_msg("the tests need PostgreSQL's server: tools/install-deps.sh test");
    return user;
}

/* In the child: becomes the server's user and the program. */
static void
become(const struct pg_server *server, const char *program, char *const *arguments)
{
    const struct passwd *user = server_user();
    char log[600];
    snprintf(log, sizeof(log), "%s/log", server->folder);
    if (user != NULL && (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
                         setuid(user->pw_uid) != 0 || setenv("HOME", user->pw_dir, 1) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* not to outlive the test */
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || chdir(server->folder) != 0)
        _exit(126);
    execvp(program, arguments);
    _exit(127);
}

/* Starts a program with up to so many arguments, the first of them its name. */
static pid_t
start(const struct pg_server *server, const char *program, const char *const *arguments)
{
    char *copies[ARGUMENTS_MAX] = {NULL};
    for (size_t i = 0; arguments[i] != NULL; i++)
        copies[i] = strdup(arguments[i]);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become(server, program, copies);
    for (size_t i = 0; copies[i] != NULL; i++)
        free(copies[i]);
    return pid;
}

static void
make_cluster(const struct pg_server *server)
{
    char data[600];
    int status = -1;
    snprintf(data, sizeof(data), "%s/data", server->folder);
    const char *const arguments[] = {"initdb",   "-D", data,   "-A",         "trust",     "-U",
                                     "postgres", "-E", "UTF8", "--locale=C", "--no-sync", NULL};
    pid_t pid = start(server, bin("initdb"), arguments);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("initdb failed; the tests need PostgreSQL's server: tools/install-deps.sh test");
}

static void
make_folder(struct pg_server *server)
{
    const struct passwd *user = server_user();
    *server = (struct pg_server){.folder = fixture_folder()};
    if (user != NULL)
        assert_int_equal(chown(server->folder, user->pw_uid, user->pw_gid), 0);
    assert_int_equal(chmod(server->folder, 0755), 0);
    snprintf(server->url, sizeof(server->url), "postgresql:///postgres?user=postgres&host=%s", server->folder);
}

void
pg_server_new(struct pg_server *server)
{
    make_folder(server);
    make_cluster(server);
    pg_server_start(server);
}

void
pg_server_new_standby(struct pg_server *server, const struct pg_server *primary)
{
    char data[600];
    int status = -1;
    make_folder(server);
    snprintf(data, sizeof(data), "%s/data", server->folder);
    const char *const arguments[] = {"pg_basebackup", "-D", data,   "-R",        "-h", primary->folder, "-U",
                                     "postgres",      "-c", "fast", "--no-sync", NULL};
    pid_t pid = start(server, bin("pg_basebackup"), arguments);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    pg_server_start(server);
}

static void
run_server(struct pg_server *server)
{
    char data[600];
    snprintf(data, sizeof(data), "%s/data", server->folder);
    const char *const arguments[] = {"postgres",
                                     "-D",
                                     data,
                                     "-k",
                                     server->folder,
                                     "-c",
                                     "listen_addresses=",
                                     "-c",
                                     "fsync=off",
                                     "-c",
                                     "max_connections=40",
                                     "-c",
                                     "shared_buffers=16MB",
                                     NULL};
    server->pid = start(server, bin("postgres"), arguments);
}

/* One that ends at once is tried again: children of one that was killed may still hold its memory. */
void
pg_server_start(struct pg_server *server)
{
    int64_t until = lf_clock_mono_ms() + START_MS;
    int status;
    run_server(server);
    while (PQping(server->url) != PQPING_OK) {
        if (lf_clock_mono_ms() > until)
            fail_msg("PostgreSQL does not start: see its log in %s", server->folder);
        lf_clock_sleep_ms(RETRY_MS);
        if (waitpid(server->pid, &status, WNOHANG) != 0)
            run_server(server);
    }
}

static void
end(struct pg_server *server, int signal_number)
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
pg_server_stop(struct pg_server *server)
{
    end(server, SIGINT);
}

/* Its children too: by themselves they follow within moments, and serve on until then. */
void
pg_server_kill(struct pg_server *server)
{
    char pids[4096];
    char *rest = pids;
    snprintf(pids, sizeof(pids), "%s",
             pg_server_sql(server, "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"));
    end(server, SIGKILL);
    for (const char *pid = strtok_r(rest, " ", &rest); pid != NULL; pid = strtok_r(NULL, " ", &rest))
        kill((pid_t)strtol(pid, NULL, 10), SIGKILL);
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
pg_server_free(struct pg_server *server)
{
    pg_server_stop(server);
    nftw(server->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(server->folder);
    *server = (struct pg_server){0};
}

struct lf_store *
pg_server_store(struct pg_server *server, const char *schema, const struct lf_model *model)
{
    char url[800];
    struct lf_store *store = NULL;
    snprintf(url, sizeof(url), "%s&schema=%s", server->url, schema);
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

void
pg_server_disconnect(struct pg_server *server)
{
    /* and waits until they are gone */
    pg_server_sql(server, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                          " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
}

const char *
pg_server_sql(struct pg_server *server, const char *sql)
{
    static char answer[4096];
    PGconn *conn = PQconnectdb(server->url);
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    PQclear(PQexec(conn, "SET client_min_messages = warning"));
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    bool some = PQntuples(result) != 0 && PQnfields(result) != 0;
    snprintf(answer, sizeof(answer), "%s", some ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(conn);
    return answer;
}
