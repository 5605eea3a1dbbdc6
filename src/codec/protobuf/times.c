/* Texts of the well-known types: https://protobuf.dev/programming-guides/json/ */
#include "codec/protobuf/times.h"
#include "base/ascii.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NANOS = 1000000000 };

static const int64_t first_second = INT64_C(-62135596800), last_second = INT64_C(253402300799); /* years 1, 9999 */
static const int64_t longest_seconds = INT64_C(315576000000);

/* The digits after a point as nanoseconds; beyond nine only zeros. Returns how many there are, 0 if they do not fit. */
static size_t
take_fraction(struct lf_bytes text, int32_t *ret)
{
    int32_t nanos = 0, unit = NANOS / 10;
    size_t count = 0;
    for (; count < text.len && lf_is_digit(text.ptr[count]); count++) {
        const int32_t digit = text.ptr[count] - '0';
        if (unit == 0 && digit != 0)
            return 0;
        nanos += digit * unit;
        unit /= 10;
    }
    *ret = nanos;
    return count;
}

bool
lf_proto_timestamp_of_text(struct lf_bytes text, struct lf_proto_time *ret)
{
    int64_t us;
    struct lf_proto_time time = {0};
    const size_t point = lf_bytes_index(text, '.');
    if (!lf_time_parse(text, &us))
        return false;
    if (point != SIZE_MAX && take_fraction(lf_bytes(text.ptr + point + 1, text.len - point - 1), &time.nanos) == 0)
        return false;
    time.seconds = us / 1000000 - (us % 1000000 < 0 ? 1 : 0);
    *ret = time;
    return time.seconds >= first_second && time.seconds <= last_second;
}

/* ".5", ".500" … as 0, 3, 6 or 9 digits. */
static size_t
put_fraction(int32_t nanos, char *out)
{
    const int digits = nanos == 0 ? 0 : nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
    if (digits == 0)
        return 0;
    out[0] = '.';
    int32_t rest = nanos;
    for (int i = 9; i > 0; i--, rest /= 10) {
        if (i <= digits)
            out[i] = (char)('0' + rest % 10);
    }
    return (size_t)digits + 1;
}

size_t
lf_proto_timestamp_text(struct lf_proto_time time, char out[LF_PROTO_TIME_TEXT_SIZE])
{
    if (time.seconds < first_second || time.seconds > last_second || time.nanos < 0 || time.nanos >= NANOS)
        return 0;
    size_t len = lf_time_format(time.seconds * 1000000, 3, out) - sizeof(".000Z") + 1;
    len += put_fraction(time.nanos, out + len);
    out[len++] = 'Z';
    return len;
}

bool
lf_proto_duration_of_text(struct lf_bytes text, struct lf_proto_time *ret)
{
    struct lf_proto_time time = {0};
    const bool negative = text.len != 0 && text.ptr[0] == '-';
    size_t at = negative ? 1 : 0;
    const size_t start = at;
    for (; at < text.len && lf_is_digit(text.ptr[at]); at++) {
        time.seconds = time.seconds * 10 + (text.ptr[at] - '0');
        if (time.seconds > longest_seconds)
            return false;
    }
    if (at == start)
        return false;
    if (at < text.len && text.ptr[at] == '.') {
        const size_t digits = take_fraction(lf_bytes(text.ptr + at + 1, text.len - at - 1), &time.nanos);
        if (digits == 0)
            return false;
        at += digits + 1;
    }
    if (at + 1 != text.len || text.ptr[at] != 's')
        return false;
    ret->seconds = negative ? -time.seconds : time.seconds;
    ret->nanos = negative ? -time.nanos : time.nanos;
    return true;
}

size_t
lf_proto_duration_text(struct lf_proto_time time, char out[LF_PROTO_TIME_TEXT_SIZE])
{
    if (time.seconds < -longest_seconds || time.seconds > longest_seconds || time.nanos <= -NANOS ||
        time.nanos >= NANOS || (time.seconds < 0 && time.nanos > 0) || (time.seconds > 0 && time.nanos < 0))
        return 0;
    const bool negative = time.seconds < 0 || time.nanos < 0;
    int len = snprintf(out, LF_PROTO_TIME_TEXT_SIZE, "%s%" PRId64, negative ? "-" : "",
                       negative ? -time.seconds : time.seconds);
    size_t used = (size_t)len;
    used += put_fraction(negative ? -time.nanos : time.nanos, out + used);
    out[used++] = 's';
    return used;
}

bool
lf_proto_mask_of_path(struct lf_bytes path, struct lf_buf *out)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c >= 'A' && c <= 'Z')
            return false;
        if (c == '_') {
            if (++i == path.len || path.ptr[i] < 'a' || path.ptr[i] > 'z')
                return false;
            c = (char)(path.ptr[i] - 'a' + 'A');
        }
        lf_buf_add_char(out, c);
    }
    return true;
}

bool
lf_proto_path_of_mask(struct lf_bytes mask, struct lf_buf *out)
{
    for (size_t i = 0; i < mask.len; i++) {
        char c = mask.ptr[i];
        if (c == '_')
            return false;
        if (c >= 'A' && c <= 'Z') {
            lf_buf_add_char(out, '_');
            c = (char)(c - 'A' + 'a');
        }
        lf_buf_add_char(out, c);
    }
    return true;
}
