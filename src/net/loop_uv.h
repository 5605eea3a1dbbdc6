/* What the files of this room see of a loop. */
#ifndef LF_NET_LOOP_UV_H
#define LF_NET_LOOP_UV_H

#include "net/loop.h"

#include <uv.h>

enum { LF_LOOP_READ_BYTES = 64 * 1024 };

uv_loop_t *lf_loop_uv(struct lf_loop *loop);
/* LF_LOOP_READ_BYTES that every stream of the loop reads into; the content is gone with the next read. */
char *lf_loop_read_space(struct lf_loop *loop);
/* As lf_loop_on_turn_end(), but after all of those. Removed with lf_loop_off_turn_end(). */
LF_NODISCARD enum lf_status lf_loop_on_turn_last(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_err *err);
/* A failure of libuv as ours. */
enum lf_status lf_uv_fail(struct lf_err *err, int code, const char *what);

#endif
