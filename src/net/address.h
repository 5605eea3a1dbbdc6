/* Addresses to listen on, as text. For the files of this room. */
#ifndef LF_NET_ADDRESS_H
#define LF_NET_ADDRESS_H

#include "base/err.h"

#include <sys/socket.h>

/* Reads "127.0.0.1:8080", "[::1]:8080" or "localhost:8080" (which is 127.0.0.1); port 0 to 65535, not left out. */
LF_NODISCARD enum lf_status lf_address_parse(const char *text, struct sockaddr_storage *ret, struct lf_err *err);
/* Writes it in the same form, with a NUL. */
void lf_address_format(const struct sockaddr_storage *address, char *out, size_t size);

#endif
