/* logfirst: finds the command, reads its options, runs it. */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct command {
    const char *name;
    const char *verbs; /* "list|show|tail", NULL: none */
    const char *operands;
    const char *summary;
    const char *text; /* for --help */
    unsigned bit;
    size_t operands_min, operands_max;
    lf_cli_fn *run;
};

enum { OPERANDS_MAX = 256, ARGS_MAX = 256 };

static const struct command commands[] = {
    {"up", NULL, "SCHEMA...", "gateway and consumer in one process",
     "Serves the GraphQL API of the schema and consumes its events, in one process. By default on an embedded log and\n"
     "a SQLite store below ./logfirst-data: no server needed.",
     LF_CMD_UP, 1, OPERANDS_MAX, lf_cmd_serve_up},
    {"gateway", NULL, "SCHEMA...", "the GraphQL API alone",
     "Serves the GraphQL API of the schema: mutations go to the log, queries ask the store.", LF_CMD_GATEWAY, 1,
     OPERANDS_MAX, lf_cmd_serve_gateway},
    {"consumer", NULL, "SCHEMA...", "the consumer alone",
     "Reads the log as a member of the group, and keeps event store, entity state and position in the store.",
     LF_CMD_CONSUMER, 1, OPERANDS_MAX, lf_cmd_serve_consumer},
    {"check", NULL, "SCHEMA...", "every problem of a schema",
     "Prints every problem of the schema as file:line:column: error: message. Exit status 1 if there is any.",
     LF_CMD_CHECK, 1, OPERANDS_MAX, lf_cmd_check},
    {"schema", "print", "SCHEMA...", "the schema that is served",
     "Prints the complete GraphQL schema that is served, as SDL.", LF_CMD_SCHEMA, 1, OPERANDS_MAX, lf_cmd_schema},
    {"schema", "json-schema|avro|protobuf", "SCHEMA...", "schemas of the events' payloads",
     "Prints the schema of an event's payload in that format, or writes one file an event into the folder --out. The\n"
     "same schema gives the same bytes. Numbers of Protobuf come from @field(number:) and the lock file.",
     LF_CMD_GENERATE, 1, OPERANDS_MAX, lf_cmd_schema_generate},
    {"schema", "lock", "SCHEMA...", "fix numbers and forms of events in the lock file",
     "Writes the lock file: numbers for fields and enum values that have none, reserved ones of those that are gone,\n"
     "and the schema of each event under its version. Commit it. With --check nothing is written, and the exit status\n"
     "is 1 if the file is out of date.",
     LF_CMD_LOCK, 1, OPERANDS_MAX, lf_cmd_schema_lock},
    {"schema", "compat", "SCHEMA...", "would the schema break readers?",
     "Compares the schema of each event with the one before: with the lock file, with the registry, with schemas of\n"
     "payloads (a file, or a folder as --out writes it), or with an SDL file (.graphql). Prints each break as EVENT:\n"
     "/path: a sentence. Exit status 0 if all are compatible, 1 if not, 2 if it cannot be told.",
     LF_CMD_COMPAT, 1, OPERANDS_MAX, lf_cmd_schema_compat},
    {"schema", "register", "SCHEMA...", "put the schemas of events into the registry",
     "Registers the schema of each event that has a format with schemas, unless it is incompatible with those before:\n"
     "then its breaks are printed as schema compat does. A schema that is there already stays. Prints EVENT: SUBJECT:\n"
     "id N. Exit status 0 if all are registered, 1 if one is incompatible, 2 if it cannot be told.",
     LF_CMD_REGISTER, 1, OPERANDS_MAX, lf_cmd_schema_register},
    {"schema", "validate", "SCHEMA.json INSTANCE.json...", "JSON documents against a JSON Schema",
     "Checks JSON documents against a JSON Schema of draft 2020-12 or 07. INSTANCE - reads JSON Lines from standard\n"
     "input. Prints what is wrong as file[:line]: /path: keyword: message. Exit status 0 if all are valid, 1 if not,\n"
     "2 if the schema itself is wrong or a file cannot be read.",
     LF_CMD_VALIDATE, 2, OPERANDS_MAX, lf_cmd_schema_validate},
    {"events", "list|show|tail", "[EVENT_ID]", "look at events",
     "list: events of the store, oldest first.  show EVENT_ID: one event, with its place, headers and status.\n"
     "tail: events of the log as they come.",
     LF_CMD_EVENTS, 0, 1, lf_cmd_events},
    {"events", "export", "", "events of the store as JSON Lines",
     "Writes all events of the store, in the order in which they were stored, an object a line.", LF_CMD_EXPORT, 0, 0,
     lf_cmd_events_export},
    {"events", "import", "", "JSON Lines as new events of the log",
     "Appends events as export has written them, or anything with eventId, eventType and payload, to the log, with\n"
     "the same eventId, key, headers and time. Consumers know an eventId again: an event that is there already takes\n"
     "no effect. A line that is no event ends the import (exit status 1), unless --skip-invalid. What was broken off\n"
     "goes on with --after.",
     LF_CMD_IMPORT, 0, 0, lf_cmd_events_import},
    {"dlq", "list|show", "[PLACE|EVENT_ID]", "look at dead letters",
     "list: dead letters of the store, oldest first, and whether an event of that eventId is stored (healed).\n"
     "show PLACE|EVENT_ID: everything about one, with its key, headers and value. PLACE is TOPIC/PARTITION@OFFSET.",
     LF_CMD_LETTERS, 0, 1, lf_cmd_dlq},
    {"dlq", "replay", "PLACE|EVENT_ID...|--all", "dead letters into the log again",
     "Appends dead letters to the end of their topics again, with the same eventId, key, value, headers and time, to\n"
     "be processed by today's schema; prints a line each. Consumers know an eventId again: replayed twice it takes\n"
     "effect once. --all leaves out those whose eventId is in the store, sends one record an eventId, and leaves\n"
     "those without an eventId out unless --code names theirs. A replayed event comes after what was logged since.\n"
     "Exit status 0 if all were replayed, or there was nothing to replay.",
     LF_CMD_REPLAY, 0, OPERANDS_MAX, lf_cmd_dlq_replay},
    {"verify", NULL, "SCHEMA...", "log, store and states agree",
     "Reads the log, the event store, the entities and the dead letters, and prints each violation: a record that is\n"
     "nowhere or twice, an event that is not the logged one, a state that is not the fold of its events. Changes\n"
     "nothing; consumers may run meanwhile. Exit status 1 if there is any violation.",
     LF_CMD_VERIFY, 1, OPERANDS_MAX, lf_cmd_verify},
    {"rebuild", NULL, "ENTITY|--all SCHEMA...", "an entity's states again from its events",
     "Computes the states of an entity again from the stored events, into a second table while the old one serves and\n"
     "consumers go on; prints where they differ; and puts the new table in the old one's place, in one transaction.\n"
     "Broken off, it goes on where it was. Exit status 0 also where there were differences: they are gone then.",
     LF_CMD_REBUILD, 1, OPERANDS_MAX, lf_cmd_rebuild},
    {"copy", NULL, "--from URL --to URL [SCHEMA...]", "records from one log to another",
     "Copies topics with their dead letters from one log to another: key, value, headers and time of each record,\n"
     "order per key kept. The way from one machine to Kafka, and back. Broken off, it goes on where it was; run\n"
     "again, it brings what is new.",
     LF_CMD_COPY, 0, OPERANDS_MAX, lf_cmd_copy},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void
write_overview(struct lf_buf *out)
{
    lf_buf_add_text(out, "logfirst " LF_VERSION ": a Kafka-first event-sourcing server\n\n"
                         "usage: logfirst COMMAND …\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *c = &commands[i];
        size_t start = out->len;
        lf_buf_printf(out, "  %s%s%s %s", c->name, c->verbs != NULL ? " " : "", c->verbs != NULL ? c->verbs : "",
                      c->operands);
        size_t width = out->len - start;
        lf_buf_printf(out, "%s%*s%s\n", width > 38 ? "\n" : "", width > 38 ? 40 : (int)(40 - width), "", c->summary);
    }
    lf_buf_add_text(out, "\nlogfirst COMMAND --help tells the options of a command; logfirst --version the version.\n"
                         "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

static int
print_overview(void)
{
    struct lf_buf out;
    lf_buf_init(&out, 64 * 1024);
    write_overview(&out);
    bool good = out.failed == LF_OK && lf_cli_print(lf_buf_view(&out));
    lf_buf_release(&out);
    return good ? LF_EXIT_DONE : LF_EXIT_FAILED;
}

/* The same after wrong usage: to stderr. */
static int
overview_of_usage(void)
{
    struct lf_buf out;
    lf_buf_init(&out, 64 * 1024);
    write_overview(&out);
    if (out.len != 0)
        fwrite(out.ptr, 1, out.len, stderr);
    lf_buf_release(&out);
    return LF_EXIT_USAGE;
}

static void
print_help(const struct command *command)
{
    struct lf_buf out;
    lf_buf_init(&out, 64 * 1024);
    lf_buf_printf(&out, "usage: logfirst %s%s%s %s [OPTION]...\n\n%s\n\noptions:\n", command->name,
                  command->verbs != NULL ? " " : "", command->verbs != NULL ? command->verbs : "", command->operands,
                  command->text);
    lf_config_help(&out, command->bit);
    lf_buf_add_text(&out, "  --help                                print this\n"
                          "  --version                             print the version\n\n"
                          "Every option can be set by LOGFIRST_NAME in the environment and by name in the --config "
                          "file;\na flag goes before the environment, the environment before the file.\n");
    (void)lf_cli_print(lf_buf_view(&out));
    lf_buf_release(&out);
}

/* The help of all commands of that name. */
static void
print_help_of(const char *name)
{
    bool first = true;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (!first)
            (void)lf_cli_print(LF_LIT("\n"));
        print_help(&commands[i]);
        first = false;
    }
}

/* The word of a list "list|show|tail" that is word, or NULL. */
static bool
is_verb(const char *verbs, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = verbs; at != NULL && len != 0; at = strchr(at, '|') != NULL ? strchr(at, '|') + 1 : NULL) {
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* The command of that name whose verb the first such word is; without one the first of that name, or NULL. */
static const struct command *
find_command(const char *name, char **words)
{
    const struct command *first = NULL;
    for (size_t i = COMMAND_COUNT; i-- > 0;) {
        if (strcmp(commands[i].name, name) == 0)
            first = &commands[i];
    }
    for (; first != NULL && *words != NULL; words++) {
        for (size_t i = 0; i < COMMAND_COUNT; i++) {
            if (strcmp(commands[i].name, name) == 0 && is_verb(commands[i].verbs, *words))
                return &commands[i];
        }
    }
    return first;
}

struct line {
    struct lf_config_arg args[ARGS_MAX];
    size_t arg_count;
    const char *operands[OPERANDS_MAX];
    size_t operand_count;
    bool help;
    bool version;
    char names[ARGS_MAX][64]; /* of --name=value */
};

/* The word behind --create-topics, where it is written as one of its own; NULL is none. */
static bool
is_truth(const char *word)
{
    return word != NULL && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0);
}

/* One word that starts with --; takes the next one where the option needs a value. */
static enum lf_status
take_option(struct line *line, const struct command *command, char **argv, int *at, struct lf_err *err)
{
    const char *word = argv[*at] + 2;
    if (line->arg_count == ARGS_MAX)
        return lf_fail(err, LF_USAGE, "too many options");
    struct lf_config_arg *arg = &line->args[line->arg_count];
    char *name = line->names[line->arg_count];
    size_t len = strcspn(word, "=");
    bool needs_value = false;
    if (len >= sizeof(line->names[0]))
        return lf_fail(err, LF_USAGE, "unknown option --%.40s…; see logfirst %s --help", word, command->name);
    memcpy(name, word, len);
    name[len] = '\0';
    if (!lf_config_option_known(command->bit, name, &needs_value))
        return lf_fail(err, LF_USAGE, "unknown option --%s; see logfirst %s --help", name, command->name);
    *arg = (struct lf_config_arg){.name = name, .value = word[len] == '=' ? word + len + 1 : NULL};
    if (arg->value == NULL && !needs_value && is_truth(argv[*at + 1]))
        arg->value = argv[++*at];
    if (arg->value == NULL && needs_value) {
        /* NOLINTNEXTLINE(clang-analyzer-security.ArrayBound): argv ends with NULL */
        if (argv[*at + 1] == NULL)
            return lf_fail(err, LF_USAGE, "--%s needs a value; see logfirst %s --help", name, command->name);
        arg->value = argv[++*at];
    }
    line->arg_count++;
    return LF_OK;
}

static enum lf_status
read_line(struct line *line, const struct command *command, char **argv, struct lf_err *err)
{
    bool only_operands = false;
    for (int i = 0; argv[i] != NULL; i++) {
        const char *word = argv[i];
        if (only_operands || word[0] != '-' || word[1] == '\0') {
            if (line->operand_count == OPERANDS_MAX)
                return lf_fail(err, LF_USAGE, "too many operands");
            line->operands[line->operand_count++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            line->help = true;
        } else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
            line->version = true;
        } else if (word[1] != '-') {
            return lf_fail(err, LF_USAGE, "unknown option %s; see logfirst %s --help", word, command->name);
        } else {
            enum lf_status st = take_option(line, command, argv, &i, err);
            if (st != LF_OK)
                return st;
        }
    }
    return LF_OK;
}

static void
print_usage(const struct command *command)
{
    fprintf(stderr, "usage: logfirst %s%s%s %s [OPTION]...; see logfirst %s --help\n", command->name,
            command->verbs != NULL ? " " : "", command->verbs != NULL ? command->verbs : "", command->operands,
            command->name);
}

/* Whether failures are wanted as JSON: asked before options are read, as reading them may fail. */
static bool
wants_json(char *const *argv)
{
    const char *value = getenv("LOGFIRST_OUTPUT");
    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        if (strncmp(*argv, "--output=", strlen("--output=")) == 0)
            value = *argv + strlen("--output=");
        else if (strcmp(*argv, "--output") == 0)
            value = argv[1];
    }
    return value != NULL && strcmp(value, "json") == 0;
}

static int
usage(bool json, const char *text, const struct command *command)
{
    struct lf_err err = {0};
    lf_fail(&err, LF_USAGE, "%s", text);
    int status = lf_cli_fail_with(json, NULL, &err);
    if (!json)
        print_usage(command);
    return status;
}

/* A word that is no verb of this command, nor of another one with its name. */
static int
unknown_verb(bool json, const char *word, const struct command *command)
{
    struct lf_err err = {0};
    if (word == NULL)
        lf_fail(&err, LF_USAGE, "which one?");
    else
        lf_fail(&err, LF_USAGE, "unknown command \"%s %.100s\"", command->name, word);
    int status = lf_cli_fail_with(json, NULL, &err);
    for (size_t i = 0; !json && i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, command->name) == 0)
            print_usage(&commands[i]);
    }
    return status;
}

static int
run_command(const struct command *command, char **argv)
{
    struct line line = {0};
    struct lf_config config = {0};
    struct lf_err err = {0};
    struct lf_cli cli = {.config = &config, .args = line.args};
    bool json = wants_json(argv);
    int status;
    if (read_line(&line, command, argv, &err) != LF_OK)
        return lf_cli_fail_with(json, NULL, &err);
    if (line.help) {
        if (line.operand_count > 0 && is_verb(command->verbs, line.operands[0]))
            print_help(command);
        else
            print_help_of(command->name);
        return LF_EXIT_DONE;
    }
    if (line.version)
        return lf_cli_print(LF_LIT("logfirst " LF_VERSION "\n")) ? LF_EXIT_DONE : LF_EXIT_FAILED;
    cli.operands = line.operands;
    cli.operand_count = line.operand_count;
    cli.arg_count = line.arg_count;
    if (command->verbs != NULL) {
        if (cli.operand_count == 0 || !is_verb(command->verbs, cli.operands[0]))
            return unknown_verb(json, cli.operand_count == 0 ? NULL : cli.operands[0], command);
        cli.verb = *cli.operands++;
        cli.operand_count--;
    }
    if (cli.operand_count < command->operands_min || cli.operand_count > command->operands_max)
        return usage(json, cli.operand_count < command->operands_min ? "an operand is missing" : "too many operands",
                     command);
    if (lf_config_load(&config, command->bit, line.args, line.arg_count, environ, &err) != LF_OK)
        status = lf_cli_fail_with(json, NULL, &err);
    else
        status = command->run(&cli);
    lf_config_release(&config);
    return status;
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return overview_of_usage();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return print_overview();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return lf_cli_print(LF_LIT("logfirst " LF_VERSION "\n")) ? LF_EXIT_DONE : LF_EXIT_FAILED;
    const struct command *command = find_command(argv[1], argv + 2);
    if (command == NULL) {
        fprintf(stderr, "logfirst: unknown command \"%s\"\n\n", argv[1]);
        return overview_of_usage();
    }
    return run_command(command, argv + 2);
}
