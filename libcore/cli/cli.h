/*
 * What every program has in common: options from one table (getopt_long's arrays and --help
 * come from it), operands, messages, the end. Only here and in an HTTP handler are errors
 * reported; the functions that end the program are for cmd/ alone.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "cli/values.h"
#include "cli/verbs.h"

struct option;

/* One row of a program's options. A row of zeros ends the table. */
struct cli_opt {
	int letter;	   /* short form, or a number above 255 for a long one only */
	const char *name;  /* long form */
	const char *value; /* name of its value in the help text, or NULL */
	const char *help;  /* one line, lower case, no full stop */
};

/* First number for options that have no letter. */
enum { CLI_LONG = 256 };

/* Takes the value of an option (NULL of one without) to where it goes. Errors: ERR_USAGE, what was
 * expected; cli_next then names the option and ends the program. */
typedef int cli_take_fn(void *at, const char *value, struct err *e);

/* One row of options whose values are taken by cli_next itself, so that a further option is a
 * further row. A row of zeros ends the table. */
struct cli_taken {
	struct cli_opt opt; /* .letter: 0 for a long one only */
	cli_take_fn *take;
	size_t at; /* its place in cli.data */
};

struct cli {
	const char *prog;	      /* set by the program, as the nine below */
	int section;		      /* of its man page; 0 is 1 */
	const char *operands;	      /* "[FILE]...", for the synopsis; NULL: it has none */
	const char *about;	      /* one line, for --help */
	const struct cli_verb *verbs; /* NULL: it has none */
	const struct cli_verb_options *verb_options; /* one for each of .verbs; or NULL */
	const struct cli_opt *opts;    /* without -h, --version, which all have; or NULL */
	const struct cli_taken *taken; /* more of them, or NULL */
	void *data;		       /* of .taken */
	const char *examples;	       /* lines for the end of --help, or NULL */

	char **operand; /* set by cli_next at the end of the options */
	int n_operands;
	const struct cli_verb
		*verb; /* with .verb_options: the one that is given; no operand then */
	int failure;   /* exit status so far: the first failure's */

	struct option *long_opts; /* private from here */
	char *short_opts;
	const char *current; /* option being read, for messages: "--limit" */
	struct map told;     /* messages of cli_report_once, and others that are given once */
	uint64_t n_faults;   /* of cli_report_fault */
	struct arena mem;
};

/*
 * The letter (or number) of the next option, -1 at the end, when .operand and .n_operands are
 * set. Serves -h, --help and --version itself (exit 0), and the options of .taken; ends the program
 * with exit 2 on a bad option. Options may come after operands; "--" ends them.
 *
 * With .verb_options the first operand is the verb: only its options are taken beside the
 * program's, and --help is about it; without one, or with a word that is none, the program ends
 * with exit 2. An option that several verbs have takes a value in all of them or in none.
 */
int cli_next(struct cli *c, int argc, char **argv);

/* The value of the option that cli_next just gave: as text, or read as a count, or as one of
 * several words (its index in the NULL-ended list). A bad one ends the program with exit 2, naming
 * the option, what was given and what is expected; so does an empty one. */
const char *cli_arg(const struct cli *c);
uint64_t cli_limit(const struct cli *c); /* a count where 0 is all: UINT64_MAX */
int cli_word(const struct cli *c, const char *const *words);

/* Reports that the current option's value is bad, e saying why, and ends with exit 2. */
_Noreturn void cli_bad_value(const struct cli *c, const struct err *e);

/* Ends the program with exit 2 and "prog: error: ..." and a hint at -h. */
_Noreturn void cli_usage(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "prog: error: MSG" on stderr; keeps the exit status if it is the first. The program goes on. */
void cli_report(struct cli *c, const struct err *e);
/* The same, unless the message was given before. */
void cli_report_once(struct cli *c, const struct err *e);
/* The same of a fault in data, which may have one in every line or block: those beyond
 * CLI_FAULTS_TOLD are counted only, and cli_exit says how many these were. Of more than
 * CLI_FAULTS_COMPARED it is not known any more which were given before. */
enum { CLI_FAULTS_TOLD = 20, CLI_FAULTS_COMPARED = 4096 };
void cli_report_fault(struct cli *c, const struct err *e);
/* "prog: warning: MSG", unless it was given before. */
void cli_warn_once(struct cli *c, const struct err *e);
void cli_warn(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cli_note(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Calls one(fd, name, data, e) for each operand, or once for stdin when there is none or it is
 * "-" (its name is then "stdin"). A failure is reported with the name in front, and the others are
 * still done. Returns cli_exit's value.
 */
typedef int cli_input_fn(int fd, const char *name, void *data, struct err *e);
int cli_each_input(struct cli *c, cli_input_fn *one, void *data);

/* Flushes stdout, makes a failed write an error, and gives the exit status for main's return. */
int cli_exit(struct cli *c);

/* "0.1.0", of all programs. */
const char *cli_version(void);

/* True when colour is wanted: mode is the value of --color (auto, always, never; NULL = auto). */
bool cli_color(const char *mode);

#endif
