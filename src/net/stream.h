/*
 * A connection's byte stream. Plain TCP today; this is the seam where TLS goes: whoever reads and writes bytes of a
 * connection does it through these functions and knows no socket. For the files of this room.
 */
#ifndef LF_NET_STREAM_H
#define LF_NET_STREAM_H

#include "base/bytes.h"
#include "net/loop_uv.h"

struct lf_stream;

struct lf_stream_events {
    /* Bytes came; the view is valid during the call. May close the stream. */
    void (*on_data)(struct lf_stream *stream, struct lf_bytes bytes);
    /* Nothing comes any more: the peer has finished sending (LF_END) or the connection broke (LF_CLOSED). */
    void (*on_end)(struct lf_stream *stream, enum lf_status why);
    /* The bytes of lf_stream_write() are gone (LF_OK) or the connection broke (LF_CLOSED). Not after a close. */
    void (*on_written)(struct lf_stream *stream, enum lf_status status);
    /* After lf_stream_close(): the memory may be freed. */
    void (*on_closed)(struct lf_stream *stream);
};

struct lf_stream {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct lf_loop *loop;
    const struct lf_stream_events *events;
    bool reading;
    bool writing; /* lf_stream_write() is under way */
    bool closing;
};

/* Takes the connection that waits at listener. After a failure only lf_stream_close() is allowed. */
LF_NODISCARD enum lf_status lf_stream_accept(struct lf_stream *stream, struct lf_loop *loop, uv_tcp_t *listener,
                                             const struct lf_stream_events *events, struct lf_err *err);
void lf_stream_read_start(struct lf_stream *stream);
void lf_stream_read_stop(struct lf_stream *stream);
/* Writes what goes at once; *ret_sent bytes of it (0 to all). LF_CLOSED if the connection broke. */
LF_NODISCARD enum lf_status lf_stream_try_write(struct lf_stream *stream, const uv_buf_t *bufs, unsigned count,
                                                size_t *ret_sent);
/* Writes all, then calls on_written. The bytes stay where they are until then, or until the stream is closed. One at a
 * time. */
LF_NODISCARD enum lf_status lf_stream_write(struct lf_stream *stream, const uv_buf_t *bufs, unsigned count);
/* Bytes of lf_stream_write() that the peer's side has not taken yet. */
size_t lf_stream_unsent(const struct lf_stream *stream);
/* Tells the peer that no more will be sent; reading goes on. */
void lf_stream_finish(struct lf_stream *stream);
/* Ends it at once; twice is fine. */
void lf_stream_close(struct lf_stream *stream);

#endif
