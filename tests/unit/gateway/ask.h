/* An HTTP client for tests: one connection a request, plain sockets, read to the connection's end. */
#ifndef TEST_GATEWAY_ASK_H
#define TEST_GATEWAY_ASK_H

#include "base/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* address: "127.0.0.1:8080" */
static inline int
ask_connect(const char *address)
{
    const struct timeval limit = {.tv_sec = 20};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* Sends text; returns all that comes until the end. The caller frees. */
static inline char *
ask_raw(const char *address, const char *text)
{
    struct lf_buf in;
    int fd = ask_connect(address);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    lf_buf_init(&in, 1 << 24);
    ssize_t n;
    do {
        char *room = lf_buf_reserve(&in, 65536);
        assert_non_null(room);
        n = recv(fd, room, 65536, 0);
        if (n < 0)
            fail_msg("no answer to %s", text);
        lf_buf_commit(&in, (size_t)n);
    } while (n > 0);
    close(fd);
    char *all = strndup(in.ptr, in.len);
    lf_buf_release(&in);
    return all;
}

/* headers: further lines, each with \r\n */
static inline char *
ask(const char *address, const char *method, const char *target, const char *headers, const char *body)
{
    char text[20000];
    int n = snprintf(text, sizeof(text),
                     "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", method,
                     target, headers, strlen(body), body);
    assert_true(n > 0 && (size_t)n < sizeof(text));
    return ask_raw(address, text);
}

static inline int
ask_status(const char *answer)
{
    assert_non_null(answer);
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0)
        fail_msg("no answer: %s", answer);
    return (int)strtol(answer + 9, NULL, 10);
}

#endif
