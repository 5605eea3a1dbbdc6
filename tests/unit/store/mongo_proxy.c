/* A proxy that loses one message. A thread a connection: a request, its answer, the next. */
#include "fixture.h"

#include "mongo_proxy.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 64 * 1024 * 1024 };

struct relay {
    struct mongo_proxy *proxy;
    int client;
};

static bool
read_all(int fd, char *out, size_t len)
{
    while (len != 0) {
        ssize_t got = recv(fd, out, len, 0);
        if (got <= 0)
            return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

/* A whole message; its length comes first. NULL: the connection is over. */
static char *
read_message(int fd, size_t *ret_len)
{
    uint32_t size;
    if (!read_all(fd, (char *)&size, sizeof(size)))
        return NULL;
    size_t len = le32toh(size);
    char *message = len >= sizeof(size) && len <= MESSAGE_MAX ? malloc(len) : NULL;
    if (message == NULL)
        return NULL;
    memcpy(message, &size, sizeof(size));
    if (!read_all(fd, message + sizeof(size), len - sizeof(size))) {
        free(message);
        return NULL;
    }
    *ret_len = len;
    return message;
}

enum fate { PASS, LOSE, LOSE_ANSWER };

static enum fate
judge(struct mongo_proxy *proxy, const char *message, size_t len)
{
    enum fate fate = PASS;
    pthread_mutex_lock(&proxy->lock);
    const struct mongo_cut *cut = &proxy->cut;
    bool counts = cut->nth != 0 && !proxy->hit &&
                  (cut->pattern == NULL || memmem(message, len, cut->pattern, cut->pattern_len) != NULL);
    if (counts && ++proxy->seen == cut->nth) {
        proxy->hit = true;
        fate = cut->after ? LOSE_ANSWER : LOSE;
    }
    pthread_mutex_unlock(&proxy->lock);
    return fate;
}

/* One request and its answer; false: the connection is over. */
static bool
pass_on(struct relay *relay, int server)
{
    size_t len = 0, answer_len = 0;
    char *message = read_message(relay->client, &len), *answer = NULL;
    enum fate fate = message != NULL ? judge(relay->proxy, message, len) : LOSE;
    if (fate != LOSE && write_all(server, message, len))
        answer = read_message(server, &answer_len);
    bool goes_on = fate == PASS && answer != NULL && write_all(relay->client, answer, answer_len);
    free(message);
    free(answer);
    return goes_on;
}

static int
connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void *
run_relay(void *ctx)
{
    struct relay *relay = ctx;
    int server = connect_to(relay->proxy->server_port);
    while (server >= 0 && pass_on(relay, server))
        ;
    if (server >= 0)
        close(server);
    close(relay->client);
    free(relay);
    return NULL;
}

static void *
run_proxy(void *ctx)
{
    struct mongo_proxy *proxy = ctx;
    for (;;) {
        pthread_t thread;
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        struct relay *relay = client >= 0 ? malloc(sizeof(*relay)) : NULL;
        if (relay == NULL)
            return NULL; /* shut down */
        *relay = (struct relay){.proxy = proxy, .client = client};
        if (pthread_create(&thread, NULL, run_relay, relay) == 0)
            pthread_detach(thread);
    }
}

void
mongo_proxy_start(struct mongo_proxy *proxy, int server_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    *proxy = (struct mongo_proxy){.server_port = server_port};
    pthread_mutex_init(&proxy->lock, NULL);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(proxy->listener >= 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(proxy->listener, 16), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &len), 0);
    proxy->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&proxy->thread, NULL, run_proxy, proxy), 0);
}

void
mongo_proxy_arm(struct mongo_proxy *proxy, struct mongo_cut cut)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->cut = cut;
    proxy->seen = 0;
    proxy->hit = false;
    pthread_mutex_unlock(&proxy->lock);
}

bool
mongo_proxy_hit(struct mongo_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    bool hit = proxy->hit;
    pthread_mutex_unlock(&proxy->lock);
    return hit;
}

void
mongo_proxy_stop(struct mongo_proxy *proxy)
{
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
}
