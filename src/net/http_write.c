/* Heads of answers: status line and header fields as bytes. Pure. */
#include "net/http_inner.h"

#include <stdio.h>
#include <time.h>

const char *
lf_http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "";
}

size_t
lf_http_write_date(int64_t second, char out[LF_HTTP_DATE_TEXT_SIZE])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t at = (time_t)second;
    struct tm tm;
    if (gmtime_r(&at, &tm) == NULL || tm.tm_year > 8099) /* no clock that runs says so */
        return 0;
    int len = snprintf(out, LF_HTTP_DATE_TEXT_SIZE, "date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                       tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return len > 0 && len < LF_HTTP_DATE_TEXT_SIZE ? (size_t)len : 0;
}

static void
write_status_line(struct lf_buf *out, int status)
{
    if (status == 200) { /* nearly all */
        lf_buf_add(out, LF_LIT("HTTP/1.1 200 OK\r\n"));
        return;
    }
    lf_buf_add(out, LF_LIT("HTTP/1.1 "));
    lf_buf_add_i64(out, status);
    lf_buf_add_char(out, ' ');
    lf_buf_add_text(out, lf_http_status_text(status));
    lf_buf_add(out, LF_LIT("\r\n"));
}

/* A value from outside must not be able to end its line. */
static void
write_value(struct lf_buf *out, struct lf_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        lf_buf_add_char(out, ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f ? ' ' : c);
    }
}

static void
write_fields(struct lf_buf *out, const struct lf_http_response *response)
{
    if (response->content_type != NULL) {
        lf_buf_add(out, LF_LIT("content-type: "));
        lf_buf_add_text(out, response->content_type);
        lf_buf_add(out, LF_LIT("\r\n"));
    }
    for (size_t i = 0; i < response->header_count; i++) {
        lf_buf_add(out, response->headers[i].name);
        lf_buf_add(out, LF_LIT(": "));
        write_value(out, response->headers[i].value);
        lf_buf_add(out, LF_LIT("\r\n"));
    }
}

void
lf_http_write_head(struct lf_buf *out, const struct lf_http_head *head)
{
    write_status_line(out, head->status);
    write_fields(out, head->response);
    if (head->has_length) {
        lf_buf_add(out, LF_LIT("content-length: "));
        lf_buf_add_u64(out, head->length);
        lf_buf_add(out, LF_LIT("\r\n"));
    }
    if (head->chunked)
        lf_buf_add(out, LF_LIT("transfer-encoding: chunked\r\n"));
    if (head->close)
        lf_buf_add(out, LF_LIT("connection: close\r\n"));
    else if (head->keep_alive)
        lf_buf_add(out, LF_LIT("connection: keep-alive\r\n"));
    lf_buf_add(out, head->date);
    lf_buf_add(out, LF_LIT("\r\n"));
}
