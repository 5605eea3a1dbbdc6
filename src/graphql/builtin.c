/* The built-in definitions, as the specification writes them (sections 3.13 and 4.2). */
#include "graphql/builtin.h"

#define TEXT                                                                                                           \
    "scalar Int scalar Float scalar String scalar Boolean scalar ID\n"                                                 \
    "\"Directs the executor to include this field or fragment only when the `if` argument is true.\"\n"                \
    "directive @include(\"Included when true.\" if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"          \
    "\"Directs the executor to skip this field or fragment when the `if` argument is true.\"\n"                        \
    "directive @skip(\"Skipped when true.\" if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"              \
    "\"Marks an element of a GraphQL schema as no longer supported.\"\n"                                               \
    "directive @deprecated(\n"                                                                                         \
    "  \"Explains why this element was deprecated, usually also including a suggestion for how to access supported "   \
    "similar data.\" reason: String! = \"No longer supported\"\n"                                                      \
    ") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE\n"                              \
    "\"Exposes a URL that specifies the behavior of this scalar.\"\n"                                                  \
    "directive @specifiedBy(\"The URL that specifies the behavior of this scalar.\" url: String!) on SCALAR\n"         \
    "\"Indicates exactly one field must be supplied and this field must not be `null`.\"\n"                            \
    "directive @oneOf on INPUT_OBJECT\n"                                                                               \
    "type __Meta {\n"                                                                                                  \
    "  __typename: String!\n  __schema: __Schema!\n  __type(name: String!): __Type\n}\n"                               \
    "\"A GraphQL Schema defines the capabilities of a GraphQL server: all types and directives, and the entry points " \
    "for query, mutation and subscription operations.\"\n"                                                             \
    "type __Schema {\n  description: String\n"                                                                         \
    "  \"A list of all types supported by this server.\"\n  types: [__Type!]!\n"                                       \
    "  \"The type that query operations will be rooted at.\"\n  queryType: __Type!\n"                                  \
    "  \"If this server supports mutation, the type that mutation operations will be rooted at.\"\n"                   \
    "  mutationType: __Type\n"                                                                                         \
    "  \"If this server supports subscription, the type that subscription operations will be rooted at.\"\n"           \
    "  subscriptionType: __Type\n"                                                                                     \
    "  \"A list of all directives supported by this server.\"\n  directives: [__Directive!]!\n}\n"                     \
    "\"The fundamental unit of any GraphQL Schema is the type.\"\n"                                                    \
    "type __Type {\n  kind: __TypeKind!\n  name: String\n  description: String\n  specifiedByURL: String\n"            \
    "  fields(includeDeprecated: Boolean! = false): [__Field!]\n  interfaces: [__Type!]\n"                             \
    "  possibleTypes: [__Type!]\n  enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]\n"                  \
    "  inputFields(includeDeprecated: Boolean! = false): [__InputValue!]\n  ofType: __Type\n  isOneOf: Boolean\n}\n"   \
    "\"An enum describing what kind of type a given `__Type` is.\"\n"                                                  \
    "enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }\n"                              \
    "\"Object and Interface types are described by a list of Fields, each of which has a name, potentially a list of " \
    "arguments, and a return type.\"\n"                                                                                \
    "type __Field {\n  name: String!\n  description: String\n"                                                         \
    "  args(includeDeprecated: Boolean! = false): [__InputValue!]!\n  type: __Type!\n  isDeprecated: Boolean!\n"       \
    "  deprecationReason: String\n}\n"                                                                                 \
    "\"Arguments provided to Fields or Directives and the input fields of an InputObject.\"\n"                         \
    "type __InputValue {\n  name: String!\n  description: String\n  type: __Type!\n"                                   \
    "  \"A GraphQL-formatted string representing the default value for this input value.\"\n  defaultValue: String\n"  \
    "  isDeprecated: Boolean!\n  deprecationReason: String\n}\n"                                                       \
    "\"One possible value for a given Enum.\"\n"                                                                       \
    "type __EnumValue {\n  name: String!\n  description: String\n  isDeprecated: Boolean!\n"                           \
    "  deprecationReason: String\n}\n"                                                                                 \
    "\"A Directive provides a way to describe alternate runtime execution and type validation behavior in a GraphQL "  \
    "document.\"\n"                                                                                                    \
    "type __Directive {\n  name: String!\n  description: String\n  isRepeatable: Boolean!\n"                           \
    "  locations: [__DirectiveLocation!]!\n  args(includeDeprecated: Boolean! = false): [__InputValue!]!\n}\n"         \
    "\"A Directive can be adjacent to many parts of the GraphQL language; a __DirectiveLocation describes one such "   \
    "possible adjacency.\"\n"                                                                                          \
    "enum __DirectiveLocation {\n"                                                                                     \
    "  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION\n"    \
    "  SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT\n"       \
    "  INPUT_FIELD_DEFINITION\n}\n"

const struct lf_gql_source lf_gql_builtin_source = {"built-in definitions", {TEXT, sizeof(TEXT) - 1}};

bool
lf_gql_is_builtin_directive(struct lf_bytes name)
{
    static const char *const names[] = {"include", "skip", "deprecated", "specifiedBy", "oneOf"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lf_bytes_equal_text(name, names[i]))
            return true;
    }
    return false;
}

bool
lf_gql_is_builtin_type(struct lf_bytes name)
{
    static const char *const names[] = {"Int", "Float", "String", "Boolean", "ID"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lf_bytes_equal_text(name, names[i]))
            return true;
    }
    return lf_bytes_starts_with(name, LF_LIT("__"));
}
