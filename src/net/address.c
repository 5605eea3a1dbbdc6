/* ADDR:PORT <-> socket addresses. */
#include "net/address.h"
#include "base/bytes.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

/* Splits at the last colon and copies the host without its brackets. */
static bool
split(const char *text, char *host, size_t host_size, bool *ret_v6, uint64_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !lf_bytes_to_u64(lf_bytes_of(colon + 1), ret_port) || *ret_port > 65535)
        return false;
    struct lf_bytes inner = lf_bytes(text, (size_t)(colon - text));
    *ret_v6 = inner.len >= 2 && inner.ptr[0] == '[' && inner.ptr[inner.len - 1] == ']';
    if (*ret_v6)
        inner = lf_bytes(inner.ptr + 1, inner.len - 2);
    if (inner.len == 0 || inner.len >= host_size)
        return false;
    memcpy(host, inner.ptr, inner.len);
    host[inner.len] = '\0';
    return true;
}

enum lf_status
lf_address_parse(const char *text, struct sockaddr_storage *ret, struct lf_err *err)
{
    char host[80];
    bool v6;
    uint64_t port;
    struct sockaddr_storage address;
    memset(&address, 0, sizeof(address));
    bool good = split(text, host, sizeof(host), &v6, &port);
    if (good && !v6 && strcmp(host, "localhost") == 0)
        memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
    if (good && v6)
        good = uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)&address) == 0;
    else if (good)
        good = uv_ip4_addr(host, (int)port, (struct sockaddr_in *)&address) == 0;
    if (!good)
        return lf_fail(err, LF_USAGE, "'%s' is no address to listen on: write it as 127.0.0.1:8080 or [::1]:8080",
                       text);
    *ret = address;
    return LF_OK;
}

void
lf_address_format(const struct sockaddr_storage *address, char *out, size_t size)
{
    char host[80] = "";
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        uv_ip6_name(in6, host, sizeof(host));
        snprintf(out, size, "[%s]:%u", host, (unsigned)ntohs(in6->sin6_port));
        return;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    uv_ip4_name(in, host, sizeof(host));
    snprintf(out, size, "%s:%u", host, (unsigned)ntohs(in->sin_port));
}
