/* The byte stream over libuv's TCP handle. */
#include "net/stream.h"

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct lf_stream *stream = handle->data;
    *ret = uv_buf_init(lf_loop_read_space(stream->loop), LF_LOOP_READ_BYTES);
}

static void
on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct lf_stream *stream = handle->data;
    if (n > 0) {
        stream->events->on_data(stream, lf_bytes(buf->base, (size_t)n));
    } else if (n < 0) {
        lf_stream_read_stop(stream);
        stream->events->on_end(stream, n == UV_EOF ? LF_END : LF_CLOSED);
    }
}

enum lf_status
lf_stream_accept(struct lf_stream *stream, struct lf_loop *loop, uv_tcp_t *listener,
                 const struct lf_stream_events *events, struct lf_err *err)
{
    *stream = (struct lf_stream){.loop = loop, .events = events};
    int code = uv_tcp_init(lf_loop_uv(loop), &stream->tcp);
    LF_ASSERT(code == 0); /* it opens nothing yet */
    stream->tcp.data = stream;
    stream->write.data = stream;
    code = uv_accept((uv_stream_t *)listener, (uv_stream_t *)&stream->tcp);
    if (code != 0)
        return lf_uv_fail(err, code, "cannot accept a connection");
    uv_tcp_nodelay(&stream->tcp, 1); /* answers leave whole: waiting for more would only delay them */
    return LF_OK;
}

void
lf_stream_read_start(struct lf_stream *stream)
{
    if (stream->reading || stream->closing)
        return;
    stream->reading = uv_read_start((uv_stream_t *)&stream->tcp, on_alloc, on_read) == 0;
}

void
lf_stream_read_stop(struct lf_stream *stream)
{
    uv_read_stop((uv_stream_t *)&stream->tcp);
    stream->reading = false;
}

enum lf_status
lf_stream_try_write(struct lf_stream *stream, const uv_buf_t *bufs, unsigned count, size_t *ret_sent)
{
    int n = uv_try_write((uv_stream_t *)&stream->tcp, bufs, count);
    if (n < 0 && n != UV_EAGAIN)
        return LF_CLOSED;
    *ret_sent = n < 0 ? 0 : (size_t)n;
    return LF_OK;
}

static void
on_written(uv_write_t *write, int code)
{
    struct lf_stream *stream = write->data;
    stream->writing = false;
    if (!stream->closing)
        stream->events->on_written(stream, code == 0 ? LF_OK : LF_CLOSED);
}

enum lf_status
lf_stream_write(struct lf_stream *stream, const uv_buf_t *bufs, unsigned count)
{
    LF_ASSERT(!stream->writing && !stream->closing);
    if (uv_write(&stream->write, (uv_stream_t *)&stream->tcp, bufs, count, on_written) != 0)
        return LF_CLOSED;
    stream->writing = true;
    return LF_OK;
}

size_t
lf_stream_unsent(const struct lf_stream *stream)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&stream->tcp);
}

void
lf_stream_finish(struct lf_stream *stream)
{
    if (!stream->closing) /* a failure means that the connection is broken: reading will tell */
        (void)uv_shutdown(&stream->shutdown, (uv_stream_t *)&stream->tcp, NULL);
}

static void
on_closed(uv_handle_t *handle)
{
    struct lf_stream *stream = handle->data;
    stream->events->on_closed(stream);
}

void
lf_stream_close(struct lf_stream *stream)
{
    if (stream->closing)
        return;
    stream->closing = true;
    stream->reading = false;
    uv_close((uv_handle_t *)&stream->tcp, on_closed);
}
