/* A proxy before a server of MongoDB's wire protocol that loses one message: as a crash, of either side, between any
 * two of a client's steps. */
#ifndef LF_TESTS_STORE_MONGO_PROXY_H
#define LF_TESTS_STORE_MONGO_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mongo_cut {
    int nth;             /* the request that is lost: 1 is the next; 0: none */
    const char *pattern; /* NULL: any request counts; else those that have these bytes in them */
    size_t pattern_len;
    bool after; /* the server has it, and its answer is lost */
};

struct mongo_proxy {
    int port; /* its own */
    int server_port;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* around what follows */
    struct mongo_cut cut;
    int seen;
    bool hit;
};

void mongo_proxy_start(struct mongo_proxy *proxy, int server_port);
void mongo_proxy_arm(struct mongo_proxy *proxy, struct mongo_cut cut); /* a zeroed one disarms */
bool mongo_proxy_hit(struct mongo_proxy *proxy);
void mongo_proxy_stop(struct mongo_proxy *proxy); /* its clients must be gone */

#endif
