/*
 * Files that a schema may import without having them: those that protoc and the Confluent registry bring along. Their
 * declarations are facts of https://protobuf.dev/reference/protobuf/google.protobuf/ and of googleapis' google/type.
 */
#include "codec/protobuf/link.h"

#define HEAD(package) "syntax=\"proto3\";package " package ";"

static const struct lf_proto_built_in files[] = {
    {"google/protobuf/any.proto", HEAD("google.protobuf") "message Any{string type_url=1;bytes value=2;}", false},
    {"google/protobuf/duration.proto", HEAD("google.protobuf") "message Duration{int64 seconds=1;int32 nanos=2;}",
     false},
    {"google/protobuf/empty.proto", HEAD("google.protobuf") "message Empty{}", false},
    {"google/protobuf/field_mask.proto", HEAD("google.protobuf") "message FieldMask{repeated string paths=1;}", false},
    {"google/protobuf/source_context.proto", HEAD("google.protobuf") "message SourceContext{string file_name=1;}",
     false},
    {"google/protobuf/struct.proto",
     HEAD("google.protobuf") "message Struct{map<string,Value>fields=1;}"
                             "message Value{oneof kind{NullValue null_value=1;double number_value=2;"
                             "string string_value=3;bool bool_value=4;Struct struct_value=5;ListValue list_value=6;}}"
                             "enum NullValue{NULL_VALUE=0;}"
                             "message ListValue{repeated Value values=1;}",
     false},
    {"google/protobuf/timestamp.proto", HEAD("google.protobuf") "message Timestamp{int64 seconds=1;int32 nanos=2;}",
     false},
    {"google/protobuf/wrappers.proto",
     HEAD("google.protobuf") "message DoubleValue{double value=1;}message FloatValue{float value=1;}"
                             "message Int64Value{int64 value=1;}message UInt64Value{uint64 value=1;}"
                             "message Int32Value{int32 value=1;}message UInt32Value{uint32 value=1;}"
                             "message BoolValue{bool value=1;}message StringValue{string value=1;}"
                             "message BytesValue{bytes value=1;}",
     false},
    {"google/type/calendar_period.proto",
     HEAD("google.type") "enum CalendarPeriod{CALENDAR_PERIOD_UNSPECIFIED=0;DAY=1;WEEK=2;FORTNIGHT=3;MONTH=4;"
                         "QUARTER=5;HALF=6;YEAR=7;}",
     false},
    {"google/type/color.proto",
     HEAD("google.type") "import \"google/protobuf/wrappers.proto\";message Color{float red=1;float green=2;"
                         "float blue=3;google.protobuf.FloatValue alpha=4;}",
     false},
    {"google/type/date.proto", HEAD("google.type") "message Date{int32 year=1;int32 month=2;int32 day=3;}", false},
    {"google/type/datetime.proto",
     HEAD("google.type") "import \"google/protobuf/duration.proto\";message DateTime{int32 year=1;int32 month=2;"
                         "int32 day=3;int32 hours=4;int32 minutes=5;int32 seconds=6;int32 nanos=7;oneof time_offset{"
                         "google.protobuf.Duration utc_offset=8;TimeZone time_zone=9;}}"
                         "message TimeZone{string id=1;string version=2;}",
     false},
    {"google/type/dayofweek.proto",
     HEAD("google.type") "enum DayOfWeek{DAY_OF_WEEK_UNSPECIFIED=0;MONDAY=1;TUESDAY=2;WEDNESDAY=3;THURSDAY=4;"
                         "FRIDAY=5;SATURDAY=6;SUNDAY=7;}",
     false},
    {"google/type/decimal.proto", HEAD("google.type") "message Decimal{string value=1;}", false},
    {"google/type/fraction.proto", HEAD("google.type") "message Fraction{int64 numerator=1;int64 denominator=2;}",
     false},
    {"google/type/interval.proto",
     HEAD("google.type") "import \"google/protobuf/timestamp.proto\";message Interval{"
                         "google.protobuf.Timestamp start_time=1;google.protobuf.Timestamp end_time=2;}",
     false},
    {"google/type/latlng.proto", HEAD("google.type") "message LatLng{double latitude=1;double longitude=2;}", false},
    {"google/type/money.proto",
     HEAD("google.type") "message Money{string currency_code=1;int64 units=2;int32 nanos=3;}", false},
    {"google/type/month.proto",
     HEAD("google.type") "enum Month{MONTH_UNSPECIFIED=0;JANUARY=1;FEBRUARY=2;MARCH=3;APRIL=4;MAY=5;JUNE=6;JULY=7;"
                         "AUGUST=8;SEPTEMBER=9;OCTOBER=10;NOVEMBER=11;DECEMBER=12;}",
     false},
    {"google/type/quaternion.proto",
     HEAD("google.type") "message Quaternion{double x=1;double y=2;double z=3;double w=4;}", false},
    {"google/type/timeofday.proto",
     HEAD("google.type") "message TimeOfDay{int32 hours=1;int32 minutes=2;int32 seconds=3;int32 nanos=4;}", false},
    {"confluent/type/decimal.proto",
     HEAD("confluent.type") "message Decimal{bytes value=1;uint32 precision=2;int32 scale=3;}", false},
    /* imported for the options that they declare */
    {"confluent/meta.proto", HEAD("confluent"), true},
    {"google/api/annotations.proto", HEAD("google.api"), true},
    {"google/api/field_behavior.proto", HEAD("google.api"), true},
    {"google/protobuf/cpp_features.proto", HEAD("pb"), true},
    {"google/protobuf/descriptor.proto", HEAD("google.protobuf"), true},
    {"google/protobuf/go_features.proto", HEAD("pb"), true},
    {"google/protobuf/java_features.proto", HEAD("pb"), true},
};

const struct lf_proto_built_in *
lf_proto_built_in_find(struct lf_bytes name)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (lf_bytes_equal_text(name, files[i].name))
            return &files[i];
    }
    return NULL;
}

enum lf_proto_kind
lf_proto_kind_of(struct lf_bytes full_name)
{
    static const struct {
        const char *name;
        enum lf_proto_kind kind;
    } kinds[] = {
        {"google.protobuf.Any", LF_PROTO_ANY},
        {"google.protobuf.BoolValue", LF_PROTO_WRAPPER},
        {"google.protobuf.BytesValue", LF_PROTO_WRAPPER},
        {"google.protobuf.DoubleValue", LF_PROTO_WRAPPER},
        {"google.protobuf.Duration", LF_PROTO_DURATION},
        {"google.protobuf.FieldMask", LF_PROTO_FIELD_MASK},
        {"google.protobuf.FloatValue", LF_PROTO_WRAPPER},
        {"google.protobuf.Int32Value", LF_PROTO_WRAPPER},
        {"google.protobuf.Int64Value", LF_PROTO_WRAPPER},
        {"google.protobuf.ListValue", LF_PROTO_LIST_VALUE},
        {"google.protobuf.StringValue", LF_PROTO_WRAPPER},
        {"google.protobuf.Struct", LF_PROTO_STRUCT},
        {"google.protobuf.Timestamp", LF_PROTO_TIMESTAMP},
        {"google.protobuf.UInt32Value", LF_PROTO_WRAPPER},
        {"google.protobuf.UInt64Value", LF_PROTO_WRAPPER},
        {"google.protobuf.Value", LF_PROTO_VALUE},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (lf_bytes_equal_text(full_name, kinds[i].name))
            return kinds[i].kind;
    }
    return LF_PROTO_PLAIN;
}
